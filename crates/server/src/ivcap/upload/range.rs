//! Which bytes of a content a request wants (RFC 9110 14.2): one range; several are answered with the whole.

use std::ops::Range;

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Everything.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Nothing: there is no such byte.
    Beyond,
}

/// Reads a `Range` field against a content of `length` bytes. A field that cannot be read is as none.
pub(crate) fn wanted(field: Option<&str>, length: u64) -> Wanted {
    let Some(spec) = field.and_then(|field| field.trim().strip_prefix("bytes=")) else {
        return Wanted::Whole;
    };
    let Some((first, last)) = spec.trim().split_once('-') else { return Wanted::Whole };
    match (number(first), number(last)) {
        (Ok(None), Ok(Some(count))) if count == 0 || length == 0 => Wanted::Beyond,
        (Ok(None), Ok(Some(count))) => Wanted::Part(length.saturating_sub(count)..length),
        (Ok(Some(first)), Ok(last)) => {
            if last.is_some_and(|last| last < first) {
                return Wanted::Whole;
            }
            if first >= length {
                return Wanted::Beyond;
            }
            let end = last.map_or(length, |last| last.saturating_add(1).min(length));
            Wanted::Part(first..end)
        }
        _ => Wanted::Whole,
    }
}

fn number(text: &str) -> Result<Option<u64>, ()> {
    if text.is_empty() {
        return Ok(None);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(());
    }
    // More than fits is beyond everything.
    Ok(Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_what_there_is() {
        for (field, expected) in [
            ("bytes=0-3", Wanted::Part(0..4)),
            ("bytes=4-", Wanted::Part(4..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-99", Wanted::Part(0..10)),
            ("bytes=5-999999999999999999999999", Wanted::Part(5..10)),
            ("bytes=10-", Wanted::Beyond),
            ("bytes=-0", Wanted::Beyond),
        ] {
            assert_eq!(wanted(Some(field), 10), expected, "{field}");
        }
    }

    #[test]
    fn what_is_no_single_range_is_answered_with_the_whole() {
        for field in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=3-1",
            "bytes=0-1,3-4",
            "items=0-1",
            "bytes=+1-2",
        ] {
            assert_eq!(wanted(Some(field), 10), Wanted::Whole, "{field}");
        }
        assert_eq!(wanted(None, 10), Wanted::Whole);
    }
}
