//! Publishing (AMS reference 11.3 to 11.5).
//!
//! The request is read once, from the body straight into the bytes that are stored; one transaction takes the
//! offsets and stores everything, so that a publish happens whole or not at all.

use std::borrow::Cow;
use std::fmt;

use futures_util::stream;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::auth::TopicAccess;
use super::super::body::{Text, Wrong, stream as read_body};
use super::super::error::{Failure, raw};
use super::super::quirks::Quirk;
use super::super::roles::{PUB, RoleSet};
use super::super::storage::pack::Packed;
use super::super::storage::segments;
use super::super::{Ams, Call};
use crate::http::Reply;

/// Packed bytes after which a new segment begins, so that a pull of one message never reads much more.
const SEGMENT: usize = 256 * 1024;
/// Bodies above this size are read on a thread of their own.
const LARGE: usize = 1024 * 1024;

/// `POST …/topics/T:publish`.
pub(crate) async fn publish(ams: &Ams, call: &mut Call) -> Result<Reply, Failure> {
    let project = call.project()?.id;
    let known = ams.directory.topic(&ams.store, project, call.param("topic")).await?;
    let topic = known.ok_or_else(|| Failure::missing("Topic"))?;
    check_acl(ams, call, PUB, topic.listed.iter().any(|id| Some(*id) == call.caller.user))?;
    let limit = ams.settings().message_limit;
    let segments = if call.body().len() > LARGE {
        // The body goes as soon as it is read: what is stored takes its place.
        let body = call.take_body();
        let reading =
            tokio::task::spawn_blocking(move || checked(&body, limit, &topic).map(|s| (s, topic.id)));
        reading.await.map_err(|_| Failure::internal("Internal Error"))?
    } else {
        checked(call.body(), limit, &topic).map(|s| (s, topic.id))
    };
    let (segments, topic) = match segments {
        Ok(read) => read,
        Err(Refused::Oversized) if ams.quirks.has(Quirk::OversizeIsBackendError) => {
            return Err(Failure::internal("Backend Error"));
        }
        Err(Refused::Oversized) => return Err(Failure::too_large()),
        Err(Refused::Because(failure)) => return Err(failure),
    };
    let count: i64 = segments.iter().map(|segment| segment.count).sum();
    if count == 0 {
        return Ok(message_ids(0, 0));
    }
    let first = ams
        .store
        .write(move |tx| {
            segments::append(tx, project, topic, &segments)?.ok_or_else(|| Failure::missing("Topic"))
        })
        .await?;
    Ok(message_ids(first, count))
}

/// 403 if ACLs are on, the caller has the role that ACLs are about and it is not listed (3.2).
pub(crate) fn check_acl(ams: &Ams, call: &Call, role: RoleSet, listed: bool) -> Result<(), Failure> {
    let concerned = call.caller.user.is_some() && call.caller.roles.meets(role);
    if concerned && !listed && ams.settings().per_resource_auth {
        return Err(Failure::forbidden());
    }
    Ok(())
}

/// Why a publish request is not stored.
#[derive(Debug)]
enum Refused {
    Oversized,
    Because(Failure),
}

/// Reads the body and checks it against the schema of the topic.
fn checked(body: &[u8], limit: usize, topic: &TopicAccess) -> Result<Vec<Packed>, Refused> {
    let segments = read(body, limit).map_err(|Wrong| Refused::Because(Failure::arguments("Message")))?;
    if segments.iter().any(|segment| segment.largest > limit) {
        return Err(Refused::Oversized);
    }
    let mut index = 0;
    for segment in &segments {
        match &topic.schema {
            None => break,
            Some(Err(())) => {
                return Err(Refused::Because(Failure::internal("Could not load schema for topic")));
            }
            Some(Ok(schema)) => schema.check_all(&segment.body, index).map_err(Refused::Because)?,
        }
        index += usize::try_from(segment.count).unwrap_or_default();
    }
    Ok(segments)
}

/// Reads a publish body into segments. Messages over `limit` are counted but not kept.
pub(crate) fn read(body: &[u8], limit: usize) -> Result<Vec<Packed>, Wrong> {
    let mut batch = Batch { segments: Vec::new(), limit };
    read_body(body, Request(&mut batch))?;
    Ok(batch.segments)
}

#[derive(Debug)]
struct Batch {
    segments: Vec<Packed>,
    limit: usize,
}

impl Batch {
    fn push(&mut self, message: Message<'_>) {
        if self.segments.last().is_none_or(|last| last.body.len() > SEGMENT) {
            if let Some(full) = self.segments.last_mut() {
                full.body.shrink_to_fit();
            }
            self.segments.push(Packed::default());
        }
        let Some(segment) = self.segments.last_mut() else { return };
        let Message { mut attributes, data, oversized } = message;
        if oversized || data.len() > self.limit {
            segment.push_oversized();
        } else {
            segment.push(&mut attributes, &data);
        }
    }
}

#[derive(Debug, Default)]
struct Message<'a> {
    attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    data: Cow<'a, str>,
    /// The attributes alone are over the limit; the rest of them was not kept.
    oversized: bool,
}

/// The request object.
struct Request<'b>(&'b mut Batch);

impl<'de> Visitor<'de> for Request<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a publish request")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            if key.eq_ignore_ascii_case("messages") {
                self.0.segments.clear();
                map.next_value_seed(Messages(self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The list of messages, or `null`.
struct Messages<'b>(&'b mut Batch);

impl<'de> DeserializeSeed<'de> for Messages<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Messages<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of messages")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let limit = self.0.limit;
        while let Some(message) = list.next_element_seed(OneMessage { limit })? {
            self.0.push(message);
        }
        Ok(())
    }
}

/// One message, or `null`.
#[derive(Clone, Copy)]
struct OneMessage {
    limit: usize,
}

impl<'de> DeserializeSeed<'de> for OneMessage {
    type Value = Message<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Message<'de>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneMessage {
    type Value = Message<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_unit<E>(self) -> Result<Message<'de>, E> {
        Ok(Message::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Message<'de>, A::Error> {
        let mut message = Message::default();
        while let Some(Text(key)) = map.next_key()? {
            if key.eq_ignore_ascii_case("data") {
                message.data = map.next_value::<Text<'de>>()?.0;
            } else if key.eq_ignore_ascii_case("attributes") {
                map.next_value_seed(Attributes { message: &mut message, limit: self.limit })?;
            } else if key.eq_ignore_ascii_case("messageId") || key.eq_ignore_ascii_case("publishTime") {
                map.next_value::<Text<'de>>()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(message)
    }
}

/// The attributes of a message, or `null`.
struct Attributes<'b, 'de> {
    message: &'b mut Message<'de>,
    limit: usize,
}

impl<'de> DeserializeSeed<'de> for Attributes<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Attributes<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut size = 0;
        while let Some(Text(key)) = map.next_key()? {
            let Text(value) = map.next_value()?;
            size += key.len() + value.len();
            if size > self.limit {
                self.message.oversized = true;
                self.message.attributes = Vec::new();
            }
            if !self.message.oversized {
                self.message.attributes.push((key, value));
            }
        }
        Ok(())
    }
}

/// Ids written at once; longer answers are made while they are sent.
const PIECE: i64 = 16_384;

/// `{"messageIds": […]}` in the three-space layout, for `count` offsets from `first` on.
fn message_ids(first: i64, count: i64) -> Reply {
    let end = first + count;
    if count <= PIECE {
        return raw(ids(first, first, end, end));
    }
    let pieces = stream::unfold(first, move |from| async move {
        let to = end.min(from + PIECE);
        (from < end).then(|| (Ok(ids(first, from, to, end).into()), to))
    });
    raw(String::new()).stream(Box::pin(pieces))
}

/// The part of the answer for the offsets `from..to` of `first..end`.
fn ids(first: i64, from: i64, to: i64, end: i64) -> String {
    use std::fmt::Write as _;
    let mut body = String::with_capacity(32 + usize::try_from(to - from).unwrap_or_default() * 20);
    if from == first {
        body.push_str("{\n   \"messageIds\": [");
    }
    for offset in from..to {
        let comma = if offset == first { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(body, "{comma}\n      \"{offset}\"");
    }
    if to == end {
        body.push_str(if first == end { "]\n}" } else { "\n   ]\n}" });
    }
    body
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;
    use crate::ams::storage::pack::Entries;

    fn datas(body: &[u8]) -> Vec<String> {
        let segments = read(body, 1_000_000).unwrap();
        segments.iter().flat_map(|s| Entries::of(&s.body)).map(|entry| entry.data_text()).collect()
    }

    #[test]
    fn keys_in_any_case_null_and_unknown_members_are_accepted() {
        let body = br#"{"MESSAGES": [{"Data": "YQ==", "x": [1]}, null, {"data": null, "attributes": null}], "y": {}}"#;
        assert_eq!(datas(body), ["YQ==", "", ""]);
        assert!(datas(b"null").is_empty());
        assert!(datas(br#"{"messages": null}"#).is_empty());
    }

    #[test]
    fn wrong_types_and_trailing_bytes_are_refused() {
        for body in [
            &br#"{"messages": [{"attributes": {"k": 1}}]}"#[..],
            br#"{"messages": [{"data": 7}]}"#,
            br#"{"messages": {}}"#,
            br#"{"messages": [7]}"#,
            br#"{"messages": [{"messageId": 7}]}"#,
            br#"{"messages": []} trailing"#,
            br#"[]"#,
            b"",
        ] {
            assert!(read(body, 1_000_000).is_err(), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn a_hundred_thousand_attributes_are_one_message() {
        let members: Vec<String> = (0..100_000).map(|i| format!("\"k{i}\":\"v\"")).collect();
        let body = format!("{{\"messages\":[{{\"attributes\":{{{}}}}}]}}", members.join(","));
        let segments = read(body.as_bytes(), 10_000_000).unwrap();
        assert_eq!(Entries::of(&segments[0].body).next().unwrap().attribute_map().len(), 100_000);
    }

    #[test]
    fn ids_are_laid_out_with_three_blanks() {
        let crate::http::ReplyBody::Full(body) = message_ids(9, 2).body else { panic!("not whole") };
        assert_eq!(body, "{\n   \"messageIds\": [\n      \"9\",\n      \"10\"\n   ]\n}");
    }

    #[tokio::test]
    async fn many_ids_are_laid_out_the_same_while_they_are_sent() {
        let (first, count) = (7, 2 * PIECE + 1);
        let crate::http::ReplyBody::Stream(pieces) = message_ids(first, count).body else { panic!("whole") };
        let pieces: Vec<bytes::Bytes> = pieces.map(Result::unwrap).collect().await;
        assert_eq!(pieces.concat(), ids(first, first, first + count, first + count).as_bytes());
        assert_eq!(pieces.len(), 3);
    }

    #[test]
    fn tiny_messages_take_no_more_room_than_their_request() {
        let many = |message: &str| format!("{{\"messages\":[{}]}}", vec![message; 200_000].join(","));
        for message in ["{}", r#"{"data":"YQ=="}"#, r#"{"attributes":{"k":"v"}}"#] {
            let body = many(message);
            let packed: usize = read(body.as_bytes(), 1_000_000).unwrap().iter().map(|s| s.body.len()).sum();
            assert!(packed <= body.len(), "{message}: {packed} of {}", body.len());
        }
    }
}
