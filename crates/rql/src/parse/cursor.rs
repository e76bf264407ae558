//! A position in the text.

use crate::error::ParseError;

/// Reads the text from left to right. Positions are byte offsets on character boundaries.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    /// Steps over `byte` (ASCII) if it stands here.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        if here {
            self.position += 1;
        }
        here
    }

    pub(super) fn take_text(&mut self, text: &str) -> bool {
        let here = self.rest().starts_with(text);
        if here {
            self.position += text.len();
        }
        here
    }

    /// Steps over `word=` if it stands here.
    pub(super) fn take_infix(&mut self, word: &str) -> bool {
        let here = self.rest().strip_prefix(word).is_some_and(|rest| rest.starts_with('='));
        if here {
            self.position += word.len() + 1;
        }
        here
    }

    pub(super) fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), ParseError> {
        if self.take(byte) { Ok(()) } else { Err(self.error(expected)) }
    }

    /// The longest run whose first character satisfies `first` and the others `rest`; may be empty.
    pub(super) fn run(&mut self, first: fn(char) -> bool, rest: fn(char) -> bool) -> &'a str {
        let text = self.rest();
        let mut chars = text.char_indices();
        let length = match chars.next() {
            Some((_, c)) if first(c) => chars.find(|(_, c)| !rest(*c)).map_or(text.len(), |(at, _)| at),
            _ => 0,
        };
        self.position += length;
        &text[..length]
    }

    /// Everything up to `end` (ASCII), which is stepped over; `None` if it does not come.
    pub(super) fn until(&mut self, end: u8) -> Option<&'a str> {
        let text = self.rest();
        let length = text.as_bytes().iter().position(|byte| *byte == end)?;
        self.position += length + 1;
        Some(&text[..length])
    }

    pub(super) fn error(&self, expected: &'static str) -> ParseError {
        self.error_at(self.position, expected)
    }

    pub(super) fn error_at(&self, position: usize, expected: &'static str) -> ParseError {
        ParseError { position, expected, found: self.text[position..].chars().next() }
    }

    pub(super) fn run_out(&mut self, expected: &'static str) -> ParseError {
        self.position = self.text.len();
        self.error(expected)
    }
}
