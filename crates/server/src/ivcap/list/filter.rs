//! The filter language (IVCAP reference 5.3).
//!
//! ```text
//! expr  := all ( ("or" | "||") all )*
//! all   := one ( ("and" | "&&") one )*
//! one   := "not" one | "(" expr ")" | field op value
//! ```

use super::value::{Seen, moment, same};
use crate::ivcap::storage::aspects::like;
use serde_json::Value;

/// Bytes of a filter.
const LONGEST: usize = 8192;
/// How deep parentheses and negations may be nested.
const DEEPEST: usize = 64;

/// A filter that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Test(Test),
}

/// A comparison of a field with a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Test {
    field: String,
    op: Op,
    value: Literal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Like,
    Equal,
    Differs,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// A value as it was written, and what it can be read as.
#[derive(Debug, Clone, PartialEq)]
struct Literal {
    text: String,
    number: Option<f64>,
    flag: Option<bool>,
    time: Option<i64>,
}

impl Literal {
    fn new(text: String, quoted: bool) -> Self {
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        let flag = match text.as_str() {
            "true" if !quoted => Some(true),
            "false" if !quoted => Some(false),
            _ => None,
        };
        let time = moment(&text);
        Self { text, number, flag, time }
    }
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("a filter may have at most {LONGEST} bytes"));
        }
        let mut parser = Parser { rest: text, text };
        let filter = parser.any(0)?;
        parser.skip();
        if parser.rest.is_empty() { Ok(filter) } else { Err(parser.wrong("the end or 'and'/'or'")) }
    }

    /// Whether a record is kept; `look` gives its fields.
    pub(crate) fn keeps<'v>(&self, look: &dyn Fn(&str) -> Option<Seen<'v>>) -> bool {
        match self {
            Self::All(all) => all.iter().all(|one| one.keeps(look)),
            Self::Any(any) => any.iter().any(|one| one.keeps(look)),
            Self::Not(one) => !one.keeps(look),
            Self::Test(test) => look(&test.field).is_some_and(|value| test.sees(&value)),
        }
    }

    /// Whether one of the fields that it looks at is so.
    pub(crate) fn looks_at(&self, is: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|one| one.looks_at(is)),
            Self::Not(one) => one.looks_at(is),
            Self::Test(test) => is(&test.field),
        }
    }

    /// The text that a field must be for a record to be kept, if it says one.
    pub(crate) fn only(&self, field: &str) -> Option<&str> {
        match self {
            Self::All(all) => all.iter().find_map(|one| one.only(field)),
            Self::Test(Test { field: name, op: Op::Equal, value }) if same(name, field) => Some(&value.text),
            _ => None,
        }
    }
}

impl Test {
    fn sees(&self, value: &Seen<'_>) -> bool {
        match value {
            Seen::Json(value) => self.holds(value),
            Seen::Text(text) => self.string(text),
            Seen::Time(time) => match self.value.time {
                Some(given) if self.op != Op::Like => self.ordered(time.as_microsecond().cmp(&given)),
                _ => self.text(&time.to_string()),
            },
        }
    }

    fn string(&self, text: &str) -> bool {
        match (self.value.time, moment(text)) {
            (Some(given), Some(time)) if self.op != Op::Like => self.ordered(time.cmp(&given)),
            _ => self.text(text),
        }
    }

    fn holds(&self, value: &Value) -> bool {
        let literal = &self.value;
        match value {
            Value::Null | Value::Object(_) => false,
            Value::Array(items) => items.iter().any(|item| !item.is_array() && self.holds(item)),
            Value::Bool(flag) => match literal.flag {
                Some(given) => self.ordered(flag.cmp(&given)),
                None => self.text(if *flag { "true" } else { "false" }),
            },
            Value::Number(number) => match (literal.number, number.as_f64()) {
                (Some(given), Some(number)) if self.op != Op::Like => {
                    number.partial_cmp(&given).is_some_and(|order| self.ordered(order))
                }
                _ => self.text(&number.to_string()),
            },
            Value::String(text) => self.string(text),
        }
    }

    fn text(&self, text: &str) -> bool {
        let given = self.value.text.as_str();
        match self.op {
            Op::Like if given.contains('%') => like(given, text, false),
            Op::Like => text.contains(given),
            _ => self.ordered(text.cmp(given)),
        }
    }

    fn ordered(&self, order: std::cmp::Ordering) -> bool {
        match self.op {
            Op::Like | Op::Equal => order.is_eq(),
            Op::Differs => order.is_ne(),
            Op::Less => order.is_lt(),
            Op::AtMost => order.is_le(),
            Op::More => order.is_gt(),
            Op::AtLeast => order.is_ge(),
        }
    }
}

/// Operators that need no blanks; longer ones first.
const SIGNS: [(&str, Op); 9] = [
    ("~=", Op::Like),
    ("=~", Op::Like),
    ("==", Op::Equal),
    ("!=", Op::Differs),
    ("<=", Op::AtMost),
    (">=", Op::AtLeast),
    ("=", Op::Equal),
    ("<", Op::Less),
    (">", Op::More),
];
/// Operators that are words.
const WORDS: [(&str, Op); 6] = [
    ("eq", Op::Equal),
    ("ne", Op::Differs),
    ("lt", Op::Less),
    ("le", Op::AtMost),
    ("gt", Op::More),
    ("ge", Op::AtLeast),
];

struct Parser<'t> {
    text: &'t str,
    rest: &'t str,
}

impl Parser<'_> {
    fn any(&mut self, depth: usize) -> Result<Filter, String> {
        let mut parts = vec![self.all(depth)?];
        while self.word("or") || self.sign("||") {
            parts.push(self.all(depth)?);
        }
        Ok(one_or(parts, Filter::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Filter, String> {
        let mut parts = vec![self.one(depth)?];
        while self.word("and") || self.sign("&&") {
            parts.push(self.one(depth)?);
        }
        Ok(one_or(parts, Filter::All))
    }

    fn one(&mut self, depth: usize) -> Result<Filter, String> {
        if depth > DEEPEST {
            return Err(format!("nested more than {DEEPEST} deep"));
        }
        if self.word("not") {
            return Ok(Filter::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.sign("(") {
            let inner = self.any(depth + 1)?;
            return if self.sign(")") { Ok(inner) } else { Err(self.wrong("')'")) };
        }
        let field = self.field()?;
        let op = self.op()?;
        let value = self.value()?;
        Ok(Filter::Test(Test { field, op, value }))
    }

    fn field(&mut self) -> Result<String, String> {
        self.skip();
        let first = |letter: char| letter.is_ascii_alphabetic() || matches!(letter, '_' | '$');
        if !self.rest.starts_with(first) {
            return Err(self.wrong("the name of a field"));
        }
        let more = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '$' | '-');
        Ok(self.take(more))
    }

    fn op(&mut self) -> Result<Op, String> {
        for (sign, op) in SIGNS {
            if self.sign(sign) {
                return Ok(op);
            }
        }
        for (word, op) in WORDS {
            if self.word(word) {
                return Ok(op);
            }
        }
        Err(self.wrong("an operator (~= == != < <= > >=)"))
    }

    fn value(&mut self) -> Result<Literal, String> {
        self.skip();
        if let Some(quote) = self.rest.chars().next().filter(|letter| matches!(letter, '\'' | '"')) {
            return self.quoted(quote).map(|text| Literal::new(text, true));
        }
        let bare = |letter: char| !letter.is_whitespace() && !matches!(letter, '(' | ')' | '&' | '|');
        let text = self.take(bare);
        if text.is_empty() { Err(self.wrong("a value")) } else { Ok(Literal::new(text, false)) }
    }

    /// A doubled quote, or one behind a backslash, stands for itself.
    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let mut text = String::new();
        let mut letters = self.rest.char_indices().skip(1).peekable();
        while let Some((at, letter)) = letters.next() {
            let next = letters.peek().map(|(_, next)| *next);
            match (letter, next) {
                ('\\', Some(next)) if next == quote || next == '\\' => {
                    text.push(next);
                    letters.next();
                }
                (letter, Some(next)) if letter == quote && next == quote => {
                    text.push(quote);
                    letters.next();
                }
                (letter, _) if letter == quote => {
                    self.rest = &self.rest[at + quote.len_utf8()..];
                    return Ok(text);
                }
                (letter, _) => text.push(letter),
            }
        }
        Err(format!("a text that begins with {quote} does not end"))
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn sign(&mut self, sign: &str) -> bool {
        self.skip();
        let found = self.rest.strip_prefix(sign);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    /// A word in any case, if no letter follows it.
    fn word(&mut self, word: &str) -> bool {
        self.skip();
        let Some((start, rest)) = self.rest.split_at_checked(word.len()) else { return false };
        let whole = !rest
            .starts_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '$'));
        let found = start.eq_ignore_ascii_case(word) && whole;
        if found {
            self.rest = rest;
        }
        found
    }

    fn take(&mut self, keep: impl Fn(char) -> bool) -> String {
        let end = self.rest.find(|letter| !keep(letter)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken.to_owned()
    }

    fn wrong(&self, expected: &str) -> String {
        let at = self.text[..self.text.len() - self.rest.len()].chars().count() + 1;
        format!("expected {expected} at character {at}")
    }
}

fn one_or(mut parts: Vec<Filter>, several: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(one) if parts.is_empty() => one,
        Some(last) => {
            parts.push(last);
            several(parts)
        }
        None => several(parts),
    }
}

#[cfg(test)]
mod tests;
