//! No secret is seen: neither in logs of any level, nor in the curl log, in errors, in `Debug`, in commands to paste, nor,
//! but for the token itself, in the cache (OpenStack reference A6.2 and beyond).

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};

use pentad_core::auth::FileTokenStore;
use pentad_core::{BoxFuture, Request, Response, Result, Secret, Transport};
use pentad_openstack::auth::{Domain, Federation, Grant, IdentityVersion, Method, Passcode, Pkce, User};
use pentad_openstack::manager::Fields;
use pentad_openstack::{Client, CloudAuth, CurlLog, HttpClient, Keystone};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::stage::{REJECTED, URL, body, issued, with};

const CANARY: &str = "canary";

/// All that was written anywhere.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<u8>>>);

impl io::Write for Seen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Seen {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Sends by a script whose own `Debug`, which repeats all requests, is none of ours.
struct Quiet(ScriptedTransport);

impl std::fmt::Debug for Quiet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Quiet")
    }
}

impl Transport for Quiet {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        let inner = self.0.shared();
        Box::pin(async move { inner.send(request).await })
    }
}

fn quiet(script: &ScriptedTransport) -> Arc<dyn Transport> {
    Arc::new(Quiet(script.clone()))
}

impl Seen {
    fn note(&self, text: &str) {
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    fn curl(&self) -> Arc<CurlLog> {
        let seen = self.clone();
        Arc::new(CurlLog::new(move |line| seen.note(&format!("{line}\n"))))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    /// What a call shows of itself, and what comes of it.
    fn outcome<T: std::fmt::Debug>(&self, what: &str, outcome: &Result<T>) {
        let mut text = format!("{what}: {outcome:?}");
        if let Err(error) = outcome {
            let _ = write!(text, " {error} {error:#?} {:?}", error.api());
        }
        self.note(&text);
    }
}

fn secret(what: &str) -> Secret {
    Secret::new(format!("{CANARY}-{what}"))
}

/// A login of each kind, with answers that hold secrets of their own.
fn logins() -> Vec<(&'static str, Keystone, ScriptedTransport)> {
    let user = || User::name("demo").of(Domain::id("default"));
    let token = || with(201, "x-subject-token", "canary-subject", &body());
    let script = ScriptedTransport::new;
    let refused = || script().answer(401, REJECTED);
    let receipt = || {
        let body =
            json!({"receipt": {"methods": ["password"]}, "required_auth_methods": [["password", "totp"]]});
        script().reply(with(401, "openstack-auth-receipt", "canary-receipt", &body))
    };
    let password = || Keystone::password(URL, user(), secret("password")).unwrap();
    let federated = |grant: Grant| {
        let pkce = Pkce::from_verifier(secret("verifier"));
        let federation =
            Federation::new("sso", "openid", grant).client("me", Some(secret("client"))).pkce(pkce);
        let federation = federation.token_endpoint("https://sso.test/token");
        Keystone::federated(URL, federation.device_endpoint("https://sso.test/device")).unwrap()
    };
    let access =
        r#"{"access_token": "canary-access", "refresh_token": "canary-refresh", "id_token": "canary-id"}"#;
    let device = r#"{"device_code": "canary-device", "user_code": "A", "verification_uri": "https://sso.test/go", "interval": 1}"#;
    let v2 = json!({"access": {"token": {"id": "canary-v2", "expires": "2026-01-01T01:00:00Z"}, "user": {"id": "u"},
        "serviceCatalog": []}});
    vec![
        ("password", password(), script().reply(token())),
        ("password refused", password(), refused()),
        ("token", Keystone::token(URL, secret("token")).unwrap(), script().reply(token())),
        ("token unknown", Keystone::token(URL, secret("token")).unwrap(), script().answer(404, REJECTED)),
        (
            "credential",
            Keystone::application_credential(URL, "id", secret("secret")).unwrap(),
            script().reply(token()),
        ),
        (
            "totp",
            password().and(Method::Totp(user(), Passcode::Once(secret("passcode")))),
            script().reply(token()),
        ),
        (
            "receipt",
            password().if_required(Method::Totp(user(), Passcode::Once(secret("passcode")))),
            receipt().reply(token()),
        ),
        ("receipt alone", password(), receipt()),
        ("v2", password().version(IdentityVersion::V2), script().answer(200, v2.to_string())),
        ("v2 token", Keystone::token(URL, secret("token")).unwrap().version(IdentityVersion::V2), refused()),
        ("oidc", federated(Grant::ClientCredentials), script().answer(200, access).reply(token())),
        (
            "oidc password",
            federated(Grant::Password("me".to_owned(), secret("pw"))),
            script().answer(200, access).reply(token()),
        ),
        ("oidc token", federated(Grant::AccessToken(secret("access"))), script().reply(token())),
        (
            "oidc code",
            federated(Grant::Code { redirect_uri: "http://localhost/".to_owned(), code: secret("code") }),
            script().answer(200, access).reply(token()),
        ),
        (
            "oidc device",
            federated(Grant::Device(Arc::new(|_| {}))),
            script().answer(200, device).answer(200, access).reply(token()),
        ),
        (
            "oidc refused",
            federated(Grant::ClientCredentials),
            script().answer(400, r#"{"error": "invalid_client", "client_secret": "canary-echo"}"#),
        ),
    ]
}

fn log_in(seen: &Seen) {
    for (what, login, script) in logins() {
        seen.note(&format!("{login:?}"));
        let client = Client::new(login)
            .transport(quiet(&script))
            .clock(ManualClock::auto().shared())
            .observer(seen.curl())
            .build()
            .unwrap();
        let issue = client.issue();
        seen.note(&issue.curl().unwrap_or_default());
        seen.outcome(what, &run(issue));
        seen.note(&format!("{client:?} {:?}", client.auth().access()));
        assert_eq!(script.left(), 0, "{what}");
    }
}

fn administer(seen: &Seen) {
    let echo = r#"{"error": {"message": "no", "code": 400}, "password": "canary-echo"}"#;
    let mut script = ScriptedTransport::new().reply(issued("canary-token"));
    for _ in 0..9 {
        script = script.reply(with(
            400,
            "set-cookie",
            "session=canary-cookie",
            &serde_json::from_str(echo).unwrap(),
        ));
    }
    let login = Keystone::password(URL, User::id("u"), secret("password")).unwrap();
    let client = Client::new(login).transport(quiet(&script)).clock(ManualClock::auto().shared());
    let client = client.observer(seen.curl()).build().unwrap();
    let identity = client.identity();
    let fields =
        || Fields::new().with("name", "x").with("password", "canary-new").with("secret", "canary-secret");
    macro_rules! note {
        ($($call:expr),* $(,)?) => {$({
            let call = $call;
            seen.note(&format!("{call:?} {:?} {}", call.request(), call.curl().unwrap()));
            seen.outcome("call", &run(call));
        })*};
    }
    let blob = json!({"type": "totp", "blob": "canary-blob", "user_id": "u"});
    note!(
        identity.users().create(&fields()),
        identity.users().update("u", &fields()),
        identity.application_credentials("u").create(&fields()),
        identity.credentials().create(&blob),
        identity.change_password("u", &secret("old"), &secret("new")),
        client.validate(&secret("subject")),
        client.check(&secret("subject")),
        client.revoke(&secret("subject")),
        client
            .call(
                "openstack.token.validate",
                &[("token", "canary-arg")],
                &[("access_token", "canary-query")],
                None
            )
            .unwrap(),
    );
}

fn any_service(seen: &Seen) {
    let mut script = ScriptedTransport::new().reply(issued("canary-token"));
    for _ in 0..4 {
        script = script.answer_with(
            200,
            ("x-auth-token", "canary-answer"),
            r#"{"server": {"id": 1, "adminPass": "canary-pass"}}"#,
        );
    }
    let login = Keystone::password(URL, User::id("u"), secret("password")).unwrap();
    let http =
        HttpClient::builder(CloudAuth::new(login.scope(pentad_openstack::auth::Scope::project_id("p1"))));
    let http = http
        .transport(quiet(&script))
        .clock(ManualClock::auto().shared())
        .observer(seen.curl())
        .build()
        .unwrap();
    let raw = http.raw("database");
    let create =
        json!({"server": {"adminPass": "canary-pass", "users": [{"name": "a", "password": "canary-user"}]}});
    let service_token = http::HeaderName::from_static("x-service-token");
    let calls = [
        raw.post("/servers", Some(&create)),
        raw.get("/servers?auth_token=canary-query&signature=canary-signature"),
        raw.get("/tokens/canary-path"),
        raw.get("/x").header(service_token, http::HeaderValue::from_static("canary-service")),
    ];
    for call in calls {
        seen.note(&format!("{call:?} {:?} {}", call.request(), call.curl().unwrap()));
        run(call).unwrap();
    }
    let servers = raw.manager("server", "/servers");
    let known = create["server"].as_object().unwrap().clone();
    seen.note(&format!("{http:?} {servers:?} {:?}", servers.lazy_from(known)));
}

#[test]
fn no_secret_is_seen_anywhere() {
    let seen = Seen::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(seen.clone());
    tracing::subscriber::with_default(subscriber.with_ansi(false).finish(), || {
        log_in(&seen);
        administer(&seen);
        any_service(&seen);
    });
    let text = seen.text();
    // What was looked at is what is meant to be looked at.
    for line in [
        "REQ: curl -g -i -X 'POST'",
        "RESP: [201]",
        "pentad::request",
        "X-Subject-Token: {SHA1}",
        "curl -X POST",
    ] {
        assert!(text.contains(line), "{line} was not seen");
    }
    let leaks: Vec<&str> = text
        .match_indices(CANARY)
        .map(|(at, _)| {
            &text[text.floor_char_boundary(at.saturating_sub(120))
                ..text.floor_char_boundary((at + 40).min(text.len()))]
        })
        .collect();
    assert!(
        leaks.is_empty(),
        "{} leaks, such as\n{}",
        leaks.len(),
        leaks[..leaks.len().min(5)].join("\n---\n")
    );
}

#[test]
fn the_cache_holds_tokens_and_no_other_secret_and_nobody_else_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(FileTokenStore::new(folder.path()));
    for (_, login, script) in logins() {
        let client = Client::new(login).transport(quiet(&script)).clock(ManualClock::auto().shared());
        let _ = run(client.store(Arc::clone(&store) as _).build().unwrap().issue());
    }
    let mut files = 0;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap_or_default();
        let others = text.replace("canary-subject", "").replace("canary-v2", "");
        assert!(!others.contains(CANARY), "{document}");
        assert!(!file.file_name().to_string_lossy().contains(CANARY));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        files += 1;
    }
    assert!(files > 5);
}

#[test]
fn no_option_that_takes_a_secret_is_to_be_given_on_a_command_line() {
    use pentad_openstack::auth::plugin::Plugins;
    let secret: Vec<&str> = Plugins::standard()
        .options(None)
        .into_iter()
        .filter(|option| option.is_secret())
        .map(|option| option.name)
        .collect();
    for name in ["password", "token", "application_credential_secret", "passcode", "access_token"] {
        assert!(secret.contains(&name), "{name}");
    }
}
