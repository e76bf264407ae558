//! Status and version (AMS reference 8.1 and 8.2). Both look at the token themselves.

use serde::Serialize;

use super::super::error::{Failure, narrow};
use super::super::roles::{AV, RoleSet, SA};
use super::super::storage::users;
use super::super::{Ams, Call, auth, push};
use crate::http::Reply;

#[derive(Debug, Serialize)]
struct Status {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    push_servers: Option<Vec<PushServer>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    push_functionality: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct PushServer {
    endpoint: &'static str,
    status: &'static str,
}

/// Whether the token belongs to an administrator or viewer; `None` if no user has it.
async fn is_privileged(ams: &Ams, call: &Call) -> Result<Option<bool>, Failure> {
    if call.token.is_empty() {
        return Ok(None);
    }
    let digest = auth::hex(&ams.engine.vault().digest(call.token.as_bytes()));
    let user = ams.read(move |tx| Ok(users::by_token(tx, &digest)?)).await?;
    Ok(user.map(|user| {
        let roles = user.service_roles.unwrap_or_default();
        RoleSet::of(roles.iter().map(String::as_str)).passes(SA.or(AV))
    }))
}

/// `GET /status`. Push is delivered by this process, so it serves whenever it is on; a named worker may still be missing.
pub(crate) async fn status(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    if call.query("details") == Some("true") {
        match is_privileged(ams, call).await? {
            Some(true) => {}
            Some(false) => return Err(Failure::unauthorized()),
            None => return Err(Failure::forbidden()),
        }
    }
    let push = ams.settings().push;
    let missing = push && push::is_worker_missing(ams).await?;
    Ok(narrow(&Status {
        status: if missing { "warning" } else { "ok" },
        push_servers: push.then(|| vec![PushServer { endpoint: "in-process", status: "SERVING" }]),
        push_functionality: (!push).then_some("disabled"),
    }))
}

#[derive(Debug, Serialize)]
struct Version {
    build_time: &'static str,
    golang: &'static str,
    compiler: &'static str,
    os: &'static str,
    architecture: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<&'static str>,
}

/// `GET /version`. Keys are the service's; the values are this server's.
pub(crate) async fn version(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let privileged = is_privileged(ams, call).await? == Some(true);
    Ok(narrow(&Version {
        build_time: "unknown",
        golang: "none",
        compiler: "rustc",
        os: std::env::consts::OS,
        architecture: std::env::consts::ARCH,
        release: privileged.then_some(env!("CARGO_PKG_VERSION")),
    }))
}
