//! What the languages of lists and searches have in common: words that are read one after the other, and signs that compare.

use std::cmp::Ordering;

use serde_json::Number;

/// One word of a language.
pub(crate) trait Word {
    /// The sign that it is, if it is one.
    fn sign(&self) -> Option<&str>;

    /// The word as messages show it.
    fn shown(&self) -> String;
}

/// Words that are read one after the other.
#[derive(Debug)]
pub(crate) struct Words<'w, T> {
    pub(crate) words: &'w [T],
    /// How many were read.
    pub(crate) at: usize,
}

impl<'w, T: Word> Words<'w, T> {
    pub(crate) fn new(words: &'w [T]) -> Self {
        Self { words, at: 0 }
    }

    /// The next word, which stays.
    pub(crate) fn peek(&self) -> Option<&'w T> {
        self.words.get(self.at)
    }

    /// Reads a word.
    pub(crate) fn next(&mut self) -> Option<&'w T> {
        let word = self.peek();
        self.at += 1;
        word
    }

    /// Reads this sign, if it comes next.
    pub(crate) fn sign(&mut self, sign: &str) -> bool {
        let found = self.peek().and_then(T::sign) == Some(sign);
        self.at += usize::from(found);
        found
    }

    /// Reads this sign, or says what stands in its place.
    pub(crate) fn need(&mut self, sign: &str) -> Result<(), String> {
        if self.sign(sign) { Ok(()) } else { Err(format!("expected \"{sign}\", not {}", self.shown())) }
    }

    /// The next word as messages show it.
    pub(crate) fn shown(&self) -> String {
        self.peek().map_or_else(|| "the end".to_owned(), |word| format!("\"{}\"", word.shown()))
    }
}

/// A sign that compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    Equal,
    Differs,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Sign {
    /// Whether two values that stand in this order are compared rightly by it.
    pub(crate) fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Differs => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

/// The order of two numbers; whole ones are compared exactly.
pub(crate) fn order(one: &Number, other: &Number) -> Option<Ordering> {
    let whole = |number: &Number| number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => one.as_f64()?.partial_cmp(&other.as_f64()?),
    }
}
