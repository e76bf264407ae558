//! From words to a path.

use serde_json::{Number, Value};

use super::lex::{Token, words};
use super::{Condition, Operand, Path, Step, pattern};
use crate::ivcap::words::{Sign, Word, Words};

/// Bytes of a path.
const LONGEST: usize = 8192;
/// How deep conditions and filters may be nested.
const DEEPEST: usize = 48;

const COMPARISONS: [(&str, Sign); 7] = [
    ("==", Sign::Equal),
    ("!=", Sign::Differs),
    ("<>", Sign::Differs),
    ("<=", Sign::AtMost),
    (">=", Sign::AtLeast),
    ("<", Sign::Less),
    (">", Sign::More),
];

pub(super) fn parse(text: &str) -> Result<Path, String> {
    if text.len() > LONGEST {
        return Err(format!("a JSON path may have at most {LONGEST} bytes"));
    }
    let words = words(text)?;
    let mut parser = Parser::new(&words);
    if !parser.sign("$") {
        return Err(format!("a JSON path begins with $, not with {}", parser.shown()));
    }
    let steps = parser.steps(0)?;
    match parser.peek() {
        None => Ok(Path { steps }),
        Some(word) => Err(format!("\"{}\" is not supported after a path", word.shown())),
    }
}

type Parser<'w> = Words<'w, Token>;

impl Parser<'_> {
    fn name(&mut self, name: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Name(found)) if found.eq_ignore_ascii_case(name));
        self.at += usize::from(found);
        found
    }

    fn steps(&mut self, depth: usize) -> Result<Vec<Step>, String> {
        let mut steps = Vec::new();
        loop {
            if self.sign(".") {
                steps.push(self.member()?);
            } else if self.sign("[") {
                steps.push(self.element()?);
            } else if self.sign("?") {
                self.need("(")?;
                let condition = self.either(depth + 1)?;
                self.need(")")?;
                steps.push(Step::Filter(condition));
            } else {
                return Ok(steps);
            }
        }
    }

    fn member(&mut self) -> Result<Step, String> {
        let step = match self.next() {
            Some(Token::Sign("*")) => return Ok(Step::AnyKey),
            Some(Token::Sign("**")) => return Err("\".**\" is not supported".to_owned()),
            Some(Token::Text(key)) => return Ok(Step::Key(key.clone())),
            Some(Token::Name(key)) => Step::Key(key.clone()),
            _ => {
                self.at -= 1;
                return Err(format!("expected a key after \".\", not {}", self.shown()));
            }
        };
        // Methods look like keys with parentheses.
        match (&step, self.peek()) {
            (Step::Key(key), Some(Token::Sign("("))) => {
                Err(format!("the method \".{key}()\" is not supported"))
            }
            _ => Ok(step),
        }
    }

    fn element(&mut self) -> Result<Step, String> {
        let step = match self.next() {
            Some(Token::Sign("*")) => Step::AnyElement,
            Some(Token::Number(number)) => match number.as_u64().and_then(|n| usize::try_from(n).ok()) {
                Some(index) if index <= 0x7fff_ffff => Step::Element(index),
                _ => return Err(format!("an index must be a whole number, not {number}")),
            },
            other => {
                let shown = other.map_or_else(|| "the end".to_owned(), Token::shown);
                return Err(format!("\"{shown}\" is not supported as an index"));
            }
        };
        if !self.sign("]") {
            return Err(format!("{} is not supported in an index", self.shown()));
        }
        Ok(step)
    }

    fn either(&mut self, depth: usize) -> Result<Condition, String> {
        let mut left = self.both(depth)?;
        while self.sign("||") {
            left = Condition::Or(Box::new(left), Box::new(self.both(depth)?));
        }
        Ok(left)
    }

    fn both(&mut self, depth: usize) -> Result<Condition, String> {
        let mut left = self.condition(depth)?;
        while self.sign("&&") {
            left = Condition::And(Box::new(left), Box::new(self.condition(depth)?));
        }
        Ok(left)
    }

    fn condition(&mut self, depth: usize) -> Result<Condition, String> {
        if depth > DEEPEST {
            return Err(format!("nested more than {DEEPEST} deep"));
        }
        if self.sign("!") {
            return self.delimited(depth + 1)?.map(|inner| Condition::Not(Box::new(inner))).ok_or_else(
                || format!("\"!\" needs a condition in parentheses or exists, not {}", self.shown()),
            );
        }
        if let Some(condition) = self.delimited(depth + 1)? {
            return Ok(condition);
        }
        self.test(depth)
    }

    /// A condition in parentheses, or `exists`.
    fn delimited(&mut self, depth: usize) -> Result<Option<Condition>, String> {
        if self.sign("(") {
            let inner = self.either(depth)?;
            self.need(")")?;
            if self.name("is") {
                return Err("\"is unknown\" is not supported".to_owned());
            }
            return Ok(Some(inner));
        }
        if self.name("exists") {
            self.need("(")?;
            let operand = self.operand(depth)?;
            self.need(")")?;
            return Ok(Some(Condition::Exists(operand)));
        }
        Ok(None)
    }

    fn test(&mut self, depth: usize) -> Result<Condition, String> {
        let left = self.operand(depth)?;
        if self.name("starts") {
            if !self.name("with") {
                return Err(format!("expected \"with\" after \"starts\", not {}", self.shown()));
            }
            return match self.next() {
                Some(Token::Text(start)) => Ok(Condition::StartsWith(left, start.clone())),
                _ => Err("\"starts with\" needs a text".to_owned()),
            };
        }
        if self.name("like_regex") {
            let Some(Token::Text(text)) = self.next() else {
                return Err("\"like_regex\" needs a text".to_owned());
            };
            let flags = if self.name("flag") { self.flags()? } else { false };
            return Ok(Condition::Matches(left, pattern::compile(text, flags)?));
        }
        for (text, sign) in COMPARISONS {
            if self.sign(text) {
                let right = self.operand(depth)?;
                return Ok(Condition::Compare(left, sign, right));
            }
        }
        Err(format!("expected a comparison, not {}", self.shown()))
    }

    /// Whether case does not count.
    fn flags(&mut self) -> Result<bool, String> {
        match self.next() {
            Some(Token::Text(flags)) if flags.chars().all(|flag| flag == 'i') => Ok(!flags.is_empty()),
            Some(Token::Text(flags)) => Err(format!("of the flags \"{flags}\" only \"i\" is supported")),
            _ => Err("\"flag\" needs a text".to_owned()),
        }
    }

    fn operand(&mut self, depth: usize) -> Result<Operand, String> {
        if depth > DEEPEST {
            return Err(format!("nested more than {DEEPEST} deep"));
        }
        let word = self.next();
        let operand = match word {
            Some(Token::Sign("$")) => {
                if let Some(Token::Name(name)) = self.peek() {
                    return Err(format!("the variable \"${name}\" is not supported"));
                }
                return Ok(Operand::Root(self.steps(depth)?));
            }
            Some(Token::Sign("@")) => return Ok(Operand::Current(self.steps(depth)?)),
            Some(Token::Text(text)) => Value::from(text.as_str()),
            Some(Token::Number(number)) => Value::Number(number.clone()),
            Some(Token::Sign(sign @ ("-" | "+"))) => self.signed(sign)?,
            Some(Token::Name(name)) if name == "true" => Value::Bool(true),
            Some(Token::Name(name)) if name == "false" => Value::Bool(false),
            Some(Token::Name(name)) if name == "null" => Value::Null,
            other => {
                let shown = other.map_or_else(|| "the end".to_owned(), Token::shown);
                return Err(format!("\"{shown}\" is not supported as a value"));
            }
        };
        Ok(Operand::Scalar(operand))
    }

    fn signed(&mut self, sign: &str) -> Result<Value, String> {
        let Some(Token::Number(number)) = self.next() else {
            return Err("arithmetic is not supported".to_owned());
        };
        if sign == "+" {
            return Ok(Value::Number(number.clone()));
        }
        let whole = number.as_i64().and_then(i64::checked_neg).map(Number::from);
        let negative = whole.or_else(|| number.as_f64().and_then(|number| Number::from_f64(-number)));
        negative.map(Value::Number).ok_or_else(|| format!("the number -{number} is too large"))
    }
}
