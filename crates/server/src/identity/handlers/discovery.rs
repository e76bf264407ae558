//! Roots and version documents (OpenStack reference B2).

use http::{HeaderValue, StatusCode, header};
use pentad_store::Tx;
use serde_json::{Value, json};

use super::super::call::{Call, ok, with_status};
use super::super::error::Answer;
use super::super::json_home;
use crate::http::Reply;

fn v3(call: &Call) -> Value {
    json!({
        "id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": format!("{}/v3/", call.base)}],
        "media-types": [{
            "base": "application/json", "type": "application/vnd.openstack.identity-v3+json",
        }],
    })
}

fn v2(call: &Call) -> Value {
    json!({
        "id": "v2.0", "status": "deprecated", "updated": "2016-08-04T00:00:00Z",
        "links": [
            {"rel": "self", "href": format!("{}/v2.0/", call.base)},
            {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
        ],
        "media-types": [{
            "base": "application/json", "type": "application/vnd.openstack.identity-v2.0+json",
        }],
    })
}

/// `GET /`.
pub(crate) fn root(call: &Call, _tx: &mut Tx<'_>) -> Answer<Reply> {
    if json_home::wanted(call) {
        return Ok(json_home::reply("/v3"));
    }
    let mut versions = vec![v3(call)];
    if call.core.settings().v2 {
        versions.push(v2(call));
    }
    let reply = with_status(StatusCode::MULTIPLE_CHOICES, &json!({"versions": {"values": versions}}));
    Ok(match HeaderValue::from_str(&format!("{}/v3/", call.base)) {
        Ok(location) => reply.header(header::LOCATION, location),
        Err(_) => reply,
    })
}

/// `GET /v3`; with `Accept: application/json-home`, what there is below it.
pub(crate) fn version_3(call: &Call, _tx: &mut Tx<'_>) -> Answer<Reply> {
    if json_home::wanted(call) {
        return Ok(json_home::reply(""));
    }
    Ok(ok(&json!({"version": v3(call)})))
}

/// `GET /v2.0`.
pub(crate) fn version_2(call: &Call, _tx: &mut Tx<'_>) -> Answer<Reply> {
    Ok(ok(&json!({"version": v2(call)})))
}
