//! The raw door: every operation by its identifier.

use http::HeaderName;
use pentad_core::{Call, Context, Draft, Error, List, Page, Result, decode, op};
use serde_json::Value;

use super::Client;
use crate::manager::page::place;
use crate::ops;

impl Client {
    /// A call of any operation by identifier, with path arguments, query and body as they are.
    ///
    /// The argument `token` of the operations about a token goes where the API's version wants it.
    ///
    /// # Errors
    /// [`Unsupported`](pentad_core::ErrorKind::Unsupported) for an identifier that is not in [`ops::OPS`], and for discovery, which
    /// has no fixed place.
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

    /// Any list by identifier, page by page, each thing as the JSON document that the service sent.
    ///
    /// # Errors
    /// As [`call`](Self::call), and for an operation that is no list.
    pub fn pages(&self, op_id: &str, args: &[(&str, &str)], query: &[(&str, &str)]) -> Result<List<Value>> {
        let draft = self.draft(op_id, args, query)?;
        let listed = op_id.ends_with(".list")
            || [&ops::AUTH_PROJECTS, &ops::AUTH_DOMAINS, &ops::AUTH_SYSTEM, &ops::AUTH_CATALOG]
                .iter()
                .any(|op| op.id == op_id);
        if !listed {
            return Err(op::no_list(op_id));
        }
        Ok(draft.list(crate::manager::page::cursor, page))
    }

    fn draft(&self, op_id: &str, args: &[(&str, &str)], query: &[(&str, &str)]) -> Result<Draft> {
        let op = ops::find(op_id)
            .filter(|op| op.routes.iter().any(|route| [ops::V3, ops::V2].contains(&route.0)))
            .ok_or_else(|| op::unknown(op_id, "openstack.token.validate"))?;
        let mut draft = self.op(op);
        for (name, value) in args {
            draft = match (*name, self.session().api()) {
                ("token", ops::V3) => match pentad_core::auth::sensitive(value) {
                    Some(value) => draft.header(HeaderName::from_static("x-subject-token"), value),
                    None => draft.refuse(Error::invalid("token", "has characters that cannot be sent")),
                },
                _ => draft.arg(name, *value),
            };
        }
        Ok(draft.fill(&[], query))
    }
}

/// The one list in an answer, whatever it is called (OpenStack reference B9).
fn page(context: &Context, _: &http::response::Parts, body: bytes::Bytes) -> Result<Page<Value>> {
    let mut document: Value = decode::from_json(context.op(), &body)?;
    let next = document["links"]["next"].as_str().map(|link| place(context, link)).transpose()?;
    let list = document.as_object_mut().and_then(|map| map.values_mut().find_map(Value::as_array_mut));
    let items = list.map(std::mem::take).unwrap_or_default();
    Ok(Page::new(items).next(next).raw(body))
}
