//! Logins of several steps, catalogs, tokens from earlier processes, clocks that differ.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use pentad_core::auth::{
    Exchange, FileTokenStore, MemoryTokenStore, Renewing, Token, TokenSource, TokenStore, sensitive,
};
use pentad_core::{
    Api, BoxFuture, Context, Error, ErrorKind, Op, Request, Response, Result, Secret, Session, Target, decode,
};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use serde_json::{Value, json};

use crate::support::{GET, builder, secs};

const RECEIPT: &str = "openstack-auth-receipt";

static TOKENS: Op = Op {
    id: "identity.login",
    routes: &[(Api("v3"), Method::POST, "/auth/tokens")],
    idempotent: true,
    patience: Duration::ZERO,
    source: "test",
};

/// Identity as OpenStack has it: password, one-time code after a receipt, catalog in the answer.
#[derive(Debug)]
struct Keystone;

enum Step {
    Done(Token),
    Receipt(HeaderValue),
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of decoders")]
fn step(context: &Context, parts: Parts, body: Bytes) -> Result<Step> {
    if let Some(receipt) = parts.headers.get(RECEIPT) {
        return Ok(Step::Receipt(receipt.clone()));
    }
    let document: Value = decode::from_json(context.op(), &body)?;
    let secret = parts.headers.get("x-subject-token").and_then(|token| token.to_str().ok());
    let now = context.session().clock().wall();
    let token = Token::new(Secret::new(secret.unwrap_or_default()), now).data(document["catalog"].clone());
    Ok(Step::Done(match document["expires_at"].as_str() {
        Some(at) => token.expires(at.parse().unwrap()),
        None => token,
    }))
}

impl TokenSource for Keystone {
    fn fetch<'a>(&'a self, ex: &'a Exchange, _: Option<&'a Token>) -> BoxFuture<'a, Result<Token>> {
        Box::pin(async move {
            let identity = Target::parse("http://identity.test/v3")?;
            let ex = ex.with(|session| session.target(identity).api(Api("v3")));
            let second = |status: StatusCode, headers: &http::HeaderMap| {
                status == StatusCode::UNAUTHORIZED && headers.contains_key(RECEIPT)
            };
            let login = ex.op(&TOKENS).json(&json!({"password": "canary-p"})).accept(second);
            match login.call(step).await? {
                Step::Done(token) => Ok(token),
                Step::Receipt(receipt) => {
                    let code = ex.op(&TOKENS).json(&json!({"passcode": "canary-c"}));
                    let name = HeaderName::from_static(RECEIPT);
                    match code.header(name, receipt).call(step).await? {
                        Step::Done(token) => Ok(token),
                        Step::Receipt(_) => Err(Error::new(ErrorKind::Unauthenticated, "a third factor")),
                    }
                }
            }
        })
    }

    fn place(&self, token: &Token, request: &mut Request) -> Result<()> {
        if let Some(value) = sensitive(token.secret.expose()) {
            request.headers.insert("x-auth-token", value);
        }
        if let Target::Service { service_type, .. } = &request.target {
            let url = token.data[service_type.as_ref()].as_str();
            let missing = || Error::new(ErrorKind::Config, "the catalog lacks the service");
            request.target = Target::parse(url.ok_or_else(missing)?)?;
        }
        Ok(())
    }
}

fn token(secret: &str, body: &Value) -> Response {
    let mut response = Response::new(StatusCode::CREATED, body.to_string());
    response.headers.insert("x-subject-token", HeaderValue::from_str(secret).unwrap());
    response
}

fn dated(mut response: Response, date: &'static str) -> Response {
    response.headers.insert("date", HeaderValue::from_static(date));
    response
}

fn database() -> Target {
    Target::Service {
        service_type: "database".into(),
        interface: "public".into(),
        region: None,
        version: None,
    }
}

fn get(session: &Session) -> Result<()> {
    run(session.op(&GET).arg("thing", "x").call(decode::empty))
}

#[test]
fn a_receipt_is_a_step_of_the_login_and_the_catalog_resolves_the_target() {
    let mut receipt = Response::new(StatusCode::UNAUTHORIZED, "{}");
    receipt.headers.insert(RECEIPT, HeaderValue::from_static("r1"));
    let catalog = json!({"catalog": {"database": "http://db.test:8779/v1.0/p1"}});
    let transport = ScriptedTransport::new().reply(receipt).reply(token("t1", &catalog)).answer(200, "");
    let session = builder(&transport, &ManualClock::auto())
        .target(database())
        .authorize(Arc::new(Renewing::new(Keystone)))
        .build();
    get(&session).unwrap();
    let requests = transport.requests();
    let sent: Vec<_> = requests.iter().map(|request| request.uri.to_string()).collect();
    assert_eq!(
        sent,
        [
            "http://identity.test/v3/auth/tokens",
            "http://identity.test/v3/auth/tokens",
            "http://db.test:8779/v1.0/p1/things/x"
        ]
    );
    assert_eq!(requests[1].header(RECEIPT), "r1");
    assert_eq!(requests[2].header("x-auth-token"), "t1");
}

#[test]
fn a_401_without_receipt_is_a_failed_login() {
    let transport = ScriptedTransport::new().answer(401, r#"{"error":{"message":"wrong"}}"#);
    let session =
        builder(&transport, &ManualClock::auto()).authorize(Arc::new(Renewing::new(Keystone))).build();
    let error = get(&session).unwrap_err();
    assert_eq!((error.op(), error.kind()), (Some("identity.login"), ErrorKind::Unauthenticated));
    assert_eq!(transport.requests().len(), 1);
}

#[test]
fn a_login_carries_nothing_that_belongs_to_the_served_service() {
    let transport = ScriptedTransport::new().answer(403, "{}");
    let session = builder(&transport, &ManualClock::auto())
        .header(HeaderName::from_static("x-project-id"), HeaderValue::from_static("p1"))
        .details(|_, _, _| Some(pentad_core::ApiDetails::new("read by the wrong service")))
        .authorize(Arc::new(Renewing::new(Keystone)))
        .build();
    let error = get(&session).unwrap_err();
    assert!(!error.to_string().contains("wrong service"), "{error}");
    assert_eq!(transport.requests()[0].header("x-project-id"), "");
}

#[test]
fn an_error_keeps_the_answers_headers_and_shows_none_of_them() {
    let transport = ScriptedTransport::new().answer_with(409, ("x-secret-token", "canary"), "");
    let error = get(&builder(&transport, &ManualClock::auto()).build()).unwrap_err();
    assert_eq!(error.headers().unwrap()["x-secret-token"], "canary");
    assert!(!format!("{error:?} {error}").contains("canary"));
}

#[test]
fn the_end_of_a_token_is_corrected_by_the_difference_of_the_clocks() {
    // Our clock says 00:00, the service's 00:20; the token ends at 01:20 by the service's clock.
    let expires = json!({"expires_at": "2026-01-01T01:20:00Z"});
    let transport = ScriptedTransport::new()
        .reply(dated(token("t1", &expires), "Thu, 01 Jan 2026 00:20:00 GMT"))
        .answer(200, "")
        .answer(200, "")
        .reply(token("t2", &json!({})))
        .answer(200, "");
    let clock = ManualClock::auto();
    let auth = Arc::new(Renewing::new(Keystone));
    let session = builder(&transport, &clock).authorize(auth.clone()).build();
    get(&session).unwrap();
    assert_eq!(auth.current().unwrap().expires.unwrap().to_string(), "2026-01-01T01:00:00Z");
    clock.advance(secs(59 * 60));
    get(&session).unwrap();
    clock.advance(secs(45));
    get(&session).unwrap();
    assert_eq!(transport.left(), 0);
}

#[test]
fn a_token_from_an_earlier_client_serves_without_a_login() {
    let store: Arc<dyn TokenStore> = Arc::new(MemoryTokenStore::new());
    let client = |transport: &ScriptedTransport| {
        let auth = Renewing::new(Keystone).store(Arc::clone(&store), "cloud/demo");
        builder(transport, &ManualClock::auto()).authorize(Arc::new(auth)).build()
    };
    let first = ScriptedTransport::new().reply(token("t1", &json!({}))).answer(200, "");
    get(&client(&first)).unwrap();
    let second = ScriptedTransport::new().answer(200, "");
    get(&client(&second)).unwrap();
    assert_eq!(second.requests()[0].header("x-auth-token"), "t1");
}

#[test]
fn a_token_from_earlier_that_is_rejected_is_replaced_at_once_here_and_in_the_store() {
    let clock = ManualClock::auto();
    let store = Arc::new(MemoryTokenStore::new());
    // Fetched this very second: still no login of this client, so its 401 is no "not permitted".
    let now = pentad_core::Clock::wall(&clock);
    run(store.save("k", &Token::new(Secret::new("old"), now))).unwrap();
    let transport = ScriptedTransport::new().answer(401, "").reply(token("new", &json!({}))).answer(200, "");
    let auth = Renewing::new(Keystone).store(store.clone(), "k");
    get(&builder(&transport, &clock).authorize(Arc::new(auth)).build()).unwrap();
    assert_eq!(run(store.load("k")).unwrap().unwrap().secret.expose(), "new");
}

#[test]
fn what_another_process_renewed_is_taken_over_instead_of_a_login() {
    let clock = ManualClock::auto();
    let store = Arc::new(MemoryTokenStore::new());
    let transport = ScriptedTransport::new()
        .reply(token("mine", &json!({})))
        .answer(200, "")
        .answer(401, "")
        .answer(200, "");
    let auth = Renewing::new(Keystone).store(store.clone(), "k");
    let session = builder(&transport, &clock).authorize(Arc::new(auth)).build();
    get(&session).unwrap();
    clock.advance(secs(60));
    run(store.save("k", &Token::new(Secret::new("theirs"), pentad_core::Clock::wall(&clock)))).unwrap();
    get(&session).unwrap();
    assert_eq!(transport.requests()[3].header("x-auth-token"), "theirs");
}

#[test]
fn a_forgotten_token_is_gone_from_the_store_too() {
    let store = Arc::new(MemoryTokenStore::new());
    let transport = ScriptedTransport::new()
        .reply(token("t1", &json!({})))
        .answer(200, "")
        .reply(token("t2", &json!({})))
        .answer(200, "");
    let auth = Arc::new(Renewing::new(Keystone).store(store.clone(), "k"));
    let session = builder(&transport, &ManualClock::auto()).authorize(auth.clone()).build();
    get(&session).unwrap();
    run(auth.forget()).unwrap();
    assert!(run(store.load("k")).unwrap().is_none());
    get(&session).unwrap();
    assert_eq!(transport.requests()[3].header("x-auth-token"), "t2");
}

/// A folder of the test's own, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("pentad-core-{name}-{}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn sample(secret: &str) -> Token {
    let obtained = "2026-01-01T00:00:00Z".parse().unwrap();
    Token::new(Secret::new(secret), obtained).lasts(secs(3600)).data(json!({"catalog": [1]}))
}

#[test]
fn a_file_gives_back_what_was_saved_under_any_key() {
    let folder = Folder::new("keys");
    let store = FileTokenStore::new(&folder.0);
    let long = "k".repeat(300);
    let other = format!("{long}2");
    for key in ["a", "../../etc/x", "http://h.test:5000/v3|demo|ä", &long, &other] {
        assert!(run(store.load(key)).unwrap().is_none());
        run(store.save(key, &sample(key))).unwrap();
    }
    for key in ["a", "../../etc/x", "http://h.test:5000/v3|demo|ä", &long, &other] {
        let token = run(store.load(key)).unwrap().unwrap();
        assert_eq!(token.secret.expose(), key);
        assert_eq!((token.expires, token.data), (sample("").expires, json!({"catalog": [1]})));
        run(store.forget(key)).unwrap();
        assert!(run(store.load(key)).unwrap().is_none());
    }
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
}

#[test]
fn a_damaged_file_is_as_good_as_none() {
    let folder = Folder::new("damaged");
    let store = FileTokenStore::new(&folder.0);
    run(store.save("k", &sample("s"))).unwrap();
    let path = fs::read_dir(&folder.0).unwrap().next().unwrap().unwrap().path();
    for damage in ["", "{", "[]", r#"{"key":"k"}"#, r#"{"key":"k","secret":"s","obtained":"yesterday"}"#] {
        fs::write(&path, damage).unwrap();
        assert!(run(store.load("k")).unwrap().is_none(), "{damage}");
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_a_saved_token_and_one_that_others_could_read_is_not_trusted() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("mode");
    let store = FileTokenStore::new(&folder.0);
    run(store.save("k", &sample("canary"))).unwrap();
    let path = fs::read_dir(&folder.0).unwrap().next().unwrap().unwrap().path();
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder.0), mode(&path)), (0o700, 0o600));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = run(store.load("k")).unwrap_err();
    assert!(!format!("{error:?}").contains("canary"));
    run(store.save("k", &sample("s2"))).unwrap();
    assert_eq!(run(store.load("k")).unwrap().unwrap().secret.expose(), "s2");
}

#[test]
fn writers_at_once_leave_one_whole_token() {
    let folder = Folder::new("race");
    let store = FileTokenStore::new(&folder.0);
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let store = store.clone();
            std::thread::spawn(move || {
                for round in 0..20 {
                    run(store.save("k", &sample(&format!("{writer}-{round}").repeat(500)))).unwrap();
                    let seen = run(store.load("k")).unwrap().unwrap();
                    let (start, _) = seen.secret.expose().split_at(seen.secret.expose().len() / 500);
                    assert_eq!(start.repeat(500), seen.secret.expose());
                }
            })
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
fn a_store_that_cannot_be_used_does_not_stop_the_login() {
    let folder = Folder::new("blocked");
    fs::create_dir_all(folder.0.parent().unwrap()).unwrap();
    fs::write(&folder.0, "a file where the folder should be").unwrap();
    let store = Arc::new(FileTokenStore::new(&folder.0));
    let transport = ScriptedTransport::new().reply(token("t1", &json!({}))).answer(200, "");
    let auth = Renewing::new(Keystone).store(store, "k");
    get(&builder(&transport, &ManualClock::auto()).authorize(Arc::new(auth)).build()).unwrap();
    let _ = fs::remove_file(&folder.0);
}
