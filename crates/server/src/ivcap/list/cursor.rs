//! Cursors: the whole question of a list and where its page ended, as a text that only this installation makes.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::value::Key;

/// Longest cursor that is looked at.
const LONGEST: usize = 65_536;

/// What a list is asked for, in full: what a cursor carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Question {
    #[serde(rename = "n")]
    pub(super) name: String,
    #[serde(rename = "c")]
    pub(super) account: String,
    /// What the list is of, where the path says more than its name.
    #[serde(rename = "b")]
    pub(super) path: String,
    #[serde(rename = "t")]
    pub(super) at: i64,
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub(super) filter: Option<String>,
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) order: Vec<String>,
    #[serde(rename = "d")]
    pub(super) desc: bool,
    #[serde(rename = "k", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) keys: BTreeMap<String, String>,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<Place>,
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    /// What the list is ordered by; empty in the natural order.
    #[serde(rename = "k", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) keys: Vec<Key>,
    /// Natural place: microseconds and id.
    #[serde(rename = "a")]
    pub(super) at: i64,
    #[serde(rename = "i")]
    pub(super) id: String,
}

/// The sealed bytes in a cursor. One wrapped in a whole link counts too (IVCAP reference 5.2).
pub(crate) fn sealed(text: &str) -> Option<Vec<u8>> {
    let bare = text.rsplit("page=").next().unwrap_or(text);
    if bare.len() > LONGEST {
        return None;
    }
    URL_SAFE_NO_PAD.decode(bare.trim_end_matches('=')).ok()
}

/// The cursor of sealed bytes.
pub(super) fn text(sealed: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(sealed)
}

pub(super) fn read(plain: &[u8]) -> Option<Question> {
    serde_json::from_slice(plain).ok()
}

pub(super) fn write(question: &Question) -> Option<Vec<u8>> {
    serde_json::to_vec(question).ok()
}

/// Holds that a question which can be read is written as the same one.
///
/// # Panics
/// If it is not.
pub(crate) fn written_as_read(plain: &[u8]) {
    if let Some(question) = read(plain) {
        let again = write(&question).and_then(|plain| read(&plain));
        assert_eq!(again.as_ref(), Some(&question), "a question");
    }
}
