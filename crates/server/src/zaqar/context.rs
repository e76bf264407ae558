//! One request on its way to a handler.

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use percent_encoding::percent_decode_str;

use super::error::Failure;
use super::query::Query;
use super::quirks::{Quirk, Quirks};
use crate::http::{BodyFault, Inbound};

/// A version of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// v1.
    V1,
    /// v1.1.
    V1_1,
    /// v2.
    V2,
}

/// A request that passed the checks.
#[derive(Debug)]
pub(crate) struct Call {
    /// The request; its body is read by [`load`](Self::load).
    pub(crate) inbound: Inbound,
    /// The version in its path.
    pub(crate) version: Version,
    /// The path, percent-decoded: what `location` and hrefs are made of.
    pub(crate) path: String,
    /// The query.
    pub(crate) query: Query,
    /// The project; `""` where v1 is called without one.
    pub(crate) project: String,
    /// The client id in its canonical form (a UUID as 32 hex digits); `""` where v1 is called without one.
    pub(crate) client: String,
    /// The names of the caller's roles.
    pub(crate) roles: Vec<String>,
    /// The id of the user of the token, if there is one.
    pub(crate) user: Option<String>,
    /// That token.
    pub(crate) token: Option<String>,
    /// Whether there is a project header without a value.
    pub(super) has_empty_project: bool,
    pub(super) params: Vec<(&'static str, String)>,
    body: Option<Bytes>,
    /// Whether a body without a declared length counts as absent.
    chunked_is_absent: bool,
}

impl Call {
    /// A request before its checks.
    pub(super) fn new(
        inbound: Inbound,
        version: Version,
        params: Vec<(&'static str, String)>,
        quirks: Quirks,
    ) -> Self {
        let path = percent_decode_str(&inbound.path).decode_utf8_lossy().into_owned();
        let query = Query::parse(inbound.query.as_deref().unwrap_or_default());
        Self {
            inbound,
            version,
            path,
            query,
            project: String::new(),
            client: String::new(),
            roles: Vec::new(),
            user: None,
            token: None,
            has_empty_project: false,
            params,
            body: None,
            chunked_is_absent: quirks.has(Quirk::ChunkedBodyIsAbsent),
        }
    }

    /// A variable of the path; `""` if there is none of this name.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }

    /// The queue of the path.
    pub(crate) fn queue(&self) -> &str {
        self.param("queue")
    }

    /// A header field as text; bytes beyond ASCII are read as Latin-1, which is what the original's gateway does.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let value = self.inbound.headers.get(name)?;
        Some(value.as_bytes().iter().map(|byte| char::from(*byte)).collect())
    }

    /// Whether the caller has a role.
    pub(crate) fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own.eq_ignore_ascii_case(role))
    }

    /// The length that the request declares, or that its body turned out to have; `None` without a body.
    pub(crate) fn length(&self) -> Option<u64> {
        let declared = self.inbound.headers.get(CONTENT_LENGTH);
        if let Some(length) = declared.and_then(|value| value.to_str().ok()?.parse().ok()) {
            return Some(length);
        }
        if self.chunked_is_absent {
            return None;
        }
        let known = self.body.as_ref().map(|body| body.len() as u64).or_else(|| self.inbound.body.declared());
        known.filter(|length| *length > 0)
    }

    /// Reads the body. Check what can be checked by [`length`](Self::length) first.
    pub(crate) async fn load(&mut self) -> Result<&[u8], Failure> {
        if self.body.is_none() {
            self.body = Some(self.inbound.body.bytes().await?);
        }
        Ok(self.body.as_deref().unwrap_or_default())
    }

    /// Learns the length of a body that was not declared: reads it.
    pub(super) async fn measure(&mut self) -> Result<(), Failure> {
        let unknown =
            !self.inbound.headers.contains_key(CONTENT_LENGTH) && self.inbound.body.declared().is_none();
        if unknown && !self.chunked_is_absent {
            self.load().await?;
        }
        Ok(())
    }
}

impl From<BodyFault> for Failure {
    /// The shell puts its own answer in the place of this one.
    fn from(fault: BodyFault) -> Self {
        let reply = fault.reply();
        Self::new(reply.status, "Invalid request body", fault.to_string())
    }
}
