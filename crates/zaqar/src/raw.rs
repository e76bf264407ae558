//! The raw door: every operation by its id, or by its name in the original client's table.

use pentad_core::{Call, Draft, List, Result, decode, op};
use serde_json::Value;

use crate::client::Client;
use crate::queue::PATCH_TYPE;
use crate::{list, ops};

impl Client {
    /// A call of any operation, with path arguments, query and body as they are. Nothing is checked but the path.
    ///
    /// The answer is the JSON document; an empty one is `null`.
    ///
    /// # Errors
    /// [`Unsupported`](pentad_core::ErrorKind::Unsupported) for a name that is not in [`ops::OPS`]. Missing or superfluous arguments, and
    /// operations that this version lacks, surface when the call is awaited or looked at.
    ///
    /// # Example
    /// ```
    /// # fn main() -> pentad_core::Result<()> {
    /// use pentad_zaqar::{Client, Version};
    /// let client = Client::new("http://zaqar.example.com:8888", Version::V2).build()?;
    /// let call = client.call("queue_get_stats", &[("queue_name", "jobs")], &[], None)?;
    /// assert_eq!(call.request().unwrap().path, "/v2/queues/jobs/stats");
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
            draft = draft.json(&body);
        }
        if ops::find(op).is_some_and(|op| op.id == ops::QUEUE_UPDATE.id) {
            draft = draft.header(http::header::CONTENT_TYPE, http::HeaderValue::from_static(PATCH_TYPE));
        }
        let redirect =
            |status: http::StatusCode, _: &http::HeaderMap| status == http::StatusCode::MULTIPLE_CHOICES;
        Ok(draft.accept(redirect).call(decode::value))
    }

    /// Any list, page by page, each thing as the JSON document that the service sent.
    ///
    /// # Errors
    /// As [`call`](Self::call); also for an operation that is no list.
    pub fn pages(&self, name: &str, args: &[(&str, &str)], query: &[(&str, &str)]) -> Result<List<Value>> {
        let draft = self.draft(name, args, query)?;
        if !name.ends_with("list") {
            return Err(op::no_list(name));
        }
        Ok(draft.list(list::cursor, list::page::<Value>).size_query(list::SIZE))
    }

    fn draft(&self, name: &str, args: &[(&str, &str)], query: &[(&str, &str)]) -> Result<Draft> {
        let op = ops::find(name).ok_or_else(|| op::unknown(name, "zaqar.message.post or message_post"))?;
        Ok(self.op(op).fill(args, query))
    }
}
