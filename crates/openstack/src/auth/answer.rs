//! What a login gets (OpenStack reference B6, B10, B11).

use bytes::Bytes;
use http::StatusCode;
use http::response::Parts;
use jiff::Timestamp;
use pentad_core::auth::Token;
use pentad_core::{Context, Error, ErrorKind, Result, Secret, Sent, decode};
use serde_json::{Map, Value, json};

use crate::error::{self, RECEIPT};

/// The header of a v3 token.
pub(crate) const SUBJECT: &str = "x-subject-token";

/// How a login ended.
pub(crate) enum Issued {
    /// A token and its body in the form of v3.
    Token(Secret, Value),
    /// Further methods are asked for: the receipt and the answer's own words.
    Receipt(Secret, Box<Error>),
}

/// Takes a 401 that carries a receipt for an answer.
pub(crate) fn is_step(status: StatusCode, headers: &http::HeaderMap) -> bool {
    status == StatusCode::UNAUTHORIZED && headers.contains_key(RECEIPT)
}

pub(crate) fn v3(context: &Context, parts: Parts, body: Bytes) -> Result<Issued> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(Secret::new);
    if let (StatusCode::UNAUTHORIZED, Some(receipt)) = (parts.status, header(RECEIPT)) {
        let mut error =
            Error::new(ErrorKind::Unauthenticated, "a further method of authentication is asked for")
                .with_op(context.op().id)
                .with_status(parts.status);
        if let Some(details) = error::details(context.op(), &parts, &body) {
            error = error.with_api(details);
        }
        return Ok(Issued::Receipt(receipt, Box::new(error.with_headers(parts.headers))));
    }
    let secret = header(SUBJECT).ok_or_else(|| {
        Error::new(ErrorKind::Decode, "the answer to the login has no token in X-Subject-Token")
            .with_op(context.op().id)
            .with_sent(Sent::Answered)
    })?;
    let mut document: Value = decode::json(context, parts, body)?;
    Ok(Issued::Token(secret, document["token"].take()))
}

pub(crate) fn v2(context: &Context, parts: Parts, body: Bytes) -> Result<Issued> {
    let document: Value = decode::json(context, parts, body)?;
    let access = &document["access"];
    let secret = access["token"]["id"].as_str().ok_or_else(|| {
        Error::new(ErrorKind::Decode, "the answer to the login has no token in access.token.id")
            .with_op(context.op().id)
            .with_sent(Sent::Answered)
    })?;
    Ok(Issued::Token(Secret::new(secret), as_v3(access)))
}

/// A v2.0 answer in the form of v3; the token itself is left out.
pub(crate) fn as_v3(access: &Value) -> Value {
    let (token, user) = (&access["token"], &access["user"]);
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            body.insert(name.to_owned(), value);
        }
    };
    put("user", json!({ "id": user["id"], "name": user["name"] }));
    put("audit_ids", token["audit_ids"].clone());
    put("expires_at", token["expires"].clone());
    put("issued_at", token["issued_at"].clone());
    if let Some(tenant) = token.get("tenant").filter(|tenant| tenant.is_object()) {
        put("project", json!({ "id": tenant["id"], "name": tenant["name"] }));
        put("roles", user["roles"].clone());
    }
    let rows = access["serviceCatalog"].as_array().map_or(&[][..], Vec::as_slice);
    put("catalog", rows.iter().map(service).collect());
    if access["trust"].is_object() {
        put("OS-TRUST:trust", access["trust"].clone());
    }
    body.into()
}

/// A row of a v2.0 catalog: each of its endpoints is up to three of v3.
fn service(row: &Value) -> Value {
    let mut endpoints = Vec::new();
    for old in row["endpoints"].as_array().map_or(&[][..], Vec::as_slice) {
        for (interface, key) in [("public", "publicURL"), ("internal", "internalURL"), ("admin", "adminURL")]
        {
            if let Some(url) = old[key].as_str() {
                endpoints.push(json!({
                    "id": old["id"], "interface": interface, "url": url,
                    "region": old["region"], "region_id": old["region"],
                }));
            }
        }
    }
    json!({ "id": row["id"], "type": row["type"], "name": row["name"], "endpoints": endpoints })
}

/// The token of a login; `identity` is where it was made, without the version.
pub(crate) fn token(secret: Secret, body: &Value, identity: &str, api: &str, now: Timestamp) -> Token {
    let expires = body["expires_at"].as_str().and_then(time);
    let token = Token::new(secret, now).data(json!({ "identity": identity, "api": api, "token": body }));
    match expires {
        Some(expires) => token.expires(expires),
        None => token,
    }
}

/// A time as the service writes it; without a zone it is UTC.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| format!("{text}Z").parse().ok())
}
