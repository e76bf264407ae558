//! Queries in the platform's rule language.

use http::HeaderValue;
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use pentad_core::{Body, Error, List};
use serde_json::Value;

use crate::client::Client;
use crate::list::listing;
use crate::ops;

/// Content type of queries.
pub(crate) const LANGUAGE: &str = "application/datalog+mangle";

impl Client {
    /// Answers a query; each thing is a row of what the query binds. Modern dialect.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) for a query that the platform does not understand.
    /// # Source
    /// IVCAP reference 7.9.
    pub fn search(&self, query: impl Into<String>, at: Option<Timestamp>) -> List<Value> {
        let query = query.into();
        let mut draft = self.op(&ops::SEARCH).query_opt("at-time", at.map(|at| at.to_string()));
        if query.trim().is_empty() {
            draft = draft.refuse(Error::invalid("query", "must not be empty"));
        }
        let draft = draft
            .header(CONTENT_TYPE, HeaderValue::from_static(LANGUAGE))
            .body(Body::Bytes(query.into_bytes().into()));
        listing(draft, self.dialect())
    }
}
