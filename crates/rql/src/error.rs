//! What can be wrong: a text, an argument of the builder, a use of a field.

use std::error::Error;
use std::fmt;

/// A text that is not RQL.
///
/// Tells where reading stopped, what was expected there and what stood there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    pub(crate) position: usize,
    pub(crate) expected: &'static str,
    pub(crate) found: Option<char>,
}

impl ParseError {
    /// Byte offset in the text where reading stopped; the length of the text means its end.
    pub fn position(&self) -> usize {
        self.position
    }

    /// What the grammar (or the limit) asks for at that position.
    pub fn expected(&self) -> &str {
        self.expected
    }

    /// The character that stood there, `None` at the end of the text.
    pub fn found(&self) -> Option<char> {
        self.found
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bad RQL at byte {}: expected {}, found ", self.position, self.expected)?;
        match self.found {
            Some(c) => write!(f, "{c:?}"),
            None => f.write_str("the end"),
        }
    }
}

impl Error for ParseError {}

/// An argument from which no RQL can be made.
///
/// The builder keeps the first one and gives it when the text is asked for, so that chains stay free of `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// A property must start with a letter and go on with letters, digits, `_`, `-` and `.`.
    Name(String),
    /// A value contains both kinds of quotes: RQL has no way to write it (reference 9.5).
    Quotes(String),
    /// The operator does not take this kind of value.
    Operand {
        /// The operator or lookup, as the caller wrote it.
        operator: String,
        /// What it takes.
        takes: &'static str,
    },
    /// The expression is nested deeper than [`MAX_DEPTH`](crate::MAX_DEPTH).
    Depth,
    /// A raw text had to be understood and is not RQL.
    Raw(ParseError),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => {
                write!(
                    f,
                    "bad property {name:?}: expected a letter, then letters, digits, \"_\", \"-\" or \".\""
                )
            }
            Self::Quotes(text) => {
                write!(f, "value {text:?} contains both kinds of quotes, which RQL cannot express")
            }
            Self::Operand { operator, takes } => write!(f, "{operator} takes {takes}"),
            Self::Depth => write!(f, "expression is nested deeper than {} levels", crate::MAX_DEPTH),
            Self::Raw(_) => f.write_str("raw text cannot be read as RQL"),
        }
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Raw(error) => Some(error),
            _ => None,
        }
    }
}

/// What is wrong with the use of a field in a query that is well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Problem {
    /// The field's type does not know this operator.
    Lookup,
    /// The value is not one of the field's type.
    Value,
    /// `ordering` names a field that is unknown or cannot be sorted by.
    Ordering,
    /// More than one `ordering` in the query.
    OrderingTwice,
    /// More fields in `ordering` than allowed; the number is the limit.
    OrderingTooLong(usize),
    /// `select` names an unknown field.
    Select,
    /// `select` names the same field with and without `-`.
    SelectConflict,
    /// More than one `select` in the query.
    SelectTwice,
    /// `limit` or `offset` given twice, or with another operator than `eq`.
    Limits,
}

/// A well-formed query that does not fit the declared fields.
///
/// The parts are those of the service's own error: filter, lookup, value (reference 14.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pub(crate) problem: Problem,
    pub(crate) filter: String,
    pub(crate) lookup: &'static str,
    pub(crate) value: Option<String>,
}

impl FieldError {
    /// What is wrong.
    pub fn problem(&self) -> Problem {
        self.problem
    }

    /// The property as the query names it; empty where the query as a whole is at fault.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// The operator, as RQL writes it.
    pub fn lookup(&self) -> &str {
        self.lookup
    }

    /// The value as the query gives it, where one value is at fault.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { problem, filter, lookup, value } = self;
        match problem {
            Problem::Lookup => write!(f, "Bad filter lookup: {filter} does not take {lookup}."),
            Problem::Value => {
                write!(
                    f,
                    "Bad filter value: {:?} does not fit {filter}.",
                    value.as_deref().unwrap_or_default()
                )
            }
            Problem::Ordering => write!(f, "Bad ordering filter: {filter}."),
            Problem::OrderingTwice => {
                f.write_str("Bad ordering filter: query can contain only one ordering operation.")
            }
            Problem::OrderingTooLong(max) => write!(f, "Bad ordering filter: max allowed number is {max}."),
            Problem::Select => write!(f, "Bad select filter: {filter}."),
            Problem::SelectConflict => f.write_str("Bad select filter: incompatible properties."),
            Problem::SelectTwice => {
                f.write_str("Bad select filter: query can contain only one select operation.")
            }
            Problem::Limits => f.write_str("Limit and offset are set incorrectly."),
        }
    }
}

impl Error for FieldError {}
