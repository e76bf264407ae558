//! Content as it comes and goes: resumable upload (TUS 1.0.0) and reading in ranges, on the blobs of the store.
//!
//! The length of a blob is the offset of its upload: it counts only what is stored at the configured durability. What
//! is known of an upload beyond that (the declared length, the digest) is in the record of its artifact.

pub(crate) mod checksum;
mod digest;
pub(crate) mod intake;
pub(crate) mod outlet;
pub(crate) mod range;
pub(crate) mod sweep;
mod turn;
pub(crate) mod tus;

pub(crate) use self::intake::End;
pub(crate) use self::turn::{Turn, Uploads};

/// The SHA-256 of an empty content (hex).
pub(crate) fn digest_of_nothing() -> String {
    digest::Running::default().hex()
}
