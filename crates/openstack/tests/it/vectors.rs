//! The numbered vectors of the shared client layer (OpenStack reference A22), and those of its other tables. Where ours
//! differs on purpose, the test says how.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use pentad_core::auth::{Exchange, Token, TokenSource, sensitive};
use pentad_core::{
    Api, Authorize, BoxFuture, Error, ErrorKind, Op, Request, Result, Secret, Sent, Target, decode,
};
use pentad_openstack::auth::plugin::{Options, Plugin, Plugins};
use pentad_openstack::config::Environment;
use pentad_openstack::manager::Resource;
use pentad_openstack::{CloudAuth, ErrorExt, HttpClient, HttpClientBuilder, Object, RawService, Service};
use pentad_openstack::{concat_url, select_version};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use serde_json::{Value, json};

use crate::manager::{script as logged_in, servers};
use crate::stage::{URL, issued, keystone};

/// The fake plugin of the original's tests: each login counts up and gives `token-<n>` and `http://endpoint-<n>`.
#[derive(Debug, Default)]
struct Fake {
    logins: AtomicU32,
    /// What each login gives, if not the count.
    gives: Vec<Option<(&'static str, &'static str)>>,
}

impl Fake {
    fn with(gives: &[Option<(&'static str, &'static str)>]) -> Arc<Self> {
        Arc::new(Self { logins: AtomicU32::new(0), gives: gives.to_vec() })
    }

    fn logins(&self) -> u32 {
        self.logins.load(Relaxed)
    }
}

#[derive(Debug)]
struct Source(Arc<Fake>);

impl TokenSource for Source {
    fn fetch<'a>(&'a self, ex: &'a Exchange, _: Option<&'a Token>) -> BoxFuture<'a, Result<Token>> {
        let number = self.0.logins.fetch_add(1, Relaxed) as usize;
        let counted = (format!("token-{number}"), format!("http://endpoint-{number}"));
        let pair = match self.0.gives.get(number.min(self.0.gives.len().saturating_sub(1))) {
            None => Ok(counted),
            Some(Some((token, endpoint))) => Ok(((*token).to_owned(), (*endpoint).to_owned())),
            Some(None) => Err(Error::new(ErrorKind::Config, "Cannot find endpoint or token for request")),
        };
        let now = ex.clock().wall();
        Box::pin(async move {
            let (token, endpoint) = pair?;
            Ok(Token::new(Secret::new(token), now).data(json!({ "endpoint": endpoint })))
        })
    }

    fn place(&self, token: &Token, request: &mut Request) -> Result<()> {
        let value = sensitive(token.secret.expose()).unwrap();
        request.headers.insert(HeaderName::from_static("x-auth-token"), value);
        request.target = Target::parse(token.data["endpoint"].as_str().unwrap())?;
        Ok(())
    }
}

fn renewing(fake: &Arc<Fake>) -> impl Authorize {
    pentad_core::auth::Renewing::new(Source(Arc::clone(fake)))
}

fn over(authorize: impl Authorize, script: &ScriptedTransport, clock: &ManualClock) -> HttpClientBuilder {
    HttpClient::builder(authorize).transport(script.shared()).clock(clock.shared())
}

/// A client whose first token is old enough to be renewed.
fn aged(fake: &Arc<Fake>, script: &ScriptedTransport) -> RawService {
    let clock = ManualClock::auto();
    let http = over(renewing(fake), script, &clock).build().unwrap();
    let raw = http.raw("compute");
    run(raw.get("/first")).unwrap();
    clock.advance(Duration::from_secs(60));
    raw
}

fn urls(script: &ScriptedTransport) -> Vec<String> {
    let line =
        |request: &pentad_testkit::Recorded| format!("{} {}", request.uri, request.header("x-auth-token"));
    script.requests().iter().map(line).collect()
}

#[test]
fn t1_the_first_call_logs_in_and_carries_token_agent_and_json() {
    let (fake, script) = (Fake::with(&[]), ScriptedTransport::new().answer(200, "{}"));
    let http = over(renewing(&fake), &script, &ManualClock::auto()).user_agent("mine").build().unwrap();
    run(http.raw("compute").post("/resource", Some(&json!({"1": "2"})))).unwrap();
    let sent = &script.requests()[0];
    assert_eq!(sent.uri.to_string(), "http://endpoint-0/resource");
    assert_eq!((sent.header("x-auth-token"), &sent.body[..]), ("token-0", &br#"{"1":"2"}"#[..]));
    let mut names: Vec<&str> = sent.headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    // Ours says what it takes, the original leaves that to its transport.
    assert_eq!(names, ["accept", "content-type", "user-agent", "x-auth-token"]);
}

#[test]
fn t2_a_rejected_token_is_renewed_once_and_the_call_goes_to_the_new_endpoint_with_its_body() {
    let fake = Fake::with(&[Some(("old_token", "http://old")), Some(("new_token", "http://new"))]);
    let script = ScriptedTransport::new().answer(200, "").answer(401, "").answer(200, "{}");
    let raw = aged(&fake, &script);
    run(raw.put("/resource", Some(&json!({"1": "2"})))).unwrap();
    assert_eq!(urls(&script)[1..], ["http://old/resource old_token", "http://new/resource new_token"]);
    assert_eq!(&script.requests()[2].body[..], br#"{"1":"2"}"#);
    assert_eq!(fake.logins(), 2);
}

#[test]
fn t3_each_rejection_costs_one_login() {
    let fake = Fake::with(&[]);
    let script = ScriptedTransport::new().answer(200, "").answer(401, "").answer(200, "{}");
    run(aged(&fake, &script).get("/resource")).unwrap();
    assert_eq!(urls(&script).last().unwrap(), "http://endpoint-1/resource token-1");
    assert_eq!(fake.logins(), 2);
}

#[test]
fn t4_a_bad_request_is_no_rejection_of_the_token() {
    for status in [400, 403, 404] {
        let fake = Fake::with(&[]);
        let script = ScriptedTransport::new().answer(200, "").answer(status, "{}");
        let error = run(aged(&fake, &script).get("/resource")).unwrap_err();
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!((fake.logins(), script.left()), (1, 0));
    }
}

#[test]
fn t5_a_login_that_gives_nothing_is_the_failure() {
    let (fake, script) = (Fake::with(&[None]), ScriptedTransport::new());
    let http = over(renewing(&fake), &script, &ManualClock::auto()).build().unwrap();
    let error = run(http.raw("compute").get("/resource")).unwrap_err();
    assert_eq!(error.message(), "Cannot find endpoint or token for request");
    assert_eq!((fake.logins(), script.requests().len()), (1, 0));
}

#[test]
fn t6_a_401_right_after_the_login_is_the_answer() {
    let (fake, script) = (Fake::with(&[]), ScriptedTransport::new().answer(401, ""));
    let http = over(renewing(&fake), &script, &ManualClock::auto()).build().unwrap();
    let error = run(http.raw("compute").get("/resource")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!((fake.logins(), script.requests().len()), (1, 1));
}

#[test]
fn t7_a_login_that_gives_the_rejected_token_again_is_no_reason_to_ask_again() {
    let fake = Fake::with(&[Some(("same", "http://same"))]);
    let script = ScriptedTransport::new().answer(200, "").answer(401, "");
    let error = run(aged(&fake, &script).get("/resource")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!((fake.logins(), script.left()), (2, 0));
}

#[test]
fn t8_a_renewal_that_fails_leaves_the_rejection_or_its_own_reason() {
    let fake = Fake::with(&[Some(("t", "http://e")), None]);
    let script = ScriptedTransport::new().answer(200, "").answer(401, "");
    let error = run(aged(&fake, &script).get("/resource")).unwrap_err();
    // The original hides why the login failed; ours tells.
    assert!(matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::Config), "{error}");
    assert_eq!((fake.logins(), script.left()), (2, 0));
}

#[test]
fn t9_calls_say_for_whom_they_are_made() {
    let (fake, script) = (Fake::with(&[]), ScriptedTransport::new().answer(200, ""));
    let builder = over(renewing(&fake), &script, &ManualClock::auto()).original_ip("10.0.0.1");
    run(builder.user_agent("troveclient.apiclient").build().unwrap().raw("compute").get("/x")).unwrap();
    assert_eq!(script.requests()[0].header("forwarded"), "for=10.0.0.1;by=troveclient.apiclient");
}

#[test]
fn t10_one_call_may_have_its_own_agent() {
    // The original forces its own on every call; here a call's own header counts.
    let (fake, script) = (Fake::with(&[]), ScriptedTransport::new().answer(200, ""));
    let http = over(renewing(&fake), &script, &ManualClock::auto()).user_agent("ours").build().unwrap();
    let call = http.raw("compute").get("/x");
    run(call.header(http::header::USER_AGENT, HeaderValue::from_static("mine"))).unwrap();
    assert_eq!(script.requests()[0].header("user-agent"), "mine");
}

#[test]
fn t11_the_clients_time_limit_counts_unless_the_call_has_its_own() {
    let fake = Fake::with(&[]);
    let clock = ManualClock::auto();
    let within = |limit: Option<u64>| {
        let script = ScriptedTransport::new().hang();
        let http = over(renewing(&fake), &script, &clock).timeout(Duration::from_secs(2)).build().unwrap();
        let before = clock.passed();
        let call = http.raw("compute").get("/x");
        let call = match limit {
            Some(limit) => call.timeout(Duration::from_secs(limit)),
            None => call,
        };
        assert_eq!(run(call).unwrap_err().kind(), ErrorKind::Timeout);
        (clock.passed() - before).as_secs()
    };
    assert_eq!((within(None), within(Some(5))), (2, 5));
}

#[test]
fn t12_timings_are_of_calls_whatever_came_of_them() {
    let fake = Fake::with(&[]);
    let refused = Error::new(ErrorKind::Connection, "refused").with_sent(Sent::No);
    let script = ScriptedTransport::new().answer(404, "").answer(200, "").fail(refused);
    let http = over(renewing(&fake), &script, &ManualClock::auto());
    let http = http.retry(pentad_core::RetryPolicy::none()).build().unwrap();
    for _ in 0..3 {
        let _ = run(http.raw("compute").get("/x"));
    }
    let statuses: Vec<Option<u16>> =
        http.timings().iter().map(|timing| timing.status.map(|status| status.as_u16())).collect();
    // The original forgets calls that never arrived.
    assert_eq!(statuses, [Some(404), Some(200), None]);
}

#[derive(Clone, Debug)]
struct Compute(u32);

static COMPUTES: AtomicU32 = AtomicU32::new(0);

impl Service for Compute {
    const SERVICE_TYPE: &'static str = "compute";

    fn from_session(_: pentad_core::Session) -> Self {
        Self(COMPUTES.fetch_add(1, Relaxed))
    }
}

#[test]
fn t13_the_first_client_of_a_service_stays() {
    let http =
        over(renewing(&Fake::with(&[])), &ScriptedTransport::new(), &ManualClock::auto()).build().unwrap();
    assert_eq!((http.service::<Compute>().0, http.service::<Compute>().0), (0, 0));
}

#[test]
fn t14_a_version_is_chosen_by_its_text() {
    let map = [("1", "P"), ("2.1", "Q")];
    assert_eq!(select_version("fake", 1, &map).unwrap(), "P");
    assert_eq!(select_version("fake", "2.1", &map).unwrap(), "Q");
    assert_eq!(select_version("fake", 2.1, &map).unwrap(), "Q");
    let error = select_version("fake", "7", &map).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.message(), "Invalid fake client version '7'. Must be one of: 1, 2.1");
}

#[test]
fn t15_timings_that_were_taken_stay_when_they_are_reset() {
    let (fake, script) = (Fake::with(&[]), ScriptedTransport::new().answer(200, ""));
    let http = over(renewing(&fake), &script, &ManualClock::auto()).build().unwrap();
    run(http.raw("compute").get("/x")).unwrap();
    let taken = http.timings();
    http.reset_timings();
    assert_eq!((taken.len(), http.timings().len()), (1, 0));
}

/// A plugin of one's own, which sends its login through the client.
#[derive(Debug)]
struct Own;

static OWN_LOGIN: Op = Op {
    id: "own.login",
    routes: &[(Api("own"), Method::POST, "/tokens")],
    idempotent: true,
    patience: Duration::ZERO,
    source: "OpenStack reference A22",
};

impl TokenSource for Own {
    fn fetch<'a>(&'a self, ex: &'a Exchange, _: Option<&'a Token>) -> BoxFuture<'a, Result<Token>> {
        Box::pin(async move {
            let target = Target::parse("http://auth")?;
            let ex = ex.with(|session| session.target(target).api(Api("own")));
            let answer = ex.op(&OWN_LOGIN).json(&json!({"fake": "me"})).call(decode::value).await?;
            Ok(Token::new(Secret::new(answer["token"].as_str().unwrap_or_default()), ex.clock().wall()))
        })
    }

    fn place(&self, token: &Token, request: &mut Request) -> Result<()> {
        let value = sensitive(token.secret.expose()).unwrap();
        request.headers.insert(HeaderName::from_static("x-auth-token"), value);
        request.target = Target::parse("http://e")?;
        Ok(())
    }
}

impl Plugin for Own {
    fn name(&self) -> &str {
        "own"
    }

    fn needs(&self) -> &[&'static [&'static str]] {
        &[&["colour"]]
    }

    fn login(&self, _: &Options) -> Result<Arc<dyn Authorize>> {
        Ok(Arc::new(pentad_core::auth::Renewing::new(Self)))
    }
}

#[test]
fn t16_a_plugin_of_ones_own_sends_its_login_through_the_client() {
    let plugins = Plugins::standard().with(Own);
    let login = plugins.load("own", &Options::new().with("colour", "red")).unwrap();
    let script = ScriptedTransport::new().answer(200, r#"{"token": "t"}"#).answer(200, "");
    let http = HttpClient::authorized_by(login).transport(script.shared());
    let http = http.clock(ManualClock::auto().shared()).build().unwrap();
    run(http.raw("compute").get("/x")).unwrap();
    let sent = &script.requests()[0];
    assert_eq!((sent.method.as_str(), sent.uri.to_string().as_str()), ("POST", "http://auth/tokens"));
    assert_eq!((sent.header("content-type"), &sent.body[..]), ("application/json", &br#"{"fake":"me"}"#[..]));
    assert_eq!(sent.header("x-auth-token"), "");
    assert_eq!(http.timings().len(), 2, "the login is timed, too");
}

#[test]
fn t17_options_come_from_variables_and_flags_in_either_spelling() {
    let variables = [("OS_TENANT_NAME", "fake-project"), ("OS_USERNAME", "fake-username"), ("HOME", "/root")];
    let environment =
        Environment::new(variables.map(|(name, value)| (name.to_owned(), value.to_owned())), []);
    let options = Options::from_environment(&environment)
        .with("auth-url", "fake-url")
        .with("auth_system", "fake-system");
    for (name, value) in [
        ("tenant_name", "fake-project"),
        ("username", "fake-username"),
        ("auth_url", "fake-url"),
        ("auth_system", "fake-system"),
    ] {
        assert_eq!(options.get(name), Some(value));
    }
    assert_eq!(options.get("home"), None);
    let error = Plugins::standard().choose(&options).unwrap_err();
    assert!(error.is_auth_system_not_found());
    assert_eq!(error.message(), "AuthSystemNotFound: 'fake-system'");
    assert!(!format!("{options:?}").contains("fake-url"));
}

#[test]
fn t18_an_attribute_that_is_not_known_is_read_once() {
    let script = logged_in().answer(200, r#"{"server": {"id": 1, "name": "one"}}"#);
    let thing = servers(&script).lazy("1");
    assert_eq!(run(thing.attribute("name")).unwrap(), Some(json!("one")));
    assert_eq!(run(thing.attribute("nothing")).unwrap(), None);
    assert_eq!(script.requests()[1].path(), "/v1.0/p1/servers/1");
    assert_eq!(script.requests().len(), 2);
}

#[test]
fn t19_things_are_equal_by_class_and_id_or_by_all_that_they_are() {
    let thing = |class: &str, value: Value| Object::new(class, value.as_object().unwrap().clone());
    assert_eq!(thing("A", json!({"id": 1, "name": "a"})), thing("A", json!({"id": 1, "name": "b"})));
    assert_ne!(thing("A", json!({"id": 1})), thing("B", json!({"id": 1})));
    assert_eq!(thing("A", json!({"name": "a"})), thing("A", json!({"name": "a"})));
    assert_ne!(thing("A", json!({"name": "a"})), thing("A", json!({"name": "a", "id": 1})));
}

#[test]
fn t20_things_without_an_attribute_are_not_what_is_looked_for() {
    let list = r#"{"servers": [{"id": "1", "name": "x"}, {"id": "2", "name": "x"}, {"id": "aa1"}]}"#;
    let look = || servers(&logged_in().answer(200, list));
    assert!(run(look().find_all(&[("vegetable", json!("carrot"))])).unwrap().is_empty());
    let error = run(look().find(&[("vegetable", json!("carrot"))])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.message(), r#"No Server matching {"vegetable":"carrot"}."#);
    assert!(run(look().find(&[("name", json!("x"))])).unwrap_err().is_no_unique_match());
    assert_eq!(run(look().find(&[("name", json!("x")), ("id", json!("2"))])).unwrap().id(), "2");
}

#[test]
fn a7_row_1_and_2_a_service_that_comes_later_needs_no_login() {
    let script = ScriptedTransport::new().reply(issued("t1")).answer(200, "").answer(200, "");
    let http = over(CloudAuth::new(keystone(URL)), &script, &ManualClock::auto()).build().unwrap();
    run(http.raw("database").get("/x")).unwrap();
    run(http.raw("messaging").get("/x")).unwrap();
    assert_eq!(script.requests().iter().filter(|request| request.op == "openstack.token.issue").count(), 1);
}

#[test]
fn a7_row_4_a_service_that_is_not_in_the_catalog_is_named() {
    let script = ScriptedTransport::new().reply(issued("t1"));
    let http = over(CloudAuth::new(keystone(URL)), &script, &ManualClock::auto()).build().unwrap();
    let error = run(http.raw("compute").get("/x")).unwrap_err();
    assert!(
        error.is_endpoint_not_found()
            && error.message().contains("public endpoint for compute service not found")
    );
}

#[test]
fn a10_endpoint_and_path_meet_with_one_slash() {
    assert_eq!(concat_url("http://k/", "/a?b=/c/"), "http://k/a?b=/c");
    assert_eq!(concat_url("http://k//", "//x/y//"), "http://k/x/y");
}

#[test]
fn a6_requests_and_answers_are_logged_as_commands_with_digests_for_tokens() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&lines);
    let log =
        pentad_openstack::CurlLog::new(move |line| seen.lock().unwrap().push(line.to_owned())).insecure(true);
    let fake = Fake::with(&[Some(("totally_bogus", "http://e/v1"))]);
    let script =
        ScriptedTransport::new().answer_with(200, ("x-subject-token", "totally_bogus_subject_token"), "{}");
    let http = over(renewing(&fake), &script, &ManualClock::auto()).observer(Arc::new(log)).build().unwrap();
    run(http.raw("compute").post("/foo?q=1", Some(&json!({"adminPass": "canary", "name": "it's"})))).unwrap();
    let lines = lines.lock().unwrap();
    assert!(
        lines[0].starts_with("REQ: curl -g -i --insecure -X 'POST' 'http://e/v1/foo?q=1'"),
        "{}",
        lines[0]
    );
    assert!(
        lines[0].contains("-H 'X-Auth-Token: {SHA1}b42162b6ffdbd7c3c37b7c95b7ba9f51dda0236d'"),
        "{}",
        lines[0]
    );
    assert!(lines[0].contains(r#"-d '{"adminPass":"***","name":"it'\''s"}'"#), "{}", lines[0]);
    assert_eq!(lines[1], "RESP: [200] {'X-Subject-Token': '{SHA1}1999873bee4b1aed81b7abb168044a8cbbbccbd6'}");
    assert!(!lines.concat().contains("totally_bogus") && !lines.concat().contains("canary"));
}
