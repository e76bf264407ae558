//! How values of records compare: in filters, in orders.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ivcap::call::parse_time;

/// Bytes of a text by which is sorted; what is the same so far goes by id.
const SORTED: usize = 1000;

/// A value that a filter or an order looks at.
#[derive(Debug, Clone)]
pub(crate) enum Seen<'v> {
    Json(&'v Value),
    Text(Cow<'v, str>),
    Time(Timestamp),
}

/// A value as it is sorted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Key {
    /// Not there.
    Null,
    Bool(bool),
    Number(f64),
    /// In microseconds.
    Time(i64),
    Text(String),
}

impl Key {
    /// The key of a value; arrays and objects sort by their text.
    pub(crate) fn of(value: Option<Seen<'_>>) -> Self {
        match value {
            None | Some(Seen::Json(Value::Null)) => Self::Null,
            Some(Seen::Json(Value::Bool(flag))) => Self::Bool(*flag),
            Some(Seen::Json(Value::Number(number))) => Self::Number(number.as_f64().unwrap_or(0.0)),
            Some(Seen::Json(Value::String(text))) => Self::text(text),
            Some(Seen::Json(other)) => Self::Text(cut(&other.to_string())),
            Some(Seen::Text(text)) => Self::text(&text),
            Some(Seen::Time(time)) => Self::Time(time.as_microsecond()),
        }
    }

    fn text(text: &str) -> Self {
        moment(text).map_or_else(|| Self::Text(cut(text)), Self::Time)
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Number(_) => 2,
            Self::Time(_) => 3,
            Self::Text(_) => 4,
        }
    }

    /// The order of two keys; of different kinds, that of the kinds.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Time(a), Self::Time(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(SORTED)].to_owned()
}

/// Bytes that a value takes, about.
pub(crate) fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| weight(item) + 1).sum::<usize>() + 2,
        Value::Object(map) => map.iter().map(|(name, item)| name.len() + weight(item) + 4).sum::<usize>() + 2,
        _ => 8,
    }
}

/// The microseconds of a text that is a time.
pub(crate) fn moment(text: &str) -> Option<i64> {
    let likely =
        (10..=64).contains(&text.len()) && text.as_bytes()[0].is_ascii_digit() && text.as_bytes()[4] == b'-';
    likely.then(|| parse_time(text)).flatten().map(|time| time.as_microsecond())
}

/// The member of an object by a name whose `-` and `_` count alike.
pub(crate) fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let map = value.as_object()?;
    map.get(name).or_else(|| map.iter().find(|(key, _)| same(key, name)).map(|(_, found)| found))
}

/// The value at a dotted path.
pub(crate) fn descend<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if let Some(found) = member(value, path) {
        return Some(found);
    }
    let (first, rest) = path.split_once('.')?;
    descend(member(value, first)?, rest)
}

/// Whether two names are the same but for `-` and `_`.
pub(crate) fn same(one: &str, other: &str) -> bool {
    let plain = |byte: u8| if byte == b'_' { b'-' } else { byte };
    one.len() == other.len() && one.bytes().map(plain).eq(other.bytes().map(plain))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_sort_by_time_and_not_by_text() {
        let key = |text: &str| Key::of(Some(Seen::Json(&json!(text))));
        assert_eq!(key("2025-01-01T00:00:00Z").order(&key("2025-01-01T00:00:00.5Z")), Ordering::Less);
        assert_eq!(key("2025-01-01T02:00:00+02:00"), key("2025-01-01T00:00:00Z"));
        assert_eq!(Key::of(None).order(&key("")), Ordering::Less);
    }

    #[test]
    fn names_are_found_with_dashes_and_underscores_and_by_paths() {
        let value = json!({"mime-type": "x", "a": {"b_c": 1}, "a.b": 2});
        assert_eq!(descend(&value, "mime_type"), Some(&json!("x")));
        assert_eq!(descend(&value, "a.b-c"), Some(&json!(1)));
        assert_eq!(descend(&value, "a.b"), Some(&json!(2)));
        assert_eq!(descend(&value, "a.x"), None);
    }
}
