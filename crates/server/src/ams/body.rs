//! Request bodies the way the service reads them: keys in any case, `null` as an empty value, unknown keys ignored,
//! wrong types and trailing bytes refused (AMS reference 1).
//!
//! Bodies are read in place: [`Fields`] keeps borrowed, unparsed values of the keys asked for and nothing of the
//! others, so that reading costs little beside the body itself.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The body is not what the operation expects. Each operation has its own text for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wrong;

impl From<serde_json::Error> for Wrong {
    fn from(_: serde_json::Error) -> Self {
        Self
    }
}

/// What may follow the JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Only white space.
    Nothing,
    /// Anything: schema create and update and registration decline read the first value only.
    Anything,
}

/// The wanted members of one JSON object.
#[derive(Debug)]
pub(crate) struct Fields<'a>(Vec<(&'static str, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Reads an object or `null`, keeping the members named in `keys`.
    pub(crate) fn read(body: &'a [u8], keys: &'static [&'static str], tail: Tail) -> Result<Self, Wrong> {
        let mut json = serde_json::Deserializer::from_slice(body);
        let fields = Wanted(keys).deserialize(&mut json)?;
        if tail == Tail::Nothing {
            json.end()?;
        }
        Ok(Self(fields))
    }

    /// The unparsed value of a member; `None` if absent or `null`. The last one wins.
    pub(crate) fn raw(&self, key: &str) -> Option<&'a RawValue> {
        let value = self.0.iter().rev().find(|(name, _)| *name == key)?.1;
        (value.get() != "null").then_some(value)
    }

    /// A member of a plain type; `None` if absent or `null`.
    pub(crate) fn get<T: Deserialize<'a>>(&self, key: &str) -> Result<Option<T>, Wrong> {
        self.raw(key).map(|raw| serde_json::from_str(raw.get())).transpose().map_err(Wrong::from)
    }

    /// A text, `""` if absent or `null`.
    pub(crate) fn text(&self, key: &str) -> Result<String, Wrong> {
        Ok(self.get(key)?.unwrap_or_default())
    }

    /// A list of texts; `null` elements count as `""`.
    pub(crate) fn texts(&self, key: &str) -> Result<Option<Vec<String>>, Wrong> {
        let list: Option<Vec<Option<String>>> = self.get(key)?;
        Ok(list.map(|items| items.into_iter().map(Option::unwrap_or_default).collect()))
    }

    /// A member that is an object itself.
    pub(crate) fn object(&self, key: &str, keys: &'static [&'static str]) -> Result<Self, Wrong> {
        match self.raw(key) {
            None => Ok(Self(Vec::new())),
            Some(raw) => Self::read(raw.get().as_bytes(), keys, Tail::Nothing),
        }
    }

    /// A list of objects.
    pub(crate) fn objects(
        &self,
        key: &str,
        keys: &'static [&'static str],
    ) -> Result<Option<Vec<Self>>, Wrong> {
        let Some(raw) = self.raw(key) else { return Ok(None) };
        let mut json = serde_json::Deserializer::from_str(raw.get());
        Ok(Some(json.deserialize_seq(ObjectList(keys))?))
    }
}

struct Wanted(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Wanted {
    type Value = Vec<(&'static str, &'de RawValue)>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Wanted {
    type Value = Vec<(&'static str, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found: Self::Value = Vec::with_capacity(self.0.len());
        while let Some(Text(key)) = map.next_key()? {
            match self.0.iter().find(|wanted| wanted.eq_ignore_ascii_case(&key)) {
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
                Some(name) => {
                    let value = map.next_value::<&RawValue>()?;
                    // A repeated member replaces the earlier one, so that the list stays short.
                    found.retain(|(known, _)| known != name);
                    found.push((name, value));
                }
            }
        }
        Ok(found)
    }
}

struct ObjectList(&'static [&'static str]);

impl<'de> Visitor<'de> for ObjectList {
    type Value = Vec<Fields<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut objects = Vec::new();
        while let Some(fields) = list.next_element_seed(Wanted(self.0))? {
            objects.push(Fields(fields));
        }
        Ok(objects)
    }
}

/// A JSON text or `null`, borrowed from the body where it has no escapes.
#[derive(Debug, Default)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Text::default())
            }
        }
        json.deserialize_any(Reader)
    }
}

/// Reads a whole body with a visitor of the caller's own; used where a body can be large.
pub(crate) fn stream<'a, V: Visitor<'a>>(body: &'a [u8], visitor: V) -> Result<V::Value, Wrong> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = json.deserialize_any(visitor)?;
    json.end()?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[&str] = &["ackIds", "offset"];

    #[test]
    fn keys_match_in_any_case_and_the_last_one_wins() {
        let fields =
            Fields::read(br#"{"OFFSET": 1, "offset": 2, "other": [{}]}"#, KEYS, Tail::Nothing).unwrap();
        assert_eq!(fields.get::<i64>("offset"), Ok(Some(2)));
    }

    #[test]
    fn null_is_an_empty_object_and_null_members_are_absent() {
        assert_eq!(Fields::read(b"null", KEYS, Tail::Nothing).unwrap().texts("ackIds"), Ok(None));
        let fields = Fields::read(br#"{"ackIds": null, "offset": "7"}"#, KEYS, Tail::Nothing).unwrap();
        assert_eq!(fields.texts("ackIds"), Ok(None));
        assert_eq!(fields.get::<i64>("offset"), Err(Wrong));
    }

    #[test]
    fn trailing_bytes_lists_and_empty_bodies_are_wrong() {
        for body in [&b"{} x"[..], b"[]", b"", b"7", b"{", b"\xff"] {
            assert!(Fields::read(body, KEYS, Tail::Nothing).is_err(), "{body:?}");
        }
        assert!(Fields::read(b"{} x", KEYS, Tail::Anything).is_ok());
    }
}
