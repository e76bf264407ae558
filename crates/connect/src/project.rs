//! Chosen fields of objects (Connect reference 6 and 8.6).

use serde_json::{Map, Value};

/// The chosen fields in order; what is missing is null.
pub(crate) fn project(object: &Value, fields: &[String]) -> Map<String, Value> {
    fields.iter().map(|field| (field.clone(), find(object, field))).collect()
}

/// Descends through objects by a dotted name. A key that has dots itself is found, too, where no object is in the way.
fn find(object: &Value, field: &str) -> Value {
    let found = field.split('.').try_fold(object, |here, name| here.as_object()?.get(name));
    found.or_else(|| object.as_object()?.get(field)).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_found_through_objects_and_missing_ones_are_null() {
        let object = json!({"id": 1, "a": {"b": [1, 2]}, "x.y": 3});
        let fields = ["a.b", "a.b.c", "id.x", "none", "x.y"].map(str::to_owned);
        let got = Value::Object(project(&object, &fields));
        assert_eq!(got, json!({"a.b": [1, 2], "a.b.c": null, "id.x": null, "none": null, "x.y": 3}));
        assert!(project(&json!([1]), &fields[..1])["a.b"].is_null());
    }
}
