//! The right side of a comparison.

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, Zoned};

use crate::error::BuildError;
use crate::expr::Expr;

/// The right side of a comparison.
///
/// RQL carries no types: `eq(n,1)` and `eq(n,"1")` are the same. Numbers, booleans and dates therefore become their text
/// here (reference 9.3), and the field they are compared with decides what that text means
/// ([`Kind::literal`](crate::Kind::literal)).
///
/// ```
/// use pentad_rql::Value;
/// assert_eq!(Value::from(3.0), Value::Text("3.0".into()));
/// assert_eq!(Value::from(1e20), Value::Text("1e+20".into()));
/// assert_eq!(Value::from(jiff::civil::date(2024, 1, 2)), Value::Text("2024-01-02".into()));
/// assert_eq!(Value::from(jiff::Timestamp::UNIX_EPOCH), Value::Text("1970-01-01T00:00:00+00:00".into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A scalar as text, without quotes; the printer adds them where they are needed. A text `null()` is the text.
    Text(String),
    /// The constant `null()`: the field is null or missing.
    Null,
    /// The constant `empty()`: the empty string.
    Empty,
    /// `t(…)`: a related object for which all of these hold. Only [`Expr::Test`] stands inside.
    Tuple(Vec<Expr>),
}

impl Value {
    /// Converts a JSON scalar: null becomes [`Value::Null`], the rest its text.
    ///
    /// # Errors
    /// [`BuildError::Operand`] for arrays and objects.
    pub fn from_json(value: &serde_json::Value) -> Result<Self, BuildError> {
        use serde_json::Value as Json;
        Ok(match value {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::from(*flag),
            Json::String(text) => Self::from(text.as_str()),
            Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(n), _, _) => Self::from(n),
                (_, Some(n), _) => Self::from(n),
                (_, _, Some(n)) => Self::from(n),
                _ => Self::Text(number.to_string()),
            },
            Json::Array(_) | Json::Object(_) => {
                return Err(BuildError::Operand {
                    operator: "a comparison".into(),
                    takes: "a string, a number, a boolean or null",
                });
            }
        })
    }

    /// The text, where this is one; `empty()` is the empty text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Empty => Some(""),
            Self::Null | Self::Tuple(_) => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Text(if flag { "true" } else { "false" }.into())
    }
}

/// Shortest text that reads back as the same number, with the exponent of at least two digits that servers know.
impl From<f64> for Value {
    fn from(number: f64) -> Self {
        let text = format!("{number:?}");
        let text = match text.split_once('e') {
            Some((digits, exponent)) => match exponent.strip_prefix('-') {
                Some(exponent) => format!("{digits}e-{exponent:0>2}"),
                None => format!("{digits}e+{exponent:0>2}"),
            },
            None => text.replace("NaN", "nan"),
        };
        Self::Text(text)
    }
}

impl From<Date> for Value {
    fn from(date: Date) -> Self {
        Self::Text(date.to_string())
    }
}

/// A time without zone: `2024-01-02T03:04:05`, with six digits of a fraction only if there is one (nine below a
/// microsecond).
impl From<DateTime> for Value {
    fn from(time: DateTime) -> Self {
        Self::Text(civil_text(time))
    }
}

/// A point in time, in UTC: `2024-01-02T03:04:05+00:00`.
impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        let civil = jiff::tz::TimeZone::UTC.to_datetime(time);
        Self::Text(civil_text(civil) + "+00:00")
    }
}

/// A time with its offset: `2024-01-02T03:04:00-03:30`.
impl From<&Zoned> for Value {
    fn from(time: &Zoned) -> Self {
        let seconds = time.offset().seconds();
        let sign = if seconds < 0 { '-' } else { '+' };
        let minutes = seconds.unsigned_abs() / 60;
        let text = civil_text(time.datetime());
        Self::Text(format!("{text}{sign}{:02}:{:02}", minutes / 60, minutes % 60))
    }
}

fn civil_text(time: DateTime) -> String {
    let nanos = time.subsec_nanosecond();
    if nanos == 0 {
        format!("{time:.0}")
    } else if nanos % 1000 == 0 {
        format!("{time:.6}")
    } else {
        format!("{time:.9}")
    }
}

macro_rules! from_integer {
    ($($integer:ty)*) => {$(
        impl From<$integer> for Value {
            fn from(number: $integer) -> Self {
                Self::Text(number.to_string())
            }
        }
    )*};
}
from_integer!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);
