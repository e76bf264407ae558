//! When a delivery that failed is tried again (Zaqar reference 10.5).

use std::time::Duration;

use serde_json::{Map, Value};

/// Tries of one message, whatever the policy says.
const MOST: usize = 1000;
/// Longest pause in seconds.
const LONGEST: i64 = 24 * 3600;
/// What a step of the back-off is divided by, in seconds.
const INTERVAL: i64 = 5;

/// A retry policy in force.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    at_once: i64,
    early: i64,
    least: i64,
    most: i64,
    late: i64,
    backoff: String,
}

impl Policy {
    /// The policy of a subscription, or of its queue where that one insists or the subscription has none.
    pub(super) fn of(subscription: Option<&Value>, queue: Option<&Value>) -> Self {
        let empty = Map::new();
        let own = subscription.and_then(Value::as_object).unwrap_or(&empty);
        let queue = queue.and_then(Value::as_object).unwrap_or(&empty);
        let insists = |policy: &Map<String, Value>| {
            policy.get("ignore_subscription_override") == Some(&Value::Bool(true))
        };
        let policy = if insists(own) || insists(queue) || own.is_empty() { queue } else { own };
        let number = |name: &str, default: i64| policy.get(name).and_then(Value::as_i64).unwrap_or(default);
        let backoff = policy.get("retry_backoff_function").and_then(Value::as_str).unwrap_or("linear");
        Self {
            at_once: number("retries_with_no_delay", 3),
            early: number("minimum_delay_retries", 3),
            least: number("minimum_delay", 5).clamp(0, LONGEST),
            most: number("maximum_delay", 30).clamp(0, LONGEST),
            late: number("maximum_delay_retries", 3),
            backoff: backoff.to_owned(),
        }
    }

    /// The pauses before the further tries.
    pub(super) fn pauses(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let times = |seconds: i64, count: i64| {
            std::iter::repeat_n(seconds, usize::try_from(count).unwrap_or_default().min(MOST))
        };
        let steps = self.steps();
        let all = times(0, self.at_once).chain(times(self.least, self.early)).chain(steps);
        let all = all.chain(times(self.most, self.late)).take(MOST);
        all.map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
    }

    /// The pauses of the back-off between least and most.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "seconds of at most a day, cut to whole ones as the original does"
    )]
    fn steps(&self) -> Vec<i64> {
        let span = self.most - self.least;
        let count = span / INTERVAL;
        if self.backoff == "linear" {
            let step = usize::try_from(INTERVAL).unwrap_or(1);
            return (self.least..self.most).step_by(step).take(MOST).collect();
        }
        if count < 2 {
            return Vec::new();
        }
        let (least, most, last) = (self.least as f64, self.most as f64, (count - 1) as f64);
        let each = (1..=count).take(MOST);
        if self.backoff == "arithmetic" {
            let growth = 2.0 * span as f64 / (count as f64 * last);
            return each.map(|n| (least + (n - 1) as f64 * n as f64 * growth / 2.0 + 1e-9) as i64).collect();
        }
        if self.least == 0 {
            return Vec::new();
        }
        let factor = 10_f64.powf((most / least).log10() / last);
        each.map(|n| (least * factor.powf((n - 1) as f64) + 1e-9) as i64).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn steps(name: &str, least: i64, most: i64) -> Vec<i64> {
        let policy = json!({"retry_backoff_function": name, "minimum_delay": least, "maximum_delay": most});
        Policy::of(Some(&policy), None).steps()
    }

    #[test]
    fn without_a_policy_there_are_fourteen_further_tries() {
        let pauses: Vec<u64> = Policy::of(None, None).pauses().map(|pause| pause.as_secs()).collect();
        assert_eq!(pauses, [0, 0, 0, 5, 5, 5, 5, 10, 15, 20, 25, 30, 30, 30]);
    }

    #[test]
    fn pauses_grow_as_the_function_says() {
        assert_eq!(steps("linear", 10, 60), [10, 15, 20, 25, 30, 35, 40, 45, 50, 55]);
        assert_eq!(steps("arithmetic", 5, 30), [5, 7, 12, 20, 30]);
        assert_eq!(steps("arithmetic", 10, 60), [10, 11, 13, 16, 21, 26, 33, 41, 50, 60]);
        for name in ["geometric", "exponential"] {
            assert_eq!(steps(name, 5, 30), [5, 7, 12, 19, 30]);
            assert_eq!(steps(name, 10, 60), [10, 12, 14, 18, 22, 27, 33, 40, 49, 60]);
        }
    }

    #[test]
    fn a_queue_that_insists_overrules_the_subscription() {
        let own = json!({"retries_with_no_delay": 1});
        let queue = json!({"retries_with_no_delay": 2});
        let insisting = json!({"retries_with_no_delay": 2, "ignore_subscription_override": true});
        assert_eq!(Policy::of(Some(&own), Some(&queue)).at_once, 1);
        assert_eq!(Policy::of(Some(&own), Some(&insisting)).at_once, 2);
        assert_eq!(Policy::of(None, Some(&queue)).at_once, 2);
    }
}
