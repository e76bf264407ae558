//! What goes over the wire, operation by operation: each call's request equals the golden one, and the golden answer is
//! read. The fixtures follow the AMS reference, sections 7 to 14.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::future::IntoFuture;
use std::time::Duration;

use http::Uri;
use pentad_ams::model::{RegistrationStatus, SchemaKind};
use pentad_ams::{
    CertificateLogin, Client, Message, NewRegistration, NewSubscription, NewUser, Period, ProjectUpdate,
    Pull, PushConfig, RegistrationFilter, SchemaUpdate, UserUpdate, ops,
};
use pentad_core::auth::Renewing;
use pentad_core::{BoxFuture, Cursor, Error, ErrorKind, Result, Secret, Sent};
use pentad_testkit::{ManualClock, Recorded, ScriptedTransport, run};
use serde_json::json;

struct Golden {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
    answer: String,
}

fn golden(op: &str) -> Golden {
    let name = op.trim_start_matches("ams.");
    let file = format!("{}/tests/fixtures/{name}.http", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let (request, response) = text.split_once("\nHTTP/1.1 200 OK\n").unwrap();
    let (head, body) = request.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let headers = lines.map(|line| line.split_once(": ").unwrap()).map(|(k, v)| (k.to_owned(), v.to_owned()));
    Golden {
        method: first.next().unwrap().to_owned(),
        path: first.next().unwrap().to_owned(),
        headers: headers.collect(),
        body: body.trim().to_owned(),
        answer: response.split_once("\n\n").unwrap().1.trim().to_owned(),
    }
}

fn compare(op: &str, golden: &Golden, sent: &Recorded) {
    assert_eq!(sent.op, op);
    assert_eq!((sent.method.as_str(), sent.path()), (golden.method.as_str(), golden.path.as_str()), "{op}");
    for (name, value) in &golden.headers {
        match name.as_str() {
            "host" => assert_eq!(sent.uri.authority().unwrap().as_str(), value, "{op}"),
            _ => assert_eq!(sent.header(name), value, "{op}"),
        }
    }
    assert_eq!(String::from_utf8_lossy(&sent.body), golden.body, "{op}");
}

fn client(transport: &ScriptedTransport) -> Client {
    let builder = Client::new("ams.example.org", "DEMO").token("t0k3n".to_owned());
    builder.transport(transport.shared()).clock(ManualClock::auto().shared()).build().unwrap()
}

fn shown<T: Debug>(
    call: impl IntoFuture<Output = Result<T>, IntoFuture: Send + 'static>,
) -> BoxFuture<'static, Result<String>> {
    let call = call.into_future();
    Box::pin(async move { call.await.map(|value| format!("{value:?}")) })
}

fn period() -> Period {
    Period::new().start("2024-05-01".parse().unwrap()).end("2024-05-31".parse().unwrap()).projects(["A", "B"])
}

type Case = (&'static str, fn(&Client) -> BoxFuture<'static, Result<String>>, &'static str);

const CASES: &[Case] = &[
    ("ams.status", |c| shown(c.status()), "SERVING"),
    ("ams.version", |c| shown(c.version()), "1.7.0"),
    ("ams.metrics", |c| shown(c.metrics()), "ams_node.cpu_usage"),
    ("ams.va_metrics", |c| shown(c.va_metrics(&period())), "message_count: 30"),
    ("ams.usage_report", |c| shown(c.usage_report(&period())), "total_users_count: 4"),
    ("ams.user.list", |c| shown(c.users().page_size(10)), "total: Some(4)"),
    ("ams.user.profile", |c| shown(c.profile()), "feeder"),
    ("ams.user.by_token", |c| shown(c.user_by_token(&Secret::new("0f3a"))), "feeder"),
    ("ams.user.by_uuid", |c| shown(c.user_by_uuid("5f0c7c8e")), "service_roles: []"),
    ("ams.user.get", |c| shown(c.user("feeder").get()), "token: Some(Secret(..))"),
    (
        "ams.user.create",
        |c| {
            shown(
                c.user("feeder")
                    .create(&NewUser::new().email("feeder@example.org").member("DEMO", ["publisher"])),
            )
        },
        "\"alerts\"",
    ),
    (
        "ams.user.update",
        |c| {
            shown(
                c.user("feeder")
                    .update(&UserUpdate::new().name("feeder2").service_roles(Vec::<String>::new())),
            )
        },
        "feeder",
    ),
    ("ams.user.delete", |c| shown(c.user("feeder").delete()), "()"),
    ("ams.user.refresh_token", |c| shown(c.user("feeder").refresh_token()), "Secret(..)"),
    ("ams.project.list", |c| shown(c.projects()), "[]"),
    ("ams.project.get", |c| shown(c.project("DEMO").get()), "demo"),
    ("ams.project.create", |c| shown(c.project("DEMO").create("demo")), "demo"),
    (
        "ams.project.update",
        |c| shown(c.project("DEMO").update(&ProjectUpdate::new().name("NEW").description("text"))),
        "demo",
    ),
    ("ams.project.delete", |c| shown(c.project("DEMO").delete()), "()"),
    ("ams.project.metrics", |c| shown(c.project("DEMO").metrics()), "project.number_of_topics"),
    ("ams.member.list", |c| shown(c.project("DEMO").members()), "feeder"),
    ("ams.member.get", |c| shown(c.project("DEMO").member("feeder").get()), "feeder"),
    (
        "ams.member.create",
        |c| shown(c.project("DEMO").member("feeder").create(Some("f@example.org"), &["consumer"])),
        "feeder",
    ),
    ("ams.member.update", |c| shown(c.project("DEMO").member("feeder").update(&["consumer"])), "feeder"),
    ("ams.member.add", |c| shown(c.project("DEMO").member("feeder").add(&["consumer"])), "feeder"),
    ("ams.member.remove", |c| shown(c.project("DEMO").member("feeder").remove()), "()"),
    ("ams.topic.list", |c| shown(c.topics().start_at(Cursor::Token("NTM2==+".to_owned()))), "NTM2==+"),
    ("ams.topic.get", |c| shown(c.topic("alerts").get()), "2024-05-06"),
    ("ams.topic.create", |c| shown(c.topic("alerts").create()), "alerts"),
    ("ams.topic.delete", |c| shown(c.topic("alerts").delete()), "()"),
    (
        "ams.topic.publish",
        |c| {
            shown(
                c.topic("alerts").publish(vec![
                    Message::from("hello").attribute("host", "node-1"),
                    Message::from("world"),
                ]),
            )
        },
        "[\"0\", \"1\"]",
    ),
    ("ams.topic.acl", |c| shown(c.topic("alerts").acl()), "feeder"),
    ("ams.topic.modify_acl", |c| shown(c.topic("alerts").modify_acl(&["feeder"])), "()"),
    ("ams.topic.metrics", |c| shown(c.topic("alerts").metrics()), "topic.number_of_messages"),
    ("ams.topic.attach_schema", |c| shown(c.topic("alerts").attach_schema("reading")), "()"),
    ("ams.topic.detach_schema", |c| shown(c.topic("alerts").detach_schema()), "()"),
    ("ams.topic.subscriptions", |c| shown(c.topic("alerts").subscriptions()), "alerts-sub"),
    ("ams.subscription.list", |c| shown(c.subscriptions()), "slowstart"),
    ("ams.subscription.get", |c| shown(c.subscription("alerts-sub").get()), "Some(\"active\")"),
    (
        "ams.subscription.create",
        |c| {
            shown(
                c.subscription("alerts-sub").create(
                    &NewSubscription::new("alerts")
                        .ack_deadline(Duration::from_secs(30))
                        .push(PushConfig::http("https://r.example/in")),
                ),
            )
        },
        "alerts-sub",
    ),
    ("ams.subscription.delete", |c| shown(c.subscription("alerts-sub").delete()), "gone"),
    ("ams.subscription.pull", |c| shown(c.subscription("alerts-sub").pull(Pull::new(10))), "offset: 4"),
    (
        "ams.subscription.ack",
        |c| {
            shown(
                c.subscription("alerts-sub")
                    .ack(&["projects/DEMO/subscriptions/alerts-sub:4".parse().unwrap()]),
            )
        },
        "()",
    ),
    (
        "ams.subscription.modify_ack_deadline",
        |c| shown(c.subscription("alerts-sub").modify_ack_deadline(Duration::from_secs(30))),
        "()",
    ),
    ("ams.subscription.modify_push_config", |c| shown(c.subscription("alerts-sub").push_config(None)), "()"),
    (
        "ams.subscription.verify_push_endpoint",
        |c| shown(c.subscription("alerts-sub").verify_push_endpoint()),
        "()",
    ),
    ("ams.subscription.acl", |c| shown(c.subscription("alerts-sub").acl()), "authorized_users: []"),
    ("ams.subscription.modify_acl", |c| shown(c.subscription("alerts-sub").modify_acl(&[] as &[&str])), "()"),
    (
        "ams.subscription.offsets",
        |c| shown(c.subscription("alerts-sub").offsets()),
        "max: 14, min: 0, current: 4",
    ),
    ("ams.subscription.modify_offset", |c| shown(c.subscription("alerts-sub").modify_offset(0)), "()"),
    (
        "ams.subscription.time_to_offset",
        |c| shown(c.subscription("alerts-sub").time_to_offset("2019-09-02T13:39:11Z".parse().unwrap())),
        "7",
    ),
    (
        "ams.subscription.metrics",
        |c| shown(c.subscription("alerts-sub").metrics()),
        "subscription.number_of_bytes",
    ),
    ("ams.schema.list", |c| shown(c.schemas()), "reading"),
    ("ams.schema.get", |c| shown(c.schema("reading").get()), "Other(\"protobuf\")"),
    (
        "ams.schema.create",
        |c| shown(c.schema("reading").create(&SchemaKind::Json, &json!({"type": "object"}))),
        "kind: Json",
    ),
    (
        "ams.schema.update",
        |c| shown(c.schema("reading").update(&SchemaUpdate::new().name("other"))),
        "reading",
    ),
    ("ams.schema.delete", |c| shown(c.schema("reading").delete()), "()"),
    (
        "ams.schema.validate",
        |c| shown(c.schema("reading").validate(&json!({"email": "x"}))),
        "Message validated successfully",
    ),
    (
        "ams.registration.create",
        |c| {
            shown(
                c.register(
                    &NewRegistration::new("new", "n@example.org")
                        .person("N", "U")
                        .organization("o")
                        .description("d"),
                ),
            )
        },
        "Pending",
    ),
    (
        "ams.registration.list",
        |c| {
            shown(c.registrations(
                RegistrationFilter::new().status(RegistrationStatus::Pending).email("n@example.org"),
            ))
        },
        "ur1",
    ),
    ("ams.registration.get", |c| shown(c.registration("ur1").get()), "ur1"),
    ("ams.registration.delete", |c| shown(c.registration("ur1").delete()), "()"),
    ("ams.registration.accept", |c| shown(c.registration("ur1").accept()), "feeder"),
    ("ams.registration.decline", |c| shown(c.registration("ur1").decline("no")), "()"),
];

#[test]
fn every_operation_sends_its_golden_request_and_reads_its_golden_answer() {
    for (op, call, expected) in CASES {
        let golden = golden(op);
        let transport = ScriptedTransport::new().answer(200, golden.answer.clone());
        let value = run(call(&client(&transport))).unwrap_or_else(|error| panic!("{op}: {error}"));
        assert!(value.contains(expected), "{op}: {value}");
        compare(op, &golden, &transport.requests()[0]);
    }
}

#[test]
fn every_operation_of_the_table_has_a_fixture() {
    let told: BTreeSet<&str> = CASES.iter().map(|case| case.0).chain(["ams.authn"]).collect();
    let known: BTreeSet<&str> = ops::OPS.iter().map(|op| op.id).collect();
    assert_eq!(told, known);
}

#[test]
fn the_raw_door_sends_what_the_typed_calls_send() {
    let transport = ScriptedTransport::new().answer(200, golden("ams.topic.acl").answer);
    let call = client(&transport).call("ams.topic.acl", &[("topic", "alerts")], &[], None).unwrap();
    assert_eq!(run(call).unwrap()["authorized_users"], json!(["feeder"]));
    compare("ams.topic.acl", &golden("ams.topic.acl"), &transport.requests()[0]);
    let error = client(&transport).call("ams.nothing", &[], &[], None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn the_raw_lists_page_where_the_service_does_and_give_whole_documents() {
    let transport = ScriptedTransport::new()
        .answer(200, r#"{"topics":[{"name":"b","odd":1}],"nextPageToken":"x+=","totalSize":2}"#)
        .answer(200, r#"{"topics":[{"name":"a"}],"nextPageToken":"","totalSize":2}"#)
        .answer(200, "{}")
        .answer(200, r#"{"subscriptions":["/projects/DEMO/subscriptions/s"]}"#);
    let client = client(&transport);
    let topics = run(client.pages("ams.topic.list", &[], &[("q", "1")]).unwrap().page_size(1).all()).unwrap();
    assert_eq!(topics, [json!({"name": "b", "odd": 1}), json!({"name": "a"})]);
    assert!(run(client.pages("ams.project.list", &[], &[]).unwrap().all()).unwrap().is_empty());
    let names = client.pages("ams.topic.subscriptions", &[("topic", "t")], &[]).unwrap();
    assert_eq!(run(names.all()).unwrap(), ["/projects/DEMO/subscriptions/s"]);
    let paths: Vec<_> = transport.requests().iter().map(|sent| sent.path().to_owned()).collect();
    assert_eq!(paths[1], "/v1/projects/DEMO/topics?q=1&pageSize=1&pageToken=x%2B%3D");
    assert_eq!(
        client.pages("ams.topic.get", &[("topic", "t")], &[]).unwrap_err().kind(),
        ErrorKind::Unsupported
    );
    assert_eq!(client.pages("ams.nothing", &[], &[]).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn certificate_is_exchanged_once_at_the_host_without_its_port() {
    let authn = ScriptedTransport::new().answer(200, golden("ams.authn").answer);
    let service =
        ScriptedTransport::new().answer(200, r#"{"status":"ok"}"#).answer(200, r#"{"status":"ok"}"#);
    let endpoint = Uri::from_static("https://ams.example.org:443/v1");
    let login = CertificateLogin::new(&endpoint, 8443, authn.shared()).unwrap();
    let client = Client::new("ams.example.org:443", "DEMO")
        .authorize(std::sync::Arc::new(Renewing::new(login)))
        .transport(service.shared())
        .clock(ManualClock::auto().shared())
        .build()
        .unwrap();
    run(client.status()).unwrap();
    run(client.status()).unwrap();
    assert_eq!(authn.requests().len(), 1);
    compare("ams.authn", &golden("ams.authn"), &authn.requests()[0]);
    assert!(authn.requests()[0].headers.get("x-api-key").is_none());
    assert_eq!(service.requests()[1].header("x-api-key"), "from-certificate");
}

#[test]
fn bad_names_are_refused_before_anything_is_sent() {
    let transport = ScriptedTransport::new();
    let client = client(&transport);
    for refused in [
        run(client.topic("a.b").get()).unwrap_err(),
        run(client.subscription("/projects/OTHER/subscriptions/s").get()).unwrap_err(),
        run(client.user("").get()).unwrap_err(),
        run(client.topic("alerts").publish(Message::default())).unwrap_err(),
        run(client.subscription("s").pull(Pull::new(0))).unwrap_err(),
        run(client.subscription("s").ack(&[])).unwrap_err(),
        run(client.subscription("s").ack(&["projects/DEMO/subscriptions/t:1".parse().unwrap()])).unwrap_err(),
        run(client.subscription("s").push_config(Some(&PushConfig::http("http://plain.example"))))
            .unwrap_err(),
        run(client.subscription("s").modify_ack_deadline(Duration::from_secs(601))).unwrap_err(),
    ] {
        assert_eq!((refused.kind(), refused.sent()), (ErrorKind::Invalid, Sent::No), "{refused}");
    }
    assert!(transport.requests().is_empty());
    assert!(
        client
            .topic("/projects/DEMO/topics/alerts")
            .get()
            .request()
            .unwrap()
            .path
            .ends_with("/topics/alerts")
    );
}

fn failure(code: u16, message: &str, status: &str) -> String {
    json!({"error": {"code": code, "message": message, "status": status}}).to_string()
}

#[test]
fn ensure_wins_the_race_against_another_creator() {
    let topic = golden("ams.topic.get").answer;
    let transport = ScriptedTransport::new()
        .answer(404, failure(404, "Topic doesn't exist", "NOT_FOUND"))
        .answer(409, failure(409, "Topic already exists", "ALREADY_EXISTS"))
        .answer(200, topic);
    assert_eq!(run(client(&transport).topic("alerts").ensure()).unwrap().short_name(), "alerts");
    assert_eq!(transport.left(), 0);
}

#[test]
fn publish_of_unknown_fate_is_not_repeated_by_default_and_is_with_the_original_preset() {
    let lost = || Error::new(ErrorKind::Connection, "reset").with_sent(Sent::Maybe);
    let transport = ScriptedTransport::new().fail(lost()).answer(200, r#"{"messageIds":["0"]}"#);
    let error = run(client(&transport).topic("alerts").publish(Message::from("x"))).unwrap_err();
    assert!(error.may_have_applied());
    let again = ScriptedTransport::new().fail(lost()).answer(200, r#"{"messageIds":["0"]}"#);
    let policy = pentad_ams::retry::fixed(1, Duration::from_secs(1));
    assert_eq!(run(client(&again).topic("alerts").publish(Message::from("x")).retry(policy)).unwrap(), ["0"]);
}

#[test]
fn find_takes_the_services_404_as_absence_and_any_other_as_an_error() {
    let transport = ScriptedTransport::new()
        .answer(404, failure(404, "Topic doesn't exist", "NOT_FOUND"))
        .answer(404, "404 page not found\n");
    let client = client(&transport);
    assert!(run(client.topic("alerts").find()).unwrap().is_none());
    let error = run(client.topic("alerts").find()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.hint().is_some(), "{error}");
}

#[test]
fn pull_and_ack_throws_nothing_away_when_the_acknowledgement_is_late() {
    let pulled = golden("ams.subscription.pull").answer;
    let transport = ScriptedTransport::new()
        .answer(200, pulled.clone())
        .answer(408, failure(408, "ack timeout", "TIMEOUT"))
        .answer(200, pulled)
        .answer(200, "{}");
    let messages = run(client(&transport).subscription("alerts-sub").pull_ack(Pull::new(1))).unwrap();
    assert_eq!(messages[0].data().unwrap(), "hello");
    assert_eq!(transport.left(), 0);
}

#[test]
fn seek_out_of_bounds_is_refused_before_the_service_would_store_it() {
    let transport = ScriptedTransport::new().answer(200, golden("ams.subscription.offsets").answer);
    let error = run(client(&transport).subscription("s").seek(pentad_ams::Seek::Offset(99))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(transport.requests().len(), 1);
}
