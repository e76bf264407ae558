//! The raw door: every operation by its identifier.

use pentad_core::op::{self, placeholders};
use pentad_core::{Call, Draft, Error, ErrorKind, List, Result, decode};
use serde_json::Value;

use crate::client::Client;
use crate::{list, ops};

impl Client {
    /// A call of any operation by identifier, with path arguments, query and body as they are.
    ///
    /// `project` may be left out: the client's own is used then. The answer is the JSON document; an empty one is `null`.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) for an identifier that is not in [`ops::OPS`]. Missing or superfluous
    /// arguments surface when the call is awaited or looked at.
    ///
    /// # Example
    /// ```
    /// # fn main() -> pentad_core::Result<()> {
    /// let client = pentad_ams::Client::new("ams.example.org", "DEMO").token("t".to_owned()).build()?;
    /// let call = client.call("ams.topic.acl", &[("topic", "alerts")], &[], None)?;
    /// assert_eq!(call.request().unwrap().path, "/projects/DEMO/topics/alerts:acl");
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
        let mut draft = self.draft(op_id, args, query)?;
        if let Some(body) = body {
            draft = draft.json(&body);
        }
        Ok(draft.call(decode::value))
    }

    /// Any list of the service by identifier, page by page, each thing as the JSON document that the service sent.
    ///
    /// Lists that the service does not page come as one page.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) for an identifier that is not in [`ops::OPS`] or is no list. Missing or
    /// superfluous arguments surface when the list is awaited or looked at.
    ///
    /// # Example
    /// ```
    /// # fn main() -> pentad_core::Result<()> {
    /// let client = pentad_ams::Client::new("ams.example.org", "DEMO").token("t".to_owned()).build()?;
    /// let topics = client.pages("ams.topic.list", &[], &[])?.page_size(50);
    /// assert_eq!(topics.request()?.path, "/projects/DEMO/topics");
    /// # Ok(())
    /// # }
    /// ```
    pub fn pages(&self, op_id: &str, args: &[(&str, &str)], query: &[(&str, &str)]) -> Result<List<Value>> {
        let draft = self.draft(op_id, args, query)?;
        match op_id {
            "ams.user.list" | "ams.member.list" | "ams.topic.list" | "ams.subscription.list" => {
                Ok(draft.list(list::cursor, list::page::<Value>).size_query(list::SIZE))
            }
            "ams.project.list" | "ams.schema.list" | "ams.registration.list" | "ams.topic.subscriptions" => {
                Ok(draft.list(list::cursor, list::only_page::<Value>))
            }
            _ => Err(op::no_list(op_id)),
        }
    }

    /// An operation by identifier with its path and query filled.
    fn draft(&self, op_id: &str, args: &[(&str, &str)], query: &[(&str, &str)]) -> Result<Draft> {
        let op = ops::find(op_id).ok_or_else(|| op::unknown(op_id, "ams.topic.publish"))?;
        if std::ptr::eq(op, &raw const ops::AUTHN) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the certificate exchange has an endpoint of its own",
            )
            .with_hint("build the client with a certificate"));
        }
        let needs_project =
            op.routes.iter().flat_map(|route| placeholders(route.2)).any(|name| name == "project");
        let mut draft = self.op(op);
        if needs_project && !args.iter().any(|arg| arg.0 == "project") {
            draft = draft.arg("project", self.project_name());
        }
        Ok(draft.fill(args, query))
    }
}
