//! Values on their way into and out of PostgreSQL's binary format.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};

use crate::error::{Result, StoreError, StoreErrorKind};
use crate::value::Value;

type Fault = Box<dyn Error + Sync + Send>;

/// A value as a parameter.
#[derive(Debug)]
pub(crate) struct Bound<'a>(pub(crate) Value<'a>);

impl Bound<'_> {
    /// The type to declare; the statement decides for `NULL`.
    pub(crate) fn kind(&self) -> Type {
        match self.0 {
            Value::Null => Type::UNKNOWN,
            Value::Int(_) => Type::INT8,
            Value::Text(_) => Type::TEXT,
            Value::Blob(_) => Type::BYTEA,
        }
    }
}

impl ToSql for Bound<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
        match self.0 {
            Value::Null => return Ok(IsNull::Yes),
            Value::Int(n) => out.put_i64(n),
            Value::Text(text) => out.put_slice(text.as_bytes()),
            Value::Blob(bytes) => out.put_slice(bytes),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
        // Statements are prepared with the types of their values, so nothing needs converting.
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            _ if *kind == self.kind() => self.to_sql(kind, out),
            _ => Err(format!("a parameter is declared {kind}").into()),
        }
    }
}

/// A column as it came, with its type.
struct Raw<'a>(Type, &'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Fault> {
        Ok(Self(kind.clone(), raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// An integer of any width, a whole `NUMERIC`, or a boolean as 0 or 1.
pub(crate) fn int(row: &Row, column: usize) -> Result<Option<i64>> {
    let Some(Raw(kind, raw)) = raw(row, column)? else { return Ok(None) };
    let number = match kind {
        Type::INT8 => raw.try_into().ok().map(i64::from_be_bytes),
        Type::INT4 => raw.try_into().ok().map(i32::from_be_bytes).map(i64::from),
        Type::INT2 => raw.try_into().ok().map(i16::from_be_bytes).map(i64::from),
        Type::BOOL => raw.first().map(|b| i64::from(*b != 0)),
        Type::NUMERIC => whole(raw),
        _ => None,
    };
    number.map(Some).ok_or_else(|| other(column, &kind))
}

/// Text.
pub(crate) fn text(row: &Row, column: usize) -> Result<Option<&str>> {
    let Some(Raw(kind, raw)) = raw(row, column)? else { return Ok(None) };
    match kind {
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
            std::str::from_utf8(raw).map(Some).map_err(|_| other(column, &kind))
        }
        _ => Err(other(column, &kind)),
    }
}

/// Bytes.
pub(crate) fn blob(row: &Row, column: usize) -> Result<Option<&[u8]>> {
    let Some(Raw(kind, raw)) = raw(row, column)? else { return Ok(None) };
    if kind == Type::BYTEA { Ok(Some(raw)) } else { Err(other(column, &kind)) }
}

fn raw(row: &Row, column: usize) -> Result<Option<Raw<'_>>> {
    row.try_get(column)
        .map_err(|e| StoreError::caused(StoreErrorKind::Decode, format!("there is no column {column}"), e))
}

fn other(column: usize, kind: &Type) -> StoreError {
    StoreError::new(
        StoreErrorKind::Decode,
        format!("column {column} is a {kind} and cannot be read as asked"),
    )
}

/// A `NUMERIC` (count of digits, weight of the first, sign, scale, digits to base 10 000) if it is a whole `i64`.
fn whole(raw: &[u8]) -> Option<i64> {
    let (head, digits) = raw.split_at_checked(8)?;
    let half = |at: usize| i16::from_be_bytes([head[at], head[at + 1]]);
    let (weight, sign) = (half(2), half(4));
    let mut sum: i128 = 0;
    for place in 0..=weight.clamp(-1, 8) {
        let at = usize::try_from(place).ok()? * 2;
        let digit = digits.get(at..at + 2).map_or(0, |d| i16::from_be_bytes([d[0], d[1]]));
        sum = sum * 10_000 + i128::from(digit);
    }
    let whole_digits = usize::try_from(weight + 1).ok()?.saturating_mul(2).min(digits.len());
    let fraction = digits[whole_digits..].iter().any(|byte| *byte != 0);
    match sign {
        _ if fraction || weight > 8 => None,
        0 => i64::try_from(sum).ok(),
        0x4000 => i64::try_from(-sum).ok(),
        _ => None,
    }
}
