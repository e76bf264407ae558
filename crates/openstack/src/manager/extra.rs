//! Attributes that a type has no field for.

use std::fmt;
use std::ops::Deref;

use pentad_core::redact;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Attributes that a type has no field for: what a newer service, or an operator, added.
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Extra(Map<String, Value>);

impl Deref for Extra {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Debug for Extra {
    /// Secrets hidden.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = Value::Object(self.0.clone());
        redact::json(&mut shown);
        shown.fmt(f)
    }
}
