//! What goes over the wire, operation by operation and version by version (Zaqar reference 5 to 11).

use std::collections::BTreeSet;

use pentad_core::{Cursor, ErrorKind};
use pentad_testkit::{ScriptedTransport, Shown, shown};
use pentad_zaqar::model::Metadata;
use pentad_zaqar::{
    Client, Delay, Follow, Grace, MessageQuery, MetadataPatch, NewClaim, NewFlavor, NewMessage, NewPool,
    NewSubscription, PoolUpdate, Purge, QueueQuery, Share, SubscriptionUpdate, Ttl, Version, ops,
};
use serde_json::json;

use super::{ID, client};

/// What v1, v1.1 and v2 send; an empty text means that the version lacks it.
type Row = (fn(&Client) -> Shown, [&'static str; 3]);

const QUEUES: &[Row] = &[
    (
        |c| {
            shown(
                c.queues(QueueQuery::new().detailed(true)).page_size(5).start_at(Cursor::Marker("a".into())),
            )
        },
        [
            "GET /v1/queues?detailed=true&limit=5&marker=a",
            "GET /v1.1/queues?detailed=true&limit=5&marker=a",
            "GET /v2/queues?detailed=true&limit=5&marker=a",
        ],
    ),
    (
        |c| shown(c.queues(QueueQuery::new().name("^j").with_count(true).filter("team", "blue"))),
        ["", "", "GET /v2/queues?name=%5Ej&with_count=true&team=blue"],
    ),
    (
        |c| shown(c.queue("jobs").create()),
        ["PUT /v1/queues/jobs", "PUT /v1.1/queues/jobs", "PUT /v2/queues/jobs"],
    ),
    (
        |c| shown(c.queue("jobs").create_with(&Metadata::new().default_ttl(Ttl::minutes(2)))),
        [
            "",
            r#"PUT /v1.1/queues/jobs {"_default_message_ttl":120}"#,
            r#"PUT /v2/queues/jobs {"_default_message_ttl":120}"#,
        ],
    ),
    (|c| shown(c.queue("jobs").exists()), ["HEAD /v1/queues/jobs", "", "PATCH /v2/queues/jobs []"]),
    (
        |c| shown(c.queue("jobs").delete()),
        ["DELETE /v1/queues/jobs", "DELETE /v1.1/queues/jobs", "DELETE /v2/queues/jobs"],
    ),
    (
        |c| shown(c.queue("jobs").metadata()),
        ["GET /v1/queues/jobs/metadata", "GET /v1.1/queues/jobs", "GET /v2/queues/jobs"],
    ),
    (
        |c| shown(c.queue("jobs").replace_metadata(&Metadata::new().set("team", "blue"))),
        [r#"PUT /v1/queues/jobs/metadata {"team":"blue"}"#, "", "GET /v2/queues/jobs"],
    ),
    (
        |c| shown(c.queue("jobs").update_metadata(&MetadataPatch::new().replace("team", "red").remove("x"))),
        [
            "",
            "",
            r#"PATCH /v2/queues/jobs [{"op":"replace","path":"/metadata/team","value":"red"},{"op":"remove","path":"/metadata/x"}]"#,
        ],
    ),
    (
        |c| shown(c.queue("jobs").stats()),
        ["GET /v1/queues/jobs/stats", "GET /v1.1/queues/jobs/stats", "GET /v2/queues/jobs/stats"],
    ),
    (|c| shown(c.queue("jobs").purge(&[])), ["", "", "POST /v2/queues/jobs/purge"]),
    (
        |c| shown(c.queue("jobs").purge(&[Purge::Messages])),
        ["", "", r#"POST /v2/queues/jobs/purge {"resource_types":["messages"]}"#],
    ),
    (
        |c| {
            let until = "2036-01-01T00:00:00Z".parse().unwrap();
            shown(c.queue("jobs").signed_url(&Share::new().path("claims").method("POST").expires(until)))
        },
        [
            "",
            "",
            r#"POST /v2/queues/jobs/share {"paths":["claims"],"methods":["POST"],"expires":"2036-01-01T00:00:00"}"#,
        ],
    ),
    (|c| shown(c.queue("jobs").signed_url(&Share::new())), ["", "", "POST /v2/queues/jobs/share {}"]),
];

const MESSAGES: &[Row] = &[
    (
        |c| {
            shown(c.queue("jobs").messages(MessageQuery::new().echo(true).include_claimed(true)).page_size(2))
        },
        [
            "GET /v1/queues/jobs/messages?echo=true&include_claimed=true&limit=2",
            "GET /v1.1/queues/jobs/messages?echo=true&include_claimed=true&limit=2",
            "GET /v2/queues/jobs/messages?echo=true&include_claimed=true&limit=2",
        ],
    ),
    (
        |c| shown(c.queue("jobs").messages(MessageQuery::new().include_delayed(true))),
        ["", "", "GET /v2/queues/jobs/messages?include_delayed=true"],
    ),
    (
        |c| {
            let first = NewMessage::new(json!({"event": "start"})).ttl(Ttl::seconds(300));
            shown(c.queue("jobs").post(vec![first, NewMessage::new(json!(null))]))
        },
        [
            r#"POST /v1/queues/jobs/messages [{"ttl":300,"body":{"event":"start"}},{"ttl":3600,"body":null}]"#,
            r#"POST /v1.1/queues/jobs/messages {"messages":[{"ttl":300,"body":{"event":"start"}},{"body":null}]}"#,
            r#"POST /v2/queues/jobs/messages {"messages":[{"ttl":300,"body":{"event":"start"}},{"body":null}]}"#,
        ],
    ),
    (
        |c| shown(c.queue("jobs").post(NewMessage::new("x").delay(Delay::seconds(10)))),
        ["", "", r#"POST /v2/queues/jobs/messages {"messages":[{"body":"x","delay":10}]}"#],
    ),
    (
        |c| shown(c.queue("jobs").message("A").get()),
        [
            "GET /v1/queues/jobs/messages/A",
            "GET /v1.1/queues/jobs/messages/A",
            "GET /v2/queues/jobs/messages/A",
        ],
    ),
    (
        |c| shown(c.queue("jobs").messages_by_id(&["A", "B", "A"])),
        [
            "GET /v1/queues/jobs/messages?ids=A&ids=B",
            "GET /v1.1/queues/jobs/messages?ids=A&ids=B",
            "GET /v2/queues/jobs/messages?ids=A&ids=B",
        ],
    ),
    (
        |c| shown(c.queue("jobs").message("A").claimed_by("C").delete()),
        [
            "DELETE /v1/queues/jobs/messages/A?claim_id=C",
            "DELETE /v1.1/queues/jobs/messages/A?claim_id=C",
            "DELETE /v2/queues/jobs/messages/A?claim_id=C",
        ],
    ),
    (
        |c| shown(c.queue("jobs").delete_messages(&["A", "B"])),
        [
            "DELETE /v1/queues/jobs/messages?ids=A&ids=B",
            "DELETE /v1.1/queues/jobs/messages?ids=A&ids=B",
            "DELETE /v2/queues/jobs/messages?ids=A&ids=B",
        ],
    ),
    (
        |c| shown(c.queue("jobs").delete_claimed_messages(&["A"], &["C"])),
        ["", "", "DELETE /v2/queues/jobs/messages?ids=A&claim_ids=C"],
    ),
    (
        |c| shown(c.queue("jobs").pop(5)),
        ["", "DELETE /v1.1/queues/jobs/messages?pop=5", "DELETE /v2/queues/jobs/messages?pop=5"],
    ),
];

const CLAIMS: &[Row] = &[
    (
        |c| shown(c.queue("jobs").claim_messages(NewClaim::new())),
        [
            r#"POST /v1/queues/jobs/claims {"ttl":300,"grace":60}"#,
            "POST /v1.1/queues/jobs/claims {}",
            "POST /v2/queues/jobs/claims {}",
        ],
    ),
    (
        |c| {
            let claim = NewClaim::new().limit(5).ttl(Ttl::seconds(100)).grace(Grace::seconds(60));
            shown(c.queue("jobs").claim_messages(claim))
        },
        [
            r#"POST /v1/queues/jobs/claims?limit=5 {"ttl":100,"grace":60}"#,
            r#"POST /v1.1/queues/jobs/claims?limit=5 {"ttl":100,"grace":60}"#,
            r#"POST /v2/queues/jobs/claims?limit=5 {"ttl":100,"grace":60}"#,
        ],
    ),
    (
        |c| shown(c.queue("jobs").claim("C").get()),
        ["GET /v1/queues/jobs/claims/C", "GET /v1.1/queues/jobs/claims/C", "GET /v2/queues/jobs/claims/C"],
    ),
    (
        |c| shown(c.queue("jobs").claim("C").update(Ttl::seconds(120), Grace::seconds(90))),
        [
            r#"PATCH /v1/queues/jobs/claims/C {"ttl":120,"grace":90}"#,
            r#"PATCH /v1.1/queues/jobs/claims/C {"ttl":120,"grace":90}"#,
            r#"PATCH /v2/queues/jobs/claims/C {"ttl":120,"grace":90}"#,
        ],
    ),
    (
        |c| shown(c.queue("jobs").claim("C").release()),
        [
            "DELETE /v1/queues/jobs/claims/C",
            "DELETE /v1.1/queues/jobs/claims/C",
            "DELETE /v2/queues/jobs/claims/C",
        ],
    ),
];

const SUBSCRIPTIONS: &[Row] = &[
    (
        |c| {
            let wanted = NewSubscription::new("http://10.0.0.7:8080/hook").ttl(Ttl::minutes(10));
            shown(c.queue("jobs").subscribe(&wanted.option("k", "v")))
        },
        [
            "",
            "",
            r#"POST /v2/queues/jobs/subscriptions {"subscriber":"http://10.0.0.7:8080/hook","ttl":600,"options":{"k":"v"}}"#,
        ],
    ),
    (
        |c| shown(c.subscriptions("jobs").page_size(20)),
        ["", "", "GET /v2/queues/jobs/subscriptions?limit=20"],
    ),
    (|c| shown(c.subscription("jobs", "S").get()), ["", "", "GET /v2/queues/jobs/subscriptions/S"]),
    (
        |c| shown(c.subscription("jobs", "S").update(&SubscriptionUpdate::new().ttl(Ttl::hours(1)))),
        ["", "", r#"PATCH /v2/queues/jobs/subscriptions/S {"ttl":3600}"#],
    ),
    (|c| shown(c.subscription("jobs", "S").delete()), ["", "", "DELETE /v2/queues/jobs/subscriptions/S"]),
    (
        |c| shown(c.subscription("jobs", "S").confirm(true)),
        ["", "", r#"PUT /v2/queues/jobs/subscriptions/S/confirm {"confirmed":true}"#],
    ),
];

const ADMINISTRATION: &[Row] = &[
    (
        |c| shown(c.pools(true)),
        ["GET /v1/pools?detailed=true", "GET /v1.1/pools?detailed=true", "GET /v2/pools?detailed=true"],
    ),
    (
        |c| shown(c.pool("p1").create(&NewPool::new("mongodb://db1:27017", 100))),
        [
            r#"PUT /v1/pools/p1 {"uri":"mongodb://db1:27017","weight":100}"#,
            r#"PUT /v1.1/pools/p1 {"uri":"mongodb://db1:27017","weight":100}"#,
            r#"PUT /v2/pools/p1 {"uri":"mongodb://db1:27017","weight":100}"#,
        ],
    ),
    (
        |c| shown(c.pool("p1").create(&NewPool::new("mongodb://db1:27017", 1).flavor("gold").option("a", 1))),
        [
            "",
            r#"PUT /v1.1/pools/p1 {"uri":"mongodb://db1:27017","weight":1,"options":{"a":1},"flavor":"gold"}"#,
            r#"PUT /v2/pools/p1 {"uri":"mongodb://db1:27017","weight":1,"options":{"a":1},"flavor":"gold"}"#,
        ],
    ),
    (
        |c| shown(c.pool("p1").get()),
        [
            "GET /v1/pools/p1?detailed=true",
            "GET /v1.1/pools/p1?detailed=true",
            "GET /v2/pools/p1?detailed=true",
        ],
    ),
    (
        |c| shown(c.pool("p1").update(&PoolUpdate::new().weight(5))),
        [
            r#"PATCH /v1/pools/p1 {"weight":5}"#,
            r#"PATCH /v1.1/pools/p1 {"weight":5}"#,
            r#"PATCH /v2/pools/p1 {"weight":5}"#,
        ],
    ),
    (
        |c| shown(c.pool("p1").update(&PoolUpdate::new().flavor(""))),
        ["", "", r#"PATCH /v2/pools/p1 {"flavor":""}"#],
    ),
    (
        |c| shown(c.pool("p1").delete()),
        ["DELETE /v1/pools/p1", "DELETE /v1.1/pools/p1", "DELETE /v2/pools/p1"],
    ),
    (|c| shown(c.flavors(false)), ["", "GET /v1.1/flavors", "GET /v2/flavors"]),
    (
        |c| shown(c.flavor("tasty").create(&NewFlavor::pool("p1"))),
        [
            "",
            r#"PUT /v1.1/flavors/tasty {"pool_list":["p1"],"capabilities":{}}"#,
            r#"PUT /v2/flavors/tasty {"pool_list":["p1"]}"#,
        ],
    ),
    (
        |c| shown(c.flavor("tasty").get()),
        ["", "GET /v1.1/flavors/tasty?detailed=true", "GET /v2/flavors/tasty"],
    ),
    (
        |c| shown(c.flavor("tasty").update(&NewFlavor::new(["p1", "p2"]))),
        [
            "",
            r#"PATCH /v1.1/flavors/tasty {"pool_list":["p1","p2"]}"#,
            r#"PATCH /v2/flavors/tasty {"pool_list":["p1","p2"]}"#,
        ],
    ),
    (|c| shown(c.flavor("tasty").delete()), ["", "DELETE /v1.1/flavors/tasty", "DELETE /v2/flavors/tasty"]),
    (|c| shown(c.health()), ["GET /v1/health", "GET /v1.1/health", "GET /v2/health"]),
    (|c| shown(c.ping()), ["", "GET /v1.1/ping", "GET /v2/ping"]),
    (|c| shown(c.home()), ["GET /v1/", "GET /v1.1/", "GET /v2/"]),
    (|c| shown(c.versions()), ["GET /", "GET /", "GET /"]),
    (|c| shown(c.follow("/v2/queues?limit=1&marker=jobs")), ["GET /v2/queues?limit=1&marker=jobs"; 3]),
];

fn rows() -> impl Iterator<Item = &'static Row> {
    [QUEUES, MESSAGES, CLAIMS, SUBSCRIPTIONS, ADMINISTRATION].into_iter().flatten()
}

#[test]
fn every_operation_of_every_version_sends_what_the_reference_says_or_refuses() {
    let mut sent = BTreeSet::new();
    for (version, place) in Version::ALL.into_iter().zip(0..) {
        let client = client(&ScriptedTransport::new(), version);
        for (make, golden) in rows() {
            let golden = golden[place];
            match make(&client) {
                Ok((op, line)) => {
                    assert_eq!(line, golden, "{version}");
                    sent.insert((op, version));
                }
                Err(error) => {
                    assert_eq!(golden, "", "{version}: {error}");
                    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                    assert!(error.message().contains("only in: v"), "{error}");
                }
            }
        }
    }
    for op in ops::OPS {
        for version in Version::ALL.into_iter().filter(|version| version.has(op)) {
            // v1 asks whether a queue exists in its own way, and replaces metadata; v2 has the same handle for another way.
            assert!(sent.contains(&(op.id, version)), "no golden request of {} in {version}", op.id);
        }
    }
}

#[test]
fn every_request_names_client_and_project_and_patches_have_their_media_type() {
    let client = client(&ScriptedTransport::new(), Version::V2);
    let call = client.queue("jobs").update_metadata(&MetadataPatch::new().add("a", 1));
    let headers = &call.request().unwrap().headers;
    assert_eq!(headers["client-id"], ID);
    assert_eq!(headers["x-project-id"], "acme");
    assert_eq!(headers["content-type"], "application/openstack-messaging-v2.0-json-patch");
}

#[test]
fn what_the_service_would_refuse_is_refused_before_it_is_sent() {
    let client = client(&ScriptedTransport::new(), Version::V2);
    let queue = client.queue("jobs");
    let ids: Vec<String> = (0..21).map(|n| n.to_string()).collect();
    let too_long = "x".repeat(262_144);
    for (what, shown) in [
        ("name", shown(client.queue("a b").stats())),
        ("empty name", shown(client.queue("").create())),
        ("long name", shown(client.queue("q".repeat(65)).create())),
        ("message ttl", shown(queue.post(NewMessage::new(1).ttl(Ttl::seconds(59))))),
        ("message ttl", shown(queue.post(NewMessage::new(1).ttl(Ttl::seconds(1_209_601))))),
        ("delay", shown(queue.post(NewMessage::new(1).delay(Delay::seconds(901))))),
        ("no message", shown(queue.post(Vec::<NewMessage>::new()))),
        ("claim limit", shown(queue.claim_messages(NewClaim::new().limit(21)))),
        ("claim ttl", shown(queue.claim_messages(NewClaim::new().ttl(Ttl::seconds(43_201))))),
        ("grace", shown(queue.claim_messages(NewClaim::new().grace(Grace::seconds(59))))),
        ("renewal", shown(queue.claim("C").update(Ttl::seconds(59), Grace::seconds(60)))),
        ("ids", shown(queue.delete_messages(&ids))),
        ("no ids", shown(queue.messages_by_id(&Vec::<String>::new()))),
        ("pop", shown(queue.pop(0))),
        (
            "subscription ttl",
            shown(queue.subscribe(&NewSubscription::new("http://x/").ttl(Ttl::seconds(59)))),
        ),
        ("message id", shown(queue.message("").get())),
        ("reference", shown(client.follow("http://elsewhere.test/v2/queues"))),
        ("reference", shown(client.follow("/v2/../admin"))),
        ("reference", shown(client.follow("/v2/%2E%2e/admin"))),
        ("page of messages", shown(queue.messages(MessageQuery::new()).page_size(21))),
        ("page of queues", shown(client.queues(QueueQuery::new()).page_size(0))),
        ("page of subscriptions", shown(queue.subscriptions().page_size(21))),
        ("page to follow", shown(queue.follow(Follow::new().page_size(0)))),
    ] {
        assert_eq!(shown.unwrap_err().kind(), ErrorKind::Invalid, "{what}");
    }
    let error = shown(queue.post(NewMessage::new(too_long))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn the_raw_door_knows_ids_and_the_names_of_the_original_table() {
    let client = client(&ScriptedTransport::new(), Version::V1_1);
    let args = [("queue_name", "jobs"), ("claim_id", "C")];
    for name in ["claim_get", "zaqar.claim.get"] {
        let (_, line) = shown(client.call(name, &args, &[], None).unwrap()).unwrap();
        assert_eq!(line, "GET /v1.1/queues/jobs/claims/C");
    }
    let error = shown(client.call("queue_purge", &args[..1], &[], None).unwrap()).unwrap_err();
    assert_eq!(error.message(), "not in API v1.1, only in: v2");
    assert_eq!(client.call("queue_fly", &[], &[], None).unwrap_err().kind(), ErrorKind::Unsupported);
}
