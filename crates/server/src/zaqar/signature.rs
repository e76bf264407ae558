//! Signed URLs: leave to call certain paths in a project without a token (Zaqar reference 9).

use aws_lc_rs::hmac;
use http::Method;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use percent_encoding::percent_decode_str;
use regex::RegexBuilder;
use serde::Serialize;

use super::Zaqar;
use super::context::Call;
use super::error::Failure;
use super::quirks::Quirk;
use crate::credentials::generate;

/// The row of `installation` with the secret that the installation made for itself.
const SECRET: &str = "url-secret";
/// The name under which that secret is sealed.
const SEALED: &str = "zaqar.url-secret";
/// Longest pattern of a path that is looked at.
const PATTERN: usize = 1 << 16;

/// What is signed, and the signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Signed {
    pub(crate) paths: Vec<String>,
    pub(crate) methods: Vec<String>,
    pub(crate) project: String,
    /// To the second, in UTC.
    pub(crate) expires: String,
    pub(crate) signature: String,
}

/// Signs paths and methods, which it sorts.
pub(crate) fn sign(
    secret: &str,
    mut paths: Vec<String>,
    mut methods: Vec<String>,
    project: &str,
    expires: Timestamp,
) -> Signed {
    paths.sort();
    methods.sort();
    let expires = expires.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let text = text_of(&paths, &methods, project, &expires);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = hex(hmac::sign(&key, text.as_bytes()).as_ref());
    Signed { paths, methods, project: project.to_owned(), expires, signature }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The separators are a backslash and an `n`, not line ends.
fn text_of(paths: &[String], methods: &[String], project: &str, expires: &str) -> String {
    format!("{}\\n{}\\n{project}\\n{expires}", paths.join(","), methods.join(","))
}

/// A moment as a caller writes it; without an offset it is in UTC.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let civil: DateTime = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

impl Zaqar {
    /// The secret that URLs are signed with: that of the options, else one that the installation made.
    pub(super) async fn secret(&self) -> Result<String, Failure> {
        if let Some(secret) = &self.settings().secret_key {
            return Ok(secret.clone());
        }
        let vault = self.engine.vault();
        let stored = self.read(|tx| Ok(stored(tx)?)).await?;
        let sealed = match stored {
            Some(sealed) => sealed,
            None => {
                let made = generate().map_err(|_| Failure::internal("there are no random numbers"))?;
                let sealed = vault.seal(SEALED, made.as_bytes())?;
                self.write(move |tx| {
                    tx.execute(
                        "INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
                        &[&SECRET, &sealed],
                    )?;
                    // Another caller may have been first.
                    Ok(stored_or(tx, &sealed)?)
                })
                .await?
            }
        };
        let open = vault.open(SEALED, &sealed)?;
        Ok(String::from_utf8_lossy(&open).into_owned())
    }

    /// Check 1 of a request: one that names a signature must have a good one, for this method, path and project.
    pub(super) async fn check_signature(&self, call: &Call) -> Result<(), Failure> {
        let Some(signature) = call.header("url-signature") else { return Ok(()) };
        let named = |name: &str| call.header(name).ok_or_else(Failure::no_route);
        let (paths, methods) = (split(&named("url-paths")?), split(&named("url-methods")?));
        let (project, expires) = (named("x-project-id")?, named("url-expires")?);
        // Nothing that this server did not sign itself is read as a pattern.
        if !self.is_signed(&signature, paths.clone(), methods.clone(), &project, &expires).await? {
            return Err(Failure::no_route());
        }
        let method: &Method = &call.inbound.method;
        let is_for_this = methods.iter().any(|own| own == method.as_str())
            && paths.iter().any(|signed| self.is_within(signed, &call.inbound.path));
        if is_for_this { Ok(()) } else { Err(Failure::no_route()) }
    }

    /// Whether the path of a request, as it was sent, is a signed one or below it.
    pub(super) fn is_within(&self, signed: &str, path: &str) -> bool {
        if self.quirks.has(Quirk::SignedPathsAreExpressions) {
            is_found(signed, path)
        } else {
            leads_to(signed, path)
        }
    }

    /// What proves to another node that a node of this installation sends a document to one of its connections.
    pub(super) async fn notification_signature(
        &self,
        address: &str,
        document: &[u8],
    ) -> Result<String, Failure> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret().await?.as_bytes());
        let mut text = hmac::Context::with_key(&key);
        for part in [b"notification\n".as_slice(), address.as_bytes(), b"\n", document] {
            text.update(part);
        }
        Ok(hex(text.sign().as_ref()))
    }

    /// Whether a signature is the right one, and its time is not over.
    pub(super) async fn is_signed(
        &self,
        signature: &str,
        paths: Vec<String>,
        methods: Vec<String>,
        project: &str,
        expires: &str,
    ) -> Result<bool, Failure> {
        let Some(expires) = moment(expires).filter(|at| *at > self.time.now()) else { return Ok(false) };
        let secret = self.secret().await?;
        let right = sign(&secret, paths, methods, project, expires);
        Ok(is_same(&right.signature, signature))
    }
}

/// Whether two signatures are the same, in a time that tells nothing of where they differ.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

fn stored(tx: &mut pentad_store::Tx<'_>) -> Result<Option<Vec<u8>>, pentad_store::StoreError> {
    tx.query_opt("SELECT value FROM installation WHERE name = $1", &[&SECRET], |row| row.blob(0))
}

fn stored_or(tx: &mut pentad_store::Tx<'_>, made: &[u8]) -> Result<Vec<u8>, pentad_store::StoreError> {
    Ok(stored(tx)?.unwrap_or_else(|| made.to_vec()))
}

/// The texts of a JSON list; `None` if it is something else.
pub(super) fn texts_of(list: &serde_json::Value) -> Option<Vec<String>> {
    list.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

fn split(list: &str) -> Vec<String> {
    list.split(',').map(str::to_owned).collect()
}

/// Whether a signed path, read as a pattern, occurs in the path of a request.
fn is_found(pattern: &str, path: &str) -> bool {
    pattern.len() <= PATTERN
        && RegexBuilder::new(pattern).size_limit(1 << 20).build().is_ok_and(|regex| regex.is_match(path))
}

/// Whether a path begins with the segments of a signed one. Each is decoded by itself, as the routes do it: an escaped
/// slash begins no segment.
fn leads_to(signed: &str, path: &str) -> bool {
    let mut segments = path.split('/').map(|segment| percent_decode_str(segment).decode_utf8_lossy());
    signed.split('/').all(|own| segments.next().is_some_and(|segment| segment == own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(paths: &[&str], methods: &[&str], project: &str, expires: &str) -> Signed {
        let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        sign("s3cr3t", own(paths), own(methods), project, moment(expires).unwrap())
    }

    #[test]
    fn a_signed_path_leads_to_itself_and_what_is_below_it() {
        let signed = "/v2/queues/a.b/messages";
        assert!(leads_to(signed, signed));
        assert!(leads_to(signed, "/v2/queues/a%2Eb/messages/0123"));
        for other in [
            "/v2/queues/aXb/messages",
            "/v2/queues/a.b/messagesX",
            "/v2/queues/a.b",
            "/v2/flavors/x/v2/queues/a.b/messages",
            "/v2/flavors/x%2Fv2%2Fqueues%2Fa.b%2Fmessages",
        ] {
            assert!(!leads_to(signed, other), "{other}");
        }
    }

    #[test]
    fn signatures_are_those_of_the_original() {
        let one = signed(&["/v2/queues/jobs/messages"], &["GET"], "acme", "2036-01-01T00:00:00");
        assert_eq!(one.signature, "e8e19d53bf326adc2a54edc01800738a1ae01da5af9dbb4a1187dc4fe7ca14d8");
        let paths = ["/v2/queues/subq/messages", "/v2/queues/subq/claims"];
        let two = signed(&paths, &["POST", "GET"], "p1", "2036-01-01T00:00:00");
        assert_eq!(two.signature, "ed7939ceedc1c994f59b3ea0ce034faea2faff3b037af45147ab591854ab6844");
        assert_eq!(two.paths, ["/v2/queues/subq/claims", "/v2/queues/subq/messages"]);
        assert_eq!(two.methods, ["GET", "POST"]);
        let east = signed(&paths[..1], &["GET"], "p1", "2036-01-01T00:00:00+08:00");
        assert_eq!(east.expires, "2035-12-31T16:00:00");
        assert_eq!(east.signature, "f5f7f6ea5beae8621981216e92fd415d8530e307b8de6687585f89f76249c7a1");
    }
}
