//! Seed files: what exists from the start, one section per service.

use std::path::Path;

use serde_json::{Map, Value};

use crate::error::ServerError;
use crate::service::SeedError;

/// What exists from the start: a mapping from service name to that service's section.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seed {
    sections: Map<String, Value>,
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
            Some("yaml" | "yml") => serde_saphyr::from_str(&text).map_err(|e| wrong(&e))?,
            Some("toml") => toml::from_str(&text).map_err(|e| wrong(&e))?,
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

    /// Refuses sections that belong to no service.
    ///
    /// # Errors
    /// [`SeedError`] naming the section and those that exist.
    pub fn check(&self, known: &[&str]) -> Result<(), SeedError> {
        match self.sections.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => {
                Err(SeedError::new(name, format!("no such section; there are: {}", known.join(", "))))
            }
            None => Ok(()),
        }
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

    /// The options of a service; [`Value::Null`] if there are none.
    pub fn options(&self, service: &str) -> Value {
        self.sections.get(service).and_then(|section| section.get("options")).cloned().unwrap_or_default()
    }
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
    fn a_list_is_no_seed() {
        assert!(read("s.json", "[1]").is_err());
    }
}
