//! The identity service's things: each operation by its request (OpenStack reference B9, B11, B16).

use pentad_core::{Error, Request, Result, Secret};
use pentad_openstack::auth::IdentityVersion;
use pentad_openstack::identity::{Holder, On};
use pentad_openstack::manager::Fields;
use pentad_openstack::{CloudAuth, HttpClient, Identity, Object, RawService, ops};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use serde_json::json;

use crate::stage::{self, URL, client, issued, keystone, with};

fn identity() -> Identity {
    client(keystone(URL), &ScriptedTransport::new(), &ManualClock::auto()).identity()
}

fn line(request: Result<&Request, &Error>) -> String {
    let request = request.unwrap();
    format!("{} {} {}", request.op.id, request.method, request.path_and_query())
}

macro_rules! shown {
    ($($call:expr),* $(,)?) => { vec![$(line($call.request().as_ref().map_err(|error| *error).map(|request| *request))),*] };
}

macro_rules! listed {
    ($($list:expr),* $(,)?) => { vec![$(line($list.request().as_ref())),*] };
}

fn crud(lines: &mut Vec<String>, base: &str, noun: &str, changes: bool, given: &[String]) {
    let id = format!("{base}/7");
    let mut expected = vec![
        format!("openstack.{noun}.list GET {base}"),
        format!("openstack.{noun}.get GET {id}"),
        format!("openstack.{noun}.create POST {base}"),
        format!("openstack.{noun}.delete DELETE {id}"),
    ];
    if changes {
        expected.push(format!("openstack.{noun}.update PATCH {id}"));
    }
    assert_eq!(given, expected, "{noun}");
    lines.extend(expected);
}

#[test]
fn every_operation_that_administers_is_one_request() {
    let i = identity();
    let mut lines = Vec::new();
    macro_rules! check {
        ($manager:expr, $base:literal, $noun:literal) => {{
            let manager = $manager;
            let fields = Fields::new().with("name", "x");
            let mut given = listed![manager.list()];
            given.extend(shown![manager.get("7"), manager.create(&fields), manager.delete("7")]);
            let update = manager.update("7", &fields);
            let changes = update.request().is_ok();
            if changes {
                given.extend(shown![update]);
            }
            crud(&mut lines, $base, $noun, changes, &given);
        }};
    }
    check!(i.users(), "/v3/users", "user");
    check!(i.groups(), "/v3/groups", "group");
    check!(i.projects(), "/v3/projects", "project");
    check!(i.domains(), "/v3/domains", "domain");
    check!(i.roles(), "/v3/roles", "role");
    check!(i.services(), "/v3/services", "service");
    check!(i.endpoints(), "/v3/endpoints", "endpoint");
    check!(i.regions(), "/v3/regions", "region");
    check!(i.credentials(), "/v3/credentials", "credential");
    check!(i.application_credentials("u"), "/v3/users/u/application_credentials", "application_credential");
    check!(i.trusts(), "/v3/OS-TRUST/trusts", "trust");
    check!(i.policies(), "/v3/policies", "policy");
    check!(i.registered_limits(), "/v3/registered_limits", "registered_limit");
    check!(i.limits(), "/v3/limits", "limit");
    lines.extend(listed![
        i.access_rules("u"),
        i.ec2_credentials("u"),
        i.trust_roles("t"),
        i.groups_of("u"),
        i.projects_of("u"),
        i.users_in("g"),
        i.assignments(&[("user.id", "u"), ("effective", "")]),
    ]);
    let secret = Secret::new("x");
    lines.extend(shown![
        i.access_rule("u", "r"),
        i.delete_access_rule("u", "r"),
        i.ec2_credential("u", "a"),
        i.create_ec2_credential("u", "p"),
        i.delete_ec2_credential("u", "a"),
        i.limit_model(),
        i.change_password("u", &secret, &secret),
        i.is_in_group("u", "g"),
        i.add_to_group("u", "g"),
        i.remove_from_group("u", "g"),
        i.tags("p"),
        i.set_tags("p", &["a"]),
        i.clear_tags("p"),
        i.has_tag("p", "a"),
        i.add_tag("p", "a"),
        i.remove_tag("p", "a"),
        i.implied_by("r"),
        i.implies("r", "s"),
        i.imply("r", "s"),
        i.unimply("r", "s"),
        i.inferences(),
    ]);
    for on in [On::Project("p".to_owned()), On::System, On::BelowDomain("d".to_owned())] {
        let grants = i.grants(on, Holder::Group("g".to_owned()));
        lines.extend(listed![grants.list()]);
        lines.extend(shown![grants.has("r"), grants.add("r"), grants.remove("r")]);
    }
    for wanted in [
        "openstack.user.change_password POST /v3/users/u/password",
        "openstack.grant.add PUT /v3/projects/p/groups/g/roles/r",
        "openstack.system_grant.check HEAD /v3/system/groups/g/roles/r",
        "openstack.inherited_grant.remove DELETE /v3/OS-INHERIT/domains/d/groups/g/roles/r/inherited_to_projects",
        "openstack.role.imply PUT /v3/roles/r/implies/s",
        "openstack.role_assignment.list GET /v3/role_assignments?user.id=u&effective=",
        "openstack.ec2_credential.create POST /v3/users/u/credentials/OS-EC2",
    ] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted}");
    }
    // No operation of the table is without its request.
    let missing: Vec<&str> = ops::OPS
        .iter()
        .filter(|op| {
            op.routes.iter().any(|route| route.0 == ops::V3_BELOW) && !op.id.starts_with("openstack.auth.")
        })
        .map(|op| op.id)
        .filter(|id| !lines.iter().any(|line| line.starts_with(&format!("{id} "))))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn limits_are_made_in_a_list() {
    let script = ScriptedTransport::new()
        .reply(issued("t1"))
        .answer(201, r#"{"limits": [{"id": "7", "resource_name": "vol", "resource_limit": 3}]}"#);
    let identity = client(keystone(URL), &script, &ManualClock::auto()).identity();
    let made = run(identity.limits().create(&Fields::new().with("resource_limit", 3))).unwrap();
    assert_eq!((made.id.as_str(), made.resource_limit), ("7", 3));
    assert_eq!(&script.requests()[1].body[..], br#"{"limits":[{"resource_limit":3}]}"#);
}

#[test]
fn things_that_cannot_be_changed_say_so() {
    let error = run(identity().trusts().update("7", &json!({}))).unwrap_err();
    assert_eq!(error.message(), "a trust cannot be changed, only made and removed");
}

#[test]
fn tenants_are_those_of_the_old_version() {
    let script = ScriptedTransport::new()
        .answer(200, r#"{"access": {"token": {"id": "t", "expires": "2026-01-01T01:00:00Z"}, "user": {"id": "u"}, "serviceCatalog": []}}"#)
        .answer(200, r#"{"tenants": [{"id": "p1", "name": "shop", "enabled": true, "description": null}], "tenants_links": []}"#);
    let user = pentad_openstack::auth::User::name("demo");
    let login = pentad_openstack::Keystone::password("http://id.test:5000/v2.0", user, "pw").unwrap();
    let client = client(login.version(IdentityVersion::V2), &script, &ManualClock::auto());
    let tenants = run(client.identity().tenants().list().all()).unwrap();
    assert_eq!(tenants[0].name, "shop");
    assert_eq!(script.requests()[1].path(), "/v2.0/tenants");
}

#[test]
fn beside_other_services_it_is_found_by_the_catalog_with_its_version_or_without() {
    for (listed, discovered) in [("http://id.test:5000/v3", false), ("http://id.test:5000", true)] {
        let mut body = stage::body();
        body["token"]["catalog"]
            .as_array_mut()
            .unwrap()
            .push(json!({"id": "s9", "type": "identity", "name": "keystone",
            "endpoints": [{"id": "e9", "interface": "public", "region_id": "RegionOne", "url": listed}]}));
        let mut script = ScriptedTransport::new().reply(with(201, "x-subject-token", "t1", &body));
        if discovered {
            script = script.answer(
                300,
                r#"{"versions": {"values": [{"id": "v3.14", "status": "stable",
                "links": [{"rel": "self", "href": "http://id.test:5000/v3/"}]}]}}"#,
            );
        }
        let script = script
            .answer(200, r#"{"users": [{"id": "u1", "name": "ann", "enabled": true, "colour": "red"}], "links": {"next": null}}"#)
            .answer(200, r#"{"user": {"id": "u/1"}}"#);
        let http = HttpClient::builder(CloudAuth::new(keystone(URL)))
            .transport(script.shared())
            .clock(ManualClock::auto().shared())
            .build()
            .unwrap();
        let users = run(http.service::<Identity>().users().list().all()).unwrap();
        assert_eq!((users[0].name.as_str(), &users[0].extra["colour"]), ("ann", &json!("red")));
        run(http.service::<Identity>().users().get("u/1")).unwrap();
        let last = script.requests().pop().unwrap();
        assert_eq!(last.uri.to_string(), "http://id.test:5000/v3/users/u%2F1");
        assert_eq!(script.left(), 0);
    }
}

#[test]
fn secrets_of_things_are_neither_shown_nor_written() {
    let script = ScriptedTransport::new()
        .reply(issued("t1"))
        .answer(201, r#"{"application_credential": {"id": "7", "name": "job", "secret": "canary-1", "roles": [{"id": "r"}]}}"#)
        .answer(200, r#"{"credential": {"id": "8", "type": "totp", "user_id": "u", "blob": "canary-2", "password": "canary-3"}}"#)
        .answer(201, r#"{"credential": {"access": "a", "secret": "canary-4", "user_id": "u"}}"#);
    let identity = client(keystone(URL), &script, &ManualClock::auto()).identity();
    let call = identity
        .application_credentials("u")
        .create(&Fields::new().with("name", "job").with("secret", "canary-0"));
    assert!(!call.curl().unwrap().contains("canary") && !format!("{call:?}").contains("canary"));
    let made = run(call).unwrap();
    assert_eq!(made.secret.as_ref().map(Secret::expose), Some("canary-1"));
    let credential = run(identity.credentials().get("8")).unwrap();
    assert_eq!(credential.blob.as_ref().map(Secret::expose), Some("canary-2"));
    let ec2 = run(identity.create_ec2_credential("u", "p")).unwrap();
    let shown = format!("{made:?} {credential:?} {ec2:?}");
    let written = [serde_json::to_string(&made).unwrap(), serde_json::to_string(&ec2).unwrap()].concat();
    assert!(!shown.contains("canary") && !written.contains("canary"), "{shown} {written}");
}

#[test]
fn grants_and_inferences_are_read_as_the_service_writes_them() {
    let script = ScriptedTransport::new()
        .reply(issued("t1"))
        .answer(200, r#"{"role_assignments": [{"role": {"id": "r1", "name": "admin"}, "user": {"id": "u1"},
            "scope": {"project": {"id": "p1"}, "OS-INHERIT:inherited_to": "projects"}, "links": {"assignment": "x"}},
            {"role": {"id": "r1"}, "group": {"id": "g1"}, "scope": {"system": {"all": true}}}], "links": {}}"#)
        .answer(200, r#"{"role_inferences": [{"prior_role": {"id": "r1", "name": "admin"}, "implies": [{"id": "r2"}]}]}"#)
        .answer(200, r#"{"role_inference": {"prior_role": {"id": "r1"}, "implies": [{"id": "r2", "name": "member"}]}}"#)
        .answer(204, "")
        .answer(404, "");
    let identity = client(keystone(URL), &script, &ManualClock::auto()).identity();
    let all = run(identity.assignments(&[]).all()).unwrap();
    assert_eq!((all[0].project_id(), all[0].is_inherited(), all[1].is_system()), (Some("p1"), true, true));
    assert_eq!(all[1].domain_id(), None);
    assert_eq!(run(identity.inferences()).unwrap()[0].implies[0].id, "r2");
    assert_eq!(run(identity.implied_by("r1")).unwrap()[0].name.as_deref(), Some("member"));
    assert!(run(identity.implies("r1", "r2")).unwrap());
    assert!(!run(identity.has_tag("p", "t")).unwrap());
}

/// Extensions: a manager of one's own beside those that are there (OpenStack reference A11, A16.6).
#[derive(Clone, Debug)]
struct WithWidgets(RawService);

impl pentad_openstack::Service for WithWidgets {
    const SERVICE_TYPE: &'static str = "database";

    fn from_session(session: pentad_core::Session) -> Self {
        Self(RawService::new(session))
    }
}

#[test]
fn an_extension_is_a_service_of_ones_own() {
    let script = ScriptedTransport::new().reply(issued("t1")).answer(200, r#"{"widgets": [{"id": 1}]}"#);
    let http = HttpClient::builder(CloudAuth::new(keystone(URL)))
        .service_interface("database", "internal")
        .transport(script.shared())
        .clock(ManualClock::auto().shared())
        .build()
        .unwrap();
    let widgets = http.service::<WithWidgets>().0.manager("widget", "widgets");
    let all: Vec<Object> = run(widgets.list().all()).unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(script.requests()[1].uri.to_string(), "http://10.0.0.5:8779/v1.0/p1/widgets");
}
