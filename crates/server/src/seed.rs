//! Seed files: what exists from the start, one section per service.

mod twice;

use std::path::Path;

use serde_json::{Map, Value};

use crate::error::ServerError;
use crate::service::SeedError;

/// What exists from the start: a mapping from service name to that service's section.
#[derive(Clone, Default, PartialEq)]
pub struct Seed {
    sections: Map<String, Value>,
}

impl std::fmt::Debug for Seed {
    /// Tokens stand in the sections.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.sections.keys()).finish()
    }
}

impl Seed {
    /// Reads a file by its extension: `.yaml`, `.yml`, `.toml`, else JSON.
    ///
    /// # Errors
    /// `File` if it cannot be read, `Seed` if it is not a mapping.
    pub fn read(path: &Path) -> Result<Self, ServerError> {
        let text = std::fs::read_to_string(path).map_err(|error| ServerError::file(path, error))?;
        let place = path.display().to_string();
        let wrong = |why: &dyn std::fmt::Display| SeedError::new(place.clone(), why);
        let value: Value = match path.extension().and_then(|e| e.to_str()) {
            // Neither message may quote lines of the file: tokens stand in them.
            Some("yaml" | "yml") => serde_saphyr::from_str(&text).map_err(|e| wrong(&e.without_snippet()))?,
            Some("toml") => toml::from_str(&text).map_err(|e| wrong(&at(&text, &e)))?,
            _ => serde_json::from_str(&text).map_err(|e| wrong(&e))?,
        };
        Ok(Self::from_value(value)?)
    }

    /// Takes a document that was read already; `null` is empty.
    ///
    /// # Errors
    /// [`SeedError`] if it is no mapping.
    pub fn from_value(value: Value) -> Result<Self, SeedError> {
        match value {
            Value::Null => Ok(Self::default()),
            Value::Object(sections) => Ok(Self { sections }),
            _ => Err(SeedError::new("seed", "must be a mapping with one section per service")),
        }
    }

    /// Refuses sections that belong to no service, and what a section says twice: names within a list, and tokens.
    ///
    /// # Errors
    /// [`SeedError`] naming the section and those that exist, or both places of what is there twice.
    pub fn check(&self, known: &[&str]) -> Result<(), SeedError> {
        if let Some(name) = self.sections.keys().find(|name| !known.contains(&name.as_str())) {
            let why = format!("no such section; there are: {}", known.join(", "));
            return Err(SeedError::new(name, why));
        }
        for (name, section) in &self.sections {
            twice::check(name, section)?;
        }
        Ok(())
    }

    /// The whole document.
    pub(crate) fn document(&self) -> Value {
        Value::Object(self.sections.clone())
    }

    /// The section of a service without its options; [`Value::Null`] if there is none.
    pub fn section(&self, service: &str) -> Value {
        let mut section = self.sections.get(service).cloned().unwrap_or_default();
        if let Value::Object(map) = &mut section {
            map.remove("options");
            if map.is_empty() {
                return Value::Null;
            }
        }
        section
    }

    /// Sets one option of a service over what the file says.
    #[must_use]
    pub fn with_option(mut self, service: &str, name: &str, value: Value) -> Self {
        let section = self.sections.entry(service).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(section) = section
            && let Value::Object(options) =
                section.entry("options").or_insert_with(|| Value::Object(Map::new()))
        {
            options.insert(name.to_owned(), value);
        }
        self
    }

    /// The options of a service; [`Value::Null`] if there are none.
    pub fn options(&self, service: &str) -> Value {
        self.sections.get(service).and_then(|section| section.get("options")).cloned().unwrap_or_default()
    }
}

/// A message with the line, and without its text.
fn at(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    line.map_or_else(|| error.message().to_owned(), |line| format!("line {line}: {}", error.message()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(name: &str, text: &str) -> Result<Seed, ServerError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        Seed::read(&path)
    }

    #[test]
    fn the_three_formats_say_the_same() {
        let yaml = read("s.yaml", "ams:\n  options: {push: true}\n  projects: [{name: p}]\n").unwrap();
        let toml = read("s.toml", "[ams.options]\npush = true\n[[ams.projects]]\nname = 'p'\n").unwrap();
        let json =
            read("s.json", r#"{"ams": {"options": {"push": true}, "projects": [{"name": "p"}]}}"#).unwrap();
        assert_eq!(yaml.section("ams"), json!({"projects": [{"name": "p"}]}));
        assert_eq!(yaml.options("ams"), json!({"push": true}));
        assert_eq!(yaml, toml);
        assert_eq!(yaml, json);
    }

    #[test]
    fn a_section_of_nobody_is_refused_by_name() {
        let seed = Seed::from_value(json!({"amz": {}})).unwrap();
        let error = seed.check(&["ams"]).unwrap_err();
        assert_eq!(error.to_string(), "amz: no such section; there are: ams");
    }

    #[test]
    fn a_section_of_options_alone_leaves_the_default_installation() {
        let seed = Seed::from_value(json!({"ams": {"options": {"push": false}}})).unwrap();
        assert_eq!(seed.section("ams"), Value::Null);
    }

    #[test]
    fn an_option_can_be_set_over_what_the_file_says() {
        let seed = Seed::from_value(json!({"ams": {"options": {"push": true, "hosts": []}}})).unwrap();
        let seed = seed.with_option("ams", "push", json!(false)).with_option("zaqar", "a", json!(1));
        assert_eq!(seed.options("ams"), json!({"push": false, "hosts": []}));
        assert_eq!((seed.options("zaqar"), seed.section("zaqar")), (json!({"a": 1}), Value::Null));
    }

    #[test]
    fn names_and_tokens_that_are_there_twice_are_refused_at_their_place() {
        let wrong = |section: Value| {
            let seed = Seed::from_value(json!({"ams": section})).unwrap();
            seed.check(&["ams"]).unwrap_err().to_string()
        };
        assert_eq!(
            wrong(json!({"users": [{"name": "a"}, {"name": "b"}, {"name": "a"}]})),
            "ams.users[2].name: \"a\" is the name of ams.users[0] already"
        );
        let same = wrong(json!({"service_token": "s3cret", "users": [{"name": "a", "token": "s3cret"}]}));
        assert_eq!(same, "ams.users[0].token: the same as ams.service_token; each must be its own");
        let topics = json!({"topics": [{"project": "p", "name": "t"}, {"project": "q", "name": "t"}]});
        let seed = Seed::from_value(json!({"ams": topics})).unwrap();
        seed.check(&["ams"]).unwrap();
        wrong(
            json!({"topics": [{"project": "p", "name": "t"}, {"project": "p", "name": "t", "schema": "s"}]}),
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_does_not_tell_what_stands_in_it() {
        for (name, text) in [
            ("s.yaml", "ams:\n  service_token: 'canary\n  users: ["),
            ("s.toml", "[ams]\nservice_token = 'canary\n"),
            ("s.json", r#"{"ams": {"service_token": "canary" "users": 1}}"#),
        ] {
            let error = read(name, text).unwrap_err().to_string();
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn a_list_is_no_seed() {
        assert!(read("s.json", "[1]").is_err());
    }
}
