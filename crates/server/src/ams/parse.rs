//! The parsers of this module as plain functions of bytes, each with what must always hold: what property tests and
//! fuzz targets drive. Not part of the server.

use std::borrow::Cow;

use http::Method;
use serde_json::Value;

use super::handlers::publish;
use super::names;
use super::schema::Validator;
use super::seed::read_section;
use super::storage::pack::{Entries, Packed};
use crate::route::{Outcome, canonical};

/// Largest record in these checks.
const LIMIT: usize = 1_500_000;

/// A publish body is refused, or every message of it comes back from its segments.
///
/// # Panics
/// If a message is lost, or its attributes are no JSON.
pub fn publish_body(body: &[u8]) {
    let Ok(segments) = publish::read(body, LIMIT) else { return };
    for segment in segments.iter().filter(|segment| segment.largest <= LIMIT) {
        let entries: Vec<_> = Entries::of(&segment.body).collect();
        assert_eq!(i64::try_from(entries.len()).ok(), Some(segment.count), "messages of a segment");
        let data: usize = entries.iter().map(|entry| entry.data_text().len()).sum();
        assert_eq!(i64::try_from(data).ok(), Some(segment.bytes), "bytes of the data");
        for entry in entries.iter().filter(|entry| !entry.attributes.is_empty()) {
            assert!(!entry.attribute_map().is_empty(), "attributes come back");
        }
    }
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    assert!(document.is_object() || document.is_null(), "only an object or null is a request");
}

/// A segment gives back what was packed, whatever the texts are; damaged segments end early.
///
/// # Panics
/// If a message changed.
pub fn segment(texts: &[(String, String, String)]) {
    let mut packed = Packed::default();
    for (key, value, data) in texts {
        let mut attributes = vec![(Cow::Borrowed(key.as_str()), Cow::Borrowed(value.as_str()))];
        packed.push(&mut attributes, data);
    }
    let back: Vec<_> = Entries::of(&packed.body).collect();
    assert_eq!(back.len(), texts.len());
    for (entry, (key, value, data)) in back.iter().zip(texts) {
        assert_eq!(&entry.data_text(), data);
        assert_eq!(entry.attribute_map().get(key), Some(value));
    }
    for cut in 0..packed.body.len().min(64) {
        assert!(Entries::of(&packed.body[..cut]).count() <= texts.len());
    }
}

/// Stored bytes that nobody packed are read without a panic.
pub fn damaged_segment(bytes: &[u8]) {
    for entry in Entries::of(bytes) {
        let _ = (entry.data_text(), entry.attribute_map());
    }
}

/// A path finds a route whose variables are within the path, or none.
///
/// # Panics
/// If a cleaned path would be cleaned again, or a name with other characters passes.
pub fn path(raw: &str) {
    let raw = format!("/{raw}");
    if let Some(clean) = canonical(&raw) {
        assert!(clean.starts_with('/') && !clean.starts_with("//"), "a cleaned path stays on this host");
        assert_eq!(canonical(&clean), None, "a cleaned path is clean");
    }
    let table = super::routes::table();
    for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
        let Outcome::Matched(matched) = table.find(&method, &raw) else { continue };
        for (_, value) in &matched.params {
            assert!(!value.contains('/') || raw.contains('%'), "a variable ends at a slash");
            let plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
            assert_eq!(names::is_valid(value), plain && !value.is_empty());
        }
    }
}

/// A schema is refused or compiles, and then judges any payload without a panic.
pub fn schema(kind: &str, body: &str, payload: &[u8]) {
    if let Ok(validator) = Validator::new(kind, body) {
        let _ = validator.check(0, payload);
    }
}

/// Only the very text of an acknowledgement identifier is one.
///
/// # Panics
/// If another text passes.
pub fn ack_id(id: &str) {
    if let Some(offset) = names::ack_offset(id, "P", "S") {
        assert!(offset >= 0);
        let digits = id.trim_start_matches("projects/P/subscriptions/S:").trim_start_matches(['+', '0']);
        assert!(digits == offset.to_string() || (digits.is_empty() && offset == 0), "{id:?} is {offset}");
    }
    let _ = (names::zulu_millis(id), names::day_start(id), names::schema_reference(id));
    let _ = (names::topic_reference(id, true), names::topic_reference(id, false));
}

/// A seed section is refused or read.
pub fn seed(text: &str) {
    if let Ok(value) = serde_saphyr::from_str::<Value>(text) {
        let _ = read_section(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same numbers in every run.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).unwrap() % sides
        }

        /// A sample with a few bytes replaced, removed, doubled or taken from another one.
        fn spoil(&mut self, samples: &[&str]) -> Vec<u8> {
            const ODD: &[u8] = b"\"\\{}[]:,/%\0\xff\x80 9-e+.<>&\n";
            let mut bytes = samples[self.roll(samples.len())].as_bytes().to_vec();
            for _ in 0..self.roll(6) {
                let at = self.roll(bytes.len().max(1)).min(bytes.len());
                match self.roll(4) {
                    0 => bytes.insert(at, ODD[self.roll(ODD.len())]),
                    1 if at < bytes.len() => bytes[at] = ODD[self.roll(ODD.len())],
                    2 if at < bytes.len() => drop(bytes.remove(at)),
                    _ => {
                        let other = samples[self.roll(samples.len())].as_bytes();
                        let from = self.roll(other.len().max(1)).min(other.len());
                        bytes.truncate(at);
                        bytes.extend_from_slice(&other[from..]);
                    }
                }
            }
            bytes
        }

        fn spoiled_text(&mut self, samples: &[&str]) -> String {
            String::from_utf8_lossy(&self.spoil(samples)).into_owned()
        }
    }

    const PUBLISH: &[&str] = &[
        r#"{"messages":[{"data":"aGVsbG8=","attributes":{"a":"b","c\"d":"\u2028<&>"}},{"data":""}]}"#,
        r#"{"MESSAGES":null,"messages":[{"DATA":"x","messageId":"7","publishTime":null}, {"attributes":{}}]}"#,
        r#"{"messages":[]}"#,
        "null",
    ];
    const PATHS: &[&str] = &[
        "v1/projects/P/topics/T:publish",
        "v1/projects/P/subscriptions/S%3Aacl",
        "v1/users:byToken/abc",
        "v1//projects/../P/./x",
        "v1/projects/P/members/U:add",
        "v1/registrations/u:accept",
    ];
    const SCHEMAS: &[&str] = &[
        r#"{"type":"object","required":["a"],"properties":{"a":{"type":"string","pattern":"^x+$"}}}"#,
        r##"{"$defs":{"n":{"items":{"$ref":"#/$defs/n"}}},"$ref":"#/$defs/n"}"##,
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":["null","long"]},{"name":"b","type":{"type":"array","items":"string"}}]}"#,
        r#"{"type":"enum","name":"E","symbols":["A","B"]}"#,
        r#""string""#,
    ];
    const IDS: &[&str] = &[
        "projects/P/subscriptions/S:4",
        "projects/P/subscriptions/S:9223372036854775807",
        "2024-05-06T07:08:09.123Z",
        "9999-12-31",
        "projects/P/topics/T",
    ];
    const SEEDS: &[&str] = &[
        "projects: [{name: P}]\nusers:\n  - {name: u, token: t, projects: [{project: P, roles: [publisher]}]}\n",
        "options: {push: true, retention_seconds: 60}\nsubscriptions: [{project: P, name: s, topic: t, push: {type: mattermost}}]\n",
        "&a [*a, *a]",
    ];

    #[test]
    fn spoiled_publish_bodies_are_refused_or_kept_whole() {
        let mut dice = Dice(1);
        (0..5_000).for_each(|_| publish_body(&dice.spoil(PUBLISH)));
    }

    #[test]
    fn any_texts_survive_a_segment_and_damaged_segments_end_early() {
        let mut dice = Dice(2);
        for _ in 0..1_000 {
            let texts: Vec<_> = (0..dice.roll(5))
                .map(|_| (dice.spoiled_text(PUBLISH), dice.spoiled_text(IDS), dice.spoiled_text(SEEDS)))
                .collect();
            segment(&texts);
            damaged_segment(&dice.spoil(PUBLISH));
        }
        for marked in [&[0xFF; 4][..], &[0xFF; 9], &[0xFF, 0xFF, 0xFF, 0xFF, 0x80, 0x80], &[0; 8]] {
            damaged_segment(marked);
        }
    }

    #[test]
    fn spoiled_paths_match_within_themselves() {
        let mut dice = Dice(3);
        (0..3_000).for_each(|_| path(&dice.spoiled_text(PATHS)));
    }

    #[test]
    fn spoiled_schemas_are_refused_or_judge() {
        let mut dice = Dice(4);
        for _ in 0..1_500 {
            let (kind, body) = (["json", "avro"][dice.roll(2)], dice.spoiled_text(SCHEMAS));
            schema(kind, &body, &dice.spoil(PUBLISH));
        }
    }

    #[test]
    fn spoiled_identifiers_and_times_are_refused_or_exact() {
        let mut dice = Dice(5);
        (0..20_000).for_each(|_| ack_id(&dice.spoiled_text(IDS)));
    }

    #[test]
    fn spoiled_seeds_are_refused_or_read() {
        let mut dice = Dice(6);
        (0..3_000).for_each(|_| seed(&dice.spoiled_text(SEEDS)));
    }
}
