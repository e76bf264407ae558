//! Service time from outside: look, freeze, advance, settle.

use std::time::Duration;

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, done, problem, read};
use crate::clock::real_limit;
use crate::http::Inbound;
use crate::shell::Shell;

pub(super) fn show(shell: &Shell) -> Answer {
    done(&json!({"now": shell.time.now().to_string(), "frozen": shell.time.is_frozen()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Freeze {
    /// Where to stand still; now if absent.
    at: Option<Timestamp>,
}

pub(super) fn freeze(shell: &Shell, inbound: &Inbound) -> Answer {
    let Freeze { at } = read(inbound)?;
    shell.time.freeze(at);
    show(shell)
}

pub(super) fn release(shell: &Shell) -> Answer {
    shell.time.release();
    show(shell)
}

pub(super) fn reset(shell: &Shell) -> Answer {
    shell.time.reset();
    show(shell)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    /// `PT90S`, `1h 30m`; or
    by: Option<SignedDuration>,
    /// seconds, which may have a fraction.
    seconds: Option<f64>,
}

pub(super) fn advance(shell: &Shell, inbound: &Inbound) -> Answer {
    let by = match read(inbound)? {
        Advance { by: Some(by), seconds: None } => by,
        Advance { by: None, seconds: Some(seconds) } => SignedDuration::try_from_secs_f64(seconds)
            .map_err(|error| problem(StatusCode::BAD_REQUEST, format!("seconds: {error}")))?,
        _ => return Err(problem(StatusCode::BAD_REQUEST, "give either by (a duration) or seconds")),
    };
    shell.time.advance(by);
    show(shell)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settle {
    /// Real seconds to wait at most; 30 if absent.
    limit: Option<f64>,
}

pub(super) async fn settle(shell: &Shell, inbound: &Inbound) -> Answer {
    let Settle { limit } = read(inbound)?;
    let limit = Duration::try_from_secs_f64(limit.unwrap_or(30.0))
        .map_err(|error| problem(StatusCode::BAD_REQUEST, format!("limit: {error}")))?;
    match real_limit(limit, shell.time.settle()).await {
        Some(()) => show(shell),
        None => Err(problem(StatusCode::SERVICE_UNAVAILABLE, "work that was due is still running")),
    }
}
