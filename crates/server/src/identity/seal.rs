//! The text of tokens and receipts: what they say, sealed under the key of the installation.
//!
//! Nobody without the key can make or read one. Whether what one says still holds is asked of the store each time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pentad_store::Engine;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::{Answer, Failure};

/// Longest text that is looked at: far above what is ever made here.
const LONGEST: usize = 4096;

/// Where a token counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ScopeId {
    #[serde(rename = "p")]
    Project(String),
    #[serde(rename = "d")]
    Domain(String),
    #[serde(rename = "s")]
    System,
    #[serde(rename = "u")]
    Unscoped,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Payload {
    /// Who logged in.
    #[serde(rename = "u")]
    pub(crate) user: String,
    /// The generation of the user at that time.
    #[serde(rename = "g")]
    pub(crate) generation: u64,
    #[serde(rename = "m")]
    pub(crate) methods: Vec<String>,
    #[serde(rename = "s")]
    pub(crate) scope: ScopeId,
    /// Its own audit id and that of the first token of the chain.
    #[serde(rename = "a")]
    pub(crate) audit: Vec<String>,
    /// In whole seconds.
    #[serde(rename = "i")]
    pub(crate) issued: i64,
    /// In whole seconds.
    #[serde(rename = "e")]
    pub(crate) expires: i64,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(crate) trust: Option<String>,
    /// The generations of all who lent what the trust gives, together: they only grow.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(crate) lent: Option<u64>,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub(crate) application_credential: Option<String>,
}

/// What a receipt says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    #[serde(rename = "u")]
    pub(crate) user: String,
    #[serde(rename = "g")]
    pub(crate) generation: u64,
    #[serde(rename = "m")]
    pub(crate) methods: Vec<String>,
    #[serde(rename = "i")]
    pub(crate) issued: i64,
    #[serde(rename = "e")]
    pub(crate) expires: i64,
}

/// What is sealed here, each kind under a name of its own: none is taken for another.
pub(crate) trait Sealed: Serialize + DeserializeOwned {
    /// The name.
    const PURPOSE: &'static str;
}

impl Sealed for Payload {
    const PURPOSE: &'static str = "identity.token";
}

impl Sealed for Receipt {
    const PURPOSE: &'static str = "identity.receipt";
}

/// The text of a token or receipt.
///
/// # Errors
/// 500 if the system gives no random numbers.
pub(crate) fn text<T: Sealed>(engine: &Engine, said: &T) -> Answer<String> {
    let plain = serde_json::to_vec(said).map_err(|_| Failure::internal())?;
    Ok(URL_SAFE_NO_PAD.encode(engine.vault().seal(T::PURPOSE, &plain)?))
}

/// What a text says; `None` if it was not made here.
pub(crate) fn read<T: Sealed>(engine: &Engine, text: &str) -> Option<T> {
    if text.len() > LONGEST {
        return None;
    }
    let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
    let plain = engine.vault().open(T::PURPOSE, &sealed).ok()?;
    serde_json::from_slice(&plain).ok()
}

/// A fresh audit id.
pub(crate) fn audit_id() -> String {
    URL_SAFE_NO_PAD.encode(uuid::Uuid::new_v4().as_bytes())
}
