//! From conditions of the query language to SQL over [`cells`](super::cells). The one translator.
//!
//! The truth is the evaluator of `pentad-rql`; a property test holds this file to it on both databases.

use pentad_rql::{Check, Filter, Fold, Key, Kind, Order, Pattern, Piece, Relation, Test};
use pentad_store::{ToValue, Value};

use super::cells::{self, Hot, Lead, path_id};
use super::code::{self, Code};

/// Most conditions of one query: databases bound the depth of expressions and the number of parameters.
const MOST_TESTS: usize = 500;
/// Most values of one query as they are bound: a number that may be a text, too, is two.
const MOST_VALUES: usize = 21_000;
/// Deepest path of a condition.
const DEEPEST: usize = 32;
/// Longest pattern in bytes.
const LONGEST_PATTERN: usize = 4_000;

/// A query that asks for more than a database takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooComplex;

/// A value of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Param {
    Int(i64),
    Text(String),
}

impl ToValue for Param {
    fn to_value(&self) -> Value<'_> {
        match self {
            Self::Int(number) => Value::Int(*number),
            Self::Text(text) => Value::Text(text),
        }
    }
}

/// Writes conditions on a resource `r` and collects their values.
#[derive(Debug)]
pub(crate) struct Translator<'a> {
    collection: i64,
    hot: &'a Hot,
    /// The column of the resource that conditions are about.
    owner: &'static str,
    /// The values, `$1` first.
    pub(crate) params: Vec<Param>,
    aliases: usize,
    tests: usize,
    base: Option<Base>,
}

/// An order as parts of a statement.
#[derive(Debug, Default)]
pub(crate) struct Ordering {
    /// Joins that find what is compared.
    pub(crate) joins: String,
    /// What is compared, one text for each order with a comma before it; the empty one where there is nothing.
    pub(crate) keys: String,
}

/// The object in which paths begin, where that is not the resource itself.
#[derive(Debug, Clone)]
struct Base {
    alias: String,
    path: String,
}

impl<'a> Translator<'a> {
    /// For the resources of a collection.
    pub(crate) fn new(collection: i64, hot: &'a Hot) -> Self {
        Self { collection, hot, owner: "r.id", params: Vec::new(), aliases: 0, tests: 0, base: None }
    }

    /// For single rows `c` of [`cells`](super::cells), each with the resource it belongs to.
    pub(crate) fn of_cells(collection: i64, hot: &'a Hot) -> Self {
        Self { owner: "c.resource", ..Self::new(collection, hot) }
    }

    /// Adds a value; what stands for it in the statement.
    pub(crate) fn bind(&mut self, param: Param) -> String {
        self.params.push(param);
        format!("${}", self.params.len())
    }

    /// The rows of a condition on an indexed path, as `c`.
    pub(crate) fn indexed(&mut self, test: &Test) -> Result<String, TooComplex> {
        self.admit(test)?;
        let path = self.path(test.path.as_str());
        let holds = self.holds("c", &test.check)?;
        Ok(format!("c.hot = 1 AND c.path = {path} AND {holds}"))
    }

    /// The parts of a filter that an index can find: all of them must hold.
    pub(crate) fn drivers<'f>(&self, filter: &'f Filter) -> Vec<(usize, &'f Test)> {
        let tests = parts_of(filter).iter().enumerate().filter_map(|(index, part)| match part {
            Filter::Test(test) => Some((index, test)),
            _ => None,
        });
        tests
            .filter(|(_, test)| self.hot.has(test.path.as_str()))
            .filter(|(_, test)| matches!(test.check, Check::Equals(_) | Check::Order(..)))
            .collect()
    }

    /// How the resources of which `id` is the number are ordered.
    pub(crate) fn ordering(&mut self, orders: &[Order], id: &str) -> Ordering {
        let mut ordering = Ordering::default();
        for (index, order) in orders.iter().enumerate() {
            let (from, to) = codes(&order.kind);
            let path = self.path(order.path.as_str());
            // At most one row: of the first value at a path, in the codes of one kind.
            ordering.joins.push_str(&format!(
                " LEFT JOIN cells o{index} ON o{index}.resource = {id} AND o{index}.path = {path} AND \
                 o{index}.lead > 0 AND o{index}.head >= '{from}' AND o{index}.head < '{to}'"
            ));
            // A code is cut where the indexed part ends: both parts sort as they do together.
            ordering.keys.push_str(&format!(", COALESCE(o{index}.head || o{index}.rest, '')"));
        }
        ordering
    }

    /// Refuses a filter that asks for too much.
    pub(crate) fn check(mut self, filter: &Filter) -> Result<(), TooComplex> {
        filter.fold(&mut self).map(drop)
    }

    /// Counts a condition.
    fn admit(&mut self, test: &Test) -> Result<(), TooComplex> {
        self.tests += 1;
        let fits = self.tests <= MOST_TESTS && test.path.segments().count() <= DEEPEST;
        if fits { Ok(()) } else { Err(TooComplex) }
    }

    /// The full path, counted from the resource.
    fn full(&self, path: &str) -> String {
        match &self.base {
            Some(base) => format!("{}.{path}", base.path),
            None => path.to_owned(),
        }
    }

    pub(crate) fn path(&mut self, path: &str) -> String {
        let id = path_id(self.collection, &self.full(path));
        self.bind(Param::Int(id))
    }

    fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("c{}", self.aliases)
    }

    /// There is a row at `path`, as `alias`, for which `condition` holds.
    fn exists(&mut self, alias: &str, path: &str, condition: &str) -> String {
        let path = self.path(path);
        let range = match &self.base {
            Some(Base { alias: base, .. }) => {
                format!(" AND {alias}.frame BETWEEN {base}.child AND {base}.last")
            }
            None => String::new(),
        };
        format!(
            "EXISTS (SELECT 1 FROM cells {alias} WHERE {alias}.path = {path} AND {alias}.resource = {}{range} \
             AND {condition})",
            self.owner
        )
    }

    /// What must hold for a row `c` at the path of a test.
    pub(crate) fn cell(&mut self, test: &Test) -> Result<String, TooComplex> {
        self.admit(test)?;
        self.row_holds("c", test)
    }

    fn row_holds(&mut self, alias: &str, test: &Test) -> Result<String, TooComplex> {
        let Check::Within(_) = &test.check else { return self.holds(alias, &test.check) };
        let path = self.full(test.path.as_str());
        let outer = self.base.replace(Base { alias: alias.to_owned(), path });
        let holds = self.holds(alias, &test.check);
        self.base = outer;
        holds
    }

    /// What must hold for the row `alias`.
    fn holds(&mut self, alias: &str, check: &Check) -> Result<String, TooComplex> {
        match check {
            Check::Null => Ok(format!("{alias}.head = '{}'", code::NULL)),
            Check::Equals(keys) => self.equals(alias, keys),
            Check::Order(relation, keys) => {
                let ranges = keys.iter().map(|key| self.range(alias, *relation, key)).collect();
                Ok(joined(ranges, " OR ", "1 = 0"))
            }
            Check::Like(pattern) => self.like(alias, pattern),
            Check::Within(filter) => self.within(alias, filter),
        }
    }

    fn equals(&mut self, alias: &str, keys: &[Key]) -> Result<String, TooComplex> {
        let (mut short, mut parts) = (Vec::new(), Vec::new());
        for key in keys {
            let code = Code::of(key);
            let is_whole = code.is_whole();
            let head = self.bind(Param::Text(code.head));
            if is_whole {
                short.push(head);
            } else {
                let rest = self.bind(Param::Text(code.rest));
                parts.push(format!("({alias}.head = {head} AND {alias}.rest = {rest})"));
            }
        }
        if !short.is_empty() {
            parts.push(format!("{alias}.head IN ({})", short.join(", ")));
        }
        if self.params.len() > MOST_VALUES {
            return Err(TooComplex);
        }
        Ok(joined(parts, " OR ", "1 = 0"))
    }

    fn range(&mut self, alias: &str, relation: Relation, key: &Key) -> String {
        let code = Code::of(key);
        let (from, to) = code.range();
        let is_whole = code.is_whole();
        let head = self.bind(Param::Text(code.head));
        let upward = matches!(relation, Relation::Greater | Relation::GreaterOrEqual);
        let symbol = relation.as_symbol();
        let bounds = match upward {
            true => format!("{alias}.head >= {head} AND {alias}.head < '{to}'"),
            false => format!("{alias}.head >= '{from}' AND {alias}.head <= {head}"),
        };
        if is_whole {
            return format!("({bounds} AND {alias}.head {symbol} {head})");
        }
        let rest = self.bind(Param::Text(code.rest));
        format!("({bounds} AND ({alias}.head <> {head} OR {alias}.rest {symbol} {rest}))")
    }

    /// Binds a pattern, behind `before`.
    fn pattern(&mut self, before: &str, pattern: &Pattern) -> Result<String, TooComplex> {
        let mut text = before.to_owned();
        for piece in pattern.pieces() {
            match piece {
                Piece::Any => text.push('%'),
                Piece::Text(literal) => {
                    for letter in literal.chars() {
                        if matches!(letter, '%' | '_' | '!') {
                            text.push('!');
                        }
                        text.push(letter);
                    }
                }
            }
        }
        if text.len() > LONGEST_PATTERN { Err(TooComplex) } else { Ok(self.bind(Param::Text(text))) }
    }

    /// What must hold for the strings `alias` of a resource: enough if [`is_one_text`] says so.
    pub(crate) fn words(&mut self, alias: &str, pattern: &Pattern) -> Result<String, TooComplex> {
        Ok(format!("{alias}.words LIKE {} ESCAPE '!'", self.pattern("", pattern)?))
    }

    fn like(&mut self, alias: &str, pattern: &Pattern) -> Result<String, TooComplex> {
        let whole =
            format!("CASE {alias}.rest WHEN '' THEN {alias}.head ELSE {alias}.head || {alias}.rest END");
        let whole = match pattern.ignores_case() {
            true => format!("COALESCE({alias}.folded, {whole})"),
            false => format!("({whole})"),
        };
        let pattern = self.pattern(code::TEXT, pattern)?;
        let (from, to) = (code::TEXT, code::AFTER_TEXT);
        Ok(format!(
            "({alias}.head >= '{from}' AND {alias}.head < '{to}' AND {whole} LIKE {pattern} ESCAPE '!')"
        ))
    }

    /// The row is an object for which the filter holds; the base was set by the caller to its path.
    fn within(&mut self, alias: &str, filter: &Filter) -> Result<String, TooComplex> {
        let inner = filter.fold(self)?;
        Ok(format!("({alias}.head = '{}' AND {inner})", code::OBJECT))
    }

    /// A member is missing somewhere on the way: there is nothing at the path, or an object before it lacks the next
    /// member, or something before it is no object.
    fn missing(&mut self, path: &str) -> String {
        let Some((parent, _)) = path.rsplit_once('.') else {
            let alias = self.alias();
            return format!("NOT {}", self.exists(&alias, path, "1 = 1"));
        };
        let (outer, inner, scalar) = (self.alias(), self.alias(), self.alias());
        let id = self.path(path);
        let lacks = format!(
            "{outer}.head = '{}' AND NOT EXISTS (SELECT 1 FROM cells {inner} WHERE {inner}.path = {id} AND \
             {inner}.resource = {} AND {inner}.frame = {outer}.child)",
            code::OBJECT,
            self.owner
        );
        let lacks = self.exists(&outer, parent, &lacks);
        let is_scalar = format!("{scalar}.head NOT IN ('{}', '{}')", code::OBJECT, code::EMPTY);
        let scalar = self.exists(&scalar, parent, &is_scalar);
        let above = self.missing(parent);
        format!("({lacks} OR {scalar} OR {above})")
    }
}

impl Fold for Translator<'_> {
    type Out = String;
    type Error = TooComplex;

    fn all(&mut self, parts: Vec<String>) -> Result<String, TooComplex> {
        Ok(joined(parts, " AND ", "1 = 1"))
    }

    fn any(&mut self, parts: Vec<String>) -> Result<String, TooComplex> {
        Ok(joined(parts, " OR ", "1 = 0"))
    }

    fn not(&mut self, part: String) -> Result<String, TooComplex> {
        Ok(format!("(NOT {part})"))
    }

    fn test(&mut self, test: &Test) -> Result<String, TooComplex> {
        self.admit(test)?;
        let path = test.path.as_str();
        let alias = self.alias();
        let holds = self.row_holds(&alias, test)?;
        let found = self.exists(&alias, path, &holds);
        if test.check != Check::Null {
            return Ok(found);
        }
        let missing = self.missing(path);
        // Most paths have one value: where that is there, nothing else needs to be looked for.
        let alias = self.alias();
        let is_there = format!("{alias}.lead = {} AND {alias}.head <> '{}'", Lead::Sole as i64, code::NULL);
        let sole = self.exists(&alias, path, &is_there);
        Ok(format!("(NOT {sole} AND ({found} OR {missing}))"))
    }

    fn search(&mut self, pattern: &Pattern) -> Result<String, TooComplex> {
        self.tests += 1;
        if self.tests > MOST_TESTS {
            return Err(TooComplex);
        }
        let words = self.words("t", pattern)?;
        let collection = self.bind(Param::Int(self.collection));
        let owner = self.owner;
        Ok(format!(
            "EXISTS (SELECT 1 FROM texts t WHERE t.collection = {collection} AND t.resource = {owner} AND {words})"
        ))
    }
}

/// Where the codes by which values of a kind are sorted begin, and where they have ended.
pub(crate) fn codes(kind: &Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Any => (code::BOOLEAN, code::AFTER_TEXT),
        Kind::Text | Kind::Choice(_) => (code::TEXT, code::AFTER_TEXT),
        Kind::Integer | Kind::Decimal { .. } => (code::NUMBER, code::TEXT),
        Kind::Boolean => (code::BOOLEAN, code::NUMBER),
        Kind::Date => (code::DAY, code::INSTANT),
        Kind::DateTime => (code::INSTANT, code::AFTER_INSTANT),
    }
}

/// Whether what matches all strings as one text matches one of them.
pub(crate) fn is_one_text(pattern: &Pattern) -> bool {
    match pattern.pieces() {
        [Piece::Any] => true,
        [Piece::Any, Piece::Text(text), Piece::Any] => !text.contains(cells::BETWEEN),
        _ => false,
    }
}

/// Whether the translator knows all of it: searches it knows of one text only.
pub(crate) fn is_plain(filter: &Filter) -> bool {
    match filter {
        Filter::All(parts) | Filter::Any(parts) => parts.iter().all(is_plain),
        Filter::Not(part) => is_plain(part),
        Filter::Test(test) => match &test.check {
            Check::Within(filter) => is_plain(filter),
            _ => true,
        },
        Filter::Search(pattern) => is_one_text(pattern),
    }
}

/// The parts that must all hold.
pub(crate) fn parts_of(filter: &Filter) -> &[Filter] {
    match filter {
        Filter::All(parts) => parts,
        single => std::slice::from_ref(single),
    }
}

/// Joins as a balanced tree: databases bound the depth of expressions, and a flat chain is a deep one to them.
fn joined(mut parts: Vec<String>, word: &str, none: &str) -> String {
    while parts.len() > 1 {
        let mut pairs = Vec::with_capacity(parts.len().div_ceil(2));
        let mut rest = parts.into_iter();
        while let Some(left) = rest.next() {
            pairs.push(match rest.next() {
                Some(right) => format!("({left}{word}{right})"),
                None => left,
            });
        }
        parts = pairs;
    }
    parts.pop().unwrap_or_else(|| none.to_owned())
}
