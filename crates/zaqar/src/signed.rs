//! Pre-signed URLs: rights on paths and methods that are handed to somebody without an account.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use pentad_core::auth::{Stamp, sensitive};
use pentad_core::{Authorize, BoxFuture, Error, ErrorKind, Request, Result, Secret, auth::Exchange};
use serde::{Deserialize, Serialize};

/// What the service signed: whoever sends it may use the methods on the paths until it expires.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedUrl {
    /// Paths with the version, such as `/v2/queues/jobs/messages`.
    pub paths: Vec<String>,
    /// HTTP methods.
    pub methods: Vec<String>,
    /// The project of the queue.
    #[serde(alias = "os_project_id", alias = "project_id")]
    pub project: String,
    /// When it ends, UTC: `2030-05-02T10:00:00`.
    pub expires: String,
    /// 64 hexadecimal digits. Whoever has them has the rights.
    pub signature: String,
}

impl fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedUrl")
            .field("paths", &self.paths)
            .field("methods", &self.methods)
            .field("project", &self.project)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl SignedUrl {
    /// Signs with the server's secret, as the service does: for installations whose secret is shared with issuers.
    ///
    /// The signature is HMAC-SHA256 over the sorted paths, the sorted methods, the project and the end, joined by the two
    /// characters backslash and n (Zaqar reference 9.2).
    pub fn sign<P: Into<String>, M: Into<String>>(
        secret: &Secret,
        paths: impl IntoIterator<Item = P>,
        methods: impl IntoIterator<Item = M>,
        project: impl Into<String>,
        expires: Timestamp,
    ) -> Self {
        let mut paths: Vec<String> = paths.into_iter().map(Into::into).collect();
        let mut methods: Vec<String> = methods.into_iter().map(Into::into).collect();
        paths.sort();
        methods.sort();
        let (project, expires) = (project.into(), wire_time(expires));
        let text = signed_text(&paths, &methods, &project, &expires);
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        let signature = hex(hmac::sign(&key, text.as_bytes()).as_ref());
        Self { paths, methods, project, expires, signature }
    }

    /// Whether this server secret made the signature. Takes the same time whatever the signature is.
    pub fn is_signed_with(&self, secret: &Secret) -> bool {
        let (mut paths, mut methods) = (self.paths.clone(), self.methods.clone());
        paths.sort();
        methods.sort();
        let text = signed_text(&paths, &methods, &self.project, &self.expires);
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        unhex(&self.signature).is_some_and(|tag| hmac::verify(&key, text.as_bytes(), &tag).is_ok())
    }

    /// When it ends; `None` if the text is no time.
    pub fn ends(&self) -> Option<Timestamp> {
        let time: DateTime = self.expires.parse().ok()?;
        time.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp())
    }

    /// Refuses what the service would answer with a bare 404, saying why.
    fn admits(&self, request: &Request, now: Timestamp) -> Result<()> {
        let refuse = |why: String| Err(Error::new(ErrorKind::Forbidden, why).with_op(request.op.id));
        let method = request.method.as_str();
        if !self.methods.iter().any(|known| known == method) {
            return refuse(format!("the signed URL admits {}, not {method}", self.methods.join(", ")));
        }
        if !self.paths.iter().any(|path| request.path.contains(path.as_str())) {
            return refuse(format!("the signed URL admits only paths below {}", self.paths.join(", ")));
        }
        match self.ends() {
            Some(end) if end <= now => refuse(format!("the signed URL ended at {}", self.expires)),
            _ => Ok(()),
        }
    }

    fn place(&self, request: &mut Request) -> Result<()> {
        let parts = [
            ("url-expires", self.expires.clone()),
            ("url-methods", self.methods.join(",")),
            ("url-paths", self.paths.join(",")),
            ("x-project-id", self.project.clone()),
        ];
        for (name, text) in parts {
            let value = HeaderValue::from_str(&text).map_err(|error| {
                Error::new(ErrorKind::Config, format!("{name} of the signed URL cannot stand in a header"))
                    .with_source(error)
            })?;
            request.headers.insert(HeaderName::from_static(name), value);
        }
        let signature = sensitive(&self.signature).ok_or_else(|| {
            Error::new(ErrorKind::Config, "the signature of the signed URL cannot stand in a header")
        })?;
        request.headers.insert(HeaderName::from_static(SIGNATURE), signature);
        Ok(())
    }
}

const SIGNATURE: &str = "url-signature";

/// Puts a signed URL into requests.
#[derive(Debug, Clone)]
pub(crate) struct SignedAuth(pub(crate) Arc<SignedUrl>);

impl Authorize for SignedAuth {
    fn authorize<'a>(&'a self, ex: &'a Exchange, request: &'a mut Request) -> BoxFuture<'a, Result<Stamp>> {
        let done = self.0.admits(request, ex.clock().wall()).and_then(|()| self.0.place(request));
        Box::pin(std::future::ready(done.map(|()| Stamp::default())))
    }

    fn renew<'a>(&'a self, _: &'a Exchange, _: Stamp) -> BoxFuture<'a, Result<bool>> {
        Box::pin(std::future::ready(Ok(false)))
    }

    fn preview(&self, request: &mut Request) {
        // What cannot be sent is reported when the call is sent.
        let _ = self.0.place(request);
    }
}

fn signed_text(paths: &[String], methods: &[String], project: &str, expires: &str) -> String {
    [paths.join(","), methods.join(","), project.to_owned(), expires.to_owned()].join("\\n")
}

/// A time as the service writes it: UTC, whole seconds, no zone.
pub(crate) fn wire_time(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::new("s3cr3t")
    }

    /// Paths, methods, project, end as given, end as signed, signature.
    type Vector = (
        &'static [&'static str],
        &'static [&'static str],
        &'static str,
        &'static str,
        &'static str,
        &'static str,
    );

    /// Zaqar reference 16.
    const VECTORS: [Vector; 3] = [
        (
            &["/v2/queues/jobs/messages"],
            &["GET"],
            "acme",
            "2036-01-01T00:00:00Z",
            "2036-01-01T00:00:00",
            "e8e19d53bf326adc2a54edc01800738a1ae01da5af9dbb4a1187dc4fe7ca14d8",
        ),
        (
            &["/v2/queues/subq/messages", "/v2/queues/subq/claims"],
            &["POST", "GET"],
            "p1",
            "2036-01-01T00:00:00Z",
            "2036-01-01T00:00:00",
            "ed7939ceedc1c994f59b3ea0ce034faea2faff3b037af45147ab591854ab6844",
        ),
        (
            &["/v2/queues/subq/messages"],
            &["GET"],
            "p1",
            "2036-01-01T00:00:00+08:00",
            "2035-12-31T16:00:00",
            "f5f7f6ea5beae8621981216e92fd415d8530e307b8de6687585f89f76249c7a1",
        ),
    ];

    #[test]
    fn signatures_are_those_of_the_service() {
        for (paths, methods, project, expires, shown, signature) in VECTORS {
            let expires = expires.parse().unwrap();
            let signed = SignedUrl::sign(&secret(), paths.to_vec(), methods.to_vec(), project, expires);
            assert_eq!((signed.expires.as_str(), signed.signature.as_str()), (shown, signature));
            assert!(signed.is_signed_with(&secret()) && !signed.is_signed_with(&Secret::new("other")));
            assert_eq!(signed.ends(), Some(expires));
            let mut order = signed.clone();
            order.paths.reverse();
            assert!(order.is_signed_with(&secret()), "the order inside the lists does not matter");
            order.project = "p2".to_owned();
            assert!(!order.is_signed_with(&secret()));
        }
    }

    #[test]
    fn a_signature_is_never_shown() {
        let time = "2036-01-01T00:00:00Z".parse().unwrap();
        let signed = SignedUrl::sign(&secret(), ["/v2/queues/jobs/messages"], ["GET"], "acme", time);
        assert!(!format!("{signed:?}").contains("e8e19d"));
    }
}
