//! What goes over the wire, operation by operation and dialect by dialect (IVCAP reference 7).

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use pentad_core::work::Polling;
use pentad_core::{Cursor, ErrorKind, Secret};
use pentad_ivcap::{
    Arguments, Client, Dialect, ListQuery, NewOrder, NewProject, NewQueue, NewRecord, NewService,
    PackagePart, RecordChange, RecordQuery, Source, Upload, ops,
};
use pentad_testkit::{ScriptedTransport, Shown, shown};
use serde_json::json;

use super::client;

/// What the three dialects send; an empty text means that the dialect lacks it.
type Row = (fn(&Client) -> Shown, [&'static str; 3]);

const SERVICE: &str = "urn:ivcap:service:7b";

fn moment() -> jiff::Timestamp {
    "2001-02-03T04:05:06Z".parse().unwrap()
}

const ALL: &[Row] = &[
    (
        |c| shown(c.services(ListQuery::new())),
        [
            "GET /1/services?order-desc=false&limit=10",
            "GET /1/services?order-desc=false&limit=10",
            "GET /1/services2?order-desc=false&limit=50",
        ],
    ),
    (
        |c| {
            let query =
                ListQuery::new().filter("name ~= 'fire%'").order_by("name").descending(true).at(moment());
            shown(c.orders(query).page_size(5).start_at(Cursor::Token("bz0xMA".into())))
        },
        [
            "GET /1/orders?filter=name%20~%3D%20%27fire%25%27&order-by=name&order-desc=true&at-time=2001-02-03T04%3A05%3A06Z&limit=5&page=bz0xMA",
            "GET /1/orders?filter=name%20~%3D%20%27fire%25%27&order-by=name&order-desc=true&at-time=2001-02-03T04%3A05%3A06Z&limit=5&page=bz0xMA",
            "GET /1/orders?filter=name%20~%3D%20%27fire%25%27&order-by=name&order-desc=true&at-time=2001-02-03T04%3A05%3A06Z&limit=5&page=bz0xMA",
        ],
    ),
    (
        |c| shown(c.service(SERVICE).get()),
        [
            "GET /1/services/urn%3Aivcap%3Aservice%3A7b",
            "GET /1/services/urn%3Aivcap%3Aservice%3A7b",
            "GET /1/services2/urn%3Aivcap%3Aservice%3A7b",
        ],
    ),
    (
        |c| shown(c.service(SERVICE).delete()),
        [
            "DELETE /1/services/urn%3Aivcap%3Aservice%3A7b",
            "DELETE /1/services/urn%3Aivcap%3Aservice%3A7b",
            "DELETE /1/services2/urn%3Aivcap%3Aservice%3A7b",
        ],
    ),
    (
        |c| {
            let service =
                NewService::workflow("risk", json!({"type": "basic"})).field("provider-id", "urn:p:1");
            shown(c.create_service(&service))
        },
        [
            r#"POST /1/services {"workflow":{"type":"basic"},"provider-id":"urn:p:1","description":"risk","parameters":[],"account-id":"urn:ivcap:account:1c"}"#,
            r#"POST /1/services {"workflow":{"type":"basic"},"provider-id":"urn:p:1","description":"risk","parameters":[],"account-id":"urn:ivcap:account:1c"}"#,
            "!",
        ],
    ),
    (
        |c| {
            let service = NewService::controller(SERVICE, "risk", "urn:s:1", json!({"image": "i"}));
            shown(c.service(SERVICE).update(&service.policy("urn:ivcap:policy:p"), true))
        },
        [
            "!",
            "!",
            r#"PUT /1/services2/urn%3Aivcap%3Aservice%3A7b?force-create=true {"id":"urn:ivcap:service:7b","controller-schema":"urn:s:1","controller":{"image":"i"},"policy":"urn:ivcap:policy:p","description":"risk","parameters":[]}"#,
        ],
    ),
    (
        |c| shown(c.service_by_name("hello-world")),
        [
            "GET /1/services?filter=name~%3D%27hello-world%27&order-desc=false&limit=10",
            "GET /1/services?filter=name~%3D%27hello-world%27&order-desc=false&limit=10",
            "GET /1/services2?filter=name~%3D%27hello-world%27&order-desc=false&limit=10",
        ],
    ),
    (
        |c| {
            let order = NewOrder::new(Arguments::new().set("region", "upper valley").set("threshold", 0.5));
            shown(c.create_order(SERVICE, order))
        },
        [
            r#"POST /1/orders {"accountID":"urn:ivcap:account:1c","parameters":[{"name":"region","value":"upper valley"},{"name":"threshold","value":0.5}],"serviceID":"urn:ivcap:service:7b"}"#,
            r#"POST /1/orders {"parameters":[{"name":"region","value":"upper valley"},{"name":"threshold","value":0.5}],"service-id":"urn:ivcap:service:7b","account-id":"urn:ivcap:account:1c"}"#,
            r#"POST /1/orders {"parameters":[{"name":"region","value":"upper valley"},{"name":"threshold","value":0.5}],"service":"urn:ivcap:service:7b"}"#,
        ],
    ),
    (
        |c| {
            let order = NewOrder::new(Arguments::new()).name("night").policy("urn:ivcap:policy:p");
            shown(c.create_order(SERVICE, order))
        },
        [
            r#"POST /1/orders {"accountID":"urn:ivcap:account:1c","parameters":[],"serviceID":"urn:ivcap:service:7b","name":"night","policyID":"urn:ivcap:policy:p"}"#,
            r#"POST /1/orders {"parameters":[],"service-id":"urn:ivcap:service:7b","account-id":"urn:ivcap:account:1c","name":"night","policy-id":"urn:ivcap:policy:p"}"#,
            r#"POST /1/orders {"parameters":[],"service":"urn:ivcap:service:7b","name":"night","policy":"urn:ivcap:policy:p"}"#,
        ],
    ),
    (
        |c| shown(c.order("urn:ivcap:order:3f").get()),
        [
            "GET /1/orders/urn%3Aivcap%3Aorder%3A3f",
            "GET /1/orders/urn%3Aivcap%3Aorder%3A3f",
            "GET /1/orders/urn%3Aivcap%3Aorder%3A3f",
        ],
    ),
    (|c| shown(c.order("o").logs(Some(moment()), None)), ["", "", "GET /1/orders/o/logs?from=981173106"]),
    (|c| shown(c.order("o").top()), ["", "", "GET /1/orders/o/top"]),
    (
        |c| shown(c.order("o").products(ListQuery::new())),
        ["", "", "GET /1/orders/o/products?order-desc=false&limit=50"],
    ),
    (
        |c| shown(c.order("o").metadata_links(ListQuery::new())),
        ["", "", "GET /1/orders/o/metadata?order-desc=false&limit=50"],
    ),
    (
        |c| shown(c.service("s").request_job(&json!({"echo": "hi"}), Duration::from_secs(20))),
        ["", "", r#"POST /1/services2/s/jobs {"echo":"hi"}"#],
    ),
    (
        |c| shown(c.service("s").jobs(ListQuery::new())),
        ["", "", "GET /1/services2/s/jobs?order-desc=false&limit=50"],
    ),
    (
        |c| shown(c.service("s").job("j").get()),
        ["", "", "GET /1/services2/s/jobs/j?with-request-content=true&with-result-content=true"],
    ),
    (|c| shown(c.service("s").job("j").output()), ["", "", "GET /1/services2/s/jobs/j/output"]),
    (|c| shown(c.service("s").job("j").events()), ["", "", "GET /1/services2/s/jobs/j/events"]),
    (
        |c| shown(c.artifacts(ListQuery::new())),
        [
            "GET /1/artifacts?order-desc=false&limit=10",
            "GET /1/artifacts?order-desc=false&limit=10",
            "GET /1/artifacts?order-desc=false&limit=50",
        ],
    ),
    (
        |c| shown(c.upload(Source::bytes("x"), Upload::new().content_type("text/plain"))),
        ["POST /1/artifacts", "POST /1/artifacts", "POST /1/artifacts"],
    ),
    (
        |c| shown(c.artifact("urn:ivcap:artifact:9a").get()),
        [
            "GET /1/artifacts/urn%3Aivcap%3Aartifact%3A9a",
            "GET /1/artifacts/urn%3Aivcap%3Aartifact%3A9a",
            "GET /1/artifacts/urn%3Aivcap%3Aartifact%3A9a",
        ],
    ),
    (
        |c| shown(c.artifact("urn:ivcap:artifact:9a").delete()),
        [
            "DELETE /1/artifacts/urn%3Aivcap%3Aartifact%3A9a",
            "DELETE /1/artifacts/urn%3Aivcap%3Aartifact%3A9a",
            "DELETE /1/artifacts/urn%3Aivcap%3Aartifact%3A9a",
        ],
    ),
    (
        |c| shown(c.add_metadata(NewRecord::new("urn:e:1", json!({"$schema": "urn:s:1", "label": "cat"})))),
        [
            r#"POST /1/metadata?entity-id=urn%3Ae%3A1&schema=urn%3As%3A1 {"$schema":"urn:s:1","label":"cat"}"#,
            r#"POST /1/metadata?entity-id=urn%3Ae%3A1&schema=urn%3As%3A1 {"$schema":"urn:s:1","label":"cat"}"#,
            r#"POST /1/aspects?entity=urn%3Ae%3A1&schema=urn%3As%3A1 {"$schema":"urn:s:1","$entity":"urn:e:1","label":"cat"}"#,
        ],
    ),
    (
        |c| {
            let record =
                NewRecord::new("urn:e:1", json!({"a": 1})).schema("urn:s:2").policy("urn:ivcap:policy:p");
            shown(c.update_metadata(record))
        },
        [
            "",
            r#"PUT /1/metadata?entity-id=urn%3Ae%3A1&schema=urn%3As%3A2&policy-id=urn%3Aivcap%3Apolicy%3Ap {"a":1}"#,
            r#"PUT /1/aspects?entity=urn%3Ae%3A1&schema=urn%3As%3A2&policy=urn%3Aivcap%3Apolicy%3Ap {"$schema":"urn:s:2","$entity":"urn:e:1","a":1}"#,
        ],
    ),
    (
        |c| {
            let query = RecordQuery::new().entity("urn:e:1").schema("urn:s:%").path("$.a").at(moment());
            shown(c.metadata(query))
        },
        [
            "GET /1/metadata?entity-id=urn%3Ae%3A1&schema=urn%3As%3A%25&aspect-path=%24.a&at-time=2001-02-03T04%3A05%3A06Z&limit=10",
            "GET /1/metadata?entity-id=urn%3Ae%3A1&schema=urn%3As%3A%25&aspect-path=%24.a&at-time=2001-02-03T04%3A05%3A06Z&limit=10",
            "GET /1/aspects?entity=urn%3Ae%3A1&schema=urn%3As%3A%25&content-path=%24.a&at-time=2001-02-03T04%3A05%3A06Z&order-by=valid_from&order-direction=DESC&include-content=true&limit=50",
        ],
    ),
    (
        |c| {
            shown(c.metadata(
                RecordQuery::new().filter("x=1").order_by("schema").descending(false).without_content(),
            ))
        },
        [
            "GET /1/metadata?filter=x%3D1&order-by=schema&order-desc=false&limit=10",
            "GET /1/metadata?filter=x%3D1&order-by=schema&order-desc=false&limit=10",
            "GET /1/aspects?filter=x%3D1&order-by=schema&order-direction=ASC&include-content=false&limit=50",
        ],
    ),
    (|c| shown(c.record("r").get()), ["GET /1/metadata/r", "GET /1/metadata/r", "GET /1/aspects/r"]),
    (
        |c| shown(c.record("r").retract()),
        ["DELETE /1/metadata/r", "DELETE /1/metadata/r", "DELETE /1/aspects/r"],
    ),
    (
        |c| shown(c.record("r").update(&json!({"a": 2}), RecordChange::new().schema("urn:s:3"))),
        [
            "",
            r#"PUT /1/metadata/r?schema=urn%3As%3A3 {"a":2}"#,
            r#"PUT /1/metadata/r?schema=urn%3As%3A3 {"a":2}"#,
        ],
    ),
    (
        |c| shown(c.search("?a(X)", Some(moment()))),
        ["", "", "POST /1/search?at-time=2001-02-03T04%3A05%3A06Z&limit=50 ?a(X)"],
    ),
    (|c| shown(c.queues(ListQuery::new())), ["", "", "GET /1/queues?order-desc=false&limit=50"]),
    (
        |c| shown(c.create_queue(&NewQueue::new("jobs").description("d"))),
        ["", "", r#"POST /1/queues {"name":"jobs","description":"d"}"#],
    ),
    (|c| shown(c.queue("q").get()), ["", "", "GET /1/queues/q"]),
    (|c| shown(c.queue("q").delete()), ["", "", "DELETE /1/queues/q"]),
    (
        |c| shown(c.queue("q").enqueue(&json!(1), Some("urn:s:1"))),
        ["", "", "POST /1/queues/q/messages?schema=urn%3As%3A1 1"],
    ),
    (|c| shown(c.queue("q").dequeue(3)), ["", "", "GET /1/queues/q/messages?limit=3"]),
    (|c| shown(c.secrets(Some("^a"))), ["", "", "GET /1/secrets/list?filter=%5Ea&limit=50"]),
    (|c| shown(c.secret("key", Some("raw"))), ["", "", "GET /1/secrets?secret-name=key&secret-type=raw"]),
    (
        |c| shown(c.set_secret("key", &Secret::new("v"), jiff::Timestamp::from_second(7).ok(), None)),
        ["", "", r#"POST /1/secrets {"secret-name":"key","secret-value":"v","expiry-time":7}"#],
    ),
    (|c| shown(c.projects(ListQuery::new())), ["", "", "GET /1/project?order-desc=false&limit=50"]),
    (
        |c| shown(c.create_project(&NewProject::new().name("risk").details("d"))),
        ["", "", r#"POST /1/project {"name":"risk","properties":{"details":"d"}}"#],
    ),
    (|c| shown(c.project("p").get()), ["", "", "GET /1/project/p"]),
    (
        |c| shown(c.project("p").update(&NewProject::new().parent("urn:p:2"))),
        ["", "", r#"PUT /1/project/p {"parent":"urn:p:2"}"#],
    ),
    (|c| shown(c.project("p").delete()), ["", "", "DELETE /1/project/p"]),
    (|c| shown(c.default_project()), ["", "", "GET /1/project/default"]),
    (
        |c| shown(c.set_default_project("p", Some("u"))),
        ["", "", r#"PUT /1/project/default {"project_urn":"p","user_urn":"u"}"#],
    ),
    (
        |c| shown(c.project("p").members(Some("owner"))),
        ["", "", "GET /1/project/p/members?role=owner&limit=50"],
    ),
    (
        |c| shown(c.project("p").add_member("u", "member")),
        ["", "", r#"PUT /1/project/p/memberships/u {"role":"member"}"#],
    ),
    (|c| shown(c.project("p").remove_member("u")), ["", "", "DELETE /1/project/p/memberships/u"]),
    (|c| shown(c.project("p").account()), ["", "", "GET /1/project/p/account"]),
    (
        |c| shown(c.project("p").set_account("urn:a:1")),
        ["", "", r#"PUT /1/project/p/account {"account_urn":"urn:a:1"}"#],
    ),
    (|c| shown(c.packages(Some("t"))), ["", "", "GET /1/packages/list?tag=t&limit=50"]),
    (|c| shown(c.remove_package("t")), ["", "", "DELETE /1/packages/remove?tag=t"]),
    (|c| shown(c.pull_package("r", "layer", 5)), ["", "", "GET /1/packages/pull?ref=r&type=layer&offset=5"]),
    (
        |c| {
            let (tag, kind, digest) = ("t".into(), "layer".into(), "d".into());
            let content = Bytes::from_static(b"ab");
            shown(c.push_package(PackagePart {
                tag,
                kind,
                digest,
                total: 9,
                start: 3,
                content,
                force: false,
            }))
        },
        ["", "", "POST /1/packages/push?tag=t&force=false&type=layer&digest=d&total=9&start=3&end=5 ab"],
    ),
    (|c| shown(c.package_status("t", "d")), ["", "", "GET /1/packages/status?tag=t&digest=d"]),
    (|c| shown(c.dashboards()), ["", "", "GET /1/dashboards"]),
    (
        |c| shown(c.api_document()),
        ["GET /1/openapi/openapi3.json", "GET /1/openapi/openapi3.json", "GET /1/openapi/openapi3.json"],
    ),
    (
        |c| shown(c.login_information()),
        ["GET /1/authinfo.yaml", "GET /1/authinfo.yaml", "GET /1/authinfo.yaml"],
    ),
    (|c| shown(c.sidecar().next_task()), ["GET /next_job", "GET /next_job", "GET /next_job"]),
    (
        |c| shown(c.sidecar().result("j", "text/plain", Bytes::from_static(b"x"), false)),
        ["POST /results/j x", "POST /results/j x", "POST /results/j x"],
    ),
    (
        |c| shown(c.sidecar().event("j", &json!({"step": 1}))),
        [r#"POST /events/j {"step":1}"#, r#"POST /events/j {"step":1}"#, r#"POST /events/j {"step":1}"#],
    ),
    (
        |c| shown(c.sidecar().secret("k", true)),
        [
            "GET /1/secret?secret-name=k&secret-type=raw&token-type=USER",
            "GET /1/secret?secret-name=k&secret-type=raw&token-type=USER",
            "GET /1/secret?secret-name=k&secret-type=raw&token-type=USER",
        ],
    ),
    (
        |c| shown(c.collection("urn:c:1").create("trip", None, None)),
        [
            "",
            "",
            "GET /1/aspects?entity=urn%3Ac%3A1&schema=urn%3Aivcap%3Aschema%3Acollection.1&filter=&order-by=valid_from&order-direction=DESC&include-content=false&limit=1",
        ],
    ),
    (
        |c| shown(c.collection("urn:c:1").add("urn:i:\"1\"")),
        [
            "",
            "",
            "GET /1/aspects?entity=urn%3Ac%3A1&schema=urn%3Aivcap%3Aschema%3Acollection-item.1&content-path=%24.item%20%3F%20%28%40%20%3D%3D%20%22urn%3Ai%3A%5C%221%5C%22%22%29&filter=&order-by=valid_from&order-direction=DESC&include-content=true&limit=1",
        ],
    ),
    (
        |c| shown(c.service(SERVICE).request_schema()),
        [
            "",
            "",
            "GET /1/aspects?entity=urn%3Aivcap%3Aservice%3A7b&schema=urn%3Asd-core%3Aschema.ai-tool.1&order-by=valid_from&order-direction=DESC&include-content=false&limit=2",
        ],
    ),
];

/// Operations whose requests other tests look at: those about contents and logins, whose address an answer tells, and the
/// form of services that the raw door reaches.
const ELSEWHERE: &[&str] = &[
    "ivcap.blob.read",
    "ivcap.blob.offset",
    "ivcap.blob.write",
    "ivcap.blob.open",
    "ivcap.blob.options",
    "ivcap.blob.put",
    "ivcap.blob.terminate",
    "ivcap.login.begin",
    "ivcap.login.token",
    "ivcap.workflow.list",
    "ivcap.workflow.create",
    "ivcap.workflow.get",
    "ivcap.workflow.update",
    "ivcap.workflow.delete",
];

#[test]
fn every_operation_is_sent_as_its_dialect_wants_it() {
    let mut seen: BTreeSet<&str> = ELSEWHERE.iter().copied().collect();
    for (make, wanted) in ALL {
        for (dialect, wanted) in Dialect::ALL.into_iter().zip(wanted) {
            match make(&client(&ScriptedTransport::new(), dialect)) {
                Ok((op, sent)) => {
                    seen.insert(op);
                    assert_eq!(sent, *wanted, "{dialect}");
                }
                Err(error) if *wanted == "!" => assert_eq!(error.kind(), ErrorKind::Invalid, "{error}"),
                Err(error) => {
                    assert_eq!(*wanted, "", "{dialect}: {error}");
                    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                }
            }
        }
    }
    let missing: Vec<_> = ops::OPS.iter().map(|op| op.id).filter(|id| !seen.contains(id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_job_is_requested_with_the_time_that_is_waited() {
    let transport = ScriptedTransport::new();
    let request =
        client(&transport, Dialect::Modern).service("s").request_job(&json!({}), Duration::from_secs(20));
    assert_eq!(request.request().unwrap().headers["timeout"], "20");
    let run = client(&transport, Dialect::Modern).service("s").run(&json!({}), Polling::default());
    assert_eq!(run.request().unwrap().headers["timeout"], "0");
}

#[test]
fn a_query_is_sent_in_its_own_language() {
    let request = client(&ScriptedTransport::new(), Dialect::Modern).search("?a(X)", None).request().unwrap();
    assert_eq!(request.headers["content-type"], "application/datalog+mangle");
}

#[test]
fn the_raw_door_reaches_every_operation_and_refuses_unknown_ones() {
    let client = client(&ScriptedTransport::new(), Dialect::Modern);
    let call = client.call("ivcap.workflow.get", &[("id", "w")], &[], None).unwrap();
    assert_eq!(call.request().unwrap().path, "/1/services/w");
    let pages = client.pages("ivcap.workflow.list", &[], &[("filter", "x")]).unwrap();
    assert_eq!(pages.request().unwrap().path_and_query(), "/1/services?filter=x&limit=50");
    assert_eq!(client.call("ivcap.fly", &[], &[], None).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(client.pages("ivcap.order.get", &[], &[]).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn what_cannot_be_right_is_refused_before_anything_is_sent() {
    let client = client(&ScriptedTransport::new(), Dialect::Modern);
    let kind = |shown: Shown| shown.unwrap_err().kind();
    assert_eq!(kind(shown(client.order("").get())), ErrorKind::Invalid);
    assert_eq!(kind(shown(client.order("..").get())), ErrorKind::Invalid);
    assert_eq!(kind(shown(client.add_metadata(NewRecord::new("urn:e:1", json!({}))))), ErrorKind::Invalid);
    assert_eq!(
        kind(shown(client.add_metadata(NewRecord::new("urn:e:1", json!("x")).schema("urn:s:1")))),
        ErrorKind::Invalid
    );
    assert_eq!(kind(shown(client.create_queue(&NewQueue::new("a.b")))), ErrorKind::Invalid);
    assert_eq!(kind(shown(client.create_project(&NewProject::new().name("ab")))), ErrorKind::Invalid);
    assert_eq!(kind(shown(client.search("  ", None))), ErrorKind::Invalid);
}
