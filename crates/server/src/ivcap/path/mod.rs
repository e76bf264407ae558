//! JSON paths: the subset of PostgreSQL's SQL/JSON path language that IVCAP reference 5.6 names, in lax mode.
//!
//! | written | means |
//! | --- | --- |
//! | `$`, `@` | the document, the item that a filter looks at |
//! | `.key`, `."any key"`, `.*` | members; an array stands for its elements |
//! | `[*]`, `[n]` | elements; anything else is an array of one |
//! | `? (…)` | keeps the items for which the condition is true |
//! | `== != <> < <= > >=`, `&& \|\| !`, `exists (…)`, `starts with "…"`, `like_regex "…" flag "i"` | conditions; "unknown" is not true |
//!
//! Whatever else PostgreSQL knows is refused by name.

mod eval;
mod lex;
mod parse;
mod pattern;
#[cfg(test)]
mod tests;

use regex::Regex;
use serde_json::Value;

use super::words::Sign;

pub(crate) use eval::{Steps, TooLong};

/// A path that was understood.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    steps: Vec<Step>,
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// What is wrong with it, or what of PostgreSQL's language is not supported.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        parse::parse(text)
    }

    /// The items of a document that the path selects, in PostgreSQL's order.
    ///
    /// # Errors
    /// It would take more steps than the request has left.
    pub(crate) fn select<'v>(&self, document: &'v Value, left: &Steps) -> Result<Vec<&'v Value>, TooLong> {
        eval::select(&self.steps, document, left)
    }
}

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    AnyKey,
    AnyElement,
    Element(usize),
    Filter(Condition),
}

#[derive(Debug, Clone)]
enum Condition {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Exists(Operand),
    Compare(Operand, Sign, Operand),
    StartsWith(Operand, String),
    Matches(Operand, Regex),
}

#[derive(Debug, Clone)]
enum Operand {
    /// From the document.
    Root(Vec<Step>),
    /// From the item that the filter looks at.
    Current(Vec<Step>),
    Scalar(Value),
}
