//! How the dialects write references, dates and lists.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A name: plain text in the modern dialect, an object with `id` in the old ones.
pub(super) fn reference<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<Value>::deserialize(from)? {
        Some(Value::String(text)) => Some(text).filter(|text| !text.is_empty()),
        Some(Value::Object(mut object)) => match object.remove("id") {
            Some(Value::String(text)) => Some(text),
            _ => None,
        },
        _ => None,
    })
}

/// A moment: RFC 3339, up to nanoseconds; without a zone it is taken as UTC. `null` and an empty text are none.
pub(super) fn when<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(from)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if let Ok(when) = text.parse() {
        return Ok(Some(when));
    }
    let civil: DateTime = text.parse().map_err(|_| D::Error::custom("not a date and time"))?;
    let zoned = civil.to_zoned(TimeZone::UTC).map_err(|_| D::Error::custom("not a moment"))?;
    Ok(Some(zoned.timestamp()))
}

/// A list that may be absent, `null`, or wrapped with links as `{"items": […]}`.
pub(super) fn listed<'de, T: DeserializeOwned, D: Deserializer<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    let list = match Option::<Value>::deserialize(from)? {
        Some(Value::Object(mut object)) => object.remove("items").unwrap_or_default(),
        Some(list) => list,
        None => Value::Null,
    };
    Option::<Vec<T>>::deserialize(list).map(Option::unwrap_or_default).map_err(D::Error::custom)
}

/// A size; negative ones say that it is not known.
pub(super) fn size<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Ok(Option::<i64>::deserialize(from)?.and_then(|size| u64::try_from(size).ok()))
}

/// An enumeration of texts that the platform may extend.
macro_rules! texts {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $text:literal $(| $alias:literal)*),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$item])* $variant,)*
            /// A text that this client does not know.
            Other(String),
        }

        impl $name {
            /// As the platform writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text $(| $alias)* => Self::$variant,)*
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Ok(Self::from(String::deserialize(from)?.as_str()))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }
    };
}

pub(super) use texts;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn dates_are_read_with_and_without_a_zone_and_to_nanoseconds() {
        let read = |value: Value| when(value).unwrap().map(|when| when.to_string());
        assert_eq!(read(json!("2023-07-13T01:02:03Z")).as_deref(), Some("2023-07-13T01:02:03Z"));
        assert_eq!(read(json!("2023-07-13T01:02:03+01:00")).as_deref(), Some("2023-07-13T00:02:03Z"));
        assert_eq!(read(json!("2023-07-01T12:00:00.000005")).as_deref(), Some("2023-07-01T12:00:00.000005Z"));
        assert_eq!(
            read(json!("2023-07-01T12:00:00.123456789Z")).as_deref(),
            Some("2023-07-01T12:00:00.123456789Z")
        );
        assert_eq!(read(json!(null)), None);
        assert_eq!(read(json!("")), None);
        assert!(when(json!("yesterday")).is_err());
    }

    #[test]
    fn references_are_names_in_all_dialects() {
        assert_eq!(reference(json!("urn:a:b")).unwrap().as_deref(), Some("urn:a:b"));
        assert_eq!(reference(json!({"id": "urn:a:b", "links": {}})).unwrap().as_deref(), Some("urn:a:b"));
        assert_eq!(reference(json!({})).unwrap(), None);
    }

    #[test]
    fn lists_are_read_bare_and_wrapped() {
        assert_eq!(listed::<u8, _>(json!([1, 2])).unwrap(), [1, 2]);
        assert_eq!(listed::<u8, _>(json!({"items": [1], "links": []})).unwrap(), [1]);
        assert!(listed::<u8, _>(json!(null)).unwrap().is_empty());
        assert!(listed::<u8, _>(json!({"items": null})).unwrap().is_empty());
    }
}
