//! `-o template=…`: each result through a template of the user's.

use minijinja::Environment;
use serde_json::Value;

use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Steps that a template may take for one result: far more than any sensible one needs.
const FUEL: u64 = 1_000_000;

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    // Results are text for a terminal or a file, never markup.
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment
}

/// Says what is wrong with a template.
pub(super) fn check(text: &str) -> Result<(), String> {
    environment().template_from_str(text).map(drop).map_err(|error| error.to_string())
}

/// A template, ready for use.
pub(super) struct Template(Environment<'static>);

impl Template {
    /// Prepares a template.
    ///
    /// # Errors
    /// A usage failure if it is none.
    pub(super) fn new(text: String) -> Result<Self> {
        let mut environment = environment();
        environment
            .add_template_owned("result", text)
            .map_err(|error| Failure::usage("cannot use the template", error.to_string()))?;
        Ok(Self(environment))
    }

    /// One result, with a line end.
    ///
    /// # Errors
    /// A failure if the template cannot be applied to this result.
    pub(super) fn render(&self, value: &Value) -> Result<String> {
        let failed = |error: minijinja::Error| {
            Failure::new(Exit::Failure, "output", "the template does not fit the result", error.to_string())
        };
        // The fields of a result are variables; `it` is the result itself, which need not be an object.
        let mut context = value.as_object().cloned().unwrap_or_default();
        context.entry("it").or_insert_with(|| value.clone());
        let template = self.0.get_template("result").map_err(failed)?;
        let mut text = template.render(minijinja::value::Serde(context)).map_err(failed)?;
        if !text.ends_with('\n') {
            text.push('\n');
        }
        Ok(text)
    }
}
