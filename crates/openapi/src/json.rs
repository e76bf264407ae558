//! JSON to a block of values.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::error::{Error, ErrorKind, Result};
use crate::tree::{Builder, Limits, Tree};

/// Reads one JSON document.
pub(crate) fn read(text: &str, limits: Limits) -> Result<Tree> {
    let mut builder = Builder::new(limits, text.len());
    let mut failed = None;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let outcome = Seed { builder: &mut builder, failed: &mut failed }
        .deserialize(&mut deserializer)
        .and_then(|root| deserializer.end().map(|()| root));
    match (outcome, failed) {
        (Ok(root), _) => Ok(builder.finish(root)),
        (Err(error), Some(failed)) => Err(failed.at(error.line().max(1), error.column())),
        (Err(error), None) => Err(syntax(&error)),
    }
}

fn syntax(error: &serde_json::Error) -> Error {
    // The place is told apart; the parser's text repeats it at its end.
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let kind = if text.starts_with("recursion limit") { ErrorKind::TooLarge } else { ErrorKind::Syntax };
    Error::new(kind, format!("not JSON: {text}")).at(error.line().max(1), error.column())
}

struct Seed<'b> {
    builder: &'b mut Builder,
    failed: &'b mut Option<Error>,
}

impl Seed<'_> {
    fn again(&mut self) -> Seed<'_> {
        Seed { builder: self.builder, failed: self.failed }
    }

    fn keep<T, E: serde::de::Error>(&mut self, outcome: Result<T>) -> Result<T, E> {
        outcome.map_err(|error| {
            *self.failed = Some(error);
            E::custom("refused")
        })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = u32;

    fn deserialize<D: Deserializer<'de>>(mut self, deserializer: D) -> Result<u32, D::Error> {
        let counted = self.builder.count(1);
        self.keep::<_, D::Error>(counted)?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = u32;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<u32, E> {
        Ok(self.builder.null())
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<u32, E> {
        Ok(self.builder.bool(value))
    }

    fn visit_i64<E: serde::de::Error>(mut self, value: i64) -> Result<u32, E> {
        let at = self.builder.signed(value);
        self.keep(at)
    }

    fn visit_u64<E: serde::de::Error>(mut self, value: u64) -> Result<u32, E> {
        let at = self.builder.unsigned(value);
        self.keep(at)
    }

    fn visit_f64<E: serde::de::Error>(mut self, value: f64) -> Result<u32, E> {
        let at = self.builder.float(value);
        self.keep(at)
    }

    fn visit_str<E: serde::de::Error>(mut self, value: &str) -> Result<u32, E> {
        let at = self.builder.string(value);
        self.keep(at)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut access: A) -> Result<u32, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self.again())? {
            items.push(item);
        }
        let at = self.builder.array(0, &items);
        self.keep(at)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<u32, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key_seed(Key(self.again()))? {
            entries.extend([key, access.next_value_seed(self.again())?]);
        }
        let at = self.builder.object(0, &entries);
        self.keep(at)
    }
}

struct Key<'b>(Seed<'b>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = u32;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u32, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = u32;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(mut self, value: &str) -> Result<u32, E> {
        let at = self.0.builder.string(value);
        self.0.keep(at)
    }
}
