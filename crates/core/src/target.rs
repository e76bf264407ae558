//! Where requests go, and how long they may take.

use std::borrow::Cow;
use std::time::Duration;

use http::uri::Uri;

use crate::error::{Error, ErrorKind, Result};
use crate::redact;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// A base URL, possibly with a path prefix.
    Url(Uri),
    /// A service in a catalog; the authorizer resolves it within each attempt.
    Service {
        /// Catalog type, such as `database`.
        service_type: Cow<'static, str>,
        /// Interface, such as `public`.
        interface: Cow<'static, str>,
        /// Region, if one was chosen.
        region: Option<String>,
        /// Version of the service's API, if one was chosen.
        version: Option<String>,
    },
}

impl Target {
    /// Reads a base URL.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is no absolute `http`, `https`, `ws` or `wss` URL, or has a query or user
    /// information. The last two are for [`Socket`](crate::Socket)s only.
    pub fn parse(base: &str) -> Result<Self> {
        let wrong = |why: &str| {
            // What is wrong with it may be that it carries a secret.
            Error::new(ErrorKind::Config, format!("endpoint {:?}: {why}", redact::url(base)))
        };
        let uri: Uri = base.parse().map_err(|error| wrong("not a URL").with_source(error))?;
        match uri.scheme_str() {
            Some("http" | "https" | "ws" | "wss") => {}
            _ => return Err(wrong("must start with http:// or https://")),
        }
        match uri.authority() {
            Some(authority) if authority.as_str().contains('@') => {
                // The message must not repeat what may be a password.
                return Err(Error::new(
                    ErrorKind::Config,
                    "endpoint: must not contain a user name or password",
                ));
            }
            Some(authority) if !authority.host().is_empty() => {}
            _ => return Err(wrong("has no host")),
        }
        if uri.query().is_some() {
            return Err(wrong("must not have a query"));
        }
        Ok(Self::Url(uri))
    }

    /// Whether a URL has this target's scheme, host and port, so that a credential may go there. A service in a catalog
    /// has no origin of its own, and a URL with user information is nobody's.
    pub fn is_origin_of(&self, url: &Uri) -> bool {
        matches!(self, Self::Url(base) if same_origin(base, url))
    }
}

/// Time limits of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until a connection stands, TLS included. Default 3 s. Kept by the transport.
    pub connect: Duration,
    /// Longest silence while waiting for the answer or between its pieces. Default 20 s. Kept by the transport.
    pub idle: Duration,
    /// One attempt, authorization and body included. Default none.
    pub attempt: Option<Duration>,
    /// The whole call with all attempts and pauses. Default 60 s.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            idle: Duration::from_secs(20),
            attempt: None,
            total: Duration::from_secs(60),
        }
    }
}

impl Limits {
    /// These limits for an operation whose service may stay silent for `patience`.
    pub fn grown(self, patience: Duration) -> Self {
        Self {
            connect: self.connect,
            idle: self.idle.saturating_add(patience),
            attempt: self.attempt.map(|limit| limit.saturating_add(patience)),
            total: self.total.saturating_add(patience),
        }
    }
}

/// Resolves a reference against an absolute URL: absolute, `//host/path`, `/path`, `path` and `?query` forms.
pub(crate) fn resolve(base: &Uri, link: &str) -> Option<Uri> {
    let link = link.split('#').next().unwrap_or_default();
    let (scheme, authority) = (base.scheme_str()?, base.authority()?.as_str());
    let text = if link.contains("://") {
        link.to_owned()
    } else if let Some(rest) = link.strip_prefix("//") {
        format!("{scheme}://{rest}")
    } else if link.starts_with('/') {
        format!("{scheme}://{authority}{link}")
    } else if link.starts_with('?') || link.is_empty() {
        format!("{scheme}://{authority}{}{link}", base.path())
    } else {
        let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{link}")
    };
    let uri: Uri = text.parse().ok()?;
    (uri.scheme().is_some() && uri.authority().is_some()).then_some(uri)
}

/// Whether two URLs have the same scheme, host and port. One with user information is nobody's: following it would show
/// what it says as a credential.
pub(crate) fn same_origin(a: &Uri, b: &Uri) -> bool {
    fn port(uri: &Uri) -> Option<u16> {
        uri.port_u16().or(match uri.scheme_str() {
            Some("http" | "ws") => Some(80),
            Some("https" | "wss") => Some(443),
            _ => None,
        })
    }
    let user = |uri: &Uri| uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    !user(a)
        && !user(b)
        && a.scheme() == b.scheme()
        && port(a) == port(b)
        && match (a.host(), b.host()) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(link: &str) -> Option<String> {
        let base = Uri::from_static("http://h.test:8080/a/b?x=1");
        resolve(&base, link).map(|uri| uri.to_string())
    }

    #[test]
    fn references_are_resolved_in_all_their_forms() {
        for (link, whole) in [
            ("https://o.test/c?d#e", "https://o.test/c?d"),
            ("//o.test/c", "http://o.test/c"),
            ("/c?d=1", "http://h.test:8080/c?d=1"),
            ("c", "http://h.test:8080/a/c"),
            ("?page=2", "http://h.test:8080/a/b?page=2"),
        ] {
            assert_eq!(resolved(link).as_deref(), Some(whole), "{link}");
        }
        assert_eq!(resolved("http://"), None);
        assert_eq!(resolved("/a b"), None);
    }

    #[test]
    fn origin_is_scheme_host_and_port() {
        let same = |a: &'static str, b: &'static str| same_origin(&Uri::from_static(a), &Uri::from_static(b));
        assert!(same("http://h.test/a", "http://H.TEST:80/b"));
        assert!(same("https://h.test:443/", "https://h.test"));
        assert!(!same("http://h.test", "https://h.test"));
        assert!(!same("http://h.test", "http://h.test:81"));
        assert!(!same("http://h.test", "http://h.test.evil"));
        assert!(!same("http://h.test", "http://user@h.test"));
    }

    #[test]
    fn a_refused_endpoint_is_told_without_its_secrets() {
        for base in [
            "http://h.test/a?key=canary",
            "http://u:canary@h.test/",
            "ftp://u:canary@h.test",
            "http://h.test/ /?token=canary",
        ] {
            let error = Target::parse(base).unwrap_err().to_string();
            assert!(!error.contains("canary"), "{error}");
        }
        assert!(Target::parse("ftp://h.test/a").unwrap_err().to_string().contains("ftp://h.test/a"));
    }

    #[test]
    fn limits_grow_but_connecting_does_not() {
        let grown = Limits::default().grown(Duration::MAX);
        assert_eq!((grown.connect, grown.total), (Duration::from_secs(3), Duration::MAX));
    }
}
