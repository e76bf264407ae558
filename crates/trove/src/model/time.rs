//! Times as the service writes them: UTC without a zone letter.

use jiff::civil::DateTime;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serializer};
use std::borrow::Cow;

/// Reads a time with or without a zone; absent, empty or unreadable text is none.
pub(super) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<Cow<'de, str>>::deserialize(deserializer)?;
    Ok(text.and_then(|text| parse(text.trim())))
}

fn parse(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let local: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(local).ok()
    })
}

/// Writes a time with its zone.
pub(super) fn write<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.collect_str(at),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_zone_is_utc() {
        for text in ["2030-01-01T12:00:00", "2030-01-01 12:00:00", "2030-01-01T12:00:00Z"] {
            assert_eq!(parse(text).unwrap().to_string(), "2030-01-01T12:00:00Z", "{text}");
        }
        assert_eq!(parse("Never"), None);
    }
}
