//! `config.toml`: defaults and contexts. It never holds a secret, only where to find one.
//! What a person wrote into it stays: changes keep comments and order.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml_edit::{Document, DocumentMut, Item, Table as TomlTable, Value as TomlValue};

use super::table::{Kind, Table};
use super::{nearest, secret};
use crate::failure::{Failure, Result};
use crate::output::Choice;

/// The configuration file as it was found.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) path: PathBuf,
    /// False if there is no such file; then the configuration is empty.
    pub(crate) exists: bool,
    document: DocumentMut,
}

/// What may stand at a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A table whose keys are judged one by one.
    Group,
    Format,
    Duration,
    Value(Kind),
}

/// Reads the configuration; a file that is not there is an empty one.
///
/// # Errors
/// A configuration failure with place and reason if the file cannot be read or understood.
pub(crate) fn load() -> Result<Loaded> {
    let path = super::paths::config_file()?;
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(path, &text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Loaded::empty(path)),
        Err(error) => Err(Failure::config(format!("cannot use {}", path.display()), error.to_string())),
    }
}

/// Checks the text of a configuration file.
///
/// # Errors
/// A configuration failure that names the line.
pub(crate) fn parse(path: PathBuf, text: &str) -> Result<Loaded> {
    let failed = |span: Option<Range<usize>>, why: &str| {
        let line = span.map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        let why = format!("line {line}: {}", why.trim().replace('\n', " "));
        Failure::config(format!("cannot use {}", path.display()), why)
            .hint("`pentad config edit` opens it; `pentad doctor` works meanwhile")
    };
    let document = Document::parse(text).map_err(|error| failed(error.span(), error.message()))?;
    check(document.as_table(), &mut Vec::new()).map_err(|(span, why)| failed(span, &why))?;
    Ok(Loaded { path, exists: true, document: document.into_mut() })
}

type Fault = (Option<Range<usize>>, String);

fn check(table: &TomlTable, path: &mut Vec<String>) -> Result<(), Fault> {
    for (key, item) in table.iter() {
        path.push(key.to_owned());
        let names: Vec<_> = path.iter().map(String::as_str).collect();
        let span = table.key(key).and_then(toml_edit::Key::span).or_else(|| item.span());
        let place = place(&names).map_err(|why| (span.clone(), why))?;
        match (place, item) {
            (Place::Group, Item::Table(inner)) => check(inner, path)?,
            (Place::Group, Item::Value(TomlValue::InlineTable(inner))) => {
                check(&inner.clone().into_table(), path)?;
            }
            (Place::Group, _) => return Err((span, format!("`{}` is a table", names.join(".")))),
            (place, item) => fits(place, item)
                .map_err(|why| (item.span().or(span), format!("{}: {why}", names.join("."))))?,
        }
        path.pop();
    }
    Ok(())
}

/// What may stand at a path; the words of refusal otherwise.
fn place(path: &[&str]) -> Result<Place, String> {
    let unknown = |known: &[&str], word: &str| {
        let near = nearest(word, known.iter().copied())
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        Err(format!("unknown key `{}`{near}", path.join(".")))
    };
    match path {
        ["context" | "pager"] => Ok(Place::Value(if path[0] == "pager" { Kind::Switch } else { Kind::Text })),
        ["output"] => Ok(Place::Format),
        ["timeout"] => Ok(Place::Duration),
        ["data"] | ["contexts", _, "data"] => Ok(Place::Value(Kind::Path)),
        ["contexts"] | ["contexts", _] => Ok(Place::Group),
        [word] => unknown(&["context", "output", "timeout", "data", "pager", "contexts"], word),
        ["contexts", _, service, rest @ ..] => {
            let Some(table) = service_table(service) else {
                let mut known: Vec<_> = crate::command::TABLES.iter().map(|table| table.service).collect();
                known.push("data");
                return unknown(&known, service);
            };
            let [key] = rest else {
                return if rest.is_empty() { Ok(Place::Group) } else { unknown(&[], "") };
            };
            match table.fields.iter().find(|field| field.file_key() == *key) {
                Some(field) => Ok(Place::Value(field.kind)),
                None => {
                    let known: Vec<_> = table.fields.iter().map(super::table::Field::file_key).collect();
                    unknown(&known.iter().map(String::as_str).collect::<Vec<_>>(), key)
                }
            }
        }
        [.., word] => unknown(&[], word),
        [] => Ok(Place::Group),
    }
}

fn service_table(name: &str) -> Option<&'static Table> {
    crate::command::TABLES.iter().copied().find(|table| table.service == name)
}

fn fits(place: Place, item: &Item) -> Result<(), String> {
    let text = || item.as_str().ok_or_else(|| "expected a string".to_owned());
    match place {
        Place::Group => Ok(()),
        Place::Format => Choice::parse(text()?).map(drop),
        Place::Duration => crate::args::timeout(text()?).map(drop),
        Place::Value(Kind::Text | Kind::Path | Kind::Secret) => text().map(drop),
        Place::Value(Kind::Port) => match item.as_integer() {
            Some(1..=65535) => Ok(()),
            _ => Err("expected a port number".to_owned()),
        },
        Place::Value(Kind::Switch) => {
            item.as_bool().map(drop).ok_or_else(|| "expected true or false".to_owned())
        }
    }
}

/// The value that a text means at a place.
fn value_of(place: Place, text: &str) -> Result<Item, String> {
    let item = match place {
        Place::Group => return Err("is a table: name a key in it".to_owned()),
        Place::Value(Kind::Port) => {
            toml_edit::value(text.parse::<i64>().map_err(|_| "expected a port number".to_owned())?)
        }
        Place::Value(Kind::Switch) => {
            toml_edit::value(text.parse::<bool>().map_err(|_| "expected true or false".to_owned())?)
        }
        _ => toml_edit::value(text),
    };
    fits(place, &item).map(|()| item)
}

impl Loaded {
    /// A configuration that says nothing.
    pub(crate) fn empty(path: PathBuf) -> Self {
        Self { path, exists: false, document: DocumentMut::new() }
    }

    /// What stands at a path: a value, or a table.
    pub(crate) fn item(&self, path: &[&str]) -> Option<&Item> {
        path.iter()
            .try_fold(self.document.as_item(), |item, key| item.get(key))
            .filter(|item| !item.is_none())
    }

    /// A value as text.
    pub(crate) fn text(&self, path: &[&str]) -> Option<String> {
        match self.item(path)?.as_value()? {
            TomlValue::String(text) => Some(text.value().clone()),
            TomlValue::Integer(number) => Some(number.value().to_string()),
            TomlValue::Boolean(flag) => Some(flag.value().to_string()),
            _ => None,
        }
    }

    /// The names of the contexts, sorted.
    pub(crate) fn contexts(&self) -> Vec<String> {
        let table = self.item(&["contexts"]).and_then(Item::as_table_like);
        let mut names: Vec<_> =
            table.into_iter().flat_map(|table| table.iter().map(|(name, _)| name.to_owned())).collect();
        names.sort();
        names
    }

    /// True if there is a context of this name.
    pub(crate) fn has_context(&self, name: &str) -> bool {
        self.item(&["contexts", name]).is_some()
    }

    /// What stands at a path, as JSON.
    pub(crate) fn json(&self, path: &[&str]) -> Option<serde_json::Value> {
        self.item(path).map(json)
    }

    /// Sets a value, or checks only that it may be set and changes nothing where it is refused.
    ///
    /// # Errors
    /// A configuration failure for an unknown key or a value that does not fit.
    pub(crate) fn set(&mut self, path: &[&str], text: &str) -> Result<()> {
        let refused = |why| Failure::config(format!("cannot set {}", path.join(".")), why);
        let mut item = place(path).and_then(|place| value_of(place, text)).map_err(refused)?;
        let Some((last, groups)) = path.split_last() else { return Ok(()) };
        let mut table = self.document.as_table_mut() as &mut dyn toml_edit::TableLike;
        for group in groups {
            let entry = table.entry(group).or_insert_with(|| {
                let mut table = TomlTable::new();
                // `[contexts]` alone on a line says nothing.
                table.set_implicit(true);
                Item::Table(table)
            });
            table = entry.as_table_like_mut().ok_or_else(|| {
                Failure::config(format!("cannot set {}", path.join(".")), "it is in no table")
            })?;
        }
        match (table.get_mut(last).and_then(Item::as_value_mut), item.as_value_mut()) {
            // The comment beside the old value stays beside the new one.
            (Some(old), Some(new)) => {
                *new.decor_mut() = old.decor().clone();
                *old = new.clone();
            }
            _ => {
                table.insert(last, item);
            }
        }
        Ok(())
    }

    /// Makes sure that a context exists, even if nothing is said in it.
    pub(crate) fn add_context(&mut self, name: &str) {
        let contexts = self.document.entry("contexts").or_insert_with(|| {
            let mut table = TomlTable::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        if let Some(table) = contexts.as_table_like_mut() {
            table.entry(name).or_insert_with(|| Item::Table(TomlTable::new()));
        }
    }

    /// Removes a value or a table; says whether it was there.
    pub(crate) fn unset(&mut self, path: &[&str]) -> bool {
        let Some((last, groups)) = path.split_last() else { return false };
        let mut item = self.document.as_item_mut();
        for group in groups {
            match item.get_mut(group) {
                Some(inner) => item = inner,
                None => return false,
            }
        }
        item.as_table_like_mut().is_some_and(|table| table.remove(last).is_some())
    }

    /// The file as it would be written.
    pub(crate) fn to_text(&self) -> String {
        self.document.to_string()
    }

    /// Writes the configuration back, 0600, at once or not at all.
    pub(crate) fn save(&self) -> Result<()> {
        secret::write_private(&self.path, &self.to_text())
    }

    /// Where the secret of a context is kept: one 0600 file beside the configuration.
    pub(crate) fn secret_path(&self, context: &str, name: &str) -> PathBuf {
        self.secrets().join(format!("{context}.{name}"))
    }

    fn secrets(&self) -> PathBuf {
        self.path.parent().unwrap_or_else(|| Path::new(".")).join("secrets")
    }
}

fn json(item: &Item) -> serde_json::Value {
    use serde_json::Value;
    if let Some(table) = item.as_table_like() {
        return Value::Object(table.iter().map(|(key, item)| (key.to_owned(), json(item))).collect());
    }
    match item.as_value() {
        Some(TomlValue::String(text)) => Value::from(text.value().as_str()),
        Some(TomlValue::Integer(number)) => Value::from(*number.value()),
        Some(TomlValue::Boolean(flag)) => Value::from(*flag.value()),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_keeps_comments_order_and_everything_else() {
        let text = "# mine\noutput = \"json\" # for scripts\n\n[contexts.dev.ams]\n# the old one\nendpoint = \"a\"\n";
        let mut loaded = parse(PathBuf::from("c"), text).unwrap();
        loaded.set(&["contexts", "dev", "ams", "endpoint"], "b").unwrap();
        loaded.set(&["output"], "yaml").unwrap();
        let expected = text.replace("\"a\"", "\"b\"").replace("json", "yaml");
        assert_eq!(loaded.to_text(), expected);
        assert!(loaded.unset(&["output"]));
        assert!(!loaded.unset(&["output"]));
    }

    #[test]
    fn a_wrong_key_is_named_with_its_line_and_the_nearest_right_one() {
        let failure = parse(PathBuf::from("c"), "\n[contexts.dev.ams]\nendpiont = \"a\"\n").unwrap_err();
        let text = failure.to_string();
        assert!(text.contains("line 3") && text.contains("`endpoint`"), "{text}");
        let failure = parse(PathBuf::from("c"), "contexts = \"no\"\n").unwrap_err();
        assert!(failure.to_string().contains("line 1"), "{failure}");
    }

    #[test]
    fn values_must_fit_their_keys() {
        let mut loaded = Loaded::empty(PathBuf::from("c"));
        for (path, bad) in [
            (&["output"][..], "pdf"),
            (&["timeout"], "soon"),
            (&["pager"], "maybe"),
            (&["contexts", "dev", "ams", "authn_port"], "99999"),
            (&["contexts", "dev"], "x"),
            (&["colour"], "x"),
        ] {
            assert!(loaded.set(path, bad).is_err(), "{path:?}");
        }
        assert_eq!(loaded.to_text(), "");
    }
}
