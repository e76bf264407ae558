//! What filters look at: every value of a stored object under its path, one row each.
//!
//! A row is a value that a path leads to (rules at [`pentad_rql::Test`]): its *path* as a number, the *frame* (object)
//! it stands in, its code, and for objects the range of frames within. A member that is an empty array has a row
//! without a value, so that it is told from a missing one. Rows that lead are the first value of their path: what
//! the object is sorted by; those that are sole are all that there is at it.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use aws_lc_rs::digest::{SHA256, digest};
use pentad_rql::{Key, Kind, fold};
use serde_json::{Map, Value};

use super::code::{self, Code};

/// Most rows of one object.
const MOST: usize = 20_000;

/// Which paths have an index of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Hot {
    /// All: nothing was declared.
    #[default]
    All,
    /// These, and `id`.
    Only(BTreeSet<String>),
}

impl Hot {
    /// As [`written`](Self::written). What was never written so has no index.
    pub(crate) fn read(text: &str) -> Self {
        match text {
            "*" => Self::All,
            list => Self::Only(serde_json::from_str(list).unwrap_or_default()),
        }
    }

    /// As text: `*`, or a list.
    pub(crate) fn written(&self) -> String {
        match self {
            Self::All => "*".to_owned(),
            Self::Only(paths) => serde_json::json!(paths).to_string(),
        }
    }

    /// What is in both.
    pub(crate) fn both(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, paths) | (paths, Self::All) => paths.clone(),
            (Self::Only(left), Self::Only(right)) => Self::Only(left & right),
        }
    }

    /// Whether this path has one.
    pub(crate) fn has(&self, path: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(paths) => path == "id" || paths.contains(path),
        }
    }
}

/// One value at one path.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) path: i64,
    pub(crate) frame: i64,
    pub(crate) code: Code,
    /// The code of a text in lower case, where that is another.
    pub(crate) folded: Option<String>,
    /// First and last frame of an object.
    pub(crate) within: Option<(i64, i64)>,
    pub(crate) lead: Lead,
    pub(crate) hot: bool,
}

/// What a value is among those at its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lead {
    /// One behind the first, or behind a missing member.
    Other = 0,
    /// The first.
    First = 1,
    /// The only one: nothing is missing beside it.
    Sole = 2,
}

/// An object with more values than are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany;

/// Most numbers of paths that a thread keeps at hand.
const KNOWN: usize = 4096;
/// Bytes of paths that are worth it.
const SHORT: usize = 100;

thread_local! {
    /// Numbers of paths by collection and path: the resources of a collection have the same ones again and again.
    static NUMBERS: RefCell<HashMap<(i64, String), i64>> = RefCell::default();
}

/// The number of a path within a collection.
pub(crate) fn path_id(collection: i64, path: &str) -> i64 {
    if path.len() > SHORT {
        return hashed(collection, path);
    }
    let name = (collection, path.to_owned());
    NUMBERS.with_borrow_mut(|known| {
        if let Some(number) = known.get(&name) {
            return *number;
        }
        // Paths that nobody has again must not stay for ever.
        if known.len() == KNOWN {
            known.clear();
        }
        let number = hashed(collection, path);
        known.insert(name, number);
        number
    })
}

fn hashed(collection: i64, path: &str) -> i64 {
    let mut named = collection.to_be_bytes().to_vec();
    named.extend_from_slice(path.as_bytes());
    let hash = digest(&SHA256, &named);
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_ref()[..8]);
    i64::from_be_bytes(first)
}

/// The rows of an object.
pub(crate) fn of(collection: i64, hot: &Hot, object: &Map<String, Value>) -> Result<Vec<Cell>, TooMany> {
    let mut shredder = Shredder { collection, hot, cells: Vec::new(), frames: HashMap::new(), next: 1 };
    for member in object.values() {
        shredder.number(member);
    }
    shredder.visit("", &[Candidate { frame: 0, own: 0, members: Some(object) }], false, true)?;
    Ok(shredder.cells)
}

/// The paths at which an object has rows, each once.
pub(crate) fn paths(collection: i64, object: &Map<String, Value>) -> Vec<i64> {
    fn below(at: &str, members: &Map<String, Value>, paths: &mut BTreeSet<String>) {
        for (name, member) in members.iter().filter(|(name, _)| !name.contains('.')) {
            let at = self::below(at, name);
            match member {
                Value::Object(members) => below(&at, members, paths),
                Value::Array(elements) => {
                    let objects = elements.iter().filter_map(Value::as_object);
                    objects.for_each(|members| below(&at, members, paths));
                }
                _ => {}
            }
            paths.insert(at);
        }
    }
    let mut paths = BTreeSet::new();
    below("", object, &mut paths);
    paths.iter().map(|path| path_id(collection, path)).collect()
}

/// Between the strings of [`words`].
pub(crate) const BETWEEN: char = '\u{1}';

/// All strings of an object as one text in lower case: what a search looks at. None if there is no string.
pub(crate) fn words(object: &Map<String, Value>) -> Option<String> {
    fn add(value: &Value, words: &mut Option<String>) {
        match value {
            Value::String(text) => match words {
                Some(words) => {
                    words.push(BETWEEN);
                    words.push_str(&fold(text));
                }
                None => *words = Some(fold(text)),
            },
            Value::Array(elements) => elements.iter().for_each(|element| add(element, words)),
            Value::Object(members) => members.values().for_each(|member| add(member, words)),
            _ => {}
        }
    }
    let mut words = None;
    object.values().for_each(|member| add(member, &mut words));
    words
}

struct Shredder<'a> {
    collection: i64,
    hot: &'a Hot,
    cells: Vec<Cell>,
    /// First and last frame of each object, by its place in memory.
    frames: HashMap<*const Map<String, Value>, (i64, i64)>,
    next: i64,
}

/// A value at the path that is visited, as far as its members matter.
struct Candidate<'v> {
    /// The frame it stands in.
    frame: i64,
    /// The frame that it is.
    own: i64,
    members: Option<&'v Map<String, Value>>,
}

/// The values of one member name over all candidates.
#[derive(Default)]
struct Found<'v> {
    values: Vec<(i64, &'v Value)>,
    /// Candidates in which it is an empty array, before the first value.
    empty: usize,
    /// Whether the first value of the path is a stored one, not a missing member.
    leads: bool,
    /// Whether the path has this one value and nothing is missing.
    sole: bool,
}

/// Where a row goes.
#[derive(Clone, Copy)]
struct Spot {
    path: i64,
    frame: i64,
    lead: Lead,
    hot: bool,
}

impl<'v> Shredder<'v> {
    /// Numbers the objects so that those within one have a range.
    fn number(&mut self, value: &'v Value) {
        match value {
            Value::Object(members) => {
                let first = self.next;
                self.next += 1;
                members.values().for_each(|member| self.number(member));
                self.frames.insert(members, (first, self.next - 1));
            }
            Value::Array(elements) => elements.iter().for_each(|element| self.number(element)),
            _ => {}
        }
    }

    /// Writes the members of the values at `path`. `missing` tells that the first value there is a missing member, `sole`
    /// that there is one value and no missing one.
    fn visit(
        &mut self,
        path: &str,
        candidates: &[Candidate<'v>],
        missing: bool,
        sole: bool,
    ) -> Result<(), TooMany> {
        let mut order: Vec<&'v str> = Vec::new();
        let mut names: HashMap<&'v str, Found<'v>> = HashMap::new();
        for (index, candidate) in candidates.iter().enumerate() {
            for (name, member) in candidate.members.into_iter().flatten() {
                // No path leads to such a member: only a search finds what is in it.
                if name.contains('.') {
                    continue;
                }
                let found = names.entry(name).or_insert_with(|| {
                    order.push(name);
                    Found::default()
                });
                // The first value is stored if all before it had the member, and had nothing in it.
                let leads = !missing && found.empty == index;
                match member {
                    Value::Array(elements) if elements.is_empty() => {
                        found.empty += usize::from(found.values.is_empty());
                        let path = path_id(self.collection, &below(path, name));
                        let spot = Spot { path, frame: candidate.own, lead: Lead::Other, hot: false };
                        self.mark(spot, code::EMPTY, None)?;
                    }
                    Value::Array(elements) => {
                        found.leads |= found.values.is_empty() && leads;
                        found.values.extend(elements.iter().map(|element| (candidate.own, element)));
                    }
                    member => {
                        found.leads |= found.values.is_empty() && leads;
                        found.values.push((candidate.own, member));
                    }
                }
            }
        }
        for name in order {
            if let Some(mut found) = names.remove(name).filter(|found| !found.values.is_empty()) {
                found.sole = sole && candidates.len() == 1 && found.values.len() == 1;
                self.values(&below(path, name), &found)?;
            }
        }
        Ok(())
    }

    fn values(&mut self, path: &str, found: &Found<'v>) -> Result<(), TooMany> {
        let (id, hot) = (path_id(self.collection, path), self.hot.has(path));
        let mut candidates = Vec::with_capacity(found.values.len());
        let mut deeper = false;
        for (index, (frame, value)) in found.values.iter().enumerate() {
            let lead = match index {
                0 if found.sole => Lead::Sole,
                0 if found.leads => Lead::First,
                _ => Lead::Other,
            };
            let spot = Spot { path: id, frame: *frame, lead, hot };
            let members = value.as_object();
            let within = members.and_then(|members| self.frames.get(&std::ptr::from_ref(members)).copied());
            self.value(spot, value, within)?;
            deeper |= members.is_some();
            candidates.push(Candidate { frame: *frame, own: within.map_or(*frame, |(own, _)| own), members });
        }
        debug_assert!(candidates.iter().all(|candidate| candidate.frame <= candidate.own));
        if deeper { self.visit(path, &candidates, !found.leads, found.sole) } else { Ok(()) }
    }

    fn value(&mut self, spot: Spot, value: &'v Value, within: Option<(i64, i64)>) -> Result<(), TooMany> {
        match value {
            Value::Null => self.mark(spot, code::NULL, None),
            Value::Object(_) => self.mark(spot, code::OBJECT, within),
            Value::Array(_) => self.mark(spot, code::OPAQUE, None),
            scalar => {
                let kinds = [Kind::Any, Kind::Date, Kind::DateTime];
                for key in kinds.iter().filter_map(|kind| kind.key(scalar)) {
                    self.key(spot, &key)?;
                }
                Ok(())
            }
        }
    }

    fn key(&mut self, spot: Spot, key: &Key) -> Result<(), TooMany> {
        let folded = match key {
            Key::Text(text) => Some(fold(text)).filter(|folded| folded != text),
            _ => None,
        };
        let folded = folded.map(|text| format!("{}{text}", code::TEXT));
        self.push(spot, Code::of(key), folded, None)
    }

    fn mark(&mut self, spot: Spot, letter: &str, within: Option<(i64, i64)>) -> Result<(), TooMany> {
        let code = Code { head: letter.to_owned(), rest: String::new() };
        self.push(Spot { hot: false, ..spot }, code, None, within)
    }

    fn push(
        &mut self,
        spot: Spot,
        code: Code,
        folded: Option<String>,
        within: Option<(i64, i64)>,
    ) -> Result<(), TooMany> {
        if self.cells.len() == MOST {
            return Err(TooMany);
        }
        let Spot { path, frame, lead, hot } = spot;
        self.cells.push(Cell { path, frame, code, folded, within, lead, hot });
        Ok(())
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
