//! The format that was asked for.

use std::fmt;

use clap::ValueEnum;

use super::template;

/// How results are written: for people, as one document (JSON, YAML), one JSON object per line, with a header line
/// (CSV), only the main column of each result, or through a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Table,
    Json,
    Yaml,
    Ndjson,
    Csv,
    Value,
    #[value(skip)]
    Template,
}

/// A format, with its template if it is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) format: Format,
    pub(crate) template: Option<String>,
}

impl Choice {
    /// Reads `json`, `table` …, or `template=TEXT`.
    ///
    /// # Errors
    /// The known formats, or what is wrong with the template.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(text) = text.strip_prefix("template=") {
            template::check(text)?;
            return Ok(Self { format: Format::Template, template: Some(text.to_owned()) });
        }
        match Format::from_str(text, true) {
            Ok(format) => Ok(Self { format, template: None }),
            Err(_) => Err(format!("expected one of {}", Self::words().join(", "))),
        }
    }

    /// What can be asked for, as it is typed.
    pub(crate) fn words() -> Vec<String> {
        let named = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        named.map(|value| value.get_name().to_owned()).chain(["template=TEXT".to_owned()]).collect()
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.template, self.format.to_possible_value()) {
            (Some(text), _) => write!(f, "template={text}"),
            (None, Some(value)) => f.write_str(value.get_name()),
            (None, None) => Ok(()),
        }
    }
}
