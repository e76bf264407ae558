//! One value of a result as text.

use serde_json::Value;

/// Follows a dotted path into a value. A key that itself holds dots wins over descending.
pub(super) fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() {
        return Some(value);
    }
    if let Some(found) = value.get(path) {
        return Some(found);
    }
    let (head, rest) = path.split_once('.')?;
    let next = match value {
        Value::Array(items) => items.get(head.parse::<usize>().ok()?)?,
        other => other.get(head)?,
    };
    at(next, rest)
}

/// The text of one cell: strings bare, lists joined, small objects as `key=value`.
pub(super) fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            items.iter().map(|item| text(Some(item))).collect::<Vec<_>>().join(", ")
        }
        Some(Value::Object(map)) if map.values().all(|item| !item.is_object() && !item.is_array()) => {
            map.iter().map(|(key, item)| format!("{key}={}", text(Some(item)))).collect::<Vec<_>>().join(", ")
        }
        Some(other) => other.to_string(),
    }
}

/// The text of a cell where it must stay on one line and cannot steer the terminal.
pub(super) fn line(value: Option<&Value>) -> String {
    let text = text(value);
    if !text.contains(|c: char| c.is_control()) {
        return text;
    }
    text.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

/// The cells of one result.
pub(super) fn row(value: &Value, columns: &[String]) -> Vec<String> {
    columns.iter().map(|column| text(at(value, column))).collect()
}

/// The cells of one result, each on one line.
pub(super) fn safe_row(value: &Value, columns: &[String]) -> Vec<String> {
    columns.iter().map(|column| line(at(value, column))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{at, line, text};

    #[test]
    fn a_dotted_path_descends_and_a_literal_key_wins() {
        let value = json!({"a": {"b": [1, {"c": "x"}]}, "a.b": "literal"});
        assert_eq!(text(at(&value, "a.b")), "literal");
        assert_eq!(text(at(&value["a"], "b.1.c")), "x");
        assert_eq!(at(&value, "a.nothing"), None);
    }

    #[test]
    fn control_characters_of_a_message_do_not_reach_the_terminal() {
        assert_eq!(line(Some(&json!("a\u{1b}[31mb\nc"))), "a\\u{1b}[31mb\\nc");
    }
}
