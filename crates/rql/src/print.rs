//! From the tree to the text: one way to write each tree, quotes only where they are needed.

use crate::error::BuildError;
use crate::expr::{Expr, Sign, Signed, is_word};
use crate::value::Value;

impl Expr {
    /// Writes the expression as RQL. Reading that text gives the same tree.
    ///
    /// Values are quoted where the grammar needs it: a value stays as it is if it consists of the characters that are
    /// allowed bare and is not the word `t`; else it stands in `"`, or in `'` if it contains `"` (reference 14.2).
    ///
    /// [`Expr::Everything`] is the empty text and has no place inside a combination: it is left out there, which is
    /// what it means.
    ///
    /// # Errors
    /// [`BuildError::Quotes`] for a value with both kinds of quotes.
    ///
    /// # Example
    /// ```
    /// let expr = pentad_rql::parse("(name=it's|size=gt=5)").unwrap_err();
    /// assert_eq!(expr.to_string(), "bad RQL at byte 8: expected `,`, `|`, `;`, `&` or `)`, found '\\''");
    /// let expr = pentad_rql::parse(r#"(name="it's"|size=gt=5)"#).unwrap();
    /// assert_eq!(expr.to_rql().unwrap(), r#"or(eq(name,"it's"),gt(size,5))"#);
    /// ```
    pub fn to_rql(&self) -> Result<String, BuildError> {
        let mut out = String::with_capacity(64);
        write_expr(&mut out, self)?;
        Ok(out)
    }
}

pub(crate) fn write_expr(out: &mut String, expr: &Expr) -> Result<(), BuildError> {
    match expr {
        Expr::Everything => {}
        Expr::Test { property, operator, value } => {
            open(out, operator.as_str(), property.as_str());
            write_value(out, value)?;
            out.push(')');
        }
        Expr::Member { property, operator, values } => {
            open(out, operator.as_str(), property.as_str());
            out.push('(');
            for (i, value) in values.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_value(out, value)?;
            }
            out.push_str("))");
        }
        Expr::And(terms) => write_call(out, "and(", terms)?,
        Expr::Or(terms) => write_call(out, "or(", terms)?,
        Expr::Not(term) if matches!(**term, Expr::Everything) => {}
        Expr::Not(term) => {
            out.push_str("not(");
            write_expr(out, term)?;
            out.push(')');
        }
        Expr::Ordering(fields) => write_fields(out, "ordering(", fields),
        Expr::Select(fields) => write_fields(out, "select(", fields),
    }
    Ok(())
}

fn open(out: &mut String, word: &str, property: &str) {
    out.push_str(word);
    out.push('(');
    out.push_str(property);
    out.push(',');
}

fn write_call(out: &mut String, head: &str, terms: &[Expr]) -> Result<(), BuildError> {
    out.push_str(head);
    let start = out.len();
    for term in terms {
        let before = out.len();
        if before > start {
            out.push(',');
        }
        let text = out.len();
        write_expr(out, term)?;
        if out.len() == text {
            out.truncate(before);
        }
    }
    out.push(')');
    Ok(())
}

fn write_fields(out: &mut String, head: &str, fields: &[Signed]) {
    out.push_str(head);
    for (i, field) in fields.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        match field.sign {
            Sign::None => {}
            Sign::Plus => out.push('+'),
            Sign::Minus => out.push('-'),
        }
        out.push_str(field.property.as_str());
    }
    out.push(')');
}

fn write_value(out: &mut String, value: &Value) -> Result<(), BuildError> {
    match value {
        Value::Null => out.push_str("null()"),
        Value::Empty => out.push_str("empty()"),
        Value::Text(text) => write_text(out, text)?,
        Value::Tuple(tests) => write_call(out, "t(", tests)?,
    }
    Ok(())
}

fn write_text(out: &mut String, text: &str) -> Result<(), BuildError> {
    let quote = if stands_bare(text) {
        out.push_str(text);
        return Ok(());
    } else if !text.contains('"') {
        '"'
    } else if !text.contains('\'') {
        '\''
    } else {
        return Err(BuildError::Quotes(text.into()));
    };
    out.push(quote);
    out.push_str(text);
    out.push(quote);
    Ok(())
}

/// Whether a value is read back as itself without quotes, by our parser and by every server's.
///
/// Servers take "letters" from Unicode tables of different age and kind (ours counts combining vowels in, others do
/// not). Quotes are never wrong, so outside ASCII only the alphabets on which all agree stay bare.
fn stands_bare(text: &str) -> bool {
    if let [first, rest @ ..] = text.as_bytes()
        && text.is_ascii()
    {
        // The common case, without looking for letters elsewhere.
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        return (word(*first) || matches!(first, b'-' | b'*' | b'+' | b'\\'))
            && text != "t"
            && rest.iter().all(|byte| {
                word(*byte) || matches!(byte, b'.' | b' ' | b'-' | b':' | b'+' | b'@' | b'*' | b'\\')
            });
    }
    let mut chars = text.chars();
    let first = chars.next().is_some_and(|c| bare_word(c) || matches!(c, '-' | '*' | '+' | '\\'));
    first
        && text != "t"
        && chars.all(|c| bare_word(c) || matches!(c, '.' | ' ' | '-' | ':' | '+' | '@' | '*' | '\\'))
}

fn bare_word(c: char) -> bool {
    match c {
        '\0'..='\x7f' => is_word(c),
        '\u{c0}'..='\u{24f}' | '\u{386}'..='\u{3ff}' | '\u{400}'..='\u{481}' | '\u{48a}'..='\u{52f}' => {
            c.is_alphabetic()
        }
        _ => false,
    }
}
