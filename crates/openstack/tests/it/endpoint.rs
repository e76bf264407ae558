//! Where requests to services of the catalog go (OpenStack reference B12, B13).

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use pentad_core::{Api, Op, Result, Session, Target, decode};
use pentad_openstack::ErrorExt;
use pentad_openstack::auth::{CloudAuth, FixedEndpoint};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use serde_json::json;

use crate::stage::{URL, issued, keystone};

static LIST: Op = Op {
    id: "sample.list",
    routes: &[(Api("v1"), Method::GET, "/instances")],
    idempotent: true,
    patience: Duration::ZERO,
    source: "test",
};

fn service(service_type: &'static str, interface: &'static str, version: Option<&str>) -> Target {
    Target::Service {
        service_type: service_type.into(),
        interface: interface.into(),
        region: None,
        version: version.map(str::to_owned),
    }
}

fn ask(script: &ScriptedTransport, auth: Arc<CloudAuth>, target: Target) -> Result<()> {
    let session =
        Session::builder(script.shared(), ManualClock::auto().shared(), target).authorize(auth).build();
    run(session.op(&LIST).call(decode::empty))
}

fn last(script: &ScriptedTransport) -> String {
    script.requests().last().unwrap().uri.to_string()
}

#[test]
fn a_request_goes_where_the_catalog_says_by_interface() {
    let script = ScriptedTransport::new().reply(issued("t1")).answer(200, "").answer(200, "");
    let auth = Arc::new(CloudAuth::new(keystone(URL)));
    ask(&script, Arc::clone(&auth), service("database", "publicURL", None)).unwrap();
    assert_eq!(last(&script), "http://db.test:8779/v1.0/p1/instances");
    assert_eq!(script.requests().last().unwrap().header("x-auth-token"), "t1");
    ask(&script, auth, service("database", "admin,internal", None)).unwrap();
    assert_eq!(last(&script), "http://10.0.0.5:8779/v1.0/p1/instances");
    assert_eq!(script.requests().len(), 3);
}

#[test]
fn what_the_catalog_lacks_fails_before_the_request_is_sent_and_is_not_tried_again() {
    let script = ScriptedTransport::new().reply(issued("t1"));
    let error =
        ask(&script, Arc::new(CloudAuth::new(keystone(URL))), service("dns", "public", None)).unwrap_err();
    assert!(error.is_endpoint_not_found());
    assert_eq!(error.message(), "public endpoint for dns service not found");
    assert_eq!(script.requests().len(), 1);
}

#[test]
fn an_override_beats_the_catalog_and_knows_the_project() {
    let script = ScriptedTransport::new().reply(issued("t1")).answer(200, "");
    let login = keystone(URL).endpoint_override("database", "http://fixed.test/v1.0/%(project_id)s");
    ask(&script, Arc::new(CloudAuth::new(login)), service("database", "public", Some("9"))).unwrap();
    assert_eq!(last(&script), "http://fixed.test/v1.0/p1/instances");
}

#[test]
fn a_version_in_the_url_needs_no_question_and_another_is_asked_for_once() {
    let versions = json!({"versions": [{"id": "v2.0", "status": "CURRENT",
        "links": [{"rel": "self", "href": "http://localhost/v2/"}]}]});
    let script = ScriptedTransport::new()
        .reply(issued("t1"))
        .answer(200, "")
        .answer(300, versions.to_string())
        .answer(200, "")
        .answer(200, "");
    let auth = Arc::new(CloudAuth::new(keystone(URL)));
    ask(&script, Arc::clone(&auth), service("database", "public", Some("1"))).unwrap();
    assert_eq!(last(&script), "http://db.test:8779/v1.0/p1/instances");
    for _ in 0..2 {
        ask(&script, Arc::clone(&auth), service("messaging", "public", Some("2"))).unwrap();
        assert_eq!(last(&script), "http://q.test:8888/v2/instances");
    }
    assert_eq!(script.left(), 0);
}

#[test]
fn a_fixed_token_and_endpoint_ask_nobody() {
    let script = ScriptedTransport::new().answer(200, "");
    let fixed = FixedEndpoint::new(&"tok".into(), "http://fixed.test/base").unwrap();
    let session =
        Session::builder(script.shared(), ManualClock::auto().shared(), service("database", "public", None))
            .authorize(Arc::new(fixed))
            .build();
    run(session.op(&LIST).call(decode::empty)).unwrap();
    assert_eq!(last(&script), "http://fixed.test/base/instances");
    assert_eq!(script.requests()[0].header("x-auth-token"), "tok");
}
