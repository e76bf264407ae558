//! Services, orders, jobs, artifacts.

use http::Method;

use super::{DELETE, GET, Gate, POST, PUT, Row, modern, row, run};
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
        row(GET, "/1/services", "ivcap:services:list", Gate::Read, run!(services::list)),
        row(POST, "/1/services", "ivcap:services:create", Gate::Write, run!(services::create)),
        row(GET, "/1/services/{id}", "ivcap:services:get", Gate::Read, run!(services::get)),
        row(PUT, "/1/services/{id}", "ivcap:services:update", Gate::Write, run!(services::update)),
        row(DELETE, "/1/services/{id}", "ivcap:services:delete", Gate::Write, run!(services::delete)),
        modern(GET, "/1/services2", "ivcap:services2:list", Gate::Read, run!(services::list)),
        modern(POST, "/1/services2", "ivcap:services2:create", Gate::Write, run!(services::create)),
        modern(GET, "/1/services2/{id}", "ivcap:services2:get", Gate::Read, run!(services::get)),
        modern(PUT, "/1/services2/{id}", "ivcap:services2:update", Gate::Write, run!(services::update)),
        modern(DELETE, "/1/services2/{id}", "ivcap:services2:delete", Gate::Write, run!(services::delete)),
    ]
}

fn job_rows() -> Vec<Row> {
    vec![
        modern(GET, "/1/services2/{service}/jobs", "ivcap:jobs:list", Gate::Read, run!(jobs::list)),
        modern(POST, "/1/services2/{service}/jobs", "ivcap:jobs:create", Gate::Write, run!(jobs::create)),
        modern(GET, "/1/services2/{service}/jobs/{id}", "ivcap:jobs:get", Gate::Read, run!(jobs::get)),
        modern(
            GET,
            "/1/services2/{service}/jobs/{id}/output",
            "ivcap:jobs:output",
            Gate::Write,
            run!(jobs::output),
        ),
        modern(
            GET,
            "/1/services2/{service}/jobs/{id}/events",
            "ivcap:jobs:events",
            Gate::Write,
            run!(job_events::events),
        ),
    ]
}

fn order_rows() -> Vec<Row> {
    vec![
        row(GET, "/1/orders", "ivcap:orders:list", Gate::Read, run!(orders::list)),
        row(POST, "/1/orders", "ivcap:orders:create", Gate::Write, run!(orders::create)),
        row(GET, "/1/orders/{id}", "ivcap:orders:get", Gate::Read, run!(orders::get)),
        row(GET, "/1/orders/{id}/logs", "ivcap:orders:logs", Gate::Read, run!(orders::logs)),
        row(GET, "/1/orders/{id}/top", "ivcap:orders:top", Gate::Read, run!(orders::top)),
        row(GET, "/1/orders/{id}/products", "ivcap:orders:products", Gate::Read, run!(orders::products)),
        row(GET, "/1/orders/{id}/metadata", "ivcap:orders:metadata", Gate::Read, run!(orders::metadata)),
    ]
}

fn artifact_rows() -> Vec<Row> {
    vec![
        row(GET, "/1/artifacts", "ivcap:artifacts:list", Gate::Read, run!(artifacts::list)),
        row(POST, "/1/artifacts", "ivcap:artifacts:create", Gate::Write, run!(artifacts::create)),
        row(OPTIONS, "/1/artifacts", "ivcap:artifacts:options", Gate::Open, run!(blob::options)),
        row(GET, "/1/artifacts/{id}", "ivcap:artifacts:get", Gate::Read, run!(artifacts::get)),
        row(DELETE, "/1/artifacts/{id}", "ivcap:artifacts:delete", Gate::Write, run!(artifacts::delete)),
        row(GET, "/1/artifacts/{id}/blob", "ivcap:blob:get", Gate::Read, run!(blob::get)),
        row(HEAD, "/1/artifacts/{id}/blob", "ivcap:blob:head", Gate::Read, run!(blob::head)),
        row(PATCH, "/1/artifacts/{id}/blob", "ivcap:blob:patch", Gate::Write, run!(blob::patch)),
        row(POST, "/1/artifacts/{id}/blob", "ivcap:blob:post", Gate::Write, run!(blob::post)),
        row(PUT, "/1/artifacts/{id}/blob", "ivcap:blob:put", Gate::Write, run!(blob::put)),
        row(DELETE, "/1/artifacts/{id}/blob", "ivcap:blob:delete", Gate::Write, run!(blob::delete)),
        row(OPTIONS, "/1/artifacts/{id}/blob", "ivcap:blob:options", Gate::Open, run!(blob::options)),
    ]
}
