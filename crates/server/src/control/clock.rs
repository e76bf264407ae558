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

/// How far one call may move time: nothing that is stored lives longer.
const FARTHEST: SignedDuration = SignedDuration::from_hours(100 * 366 * 24);
/// The last year to which time can be moved: deadlines lie beyond the present.
const LAST_YEAR: i16 = 9000;
/// How long settling may be waited for, in seconds.
const LONGEST_SETTLE: f64 = 3600.0;

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
    if let Some(at) = at {
        sensible(at).map_err(|why| problem(StatusCode::BAD_REQUEST, format!("at: {why}")))?;
    }
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
        Advance { by: Some(by), seconds: None } => ("by", by),
        Advance { by: None, seconds: Some(seconds) } => {
            let by = SignedDuration::try_from_secs_f64(seconds)
                .map_err(|error| problem(StatusCode::BAD_REQUEST, format!("seconds: {error}")))?;
            ("seconds", by)
        }
        _ => return Err(problem(StatusCode::BAD_REQUEST, "give either by (a duration) or seconds")),
    };
    let (name, by) = by;
    let refused = |why: &str| problem(StatusCode::BAD_REQUEST, format!("{name}: {why}"));
    if by.is_negative() {
        return Err(refused("time does not go back; freeze it at an earlier moment, or reset the clock"));
    }
    if by > FARTHEST {
        return Err(refused("at most 100 years at once"));
    }
    let now = shell.time.now();
    now.checked_add(by).map_err(|error| error.to_string()).and_then(sensible).map_err(|why| refused(&why))?;
    shell.time.advance(by);
    show(shell)
}

/// Refuses moments from which deadlines could not be counted.
fn sensible(at: Timestamp) -> Result<(), String> {
    let year = at.to_zoned(jiff::tz::TimeZone::UTC).year();
    match (1970..=LAST_YEAR).contains(&year) {
        true => Ok(()),
        false => Err(format!("the year must be from 1970 to {LAST_YEAR}")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settle {
    /// Real seconds to wait at most; 30 if absent.
    limit: Option<f64>,
}

pub(super) async fn settle(shell: &Shell, inbound: &Inbound) -> Answer {
    let Settle { limit } = read(inbound)?;
    let limit = limit.unwrap_or(30.0);
    if limit > LONGEST_SETTLE {
        return Err(problem(StatusCode::BAD_REQUEST, "limit: at most 3600 seconds"));
    }
    let limit = Duration::try_from_secs_f64(limit)
        .map_err(|error| problem(StatusCode::BAD_REQUEST, format!("limit: {error}")))?;
    match real_limit(limit, shell.time.settle()).await {
        Some(()) => show(shell),
        None => Err(problem(StatusCode::SERVICE_UNAVAILABLE, "work that was due is still running")),
    }
}
