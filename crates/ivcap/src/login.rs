//! Logging in where the platform says, and renewing tokens (IVCAP reference 2.3).

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use pentad_core::auth::{Exchange, Token, TokenSource, sensitive};
use pentad_core::retry::Schedule;
use pentad_core::work::{Event, Observed, Polling, Until};
use pentad_core::{
    Body, Call, Context, Error, ErrorKind, Op, Request, Result, Secret, Sent, Target, Work, decode,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::Client;
use crate::ops;

/// What is asked for when logging in: `offline_access` brings the token that renews.
const SCOPES: &str = "openid profile email offline_access";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where to log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct LoginInformation {
    /// The provider that is taken when none is chosen.
    pub default_provider_id: String,
    /// The providers by id.
    pub providers: BTreeMap<String, Provider>,
}

/// Where and as whom to log in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Provider {
    /// Its id.
    #[serde(default)]
    pub id: String,
    /// Where people log in.
    #[serde(default)]
    pub login_url: String,
    /// Where tokens come from.
    pub token_url: String,
    /// Where a login on another device begins.
    #[serde(default)]
    pub code_url: String,
    /// The keys that tokens are signed with.
    #[serde(default)]
    pub jwks_url: String,
    /// Who this client is to the provider.
    pub client_id: String,
    /// Who the tokens are for.
    #[serde(default)]
    pub audience: String,
}

impl LoginInformation {
    /// A provider by its id, or the default one.
    pub fn provider(&self, id: Option<&str>) -> Option<&Provider> {
        self.providers.get(id.unwrap_or(&self.default_provider_id))
    }
}

/// A login that somebody finishes on another device.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct DeviceLogin {
    /// What proves that it is the same login.
    device_code: Secret,
    /// What the person types in.
    pub user_code: String,
    /// Where.
    #[serde(alias = "verification_url")]
    pub verification_uri: String,
    /// The same with the code in it.
    #[serde(default)]
    pub verification_uri_complete: Option<String>,
    /// How many seconds the code lasts.
    #[serde(default = "quarter")]
    pub expires_in: u64,
    /// Seconds between looks.
    #[serde(default = "five")]
    pub interval: u64,
}

/// By how much the pauses grow each time that the provider wants them longer.
const SLOWER: Duration = Duration::from_secs(5);

const fn quarter() -> u64 {
    900
}

const fn five() -> u64 {
    5
}

impl Client {
    /// Where to log in. Needs no credential.
    ///
    /// # Errors
    /// [`Decode`](ErrorKind::Decode) if the document is not what it should be.
    /// # Source
    /// IVCAP reference 2.3.
    pub fn login_information(&self) -> Call<LoginInformation> {
        self.op(&ops::LOGIN_INFORMATION).call(information)
    }

    /// Begins a login that somebody finishes on another device.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the provider has no such login.
    /// # Source
    /// IVCAP reference 2.3.
    pub fn device_login(&self, provider: &Provider) -> Work<DeviceLogin> {
        let provider = provider.clone();
        let preview = self.op(&ops::LOGIN_INFORMATION).request();
        Work::new(self.session(), &ops::LOGIN_BEGIN, preview, move |scope| {
            Box::pin(async move {
                let ex = scope.session().exchange();
                let form = [
                    ("client_id", &*provider.client_id),
                    ("scope", SCOPES),
                    ("audience", &provider.audience),
                ];
                scope.run(post(&ex, &ops::LOGIN_BEGIN, &provider.code_url, &form)?.call(decode::json)).await
            })
        })
    }

    /// Waits until the login was finished on the other device, and gives the token.
    ///
    /// # Errors
    /// [`Forbidden`](ErrorKind::Forbidden) if it was refused; [`Timeout`](ErrorKind::Timeout) when the code has ended.
    /// # Source
    /// IVCAP reference 2.3.
    pub fn await_login(&self, provider: &Provider, login: &DeviceLogin) -> Work<Token> {
        let every = Duration::from_secs(login.interval.clamp(1, 60));
        let polling = Polling::default()
            .delay(every)
            .schedule(Schedule::Fixed(every))
            .limit(Some(Duration::from_secs(login.expires_in)));
        let (session, code) = (self.session().clone(), login.device_code.clone());
        let (ex, issuer, provider) = (session.exchange(), provider.clone(), provider.clone());
        let look = move || {
            let form =
                [("grant_type", DEVICE), ("device_code", code.expose()), ("client_id", &*provider.client_id)];
            match post(&ex, &ops::LOGIN_TOKEN, &provider.token_url, &form) {
                Ok(draft) => draft.accept(still_open).call(decode::json::<Value>),
                Err(error) => ex.op(&ops::LOGIN_TOKEN).refuse(error).call(decode::json::<Value>),
            }
        };
        let clock = std::sync::Arc::clone(self.session().clock());
        let mut pause = every;
        Work::until(self.session(), &ops::LOGIN_TOKEN, polling, look, move |seen| {
            let Observed::There(answer) = seen else {
                return Until::Never(Error::new(ErrorKind::Config, "the provider gives no tokens there"));
            };
            match answer["error"].as_str() {
                None => match token(&answer, &issuer, clock.wall()) {
                    Ok(token) => Until::Done(token),
                    Err(error) => Until::Never(error),
                },
                Some("authorization_pending") => Until::After(pause, Event::new("waiting for the login")),
                // From now on, not only once (RFC 8628 3.5).
                Some("slow_down") => {
                    pause += SLOWER;
                    Until::After(pause, Event::new("waiting for the login"))
                }
                Some(other) => {
                    Until::Never(Error::new(ErrorKind::Forbidden, format!("the login was refused: {other}")))
                }
            }
        })
    }
}

fn still_open(status: StatusCode, _: &HeaderMap) -> bool {
    matches!(status, StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of all decoders")]
fn information(context: &Context, _: Parts, body: Bytes) -> Result<LoginInformation> {
    #[derive(Deserialize)]
    struct Document {
        auth: LoginInformation,
    }
    let wrong =
        |why: String| Error::new(ErrorKind::Decode, why).with_op(context.op().id).with_sent(Sent::Answered);
    let text =
        std::str::from_utf8(&body).map_err(|_| wrong("the login information is no text".to_owned()))?;
    let document: Document = serde_saphyr::from_str(text)
        .map_err(|_| wrong("the login information is not what it should be".to_owned()))?;
    Ok(document.auth)
}

/// A form to exactly this URL, without credential.
fn post(ex: &Exchange, op: &'static Op, url: &str, form: &[(&str, &str)]) -> Result<pentad_core::Draft> {
    let target = Target::parse(url)?;
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", utf8_percent_encode(value, FORM));
    let text = form.iter().map(pair).collect::<Vec<_>>().join("&");
    Ok(ex
        .with(|session| session.target(target))
        .op(op)
        .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
        .header(ACCEPT, HeaderValue::from_static("application/json"))
        .body(Body::Bytes(text.into())))
}

/// A token with what renews it: the provider goes with it, so that another process need not ask where to log in.
fn token(answer: &Value, provider: &Provider, now: Timestamp) -> Result<Token> {
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    let access = text("access_token").ok_or_else(|| {
        Error::new(ErrorKind::Decode, "the provider's answer has no access_token").with_sent(Sent::Answered)
    })?;
    let token = Token::new(Secret::new(access), now);
    let token = match answer.get("expires_in").and_then(Value::as_u64) {
        Some(seconds) => token.lasts(Duration::from_secs(seconds)),
        None => token,
    };
    let (refresh, id) = (text("refresh_token"), text("id_token"));
    Ok(token.data(json!({"refresh_token": refresh, "id_token": id, "provider": provider})))
}

/// Tokens of a provider, renewed by the refresh token that came with them: for
/// [`Renewing`](pentad_core::auth::Renewing) with a token from [`Client::await_login`] or a store.
#[derive(Clone, Debug)]
pub struct Login {
    provider: Option<Provider>,
}

impl Login {
    /// Renews at this provider.
    pub const fn new(provider: Provider) -> Self {
        Self { provider: Some(provider) }
    }

    /// Renews where each token came from: for tokens of [`Client::await_login`] that were kept in a store.
    pub const fn kept() -> Self {
        Self { provider: None }
    }

    fn provider(&self, stale: Option<&Token>) -> Option<Provider> {
        let kept = || Provider::deserialize(stale?.data.get("provider")?).ok();
        self.provider.clone().or_else(kept)
    }

    /// A token in hand and what renews it.
    pub fn token(access: &Secret, refresh: Option<&Secret>, obtained: Timestamp) -> Token {
        let token = Token::new(access.clone(), obtained);
        let token = match Claims::of(access).and_then(|claims| claims.expires) {
            Some(at) => token.expires(at),
            None => token,
        };
        token.data(json!({"refresh_token": refresh.map(Secret::expose)}))
    }
}

impl TokenSource for Login {
    fn fetch<'a>(&'a self, ex: &'a Exchange, stale: Option<&'a Token>) -> BoxFuture<'a, Result<Token>> {
        Box::pin(async move {
            let refresh = stale.and_then(|token| token.data.get("refresh_token")?.as_str());
            let (Some(refresh), Some(provider)) = (refresh, self.provider(stale)) else {
                let message = "the token has ended and nothing renews it";
                return Err(Error::new(ErrorKind::Unauthenticated, message).with_hint("log in again"));
            };
            let client = &*provider.client_id;
            let form = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("client_id", client)];
            let answer: Value =
                post(ex, &ops::LOGIN_TOKEN, &provider.token_url, &form)?.call(decode::json).await?;
            let mut token = token(&answer, &provider, ex.clock().wall())?;
            // A provider that does not rotate leaves it out.
            if token.data["refresh_token"].is_null() {
                token.data["refresh_token"] = json!(refresh);
            }
            Ok(token)
        })
    }

    fn place(&self, token: &Token, request: &mut Request) -> Result<()> {
        let value = sensitive(&format!("Bearer {}", token.secret.expose()))
            .ok_or_else(|| Error::new(ErrorKind::Config, "the token cannot stand in a header"))?;
        request.headers.insert(AUTHORIZATION, value);
        Ok(())
    }
}

/// What a token says about its holder. Nothing is verified: only the platform can.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claims {
    /// Full name.
    pub name: Option<String>,
    /// Short name.
    pub nickname: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Account, as a URN.
    pub account: Option<String>,
    /// When the token ends.
    pub expires: Option<Timestamp>,
}

impl Claims {
    /// Reads a token; `None` if it is not of the kind that says anything.
    pub fn of(token: &Secret) -> Option<Self> {
        let payload = token.expose().split('.').nth(1)?;
        let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        let claims: Value = serde_json::from_slice(&payload).ok()?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let account = |acc: String| {
            if acc.starts_with("urn:") { acc } else { format!("urn:ivcap:account:{acc}") }
        };
        Some(Self {
            name: text("name"),
            nickname: text("nickname"),
            email: text("email"),
            account: text("acc").map(account),
            expires: claims.get("exp").and_then(Value::as_i64).and_then(|at| Timestamp::from_second(at).ok()),
        })
    }
}
