//! Positions in a topic.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Where a subscription shall continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seek {
    /// This position; must lie between the oldest retained message and the end of the topic.
    Offset(i64),
    /// The first message published at or after this time.
    Time(Timestamp),
    /// The oldest retained message.
    Begin,
    /// The end of the topic: only what is published from now on.
    End,
}

/// The positions of a subscription, as answered by `:offsets`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offsets {
    /// End of the topic, exclusive: the number of messages ever published to it.
    pub max: i64,
    /// Oldest retained message.
    pub min: i64,
    /// Next message that will be delivered.
    pub current: i64,
}

impl Offsets {
    /// How many messages wait to be acknowledged.
    pub fn backlog(&self) -> i64 {
        (self.max - self.current).max(0)
    }
}

/// Writes a time as `:timeToOffset` wants it: UTC, `T`, three fractional digits, `Z` (AMS reference 4).
///
/// Digits below the millisecond are cut off, so that no message at that time is skipped.
pub fn wire_time(at: Timestamp) -> String {
    let utc = at.to_zoned(TimeZone::UTC);
    format!("{}.{:03}Z", utc.strftime("%Y-%m-%dT%H:%M:%S"), utc.millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_always_carry_a_t_three_digits_and_a_z() {
        for (given, sent) in [
            ("2019-09-02T13:39:11Z", "2019-09-02T13:39:11.000Z"),
            ("2019-09-02T13:39:11.5Z", "2019-09-02T13:39:11.500Z"),
            ("2019-09-02T13:39:11.123999999Z", "2019-09-02T13:39:11.123Z"),
            ("2019-09-02T15:39:11+02:00", "2019-09-02T13:39:11.000Z"),
        ] {
            assert_eq!(wire_time(given.parse().unwrap()), sent);
        }
    }

    #[test]
    fn backlog_is_what_lies_between_current_and_end() {
        assert_eq!(Offsets { max: 14, min: 0, current: 4 }.backlog(), 10);
        assert_eq!(Offsets { max: 2, min: 0, current: 4 }.backlog(), 0);
    }
}
