//! Versions of the identity API, and the URL of the service without one.

use http::Uri;
use pentad_core::{Api, Target};

use crate::ops::{V2, V3};

/// A version of the identity API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityVersion {
    /// v2.0: one domain, tenants for projects. Removed from servers in 2018.
    V2,
    /// v3.
    V3,
}

impl IdentityVersion {
    pub(crate) const fn api(self) -> Api {
        match self {
            Self::V2 => V2,
            Self::V3 => V3,
        }
    }
}

/// The URL of a target, without a slash at its end.
pub(crate) fn base_text(target: &Target) -> String {
    match target {
        Target::Url(url) => url.to_string().trim_end_matches('/').to_owned(),
        _ => String::new(),
    }
}

/// An identity URL without its version and what follows it, and that version.
pub(crate) fn base_of(auth_url: &str) -> (String, Option<IdentityVersion>) {
    let mut url = auth_url.trim().trim_end_matches('/');
    for tail in ["/auth/tokens", "/tokens"] {
        url = url.strip_suffix(tail).unwrap_or(url);
    }
    let (base, last) = url.rsplit_once('/').unwrap_or((url, ""));
    // The host is no version, even if it is called `v3`.
    let version = match last {
        _ if base.ends_with('/') || url.parse::<Uri>().is_err() => None,
        "v3" => Some(IdentityVersion::V3),
        _ if last.strip_prefix("v3.").is_some_and(|minor| minor.parse::<u32>().is_ok()) => {
            Some(IdentityVersion::V3)
        }
        "v2.0" | "v2" => Some(IdentityVersion::V2),
        _ => None,
    };
    match version {
        Some(version) => (base.to_owned(), Some(version)),
        None => (url.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_taken_from_the_path_and_from_nowhere_else() {
        for (url, base, version) in [
            ("http://h:5000/v3", "http://h:5000", Some(IdentityVersion::V3)),
            ("http://h:5000/v3/", "http://h:5000", Some(IdentityVersion::V3)),
            ("https://h/identity/v3", "https://h/identity", Some(IdentityVersion::V3)),
            ("http://h/v2.0", "http://h", Some(IdentityVersion::V2)),
            ("http://h/v3/auth/tokens", "http://h", Some(IdentityVersion::V3)),
            ("https://h/identity", "https://h/identity", None),
            ("http://h:5000", "http://h:5000", None),
            ("http://v3", "http://v3", None),
        ] {
            assert_eq!(base_of(url), (base.to_owned(), version), "{url}");
        }
    }
}
