//! Services, orders, jobs, artifacts.

use http::Method;

use super::{DELETE, GET, Gate, POST, PUT, Row, modern, row};
use crate::ivcap::handlers::{artifacts, blob, job_events, jobs, orders, services};

const HEAD: Method = Method::HEAD;
const PATCH: Method = Method::PATCH;
const OPTIONS: Method = Method::OPTIONS;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = service_rows();
    rows.extend(job_rows());
    rows.extend(order_rows());
    rows.extend(artifact_rows());
    rows
}

fn service_rows() -> Vec<Row> {
    vec![
        row(GET, "/1/services", "ivcap:services:list", Gate::Read, |call| Box::pin(services::list(call))),
        row(POST, "/1/services", "ivcap:services:create", Gate::Write, |call| {
            Box::pin(services::create(call))
        }),
        row(GET, "/1/services/{id}", "ivcap:services:get", Gate::Read, |call| Box::pin(services::get(call))),
        row(PUT, "/1/services/{id}", "ivcap:services:update", Gate::Write, |call| {
            Box::pin(services::update(call))
        }),
        row(DELETE, "/1/services/{id}", "ivcap:services:delete", Gate::Write, |call| {
            Box::pin(services::delete(call))
        }),
        modern(GET, "/1/services2", "ivcap:services2:list", Gate::Read, |call| {
            Box::pin(services::list(call))
        }),
        modern(POST, "/1/services2", "ivcap:services2:create", Gate::Write, |call| {
            Box::pin(services::create(call))
        }),
        modern(GET, "/1/services2/{id}", "ivcap:services2:get", Gate::Read, |call| {
            Box::pin(services::get(call))
        }),
        modern(PUT, "/1/services2/{id}", "ivcap:services2:update", Gate::Write, |call| {
            Box::pin(services::update(call))
        }),
        modern(DELETE, "/1/services2/{id}", "ivcap:services2:delete", Gate::Write, |call| {
            Box::pin(services::delete(call))
        }),
    ]
}

fn job_rows() -> Vec<Row> {
    vec![
        modern(GET, "/1/services2/{service}/jobs", "ivcap:jobs:list", Gate::Read, |call| {
            Box::pin(jobs::list(call))
        }),
        modern(POST, "/1/services2/{service}/jobs", "ivcap:jobs:create", Gate::Write, |call| {
            Box::pin(jobs::create(call))
        }),
        modern(GET, "/1/services2/{service}/jobs/{id}", "ivcap:jobs:get", Gate::Read, |call| {
            Box::pin(jobs::get(call))
        }),
        modern(GET, "/1/services2/{service}/jobs/{id}/output", "ivcap:jobs:output", Gate::Write, |call| {
            Box::pin(jobs::output(call))
        }),
        modern(GET, "/1/services2/{service}/jobs/{id}/events", "ivcap:jobs:events", Gate::Write, |call| {
            Box::pin(job_events::events(call))
        }),
    ]
}

fn order_rows() -> Vec<Row> {
    vec![
        row(GET, "/1/orders", "ivcap:orders:list", Gate::Read, |call| Box::pin(orders::list(call))),
        row(POST, "/1/orders", "ivcap:orders:create", Gate::Write, |call| Box::pin(orders::create(call))),
        row(GET, "/1/orders/{id}", "ivcap:orders:get", Gate::Read, |call| Box::pin(orders::get(call))),
        row(GET, "/1/orders/{id}/logs", "ivcap:orders:logs", Gate::Read, |call| Box::pin(orders::logs(call))),
        row(GET, "/1/orders/{id}/top", "ivcap:orders:top", Gate::Read, |call| Box::pin(orders::top(call))),
        row(GET, "/1/orders/{id}/products", "ivcap:orders:products", Gate::Read, |call| {
            Box::pin(orders::products(call))
        }),
        row(GET, "/1/orders/{id}/metadata", "ivcap:orders:metadata", Gate::Read, |call| {
            Box::pin(orders::metadata(call))
        }),
    ]
}

fn artifact_rows() -> Vec<Row> {
    vec![
        row(GET, "/1/artifacts", "ivcap:artifacts:list", Gate::Read, |call| Box::pin(artifacts::list(call))),
        row(POST, "/1/artifacts", "ivcap:artifacts:create", Gate::Write, |call| {
            Box::pin(artifacts::create(call))
        }),
        row(OPTIONS, "/1/artifacts", "ivcap:artifacts:options", Gate::Open, |call| {
            Box::pin(blob::options(call))
        }),
        row(GET, "/1/artifacts/{id}", "ivcap:artifacts:get", Gate::Read, |call| {
            Box::pin(artifacts::get(call))
        }),
        row(DELETE, "/1/artifacts/{id}", "ivcap:artifacts:delete", Gate::Write, |call| {
            Box::pin(artifacts::delete(call))
        }),
        row(GET, "/1/artifacts/{id}/blob", "ivcap:blob:get", Gate::Read, |call| Box::pin(blob::get(call))),
        row(HEAD, "/1/artifacts/{id}/blob", "ivcap:blob:head", Gate::Read, |call| Box::pin(blob::head(call))),
        row(PATCH, "/1/artifacts/{id}/blob", "ivcap:blob:patch", Gate::Write, |call| {
            Box::pin(blob::patch(call))
        }),
        row(POST, "/1/artifacts/{id}/blob", "ivcap:blob:post", Gate::Write, |call| {
            Box::pin(blob::post(call))
        }),
        row(PUT, "/1/artifacts/{id}/blob", "ivcap:blob:put", Gate::Write, |call| Box::pin(blob::put(call))),
        row(DELETE, "/1/artifacts/{id}/blob", "ivcap:blob:delete", Gate::Write, |call| {
            Box::pin(blob::delete(call))
        }),
        row(OPTIONS, "/1/artifacts/{id}/blob", "ivcap:blob:options", Gate::Open, |call| {
            Box::pin(blob::options(call))
        }),
    ]
}
