//! The raw door: every operation by its id.

use pentad_core::{Call, Draft, List, Result, decode, op};
use serde_json::Value;

use crate::client::Client;
use crate::{list, ops};

impl Client {
    /// A call of any operation, with path arguments, query and body as they are. Nothing is checked but the path.
    ///
    /// The answer is the JSON document; an empty one is `null`.
    ///
    /// # Errors
    /// [`Unsupported`](pentad_core::ErrorKind::Unsupported) for an id that is not in [`ops::OPS`]. Missing or superfluous arguments
    /// surface when the call is awaited or looked at.
    ///
    /// # Example
    /// ```
    /// # fn main() -> pentad_core::Result<()> {
    /// use pentad_trove::Client;
    /// let client = Client::new("http://db.example.com:8779/v1.0/9f2c").token("t").build()?;
    /// let call = client.call("trove.user.get", &[("instance", "44b2"), ("user", "app@%")], &[], None)?;
    /// assert_eq!(call.request().unwrap().path, "/instances/44b2/users/app%40%25");
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
        let draft = self.draft(op, args, query)?;
        Ok(match body {
            Some(body) => draft.json(&body),
            None => draft,
        }
        .call(decode::value))
    }

    /// Any list, page by page, each thing as the JSON document that the service sent.
    ///
    /// # Errors
    /// As [`call`](Self::call); also for an operation that is no list.
    pub fn pages(&self, op: &str, args: &[(&str, &str)], query: &[(&str, &str)]) -> Result<List<Value>> {
        let draft = self.draft(op, args, query)?;
        if !ops::is_list(op) {
            return Err(op::no_list(op));
        }
        Ok(if op == ops::LOG_PARTS.id {
            draft.query("format", "json").list(list::cursor, list::objects::<Value>)
        } else if op == ops::EXECUTION_LIST.id {
            draft.list(list::cursor, list::page_by_id::<Value>).size_query("limit")
        } else {
            list::of(draft)
        })
    }

    fn draft(&self, id: &str, args: &[(&str, &str)], query: &[(&str, &str)]) -> Result<Draft> {
        let op = ops::find(id).ok_or_else(|| op::unknown(id, "trove.instance.list"))?;
        Ok(self.op(op).fill(args, query))
    }
}
