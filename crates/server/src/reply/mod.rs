//! Byte layouts of answers: one formatter per dialect of JSON that the real services write.
//!
//! Each function takes anything that serializes; the order on the wire is the order of the struct.

pub mod go;
pub mod python;

use bytes::Bytes;
use serde::Serialize;
use serde_json::ser::Formatter;

/// Serializes with a formatter. A value that cannot be JSON (a map with composite keys) becomes `null`,
/// which no type of this crate does.
fn write<F: Formatter>(value: &impl Serialize, formatter: F) -> Bytes {
    let mut out = Vec::with_capacity(256);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    if let Err(error) = value.serialize(&mut serializer) {
        tracing::error!(%error, "an answer could not be serialized");
        return Bytes::from_static(b"null");
    }
    Bytes::from(out)
}
