//! One identity for several services (OpenStack reference A1 to A11).

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use pentad_core::Session;
use pentad_openstack::{CloudAuth, HttpClient, RawService, Service};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use serde_json::json;

use crate::stage::{URL, issued, keystone};

static MADE: AtomicU32 = AtomicU32::new(0);

#[derive(Clone, Debug)]
struct Queues(RawService);

impl Service for Queues {
    const SERVICE_TYPE: &'static str = "messaging";

    fn from_session(session: Session) -> Self {
        MADE.fetch_add(1, Relaxed);
        Self(RawService::new(session))
    }
}

fn shared(script: &ScriptedTransport) -> HttpClient {
    let builder =
        HttpClient::builder(CloudAuth::new(keystone(URL))).interface("publicURL").region("RegionOne");
    let builder = builder.original_ip("10.0.0.1").user_agent("mine");
    builder.transport(script.shared()).clock(ManualClock::auto().shared()).build().unwrap()
}

#[test]
fn services_share_one_token_and_each_finds_its_own_endpoint() {
    let script =
        ScriptedTransport::new().reply(issued("t1")).answer(200, "{}").answer(200, "{}").answer(202, "");
    let http = shared(&script);
    run(http.raw("database").get("/instances?limit=5")).unwrap();
    run(http.service::<Queues>().0.put("v2/queues/a%2Fb/", None)).unwrap();
    run(http.service::<Queues>().0.post("", Some(&json!({})))).unwrap();
    let sent: Vec<(String, String)> = script.requests()[1..]
        .iter()
        .map(|request| (request.method.to_string(), request.uri.to_string()))
        .collect();
    let pair = |method: &str, url: &str| (method.to_owned(), url.to_owned());
    assert_eq!(
        sent,
        [
            pair("GET", "http://db.test:8779/v1.0/p1/instances?limit=5"),
            pair("PUT", "http://q.test:8888/v2/queues/a%2Fb"),
            pair("POST", "http://q.test:8888/"),
        ]
    );
    assert_eq!((MADE.load(Relaxed), script.left()), (1, 0));
    let last = script.requests().pop().unwrap();
    assert_eq!((last.header("forwarded"), last.header("user-agent")), ("for=10.0.0.1;by=mine", "mine"));
    assert_eq!((last.header("content-type"), &last.body[..]), ("application/json", &b"{}"[..]));
    assert_eq!(http.timings().len(), 4);
    http.reset_timings();
    assert!(http.timings().is_empty());
}

#[test]
fn a_path_of_a_raw_call_cannot_leave_the_endpoint() {
    let script = ScriptedTransport::new();
    for url in ["/a/../b", "/a b", "/%2e%2e/x"] {
        run(shared(&script).raw("database").get(url)).unwrap_err();
    }
    assert!(script.requests().is_empty());
}
