//! How many calls a project may make (OpenStack reference C3): buckets that leak on service time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use http::Method;
use jiff::Timestamp;

use super::quirks::{Quirk, Quirks};
use super::settings::Settings;

/// Microseconds in which a full bucket runs out.
const MINUTE: i64 = 60_000_000;
/// Projects whose buckets are kept; beyond, those that are empty by now are forgotten.
const MOST: usize = 4096;
/// The verbs, in the order in which limits are shown.
const VERBS: [&str; 4] = ["POST", "PUT", "DELETE", "GET"];

/// One limit as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RateView {
    pub(crate) verb: &'static str,
    pub(crate) uri: &'static str,
    pub(crate) regex: &'static str,
    pub(crate) value: u32,
    pub(crate) remaining: u32,
    /// When the next call is possible, in microseconds.
    pub(crate) next: i64,
}

/// A call too many: what was exceeded, and after how many seconds it is possible again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TooMany {
    pub(crate) details: String,
    pub(crate) seconds: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    /// Microseconds of water.
    level: i64,
    /// When that was.
    at: i64,
}

/// The buckets of all projects.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    buckets: Mutex<Buckets>,
}

#[derive(Debug)]
struct Buckets {
    by_project: HashMap<String, [Bucket; 4]>,
    /// At so many it is looked which are empty.
    most: usize,
}

impl Default for Buckets {
    fn default() -> Self {
        Self { by_project: HashMap::new(), most: MOST }
    }
}

impl Limiter {
    /// Counts a call; the limits after it.
    ///
    /// # Errors
    /// [`TooMany`].
    pub(crate) fn count(
        &self,
        project: &str,
        verb: &Method,
        settings: &Settings,
        quirks: Quirks,
        now: Timestamp,
    ) -> Result<Vec<RateView>, TooMany> {
        let (now, rates) = (now.as_microsecond(), rates(settings, quirks));
        let mut all = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if all.by_project.len() >= all.most {
            all.by_project.retain(|_, buckets| buckets.iter().any(|bucket| now < bucket.at + bucket.level));
            // Where all are busy the next look is far off.
            all.most = MOST.max(all.by_project.len() * 2);
        }
        let buckets = all.by_project.entry(project.to_owned()).or_default();
        for bucket in buckets.iter_mut() {
            bucket.level = (bucket.level - (now - bucket.at).max(0)).max(0);
            bucket.at = now;
        }
        if let Some(index) = VERBS.iter().position(|known| *known == verb.as_str()) {
            let rate = i64::from(rates[index].max(1));
            let level = buckets[index].level + MINUTE / rate;
            if level > MINUTE {
                return Err(too_many(verb, rates[index], level - MINUTE));
            }
            buckets[index].level = level;
        }
        Ok(views(buckets, rates, now))
    }

    /// Forgets every call.
    pub(crate) fn clear(&self) {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).by_project.clear();
    }
}

fn too_many(verb: &Method, rate: u32, excess: i64) -> TooMany {
    let details = format!("Only {rate} {verb} request(s) can be made to * every minute.");
    TooMany { details, seconds: excess.unsigned_abs().div_ceil(1_000_000) }
}

fn rates(settings: &Settings, quirks: Quirks) -> [u32; 5] {
    let usual = if quirks.has(Quirk::RateLimits) { 200 } else { 1_000_000 };
    let given = [
        settings.http_post_rate,
        settings.http_put_rate,
        settings.http_delete_rate,
        settings.http_get_rate,
        settings.http_mgmt_post_rate,
    ];
    given.map(|rate| rate.unwrap_or(usual))
}

fn views(buckets: &[Bucket; 4], rates: [u32; 5], now: i64) -> Vec<RateView> {
    let mut all: Vec<RateView> = VERBS
        .iter()
        .zip(buckets.iter().zip(rates))
        .map(|(verb, (bucket, value))| {
            let free = (MINUTE - bucket.level).max(0) * i64::from(value) / MINUTE;
            let remaining = u32::try_from(free).unwrap_or(value);
            RateView { verb, uri: "*", regex: ".*", value, remaining, next: now }
        })
        .collect();
    // Calls never match this one: the original compares it with whole URLs.
    let value = rates[4];
    all.push(RateView { verb: "POST", uri: "*/mgmt", regex: "^/mgmt", value, remaining: value, next: now });
    all
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::Mode;

    #[test]
    fn a_bucket_takes_its_rate_at_once_and_then_one_call_for_each_that_leaks() {
        let limiter = Limiter::default();
        let settings = Settings { http_put_rate: Some(3), ..Settings::default() };
        let quirks = Quirks::of(Mode::Relaxed);
        let start: Timestamp = "2030-01-01T12:00:00Z".parse().unwrap();
        let put = |after: i64, project: &str| {
            let now = start + SignedDuration::from_secs(after);
            limiter.count(project, &Method::PUT, &settings, quirks, now)
        };
        for left in [2, 1, 0] {
            assert_eq!(put(0, "p").unwrap()[1].remaining, left);
        }
        let refused = put(0, "p").unwrap_err();
        assert_eq!(refused.details, "Only 3 PUT request(s) can be made to * every minute.");
        assert_eq!(refused.seconds, 20);
        assert!(put(0, "other").is_ok(), "projects do not share");
        assert!(put(19, "p").is_err());
        assert!(put(20, "p").is_ok());
        assert!(put(20, "p").is_err());
    }
}
