//! Keys of the query language as text whose bytes sort as the keys do, so that any database can compare them.
//!
//! The first letter is the type. Instants and days are written beside the text they stand in.

use pentad_rql::{Key, Number};

/// First letters of what is no key; they sort after every key.
pub(crate) const OBJECT: &str = "o";
/// An array within an array: a value that equals nothing.
pub(crate) const OPAQUE: &str = "p";
/// A member that is an empty array: there, and without a value.
pub(crate) const EMPTY: &str = "q";
/// Null.
pub(crate) const NULL: &str = "z";

/// The first letters of the types, in the order of the keys; the range of one type ends where the next letter begins.
pub(crate) const BOOLEAN: &str = "b";
pub(crate) const NUMBER: &str = "c";
pub(crate) const TEXT: &str = "d";
pub(crate) const AFTER_TEXT: &str = "e";
pub(crate) const DAY: &str = "g";
pub(crate) const INSTANT: &str = "h";
pub(crate) const AFTER_INSTANT: &str = "i";

/// Letters of a code that are indexed; the rest stands beside them, since no index takes texts of any length.
const HEAD: usize = 100;

/// Above every number of nanoseconds that a timestamp can have before 1970.
const EPOCH: i128 = 1 << 79;

/// A code, cut where the indexed part ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) head: String,
    pub(crate) rest: String,
}

impl Code {
    /// The code of a key.
    pub(crate) fn of(key: &Key) -> Self {
        match key {
            Key::Boolean(flag) => Self::short(format!("{BOOLEAN}{}", u8::from(*flag))),
            Key::Number(number) => Self::short(format!("{NUMBER}{}", self::number(*number))),
            Key::Text(text) => Self::text(text),
            Key::Day(day) => Self::short(format!("{DAY}{day}")),
            Key::Instant(time) => Self::short(format!("{INSTANT}{:024x}", time.as_nanosecond() + EPOCH)),
        }
    }

    fn short(head: String) -> Self {
        Self { head, rest: String::new() }
    }

    fn text(text: &str) -> Self {
        let at = text.char_indices().nth(HEAD).map_or(text.len(), |(at, _)| at);
        Self { head: format!("{TEXT}{}", &text[..at]), rest: text[at..].to_owned() }
    }

    /// Whether the indexed part tells all: no longer text begins so.
    pub(crate) fn is_whole(&self) -> bool {
        self.rest.is_empty() && self.head.chars().count() <= HEAD
    }

    /// Where the codes of this type begin and where they have ended.
    pub(crate) fn range(&self) -> (&'static str, &'static str) {
        match self.head.as_bytes().first() {
            Some(b'b') => (BOOLEAN, NUMBER),
            Some(b'c') => (NUMBER, TEXT),
            Some(b'd') => (TEXT, AFTER_TEXT),
            Some(b'g') => (DAY, INSTANT),
            _ => (INSTANT, AFTER_INSTANT),
        }
    }
}

/// Sign, then size; the size of negative numbers with every digit reversed.
fn number(number: Number) -> String {
    let (negative, size) = match number.as_i64() {
        Some(whole) => (whole < 0, format!("0{:016x}", whole.unsigned_abs())),
        None => {
            let number = number.to_f64();
            (number < 0.0, double(number.abs()))
        }
    };
    if !negative {
        return format!("2{size}");
    }
    let reversed: String = size
        .chars()
        .map(|digit| char::from_digit(15 - digit.to_digit(16).unwrap_or(0), 16).unwrap_or('0'))
        .collect();
    // Ends above all digits: of two negative numbers with the same whole part the one with a fraction is less.
    format!("1{reversed}g")
}

/// A double of 0 or more that is not whole or beyond 64 bits. Bits of positive doubles sort as they do.
fn double(number: f64) -> String {
    if number < 9_223_372_036_854_775_808.0 {
        // Exact: below 2^63 and cut off.
        format!("0{:016x}{:016x}", number.trunc() as u64, number.fract().to_bits())
    } else {
        format!("1{:016x}", number.to_bits())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_number() -> impl Strategy<Value = Number> {
        prop_oneof![
            any::<i64>().prop_map(Number::from),
            (-3_i64..3).prop_map(Number::from),
            any::<f64>().prop_filter_map("a number", Number::from_f64),
            (-40_i32..40).prop_filter_map("a number", |n| Number::from_f64(f64::from(n) / 8.0)),
            Just(Number::from(i64::MIN)),
            Just(Number::from(i64::MAX)),
        ]
    }

    fn any_key() -> impl Strategy<Value = Key> {
        prop_oneof![
            any_number().prop_map(Key::Number),
            "[ab\u{e9}\u{1F600}]{0,3}".prop_map(Key::Text),
            "[ab]{98,104}".prop_map(Key::Text),
            any::<bool>().prop_map(Key::Boolean),
            (-1_000_000_000_000_i64..1_000_000_000_000)
                .prop_map(|micros| Key::Instant(jiff::Timestamp::from_microsecond(micros).unwrap())),
        ]
    }

    proptest! {
        #[test]
        fn codes_sort_as_the_keys_do(left in any_key(), right in any_key()) {
            let order = |key: &Key| { let code = Code::of(key); (code.head, code.rest) };
            if std::mem::discriminant(&left) == std::mem::discriminant(&right) {
                prop_assert_eq!(order(&left).cmp(&order(&right)), left.cmp(&right));
            } else {
                prop_assert_ne!(order(&left).0.as_bytes()[0], order(&right).0.as_bytes()[0]);
            }
        }
    }
}
