//! Timestamps that the service may leave empty or write in a form of its own.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serializer};

/// Reads a timestamp; absent, empty or unreadable text is none (the raw text is of no use to a caller).
pub(crate) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// Writes a timestamp as the service does: UTC, whole seconds unless there is a fraction.
pub(crate) fn write<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.collect_str(at),
        None => serializer.serialize_none(),
    }
}
