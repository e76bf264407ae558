//! The raw door: every operation by its id.

use pentad_core::{Call, Draft, List, Result, decode, op};
use serde_json::Value;

use crate::client::Client;
use crate::list::listing;
use crate::ops;

/// Operations whose answer has pages.
const LISTS: &[&str] =
    &["ivcap.order.products", "ivcap.order.metadata", "ivcap.project.members", "ivcap.search"];

impl Client {
    /// A call of any operation, with path arguments, query and body as they are. Nothing is checked but the path.
    ///
    /// The answer is the JSON document; an empty one is `null`.
    ///
    /// # Errors
    /// [`Unsupported`](pentad_core::ErrorKind::Unsupported) for a name that is not in [`ops::OPS`]. Missing or superfluous arguments, and
    /// operations that this dialect lacks, surface when the call is awaited or looked at.
    ///
    /// # Example
    /// ```
    /// # fn main() -> pentad_core::Result<()> {
    /// use pentad_ivcap::Client;
    /// let client = Client::new("https://ivcap.example.com").build()?;
    /// let call = client.call("ivcap.order.get", &[("id", "urn:ivcap:order:1")], &[], None)?;
    /// assert_eq!(call.request().unwrap().path, "/1/orders/urn%3Aivcap%3Aorder%3A1");
    /// # Ok(())
    /// # }
    /// ```
    pub fn call(
        &self,
        op: &str,
        args: &[(&str, &str)],
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<Call<Value>> {
        let mut draft = self.draft(op, args, query)?;
        if let Some(body) = body {
            draft = match (op, body) {
                // A query is a text in a language of its own.
                ("ivcap.search", Value::String(query)) => draft
                    .header(
                        http::header::CONTENT_TYPE,
                        http::HeaderValue::from_static(crate::search::LANGUAGE),
                    )
                    .body(pentad_core::Body::Bytes(query.into_bytes().into())),
                (_, body) => draft.json(&body),
            };
        }
        Ok(draft.call(decode::value))
    }

    /// Any list, page by page, each thing as the JSON document that the platform sent.
    ///
    /// # Errors
    /// As [`call`](Self::call); also for an operation that is no list.
    pub fn pages(&self, op: &str, args: &[(&str, &str)], query: &[(&str, &str)]) -> Result<List<Value>> {
        let draft = self.draft(op, args, query)?;
        if !op.ends_with(".list") && !LISTS.contains(&op) {
            return Err(op::no_list(op));
        }
        Ok(listing(draft, self.dialect()))
    }

    fn draft(&self, name: &str, args: &[(&str, &str)], query: &[(&str, &str)]) -> Result<Draft> {
        let op = ops::find(name).ok_or_else(|| op::unknown(name, "ivcap.order.get"))?;
        Ok(self.op(op).fill(args, query))
    }
}
