//! `--query` (JMESPath) and `--jq`: what is left of a result.

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::Val;
use serde_json::Value;

use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// A query as it was typed; it was checked then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Query {
    /// A JMESPath expression.
    Jmes(String),
    /// A jq filter.
    Jq(String),
}

/// Reads a JMESPath expression.
pub(crate) fn jmes(text: &str) -> Result<String, String> {
    jmespath::compile(text).map(|_| text.to_owned()).map_err(|error| one_line(&error))
}

/// Reads a jq filter.
pub(crate) fn jq(text: &str) -> Result<String, String> {
    compile(text).map(|_| text.to_owned())
}

/// A query, ready for use.
pub(super) enum Compiled {
    Jmes(Box<jmespath::Expression<'static>>),
    Jq(Box<Filter>),
}

type Filter = jaq_core::Filter<data::JustLut<Val>>;

impl Compiled {
    /// Prepares a query.
    ///
    /// # Errors
    /// A usage failure if it is none.
    pub(super) fn new(query: &Query) -> Result<Self> {
        let wrong = |why| Failure::usage("cannot use the query", why);
        match query {
            Query::Jmes(text) => {
                let expression = jmespath::compile(text).map_err(|error| wrong(one_line(&error)))?;
                Ok(Self::Jmes(Box::new(expression)))
            }
            Query::Jq(text) => Ok(Self::Jq(Box::new(compile(text).map_err(wrong)?))),
        }
    }

    /// What the query makes of a value: exactly one value for JMESPath, any number for jq.
    ///
    /// # Errors
    /// A failure if the query does not fit the value.
    pub(super) fn apply(&self, value: &Value) -> Result<Vec<Value>> {
        match self {
            Self::Jmes(expression) => {
                let found = expression.search(value).map_err(|error| unfit(&one_line(&error)))?;
                Ok(vec![serde_json::to_value(&*found).map_err(|error| unfit(&error))?])
            }
            Self::Jq(filter) => {
                let input = serde_json::to_vec(value).map_err(|error| unfit(&error))?;
                let input = jaq_json::read::parse_single(&input).map_err(|error| unfit(&error))?;
                let context = Ctx::<data::JustLut<Val>>::new(&filter.lut, Vars::new([]));
                let outputs = filter.id.run((context, input)).map(unwrap_valr);
                outputs
                    .map(|output| {
                        let text = output.map_err(|error| unfit(&error))?.to_string();
                        serde_json::from_str(&text).map_err(|error| unfit(&error))
                    })
                    .collect()
            }
        }
    }
}

fn compile(text: &str) -> Result<Filter, String> {
    let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let arena = Arena::default();
    let file = File { code: text, path: () };
    let modules =
        Loader::new(definitions).load(&arena, file).map_err(|_| format!("`{text}` is not a jq filter"))?;
    Compiler::default().with_funs(functions).compile(modules).map_err(|errors| {
        let unknown: Vec<_> = errors
            .iter()
            .flat_map(|(_, errors)| errors.iter().map(|(word, _)| format!("`{word}`")))
            .collect();
        format!("jq does not know {}", unknown.join(", "))
    })
}

fn unfit(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Failure, "output", "the query does not fit the result", error.to_string())
}

fn one_line(error: &dyn std::fmt::Display) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
