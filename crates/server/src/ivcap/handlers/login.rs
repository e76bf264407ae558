//! Logging in to this installation: the device flow, renewal, and the keys that tokens are checked with.

use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::http::Reply;
use crate::ivcap::auth::device::{Allower, PATIENCE, Progress};
use crate::ivcap::auth::{Granted, Scopes, sha256};
use crate::ivcap::call::{self, Call};
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::storage::renewals;

/// What renewals are sealed for.
const SEALED: &str = "ivcap.renewal";
/// Bytes of a form.
const LONGEST: usize = 65_536;

/// What a renewal stands for.
#[derive(Serialize, Deserialize)]
struct Renewal {
    account: String,
    user: String,
    /// What was asked for.
    scope: String,
    /// What of it was granted.
    #[serde(default = "everything")]
    granted: String,
}

/// What renewals stood for that say nothing else.
fn everything() -> String {
    Scopes::ALL.text()
}

/// `GET /1/auth/jwks.json`
pub(crate) async fn keys(call: Call) -> Answer<Reply> {
    let key = call.core.tokens.key().ok_or_else(Failure::unavailable)?;
    Ok(call::ok(&key.key_set()))
}

/// `POST /1/auth/device`
pub(crate) async fn begin(mut call: Call) -> Answer<Reply> {
    let form = form(&mut call).await?;
    let allowed = if call.core.settings.auto_approve { anyone(&call) } else { None };
    let now = call.core.seconds();
    let begun =
        call.core.logins.begin(field(&form, "scope"), now, allowed).ok_or_else(Failure::unavailable)?;
    let page = call.view.link("/1/auth/activate");
    Ok(call::ok(&json!({
        "device_code": begun.device_code,
        "user_code": begun.user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={}", begun.user_code),
        "expires_in": PATIENCE,
        "interval": 1,
    })))
}

/// Someone to be where nobody is asked: the announced user, or else the first one.
fn anyone(call: &Call) -> Option<Allower> {
    let directory = call.core.tokens.directory();
    let first = || directory.users.iter().next().map(|(urn, user)| (user.account.clone(), urn.clone()));
    let (account, user) = call.core.announced().or_else(first)?;
    Some(Allower { account, user, scopes: Scopes::ALL })
}

/// `GET /1/auth/activate`
pub(crate) async fn page(call: Call) -> Answer<Reply> {
    let code: String =
        call.text("user_code").unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
    let code = code.split_at_checked(4).map_or_else(String::new, |(start, end)| format!("{start}-{end}"));
    let html = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>Log in</title><form method=\"post\"><p><label>Code \
         <input name=\"user_code\" value=\"{code}\"></label><p><label>Your token <input name=\"token\" \
         type=\"password\" autocomplete=\"off\"></label><p><button>Let the program in</button></form>\n"
    );
    Ok(Reply::new(StatusCode::OK).content_type("text/html; charset=utf-8").body(html))
}

/// `POST /1/auth/activate`: the login gets the account and user of the token that is shown here.
pub(crate) async fn allow(mut call: Call) -> Answer<Reply> {
    let form = form(&mut call).await?;
    let now = call.core.seconds();
    let caller =
        call.core.tokens.check(field(&form, "token").trim(), now).ok_or_else(Failure::unauthorized)?;
    let by = Allower { account: caller.account.clone(), user: caller.user, scopes: caller.scopes };
    if !call.core.logins.allow(field(&form, "user_code"), now, by) {
        return Err(Failure::not_found("urn:ivcap:login", "there is no login with this code"));
    }
    let directory = call.core.tokens.directory();
    let account = directory.accounts.get(&caller.account).map_or("", |account| account.name.as_str());
    let text = format!("The program is let in to the account {account}. You may close this page.\n");
    Ok(Reply::text(StatusCode::OK, text))
}

/// `POST /1/auth/token`
pub(crate) async fn token(mut call: Call) -> Answer<Reply> {
    let form = form(&mut call).await?;
    match field(&form, "grant_type") {
        "urn:ietf:params:oauth:grant-type:device_code" => {
            match call.core.logins.progress(field(&form, "device_code"), call.core.seconds()) {
                Progress::Pending => Err(refused(StatusCode::FORBIDDEN, "authorization_pending")),
                Progress::Expired => Err(refused(StatusCode::BAD_REQUEST, "expired_token")),
                Progress::Unknown => Err(refused(StatusCode::BAD_REQUEST, "invalid_grant")),
                Progress::Allowed(by, scope) => {
                    let granted = by.scopes.and(Scopes::asked(&scope)).text();
                    grant(&call, Renewal { account: by.account, user: by.user, scope, granted }, None).await
                }
            }
        }
        "refresh_token" => {
            let text = field(&form, "refresh_token").to_owned();
            let (digest, now) = (sha256(&text), call.core.seconds());
            let sealed = call.core.read(move |tx| Ok(renewals::get(tx, &digest, now)?)).await?;
            let sealed = sealed.ok_or_else(|| refused(StatusCode::BAD_REQUEST, "invalid_grant"))?;
            let plain = call.core.engine.vault().open(SEALED, &sealed)?;
            let renewal = serde_json::from_slice(&plain).map_err(|_| Failure::internal())?;
            grant(&call, renewal, Some(text)).await
        }
        _ => Err(refused(StatusCode::BAD_REQUEST, "unsupported_grant_type")),
    }
}

/// Tokens for someone who is let in; `renewal` is what was used, or none yet.
async fn grant(call: &Call, who: Renewal, renewal: Option<String>) -> Answer<Reply> {
    let (core, now) = (&call.core, call.core.seconds());
    // Who is gone, or may less than once, gets no more than that.
    let known = core.tokens.directory().caller(&who.user, &who.account, Scopes::parse(&who.granted));
    let known = known.ok_or_else(|| refused(StatusCode::BAD_REQUEST, "invalid_grant"))?;
    let seconds = core.settings.token_lifetime;
    let lifetime = Duration::from_secs(u64::from(seconds));
    let scopes = known.scopes;
    let granted = Granted { account: who.account.clone(), user: who.user.clone(), scopes, lifetime };
    let token = core.tokens.issue(&granted, now)?;
    let mut body = json!({
        "access_token": token, "id_token": token, "token_type": "Bearer", "expires_in": seconds,
        "scope": scope_text(&who.scope, scopes),
    });
    let offline = who.scope.split_whitespace().any(|scope| scope == "offline_access");
    let renewal = match renewal {
        Some(same) => Some(same),
        None if offline => Some(renewable(call, &who).await?),
        None => None,
    };
    if let (Some(renewal), Value::Object(body)) = (renewal, &mut body) {
        body.insert("refresh_token".to_owned(), json!(renewal));
    }
    Ok(call::ok(&body))
}

/// What was asked for and granted; of what this service knows, only what was granted.
fn scope_text(asked: &str, granted: Scopes) -> String {
    let others = asked.split_whitespace().filter(|scope| !scope.starts_with("consumer:"));
    let granted = granted.text();
    others.chain(granted.split_whitespace()).collect::<Vec<_>>().join(" ")
}

async fn renewable(call: &Call, who: &Renewal) -> Answer<String> {
    let text = crate::credentials::generate().map_err(|_| Failure::internal())?;
    let plain = serde_json::to_vec(who).map_err(|_| Failure::internal())?;
    let sealed = call.core.engine.vault().seal(SEALED, &plain)?;
    let (digest, now) = (sha256(&text), call.core.seconds());
    let ends = now + i64::from(call.core.settings.refresh_lifetime);
    let stored = call.core.store.write(move |tx| renewals::put(tx, &digest, &sealed, ends, now));
    stored.await?;
    Ok(text)
}

fn refused(status: StatusCode, error: &str) -> Failure {
    Failure::status(status, json!({"error": error, "error_description": error, "message": error}))
}

async fn form(call: &mut Call) -> Answer<Vec<(String, String)>> {
    let body = call.bytes().await?;
    if body.len() > LONGEST {
        return Err(Failure::too_large(LONGEST as u64));
    }
    Ok(url::form_urlencoded::parse(&body).into_owned().collect())
}

fn field<'f>(form: &'f [(String, String)], name: &str) -> &'f str {
    form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}
