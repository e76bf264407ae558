//! The raw doors: any path as text, any operation by its identifier.

use http::Method;
use pentad_core::{Call, Draft, Error, ErrorKind, List, Op, Result, op};
use pentad_openapi::Document;
use serde_json::Value;

use crate::answer::{self, Answer};
use crate::body::Payload;
use crate::client::Client;
use crate::page::{self, LIMIT};
use crate::{check, ops, path};

impl Client {
    /// Reads a path, which may carry its own query: `products?eq(status,draft)`.
    ///
    /// Escapes are kept; what cannot stand in a URL is escaped. Parameters are added with [`Call::query`].
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for an absolute URL: the credential would follow it.
    /// # Source
    /// Connect reference 3.
    pub fn get(&self, path: &str) -> Call<Answer> {
        self.send(&ops::GET, path, Payload::none()).call(answer::whole)
    }

    /// Sends `POST` to a path.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    /// # Retry
    /// Not idempotent: resent only if the first attempt is known not to have been sent.
    /// # Source
    /// Connect reference 3.
    pub fn create(&self, path: &str, payload: impl Into<Payload>) -> Call<Answer> {
        self.send(&ops::CREATE, path, payload.into()).call(answer::whole)
    }

    /// Sends `PUT` to a path.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    /// # Retry
    /// Idempotent: sent again after transient failures.
    /// # Source
    /// Connect reference 3.
    pub fn update(&self, path: &str, payload: impl Into<Payload>) -> Call<Answer> {
        self.send(&ops::UPDATE, path, payload.into()).call(answer::whole)
    }

    /// Sends `DELETE` to a path.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    /// # Retry
    /// Idempotent: sent again after transient failures.
    /// # Source
    /// Connect reference 3.
    pub fn delete(&self, path: &str, payload: impl Into<Payload>) -> Call<Answer> {
        self.send(&ops::DELETE, path, payload.into()).call(answer::whole)
    }

    /// Sends any method, the only way to `PATCH`.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) for other methods than `GET`, `POST`, `PUT`, `DELETE`, `PATCH`, `HEAD` and
    /// `OPTIONS`.
    /// # Source
    /// Connect reference 3.
    pub fn execute(&self, method: &Method, path: &str, payload: impl Into<Payload>) -> Call<Answer> {
        let draft = match ops::any(method) {
            Some(op) => self.send(op, path, payload.into()),
            None => {
                let message = format!("method {method} is not one that the service knows");
                self.send(&ops::GET, path, Payload::none())
                    .refuse(Error::new(ErrorKind::Unsupported, message))
            }
        };
        draft.call(answer::whole)
    }

    /// A call of any operation by identifier: its only argument is `path`, as in [`get`](Self::get). The answer is the JSON
    /// document; an empty one is `null`.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) for an identifier that is not in [`ops::OPS`]. A missing path surfaces when
    /// the call is awaited or looked at.
    ///
    /// # Example
    /// ```
    /// # fn main() -> pentad_core::Result<()> {
    /// let client = pentad_connect::Client::new("ApiKey SU-000-000-000:key").build()?;
    /// let call = client.call("connect.resource.get", &[("path", "products/PRD-1")], &[], None)?;
    /// assert_eq!(call.request().unwrap().path, "/products/PRD-1");
    /// # Ok(())
    /// # }
    /// ```
    pub fn call(
        &self,
        op_id: &str,
        args: &[(&str, &str)],
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<Call<Value>> {
        Ok(self.by_id(op_id, args, query, body)?.call(answer::typed))
    }

    /// As [`call`](Self::call), in pages.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub fn pages(&self, op_id: &str, args: &[(&str, &str)], query: &[(&str, &str)]) -> Result<List<Value>> {
        let draft = self.by_id(op_id, args, query, None)?;
        Ok(draft.list(page::cursor, page::page::<Value>).size_query(LIMIT).page_size(self.page_size()))
    }

    fn by_id(
        &self,
        op_id: &str,
        args: &[(&str, &str)],
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<Draft> {
        let op = ops::find(op_id).ok_or_else(|| op::unknown(op_id, "connect.resource.get"))?;
        let path = args.iter().find(|arg| arg.0 == "path").map_or("", |arg| arg.1);
        let mut draft = self.send(op, path, body.into());
        if let Some((name, _)) = args.iter().find(|arg| arg.0 != "path") {
            draft = draft.refuse(Error::invalid(name, "is not an argument of this operation"));
        }
        Ok(draft.fill(&[], query))
    }

    fn send(&self, op: &'static Op, text: &str, payload: Payload) -> Draft {
        let draft = self.session().op(op);
        match path::raw(text) {
            Err(error) => draft.refuse(error),
            Ok((path, query)) => {
                let checked = self.check(ops::method(op), &path, &payload);
                let asked = match (self.strict(), &query) {
                    (Some(document), Some(query)) => held(document, ops::method(op), &path, query),
                    _ => Ok(()),
                };
                let draft = payload.put(draft.arg("path", path)).check(checked).check(asked);
                match query {
                    Some(query) => draft.raw_query(query),
                    None => draft,
                }
            }
        }
    }
}

/// Holds a query that is escaped already against the document.
fn held(document: &Document, method: &Method, path: &str, query: &str) -> Result<()> {
    let (rql, pairs) = path::taken_apart(query);
    let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| (name.into(), value)).collect();
    check::query(document, method, path, &rql.join("&"), &pairs)
}
