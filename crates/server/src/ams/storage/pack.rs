//! The packed messages of one segment.
//!
//! A segment holds the messages of one publish request in the form in which pull writes them, so that neither end
//! serialises message data again: per message the length and bytes of the attributes, one `"key": "value"` per line,
//! and the length and bytes of the data, both already escaped as JSON.
//!
//! Lengths take seven bits per byte, lowest first, so that a tiny message takes less room than in its request. Such
//! segments begin with [`MARK`]; those of earlier versions do not, and have lengths of four bytes (little endian).

use std::borrow::Cow;

/// Messages of one publish request, ready to be stored.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    /// The bytes of the segment.
    pub(crate) body: Vec<u8>,
    /// Number of messages.
    pub(crate) count: i64,
    /// Sum of the lengths of the data as sent (Base64 text), the unit of the byte counters.
    pub(crate) bytes: i64,
    /// Size of the largest stored record, in the unit of the size limit.
    pub(crate) largest: usize,
}

/// Length of a stored record without attributes, data and digits of the id: keys, indentation, time (AMS reference
/// 11.5), and the broker's 36 bytes.
const RECORD: usize = 90 + 36;
/// Length of the attribute object without its members.
const ATTRIBUTE_FRAME: usize = 19 + 6;
/// Length of the frame around one attribute.
const ATTRIBUTE_ITEM: usize = 6 + 6 + 2;

impl Packed {
    /// Appends one message. `attributes` are sorted here; of a repeated key the last value stays.
    pub(crate) fn push(&mut self, attributes: &mut Vec<(Cow<'_, str>, Cow<'_, str>)>, data: &str) {
        sort(attributes);
        if self.body.is_empty() {
            self.body.extend_from_slice(&MARK);
        }
        let start = self.body.len();
        for (i, (key, value)) in attributes.iter().enumerate() {
            if i > 0 {
                self.body.push(b'\n');
            }
            self.body.push(b'"');
            escape(key, &mut self.body);
            self.body.extend_from_slice(b"\": \"");
            escape(value, &mut self.body);
            self.body.push(b'"');
        }
        self.put_length(start);
        let frame =
            if attributes.is_empty() { 0 } else { ATTRIBUTE_FRAME + attributes.len() * ATTRIBUTE_ITEM };
        let pairs: usize = attributes.iter().map(|(key, value)| key.len() + value.len()).sum();
        let start = self.body.len();
        escape(data, &mut self.body);
        self.put_length(start);
        self.count += 1;
        self.bytes += i64::try_from(data.len()).unwrap_or(i64::MAX);
        self.largest = self.largest.max(RECORD + frame + pairs + data.len());
    }

    /// Records a message that is over the limit anyway, without keeping it.
    pub(crate) fn push_oversized(&mut self) {
        self.count += 1;
        self.largest = usize::MAX;
    }

    /// Puts the length of what was written from `at` on in front of it.
    fn put_length(&mut self, at: usize) {
        let mut left = self.body.len() - at;
        let mut digits = [0; 10];
        let mut count = 0;
        loop {
            // The remainder is below 128.
            let digit = (left % 128) as u8;
            left /= 128;
            digits[count] = if left > 0 { digit | 128 } else { digit };
            count += 1;
            if left == 0 {
                break;
            }
        }
        let end = self.body.len();
        self.body.extend_from_slice(&digits[..count]);
        self.body.copy_within(at..end, at + count);
        self.body[at..at + count].copy_from_slice(&digits[..count]);
    }
}

/// Sorts by key and keeps the last of equal keys.
fn sort(attributes: &mut Vec<(Cow<'_, str>, Cow<'_, str>)>) {
    attributes.sort_by(|a, b| a.0.cmp(&b.0));
    // `dedup_by` drops the later of two equal neighbours; the swap makes it keep the later value.
    attributes.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            std::mem::swap(&mut later.1, &mut kept.1);
        }
        same
    });
}

/// One message of a segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    /// `"key": "value"` lines, escaped; empty without attributes.
    pub(crate) attributes: &'a [u8],
    /// The data, escaped, without quotes.
    pub(crate) data: &'a [u8],
}

impl Entry<'_> {
    /// The data as sent.
    pub(crate) fn data_text(&self) -> String {
        let quoted = [b"\"", self.data, b"\""].concat();
        serde_json::from_slice(&quoted).unwrap_or_default()
    }

    /// The attributes as compact JSON members, separated by commas.
    pub(crate) fn attribute_map(&self) -> std::collections::BTreeMap<String, String> {
        let members = self.attributes.split(|b| *b == b'\n').collect::<Vec<_>>().join(&b',');
        let object = [b"{", members.as_slice(), b"}"].concat();
        serde_json::from_slice(&object).unwrap_or_default()
    }
}

/// Begins a segment with short lengths. As a length of four bytes it would be beyond any message.
const MARK: [u8; 4] = [0xFF; 4];

/// Walks the messages of a segment; ends early if the bytes are damaged.
#[derive(Debug, Clone)]
pub(crate) struct Entries<'a> {
    rest: &'a [u8],
    short: bool,
}

impl<'a> Entries<'a> {
    /// The messages of a segment.
    pub(crate) fn of(segment: &'a [u8]) -> Self {
        match segment.strip_prefix(&MARK) {
            Some(rest) => Self { rest, short: true },
            None => Self { rest: segment, short: false },
        }
    }

    fn part(&mut self) -> Option<&'a [u8]> {
        let length = if self.short {
            self.length()?
        } else {
            let (length, rest) = self.rest.split_first_chunk::<4>()?;
            self.rest = rest;
            usize::try_from(u32::from_le_bytes(*length)).ok()?
        };
        let (part, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(part)
    }

    fn length(&mut self) -> Option<usize> {
        let mut length = 0;
        for shift in (0..usize::BITS).step_by(7) {
            let (digit, rest) = self.rest.split_first()?;
            self.rest = rest;
            length |= usize::from(digit & 127).checked_shl(shift)?;
            if digit & 128 == 0 {
                return Some(length);
            }
        }
        None
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        Some(Entry { attributes: self.part()?, data: self.part()? })
    }
}

/// Appends `text` as the inside of a JSON string, with the service's escapes (AMS reference 1.1).
pub(crate) fn escape(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut done = 0;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if PLAIN[usize::from(byte)] {
            at += 1;
            continue;
        }
        // U+2028 and U+2029 are E2 80 A8 and E2 80 A9; every other multi-byte text stays as it is.
        let line_separator = byte == 0xE2 && matches!(bytes.get(at + 1..at + 3), Some([0x80, 0xA8 | 0xA9]));
        if byte >= 0x80 && !line_separator {
            at += 1;
            continue;
        }
        out.extend_from_slice(&bytes[done..at]);
        at += if line_separator { 3 } else { 1 };
        escape_one(byte, bytes[at - 1], out);
        done = at;
    }
    out.extend_from_slice(&bytes[done..]);
}

fn escape_one(first: u8, last: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match first {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0xE2 => out.extend_from_slice(if last == 0xA8 { b"\\u2028" } else { b"\\u2029" }),
        byte => {
            out.extend_from_slice(b"\\u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
        }
    }
}

/// Bytes that stand for themselves inside a JSON string of this service.
static PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0x20;
    while byte < 0x80 {
        table[byte] = !matches!(byte as u8, b'"' | b'\\' | b'<' | b'>' | b'&');
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_with_sorted_attributes_and_the_last_of_equal_keys() {
        let mut packed = Packed::default();
        let mut attributes =
            vec![("b".into(), "1".into()), ("a".into(), "x\"\n\\".into()), ("b".into(), "2".into())];
        packed.push(&mut attributes, "da<ta\u{2028}é");
        packed.push(&mut Vec::new(), "");
        let entries: Vec<_> = Entries::of(&packed.body).collect();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].attributes, b"\"a\": \"x\\\"\\n\\\\\"\n\"b\": \"2\"");
        assert_eq!(entries[0].data, "da\\u003cta\\u2028é".as_bytes());
        assert_eq!(entries[0].data_text(), "da<ta\u{2028}é");
        assert_eq!(entries[0].attribute_map()["a"], "x\"\n\\");
        assert!(entries[1].attribute_map().is_empty());
    }

    #[test]
    fn messages_of_any_length_come_back() {
        for length in [0, 1, 127, 128, 129, 16_383, 16_384, 3_000_000] {
            let data = "x".repeat(length);
            let mut packed = Packed::default();
            packed.push(&mut vec![("k".into(), data.as_str().into())], &data);
            packed.push(&mut Vec::new(), "end");
            let entries: Vec<_> = Entries::of(&packed.body).collect();
            assert_eq!((entries.len(), entries[0].data.len(), entries[1].data), (2, length, &b"end"[..]));
            assert_eq!(entries[0].attribute_map()["k"].len(), length);
        }
    }

    #[test]
    fn segments_of_earlier_versions_are_read() {
        let stored = b"\x09\0\0\0\"k\": \"vv\"\x02\0\0\0YQ\0\0\0\0\0\0\0\0";
        let entries: Vec<_> = Entries::of(stored).collect();
        assert_eq!((entries.len(), entries[0].data), (2, &b"YQ"[..]));
        assert_eq!(entries[0].attribute_map()["k"], "vv");
    }

    #[test]
    fn damaged_segments_end_early() {
        let mut packed = Packed::default();
        packed.push(&mut Vec::new(), "abc");
        packed.body.truncate(packed.body.len() - 1);
        assert_eq!(Entries::of(&packed.body).count(), 0);
        assert_eq!(Entries::of(&[255; 40]).count(), 0);
    }
}
