//! The things of a page, read in one pass, with room made ahead for what the thing before had.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Room is made ahead for at most so many members or elements; what has more grows.
const MOST: usize = 64;
/// Room is made ahead for at most so many things of a page.
const LONGEST: usize = 1000;

/// The elements of a JSON array, of which about `expected` come.
///
/// Generic values get maps and lists of the sizes that those of the element before had: objects of one collection are
/// alike, and to grow a map step by step costs more than to fill it.
///
/// # Errors
/// Those of the text as `serde_json` tells them.
pub(crate) fn read<T: DeserializeOwned + 'static>(
    body: &[u8],
    expected: usize,
) -> serde_json::Result<Vec<T>> {
    // Looked through once for what is no UTF-8, not string by string; what is skipped may be broken.
    match std::str::from_utf8(body) {
        Ok(text) => all(serde_json::Deserializer::from_str(text), expected),
        Err(_) => all(serde_json::Deserializer::from_slice(body), expected),
    }
}

fn all<'de, R: serde_json::de::Read<'de>, T: DeserializeOwned + 'static>(
    mut reader: serde_json::Deserializer<R>,
    expected: usize,
) -> serde_json::Result<Vec<T>> {
    let expected = expected.min(LONGEST);
    let items = if TypeId::of::<T>() == TypeId::of::<Value>() {
        let values: Box<dyn Any> = Box::new(reader.deserialize_seq(Alike { expected })?);
        // The types are the same, which only the compiler does not know.
        values.downcast::<Vec<T>>().map(|values| *values).unwrap_or_default()
    } else {
        reader.deserialize_seq(Typed { expected, item: PhantomData })?
    };
    reader.end().map(|()| items)
}

struct Typed<T> {
    expected: usize,
    item: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Typed<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::with_capacity(self.expected);
        while let Some(item) = elements.next_element()? {
            items.push(item);
        }
        Ok(items)
    }
}

/// Generic values that are much like each other.
struct Alike {
    expected: usize,
}

impl<'de> Visitor<'de> for Alike {
    type Value = Vec<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<Value>, A::Error> {
        let sizes = RefCell::new(Sizes::default());
        let mut items = Vec::with_capacity(self.expected);
        while let Some(item) = elements.next_element_seed(Roomy(&sizes))? {
            items.push(item);
            sizes.borrow_mut().turn();
        }
        Ok(items)
    }
}

/// How many members and elements the objects and lists of a value have, in the order in which they begin.
#[derive(Default)]
struct Sizes {
    before: Vec<usize>,
    now: Vec<usize>,
}

impl Sizes {
    /// The place of the object or list that begins, and for how many to make room.
    fn open(&mut self) -> (usize, usize) {
        let place = self.now.len();
        self.now.push(0);
        (place, self.before.get(place).copied().unwrap_or(0).min(MOST))
    }

    fn close(&mut self, place: usize, size: usize) {
        self.now[place] = size;
    }

    /// The next value begins.
    fn turn(&mut self) {
        std::mem::swap(&mut self.before, &mut self.now);
        self.now.clear();
    }
}

/// Any value, as `serde_json` makes it.
struct Roomy<'s>(&'s RefCell<Sizes>);

impl<'de> DeserializeSeed<'de> for Roomy<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Roomy<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let (place, room) = self.0.borrow_mut().open();
        let mut list = Vec::with_capacity(room);
        while let Some(element) = elements.next_element_seed(Roomy(self.0))? {
            list.push(element);
        }
        self.0.borrow_mut().close(place, list.len());
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let (place, room) = self.0.borrow_mut().open();
        let mut map = Map::with_capacity(room);
        while let Some(name) = members.next_key::<String>()? {
            let member = members.next_value_seed(Roomy(self.0))?;
            map.insert(name, member);
        }
        self.0.borrow_mut().close(place, map.len());
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn values_are_what_the_plain_reader_makes_of_them() {
        let deep = format!("[{}1{}]", "[".repeat(100), "]".repeat(100));
        for text in [
            "[]",
            " [ ] ",
            r#"[{"a": 1, "b": [1, -2, 0.5, 1e300, true, null, "é\n\u00e9"]}, {"a": {"c": {}, "b": []}}, 5, "x", null]"#,
            r#"[{"b": 1, "a": 2, "b": 3}, {"x": [[], [{}], {"y": 18446744073709551615}]}, 123456789012345678901234567890]"#,
            deep.as_str(),
        ] {
            let plain: Vec<Value> = serde_json::from_str(text).unwrap();
            let read: Vec<Value> = read(text.as_bytes(), 3).unwrap();
            assert_eq!(read, plain);
            assert_eq!(
                serde_json::to_string(&read).unwrap(),
                serde_json::to_string(&plain).unwrap(),
                "order, too"
            );
        }
    }

    #[test]
    fn what_the_plain_reader_refuses_is_refused() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for text in ["", "{}", "null", "[1", "[1]x", "[1,]", r#"[{"a"}]"#, "[\"\\ud800\"]", deep.as_str()] {
            let plain = serde_json::from_slice::<Vec<Value>>(text.as_bytes()).unwrap_err();
            let error = read::<Value>(text.as_bytes(), 0).unwrap_err();
            assert_eq!((error.line(), error.column()), (plain.line(), plain.column()), "{text}");
            let raw = |text: &str| serde_json::from_slice::<Vec<Box<RawValue>>>(text.as_bytes()).is_err();
            assert_eq!(read::<Box<RawValue>>(text.as_bytes(), 0).is_err(), raw(text), "{text}");
        }
    }

    #[test]
    fn broken_text_hurts_only_where_it_is_read() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct One {
            a: u8,
        }
        let body = b"[{\"a\": 1, \"b\": \"\xff\"}]";
        assert_eq!(read::<One>(body, 1).unwrap(), [One { a: 1 }]);
        assert!(read::<Value>(body, 1).is_err());
        assert!(read::<One>(b"[{\"a\": \"\xff\"}]", usize::MAX).is_err());
    }
}
