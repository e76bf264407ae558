//! Avro data against its schema (AMS reference 14), at a cost that its size bounds.

use std::collections::HashMap;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::schema::{FixedSchema, InnerDecimalSchema, Name, NamespaceRef, ResolvedSchema, UuidSchema};

/// Values that any message may hold, and further ones for each of its bytes. A value may take no byte at all (`null`,
/// an empty record), so that a few bytes could stand for more of them than there is memory.
const VALUES: usize = 10_000;
const VALUES_PER_BYTE: usize = 4;
const ENDS_EARLY: &str = "the data ends before the value does";

/// Whether a record contains itself. The depth of such data is bounded by nothing but its size, and the decoder
/// descends on the stack: a small request could end the process.
pub(super) fn recurses<'a>(schema: &'a Schema, open: &mut Vec<&'a Name>) -> bool {
    match schema {
        Schema::Ref { name } => open.contains(&name),
        Schema::Array(array) => recurses(&array.items, open),
        Schema::Map(map) => recurses(&map.types, open),
        Schema::Union(union) => union.variants().iter().any(|variant| recurses(variant, open)),
        Schema::Record(record) => {
            open.push(&record.name);
            let found = record.fields.iter().any(|field| recurses(&field.schema, open));
            open.pop();
            found
        }
        _ => false,
    }
}

/// Whether the bytes are exactly one value of the schema.
///
/// # Errors
/// Why they are not.
pub(super) fn check(schema: &Schema, bytes: &[u8]) -> Result<(), String> {
    let resolved = ResolvedSchema::try_from(schema).map_err(|e| e.to_string())?;
    let left = VALUES.saturating_add(bytes.len().saturating_mul(VALUES_PER_BYTE));
    Walk { names: resolved.get_names(), rest: bytes, left }.value(schema, None)?;
    let mut rest = bytes;
    let reader = GenericDatumReader::builder(schema).build().map_err(|e| e.to_string())?;
    let value = reader.read_value(&mut rest).map_err(|e| e.to_string())?;
    // The decoder takes a text that ends early for `null`.
    if !value.validate(schema) {
        return Err(ENDS_EARLY.to_owned());
    }
    if rest.is_empty() { Ok(()) } else { Err(format!("{} bytes follow the value", rest.len())) }
}

/// Goes over the data without keeping anything: the decoder reserves what the data and the schema say before it looks
/// whether that much is there.
struct Walk<'a> {
    names: &'a HashMap<Name, &'a Schema>,
    rest: &'a [u8],
    /// Values that may still come.
    left: usize,
}

impl Walk<'_> {
    fn value(&mut self, schema: &Schema, namespace: NamespaceRef<'_>) -> Result<(), String> {
        self.left = self.left.checked_sub(1).ok_or("it holds too many values for its size")?;
        match schema {
            Schema::Null => Ok(()),
            Schema::Boolean => self.skip(1),
            Schema::Float => self.skip(4),
            Schema::Double => self.skip(8),
            Schema::Fixed(FixedSchema { size, .. })
            | Schema::Duration(FixedSchema { size, .. })
            | Schema::Uuid(UuidSchema::Fixed(FixedSchema { size, .. })) => self.skip(*size),
            Schema::Decimal(decimal) => match &decimal.inner {
                InnerDecimalSchema::Fixed(fixed) => self.skip(fixed.size),
                InnerDecimalSchema::Bytes => self.block(),
            },
            Schema::Bytes
            | Schema::String
            | Schema::BigDecimal
            | Schema::Uuid(UuidSchema::Bytes | UuidSchema::String) => self.block(),
            Schema::Array(array) => self.items(false, &array.items, namespace),
            Schema::Map(map) => self.items(true, &map.types, namespace),
            Schema::Union(union) => {
                let chosen = usize::try_from(self.long()?).ok();
                let chosen = chosen.and_then(|index| union.variants().get(index));
                self.value(chosen.ok_or("it chooses what the union does not have")?, namespace)
            }
            Schema::Record(record) => {
                let name = record.name.fully_qualified_name(namespace);
                record.fields.iter().try_for_each(|field| self.value(&field.schema, name.namespace()))
            }
            Schema::Ref { name } => {
                let name = name.fully_qualified_name(namespace);
                let named = self.names.get(&*name).ok_or_else(|| format!("there is no type {name}"))?;
                self.value(named, name.namespace())
            }
            // What is left is whole numbers, under several names.
            _ => self.long().map(drop),
        }
    }

    fn items(&mut self, keys: bool, schema: &Schema, namespace: NamespaceRef<'_>) -> Result<(), String> {
        loop {
            let count = self.long()?;
            if count == 0 {
                return Ok(());
            }
            if count < 0 {
                self.long()?;
            }
            for _ in 0..count.unsigned_abs() {
                if keys {
                    self.block()?;
                }
                self.value(schema, namespace)?;
            }
        }
    }

    /// A length and as many bytes.
    fn block(&mut self) -> Result<(), String> {
        let length = usize::try_from(self.long()?).map_err(|_| "it holds a negative length")?;
        self.skip(length)
    }

    fn skip(&mut self, length: usize) -> Result<(), String> {
        self.rest = self.rest.get(length..).ok_or(ENDS_EARLY)?;
        Ok(())
    }

    /// A whole number: seven bits a byte, the lowest first, its sign in the lowest bit.
    fn long(&mut self) -> Result<i64, String> {
        let mut raw = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or(ENDS_EARLY)?;
            self.rest = rest;
            raw |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed());
            }
        }
        Err("it holds a number that is too long".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn checked(schema: &Value, bytes: &[u8]) -> Result<(), String> {
        check(&Schema::parse(schema).unwrap(), bytes)
    }

    #[test]
    fn a_length_in_the_schema_takes_no_memory_before_the_data_is_there() {
        for size in [u64::MAX >> 1, 1 << 40, 17] {
            let fixed = json!({"type": "fixed", "name": "F", "size": size});
            assert_eq!(checked(&fixed, b"0123456789abcdef"), Err(ENDS_EARLY.to_owned()));
        }
        checked(&json!({"type": "fixed", "name": "F", "size": 16}), b"0123456789abcdef").unwrap();
    }

    #[test]
    fn a_few_bytes_do_not_stand_for_more_values_than_fit_into_memory() {
        let nulls = json!({"type": "array", "items": "null"});
        // 9 million values without a byte, within the decoder's own limit for one list; then a list of such lists.
        let many = b"\x80\xa8\xca\x08\x00";
        assert!(checked(&nulls, many).unwrap_err().contains("too many values"));
        let lists = json!({"type": "array", "items": {"type": "array", "items": "null"}});
        let repeated = [&b"\x28"[..], &many.repeat(20), b"\x00"].concat();
        assert!(checked(&lists, &repeated).unwrap_err().contains("too many values"));
        checked(&nulls, b"\x0a\x00").unwrap();
    }

    #[test]
    fn records_that_double_with_each_level_are_refused_without_a_byte_of_data() {
        let level = |schema: Value, n: usize| {
            let fields = json!([{"name": "a", "type": schema}, {"name": "b", "type": format!("r{}", n - 1)}]);
            json!({"type": "record", "name": format!("r{n}"), "fields": fields})
        };
        let none = json!({"type": "record", "name": "r0", "fields": [{"name": "a", "type": "null"}]});
        assert!(checked(&(1..=27).fold(none.clone(), level), b"").unwrap_err().contains("too many values"));
        checked(&(1..=3).fold(none, level), b"").unwrap();
    }

    #[test]
    fn every_kind_of_value_is_gone_over_as_the_decoder_reads_it() {
        let schema = json!({"type": "record", "name": "a.R", "fields": [
            {"name": "n", "type": "null"}, {"name": "b", "type": "boolean"}, {"name": "i", "type": "int"},
            {"name": "l", "type": "long"}, {"name": "f", "type": "float"}, {"name": "d", "type": "double"},
            {"name": "y", "type": "bytes"}, {"name": "s", "type": "string"},
            {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A", "B"]}},
            {"name": "x", "type": {"type": "fixed", "name": "X", "size": 2}}, {"name": "x2", "type": "X"},
            {"name": "u", "type": ["null", "E"]},
            {"name": "m", "type": {"type": "map", "values": "int"}},
            {"name": "t", "type": {"type": "int", "logicalType": "date"}},
            {"name": "z", "type": {"type": "array", "items": "string"}},
        ]});
        let data = b"\x01\xff\xff\xff\xff\x0f\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\
            \0\0\0\0\0\0\0\0\0\0\0\0\x02y\x04ss\x02xxyy\x02\x00\x02\x02k\x08\x00\x06\x01\x04\x02a\x00";
        checked(&schema, data).unwrap();
        for end in 0..data.len() {
            checked(&schema, &data[..end]).unwrap_err();
        }
    }

    #[test]
    fn what_no_encoder_writes_is_refused() {
        let union = json!(["null", "int"]);
        for bytes in [&b"\x04"[..], b"\x01", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"] {
            checked(&union, bytes).unwrap_err();
        }
        checked(&json!("string"), b"\x01").unwrap_err();
    }
}
