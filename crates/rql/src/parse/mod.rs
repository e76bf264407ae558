//! From the text to the tree.

mod cursor;
mod grammar;

use crate::error::ParseError;
use crate::expr::Expr;
use grammar::Grammar;

/// How deeply expressions may be nested, in the builder always, in the parser unless a smaller number is set.
pub const MAX_DEPTH: usize = 128;

/// Reads a query text with the usual limits, and with patience for what the original client writes.
///
/// The text is the raw query string, percent-decoded once with `+` left alone (reference 14.2). Any `limit=…`,
/// `offset=…` and `search=…` in it are read as the comparisons they look like; [`Plan`](crate::Plan) gives them their
/// meaning.
///
/// # Errors
/// [`ParseError`] with position and expectation. Never panics, whatever the text.
///
/// # Example
/// ```
/// use pentad_rql::parse;
/// assert_eq!(parse("a=1&b=gt=2"), parse("and(eq(a,1),gt(b,2))"));
/// let error = parse("eq(a,x/y)").unwrap_err();
/// assert_eq!((error.position(), error.expected()), (6, "`)`"));
/// ```
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    Parser::new().parse(text)
}

/// A parser with its settings.
///
/// ```
/// use pentad_rql::Parser;
/// let text = "not(and(eq(a,1),eq(b,2)))";
/// assert!(Parser::new().parse(text).is_ok());
/// assert!(Parser::new().strict(true).parse(text).is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Parser {
    strict: bool,
    max_depth: usize,
    max_length: usize,
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser {
    /// Patient, [`MAX_DEPTH`] levels, 1 MiB of text.
    pub fn new() -> Self {
        Self { strict: false, max_depth: MAX_DEPTH, max_length: 1 << 20 }
    }

    /// Whether to refuse what the service's own grammar refuses (reference 14.2).
    ///
    /// Without this, the parser also takes the forms that the original client writes and the service refuses: logic
    /// inside `not`, `and`/`or` with fewer than two terms, empty lists, empty values, the bare value `t`.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// The deepest nesting of parentheses, at most [`MAX_DEPTH`].
    pub fn max_depth(mut self, levels: usize) -> Self {
        self.max_depth = levels.min(MAX_DEPTH);
        self
    }

    /// The longest text in bytes.
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.max_length = bytes;
        self
    }

    /// Reads a query text. See [`parse`].
    ///
    /// # Errors
    /// [`ParseError`] with position and expectation.
    pub fn parse(&self, text: &str) -> Result<Expr, ParseError> {
        if text.len() > self.max_length {
            let position = text.floor_char_boundary(self.max_length);
            let found = text[position..].chars().next();
            return Err(ParseError { position, expected: "the end (the text is too long)", found });
        }
        Grammar::new(text, self.strict, self.max_depth).query()
    }
}
