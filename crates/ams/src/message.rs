//! Messages: bytes and attributes here, base64 on the wire.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use bytes::Bytes;
use jiff::Timestamp;
use pentad_core::{Error, ErrorKind, Result};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use crate::ack::AckId;
use crate::model::Other;

/// The largest stored record of release 1.7: 1 500 000 bytes (AMS reference 11.5).
pub const RECORD_LIMIT: usize = 1_500_000;

/// The largest stored record of releases up to 1.6.
pub const RECORD_LIMIT_BEFORE_1_7: usize = 1_000_000;

/// Padding wanted or not, stray bits ignored: for data that others encoded carelessly.
const FORGIVING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A message, to be published or received.
///
/// Publishing sends data and attributes; identifier and time are the service's.
#[derive(Clone, PartialEq, Default)]
pub struct Message {
    payload: Payload,
    attributes: BTreeMap<String, String>,
    id: Option<String>,
    publish_time: Option<Timestamp>,
    other: Other,
}

/// What a message carries.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Payload {
    /// Bytes; base64 on the wire.
    Bytes(Bytes),
    /// Text that is no base64, exactly as it stands on the wire: the service stores whatever publishers send.
    Text(String),
}

impl Default for Payload {
    fn default() -> Self {
        Self::Bytes(Bytes::new())
    }
}

impl Message {
    /// A message with these bytes.
    pub fn new(data: impl Into<Bytes>) -> Self {
        Self { payload: Payload::Bytes(data.into()), ..Self::default() }
    }

    /// A message with data that is already base64.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) if it is not padded base64 of the standard alphabet.
    pub fn from_base64(text: &str) -> Result<Self> {
        match STANDARD.decode(text) {
            Ok(data) => Ok(Self::new(data)),
            Err(error) => Err(Error::invalid("data", "is not base64").with_source(error)),
        }
    }

    /// A message whose `data` is sent exactly as given, base64 or not.
    pub fn from_wire_text(text: impl Into<String>) -> Self {
        Self { payload: Payload::Text(text.into()), ..Self::default() }
    }

    /// Sets one attribute.
    #[must_use]
    pub fn attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.insert(key.into(), value.into());
        self
    }

    /// Sets several attributes.
    #[must_use]
    pub fn attribute_pairs<K: Into<String>, V: Into<String>>(
        mut self,
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.attributes.extend(pairs.into_iter().map(|(key, value)| (key.into(), value.into())));
        self
    }

    /// The bytes; empty for a message that has attributes only.
    ///
    /// # Errors
    /// [`Decode`](ErrorKind::Decode) if a publisher stored something that is not base64;
    /// [`data_lenient`](Self::data_lenient) and [`payload`](Self::payload) still reach it.
    pub fn data(&self) -> Result<&Bytes> {
        match &self.payload {
            Payload::Bytes(data) => Ok(data),
            Payload::Text(_) => Err(Error::new(ErrorKind::Decode, "message data is not base64")
                .with_hint("payload() gives the text as stored")),
        }
    }

    /// The bytes, read as the Python client does: characters outside the alphabet are skipped, padding may be missing.
    ///
    /// # Errors
    /// [`Decode`](ErrorKind::Decode) if what remains is cut off in the middle of a byte.
    pub fn data_lenient(&self) -> Result<Bytes> {
        let text = match &self.payload {
            Payload::Bytes(data) => return Ok(data.clone()),
            Payload::Text(text) => text,
        };
        let kept: Vec<u8> =
            text.bytes().filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')).collect();
        FORGIVING
            .decode(kept)
            .map(Bytes::from)
            .map_err(|error| Error::new(ErrorKind::Decode, "message data is cut off").with_source(error))
    }

    /// What the message carries, without judging it.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The data as it stands on the wire.
    pub fn wire_data(&self) -> String {
        match &self.payload {
            Payload::Bytes(data) => STANDARD.encode(data),
            Payload::Text(text) => text.clone(),
        }
    }

    /// The attributes, sorted by key.
    pub fn attributes(&self) -> &BTreeMap<String, String> {
        &self.attributes
    }

    /// The position of the message in its topic as text; none before it was received.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// When the service stored it, to the nanosecond; none before it was received.
    pub fn publish_time(&self) -> Option<Timestamp> {
        self.publish_time
    }

    /// Keys of a received message that this version has no accessor for.
    pub fn other(&self) -> &Other {
        &self.other
    }

    /// Whether there is neither data nor an attribute.
    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty() && self.wire_len() == 0
    }

    /// Length of the data on the wire.
    pub(crate) fn wire_len(&self) -> usize {
        match &self.payload {
            Payload::Bytes(data) => data.len().div_ceil(3) * 4,
            Payload::Text(text) => text.len(),
        }
    }

    /// The least number of bytes that the service will store for this message (AMS reference 11.5).
    ///
    /// The stored record is the message as JSON with three-space indent, its identifier and time included, and 36 bytes
    /// beside it. Identifier and time are not known before sending; they count with their shortest form, so that
    /// nothing is refused here that the service would take.
    pub fn stored_size(&self) -> usize {
        const FRAME: usize = "{\n   \"messageId\": \"0\",\n   \"data\": \"\",\n   \"publishTime\": \"2024-05-06T07:08:09Z\"\n}".len();
        const MAP: usize = "   \"attributes\": {\n   },\n".len();
        const PAIR: usize = "      \"\": \"\",\n".len();
        let pairs: usize = self.attributes.iter().map(|(key, value)| PAIR + key.len() + value.len()).sum();
        let map = if self.attributes.is_empty() { 0 } else { MAP + pairs - 1 };
        FRAME + map + self.wire_len() + 36
    }

    /// Refuses what the service would refuse, before it is sent.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) without data and attributes; [`TooLarge`](ErrorKind::TooLarge) above `limit`.
    pub fn check(&self, limit: Option<usize>) -> Result<()> {
        if self.is_empty() {
            return Err(Error::invalid("message", "needs data or at least one attribute"));
        }
        let size = self.stored_size();
        match limit {
            Some(limit) if size > limit => {
                let text = format!("message: stored it would take {size} bytes, the limit is {limit}");
                Err(Error::new(ErrorKind::TooLarge, text)
                    .with_hint("base64 costs a third: send about 1.1 MB at most"))
            }
            _ => Ok(()),
        }
    }

    /// The first attribute with a quote, backslash or control character.
    ///
    /// Releases 1.6 and 1.7 write attributes into the stored record without escaping: such a message makes every later
    /// pull fail until the offset is moved past it (AMS reference 11.3).
    pub fn hazardous_attribute(&self) -> Option<&str> {
        let bad = |text: &str| text.chars().any(|c| c == '"' || c == '\\' || c.is_control());
        self.attributes.iter().find(|(key, value)| bad(key) || bad(value)).map(|(key, _)| key.as_str())
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("payload", &self.payload)
            .field("attributes", &self.attributes)
            .field("publish_time", &self.publish_time)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Payload {
    /// Sizes only: messages are the user's own business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(data) => write!(f, "Bytes({} bytes)", data.len()),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
        }
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes().to_vec())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<Bytes> for Message {
    fn from(data: Bytes) -> Self {
        Self::new(data)
    }
}

impl From<Vec<u8>> for Message {
    fn from(data: Vec<u8>) -> Self {
        Self::new(data)
    }
}

impl From<Message> for Vec<Message> {
    fn from(message: Message) -> Self {
        vec![message]
    }
}

impl Serialize for Message {
    /// What publishing sends: `attributes` and `data`, each only when there is something in it.
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.attributes.is_empty() {
            map.serialize_entry("attributes", &self.attributes)?;
        }
        if self.wire_len() > 0 {
            map.serialize_entry("data", &self.wire_data())?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}

/// Reads a received message key by key; collecting unknown keys costs nothing where there are none.
struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Message;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Message, A::Error> {
        let mut message = Message::default();
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match key.as_ref() {
                "messageId" => message.id = map.next_value()?,
                "attributes" => {
                    message.attributes =
                        map.next_value::<Option<BTreeMap<String, String>>>()?.unwrap_or_default();
                }
                "data" => {
                    let text = map.next_value::<Option<String>>()?.unwrap_or_default();
                    message.payload = match STANDARD.decode(&text) {
                        Ok(data) => Payload::Bytes(data.into()),
                        Err(_) => Payload::Text(text),
                    };
                }
                "publishTime" => {
                    let text: Option<String> = map.next_value()?;
                    message.publish_time = text.and_then(|text| text.parse().ok());
                }
                "" => drop(map.next_value::<IgnoredAny>()?),
                _ => {
                    let value = map.next_value()?;
                    message.other.insert(key.into_owned(), value);
                }
            }
        }
        Ok(message)
    }
}

/// A delivered message and the identifier that acknowledges it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    /// Acknowledges this message and all before it.
    pub ack_id: AckId,
    /// The message.
    pub message: Message,
}

impl Received {
    /// The position of the message in its topic.
    pub fn offset(&self) -> i64 {
        self.ack_id.offset()
    }
}

#[cfg(test)]
mod tests;
