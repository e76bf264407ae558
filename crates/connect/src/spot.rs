//! A client and a path: what every handle is made of.

use pentad_core::{Draft, Op};
use pentad_openapi::Role;

use crate::body::Payload;
use crate::client::Client;
use crate::path::Path;
use crate::{help, ops};

/// A place below the endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    pub(crate) client: Client,
    pub(crate) path: Path,
}

impl Spot {
    pub(crate) fn step(&self, field: &'static str, segment: &str) -> Self {
        Self { client: self.client.clone(), path: self.path.clone().push(field, segment) }
    }

    /// A call of this path, held against the OpenAPI document if that was asked for.
    pub(crate) fn draft(&self, op: &'static Op) -> Draft {
        self.draft_with(op, Payload::none())
    }

    /// The same with a body.
    pub(crate) fn draft_with(&self, op: &'static Op, payload: Payload) -> Draft {
        let draft = self.client.session().op(op);
        match self.path.escaped() {
            Err(error) => draft.refuse(error),
            Ok(path) => {
                let draft = draft.arg("path", path);
                let checked = self.client.check(ops::method(op), path, &payload);
                payload.put(draft).check(checked)
            }
        }
    }

    pub(crate) fn help(&self, role: Role) -> String {
        help::at(self.client.document(), &self.path, role)
    }
}
