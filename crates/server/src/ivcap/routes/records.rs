//! The document, login, metadata records, aspects, search, queues, secrets, projects, packages, dashboards.

use super::{DELETE, GET, Gate, POST, PUT, Row, modern, row};
use crate::ivcap::handlers::{
    aspects, dashboards, document, login, metadata, packages, projects, queues, search, secrets,
};

pub(super) fn rows() -> Vec<Row> {
    [open(), metadata(), aspects(), queues(), secrets(), projects(), others()].into_iter().flatten().collect()
}

fn open() -> Vec<Row> {
    vec![
        row(GET, "/1/openapi/openapi3.json", "ivcap:openapi", Gate::Open, |call| {
            Box::pin(document::openapi(call))
        }),
        row(GET, "/1/authinfo.yaml", "ivcap:authinfo", Gate::Open, |call| Box::pin(document::authinfo(call))),
        row(GET, "/1/auth/jwks.json", "ivcap:auth:keys", Gate::Open, |call| Box::pin(login::keys(call))),
        row(POST, "/1/auth/device", "ivcap:auth:device", Gate::Open, |call| Box::pin(login::begin(call))),
        row(GET, "/1/auth/activate", "ivcap:auth:page", Gate::Open, |call| Box::pin(login::page(call))),
        row(POST, "/1/auth/activate", "ivcap:auth:allow", Gate::Open, |call| Box::pin(login::allow(call))),
        row(POST, "/1/auth/token", "ivcap:auth:token", Gate::Open, |call| Box::pin(login::token(call))),
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

fn queues() -> Vec<Row> {
    let (list, one, messages) = ("/1/queues", "/1/queues/{id}", "/1/queues/{id}/messages");
    vec![
        modern(GET, list, "ivcap:queues:list", Gate::Read, |call| Box::pin(queues::list(call))),
        modern(POST, list, "ivcap:queues:create", Gate::Write, |call| Box::pin(queues::create(call))),
        modern(GET, one, "ivcap:queues:read", Gate::Read, |call| Box::pin(queues::read(call))),
        modern(DELETE, one, "ivcap:queues:delete", Gate::Write, |call| Box::pin(queues::delete(call))),
        modern(GET, messages, "ivcap:queues:dequeue", Gate::Read, |call| Box::pin(queues::dequeue(call))),
        modern(POST, messages, "ivcap:queues:enqueue", Gate::Write, |call| Box::pin(queues::enqueue(call))),
    ]
}

fn secrets() -> Vec<Row> {
    vec![
        modern(GET, "/1/secrets/list", "ivcap:secrets:list", Gate::Read, |call| {
            Box::pin(secrets::list(call))
        }),
        modern(GET, "/1/secrets", "ivcap:secrets:get", Gate::Read, |call| Box::pin(secrets::get(call))),
        modern(POST, "/1/secrets", "ivcap:secrets:set", Gate::Write, |call| Box::pin(secrets::set(call))),
    ]
}

fn projects() -> Vec<Row> {
    let (list, default, one) = ("/1/project", "/1/project/default", "/1/project/{urn}");
    let (members, account) = ("/1/project/{urn}/members", "/1/project/{urn}/account");
    let member = "/1/project/{urn}/memberships/{user}";
    vec![
        modern(GET, list, "ivcap:project:list", Gate::Read, |call| Box::pin(projects::list(call))),
        modern(POST, list, "ivcap:project:create", Gate::Write, |call| Box::pin(projects::create(call))),
        modern(GET, default, "ivcap:project:default", Gate::Read, |call| Box::pin(projects::default(call))),
        modern(PUT, default, "ivcap:project:setDefault", Gate::Write, |call| {
            Box::pin(projects::set_default(call))
        }),
        modern(GET, one, "ivcap:project:read", Gate::Read, |call| Box::pin(projects::read(call))),
        modern(PUT, one, "ivcap:project:update", Gate::Write, |call| Box::pin(projects::update(call))),
        modern(DELETE, one, "ivcap:project:delete", Gate::Write, |call| Box::pin(projects::delete(call))),
        modern(GET, members, "ivcap:project:members", Gate::Read, |call| Box::pin(projects::members(call))),
        // The documents ask for no more than reading here.
        modern(PUT, member, "ivcap:project:join", Gate::Read, |call| Box::pin(projects::join(call))),
        modern(DELETE, member, "ivcap:project:leave", Gate::Read, |call| Box::pin(projects::leave(call))),
        modern(GET, account, "ivcap:project:account", Gate::Read, |call| Box::pin(projects::account(call))),
        modern(PUT, account, "ivcap:project:setAccount", Gate::Write, |call| {
            Box::pin(projects::set_account(call))
        }),
    ]
}

fn others() -> Vec<Row> {
    let (list, remove, status) = ("/1/packages/list", "/1/packages/remove", "/1/packages/status");
    let (pull, push) = ("/1/packages/pull", "/1/packages/push");
    vec![
        modern(POST, "/1/search", "ivcap:search", Gate::Read, |call| Box::pin(search::search(call))),
        modern(GET, list, "ivcap:packages:list", Gate::Read, |call| Box::pin(packages::list(call))),
        modern(GET, pull, "ivcap:packages:pull", Gate::Read, |call| Box::pin(packages::pull(call))),
        modern(POST, push, "ivcap:packages:push", Gate::Write, |call| Box::pin(packages::push(call))),
        modern(GET, status, "ivcap:packages:status", Gate::Read, |call| Box::pin(packages::status(call))),
        modern(DELETE, remove, "ivcap:packages:remove", Gate::Write, |call| Box::pin(packages::remove(call))),
        modern(GET, "/1/dashboards", "ivcap:dashboards:list", Gate::Read, |call| {
            Box::pin(dashboards::list(call))
        }),
    ]
}
