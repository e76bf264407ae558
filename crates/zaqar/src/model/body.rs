//! The body of a message: any JSON, kept as it came until somebody looks.

use std::fmt;

use pentad_core::{Error, ErrorKind, Result, Sent};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// A JSON document, `null` included. Nothing is parsed before it is asked for.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Body(Box<RawValue>);

impl Body {
    /// The document of a value.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) if it cannot be written as JSON, such as a map whose keys are no texts.
    pub fn new(value: &(impl Serialize + ?Sized)) -> Result<Self> {
        serde_json::value::to_raw_value(value)
            .map(Self)
            .map_err(|error| Error::invalid("body", "cannot be written as JSON").with_source(error))
    }

    /// A document that is text already.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) if it is not JSON.
    pub fn from_json(text: &str) -> Result<Self> {
        RawValue::from_string(text.trim().to_owned())
            .map(Self)
            .map_err(|error| Error::invalid("body", "is not JSON").with_source(error))
    }

    /// The document as text, as it came.
    pub fn as_json(&self) -> &str {
        self.0.get()
    }

    /// The document as a value of any shape.
    pub fn value(&self) -> Value {
        // A raw value is JSON; only numbers beyond all bounds could still be refused.
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }

    /// The document as a type of one's own.
    ///
    /// # Errors
    /// [`Decode`](ErrorKind::Decode) if it has another shape; the error does not repeat the document.
    pub fn typed<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(self.0.get()).map_err(|error| {
            let message = format!(
                "the message's body is not {} at line {} column {}",
                std::any::type_name::<T>(),
                error.line(),
                error.column()
            );
            Error::new(ErrorKind::Decode, message).with_sent(Sent::Answered)
        })
    }

    /// The text, if the document is one.
    pub fn text(&self) -> Option<String> {
        serde_json::from_str(self.0.get()).ok()
    }
}

impl Default for Body {
    fn default() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get() || self.value() == other.value()
    }
}

impl fmt::Debug for Body {
    /// Its size only: messages are the user's own business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.get().len())
    }
}

macro_rules! from {
    ($($of:ty),*) => {$(
        impl From<$of> for Body {
            fn from(value: $of) -> Self {
                // These are always JSON.
                Self::new(&value).unwrap_or_default()
            }
        }
    )*};
}

from!(Value, &Value, &str, String, i32, i64, u32, u64, bool);
