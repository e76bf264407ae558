//! Access tokens of OAuth 2.0 for application credentials (OpenStack reference B16).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::super::Keystone;
use super::super::auth::request::{AuthRequest, Offer, ScopeAsk};
use super::super::call::{Call, with_status};
use super::super::error::Answer;
use crate::http::Reply;

/// A refusal in the words of RFC 6749.
fn refused(status: StatusCode, error: &str, description: &str) -> Reply {
    let reply = with_status(status, &json!({"error": error, "error_description": description}));
    if status == StatusCode::UNAUTHORIZED {
        let realm = HeaderValue::from_static("Keystone uri=\"/v3/OS-OAUTH2/token\"");
        return reply.header(header::WWW_AUTHENTICATE, realm);
    }
    reply
}

fn invalid_client() -> Reply {
    refused(StatusCode::UNAUTHORIZED, "invalid_client", "Client authentication failed.")
}

/// The application credential that `Authorization: Basic` names, and its secret.
fn basic(call: &Call) -> Option<(String, String)> {
    let (scheme, value) = call.header("authorization")?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let plain = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (id, secret) = plain.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// `POST /v3/OS-OAUTH2/token`: a token of this service under another name.
pub(crate) fn token(keystone: &Keystone, call: Arc<Call>) -> BoxFuture<'_, Answer<Reply>> {
    Box::pin(async move {
        let Some((id, secret)) = basic(&call) else { return Ok(invalid_client()) };
        match call.body.get("grant_type").and_then(serde_json::Value::as_str) {
            Some("client_credentials") => {}
            None => {
                let text = "The parameter grant_type is required.";
                return Ok(refused(StatusCode::BAD_REQUEST, "invalid_request", text));
            }
            Some(other) => {
                let text = format!("The parameter grant_type {other} is not supported.");
                return Ok(refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", &text));
            }
        }
        let offer = Offer::Credential { id: Some(id), name: None, user: None, secret: secret.into() };
        let request = AuthRequest { offers: vec![offer], scope: ScopeAsk::Nothing };
        let issued = match keystone.log_in(&call, request).await {
            Ok(issued) => issued,
            Err(failure) if failure.status().is_server_error() => return Err(failure),
            // Whether the credential or its secret is unknown is nobody's business.
            Err(_) => return Ok(invalid_client()),
        };
        let lasts = issued.access.payload.expires - call.core.seconds();
        let body = json!({"access_token": issued.text, "expires_in": lasts, "token_type": "Bearer"});
        Ok(with_status(StatusCode::OK, &body))
    })
}
