//! Comparable values: the one place that decides what is equal, less, and of which type.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::Value as Json;

/// A value in the form in which it is compared.
///
/// This is the single truth for comparisons: the evaluator compares keys and nothing else, and a store that runs filters
/// itself must store, index or compute keys and compare them like [`Ord`] here does within one variant. Keys of
/// different variants are never equal and never less for a filter; as sort keys they stand in the order of the variants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// `false` before `true`. Filters know only equality.
    Boolean(bool),
    /// By value.
    Number(Number),
    /// A day.
    Day(Date),
    /// A point in time.
    Instant(Timestamp),
    /// By code points, which is also the order of the UTF-8 bytes (SQL: `COLLATE BINARY`, `COLLATE "C"`).
    Text(String),
}

/// A number: whole and within 64 bits, or else a double.
///
/// Whole doubles that fit are whole numbers (`1.0` is `1`, `-0.0` is `0`), so equal numbers have one form. Order is by
/// exact value, also between the two forms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(Form);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Whole(i64),
    Double(f64),
}

const WHOLE: std::ops::Range<f64> = -9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0;

impl Number {
    /// A double; `None` if it is not a number.
    pub fn from_f64(number: f64) -> Option<Self> {
        if number.is_nan() {
            None
        } else if number.fract() == 0.0 && WHOLE.contains(&number) {
            // Exact: whole and in the range of i64.
            Some(Self(Form::Whole(number as i64)))
        } else {
            Some(Self(Form::Double(number)))
        }
    }

    /// A JSON number. Whole numbers beyond 64 bits with sign become doubles.
    pub fn from_json(number: &serde_json::Number) -> Option<Self> {
        number.as_i64().map(Self::from).or_else(|| number.as_f64().and_then(Self::from_f64))
    }

    /// Reads `-1`, `1.50`, `1E+5`: the way JSON writes numbers, and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let leading_zero =
            digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit();
        if leading_zero || text.starts_with('+') { None } else { Self::parse_loose(text) }
    }

    /// Reads what [`parse`](Self::parse) does, and `+1`, `007`, `1.`.
    pub fn parse_loose(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if !digits.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let whole = text.parse::<i64>().ok().map(Self::from);
        whole.or_else(|| text.parse::<f64>().ok().and_then(Self::from_f64))
    }

    /// The whole number, if it is one within 64 bits.
    pub fn as_i64(self) -> Option<i64> {
        match self.0 {
            Form::Whole(number) => Some(number),
            Form::Double(_) => None,
        }
    }

    /// The nearest double.
    pub fn to_f64(self) -> f64 {
        match self.0 {
            Form::Whole(number) => number as f64,
            Form::Double(number) => number,
        }
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self(Form::Whole(number))
    }
}

impl Eq for Number {}

impl std::hash::Hash for Number {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        match self.0 {
            Form::Whole(number) => number.hash(state),
            Form::Double(number) => number.to_bits().hash(state),
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.0, other.0) {
            (Form::Whole(a), Form::Whole(b)) => a.cmp(&b),
            (Form::Double(a), Form::Double(b)) => a.total_cmp(&b),
            (Form::Whole(a), Form::Double(b)) => whole_to_double(a, b),
            (Form::Double(a), Form::Whole(b)) => whole_to_double(b, a).reverse(),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `double` is never whole within the range of i64, so its whole part decides and equality cannot be.
fn whole_to_double(whole: i64, double: f64) -> Ordering {
    if double >= WHOLE.end {
        return Ordering::Less;
    }
    if double < WHOLE.start {
        return Ordering::Greater;
    }
    let floor = double.floor() as i64;
    if whole <= floor { Ordering::Less } else { Ordering::Greater }
}

/// What a field holds, and so what a text in a query means for it.
///
/// [`key`](Self::key) reads what is stored, [`literal`](Self::literal) what is asked; both give [`Key`]s.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Not declared: strings are compared as text, numbers as numbers if the literal is one, booleans with `true` and
    /// `false`. Dates are text. `gt` and its kin compare text with strings and numbers with numbers.
    #[default]
    Any,
    /// Strings; equality and patterns, no order.
    Text,
    /// Whole numbers; the literal is plain decimal.
    Integer,
    /// Numbers with a fixed number of fraction digits; more of them in a literal are cut off.
    Decimal {
        /// Digits after the point.
        scale: usize,
    },
    /// `true` and `false`.
    Boolean,
    /// Days, stored as `YYYY-MM-DD`.
    Date,
    /// Points in time, stored as ISO 8601 text; without an offset UTC is meant, a day alone means its midnight.
    DateTime,
    /// One of these strings.
    Choice(Vec<String>),
}

impl Kind {
    /// The key of a stored scalar; `None` if it is null, an array, an object, or not of this kind. Such a value equals
    /// nothing and has no order.
    pub fn key(&self, stored: &Json) -> Option<Key> {
        match (self, stored) {
            (Self::Any | Self::Text | Self::Choice(_), Json::String(text)) => Some(Key::Text(text.clone())),
            (Self::Any | Self::Integer | Self::Decimal { .. }, Json::Number(number)) => {
                Number::from_json(number).map(Key::Number)
            }
            (Self::Any | Self::Boolean, Json::Bool(flag)) => Some(Key::Boolean(*flag)),
            (Self::Date, Json::String(text)) => day(text).map(Key::Day),
            (Self::DateTime, Json::String(text)) => instant(text).map(Key::Instant),
            _ => None,
        }
    }

    /// The keys that a text in a query stands for: at most one per variant of [`Key`], several only for
    /// [`Kind::Any`], where `1` means the number and the string. `None` if the text is not a value of this kind.
    pub fn literal(&self, text: &str) -> Option<Vec<Key>> {
        let key = match self {
            Self::Any => {
                let boolean = matches!(text, "true" | "false").then(|| Key::Boolean(text == "true"));
                let number = Number::parse(text).map(Key::Number);
                let keys = [boolean, number, Some(Key::Text(text.into()))];
                return Some(keys.into_iter().flatten().collect());
            }
            Self::Text => Key::Text(text.into()),
            Self::Choice(members) => {
                members.iter().find(|member| *member == text).map(|member| Key::Text(member.clone()))?
            }
            Self::Integer => {
                let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
                let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
                Key::Number(if plain { Number::parse_loose(text)? } else { return None })
            }
            Self::Decimal { scale } => Key::Number(Number::parse_loose(cut(text, *scale))?),
            Self::Boolean => match text {
                "true" => Key::Boolean(true),
                "false" => Key::Boolean(false),
                _ => return None,
            },
            Self::Date => Key::Day(day(text)?),
            Self::DateTime => Key::Instant(instant(text)?),
        };
        Some(vec![key])
    }

    /// Whether `gt`, `ge`, `lt`, `le` apply.
    pub fn has_order(&self) -> bool {
        !matches!(self, Self::Text | Self::Boolean | Self::Choice(_))
    }

    /// Whether `like`, `ilike` and `empty()` apply.
    pub fn has_text(&self) -> bool {
        matches!(self, Self::Any | Self::Text | Self::Choice(_))
    }
}

fn cut(text: &str, scale: usize) -> &str {
    match text.split_once('.') {
        Some((_, fraction)) if fraction.len() > scale && fraction.bytes().all(|b| b.is_ascii_digit()) => {
            &text[..text.len() - (fraction.len() - scale)]
        }
        _ => text,
    }
}

fn starts_with_year(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-'
}

fn day(text: &str) -> Option<Date> {
    if text.len() == 10 && starts_with_year(text) { text.parse().ok() } else { None }
}

fn instant(text: &str) -> Option<Timestamp> {
    // Annotations of time zones in brackets are no part of ISO 8601.
    if !starts_with_year(text) || text.contains('[') {
        return None;
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let civil: DateTime = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}
