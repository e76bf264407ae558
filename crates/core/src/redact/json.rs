//! Secrets in JSON documents, and in bodies that may be such.

use serde_json::{Map, Value};

use super::name::{hides_objects, is_secret, is_token};
use super::url::{raw_query_with, url_with};
use super::{StandIn, stars};

/// Hides the secrets of a JSON document in place.
///
/// Text and numbers under a secret's name are hidden, alone or in arrays. An object under such a name is looked through
/// by its own names, except that a `token`'s direct `id` is the token, and that nothing of `credentials` and
/// `authorization` is shown. In `{"name": "password", "value": ..}` the value is hidden. URLs lose their secrets too.
pub fn json(value: &mut Value) {
    json_with(value, &mut stars);
}

/// As [`json`], with a stand-in made from the member's name.
pub fn json_with(value: &mut Value, stand_in: StandIn<'_>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| json_with(item, stand_in)),
        Value::Object(members) => object(members, None, stand_in),
        Value::String(text) if is_url(text) => {
            let shown = url_with(text, None, stand_in);
            if shown != *text {
                *text = shown;
            }
        }
        _ => {}
    }
}

/// The members of an object; `under` is its own name if that is a secret's.
fn object(members: &mut Map<String, Value>, under: Option<&str>, stand_in: StandIn<'_>) {
    let property = property(members);
    for (name, member) in members.iter_mut() {
        let token = under.filter(|under| is_token(under) && matches!(name.as_str(), "id" | "value"));
        let valued = property.as_ref().filter(|_| name == "value").map(|property| property.1.as_str());
        if let Some(name) = token.or(valued) {
            whole(name, member, stand_in);
        } else if is_secret(name) && property.as_ref().is_none_or(|property| property.0 != name) {
            secret(name, member, stand_in);
        } else {
            json_with(member, stand_in);
        }
    }
}

/// In `{"key": "password", "value": ..}` the member that names the property, and the name.
fn property(members: &Map<String, Value>) -> Option<(&'static str, String)> {
    members.get("value")?;
    ["name", "id", "key"].into_iter().find_map(|member| {
        let name = members.get(member)?.as_str().filter(|name| is_secret(name))?;
        Some((member, name.to_owned()))
    })
}

/// What stands under a secret's name.
fn secret(name: &str, value: &mut Value, stand_in: StandIn<'_>) {
    match value {
        Value::Object(_) | Value::Array(_) if hides_objects(name) => whole(name, value, stand_in),
        Value::Array(items) => items.iter_mut().for_each(|item| secret(name, item, stand_in)),
        Value::Object(members) => object(members, Some(name), stand_in),
        _ => whole(name, value, stand_in),
    }
}

/// Hides all text and numbers within, whatever their names.
fn whole(name: &str, value: &mut Value, stand_in: StandIn<'_>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| whole(name, item, stand_in)),
        Value::Object(members) => members.values_mut().for_each(|member| whole(name, member, stand_in)),
        Value::String(_) | Value::Number(_) => *value = Value::String(stand_in(name)),
        Value::Null | Value::Bool(_) => {}
    }
}

fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        (2..=20).contains(&scheme.len()) && scheme.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'+')
    })
}

/// A body as text: JSON with its secrets hidden, a form pair by pair; anything else only as its size.
pub fn body(content_type: Option<&str>, body: &[u8]) -> String {
    body_with(content_type, body, &mut stars)
}

/// As [`body`], with a stand-in made from the member's name.
pub fn body_with(content_type: Option<&str>, body: &[u8], stand_in: StandIn<'_>) -> String {
    if body.is_empty() {
        return String::new();
    }
    // A lone word or number is a document too, but nothing says what it is.
    let document = serde_json::from_slice::<Value>(body).ok();
    if let Some(mut document) = document.filter(|document| document.is_object() || document.is_array()) {
        json_with(&mut document, stand_in);
        return document.to_string();
    }
    let form = content_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    match std::str::from_utf8(body) {
        Ok(text) if form => raw_query_with(text, stand_in),
        _ => format!("({} bytes)", body.len()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(mut document: Value) -> String {
        super::json(&mut document);
        document.to_string()
    }

    #[test]
    fn secrets_are_hidden_at_any_depth() {
        let text = shown(json!({
            "auth": {"password": {"user": {"name": "demo", "password": "canary-2"}}},
            "users": [{"name": "u", "token": "canary-3"}], "nextPageToken": "p2",
            "tokens": 3, "keys": ["a"], "secret": ["canary-4", 5, {"name": "kept", "password": "canary-6"}],
        }));
        assert!(!text.contains("canary"), "{text}");
        for kept in ["demo", "p2", "\"u\"", "\"tokens\":3", "kept"] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
    }

    #[test]
    fn a_tokens_id_is_the_token_but_what_it_is_for_is_shown() {
        let text = shown(json!({"access": {"token": {"id": "canary", "tenant": {"id": "t-1"}}}}));
        assert!(!text.contains("canary") && text.contains("t-1"), "{text}");
    }

    #[test]
    fn credentials_are_hidden_as_a_whole() {
        let text = shown(json!({"credentials": {"any": ["canary", {"x": "canary"}], "n": 1},
            "authorization_header": {"type": "canary", "value": "canary"}}));
        assert!(!text.contains("canary") && !text.contains('1'), "{text}");
    }

    #[test]
    fn a_property_with_a_secrets_name_has_its_value_hidden() {
        let text = shown(
            json!({"params": [{"id": "password", "value": "canary"}, {"key": "api_key", "value": "canary"},
            {"id": "color", "value": "red"}]}),
        );
        assert!(!text.contains("canary") && text.contains("red") && text.contains("api_key"), "{text}");
    }

    #[test]
    fn urls_in_documents_lose_their_secrets() {
        let text = shown(json!({"push": {"endpoint": "https://u:canary@h.test/p?token=canary&a=1"}}));
        assert!(!text.contains("canary") && text.contains("h.test/p") && text.contains("a=1"), "{text}");
    }

    #[test]
    fn bodies_that_are_not_understood_are_not_shown() {
        assert_eq!(body(None, b"password=canary"), "(15 bytes)");
        assert_eq!(body(None, b"\"canary\""), "(8 bytes)");
        assert_eq!(
            body(Some("application/x-www-form-urlencoded"), b"a=1&pass%77ord=x"),
            "a=1&pass%77ord=***"
        );
        assert_eq!(body(None, br#"{"token":"canary"}"#), r#"{"token":"***"}"#);
    }
}
