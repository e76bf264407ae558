//! The grammar of reference 14.2 by recursive descent; the depth is counted, so the stack is bounded.

use super::cursor::Cursor;
use crate::error::ParseError;
use crate::expr::{Expr, Membership, Operator, Property, Sign, Signed, continues_name, is_word};
use crate::value::Value;

const TERM: &str = "a property, an operator or `(`";

pub(super) struct Grammar<'a> {
    cursor: Cursor<'a>,
    strict: bool,
    left: usize,
    after_not: bool,
}

impl<'a> Grammar<'a> {
    pub(super) fn new(text: &'a str, strict: bool, max_depth: usize) -> Self {
        Self { cursor: Cursor::new(text), strict, left: max_depth, after_not: false }
    }

    pub(super) fn query(mut self) -> Result<Expr, ParseError> {
        if self.cursor.peek().is_none() {
            return Ok(Expr::Everything);
        }
        let first = self.term()?;
        if self.cursor.peek().is_none() {
            return Ok(first);
        }
        let mut terms = vec![first];
        while self.cursor.take(b',') {
            terms.push(self.term()?);
        }
        match self.cursor.peek() {
            None => Ok(Expr::And(terms)),
            Some(_) => Err(self.cursor.error("`&`, `,` or the end")),
        }
    }

    /// One term, or several with `&` between them, which binds closer than anything else.
    fn term(&mut self) -> Result<Expr, ParseError> {
        let first = self.single()?;
        if self.cursor.peek() != Some(b'&') {
            return Ok(first);
        }
        let mut terms = vec![first];
        while self.cursor.take(b'&') {
            terms.push(self.single()?);
        }
        Ok(Expr::And(terms))
    }

    fn single(&mut self) -> Result<Expr, ParseError> {
        if self.left == 0 {
            return Err(self.cursor.error("fewer levels of nesting"));
        }
        self.left -= 1;
        let after_not = std::mem::take(&mut self.after_not);
        let expr = if self.cursor.take(b'(') { self.group() } else { self.named(after_not) };
        self.left += 1;
        expr
    }

    fn group(&mut self) -> Result<Expr, ParseError> {
        let first = self.term()?;
        let Some(separator) = self.cursor.peek().filter(|byte| matches!(byte, b',' | b'|' | b';')) else {
            self.cursor.expect(b')', "`,`, `|`, `;`, `&` or `)`")?;
            return Ok(first);
        };
        let mut terms = vec![first];
        while self.cursor.take(separator) {
            terms.push(self.term()?);
        }
        self.cursor.expect(b')', "the same separator as before or `)`")?;
        Ok(if separator == b',' { Expr::And(terms) } else { Expr::Or(terms) })
    }

    fn named(&mut self, after_not: bool) -> Result<Expr, ParseError> {
        let start = self.cursor.position();
        let name = self.cursor.run(|c| c.is_ascii_alphabetic(), continues_name);
        if name.is_empty() {
            return Err(self.cursor.error(TERM));
        }
        if self.cursor.take(b'=') {
            // The service's scanner takes a bare `t` for the tuple word, except right inside `not(`.
            if self.strict && name == "t" && !after_not {
                return Err(self.cursor.error_at(start, "another name than `t`, or `eq(t,…)`"));
            }
            return self.infix(start, name);
        }
        if self.cursor.peek() != Some(b'(') {
            return Err(self.cursor.error("`=` or `(`"));
        }
        self.cursor.take(b'(');
        if let Some(operator) = Operator::from_word(name) {
            return self.test(operator);
        }
        match name {
            "and" => Ok(Expr::And(self.terms()?)),
            "or" => Ok(Expr::Or(self.terms()?)),
            "not" => self.not(),
            "in" => self.member(Membership::In),
            "out" => self.member(Membership::Out),
            "ordering" => Ok(Expr::Ordering(self.fields()?)),
            "select" => Ok(Expr::Select(self.fields()?)),
            _ => Err(self.cursor.error_at(start, "an operator of the language before `(`")),
        }
    }

    fn infix(&mut self, start: usize, name: &str) -> Result<Expr, ParseError> {
        let property = self.property_of(start, name)?;
        for operator in [Operator::Eq, Operator::Ne, Operator::Gt, Operator::Ge, Operator::Lt, Operator::Le] {
            if self.cursor.take_infix(operator.as_str()) {
                return Ok(Expr::Test { property, operator, value: self.value()? });
            }
        }
        Ok(Expr::Test { property, operator: Operator::Eq, value: self.value()? })
    }

    fn test(&mut self, operator: Operator) -> Result<Expr, ParseError> {
        let property = self.property()?;
        self.cursor.expect(b',', "`,` and a value")?;
        let value = self.value()?;
        self.cursor.expect(b')', "`)`")?;
        Ok(Expr::Test { property, operator, value })
    }

    fn member(&mut self, operator: Membership) -> Result<Expr, ParseError> {
        let property = self.property()?;
        self.cursor.expect(b',', "`,` and a list in parentheses")?;
        self.cursor.expect(b'(', "`(` and the values of the list")?;
        let mut values = Vec::new();
        if self.strict || self.cursor.peek() != Some(b')') {
            values.push(self.value()?);
            while self.cursor.take(b',') {
                values.push(self.value()?);
            }
        }
        self.cursor.expect(b')', "`,` or `)` after a value of the list")?;
        self.cursor.expect(b')', "`)` after the list")?;
        Ok(Expr::Member { property, operator, values })
    }

    /// The terms of `and(` and `or(`.
    fn terms(&mut self) -> Result<Vec<Expr>, ParseError> {
        let mut terms = Vec::new();
        if self.strict || self.cursor.peek() != Some(b')') {
            terms.push(self.term()?);
            while self.cursor.take(b',') {
                terms.push(self.term()?);
            }
        }
        if self.strict && terms.len() < 2 {
            return Err(self.cursor.error("`,` and a second term"));
        }
        self.cursor.expect(b')', "`,` or `)` after a term")?;
        Ok(terms)
    }

    fn not(&mut self) -> Result<Expr, ParseError> {
        let start = self.cursor.position();
        self.after_not = true;
        let inner = self.term()?;
        if self.strict && inner.is_logical() {
            return Err(self.cursor.error_at(start, "one comparison inside `not`"));
        }
        self.cursor.expect(b')', "`)` after the negated expression")?;
        Ok(Expr::Not(Box::new(inner)))
    }

    fn fields(&mut self) -> Result<Vec<Signed>, ParseError> {
        let mut fields = Vec::new();
        if self.cursor.take(b')') {
            return Ok(fields);
        }
        loop {
            let sign = if self.cursor.take(b'-') {
                Sign::Minus
            } else if self.cursor.take(b'+') {
                Sign::Plus
            } else {
                Sign::None
            };
            fields.push(Signed { sign, property: self.property()? });
            if !self.cursor.take(b',') {
                break;
            }
        }
        self.cursor.expect(b')', "`,` or `)` after a property")?;
        Ok(fields)
    }

    fn property(&mut self) -> Result<Property, ParseError> {
        let start = self.cursor.position();
        let name = self.cursor.run(|c| c.is_ascii_alphabetic(), continues_name);
        self.property_of(start, name)
    }

    fn property_of(&self, start: usize, name: &str) -> Result<Property, ParseError> {
        Property::new(name)
            .map_err(|_| self.cursor.error_at(start, "a property, which starts with a letter a-z or A-Z"))
    }

    fn value(&mut self) -> Result<Value, ParseError> {
        for quote in [b'"', b'\''] {
            if self.cursor.take(quote) {
                return match self.cursor.until(quote) {
                    Some(text) => Ok(Value::Text(text.into())),
                    None => Err(self.cursor.run_out("the closing quote")),
                };
            }
        }
        let start = self.cursor.position();
        let text = self.cursor.run(starts_plain, continues_plain);
        match (text, self.cursor.peek()) {
            ("null", Some(b'(')) => self.constant(Value::Null),
            ("empty", Some(b'(')) => self.constant(Value::Empty),
            ("t", Some(b'(')) => self.tuple(),
            ("t", _) if self.strict => {
                Err(self.cursor.error("`(` (a bare `t` opens a tuple; the text is \"t\")"))
            }
            ("", None | Some(b')' | b',' | b'&')) if !self.strict => Ok(Value::Text(String::new())),
            ("", _) => Err(self.cursor.error_at(start, "a value; most punctuation needs quotes")),
            _ => Ok(Value::Text(text.into())),
        }
    }

    fn constant(&mut self, value: Value) -> Result<Value, ParseError> {
        if self.cursor.take_text("()") { Ok(value) } else { Err(self.cursor.error("`()`")) }
    }

    fn tuple(&mut self) -> Result<Value, ParseError> {
        self.cursor.take(b'(');
        let mut tests = Vec::new();
        loop {
            let start = self.cursor.position();
            let test = match self.cursor.peek() {
                Some(b'(') => return Err(self.cursor.error("a comparison inside `t`")),
                _ => self.single()?,
            };
            if !matches!(test, Expr::Test { .. }) {
                return Err(self.cursor.error_at(start, "a comparison inside `t`"));
            }
            tests.push(test);
            if !self.cursor.take(b',') {
                break;
            }
        }
        self.cursor.expect(b')', "`,` or `)` after a comparison")?;
        Ok(Value::Tuple(tests))
    }
}

fn starts_plain(c: char) -> bool {
    is_word(c) || matches!(c, '-' | '*' | '+' | '\\')
}

fn continues_plain(c: char) -> bool {
    is_word(c) || c.is_whitespace() || matches!(c, '.' | '-' | ':' | '+' | '@' | '*' | '\\')
}
