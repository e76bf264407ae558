//! Spans of time as the service counts them, and its limits.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use pentad_core::{Error, ErrorKind, Result};
use serde::{Serialize, Serializer};

macro_rules! spans {
    ($($name:ident, $field:literal, $doc:literal;)*) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// This many seconds.
            pub const fn seconds(count: u64) -> Self {
                Self(count)
            }

            /// This many minutes.
            pub const fn minutes(count: u64) -> Self {
                Self(count.saturating_mul(60))
            }

            /// This many hours.
            pub const fn hours(count: u64) -> Self {
                Self(count.saturating_mul(3600))
            }

            /// This many days.
            pub const fn days(count: u64) -> Self {
                Self(count.saturating_mul(86_400))
            }

            /// In seconds.
            pub const fn as_seconds(self) -> u64 {
                self.0
            }

            /// As a span of time.
            pub const fn duration(self) -> Duration {
                Duration::from_secs(self.0)
            }

            /// Refuses what lies outside of a range of seconds.
            pub(crate) fn within(self, range: &RangeInclusive<u64>) -> Result<()> {
                if range.contains(&self.0) {
                    return Ok(());
                }
                let why = format!("{} s is not within {} and {} s", self.0, range.start(), range.end());
                Err(Error::invalid($field, why))
            }
        }

        impl TryFrom<Duration> for $name {
            type Error = Error;
            /// Takes whole seconds; a fraction is refused.
            fn try_from(span: Duration) -> Result<Self> {
                match span.subsec_nanos() {
                    0 => Ok(Self(span.as_secs())),
                    _ => Err(Error::invalid($field, "must be whole seconds")),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{} s", self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.serialize_u64(self.0)
            }
        }
    )*};
}

spans! {
    Ttl, "ttl", "How long something lives, in whole seconds: a message, a claim, a subscription.";
    Grace, "grace", "How long messages outlive the claim that holds them, in whole seconds.";
    Delay, "delay", "How long a message stays invisible after it was posted, in whole seconds.";
}

/// What the service takes, as far as this client checks it before sending. The defaults are the service's own; they are
/// options there, so an installation may have others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceLimits {
    /// Seconds that a message may live.
    pub message_ttl: RangeInclusive<u64>,
    /// Seconds that a message may be delayed.
    pub delay: RangeInclusive<u64>,
    /// Seconds that a claim may last.
    pub claim_ttl: RangeInclusive<u64>,
    /// Seconds of grace of a new claim.
    pub grace: RangeInclusive<u64>,
    /// Seconds that a subscription may live.
    pub subscription_ttl: RangeInclusive<u64>,
    /// Messages per claim, ids per request, pops per request, things per page.
    pub page: RangeInclusive<u32>,
    /// Bytes of the body of a post.
    pub post_bytes: usize,
    /// Bytes of the metadata of a queue.
    pub metadata_bytes: usize,
}

impl Default for ServiceLimits {
    fn default() -> Self {
        Self {
            message_ttl: 60..=1_209_600,
            delay: 0..=900,
            claim_ttl: 60..=43_200,
            grace: 60..=43_200,
            subscription_ttl: 60..=u64::MAX,
            page: 1..=20,
            post_bytes: 262_144,
            metadata_bytes: 65_536,
        }
    }
}

impl ServiceLimits {
    /// No limits: the service itself decides.
    pub fn none() -> Self {
        Self {
            message_ttl: 0..=u64::MAX,
            delay: 0..=u64::MAX,
            claim_ttl: 0..=u64::MAX,
            grace: 0..=u64::MAX,
            subscription_ttl: 0..=u64::MAX,
            page: 0..=u32::MAX,
            post_bytes: usize::MAX,
            metadata_bytes: usize::MAX,
        }
    }

    pub(crate) fn count(&self, field: &str, count: usize) -> Result<()> {
        let fits = u32::try_from(count).is_ok_and(|count| self.page.contains(&count));
        if fits {
            return Ok(());
        }
        let why = format!("{count} is not within {} and {}", self.page.start(), self.page.end());
        Err(Error::invalid(field, why))
    }
}

pub(crate) fn size(field: &str, bytes: usize, most: usize) -> Result<()> {
    if bytes <= most {
        return Ok(());
    }
    let text = format!("{field}: {bytes} bytes are sent, the limit is {most}");
    Err(Error::new(ErrorKind::TooLarge, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_whole_seconds_within_the_services_limits() {
        let limits = ServiceLimits::default();
        for (ttl, fits) in [(59, false), (60, true), (1_209_600, true), (1_209_601, false)] {
            assert_eq!(Ttl::seconds(ttl).within(&limits.message_ttl).is_ok(), fits, "{ttl}");
        }
        assert_eq!(Ttl::try_from(Duration::from_secs(90)).unwrap(), Ttl::seconds(90));
        let error = Grace::try_from(Duration::from_millis(1500)).unwrap_err();
        assert_eq!(error.to_string(), "invalid: grace: must be whole seconds");
        assert_eq!(Ttl::days(14).as_seconds(), 1_209_600);
    }

    #[test]
    fn counts_are_within_a_page() {
        let limits = ServiceLimits::default();
        assert!(limits.count("ids", 0).is_err() && limits.count("ids", 21).is_err());
        assert!(limits.count("ids", 1).is_ok() && limits.count("ids", 20).is_ok());
        assert!(ServiceLimits::none().count("ids", 1000).is_ok());
    }
}
