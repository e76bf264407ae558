//! `--sort COLUMN`.

use std::cmp::Ordering;

use serde_json::Value;

use super::cell;

/// Sorts by a column; a dash before its name turns the order around. Numbers count as numbers, and what lacks the
/// column comes last.
pub(super) fn sort(items: &mut [Value], column: &str) {
    let (column, down) = match column.strip_prefix('-') {
        Some(column) => (column, true),
        None => (column, false),
    };
    items.sort_by(|a, b| {
        let (a, b) = (cell::at(a, column), cell::at(b, column));
        match (a.filter(|v| !v.is_null()), b.filter(|v| !v.is_null())) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) if down => compare(b, a),
            (Some(a), Some(b)) => compare(a, b),
        }
    });
}

fn compare(a: &Value, b: &Value) -> Ordering {
    let number = |value: &Value| match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse::<f64>().ok(),
        _ => None,
    };
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => cell::text(Some(a)).cmp(&cell::text(Some(b))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::sort;

    #[test]
    fn numbers_sort_as_numbers_and_gaps_come_last_in_both_orders() {
        let mut items = vec![json!({"n": 10}), json!({}), json!({"n": "9"}), json!({"n": -1})];
        sort(&mut items, "n");
        assert_eq!(items, [json!({"n": -1}), json!({"n": "9"}), json!({"n": 10}), json!({})]);
        sort(&mut items, "-n");
        assert_eq!(items, [json!({"n": 10}), json!({"n": "9"}), json!({"n": -1}), json!({})]);
    }
}
