//! Hides secrets by the names of headers, query members and JSON members; never by searching text.

use std::borrow::Cow;

use http::HeaderMap;
use serde_json::Value;

/// What stands for a hidden value.
pub const HIDDEN: &str = "***";

/// Whole names (without `-` and `_`, in lower case) of secrets.
const NAMES: [&str; 17] = [
    "authorization",
    "proxyauthorization",
    "authorizationheader",
    "cookie",
    "setcookie",
    "key",
    "xapikey",
    "xauthkey",
    "apikey",
    "jwt",
    "passcode",
    "credential",
    "credentials",
    "privatekey",
    "xopenstackauthreceipt",
    "adminpass",
    "sig",
];

/// Ends of names of secrets.
const ENDS: [&str; 7] = ["token", "password", "passwd", "passphrase", "secret", "signature", "apikey"];

/// Names that end like secrets but are places in a listing.
const HARMLESS: [&str; 4] = ["pagetoken", "nextpagetoken", "prevpagetoken", "continuationtoken"];

/// Whether a header, query member or JSON member of this name holds a secret.
pub fn is_secret(name: &str) -> bool {
    let plain: String =
        name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect();
    if HARMLESS.contains(&plain.as_str()) {
        return false;
    }
    NAMES.contains(&plain.as_str()) || ENDS.iter().any(|end| plain.ends_with(end))
}

/// Headers as text, secrets hidden. A value marked sensitive is a secret whatever its name.
pub fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let hidden = value.is_sensitive() || is_secret(name.as_str());
            let shown = if hidden { HIDDEN.into() } else { String::from_utf8_lossy(value.as_bytes()) };
            (name.as_str().to_owned(), shown.into_owned())
        })
        .collect()
}

/// Query pairs, secrets hidden.
pub fn query<'a>(pairs: &'a [(Cow<'static, str>, String)]) -> Vec<(&'a str, &'a str)> {
    pairs
        .iter()
        .map(|(name, value)| (name.as_ref(), if is_secret(name) { HIDDEN } else { value.as_str() }))
        .collect()
}

/// Hides the secrets of a JSON document in place: all text and numbers below a member with a secret's name.
pub fn json(value: &mut Value) {
    replace(value, &mut |_| HIDDEN.to_owned());
}

/// As [`json`], with a stand-in made from the member's name.
pub(crate) fn replace(value: &mut Value, stand_in: &mut dyn FnMut(&str) -> String) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, stand_in)),
        Value::Object(members) => {
            for (name, member) in members {
                if is_secret(name) { hide(name, member, stand_in) } else { replace(member, stand_in) }
            }
        }
        _ => {}
    }
}

fn hide(name: &str, value: &mut Value, stand_in: &mut dyn FnMut(&str) -> String) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| hide(name, item, stand_in)),
        Value::Object(members) => members.values_mut().for_each(|member| hide(name, member, stand_in)),
        Value::String(_) | Value::Number(_) => *value = Value::String(stand_in(name)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// A body as text: JSON with its secrets hidden, a form pair by pair; anything else only as its size.
pub fn body(content_type: Option<&str>, body: &[u8]) -> String {
    if body.is_empty() {
        return String::new();
    }
    if let Ok(mut document) = serde_json::from_slice::<Value>(body) {
        json(&mut document);
        return document.to_string();
    }
    let form = content_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    match std::str::from_utf8(body) {
        Ok(text) if form => raw_query(text),
        _ => format!("({} bytes)", body.len()),
    }
}

/// An escaped query or form, secrets hidden.
pub fn raw_query(query: &str) -> String {
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_secret(&percent_encoding::percent_decode_str(name).decode_utf8_lossy()) => {
            format!("{name}={HIDDEN}")
        }
        _ => pair.to_owned(),
    });
    shown.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_in_all_spellings() {
        for name in [
            "Authorization",
            "X-Auth-Token",
            "X-Subject-Token",
            "x-api-key",
            "api_key",
            "key",
            "token",
            "password",
            "adminPass",
            "client_secret",
            "URL-Signature",
            "authorization_header",
            "refreshToken",
            "Set-Cookie",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["pageToken", "nextPageToken", "topic", "keys", "monkey", "tokens_used", "x-request-id"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn secrets_are_hidden_at_any_depth() {
        let mut document = serde_json::json!({
            "auth": {"password": {"user": {"name": "canary-1", "password": "canary-2"}}},
            "users": [{"name": "u", "token": "canary-3"}], "nextPageToken": "p2",
        });
        json(&mut document);
        let text = document.to_string();
        assert!(!text.contains("canary"), "{text}");
        assert!(text.contains("p2") && text.contains("\"u\""), "{text}");
    }

    #[test]
    fn bodies_that_are_not_understood_are_not_shown() {
        assert_eq!(body(None, b"password=canary"), "(15 bytes)");
        assert_eq!(
            body(Some("application/x-www-form-urlencoded"), b"a=1&pass%77ord=x"),
            "a=1&pass%77ord=***"
        );
        assert_eq!(body(None, br#"{"token":"canary"}"#), r#"{"token":"***"}"#);
    }

    #[test]
    fn sensitive_header_values_are_hidden_whatever_their_name() {
        let mut map = HeaderMap::new();
        map.insert("x-anything", crate::authorize::sensitive("canary").unwrap());
        map.insert("accept", http::HeaderValue::from_static("application/json"));
        assert_eq!(headers(&map)[0].1, HIDDEN);
        assert_eq!(headers(&map)[1].1, "application/json");
    }
}
