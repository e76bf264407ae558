//! The certificate-to-token exchange (AMS reference 2.3).

use http::{StatusCode, header};
use serde::Serialize;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::super::error::{Failure, JSON, narrow};
use super::super::storage::users;
use super::super::{Ams, Call};
use crate::http::Reply;
use crate::reply::go;

#[derive(Debug, Serialize)]
struct Exchanged {
    token: String,
}

#[derive(Debug, Serialize)]
struct Envelope<'a> {
    error: Inner<'a>,
}

#[derive(Debug, Serialize)]
struct Inner<'a> {
    message: &'a str,
    code: u16,
    status: &'a str,
}

/// A refusal in the exchange's shape: other key order than AMS, blanks in the status.
fn refuse(status: StatusCode, word: &str, message: &str) -> Reply {
    let error = Inner { message, code: status.as_u16(), status: word };
    Reply::new(status).header(header::CONTENT_TYPE, JSON).body(go::indented(&Envelope { error }, 1))
}

fn not_found(message: &str) -> Reply {
    refuse(StatusCode::NOT_FOUND, "NOT FOUND", message)
}

/// `GET /service-types/{type}/hosts/{host}:authx509`.
pub(crate) async fn exchange(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let Some(der) = &call.inbound.peer.certificate else {
        return Ok(refuse(StatusCode::BAD_REQUEST, "BAD REQUEST", "No certificate provided"));
    };
    if call.param("type") != "ams" {
        return Ok(not_found("Service-type was not found"));
    }
    if !is_registered(ams, call) {
        return Ok(not_found("Host was not found"));
    }
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        return Ok(refuse(StatusCode::BAD_REQUEST, "BAD REQUEST", "No certificate provided"));
    };
    let subject = normal_subject(&certificate.subject().to_string());
    let user = ams.read(move |tx| Ok(users::by_subject(tx, &subject)?)).await?;
    match user {
        None => Ok(not_found("Binding was not found")),
        Some(user) => Ok(narrow(&Exchanged { token: ams.unseal(&user.token) })),
    }
}

/// Whether the host of the path is this server: loopback, the host of the request, or one of the options.
fn is_registered(ams: &Ams, call: &Call) -> bool {
    let host = call.param("host");
    let own = url::Url::parse(&call.inbound.base).ok().and_then(|url| url.host_str().map(str::to_owned));
    matches!(host, "localhost" | "127.0.0.1" | "::1" | "[::1]")
        || own.is_some_and(|own| own == host)
        || ams.settings().hosts.iter().any(|known| known == host)
}

/// A certificate subject in one spelling, whichever of the usual ones (`CN=a,O=b`, `/O=b/CN=a`) it came in.
pub(crate) fn normal_subject(subject: &str) -> String {
    let separator = if subject.starts_with('/') { '/' } else { ',' };
    let mut parts: Vec<String> = subject
        .split(separator)
        .filter_map(|part| part.split_once('='))
        .map(|(key, value)| format!("{}={}", key.trim().to_ascii_uppercase(), value.trim()))
        .collect();
    parts.sort();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_equal_in_either_spelling() {
        assert_eq!(normal_subject("CN=demo, O=pentad"), normal_subject("/O=pentad/CN=demo"));
        assert_ne!(normal_subject("CN=demo"), normal_subject("CN=other"));
    }
}
