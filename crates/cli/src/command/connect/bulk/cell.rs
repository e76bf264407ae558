//! Cells of a CSV file: values as text and back, without a change of type.
//!
//! A cell is JSON where it can be read as JSON, and text otherwise. So texts stand bare unless they could be taken for JSON:
//! those stand as JSON strings, in quotes. An empty cell is no field; the empty text is `""`, null is `null`.
//!
//! A column is named by a field; dots lead into objects. A name that has dots itself stands as a JSON string, too.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::super::payload::{put, read};

/// A column of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// As the header has it.
    pub(super) title: String,
    /// The one field that it means, where dots do not lead into objects.
    field: Option<String>,
}

impl Column {
    /// A column as a header or a user names it.
    pub(super) fn named(title: &str) -> Self {
        let quoted = title.starts_with('"').then(|| serde_json::from_str::<String>(title).ok()).flatten();
        let plain = || (!title.contains('.')).then(|| title.to_owned());
        Self { title: title.to_owned(), field: quoted.or_else(plain) }
    }

    /// The column of a field, whatever its name.
    pub(super) fn of(field: &str) -> Self {
        let plain = !field.is_empty() && !field.contains('.') && !field.starts_with('"');
        let title = if plain { Cow::Borrowed(field) } else { Cow::Owned(Value::from(field).to_string()) };
        Self { title: title.into_owned(), field: Some(field.to_owned()) }
    }

    /// Whether it shows this field of a resource, all of it or something in it.
    pub(super) fn shows(&self, field: &str) -> bool {
        match &self.field {
            Some(own) => own == field,
            None => self.title.split('.').next() == Some(field),
        }
    }

    fn find<'v>(&self, item: &'v Value) -> Option<&'v Value> {
        match &self.field {
            Some(field) => item.get(field),
            None => self
                .title
                .split('.')
                .try_fold(item, |here, name| here.get(name))
                .or_else(|| item.get(&self.title)),
        }
    }

    /// The field as the text of a cell.
    pub(super) fn cell(&self, item: &Value) -> String {
        match self.find(item) {
            None => String::new(),
            Some(Value::String(text)) if !text.is_empty() && read(text).as_str() == Some(text) => {
                text.clone()
            }
            Some(value) => value.to_string(),
        }
    }

    /// Sets the field to what the cell says; an empty cell sets nothing.
    pub(super) fn put(&self, item: &mut Value, cell: &str) {
        if cell.is_empty() {
            return;
        }
        match (&self.field, item.as_object_mut()) {
            (Some(field), Some(object)) => {
                object.insert(field.clone(), read(cell));
            }
            _ => put(item, &self.title, read(cell)),
        }
    }
}

/// The fields of these resources as columns, in the order in which they come.
pub(super) fn columns(items: &[Value]) -> Vec<Column> {
    let mut names: Map<String, Value> = Map::new();
    for field in items.iter().filter_map(Value::as_object).flat_map(Map::keys) {
        names.entry(field).or_insert(Value::Null);
    }
    names.keys().map(|field| Column::of(field)).collect()
}

/// A row as an object.
pub(super) fn row<'c>(columns: &[Column], cells: impl Iterator<Item = &'c str>) -> Value {
    let mut item = Value::Object(Map::new());
    columns.iter().zip(cells).for_each(|(column, cell)| column.put(&mut item, cell));
    item
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn round(item: &Value) -> Value {
        let columns = columns(std::slice::from_ref(item));
        let cells: Vec<String> = columns.iter().map(|column| column.cell(item)).collect();
        let titles: Vec<Column> = columns.iter().map(|column| Column::named(&column.title)).collect();
        row(&titles, cells.iter().map(String::as_str))
    }

    #[test]
    fn what_goes_out_comes_back_as_it_was() {
        let texts = [
            "",
            " ",
            "plain",
            "10",
            " 10",
            "-1e5",
            "true",
            "null",
            "[1]",
            "{}",
            "{broken",
            "\"",
            "\"x\"",
            "a\nb",
            "é, \"ü\"",
            "1e400",
            "12345678901234567890123",
            "0.10000000000000000001",
            "NaN",
            "\u{0}\u{1f}",
            "0x10",
            "01",
            "+1",
            "1.",
        ];
        for text in texts {
            assert_eq!(round(&json!({ "f": text })), json!({ "f": text }), "{text:?}");
            assert_eq!(round(&json!({ text: 1 })), json!({ text: 1 }), "{text:?}");
        }
        for value in [
            json!(null),
            json!(true),
            json!(0),
            json!(-7),
            json!(u64::MAX),
            json!(1e20),
            json!(0.1),
            json!([]),
            json!([1, "1", null, {"a.b": "true"}]),
            json!({"a": {"b.c": "10"}}),
            json!({}),
        ] {
            assert_eq!(round(&json!({ "f": value })), json!({ "f": value }), "{value}");
        }
        let names = json!({"a.b": 1, "\"q\"": "2", "": 3, "x": {"y": "4"}});
        assert_eq!(round(&names), names);
    }

    #[test]
    fn any_object_comes_back_as_it_was() {
        // Random, and the same in every run.
        let mut random = fastrand::Rng::with_seed(7);
        let pieces = [
            "", "a", ".", "\"", ",", "\n", "1", "e", "-", "0", "null", "true", "[", "]", "{", "}", " ", "é",
            ":", "\\",
        ];
        for _ in 0..5_000 {
            let mut text =
                || (0..random.usize(..5)).map(|_| pieces[random.usize(..pieces.len())]).collect::<String>();
            let item = json!({ text(): text(), text(): [text()], text(): { text(): text() } });
            assert_eq!(round(&item), item);
        }
    }

    #[test]
    fn dots_lead_into_objects_where_the_column_says_so() {
        let item = json!({"owner": {"id": "A"}, "x.y": 3, "n": 1});
        assert_eq!(
            ["owner.id", "x.y", "\"x.y\"", "owner.none"].map(|name| Column::named(name).cell(&item)),
            ["A", "3", "3", ""]
        );
        let columns = ["owner.id", "n"].map(Column::named);
        assert_eq!(row(&columns, ["10", ""].into_iter()), json!({"owner": {"id": 10}}));
        assert!(columns[0].shows("owner") && !columns[0].shows("owner.id") && columns[1].shows("n"));
    }
}
