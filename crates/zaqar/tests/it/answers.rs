//! What the client makes of answers (Zaqar reference 16 and the shapes of the versions).

use futures_util::{StreamExt, stream};
use pentad_core::{ErrorKind, Secret};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use pentad_zaqar::model::{Confirmation, Metadata};
use pentad_zaqar::{
    Client, ErrorExt, MessageQuery, NewClaim, NewMessage, Producer, QueueQuery, SignedUrl, Version,
};
use serde_json::{Value, json};

use super::client;

fn v2(transport: &ScriptedTransport) -> Client {
    client(transport, Version::V2)
}

#[test]
fn lists_follow_markers_until_an_empty_page_and_keep_their_filters() {
    let transport = ScriptedTransport::new()
        .answer(200, r#"{"queues": [{"name": "a", "href": "/v2/queues/a"}], "links": [{"rel": "next", "href": "/v2/queues?limit=1&marker=a"}], "count": 2}"#)
        .answer(200, r#"{"queues": [{"name": "b", "href": "/v2/queues/b"}], "links": [{"rel": "next", "href": "/v2/queues?limit=1&marker=b"}], "count": 2}"#)
        .answer(200, r#"{"queues": [], "links": []}"#);
    let client = v2(&transport);
    let queues = client.queues(QueueQuery::new().filter("team", "blue").with_count(true)).page_size(1);
    let names: Vec<_> = run(queues.all()).unwrap().into_iter().map(|queue| queue.name).collect();
    assert_eq!(names, ["a", "b"]);
    let paths: Vec<_> = transport.requests().iter().map(|sent| sent.path().to_owned()).collect();
    assert_eq!(paths[0], "/v2/queues?with_count=true&team=blue&limit=1");
    assert_eq!(paths[2], "/v2/queues?with_count=true&team=blue&limit=1&marker=b");
}

#[test]
fn v1_lists_are_empty_without_a_body_and_pools_end_in_spite_of_their_endless_link() {
    let transport = ScriptedTransport::new()
        .answer(204, "")
        .answer(200, r#"{"links": [{"rel": "next", "href": "/v1/pools?marker=p"}], "pools": []}"#);
    let client = client(&transport, Version::V1);
    assert!(run(client.queues(QueueQuery::new()).all()).unwrap().is_empty());
    assert!(run(client.pools(false).all()).unwrap().is_empty());
}

#[test]
fn claims_take_their_id_from_the_location_and_nothing_to_claim_is_no_error() {
    let message =
        r#"{"id": "A", "href": "/v2/queues/jobs/messages/A?claim_id=C", "ttl": 3600, "age": 0, "body": 1}"#;
    let transport = ScriptedTransport::new()
        .answer_with(201, ("location", "/v2/queues/jobs/claims/C"), format!(r#"{{"messages": [{message}]}}"#))
        .answer(204, "");
    let queue = v2(&transport).queue("jobs");
    let claimed = run(queue.claim_messages(NewClaim::new())).unwrap();
    assert_eq!(claimed.id.as_deref(), Some("C"));
    assert_eq!(queue.handle(&claimed.messages[0]).claim_id(), Some("C"));
    let nothing = run(queue.claim_messages(NewClaim::new())).unwrap();
    assert_eq!((nothing.id, nothing.messages.len()), (None, 0));
    let transport = ScriptedTransport::new().answer(
        201,
        r#"[{"href": "/v1/queues/jobs/messages/A?claim_id=C", "ttl": 300, "age": 0, "body": "x"}]"#,
    );
    let bare = run(client(&transport, Version::V1).queue("jobs").claim_messages(NewClaim::new())).unwrap();
    assert_eq!((bare.id.as_deref(), bare.messages[0].id.as_str()), (Some("C"), "A"));
}

#[test]
fn messages_by_id_that_do_not_exist_are_left_out_and_another_404_is_not_hidden_elsewhere() {
    let gone = r#"{"title": "Not found", "description": "No messages with IDs: ['A'] found in the queue jobs for project acme."}"#;
    let transport = ScriptedTransport::new().answer(404, gone).answer(404, gone);
    let queue = v2(&transport).queue("jobs");
    assert!(run(queue.messages_by_id(&["A"])).unwrap().is_empty());
    let error = run(queue.message("A").get()).unwrap_err();
    assert_eq!((error.kind(), error.title()), (ErrorKind::NotFound, Some("Not found")));
}

#[test]
fn v1_creates_a_missing_queue_with_its_first_message_and_later_versions_leave_that_to_the_service() {
    let missing = r#"{"title": "Not found", "description": "Queue jobs does not exist for project acme"}"#;
    let posted = r#"{"resources": ["/v1/queues/jobs/messages/A"], "partial": false}"#;
    let transport = ScriptedTransport::new().answer(404, missing).answer(201, "").answer(201, posted);
    let client = client(&transport, Version::V1);
    let done = run(client.queue("jobs").post(NewMessage::new(1))).unwrap();
    assert_eq!(done.ids().collect::<Vec<_>>(), ["A"]);
    let methods: Vec<_> = transport.requests().iter().map(|sent| sent.method.to_string()).collect();
    assert_eq!(methods, ["POST", "PUT", "POST"]);
    let transport = ScriptedTransport::new().answer(404, r#"{"title": "404 Not Found"}"#);
    let wrong = run(super::client(&transport, Version::V1).queue("jobs").post(NewMessage::new(1)));
    assert!(wrong.unwrap_err().is_not_routed());
    assert_eq!(transport.requests().len(), 1, "a service elsewhere is not asked to create a queue");
}

#[test]
fn replacing_metadata_in_v2_sends_the_difference_and_sets_what_shows_as_null() {
    let now = r#"{"team": "blue", "_default_message_ttl": 3600, "_dead_letter_queue": null, "_max_claim_count": null}"#;
    let transport = ScriptedTransport::new().answer(200, now).answer(200, "{}");
    let wanted = Metadata::new().dead_letters("dead", 3);
    run(v2(&transport).queue("jobs").replace_metadata(&wanted)).unwrap();
    let patch: Value = serde_json::from_slice(&transport.requests()[1].body).unwrap();
    assert_eq!(
        patch,
        json!([
            {"op": "add", "path": "/metadata/_dead_letter_queue", "value": "dead"},
            {"op": "add", "path": "/metadata/_max_claim_count", "value": 3},
            {"op": "remove", "path": "/metadata/team"},
            {"op": "remove", "path": "/metadata/_default_message_ttl"}
        ])
    );
}

#[test]
fn errors_carry_status_title_and_description() {
    let body = r#"{"title": "Unable to delete", "description": "This message is claimed; it cannot be deleted without a valid claim ID."}"#;
    let transport = ScriptedTransport::new().answer(403, body);
    let error = run(v2(&transport).queue("jobs").message("A").delete()).unwrap_err();
    assert_eq!((error.kind(), error.title()), (ErrorKind::Forbidden, Some("Unable to delete")));
    assert!(error.is_claimed() && error.is_claim_lost());
    assert_eq!(
        error.to_string(),
        "zaqar.message.delete: forbidden: This message is claimed; it cannot be deleted without a valid claim ID. (403, 1 attempt)"
    );
}

#[test]
fn health_and_ping_say_no_only_where_the_service_does() {
    let transport = ScriptedTransport::new().answer(503, "").answer(204, "").answer(403, "{}");
    let client = v2(&transport);
    assert!(!run(client.ping()).unwrap());
    assert!(run(client.ping()).unwrap());
    assert_eq!(run(client.is_healthy()).unwrap_err().kind(), ErrorKind::Forbidden);
    assert_eq!(transport.requests().len(), 3, "asked once each");
}

#[test]
fn a_signed_url_is_used_within_its_rights_and_without_a_token() {
    let until = "2036-01-01T00:00:00Z".parse().unwrap();
    let signed =
        SignedUrl::sign(&Secret::new("s3cr3t"), ["/v2/queues/jobs/messages"], ["GET"], "acme", until);
    let transport = ScriptedTransport::new().answer(200, r#"{"messages": [], "links": []}"#);
    let client = Client::new("http://zaqar.test:8888", Version::V2).signed_url(signed);
    let client = client.transport(transport.shared()).clock(ManualClock::auto().shared()).build().unwrap();
    run(client.queue("jobs").messages(MessageQuery::new())).unwrap();
    let sent = &transport.requests()[0];
    assert_eq!(sent.header("url-signature").len(), 64);
    assert_eq!((sent.header("url-paths"), sent.header("x-project-id")), ("/v2/queues/jobs/messages", "acme"));
    let error = run(client.queue("jobs").post(NewMessage::new(1))).unwrap_err();
    assert!(error.message().contains("admits GET, not POST"), "{error}");
    let error = run(client.queue("other").messages(MessageQuery::new())).unwrap_err();
    assert!(error.message().contains("paths"), "{error}");
    assert_eq!(transport.requests().len(), 1);
}

#[test]
fn a_confirmation_is_answered_with_the_rights_that_came_with_it() {
    let asked = br#"{"Message_Type": "SubscriptionConfirmation", "Message": "m", "URL-Signature": "ab12",
        "URL-Methods": "PUT", "URL-Paths": "/v2/queues/jobs/subscriptions/S/confirm", "X-Project-ID": "theirs",
        "URL-Expires": "2036-05-01T11:00:00", "queue_name": "jobs"}"#;
    let transport = ScriptedTransport::new().answer(204, "");
    let client = v2(&transport);
    run(client.confirm(&Confirmation::from_json(asked).unwrap(), true)).unwrap();
    let sent = &transport.requests()[0];
    assert_eq!(sent.path(), "/v2/queues/jobs/subscriptions/S/confirm");
    assert_eq!((sent.header("x-project-id"), sent.header("url-signature")), ("theirs", "ab12"));
    assert_eq!(&sent.body[..], br#"{"confirmed":true}"#);
}

#[test]
fn batches_keep_to_the_services_limits_and_come_back_in_order() {
    let answer = |from: usize, count: usize| {
        let paths: Vec<_> = (from..from + count).map(|n| format!("/v2/queues/jobs/messages/{n}")).collect();
        json!({ "resources": paths }).to_string()
    };
    let transport = ScriptedTransport::new()
        .answer(201, answer(0, 20))
        .answer(201, answer(20, 5))
        .answer(201, answer(25, 1));
    let small = (0..25).map(|n| NewMessage::new(json!(n)));
    let large = std::iter::once(NewMessage::new("x".repeat(262_000)));
    let feed = v2(&transport).queue("jobs").post_all(stream::iter(small.chain(large)), Producer::new());
    let batches: Vec<_> = run(feed.collect::<Vec<_>>());
    let firsts: Vec<_> = batches
        .into_iter()
        .map(|batch| batch.unwrap())
        .map(|b| (b.first, b.posted.resources.len()))
        .collect();
    assert_eq!(firsts, [(0, 20), (20, 5), (25, 1)]);
    for sent in transport.requests() {
        assert!(sent.body.len() <= 262_144);
    }
}

#[test]
fn a_failed_batch_says_which_messages_it_concerns_and_ends_the_feed() {
    let transport = ScriptedTransport::new()
        .answer(201, r#"{"resources": ["/v2/queues/jobs/messages/1"]}"#)
        .answer(400, r#"{"title": "Invalid API request", "description": "No."}"#);
    let messages = stream::iter((0..3).map(|n| NewMessage::new(json!(n))));
    let feed = v2(&transport).queue("jobs").post_all(messages, Producer::new().batch_messages(1));
    let outcomes: Vec<_> = run(feed.collect::<Vec<_>>());
    assert_eq!(outcomes.len(), 2);
    let error = outcomes.into_iter().next_back().unwrap().unwrap_err();
    assert_eq!(error.hint(), Some("messages 1 to 1 of the stream were not posted"));
}
