//! What the client makes of answers.

use http::{HeaderValue, StatusCode};
use pentad_core::{ErrorKind, Response, RetryPolicy};
use pentad_testkit::{ScriptedTransport, run};
use pentad_trove::model::{ClusterTaskName, OperatingStatus, Status};
use pentad_trove::{BackupQuery, ErrorExt, InstanceQuery, NewInstance};
use serde_json::json;

use super::{ID, client};

#[test]
fn pages_follow_the_marker_of_the_next_link_and_never_the_link() {
    let first = json!({"users": [{"name": "appuser", "host": "%", "databases": [{"name": "shop"}]}],
        "links": [{"rel": "next", "href": "https://elsewhere.test/v1.0/9f2c/instances/i/users?limit=1&marker=appuser%2540%2525"}]});
    let transport = ScriptedTransport::new()
        .answer(200, first.to_string())
        .answer(200, json!({"users": [{"name": "b", "databases": []}]}).to_string());
    let users = run(client(&transport).instance("i").users().page_size(1).all()).unwrap();
    assert_eq!(users[0].full_name().to_string(), "appuser@%");
    assert_eq!(users[1].name, "b");
    let requests = transport.requests();
    assert_eq!(requests[1].path(), "/v1.0/9f2c/instances/i/users?limit=1&marker=appuser%40%25");
    assert_eq!(requests[1].uri.host(), Some("db.test"));
    assert_eq!(requests[1].header("x-auth-token"), "t");
}

#[test]
fn a_full_last_page_of_backups_is_followed_by_an_empty_one() {
    let page = |id: &str, marker: u32| {
        json!({"backups": [{"id": id, "name": "b", "status": "COMPLETED"}],
        "links": [{"rel": "next", "href": format!("https://db.test/v1.0/9f2c/backups?marker={marker}&limit=1")}]})
    };
    let transport = ScriptedTransport::new()
        .answer(200, page("a", 1).to_string())
        .answer(200, page("b", 2).to_string())
        .answer(200, r#"{"backups": []}"#);
    let backups = run(client(&transport).backups(BackupQuery::new()).page_size(1).all()).unwrap();
    assert_eq!(backups.len(), 2);
    assert!(backups[0].status.is_usable());
}

#[test]
fn an_instance_is_read_with_all_there_is_to_say() {
    let body = json!({"instance": {"id": ID, "name": "db1", "status": "ACTIVE", "operating_status": "HEALTHY",
        "links": [], "region": "RegionOne", "flavor": {"id": "2", "links": []},
        "datastore": {"type": "mysql", "version": "8.0", "version_number": "8.0.29"},
        "volume": {"size": 2, "used": 0.17, "used_percent": 8.5}, "ip": ["10.1.0.4"],
        "addresses": [{"address": "10.1.0.4", "type": "private", "network": "5e0c"}],
        "replicas": [{"id": "r", "links": []}], "access": {}, "created": "2030-01-01T12:00:00",
        "fault": {"message": "m", "created": "2030-01-01T12:00:00", "details": ""},
        "password": "pw-canary", "encrypted_rpc_messaging": true, "new_thing": 1}});
    let transport = ScriptedTransport::new().answer(200, body.to_string());
    let instance = run(client(&transport).instance(ID).get()).unwrap();
    assert!(instance.is_active());
    assert_eq!(instance.role(), Some("primary"));
    assert_eq!(instance.created.unwrap().to_string(), "2030-01-01T12:00:00Z");
    assert_eq!(instance.volume.as_ref().unwrap().used, Some(0.17));
    assert_eq!(instance.access.as_ref().unwrap().is_public, None);
    assert_eq!(instance.more.get("new_thing"), Some(&json!(1)));
    assert!(!format!("{instance:?}").contains("pw-canary"));
    assert_eq!(serde_json::to_value(&instance).unwrap()["password"], "pw-canary");
}

#[test]
fn words_that_are_new_are_kept() {
    let body =
        json!({"instances": [{"id": "a", "name": "n", "status": "LEVITATING", "operating_status": ""}]});
    let transport = ScriptedTransport::new().answer(200, body.to_string());
    let page = run(client(&transport).instances(InstanceQuery::new())).unwrap();
    assert_eq!(page.items[0].status, Status::Other("LEVITATING".to_owned()));
    assert!(page.items[0].operating_status.as_ref().is_some_and(OperatingStatus::is_empty));
}

#[test]
fn forms_that_differ_between_services_are_read() {
    let transport = ScriptedTransport::new()
        .answer(200, r#"{"flavors": [{"id": 2, "str_id": "2", "name": "m1.small", "ram": 2048}, {"id": null, "str_id": "ee", "name": "x"}]}"#)
        .answer(200, r#"{"limits": [{"verb": "ABSOLUTE", "max_instances": 10, "max_ram": -1}, {"verb": "GET", "uri": "*", "regex": ".*", "value": 200, "remaining": 199, "unit": "MINUTE", "nextAvailable": "2030-01-01T12:00:00Z"}]}"#)
        .answer(200, r#"{"configuration-parameters": [{"name": "max_connections", "datastore_version_id": "v", "restart_required": true, "type": "integer", "max": 100000, "min": 1}]}"#)
        .answer(200, r#"{"name": "k", "restart_required": 0, "type": "string"}"#)
        .answer(200, r#"{"versions": [{"id": "v", "name": "8.0", "datastore_id": "d", "datastore_name": "mysql", "image_tags": [""], "packages": [""], "active": true, "default": false}]}"#)
        .answer(200, r#"{"cluster": {"id": "c", "name": "c", "task": {"id": 1, "name": "NONE", "description": "No tasks for the cluster."}, "instances": [{"id": "i", "name": "m", "type": "member"}]}}"#)
        .answer(202, "");
    let client = client(&transport);
    let flavors = run(client.flavors()).unwrap().items;
    assert_eq!((flavors[0].key(), flavors[1].key()), ("2".to_owned(), "ee".to_owned()));
    let limits = run(client.limits()).unwrap();
    assert_eq!((limits.absolute.max_instances, limits.absolute.max_ram), (Some(10), Some(-1)));
    assert_eq!((limits.rates.len(), limits.rates[0].remaining), (1, 199));
    let parameters = run(client.parameters("v")).unwrap().items;
    assert_eq!((parameters[0].restart_required, parameters[0].max), (Some(true), Some(100_000)));
    assert_eq!(run(client.parameter("v", "k")).unwrap().restart_required, Some(false));
    let versions = run(client.mgmt().datastore_versions()).unwrap().items;
    assert!(versions[0].packages.is_empty() && versions[0].image_tags.is_empty());
    let cluster = run(client.cluster("c").get()).unwrap();
    assert_eq!(
        (cluster.task.name, cluster.instances[0].kind.as_deref()),
        (ClusterTaskName::None, Some("member"))
    );
    assert_eq!(run(client.cluster("c").restart()).unwrap(), None);
}

#[test]
fn errors_keep_status_fault_message_and_request_id() {
    let body = r#"{"itemNotFound": {"code": 404, "message": "Resource x cannot be found."}}"#;
    let transport = ScriptedTransport::new().answer_with(404, ("x-openstack-request-id", "req-1"), body);
    let error = run(client(&transport).instance("x").get()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!((error.fault(), error.request_id()), (Some("itemNotFound"), Some("req-1")));
    assert_eq!(error.status(), Some(StatusCode::NOT_FOUND));
    assert!(error.to_string().contains("Resource x cannot be found."), "{error}");
}

#[test]
fn a_missing_right_is_told_once_and_a_page_of_a_web_server_is_read() {
    let right = r#"{"unauthorized": {"code": 401, "message": "User does not have admin privileges."}}"#;
    let transport = ScriptedTransport::new().answer(401, right).answer_with(
        403,
        ("content-type", "text/html; charset=UTF-8"),
        "<html><head><title>403 Forbidden</title></head><body>Wrong project.</body></html>",
    );
    let client = client(&transport);
    let error = run(client.mgmt().datastore_versions()).unwrap_err();
    assert!(error.needs_admin());
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Forbidden, 1));
    let error = run(client.limits()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.message().contains("Wrong project."), "{error}");
}

#[test]
fn a_creation_waits_for_the_rate_and_is_never_repeated_for_a_lost_answer() {
    let body = r#"{"overLimit": {"code": 413, "message": "This request was rate-limited.", "details": "d", "retryAfter": "1"}}"#;
    let mut limited = Response::new(StatusCode::PAYLOAD_TOO_LARGE, body);
    limited.headers.insert("retry-after", HeaderValue::from_static("1"));
    let transport = ScriptedTransport::new()
        .reply(limited)
        .answer(200, format!(r#"{{"instance": {{"id": "{ID}", "name": "n", "status": "BUILD"}}}}"#))
        .fail(pentad_core::Error::new(ErrorKind::Connection, "broken").with_sent(pentad_core::Sent::Maybe));
    let client = client(&transport);
    let new = NewInstance::new("n", "2").volume(1);
    assert_eq!(run(client.create_instance(&new)).unwrap().id, ID);
    assert_eq!(run(client.create_instance(&new)).unwrap_err().attempts(), 1);
    let quota = r#"{"overLimit": {"code": 413, "message": "Quota exceeded for resources: ['instances']."}}"#;
    let transport = ScriptedTransport::new().answer(413, quota);
    let error = run(super::client(&transport).create_instance(&new)).unwrap_err();
    assert!(error.is_over_quota() && error.attempts() == 1);
}

#[test]
fn bodies_that_are_no_answers_are_errors_and_never_a_panic() {
    for body in ["", "[]", "null", "{}", r#"{"instance": 1}"#, r#"{"instances": {}}"#, "<html>", "\u{0}", "{"]
    {
        let transport = ScriptedTransport::new().answer(200, body).answer(200, body);
        let client = client(&transport).with(|session| session.retry(RetryPolicy::none()));
        assert_eq!(run(client.instance("i").get()).unwrap_err().kind(), ErrorKind::Decode, "{body}");
        assert_eq!(
            run(client.instances(InstanceQuery::new())).unwrap_err().kind(),
            ErrorKind::Decode,
            "{body}"
        );
    }
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let transport = ScriptedTransport::new().answer(200, format!(r#"{{"instances": {deep}}}"#));
    assert_eq!(
        run(client(&transport).instances(InstanceQuery::new())).unwrap_err().kind(),
        ErrorKind::Decode
    );
}

#[test]
fn things_are_found_by_id_at_once_and_by_name_on_any_page() {
    let one = format!(r#"{{"instance": {{"id": "{ID}", "name": "db2", "status": "ACTIVE"}}}}"#);
    let transport = ScriptedTransport::new().answer(200, one.clone());
    assert_eq!(run(client(&transport).find_instance(ID)).unwrap().name, "db2");
    let first = json!({"instances": [{"id": "a", "name": "db1", "status": "ACTIVE"}],
        "links": [{"rel": "next", "href": "https://db.test/v1.0/9f2c/instances?marker=a"}]});
    let second = json!({"instances": [{"id": ID, "name": "db2", "status": "ACTIVE"}]});
    let transport = ScriptedTransport::new()
        .answer(200, first.to_string())
        .answer(200, second.to_string())
        .answer(200, one);
    assert_eq!(run(client(&transport).find_instance("db2")).unwrap().id, ID);
    assert_eq!(transport.requests().len(), 3);
    let twice = json!({"instances": [{"id": "a", "name": "db"}, {"id": "b", "name": "db"}]});
    let transport =
        ScriptedTransport::new().answer(200, twice.to_string()).answer(200, r#"{"instances": []}"#);
    let client = client(&transport);
    assert_eq!(run(client.find_instance("db")).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(run(client.find_instance("db")).unwrap_err().kind(), ErrorKind::NotFound);
}
