//! Words of the rule language.

use serde_json::{Number, Value};

use crate::ivcap::words::Word;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// Begins with a capital letter or `_`.
    Variable(String),
    /// Begins with a small letter.
    Name(String),
    /// `/name`
    Constant(String),
    /// `:name` or `fn:name`
    Function(String),
    Value(Value),
    Sign(&'static str),
}

impl Word for Token {
    fn sign(&self) -> Option<&str> {
        match self {
            Self::Sign(sign) => Some(sign),
            _ => None,
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Variable(text) | Self::Name(text) | Self::Constant(text) | Self::Function(text) => {
                text.clone()
            }
            Self::Value(value) => value.to_string(),
            Self::Sign(sign) => (*sign).to_owned(),
        }
    }
}

/// Signs; longer ones first.
const SIGNS: [&str; 21] = [
    ":-", "<-", "⟸", "|>", "!=", "<=", ">=", "(", ")", ",", ".", "?", "!", "=", "<", ">", "[", "]", "{", "}",
    ":",
];

/// Cuts a program into words. `#` begins a comment.
pub(super) fn words(text: &str) -> Result<Vec<Token>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, left) = match first {
            '#' => {
                rest = rest.split_once('\n').map_or("", |(_, after)| after).trim_start();
                continue;
            }
            '"' | '\'' | '`' => string(rest, first)?,
            '-' | '0'..='9' => number(rest)?,
            '/' => {
                let (name, left) =
                    take(&rest[1..], |letter| letter.is_alphanumeric() || "._-/~%".contains(letter));
                (Token::Constant(format!("/{name}")), left)
            }
            ':' if rest[1..].starts_with(|letter: char| letter.is_ascii_lowercase()) => {
                let (name, left) =
                    take(&rest[1..], |letter| letter.is_alphanumeric() || "_:".contains(letter));
                (Token::Function(format!(":{name}")), left)
            }
            letter if letter == '_' || letter.is_alphabetic() => name(rest, letter),
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => (Token::Sign(sign), &rest[sign.len()..]),
                None => return Err(format!("\"{first}\" is not part of the language")),
            },
        };
        words.push(word);
        rest = left.trim_start();
    }
    Ok(words)
}

fn name(text: &str, first: char) -> (Token, &str) {
    let (word, left) = take(text, |letter| letter.is_alphanumeric() || letter == '_');
    if word == "fn" && left.starts_with(':') {
        let (function, left) = take(left, |letter| letter.is_alphanumeric() || "_:".contains(letter));
        return (Token::Function(format!("fn{function}")), left);
    }
    let word = word.to_owned();
    if first == '_' || first.is_uppercase() {
        (Token::Variable(word), left)
    } else {
        (Token::Name(word), left)
    }
}

fn take(text: &str, keep: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|letter| !keep(letter)).unwrap_or(text.len()))
}

fn number(text: &str) -> Result<(Token, &str), String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.bytes().take_while(u8::is_ascii_digit).count();
    let mut end = text.len() - digits.len() + whole;
    // A point belongs to the number only with digits behind it: else it ends the rule.
    let fraction =
        text[end..].strip_prefix('.').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    if fraction > 0 {
        end += 1 + fraction;
    }
    let (number, left) = text.split_at(end);
    let value = number.parse::<i64>().ok().map(Number::from);
    let value = value.or_else(|| number.parse().ok().and_then(Number::from_f64));
    let value = value.ok_or_else(|| format!("\"{number}\" is no number"))?;
    Ok((Token::Value(Value::Number(value)), left))
}

fn string(text: &str, quote: char) -> Result<(Token, &str), String> {
    let mut found = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            letter if letter == quote => return Ok((Token::Value(Value::String(found)), &text[at + 1..])),
            '\\' => match letters.next() {
                Some((_, 'n')) => found.push('\n'),
                Some((_, 't')) => found.push('\t'),
                Some((_, other)) if !other.is_alphanumeric() => found.push(other),
                Some((_, other)) => return Err(format!("the escape \"\\{other}\" is not supported")),
                None => break,
            },
            letter => found.push(letter),
        }
    }
    Err(format!("a text that begins with {quote} does not end"))
}
