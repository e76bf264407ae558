//! The document, login, metadata records, aspects, search, queues, secrets, projects, packages, dashboards.

use super::{DELETE, GET, Gate, POST, PUT, Row, modern, row, run};
use crate::ivcap::handlers::{
    aspects, dashboards, document, login, metadata, packages, projects, queues, search, secrets,
};

pub(super) fn rows() -> Vec<Row> {
    [open(), metadata(), aspects(), queues(), secrets(), projects(), others()].into_iter().flatten().collect()
}

fn open() -> Vec<Row> {
    vec![
        row(GET, "/1/openapi/openapi3.json", "ivcap:openapi", Gate::Open, run!(document::openapi)),
        row(GET, "/1/authinfo.yaml", "ivcap:authinfo", Gate::Open, run!(document::authinfo)),
        row(GET, "/1/auth/jwks.json", "ivcap:auth:keys", Gate::Open, run!(login::keys)),
        row(POST, "/1/auth/device", "ivcap:auth:device", Gate::Open, run!(login::begin)),
        row(GET, "/1/auth/activate", "ivcap:auth:page", Gate::Open, run!(login::page)),
        row(POST, "/1/auth/activate", "ivcap:auth:allow", Gate::Open, run!(login::allow)),
        row(POST, "/1/auth/token", "ivcap:auth:token", Gate::Open, run!(login::token)),
    ]
}

fn metadata() -> Vec<Row> {
    let (list, one) = ("/1/metadata", "/1/metadata/{id}");
    vec![
        row(GET, list, "ivcap:metadata:list", Gate::Read, run!(metadata::list)),
        row(POST, list, "ivcap:metadata:add", Gate::Write, run!(metadata::add)),
        row(PUT, list, "ivcap:metadata:update", Gate::Write, run!(metadata::update)),
        row(GET, one, "ivcap:metadata:read", Gate::Read, run!(metadata::read)),
        row(PUT, one, "ivcap:metadata:updateRecord", Gate::Write, run!(metadata::update_record)),
        row(DELETE, one, "ivcap:metadata:revoke", Gate::Write, run!(metadata::revoke)),
    ]
}

fn aspects() -> Vec<Row> {
    let (list, one) = ("/1/aspects", "/1/aspects/{id}");
    vec![
        modern(GET, list, "ivcap:aspects:list", Gate::Read, run!(aspects::list)),
        modern(POST, list, "ivcap:aspects:create", Gate::Write, run!(aspects::create)),
        modern(PUT, list, "ivcap:aspects:update", Gate::Write, run!(aspects::update)),
        modern(GET, one, "ivcap:aspects:read", Gate::Read, run!(aspects::read)),
        modern(DELETE, one, "ivcap:aspects:retract", Gate::Write, run!(aspects::retract)),
    ]
}

fn queues() -> Vec<Row> {
    let (list, one, messages) = ("/1/queues", "/1/queues/{id}", "/1/queues/{id}/messages");
    vec![
        modern(GET, list, "ivcap:queues:list", Gate::Read, run!(queues::list)),
        modern(POST, list, "ivcap:queues:create", Gate::Write, run!(queues::create)),
        modern(GET, one, "ivcap:queues:read", Gate::Read, run!(queues::read)),
        modern(DELETE, one, "ivcap:queues:delete", Gate::Write, run!(queues::delete)),
        modern(GET, messages, "ivcap:queues:dequeue", Gate::Read, run!(queues::dequeue)),
        modern(POST, messages, "ivcap:queues:enqueue", Gate::Write, run!(queues::enqueue)),
    ]
}

fn secrets() -> Vec<Row> {
    vec![
        modern(GET, "/1/secrets/list", "ivcap:secrets:list", Gate::Read, run!(secrets::list)),
        modern(GET, "/1/secrets", "ivcap:secrets:get", Gate::Read, run!(secrets::get)),
        modern(POST, "/1/secrets", "ivcap:secrets:set", Gate::Write, run!(secrets::set)),
    ]
}

fn projects() -> Vec<Row> {
    let (list, default, one) = ("/1/project", "/1/project/default", "/1/project/{urn}");
    let (members, account) = ("/1/project/{urn}/members", "/1/project/{urn}/account");
    let member = "/1/project/{urn}/memberships/{user}";
    vec![
        modern(GET, list, "ivcap:project:list", Gate::Read, run!(projects::list)),
        modern(POST, list, "ivcap:project:create", Gate::Write, run!(projects::create)),
        modern(GET, default, "ivcap:project:default", Gate::Read, run!(projects::default)),
        modern(PUT, default, "ivcap:project:setDefault", Gate::Write, run!(projects::set_default)),
        modern(GET, one, "ivcap:project:read", Gate::Read, run!(projects::read)),
        modern(PUT, one, "ivcap:project:update", Gate::Write, run!(projects::update)),
        modern(DELETE, one, "ivcap:project:delete", Gate::Write, run!(projects::delete)),
        modern(GET, members, "ivcap:project:members", Gate::Read, run!(projects::members)),
        // The documents ask for no more than reading here.
        modern(PUT, member, "ivcap:project:join", Gate::Read, run!(projects::join)),
        modern(DELETE, member, "ivcap:project:leave", Gate::Read, run!(projects::leave)),
        modern(GET, account, "ivcap:project:account", Gate::Read, run!(projects::account)),
        modern(PUT, account, "ivcap:project:setAccount", Gate::Write, run!(projects::set_account)),
    ]
}

fn others() -> Vec<Row> {
    let (list, remove, status) = ("/1/packages/list", "/1/packages/remove", "/1/packages/status");
    let (pull, push) = ("/1/packages/pull", "/1/packages/push");
    vec![
        modern(POST, "/1/search", "ivcap:search", Gate::Read, run!(search::search)),
        modern(GET, list, "ivcap:packages:list", Gate::Read, run!(packages::list)),
        modern(GET, pull, "ivcap:packages:pull", Gate::Read, run!(packages::pull)),
        modern(POST, push, "ivcap:packages:push", Gate::Write, run!(packages::push)),
        modern(GET, status, "ivcap:packages:status", Gate::Read, run!(packages::status)),
        modern(DELETE, remove, "ivcap:packages:remove", Gate::Write, run!(packages::remove)),
        modern(GET, "/1/dashboards", "ivcap:dashboards:list", Gate::Read, run!(dashboards::list)),
    ]
}
