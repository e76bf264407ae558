//! A document as one block of bytes: the same in memory and in the cache, read in place.
//!
//! Every value lies behind the values it is made of, so a reader that only follows smaller offsets always ends, whatever
//! the block contains. Equal strings are stored once; an alias is an offset, not a copy.

use std::collections::HashMap;
use std::fmt;

use serde_json::{Map, Number, Value};

use crate::error::{Error, ErrorKind, Result};

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const SIGNED: u8 = 3;
const UNSIGNED: u8 = 4;
const FLOAT: u8 = 5;
const STRING: u8 = 6;
const ARRAY: u8 = 7;
const OBJECT: u8 = 8;

/// Offset of the one null of every block; what a broken offset leads to.
pub(crate) const NOTHING: u32 = 0;
/// No value lies deeper than this.
pub(crate) const DEPTH: usize = 128;
/// No value is rendered with more parts than this.
const EXPANDED: usize = 4_000_000;

/// What is refused, whoever sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest source, in bytes.
    pub bytes: usize,
    /// The most values that a document may have, aliases expanded.
    pub values: usize,
}

impl Default for Limits {
    /// 64 MiB and four million values: about twenty times the service's published document.
    fn default() -> Self {
        Self { bytes: 64 << 20, values: 4_000_000 }
    }
}

#[derive(Clone)]
pub(crate) struct Tree {
    pub(crate) data: Vec<u8>,
    pub(crate) root: u32,
}

impl Tree {
    pub(crate) fn root(&self) -> Node<'_> {
        Node { tree: self, at: self.root }
    }

    pub(crate) fn node(&self, at: u32) -> Node<'_> {
        Node { tree: self, at }
    }

    fn word(&self, at: usize) -> u32 {
        let bytes = self.data.get(at..at.saturating_add(4)).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u32::from_le_bytes)
    }

    fn long(&self, at: usize) -> [u8; 8] {
        self.data.get(at..at.saturating_add(8)).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default()
    }

    /// The bytes of the string at the offset; none if there is no string.
    fn bytes(&self, at: u32) -> Option<&[u8]> {
        let at = at as usize;
        if self.data.get(at) != Some(&STRING) {
            return None;
        }
        let length = self.word(at + 1) as usize;
        self.data.get(at + 5..(at + 5).checked_add(length)?)
    }

    fn text(&self, at: u32) -> Option<&str> {
        std::str::from_utf8(self.bytes(at)?).ok()
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Tree({} bytes)", self.data.len())
    }
}

/// Writes a block, parts before wholes.
#[derive(Debug)]
pub(crate) struct Builder {
    data: Vec<u8>,
    strings: HashMap<Box<str>, u32>,
    values: usize,
    limits: Limits,
}

impl Builder {
    pub(crate) fn new(limits: Limits, source: usize) -> Self {
        let mut data = Vec::with_capacity(source.min(limits.bytes));
        data.extend([NULL, FALSE, TRUE]);
        Self { data, strings: HashMap::new(), values: 0, limits }
    }

    /// Counts values, those behind an alias too.
    pub(crate) fn count(&mut self, values: usize) -> Result<()> {
        self.values = self.values.saturating_add(values);
        if self.values > self.limits.values {
            let text = format!("the document has more than {} values, aliases expanded", self.limits.values);
            return Err(Error::new(ErrorKind::TooLarge, text)
                .hint("raise `Limits::values` if the source is trusted; nested aliases multiply"));
        }
        Ok(())
    }

    fn offset(&self) -> Result<u32> {
        u32::try_from(self.data.len())
            .map_err(|_| Error::new(ErrorKind::TooLarge, "the document takes more than 4 GiB"))
    }

    pub(crate) fn null(&self) -> u32 {
        NOTHING
    }

    pub(crate) fn bool(&self, value: bool) -> u32 {
        if value { 2 } else { 1 }
    }

    pub(crate) fn signed(&mut self, value: i64) -> Result<u32> {
        self.number(SIGNED, value.to_le_bytes())
    }

    pub(crate) fn unsigned(&mut self, value: u64) -> Result<u32> {
        match i64::try_from(value) {
            Ok(value) => self.signed(value),
            Err(_) => self.number(UNSIGNED, value.to_le_bytes()),
        }
    }

    pub(crate) fn float(&mut self, value: f64) -> Result<u32> {
        self.number(FLOAT, value.to_le_bytes())
    }

    fn number(&mut self, tag: u8, bytes: [u8; 8]) -> Result<u32> {
        let at = self.offset()?;
        self.data.push(tag);
        self.data.extend(bytes);
        Ok(at)
    }

    pub(crate) fn string(&mut self, text: &str) -> Result<u32> {
        if let Some(at) = self.strings.get(text) {
            return Ok(*at);
        }
        let at = self.offset()?;
        self.data.push(STRING);
        self.words(&[u32::try_from(text.len()).unwrap_or(u32::MAX)]);
        self.data.extend(text.as_bytes());
        self.strings.insert(text.into(), at);
        Ok(at)
    }

    pub(crate) fn array(&mut self, line: usize, items: &[u32]) -> Result<u32> {
        let at = self.offset()?;
        self.data.push(ARRAY);
        self.words(&[u32::try_from(line).unwrap_or(0), u32::try_from(items.len()).unwrap_or(0)]);
        self.words(items);
        Ok(at)
    }

    /// Keys and values in turns. Of equal keys the last one counts, at the place of the first.
    pub(crate) fn object(&mut self, line: usize, entries: &[u32]) -> Result<u32> {
        let single;
        let entries = match without_repeats(entries) {
            Some(fewer) => {
                single = fewer;
                single.as_slice()
            }
            None => entries,
        };
        let at = self.offset()?;
        self.data.push(OBJECT);
        self.words(&[u32::try_from(line).unwrap_or(0), u32::try_from(entries.len() / 2).unwrap_or(0)]);
        self.words(entries);
        Ok(at)
    }

    fn words(&mut self, words: &[u32]) {
        for word in words {
            self.data.extend(word.to_le_bytes());
        }
    }

    /// Keys and values of the object at the offset; none if it is something else.
    pub(crate) fn entries(&self, at: u32) -> Option<Vec<u32>> {
        self.parts(at, OBJECT, 2)
    }

    /// Items of the array at the offset; none if it is something else.
    pub(crate) fn items(&self, at: u32) -> Option<Vec<u32>> {
        self.parts(at, ARRAY, 1)
    }

    fn parts(&self, at: u32, tag: u8, width: usize) -> Option<Vec<u32>> {
        let at = at as usize;
        if self.data.get(at) != Some(&tag) {
            return None;
        }
        let word = |at: usize| {
            let bytes = self.data.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
            bytes.map_or(0, u32::from_le_bytes)
        };
        let count = word(at + 5) as usize * width;
        Some((0..count).map(|index| word(at + 9 + 4 * index)).collect())
    }

    /// The text at the offset; none if it is something else.
    pub(crate) fn text_of(&self, at: u32) -> Option<String> {
        let at = at as usize;
        if self.data.get(at) != Some(&STRING) {
            return None;
        }
        let length =
            self.data.get(at + 1..at + 5).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes)?;
        let bytes = self.data.get(at + 5..at + 5 + length as usize)?;
        std::str::from_utf8(bytes).ok().map(str::to_owned)
    }

    pub(crate) fn finish(mut self, root: u32) -> Tree {
        self.data.shrink_to_fit();
        Tree { data: self.data, root }
    }
}

/// The entries without earlier values of repeated keys; none if no key repeats.
fn without_repeats(entries: &[u32]) -> Option<Vec<u32>> {
    let keys = || entries.chunks_exact(2).map(|entry| entry[0]);
    if entries.len() <= 32 {
        let repeated = keys().enumerate().any(|(index, key)| keys().take(index).any(|other| other == key));
        if !repeated {
            return None;
        }
    }
    let mut places: HashMap<u32, usize> = HashMap::with_capacity(entries.len() / 2);
    let mut kept: Vec<u32> = Vec::with_capacity(entries.len());
    for entry in entries.chunks_exact(2) {
        match places.get(&entry[0]) {
            Some(place) => kept[place + 1] = entry[1],
            None => {
                places.insert(entry[0], kept.len());
                kept.extend(entry);
            }
        }
    }
    (kept.len() < entries.len()).then_some(kept)
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool,
    /// Whole or broken.
    Number,
    /// Text.
    String,
    /// Values in order.
    Array,
    /// Values by name, in the document's order.
    Object,
}

/// A value of the document, read in place.
#[derive(Clone, Copy)]
pub struct Node<'d> {
    tree: &'d Tree,
    at: u32,
}

impl<'d> Node<'d> {
    fn tag(self) -> u8 {
        self.tree.data.get(self.at as usize).copied().unwrap_or(NULL)
    }

    /// Identifies the value within its document.
    pub(crate) fn offset(self) -> u32 {
        self.at
    }

    /// What the value is.
    pub fn kind(self) -> Kind {
        match self.tag() {
            FALSE | TRUE => Kind::Bool,
            SIGNED | UNSIGNED | FLOAT => Kind::Number,
            STRING => Kind::String,
            ARRAY => Kind::Array,
            OBJECT => Kind::Object,
            _ => Kind::Null,
        }
    }

    /// The line on which a list or an object begins; none for the rest and for JSON sources.
    pub fn line(self) -> Option<u32> {
        let line = matches!(self.tag(), ARRAY | OBJECT).then(|| self.tree.word(self.at as usize + 1));
        line.filter(|line| *line != 0)
    }

    /// The text of a string.
    pub fn as_str(self) -> Option<&'d str> {
        self.tree.text(self.at)
    }

    /// Yes or no.
    pub fn as_bool(self) -> Option<bool> {
        match self.tag() {
            FALSE => Some(false),
            TRUE => Some(true),
            _ => None,
        }
    }

    /// A number as JSON has it; none for the numbers that JSON has not.
    pub fn as_number(self) -> Option<Number> {
        let bytes = self.tree.long(self.at as usize + 1);
        match self.tag() {
            SIGNED => Some(i64::from_le_bytes(bytes).into()),
            UNSIGNED => Some(u64::from_le_bytes(bytes).into()),
            FLOAT => Number::from_f64(f64::from_le_bytes(bytes)),
            _ => None,
        }
    }

    /// A scalar as text: `version: 1.0` is a number to YAML and a name to its author.
    pub fn to_text(self) -> Option<String> {
        match self.kind() {
            Kind::String => self.as_str().map(str::to_owned),
            Kind::Number => self.as_number().map(|number| number.to_string()),
            Kind::Bool => self.as_bool().map(|value| value.to_string()),
            _ => None,
        }
    }

    /// How many items or entries there are; 0 for scalars.
    pub fn len(self) -> usize {
        match self.tag() {
            ARRAY => self.count(4),
            OBJECT => self.count(8),
            _ => 0,
        }
    }

    /// Whether there are no items or entries.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    fn count(self, width: usize) -> usize {
        let room = self.tree.data.len().saturating_sub(self.at as usize + 9) / width;
        (self.tree.word(self.at as usize + 5) as usize).min(room)
    }

    fn child(self, place: usize) -> Self {
        let at = self.tree.word(self.at as usize + 9 + 4 * place);
        Self { tree: self.tree, at: if at < self.at { at } else { NOTHING } }
    }

    /// The items of a list; none for the rest.
    pub fn items(self) -> impl Iterator<Item = Self> + 'd {
        let count = if self.tag() == ARRAY { self.len() } else { 0 };
        (0..count).map(move |index| self.child(index))
    }

    /// The entries of an object, in the document's order; none for the rest.
    pub fn entries(self) -> impl Iterator<Item = (&'d str, Self)> + 'd {
        let count = if self.tag() == OBJECT { self.len() } else { 0 };
        (0..count).filter_map(move |index| {
            let key = self.child(2 * index);
            Some((key.as_str()?, self.child(2 * index + 1)))
        })
    }

    /// The value under a name of an object.
    pub fn get(self, name: &str) -> Option<Self> {
        let count = if self.tag() == OBJECT { self.len() } else { 0 };
        let found = (0..count).find(|index| {
            self.tree.bytes(self.child(2 * index).at).is_some_and(|key| key == name.as_bytes())
        })?;
        Some(self.child(2 * found + 1))
    }

    /// The value at a JSON pointer (RFC 6901) below this one; the empty pointer is the value itself.
    pub fn pointer(self, pointer: &str) -> Option<Self> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |node, token| {
            let token = token.replace("~1", "/").replace("~0", "~");
            match node.kind() {
                Kind::Object => node.get(&token),
                Kind::Array => node.items().nth(token.parse().ok()?),
                _ => None,
            }
        })
    }

    /// The value as `serde_json` has it; lists and objects with more than four million parts end early.
    pub fn to_value(self) -> Value {
        self.render(&mut EXPANDED.clone(), DEPTH)
    }

    fn render(self, budget: &mut usize, depth: usize) -> Value {
        if *budget == 0 || depth == 0 {
            return Value::Null;
        }
        *budget -= 1;
        match self.kind() {
            Kind::Null => Value::Null,
            Kind::Bool => Value::Bool(self.tag() == TRUE),
            Kind::Number => self.as_number().map_or(Value::Null, Value::Number),
            Kind::String => Value::String(self.as_str().unwrap_or_default().to_owned()),
            Kind::Array => self.items().map(|item| item.render(budget, depth - 1)).collect(),
            Kind::Object => {
                let entries =
                    self.entries().map(|(key, value)| (key.to_owned(), value.render(budget, depth - 1)));
                Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            Kind::Array | Kind::Object => write!(out, "{:?} of {}", self.kind(), self.len()),
            _ => write!(out, "{}", self.to_value()),
        }
    }
}
