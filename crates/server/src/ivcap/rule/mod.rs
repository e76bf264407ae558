//! The rule language of searches (IVCAP reference 7.9): rules without recursion over five predicates, with joins,
//! comparisons and projection. Every other construct is refused by name.
//!
//! ```text
//! query(Artifact, Name) :-
//!   ivcap_artifact(Artifact, Name, Type), Type != "text/plain",
//!   ivcap_aspect(Artifact, "urn:acme:schema:label.1", _).
//! ```

mod lex;
mod parse;
mod run;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::words::Sign;

pub(crate) use run::{Base, Row, Want, answer};

/// Bytes of a program.
pub(crate) const LONGEST: usize = 16_384;

/// The predicates that the platform fills, with their number of arguments.
pub(crate) const BASES: [(&str, usize, Base); 5] = [
    ("ivcap_artifact", 3, Base::Artifact),
    ("ivcap_job", 3, Base::Job),
    ("ivcap_service", 2, Base::Service),
    ("ivcap_aspect", 3, Base::Aspect),
    ("ivcap_artifact_produced_by", 2, Base::ProducedBy),
];

/// A program that was understood: rules in an order in which each uses only what stands before it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Program {
    rules: Vec<Rule>,
    /// What is asked for.
    goal: String,
}

impl Program {
    /// Reads a program.
    ///
    /// # Errors
    /// What is wrong with it, or which construct is not supported.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        parse::parse(text)
    }
}

/// `head(..) :- body.`
#[derive(Debug, Clone, PartialEq)]
struct Rule {
    name: String,
    head: Vec<Term>,
    body: Vec<Literal>,
}

#[derive(Debug, Clone, PartialEq)]
enum Literal {
    Atom { name: String, terms: Vec<Term> },
    Compare(Term, Sign, Term),
}

#[derive(Debug, Clone, PartialEq)]
enum Term {
    Variable(String),
    /// `_`
    Any,
    Value(Value),
}
