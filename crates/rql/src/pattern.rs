//! Patterns of `like` and `ilike`.

/// A pattern with stars, read once.
///
/// `*` is any text, also none; `\*` is a star, `\\` a backslash, any other backslash itself. A pattern without a star
/// matches only the whole text.
///
/// ```
/// use pentad_rql::Pattern;
/// let pattern = Pattern::new("a*\\*", false).unwrap();
/// assert!(pattern.matches("abc*"));
/// assert!(!pattern.matches("abc"));
/// assert!(Pattern::new("É*", true).unwrap().matches("école"));
/// assert!(Pattern::new("a**", false).is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    pieces: Vec<Piece>,
    fold: bool,
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// This text; already in lower case if the pattern ignores case.
    Text(String),
    /// Any text.
    Any,
}

impl Pattern {
    /// Reads a pattern; with `fold` it ignores case. `None` for two stars in a row, which the service refuses.
    pub fn new(text: &str, fold: bool) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '*' if chars.peek() == Some(&'*') => return None,
                '*' => {
                    push_text(&mut pieces, &mut literal, fold);
                    pieces.push(Piece::Any);
                }
                '\\' => literal.push(chars.next_if(|next| matches!(next, '*' | '\\')).unwrap_or('\\')),
                c => literal.push(c),
            }
        }
        push_text(&mut pieces, &mut literal, fold);
        Some(Self { pieces, fold })
    }

    /// The pattern that finds `text` anywhere whatever the case, for `search`: stars are added where they are missing at
    /// the ends.
    pub fn search(text: &str) -> Option<Self> {
        let mut pattern = Self::new(text, true)?;
        if pattern.pieces.first() != Some(&Piece::Any) {
            pattern.pieces.insert(0, Piece::Any);
        }
        if pattern.pieces.len() > 1 && pattern.pieces.last() != Some(&Piece::Any) {
            pattern.pieces.push(Piece::Any);
        }
        Some(pattern)
    }

    /// The parts in order. Two texts never follow each other, nor do two stars.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Whether case is ignored: then the other side goes through [`fold`] before it is compared.
    pub fn ignores_case(&self) -> bool {
        self.fold
    }

    /// Whether `text` as a whole matches.
    pub fn matches(&self, text: &str) -> bool {
        if self.fold { self.fits(&fold(text)) } else { self.fits(text) }
    }

    fn fits(&self, mut text: &str) -> bool {
        let mut pieces = self.pieces.as_slice();
        if let [Piece::Text(start), rest @ ..] = pieces {
            let Some(left) = text.strip_prefix(start.as_str()) else { return false };
            (text, pieces) = (left, rest);
        }
        if pieces.is_empty() {
            return text.is_empty();
        }
        if let [rest @ .., Piece::Text(end)] = pieces {
            let Some(left) = text.strip_suffix(end.as_str()) else { return false };
            (text, pieces) = (left, rest);
        }
        // Between stars the first place that fits is as good as any.
        for piece in pieces {
            if let Piece::Text(part) = piece {
                let Some(at) = text.find(part.as_str()) else { return false };
                text = &text[at + part.len()..];
            }
        }
        true
    }
}

fn push_text(pieces: &mut Vec<Piece>, literal: &mut String, ignore_case: bool) {
    if !literal.is_empty() {
        let text = std::mem::take(literal);
        pieces.push(Piece::Text(if ignore_case { fold(&text) } else { text }));
    }
}

/// Lower case, letter by letter: a letter whose lower case is one letter becomes it, any other stays.
///
/// The rule by which `ilike` and `search` ignore case. It needs no context and no language, so a store can apply the same
/// one (or keep the result).
pub fn fold(text: &str) -> String {
    text.chars()
        .map(|c| {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(one), None) => one,
                _ => c,
            }
        })
        .collect()
}

/// Writes a text so that a pattern takes it literally: `*` and `\` get a backslash.
///
/// ```
/// use pentad_rql::{escape, field};
/// let starts = field("name").like(format!("{}*", escape("2*3")));
/// assert_eq!(starts.to_rql()?, "like(name,2\\*3*)");
/// # Ok::<(), pentad_rql::BuildError>(())
/// ```
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
