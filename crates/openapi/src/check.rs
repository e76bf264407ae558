//! Checking values against schemas, and what is found.

use std::fmt;
use std::sync::{Arc, PoisonError};

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::body;
use crate::document::Document;
use crate::error::{Error, ErrorKind, Result};
use crate::guard;
use crate::operation::Operation;
use crate::parameter::Location;
use crate::schema;
use crate::tree::Node;

/// No check tells more than this.
const MOST: usize = 100;
/// So many references need no stack of their own.
const FEW: usize = 32;
/// The stack, in bytes, on which larger schemas are made ready.
const STACK: usize = 128 << 20;

/// Which way a value travels: `readOnly` properties need not be in requests, `writeOnly` ones not in answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// To the service.
    Request,
    /// From the service.
    Response,
}

/// The part of a request or an answer that has a problem.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The body.
    Body,
    /// A parameter, by place and name.
    Parameter(Location, String),
}

/// Classes of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// It is not there and must be.
    Missing,
    /// It is there and the document does not know it.
    Unknown,
    /// It has another form than described.
    Value,
}

/// One way in which a value does not fit the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    kind: ProblemKind,
    part: Part,
    pointer: String,
    message: String,
    nearest: Vec<String>,
}

impl Problem {
    pub(crate) fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { kind, part: Part::Body, pointer: String::new(), message: message.into(), nearest: Vec::new() }
    }

    pub(crate) fn of(mut self, part: Part) -> Self {
        self.part = part;
        self
    }

    pub(crate) fn near(mut self, nearest: Vec<String>) -> Self {
        self.nearest = nearest;
        self
    }

    /// Its class.
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The part of the request or answer.
    pub fn part(&self) -> &Part {
        &self.part
    }

    /// The JSON pointer within the part; empty for the whole of it.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Names that were perhaps meant.
    pub fn nearest(&self) -> &[String] {
        &self.nearest
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.part {
            Part::Body => out.write_str("body")?,
            Part::Parameter(location, name) => {
                write!(out, "{} `{name}`", format!("{location:?}").to_lowercase())?;
            }
        }
        if !self.pointer.is_empty() {
            write!(out, " {}", self.pointer)?;
        }
        write!(out, ": {}", self.message)?;
        match self.nearest.is_empty() {
            true => Ok(()),
            false => write!(out, "; nearest: {}", self.nearest.join(", ")),
        }
    }
}

/// A schema made ready.
pub(crate) struct Compiled(Validator);

impl fmt::Debug for Compiled {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Compiled")
    }
}

impl Document {
    /// Checks a value against a schema of this document. The schema is made ready once and kept.
    ///
    /// # Errors
    /// As [`Document::resolve`] for what the schema refers to; [`Invalid`](ErrorKind::Invalid) if it is no schema.
    pub fn check(&self, schema: Node<'_>, value: &Value, way: Way) -> Result<Vec<Problem>> {
        let compiled = self.compiled(schema, way)?;
        Ok(compiled.0.iter_errors(value).take(MOST).map(|error| problem(&error)).collect())
    }

    fn compiled(&self, schema: Node<'_>, way: Way) -> Result<Arc<Compiled>> {
        let key = (schema.offset(), way == Way::Request);
        let kept = self.0.validators.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let schema = schema::alone(self, self.0.tree.node(schema.offset()), way)?;
        guard::sound(&schema)?;
        let validator = validator(&schema).map_err(|error| {
            Error::new(ErrorKind::Invalid, format!("the schema cannot be used: {}", short(&error)))
        })?;
        let compiled = Arc::new(Compiled(validator));
        let mut kept = self.0.validators.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(kept.entry(key).or_insert(compiled)))
    }
}

/// Makes a schema ready. The validator goes down reference by reference, so a schema with many of them gets a stack of
/// its own.
fn validator(schema: &Value) -> Result<Validator, String> {
    let build = || {
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        options.build(schema).map_err(|error| error.to_string())
    };
    let parts = schema.get("$defs").and_then(Value::as_object).map_or(0, serde_json::Map::len);
    if parts <= FEW {
        return build();
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, build);
        let thread = thread.map_err(|error| error.to_string())?;
        thread.join().unwrap_or_else(|_| Err("the validator gave up".to_owned()))
    })
}

impl Operation<'_> {
    /// Checks the JSON body of a request; `None` is no body at all.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if the content type is not described, or no body is; as [`Document::resolve`].
    pub fn check_body(&self, content_type: &str, body: Option<&Value>) -> Result<Vec<Problem>> {
        let described = self.request_body()?;
        let required = described.as_ref().is_some_and(|described| described.is_required());
        let Some(body) = body else {
            let missing = required.then(|| Problem::new(ProblemKind::Missing, "it must be given"));
            return Ok(missing.into_iter().collect());
        };
        let media = described.map(|described| described.media()).unwrap_or_default();
        body::check(self.document(), &media, content_type, body, Way::Request)
    }

    /// Checks the JSON body of an answer.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if the status or the content type is not described; as [`Document::resolve`].
    pub fn check_answer(&self, status: u16, content_type: &str, body: &Value) -> Result<Vec<Problem>> {
        let Some(response) = self.response(status)? else {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("an answer with status {status} is not described"),
            ));
        };
        body::check(self.document(), &response.media(), content_type, body, Way::Response)
    }
}

fn problem(error: &ValidationError<'_>) -> Problem {
    let kind = match error.kind() {
        ValidationErrorKind::Required { .. } => ProblemKind::Missing,
        ValidationErrorKind::AdditionalProperties { .. }
        | ValidationErrorKind::UnevaluatedProperties { .. } => ProblemKind::Unknown,
        _ => ProblemKind::Value,
    };
    let mut problem = Problem::new(kind, short(&message(error)));
    problem.pointer = error.instance_path().to_string();
    problem
}

fn message(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            format!("`{}` is missing", property.as_str().unwrap_or_default())
        }
        ValidationErrorKind::Type { kind } => {
            let expected = match kind {
                TypeKind::Single(kind) => kind.to_string(),
                TypeKind::Multiple(kinds) => {
                    kinds.iter().map(|kind| kind.to_string()).collect::<Vec<_>>().join(" or ")
                }
            };
            format!("expected {expected}, found {}", found(error.instance()))
        }
        ValidationErrorKind::Enum { options } => format!("expected one of {options}"),
        ValidationErrorKind::Constant { expected_value } => format!("expected {expected_value}"),
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            format!("there is no `{}`", unexpected.join("`, `"))
        }
        ValidationErrorKind::Pattern { pattern } => format!("it does not match `{pattern}`"),
        ValidationErrorKind::Format { format } => format!("it is no {format}"),
        ValidationErrorKind::FalseSchema => "nothing may stand here".to_owned(),
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            forms(error, context)
        }
        ValidationErrorKind::OneOfMultipleValid { .. } => "it fits more than one of the forms".to_owned(),
        _ => error.masked_with("it").to_string(),
    }
}

/// What keeps a value from the form that it comes nearest to.
fn forms(error: &ValidationError<'_>, context: &[Vec<ValidationError<'static>>]) -> String {
    let here = error.instance_path();
    let other_type = |errors: &[ValidationError<'_>]| {
        errors.iter().any(|inner| {
            matches!(inner.kind(), ValidationErrorKind::Type { .. }) && inner.instance_path() == here
        })
    };
    let nearest = context
        .iter()
        .filter(|errors| !errors.is_empty() && !other_type(errors))
        .min_by_key(|errors| errors.len());
    let count = context.len();
    match nearest.and_then(|errors| errors.first()) {
        Some(first) => {
            let pointer = first.instance_path().to_string();
            let pointer = pointer.strip_prefix(here.as_str()).unwrap_or(&pointer);
            format!("it fits none of {count} forms; nearest: {pointer} {}", message(first))
                .replace("nearest:  ", "nearest: ")
        }
        None => {
            let mut all: Vec<String> = context.iter().flatten().map(message).collect();
            all.dedup();
            format!("it fits none of {count} forms: {}", all.join("; "))
        }
    }
}

fn found(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// At most 300 characters of a text.
fn short(text: &str) -> String {
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
