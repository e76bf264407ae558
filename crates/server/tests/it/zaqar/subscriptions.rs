//! Subscriptions and what their subscribers get, from real receivers on loopback.

use std::sync::{Arc, Mutex};

use http::Method;
use pentad_server::ServiceTime;
use pentad_store::{Engine, StoreOptions};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::world::{ALICE, World};

const PATH: &str = "/v2/queues/jobs/subscriptions";

/// A receiver of notifications: what it got, head and body.
struct Receiver {
    port: u16,
    got: Arc<Mutex<Vec<(String, String)>>>,
}

impl Receiver {
    /// Answers requests with these statuses, and then 200; 0 breaks the connection off.
    async fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let got = Arc::new(Mutex::new(Vec::new()));
        let (seen, mut statuses) = (Arc::clone(&got), statuses.iter().rev().copied().collect::<Vec<_>>());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let status = statuses.pop().unwrap_or(200);
                let request = request(stream, status).await;
                seen.lock().unwrap().extend(request);
            }
        });
        Self { port, got }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    fn take(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.got.lock().unwrap())
    }

    fn documents(&self) -> Vec<Value> {
        self.take().iter().map(|(_, body)| serde_json::from_str(body).unwrap()).collect()
    }
}

async fn request(stream: TcpStream, status: u16) -> Option<(String, String)> {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    if status != 0 {
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.get_mut().write_all(answer.as_bytes()).await.ok()?;
    }
    Some((head, String::from_utf8(body).ok()?))
}

async fn subscribe(w: &World, body: Value) -> String {
    let answer = w.post(PATH, body).await;
    assert_eq!((answer.status, answer.location()), (201, PATH), "{}", answer.text);
    answer.json()["subscription_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn subscriptions_are_made_shown_changed_and_removed() {
    let w = World::new();
    assert_eq!(w.get(PATH).await.text, "{\"subscriptions\": [], \"links\": []}");
    let id = subscribe(&w, json!({"subscriber": "http://a/", "ttl": 600, "options": {"k": "v"}})).await;
    w.advance(12).await;
    let one = format!("{PATH}/{id}");
    assert_eq!(
        w.get(&one).await.text,
        format!(
            "{{\"id\": \"{id}\", \"source\": \"jobs\", \"subscriber\": \"http://a/\", \"ttl\": 600, \"age\": 12, \
             \"options\": {{\"k\": \"v\"}}, \"confirmed\": false}}"
        )
    );
    assert_eq!(subscribe(&w, json!({"subscriber": "http://a/"})).await, id, "not confirmed: the same again");
    let two = subscribe(&w, json!({"subscriber": "http://b/"})).await;
    let page = w.get(&format!("{PATH}?limit=1")).await.ok();
    let next = page["links"][0]["href"].as_str().unwrap().to_owned();
    assert_eq!(next, format!("{PATH}?limit=1&marker={id}"));
    w.delete(&one).await;
    assert_eq!(w.get(&next).await.ok()["subscriptions"][0]["id"], json!(two));
    let changed = w.patch(&format!("{PATH}/{two}"), json!({"ttl": 100, "options": {}})).await;
    assert_eq!((changed.status, changed.location()), (204, format!("{PATH}/{two}").as_str()));
    w.advance(99).await;
    assert_eq!(w.get(&format!("{PATH}/{two}")).await.ok()["age"], 99);
    w.advance(1).await;
    let gone = w.get(&format!("{PATH}/{two}")).await.error();
    assert_eq!(gone, (404, "Not found".into(), format!("Subscription {two} does not exist")));
    assert_eq!(w.delete(&format!("{PATH}/{two}")).await.status, 204);
    assert_eq!(w.get("/v1.1/queues/jobs/subscriptions").await.status, 404);
}

#[tokio::test]
async fn a_confirmed_subscriber_has_one_subscription_of_a_queue() {
    let w = World::new();
    let id = subscribe(&w, json!({"subscriber": "http://a/"})).await;
    let other = subscribe(&w, json!({"subscriber": "http://b/"})).await;
    let confirm = format!("{PATH}/{id}/confirm");
    assert_eq!(w.put(&confirm, r#"{"confirmed": 1}"#).await.error().2, "The 'confirmed' should be boolean.");
    assert_eq!(w.put(&confirm, r#"{"confirmed": true}"#).await.status, 204);
    let again = w.post(PATH, json!({"subscriber": "http://a/"})).await;
    assert_eq!((again.status, again.location()), (409, PATH));
    let text =
        "Such subscription already exists.Subscriptions are unique by project + queue + subscriber URI.";
    assert_eq!(again.error().2, text);
    let taken = w.patch(&format!("{PATH}/{other}"), json!({"subscriber": "http://a/"})).await.error();
    assert!(taken.0 == 409 && taken.2.starts_with("Such subscription already exists. Sub"));
    let missing = w.put(&format!("{PATH}/0123456789abcdef01234567/confirm"), r#"{"confirmed": true}"#).await;
    assert_eq!(missing.status, 404);
    let headers = [("client-id", ALICE), ("x-project-id", "other")];
    assert_eq!(w.bare(Method::GET, &format!("{PATH}/{id}"), &headers, "").await.status, 404);
}

#[tokio::test]
async fn values_are_checked() {
    let w = World::new();
    let text = async |body: Value| w.post(PATH, body).await.error();
    let schemes = "['http', 'https', 'mailto', 'trust+http', 'trust+https'].";
    for (body, end) in [
        (json!({}), "Missing parameter subscriber in body."),
        (json!({"subscriber": "ftp://a"}), schemes),
        (json!({"subscriber": "http://a", "options": 1}), "Options must be a dict."),
        (json!({"subscriber": "http://a", "ttl": "x"}), "TTL must be an integer."),
        (json!({"subscriber": "http://a", "ttl": 59}), "must be at least 60 seconds long."),
        (
            json!({"subscriber": "http://a", "ttl": 10_i64.pow(15)}),
            "must be less than 9999-12-31 23:59:59.999999.",
        ),
        (
            json!({"subscriber": "http://a", "options": {"_retry_policy": {"minimum_delay": "x"}}}),
            "Retry policy: minimum_delay must be a integer.",
        ),
    ] {
        let error = text(body.clone()).await;
        assert!(error.1 == "Invalid API request" && error.2.ends_with(end), "{body} {error:?}");
    }
    assert_eq!(w.get("/v2/queues").await.ok()["queues"][0]["name"], "jobs", "the queue came first");
    assert_eq!(text(json!({"subscriber": "trust+http://a"})).await.0, 503);
    let id = subscribe(&w, json!({"subscriber": "http://a"})).await;
    let patch = async |body: Value| w.patch(&format!("{PATH}/{id}"), body).await.error();
    assert_eq!(patch(json!({})).await.2, "No subscription to create.");
    assert_eq!(patch(json!([1])).await.2, "Subscriptions must be a dict.");
    assert_eq!(patch(json!({"foo": 1})).await.1, "Unable to update subscription");
}

#[tokio::test]
async fn messages_reach_their_subscribers_in_order() {
    let w = World::new().awake();
    let (plain, own) = (Receiver::start(&[]).await, Receiver::start(&[404]).await);
    subscribe(&w, json!({"subscriber": plain.url()})).await;
    let options = json!({
        "post_data": "{\"wrapped\": \"$zaqar_message$\", \"k\": 1}",
        "post_headers": {"X-Source": "zaqar", "Host": "evil"},
    });
    subscribe(&w, json!({"subscriber": own.url(), "options": options})).await;
    w.fill(&[json!({"event": "ä"}), json!(2)]).await;
    w.time.settle().await;
    let got = plain.take();
    assert!(got[0].0.to_ascii_lowercase().contains("content-type: application/json"));
    assert_eq!(
        got[0].1,
        "{\"ttl\": 3600, \"body\": {\"event\": \"\\u00e4\"}, \"Message_Type\": \"Notification\", \"queue_name\": \"jobs\"}"
    );
    assert_eq!(got.len(), 2);
    let got = own.take();
    assert!(got[0].0.to_ascii_lowercase().contains("x-source: zaqar") && !got[0].0.contains("evil"));
    let body: Value = serde_json::from_str(&got[1].1).unwrap();
    assert_eq!((&body["wrapped"]["body"], &body["k"]), (&json!(2), &json!(1)));
    w.post("/v2/queues/other/messages", json!({"messages": [{"body": 1}]})).await.ok();
    w.time.settle().await;
    assert!(plain.take().is_empty());
}

#[tokio::test]
async fn a_receiver_that_fails_is_tried_again_by_the_policy_and_then_gets_the_rest() {
    let w = World::new().awake();
    let (failing, refusing) = (Receiver::start(&[503; 5]).await, Receiver::start(&[404]).await);
    subscribe(&w, json!({"subscriber": failing.url()})).await;
    subscribe(&w, json!({"subscriber": refusing.url()})).await;
    w.fill(&[json!(1), json!(2)]).await;
    w.time.settle().await;
    assert_eq!(refusing.documents().len(), 2, "a refusal is an answer");
    assert_eq!(failing.take().len(), 4, "at first and three times at once");
    w.advance(5).await;
    assert_eq!(failing.take().len(), 1);
    w.advance(5).await;
    let got = failing.documents();
    assert_eq!((&got[0]["body"], &got[1]["body"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn a_subscription_that_is_gone_or_leads_elsewhere_is_not_tried_again() {
    let w = World::new().awake();
    let (gone, moved) = (Receiver::start(&[0; 9]).await, Receiver::start(&[0; 9]).await);
    let elsewhere = Receiver::start(&[]).await;
    let first = subscribe(&w, json!({"subscriber": gone.url()})).await;
    let second = subscribe(&w, json!({"subscriber": moved.url()})).await;
    w.fill(&[json!(1)]).await;
    w.time.settle().await;
    assert_eq!((gone.take().len(), moved.take().len()), (4, 4));
    w.delete(&format!("{PATH}/{first}")).await.ok();
    w.patch(&format!("{PATH}/{second}"), json!({"subscriber": elsewhere.url()})).await.ok();
    w.advance(60).await;
    assert_eq!((gone.take().len(), moved.take().len()), (0, 0));
    w.fill(&[json!(2)]).await;
    w.time.settle().await;
    assert_eq!(elsewhere.documents()[0]["body"], 2);
}

/// The first poster goes away as soon as its messages are on their way to the store.
#[tokio::test]
async fn subscribers_are_told_also_when_the_poster_does_not_wait() {
    let w = World::new().awake();
    let hook = Receiver::start(&[]).await;
    subscribe(&w, json!({"subscriber": hook.url()})).await;
    let messages = json!({"messages": [{"body": "stored"}]});
    let mut post = Box::pin(w.post("/v2/queues/jobs/messages", messages));
    while futures_util::poll!(post.as_mut()).is_pending() && w.zaqar_pending() == 0 {
        tokio::task::yield_now().await;
    }
    drop(post);
    for _ in 0..1000 {
        w.time.settle().await;
        tokio::task::yield_now().await;
        if let Some(document) = hook.documents().first() {
            assert_eq!(document["body"], "stored");
            return;
        }
        w.get("/v2/queues/jobs/stats").await.ok();
    }
    panic!("nobody was told");
}

#[tokio::test]
async fn one_projects_dead_receiver_leaves_others_their_notifications() {
    let w = World::new().awake();
    let (dead, other) = (Receiver::start(&[0; 100_000]).await, Receiver::start(&[]).await);
    subscribe(&w, json!({"subscriber": dead.url()})).await;
    let headers = [("client-id", ALICE), ("x-project-id", "other")];
    let wanted = json!({"subscriber": other.url()}).to_string();
    w.bare(Method::POST, PATH, &headers, wanted).await.ok();
    let big = "x".repeat(200_000);
    for _ in 0..40 {
        w.fill(&[json!(big)]).await;
    }
    let message = json!({"messages": [{"body": "mine"}]}).to_string();
    w.bare(Method::POST, "/v2/queues/jobs/messages", &headers, message).await.ok();
    w.time.settle().await;
    assert_eq!(other.documents()[0]["body"], "mine");
    let tried = dead.take().len();
    assert!((40..40 * 4).contains(&tried), "what is beyond the bounds is dropped: {tried}");
}

#[tokio::test]
async fn in_strict_mode_a_silent_receiver_is_tried_again_by_the_policy_and_an_error_is_an_answer() {
    let w = World::strict(json!({})).awake();
    let (dead, wrong) = (Receiver::start(&[0; 7]).await, Receiver::start(&[500]).await);
    subscribe(&w, json!({"subscriber": dead.url()})).await;
    subscribe(&w, json!({"subscriber": wrong.url()})).await;
    w.fill(&[json!(1), json!(2)]).await;
    w.time.settle().await;
    assert_eq!(wrong.documents().len(), 2, "an error is an answer");
    assert_eq!(dead.take().len(), 4, "at first and three times at once");
    for _ in 0..3 {
        w.advance(4).await;
        assert_eq!(dead.take().len(), 0);
        w.advance(1).await;
        assert_eq!(dead.take().len(), 1);
    }
    w.advance(5).await;
    assert_eq!(dead.documents()[0]["body"], 1, "the eighth try is answered");
    w.advance(3600).await;
    assert!(dead.take().is_empty(), "the rest of the post is not sent");
}

#[tokio::test]
async fn a_subscriber_confirms_by_what_it_was_sent() {
    let w = World::with(json!({"require_confirmation": true, "auth": "keystone"})).awake();
    let hook = Receiver::start(&[]).await;
    let member = [("client-id", ALICE), ("x-auth-token", "acme:member")];
    let body = json!({"subscriber": hook.url(), "ttl": 3600}).to_string();
    w.bare(Method::POST, PATH, &member, body).await.ok();
    w.time.settle().await;
    let asked = hook.documents().remove(0);
    assert_eq!(asked["Message_Type"], "SubscriptionConfirmation");
    assert_eq!(asked["Message"], "You have chosen to subscribe to the queue: jobs");
    assert_eq!(
        (&asked["URL-Expires"], &asked["queue_name"]),
        (&json!("2030-05-01T11:00:00"), &json!("jobs"))
    );
    let post = async || {
        let messages = json!({"messages": [{"body": 1}]}).to_string();
        w.bare(Method::POST, "/v2/queues/jobs/messages", &member, messages).await.ok();
        w.time.settle().await;
        hook.documents().len()
    };
    assert_eq!(post().await, 0, "not before it is confirmed");
    let text = |name: &str| asked[name].as_str().unwrap();
    let headers = [
        ("client-id", ALICE),
        ("x-project-id", text("X-Project-ID")),
        ("url-signature", text("URL-Signature")),
        ("url-methods", text("URL-Methods")),
        ("url-paths", text("URL-Paths")),
        ("url-expires", text("URL-Expires")),
    ];
    let confirm = w.bare(Method::PUT, text("URL-Paths"), &headers, asked["SubscribeBody"].to_string()).await;
    assert_eq!(confirm.status, 204);
    assert_eq!(post().await, 1);
    w.bare(Method::PUT, text("URL-Paths"), &headers, asked["UnsubscribeBody"].to_string()).await.ok();
    w.time.settle().await;
    assert_eq!(hook.documents()[0]["Message_Type"], "UnsubscribeConfirmation");
    assert_eq!(post().await, 0);
}

/// A mail server for one letter.
async fn sink() -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap().to_string();
    let letter = tokio::spawn(async move {
        let mut stream = BufReader::new(listener.accept().await.unwrap().0);
        stream.get_mut().write_all(b"220 here\r\n").await.unwrap();
        let mut all = String::new();
        let mut is_text = false;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            all.push_str(&line);
            let answer = match line.trim_end() {
                "." => "250 taken",
                _ if is_text => continue,
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                "EHLO pentad.local" => "250-here\r\n250 SIZE",
                _ => "250 fine",
            };
            is_text = answer.starts_with("354") || (is_text && !answer.starts_with("250 taken"));
            stream.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            if answer.starts_with("221") {
                return all;
            }
        }
    });
    (place, letter)
}

#[tokio::test]
async fn mail_goes_to_the_sink_of_the_options() {
    let (place, letter) = sink().await;
    let w = World::with(json!({ "smtp": place })).awake();
    let options = json!({"from": "zaqar@example.org", "subject": "unused"});
    subscribe(&w, json!({"subscriber": "mailto:ann@example.org?subject=News%20here", "options": options}))
        .await;
    w.fill(&[json!("hello")]).await;
    let letter = letter.await.unwrap();
    for part in [
        "MAIL FROM:<zaqar@example.org>\r\nRCPT TO:<ann@example.org>\r\nDATA\r\n",
        "Subject: News here\r\n",
        "{\"ttl\": 3600, \"body\": \"hello\", \"Message_Type\": \"Notification\", \"queue_name\": \"jobs\"}\r\n.\r\n",
    ] {
        assert!(letter.contains(part), "{part} {letter}");
    }
}

#[tokio::test]
async fn a_trust_is_made_for_a_subscriber_that_needs_one_and_its_token_is_shown_to_it() {
    let w = World::new().awake();
    let receiver = Receiver::start(&[]).await;
    let headers = [("client-id", ALICE), ("x-auth-token", "acme:member")];
    let url = format!("trust+{}", receiver.url());
    let wanted = json!({"subscriber": url, "ttl": 600, "options": {"post_headers": {"x-own": "1"}}});
    let made = w.bare(Method::POST, PATH, &headers, wanted.to_string()).await.ok();
    let one = format!("{PATH}/{}", made["subscription_id"].as_str().unwrap());
    let shown = w.bare(Method::GET, &one, &headers, "").await.ok();
    assert_eq!(shown["subscriber"], json!(url));
    assert_eq!(shown["options"]["trust_id"], "acme:member/member/2030-05-01T10:10:00Z");
    w.fill(&[json!("x")]).await;
    w.time.settle().await;
    let (head, body) = receiver.take().remove(0);
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("post /hook "), "{head}");
    assert!(head.contains("x-auth-token: of acme:member/member/2030-05-01t10:10:00z"), "{head}");
    assert!(head.contains("x-own: 1"), "{head}");
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["body"], "x");
}

#[tokio::test]
async fn a_trust_that_gives_no_token_delivers_nothing_and_one_without_a_caller_is_refused() {
    let w = World::new().awake();
    let receiver = Receiver::start(&[]).await;
    let url = format!("trust+{}", receiver.url());
    let headers = [("client-id", ALICE), ("x-auth-token", "acme:member")];
    let void = json!({"subscriber": url, "options": {"trust_id": "acme:member/void"}});
    w.bare(Method::POST, PATH, &headers, void.to_string()).await.ok();
    w.fill(&[json!("x")]).await;
    w.time.settle().await;
    assert!(receiver.take().is_empty());
    let other = json!({"subscriber": "trust+http://127.0.0.1:1/"});
    let refused = w.post(PATH, other).await.error();
    assert_eq!(
        (refused.0, refused.2.split(" Please").next()),
        (503, Some("Subscription could not be created."))
    );
}

#[tokio::test]
async fn a_trust_of_somebody_else_cannot_be_used() {
    let w = World::new();
    let call = async |who: &str, method: Method, path: &str, body: Value| {
        let headers = [("client-id", ALICE), ("x-auth-token", who)];
        w.bare(method, path, &headers, body.to_string()).await
    };
    let own = json!({"subscriber": "trust+http://a/", "ttl": 600});
    let made = call("acme:admin", Method::POST, PATH, own).await.ok();
    let one = format!("{PATH}/{}", made["subscription_id"].as_str().unwrap());
    let trust =
        async || call("acme:member", Method::GET, &one, json!({})).await.ok()["options"]["trust_id"].clone();
    let admins = trust().await;
    let stolen = json!({"subscriber": "trust+http://evil/", "options": {"trust_id": admins}});
    assert_eq!(call("acme:member", Method::POST, PATH, stolen.clone()).await.status, 503);
    let nobody = w.post(PATH, stolen).await;
    assert_eq!(nobody.status, 503, "{}", nobody.text);
    let kept = json!({"options": {"trust_id": admins, "post_data": "x"}});
    assert_eq!(call("acme:member", Method::PATCH, &one, kept).await.status, 204);
    assert_eq!(trust().await, admins);
    let elsewhere = json!({"subscriber": "trust+http://evil/"});
    assert_eq!(call("acme:member", Method::PATCH, &one, elsewhere).await.status, 204);
    assert_eq!(
        trust().await,
        "acme:member/member/2030-05-01T10:10:00Z",
        "its own, not that of who subscribed"
    );
    assert_eq!(call("acme:member", Method::PATCH, &one, json!({"ttl": 1200})).await.status, 204);
    assert_eq!(trust().await, "acme:member/member/2030-05-01T10:20:00Z", "as long as the subscription");
    let plain = json!({"subscriber": "http://b/"});
    let plain = call("acme:member", Method::POST, PATH, plain).await.ok();
    let plain = format!("{PATH}/{}", plain["subscription_id"].as_str().unwrap());
    let stolen = json!({"subscriber": "trust+http://b/", "options": {"trust_id": admins}});
    assert_eq!(call("acme:member", Method::PATCH, &plain, stolen).await.status, 503);
    assert_eq!(
        w.patch(&plain, json!({"subscriber": "trust+http://b/"})).await.status,
        503,
        "nobody is there to trust"
    );
}

#[tokio::test]
async fn credentials_of_subscribers_and_pools_are_not_in_the_files_of_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let time = Arc::new(ServiceTime::new());
    let engine = Engine::open(StoreOptions::sqlite(dir.path()), time.clone()).unwrap();
    let w = World::on(engine.clone(), time, json!({}));
    let options = json!({"post_headers": {"Authorization": "Bearer canary-of-a-subscriber"}});
    let id = subscribe(&w, json!({"subscriber": "http://a/", "options": options})).await;
    let admin = [("client-id", ALICE), ("x-project-id", "acme"), ("x-roles", "admin")];
    let pool = json!({"weight": 1, "uri": "mongodb://u:canary-of-a-pool@db", "options": {"p": "canary-of-an-option"}});
    assert_eq!(w.bare(Method::PUT, "/v2/pools/p1", &admin, pool.to_string()).await.status, 201);
    let shown = w.get(&format!("{PATH}/{id}")).await.ok();
    assert_eq!(shown["options"]["post_headers"]["Authorization"], "Bearer canary-of-a-subscriber");
    let shown = w.bare(Method::GET, "/v2/pools/p1?detailed=true", &admin, "").await.ok();
    assert_eq!((&shown["uri"], &shown["options"]["p"]), (&pool["uri"], &json!("canary-of-an-option")));
    let again = w.bare(Method::PUT, "/v2/pools/p2", &admin, pool.to_string()).await;
    assert_eq!(again.status, 409);
    engine.close().await;
    let mut read = 0;
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            let bytes = std::fs::read(file.path()).unwrap();
            read += bytes.len();
            let has = bytes.windows(7).any(|window| window == b"canary-");
            assert!(!has, "{:?}", file.path());
        }
    }
    assert!(read > 10_000, "the store wrote {read} bytes");
}
