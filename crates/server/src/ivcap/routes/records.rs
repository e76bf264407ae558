//! The document, login, metadata records, aspects, search, queues, secrets, projects, packages, dashboards.

use super::{DELETE, GET, Gate, POST, PUT, Row, modern, row};
use crate::ivcap::handlers::{aspects, document, metadata};

pub(super) fn rows() -> Vec<Row> {
    [open(), metadata(), aspects()].into_iter().flatten().collect()
}

fn open() -> Vec<Row> {
    vec![
        row(GET, "/1/openapi/openapi3.json", "ivcap:openapi", Gate::Open, |call| {
            Box::pin(document::openapi(call))
        }),
        row(GET, "/1/authinfo.yaml", "ivcap:authinfo", Gate::Open, |call| Box::pin(document::authinfo(call))),
    ]
}

fn metadata() -> Vec<Row> {
    let (list, one) = ("/1/metadata", "/1/metadata/{id}");
    vec![
        row(GET, list, "ivcap:metadata:list", Gate::Read, |call| Box::pin(metadata::list(call))),
        row(POST, list, "ivcap:metadata:add", Gate::Write, |call| Box::pin(metadata::add(call))),
        row(PUT, list, "ivcap:metadata:update", Gate::Write, |call| Box::pin(metadata::update(call))),
        row(GET, one, "ivcap:metadata:read", Gate::Read, |call| Box::pin(metadata::read(call))),
        row(PUT, one, "ivcap:metadata:updateRecord", Gate::Write, |call| {
            Box::pin(metadata::update_record(call))
        }),
        row(DELETE, one, "ivcap:metadata:revoke", Gate::Write, |call| Box::pin(metadata::revoke(call))),
    ]
}

fn aspects() -> Vec<Row> {
    let (list, one) = ("/1/aspects", "/1/aspects/{id}");
    vec![
        modern(GET, list, "ivcap:aspects:list", Gate::Read, |call| Box::pin(aspects::list(call))),
        modern(POST, list, "ivcap:aspects:create", Gate::Write, |call| Box::pin(aspects::create(call))),
        modern(PUT, list, "ivcap:aspects:update", Gate::Write, |call| Box::pin(aspects::update(call))),
        modern(GET, one, "ivcap:aspects:read", Gate::Read, |call| Box::pin(aspects::read(call))),
        modern(DELETE, one, "ivcap:aspects:retract", Gate::Write, |call| Box::pin(aspects::retract(call))),
    ]
}
