//! Faults on purpose: latency, statuses, broken connections and truncated answers, reproducible by seed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Answer, done, problem, read};
use crate::clock::real_sleep;
use crate::http::{Inbound, Reply, ReplyBody};
use crate::shell::Shell;

/// What a rule may say.
const MEMBERS: [&str; 11] =
    ["service", "method", "path", "kind", "ms", "status", "body", "probability", "seed", "skip", "count"];

/// One rule. It applies to requests that match, with its probability, until its count is used up.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Rule {
    /// The service; any if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    /// The verb; any if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    /// A part of the raw path; any if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// What happens.
    #[serde(flatten)]
    kind: Kind,
    /// How often, 0 to 1; always if absent.
    #[serde(default = "always")]
    probability: f64,
    /// Makes the sequence of hits and misses reproducible.
    #[serde(default)]
    seed: u64,
    /// How many matching requests pass first.
    #[serde(default)]
    skip: u64,
    /// How many hits are left; no limit if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Kind {
    /// Waits before the request is handled, in milliseconds of real time.
    Latency { ms: u64 },
    /// Answers without handling the request.
    Status {
        status: u16,
        #[serde(default)]
        body: Option<Value>,
    },
    /// Breaks the connection off before the request is handled.
    Reset,
    /// Handles the request, then breaks off in the middle of the answer.
    Truncate,
}

fn always() -> f64 {
    1.0
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Mutex<Vec<Active>>,
}

#[derive(Debug)]
struct Active {
    rule: Rule,
    chance: fastrand::Rng,
}

/// What the rules do to one request.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    latency: Duration,
    status: Option<(StatusCode, Option<Value>)>,
    pub(crate) reset: bool,
    pub(crate) truncate: bool,
}

impl Plan {
    pub(crate) async fn wait(&self) {
        if !self.latency.is_zero() {
            real_sleep(self.latency).await;
        }
    }

    pub(crate) fn reply(&self) -> Option<Reply> {
        let (status, body) = self.status.as_ref()?;
        let default = || json!({"error": {"code": status.as_u16(), "message": "fault on purpose"}});
        Some(Reply::json(*status, &body.clone().unwrap_or_else(default)))
    }
}

impl Faults {
    /// Rolls the dice for one request; each matching rule uses up its own.
    pub(crate) fn plan(&self, service: &str, method: &Method, path: &str) -> Plan {
        let mut plan = Plan::default();
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        for active in rules.iter_mut().filter(|active| active.rule.matches(service, method, path)) {
            if active.hits() {
                plan.add(&active.rule.kind);
            }
        }
        plan
    }
}

impl Plan {
    fn add(&mut self, kind: &Kind) {
        match kind {
            Kind::Latency { ms } => self.latency += Duration::from_millis(*ms),
            Kind::Status { status, body } => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                self.status = Some((status, body.clone()));
            }
            Kind::Reset => self.reset = true,
            Kind::Truncate => self.truncate = true,
        }
    }
}

impl Rule {
    fn matches(&self, service: &str, method: &Method, path: &str) -> bool {
        self.service.as_deref().is_none_or(|wanted| wanted == service)
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method.as_str()))
            && self.path.as_deref().is_none_or(|wanted| path.contains(wanted))
    }
}

impl Active {
    fn hits(&mut self) -> bool {
        if self.rule.skip > 0 {
            self.rule.skip -= 1;
            return false;
        }
        if self.rule.count == Some(0) || self.chance.f64() >= self.rule.probability {
            return false;
        }
        if let Some(left) = &mut self.rule.count {
            *left -= 1;
        }
        true
    }
}

/// Announces the whole answer and breaks off after half of it.
pub(crate) fn truncated(mut reply: Reply) -> Reply {
    let half = match reply.body {
        ReplyBody::Full(bytes) => {
            reply.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len().max(1)));
            bytes.slice(..bytes.len() / 2)
        }
        ReplyBody::Stream(_) => Bytes::new(),
    };
    let cut = stream::once(async {
        // A turn of the runtime, in which the connection sends what it has.
        tokio::task::yield_now().await;
        Err(std::io::Error::other("cut by a fault rule"))
    });
    reply.body = ReplyBody::Stream(Box::pin(stream::iter([Ok(half)]).chain(cut)));
    reply
}

pub(super) fn show(shell: &Shell) -> Answer {
    let rules = shell.control.faults.rules.lock().unwrap_or_else(PoisonError::into_inner);
    let rules: Vec<&Rule> = rules.iter().map(|active| &active.rule).collect();
    done(&json!({"faults": rules}))
}

pub(super) fn add(shell: &Shell, inbound: &Inbound) -> Answer {
    let asked: Map<String, Value> = read(inbound)?;
    // A name that is not known would silently make a rule stricter or laxer than was meant.
    if let Some(unknown) = asked.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        let why = format!("{unknown}: no such member; there are: {}", MEMBERS.join(", "));
        return Err(problem(StatusCode::BAD_REQUEST, why));
    }
    let rule: Rule = serde_json::from_value(Value::Object(asked))
        .map_err(|error| problem(StatusCode::BAD_REQUEST, error))?;
    if !(0.0..=1.0).contains(&rule.probability) {
        return Err(problem(StatusCode::BAD_REQUEST, "probability: must be from 0 to 1"));
    }
    if let Kind::Status { status, .. } = &rule.kind
        && !(200..=599).contains(status)
    {
        return Err(problem(StatusCode::BAD_REQUEST, "status: must be from 200 to 599"));
    }
    let chance = fastrand::Rng::with_seed(rule.seed);
    let active = Active { rule, chance };
    shell.control.faults.rules.lock().unwrap_or_else(PoisonError::into_inner).push(active);
    show(shell)
}

pub(super) fn clear(shell: &Shell) -> Answer {
    shell.control.faults.rules.lock().unwrap_or_else(PoisonError::into_inner).clear();
    show(shell)
}
