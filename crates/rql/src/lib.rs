#![doc = include_str!("../README.md")]

mod build;
mod error;
mod expr;
mod filter;
mod key;
mod parse;
mod pattern;
mod plan;
mod print;
mod query;
mod schema;
mod simplify;
mod split;
mod value;

// From code to text.
pub use build::{Field, R, field, tuple};
pub use pattern::escape;
pub use query::Query;

// From the query of a request.
pub use split::{Part, split};

// The language.
pub use expr::{Expr, Membership, Operator, Property, Sign, Signed};
pub use parse::{MAX_DEPTH, Parser, parse};
pub use simplify::same_meaning;
pub use value::Value;

// What it means for data.
pub use filter::{Check, Filter, Fold, Relation, Test};
pub use key::{Key, Kind, Number};
pub use pattern::{Pattern, Piece, fold};
pub use plan::{Order, Plan, Selection};
pub use schema::{FieldType, Schema};

// What can be wrong.
pub use error::{BuildError, FieldError, ParseError, Problem};
