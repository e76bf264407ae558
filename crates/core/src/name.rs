//! Types for names that are checked when they are made.

/// Declares types for names: a text that one function checked, so that a bad one never deserves a round trip.
///
/// Each has `as_str`, `TryFrom<&str>`, `FromStr`, `Display`, `AsRef<str>` and turns into a `String`. The check has the form
/// `fn(field: &str, text: &str) -> Result<()>`.
///
/// # Example
/// ```
/// use pentad_core::{Error, Result};
///
/// fn check(field: &str, text: &str) -> Result<()> {
///     if text.is_empty() { Err(Error::invalid(field, "must not be empty")) } else { Ok(()) }
/// }
///
/// pentad_core::names! {
///     ShelfName, "shelf", check, "Name of a shelf.";
/// }
///
/// assert_eq!(ShelfName::try_from("a").unwrap().as_str(), "a");
/// assert!("".parse::<ShelfName>().unwrap_err().message().contains("shelf"));
/// ```
#[macro_export]
macro_rules! names {
    ($($name:ident, $field:literal, $check:path, $doc:literal;)*) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::Error;
            fn try_from(text: &str) -> $crate::Result<Self> {
                $check($field, text).map(|()| Self(text.to_owned()))
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::Error;
            fn from_str(text: &str) -> $crate::Result<Self> {
                Self::try_from(text)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    )*};
}
