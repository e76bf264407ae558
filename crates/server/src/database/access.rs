//! From the listener to a handler: version, token, project, rates, route, body (OpenStack reference C1, C2).

use std::sync::Arc;

use http::Method;
use serde_json::Value;

use super::Trove;
use super::accept;
use super::call::{Call, Caller, Done};
use super::error::{Answer, Failure};
use super::handlers::home;
use super::limits::RateView;
use super::object_store;
use super::routes::{Endpoint, Gate, Run};
use crate::http::{Inbound, Reply};
use crate::identity::Rejected;
use crate::route::{Matched, Outcome};

/// The version in paths.
const VERSION: &str = "/v1.0";
/// The role of administrators.
const ADMIN: &str = "admin";
const NOT_FOUND: &str = "database:notFound";

impl Trove {
    /// Answers one request.
    pub(super) async fn answer(&self, mut inbound: Inbound) -> Reply {
        if object_store::is_beside(&inbound.path) {
            return self.beside(&inbound).await;
        }
        let accept = inbound.header("accept").map(str::to_owned);
        let (name, answer) = self.route(&mut inbound, accept.as_deref()).await;
        let reply = match answer {
            Ok(done) => done.reply(),
            Err(failure) => failure.reply(accept::wanted(accept.as_deref())),
        };
        reply.route(name)
    }

    async fn route(&self, inbound: &mut Inbound, accept: Option<&str>) -> (&'static str, Answer<Done>) {
        if matches!(inbound.path.as_str(), "" | "/") && inbound.method == Method::GET {
            return ("database:versions", Ok(Done::ok(home::versions(&inbound.base))));
        }
        let path = match versioned(&inbound.path, accept) {
            Ok(path) => path,
            Err(failure) => return (NOT_FOUND, Err(failure)),
        };
        let caller = match self.identify(inbound, &path).await {
            Ok(caller) => caller,
            Err(failure) => return (NOT_FOUND, Err(failure)),
        };
        let matched = match self.routes.find(&inbound.method, &path) {
            Outcome::Matched(matched) => Some(matched),
            Outcome::WrongMethod { .. } | Outcome::NotFound => None,
        };
        let counts = matched.as_ref().is_none_or(|matched| matched.route.handler.gate == Gate::Project);
        let rates = match self.count(inbound, &caller, counts) {
            Ok(rates) => rates,
            Err(failure) => return (NOT_FOUND, Err(failure)),
        };
        let Some(matched) = matched else { return (NOT_FOUND, Err(Failure::no_route())) };
        let name = matched.route.name;
        (name, self.run(inbound, caller, rates, matched).await)
    }

    /// Who calls, by the token; the project is `""` if the token has none.
    pub(super) async fn caller(&self, inbound: &Inbound) -> Answer<Caller> {
        let token = inbound.header("x-auth-token").filter(|token| !token.is_empty());
        let Some(token) = token else { return Err(self.unauthorized()) };
        let info = match self.identity.validate(token).await {
            Ok(info) => info,
            Err(Rejected::Invalid) => return Err(self.unauthorized()),
            Err(_) => return Err(Failure::unavailable("Tokens cannot be checked.")),
        };
        if !info.permits("database", &inbound.method, &inbound.path) {
            return Err(self.unauthorized());
        }
        let is_admin = info.has_role(ADMIN);
        Ok(Caller { user: info.user_id, project: info.project_id.unwrap_or_default(), is_admin })
    }

    /// Who calls; the project of the path must be the token's.
    async fn identify(&self, inbound: &Inbound, path: &str) -> Answer<Caller> {
        let caller = self.caller(inbound).await?;
        let project = &caller.project;
        let given = path.strip_prefix('/').and_then(|path| path.split_once('/')).map(|(first, _)| first);
        if project.is_empty() || given != Some(project.as_str()) {
            return Err(Failure::wrong_project(if project.is_empty() { "None" } else { project }));
        }
        Ok(caller)
    }

    fn unauthorized(&self) -> Failure {
        let places = self.listening.places("identity");
        let root = places.own_url().or_else(|| places.prefix_url("identity")).unwrap_or_default();
        Failure::Token { uri: root }
    }

    /// Counts the call against the rates of its project, which extensions of the original's core escape.
    fn count(&self, inbound: &Inbound, caller: &Caller, counts: bool) -> Answer<Vec<RateView>> {
        if !counts {
            return Ok(Vec::new());
        }
        let (settings, now) = (self.settings(), self.time.now());
        let counted = self.limiter.count(&caller.project, &inbound.method, &settings, self.quirks, now);
        counted.map_err(|many| Failure::Limited { details: many.details, seconds: many.seconds })
    }

    async fn run(
        &self,
        inbound: &mut Inbound,
        caller: Caller,
        rates: Vec<RateView>,
        matched: Matched<'_, Endpoint>,
    ) -> Answer<Done> {
        let endpoint = matched.route.handler;
        let body = read_body(inbound).await?;
        if let Some(check) = endpoint.check {
            check(body.as_ref().unwrap_or(&Value::Object(serde_json::Map::new())))?;
            // The original calls its handler without the argument that it needs.
            body.as_ref().ok_or_else(Failure::crash)?;
        }
        let call = Call {
            caller,
            params: matched.params.into_iter().map(|(name, value)| (name, storable(value))).collect(),
            query: inbound.query_pairs().into_iter().map(|(name, value)| (name, storable(value))).collect(),
            body,
            host: host(inbound),
            path: whole_path(inbound),
            settings: self.settings(),
            quirks: self.quirks,
            rates,
        };
        if endpoint.gate == Gate::Admin {
            call.need_admin()?;
        }
        match endpoint.run {
            Run::More(run) => run(self, &call).await,
            Run::Read(run) => {
                let call = Arc::new(call);
                self.read(move |tx| run(tx, &call)).await
            }
            Run::Write(run) => {
                let call = Arc::new(call);
                self.write(move |tx| run(tx, &call)).await
            }
        }
    }
}

/// The path below the version; the version may stand in the `accept` header instead.
fn versioned(path: &str, accept: Option<&str>) -> Answer<String> {
    let below = path.strip_prefix(VERSION).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    if let Some(rest) = below {
        return Ok(if rest.is_empty() { "/".to_owned() } else { rest.to_owned() });
    }
    let has_version =
        path.strip_prefix("/v").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    match accept::version(accept) {
        Some("1.0") if !has_version => Ok(path.to_owned()),
        Some(_) if !has_version => {
            Err(Failure::new(http::StatusCode::NOT_ACCEPTABLE, "version not supported"))
        }
        _ => Err(Failure::no_route()),
    }
}

/// The body, if there is one and it says that it is JSON.
async fn read_body(inbound: &mut Inbound) -> Answer<Option<Value>> {
    let bytes = inbound.body.bytes().await?;
    let Some(kind) = inbound.header("content-type") else { return Ok(None) };
    if bytes.is_empty() {
        return Ok(None);
    }
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Failure::unsupported_media(kind));
    }
    let value: Value = serde_json::from_slice(&bytes).map_err(|_| Failure::malformed())?;
    if has_null_character(&value) {
        // Neither database stores U+0000.
        return Err(Failure::malformed());
    }
    Ok(Some(value))
}

fn has_null_character(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_null_character),
        Value::Object(map) => {
            map.iter().any(|(name, value)| name.contains('\0') || has_null_character(value))
        }
        _ => false,
    }
}

/// A text that both databases take: U+0000 is in nothing that is stored, so that its stand-in finds nothing either.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// Host and port as the client sees them.
fn host(inbound: &Inbound) -> String {
    let origin = inbound.origin();
    origin.split_once("://").map_or(origin, |(_, host)| host).to_owned()
}

/// The path of the request with the prefix that the service does not see.
fn whole_path(inbound: &Inbound) -> String {
    let prefix = inbound.base.strip_prefix(inbound.origin()).unwrap_or_default();
    format!("{prefix}{}", inbound.path)
}
