//! The header fields of TUS 1.0.0 (IVCAP reference 7.6).

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

use super::checksum::Checksum;

/// The version of the protocol.
pub(crate) const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
/// What of the protocol there is beyond its core.
pub(crate) const EXTENSIONS: HeaderValue =
    HeaderValue::from_static("creation,creation-with-upload,creation-defer-length,termination,checksum");

pub(crate) const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub(crate) const VERSIONS: HeaderName = HeaderName::from_static("tus-version");
pub(crate) const EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
pub(crate) const CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
pub(crate) const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub(crate) const LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(crate) const DEFER_LENGTH: HeaderName = HeaderName::from_static("upload-defer-length");
const CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
const CONTENT_LENGTH: HeaderName = HeaderName::from_static("x-content-length");
/// The media type of a part of an upload.
pub(crate) const OCTETS: &str = "application/offset+octet-stream";

/// A header field that says something impossible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) &'static str);

/// What the header fields of a request say about an upload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Where the body goes.
    pub(crate) offset: Option<u64>,
    /// The length of the whole content.
    pub(crate) length: Option<u64>,
    /// The length comes later.
    pub(crate) is_deferred: bool,
    /// What the body must hash to.
    pub(crate) checksum: Option<Checksum>,
}

impl Said {
    /// Reads the fields.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Unreadable> {
        let is_deferred = match text(headers, &DEFER_LENGTH, "Upload-Defer-Length")? {
            None => false,
            Some("1") => true,
            Some(_) => return Err(Unreadable("Upload-Defer-Length")),
        };
        let length = number(headers, &LENGTH, "Upload-Length")?;
        if is_deferred && length.is_some() {
            return Err(Unreadable("Upload-Length"));
        }
        let checksum = match text(headers, &CHECKSUM, "Upload-Checksum")? {
            None => None,
            Some(text) => Some(Checksum::parse(text).ok_or(Unreadable("Upload-Checksum"))?),
        };
        Ok(Self { offset: number(headers, &OFFSET, "Upload-Offset")?, length, is_deferred, checksum })
    }
}

/// The `X-Content-Length` of a new artifact: outside `None` if it says nothing, inside if it says "unknown" (`-1`).
pub(crate) fn content_length(headers: &HeaderMap) -> Result<Option<Option<u64>>, Unreadable> {
    match text(headers, &CONTENT_LENGTH, "X-Content-Length")? {
        None => Ok(None),
        Some("-1") => Ok(Some(None)),
        Some(_) => number(headers, &CONTENT_LENGTH, "X-Content-Length").map(Some),
    }
}

/// Whether the caller speaks another version of the protocol than ours.
pub(crate) fn speaks_other(headers: &HeaderMap) -> bool {
    headers.get(RESUMABLE).is_some_and(|version| version != VERSION)
}

fn text<'h>(
    headers: &'h HeaderMap,
    field: &HeaderName,
    name: &'static str,
) -> Result<Option<&'h str>, Unreadable> {
    let mut values = headers.get_all(field).iter();
    let first = values.next();
    // Two that differ: whichever was taken, somebody would be surprised.
    if values.any(|value| Some(value) != first) {
        return Err(Unreadable(name));
    }
    first.map(|value| value.to_str().map(str::trim).map_err(|_| Unreadable(name))).transpose()
}

/// A count of bytes; digits alone, within what fits the wire's 64 bits with a sign.
fn number(headers: &HeaderMap, field: &HeaderName, name: &'static str) -> Result<Option<u64>, Unreadable> {
    let Some(text) = text(headers, field, name)? else { return Ok(None) };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<u64>().ok().filter(|number| digits && i64::try_from(*number).is_ok());
    number.map(Some).ok_or(Unreadable(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(fields: &[(&'static str, &'static str)]) -> Result<Said, Unreadable> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        Said::read(&headers)
    }

    #[test]
    fn counts_are_digits_alone_and_fit_the_wire() {
        assert_eq!(said(&[("Upload-Offset", "12")]).unwrap().offset, Some(12));
        for wrong in ["", "-1", "+1", "1.0", "0x10", "12 13", "9223372036854775808", "99999999999999999999"] {
            assert_eq!(said(&[("Upload-Offset", wrong)]), Err(Unreadable("Upload-Offset")), "{wrong}");
        }
    }

    #[test]
    fn fields_that_contradict_each_other_are_refused() {
        assert_eq!(said(&[("Upload-Offset", "1"), ("Upload-Offset", "2")]), Err(Unreadable("Upload-Offset")));
        assert_eq!(
            said(&[("Upload-Length", "1"), ("Upload-Defer-Length", "1")]),
            Err(Unreadable("Upload-Length"))
        );
        assert_eq!(said(&[("Upload-Defer-Length", "2")]), Err(Unreadable("Upload-Defer-Length")));
        assert_eq!(said(&[("Upload-Checksum", "crc9 AA==")]), Err(Unreadable("Upload-Checksum")));
        assert!(said(&[("Upload-Defer-Length", "1")]).unwrap().is_deferred);
    }

    #[test]
    fn an_unknown_length_is_minus_one() {
        let of = |value| {
            let headers = HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from_static(value))]);
            content_length(&headers)
        };
        assert_eq!(of("-1"), Ok(Some(None)));
        assert_eq!(of("7"), Ok(Some(Some(7))));
        assert_eq!(of("-2"), Err(Unreadable("X-Content-Length")));
        assert_eq!(content_length(&HeaderMap::new()), Ok(None));
    }
}
