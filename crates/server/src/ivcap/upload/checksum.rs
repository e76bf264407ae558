//! The checksum of one request of an upload (TUS 1.0.0, extension `checksum`).

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

/// The algorithms by their names in `Upload-Checksum`.
pub(crate) const ALGORITHMS: &str = "sha256,sha1,md5";

/// The checksum that a request announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checksum {
    algorithm: Kind,
    value: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sha256,
    Sha1,
    Md5,
}

impl Checksum {
    /// Reads `ALGORITHM BASE64`; `None` if it is not that or the algorithm is unknown.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, value) = text.trim().split_once(' ')?;
        let algorithm = match name.to_ascii_lowercase().as_str() {
            "sha256" => Kind::Sha256,
            "sha1" => Kind::Sha1,
            "md5" => Kind::Md5,
            _ => return None,
        };
        Some(Self { algorithm, value: STANDARD.decode(value.trim()).ok()? })
    }

    /// Whether `bytes` are those that were meant.
    pub(crate) fn fits(&self, bytes: &[u8]) -> bool {
        let by = |algorithm: &'static Algorithm| digest(algorithm, bytes).as_ref() == self.value;
        match self.algorithm {
            Kind::Sha256 => by(&SHA256),
            Kind::Sha1 => by(&SHA1_FOR_LEGACY_USE_ONLY),
            Kind::Md5 => Md5::digest(bytes).as_slice() == self.value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_fits_its_bytes_alone() {
        for text in [
            "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
            "MD5 XrY7u+Ae7tCTyyK7j1rNww==",
            "sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=",
        ] {
            let checksum = Checksum::parse(text).unwrap();
            assert!(checksum.fits(b"hello world"), "{text}");
            assert!(!checksum.fits(b"hello worlt"), "{text}");
        }
        for text in ["", "sha1", "crc32 AAAA", "sha1 ***"] {
            assert_eq!(Checksum::parse(text), None, "{text}");
        }
    }
}
