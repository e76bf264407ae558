//! Words of a JSON path.

use serde_json::{Number, Value};

use crate::ivcap::words::Word;

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A sign or an operator.
    Sign(&'static str),
    /// A name without quotes.
    Name(String),
    Text(String),
    Number(Number),
}

/// Signs of the language; longer ones first.
const SIGNS: [&str; 27] = [
    "**", "&&", "||", "==", "!=", "<>", "<=", ">=", "$", "@", ".", "[", "]", "(", ")", "{", "}", "?", "!",
    "<", ">", "*", ",", "-", "+", "/", "%",
];
/// Letters that end a name.
const ENDS: &str = "?%$.[]{}()|&!=<>@#,*:-+/\\\"";

/// Cuts a path into words.
///
/// # Errors
/// What cannot be one, and where.
pub(super) fn words(text: &str) -> Result<Vec<Token>, String> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
        let Some(first) = rest.chars().next() else { return Ok(words) };
        let (word, left) = if first == '"' {
            string(rest)?
        } else if first.is_ascii_digit()
            || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()))
        {
            number(rest)?
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Token::Sign(sign), &rest[sign.len()..])
        } else if ENDS.contains(first) {
            return Err(format!("\"{first}\" is not supported"));
        } else {
            let end = rest.find(|letter: char| letter.is_whitespace() || ENDS.contains(letter));
            let (name, left) = rest.split_at(end.unwrap_or(rest.len()));
            if name.is_empty() {
                return Err(format!("{first:?} is not supported"));
            }
            if left.starts_with('\\') {
                return Err("escapes in names without quotes are not supported".to_owned());
            }
            (Token::Name(name.to_owned()), left)
        };
        words.push(word);
        rest = left;
    }
}

fn number(text: &str) -> Result<(Token, &str), String> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut end = digits(text);
    let fraction = text[end..].starts_with('.');
    if fraction {
        end += 1;
        end += digits(&text[end..]);
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let exponent = digits(&text[end + 1 + sign..]);
        if exponent == 0 {
            return Err(format!("\"{text}\" does not begin with a number"));
        }
        end += 1 + sign + exponent;
    }
    let (number, rest) = text.split_at(end);
    if rest.starts_with(|letter: char| !letter.is_whitespace() && !ENDS.contains(letter)) {
        return Err(format!("letters follow the number {number}"));
    }
    let whole =
        number.parse::<i64>().ok().map(Number::from).or_else(|| number.parse::<u64>().ok().map(Number::from));
    let value = whole.or_else(|| number.parse().ok().and_then(Number::from_f64));
    let value = value.ok_or_else(|| format!("the number {number} is too large"))?;
    Ok((Token::Number(value), rest))
}

/// A text in double quotes, with the escapes of JavaScript.
fn string(text: &str) -> Result<(Token, &str), String> {
    let mut found = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((Token::Text(found), &text[at + 1..])),
            '\\' => {
                let (letter, used) = escape(&text[at + 1..])?;
                found.push(letter);
                let end = at + 1 + used;
                letters = text.char_indices().skip(text[..end].chars().count());
            }
            letter => found.push(letter),
        }
    }
    Err("a text that begins with \" does not end".to_owned())
}

/// The letter that an escape stands for, and how many bytes it takes.
fn escape(text: &str) -> Result<(char, usize), String> {
    let Some(kind) = text.chars().next() else { return Err("an escape does not end".to_owned()) };
    let plain = |letter| Ok((letter, 1));
    match kind {
        'b' => plain('\u{8}'),
        'f' => plain('\u{c}'),
        'n' => plain('\n'),
        'r' => plain('\r'),
        't' => plain('\t'),
        'v' => plain('\u{b}'),
        'x' | 'u' => unicode(text),
        other => Ok((other, other.len_utf8())),
    }
}

fn unicode(text: &str) -> Result<(char, usize), String> {
    let wrong = || "an escape names no letter".to_owned();
    let hex = |digits: Option<&str>| {
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or_else(wrong)
    };
    if let Some(rest) = text.strip_prefix("u{") {
        let (digits, _) = rest.split_once('}').ok_or_else(wrong)?;
        if digits.is_empty() || digits.len() > 6 {
            return Err(wrong());
        }
        let letter = char::from_u32(hex(Some(digits))?).filter(|letter| *letter != '\0').ok_or_else(wrong)?;
        return Ok((letter, digits.len() + 3));
    }
    let length = if text.starts_with('x') { 2 } else { 4 };
    let first = hex(text.get(1..=length))?;
    let (code, used) = if (0xd800..0xdc00).contains(&first) {
        let second = text[length + 1..].strip_prefix("\\u").ok_or_else(wrong)?;
        let second =
            hex(second.get(..4)).ok().filter(|low| (0xdc00..0xe000).contains(low)).ok_or_else(wrong)?;
        (0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), length + 7)
    } else {
        (first, length + 1)
    };
    let letter = char::from_u32(code).filter(|letter| *letter != '\0').ok_or_else(wrong)?;
    Ok((letter, used))
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
            Self::Sign(sign) => (*sign).to_owned(),
            Self::Name(name) => name.clone(),
            Self::Text(text) => Value::from(text.as_str()).to_string(),
            Self::Number(number) => number.to_string(),
        }
    }
}
