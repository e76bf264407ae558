//! Conditions ready to be evaluated, or translated.

use std::cmp::Ordering;

use serde_json::Value as Json;

use crate::expr::Property;
use crate::key::{Key, Kind};
use crate::pattern::Pattern;

/// A condition with the types of its fields settled: what to compare, with which keys.
///
/// [`Plan`](crate::Plan) makes it; [`matches`](Self::matches) evaluates it over JSON and is the reference for every other
/// way to run it. A translator implements [`Fold`] and needs to know seven forms: these four and the [`Check`]s.
///
/// There is no third truth value: a test holds or not, so `not` is plain. `ne` is [`Filter::Not`] of equality, `out` of
/// membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All hold; of none: always.
    All(Vec<Self>),
    /// At least one holds; of none: never.
    Any(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// A field is compared.
    Test(Test),
    /// Some string anywhere in the object (in objects and arrays at any depth, not in names) matches.
    Search(Pattern),
}

/// A comparison of the values at a path.
///
/// The path gives *candidates*: start with the object; at each step an array counts as its elements, then an object gives
/// the member of that name and anything else, also a missing member, null; at the end an array counts as its elements
/// once more. Arrays directly in arrays are not opened. The test holds if the check holds for at least one candidate; an
/// empty array has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// Where the values are.
    pub path: Property,
    /// How a value becomes a [`Key`].
    pub kind: Kind,
    /// What must hold for one of them.
    pub check: Check,
}

/// What must hold for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// It is null or missing.
    Null,
    /// Its key is one of these.
    Equals(Vec<Key>),
    /// Its key stands in this relation to the one among these that has the same variant. At most one per variant.
    Order(Relation, Vec<Key>),
    /// It is a string and matches.
    Like(Pattern),
    /// It is an object for which the filter holds; paths begin in it.
    Within(Box<Filter>),
}

/// An order between a stored key and one from the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
}

impl Relation {
    /// Whether a stored value that compares so to the one asked for is in this relation.
    pub fn holds(self, stored_to_asked: Ordering) -> bool {
        match self {
            Self::Less => stored_to_asked.is_lt(),
            Self::LessOrEqual => stored_to_asked.is_le(),
            Self::Greater => stored_to_asked.is_gt(),
            Self::GreaterOrEqual => stored_to_asked.is_ge(),
        }
    }

    /// The operator of SQL and of everybody.
    pub fn as_symbol(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// Builds something from a filter, from the tests upward.
///
/// ```
/// use pentad_rql::{Check, Fold, Filter, Pattern, Plan, Schema, Test, parse};
///
/// struct Count;
/// impl Fold for Count {
///     type Out = usize;
///     type Error = std::convert::Infallible;
///     fn all(&mut self, parts: Vec<usize>) -> Result<usize, Self::Error> { Ok(parts.iter().sum()) }
///     fn any(&mut self, parts: Vec<usize>) -> Result<usize, Self::Error> { Ok(parts.iter().sum()) }
///     fn not(&mut self, part: usize) -> Result<usize, Self::Error> { Ok(part) }
///     fn test(&mut self, _: &Test) -> Result<usize, Self::Error> { Ok(1) }
///     fn search(&mut self, _: &Pattern) -> Result<usize, Self::Error> { Ok(1) }
/// }
/// let plan = Plan::new(&parse("(a=1|b=2)&not(c=3)").unwrap(), &Schema::open()).unwrap();
/// assert_eq!(plan.filter().fold(&mut Count).unwrap(), 3);
/// ```
pub trait Fold {
    /// What is built.
    type Out;
    /// Why it cannot be.
    type Error;
    /// All of them hold; the vector may be empty, which is always true.
    ///
    /// # Errors
    /// The implementor's.
    fn all(&mut self, parts: Vec<Self::Out>) -> Result<Self::Out, Self::Error>;
    /// At least one holds; the vector may be empty, which is never true.
    ///
    /// # Errors
    /// The implementor's.
    fn any(&mut self, parts: Vec<Self::Out>) -> Result<Self::Out, Self::Error>;
    /// It does not hold.
    ///
    /// # Errors
    /// The implementor's.
    fn not(&mut self, part: Self::Out) -> Result<Self::Out, Self::Error>;
    /// A comparison. The filter in [`Check::Within`] is the implementor's to fold, since its paths begin elsewhere.
    ///
    /// # Errors
    /// The implementor's.
    fn test(&mut self, test: &Test) -> Result<Self::Out, Self::Error>;
    /// A search over all strings.
    ///
    /// # Errors
    /// The implementor's.
    fn search(&mut self, pattern: &Pattern) -> Result<Self::Out, Self::Error>;
}

impl Filter {
    /// The filter that lets everything through.
    pub fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// Whether it lets everything through by its form.
    pub fn is_everything(&self) -> bool {
        matches!(self, Self::All(parts) if parts.is_empty())
    }

    /// Whether it holds for an object.
    pub fn matches(&self, object: &Json) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(object)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(object)),
            Self::Not(part) => !part.matches(object),
            Self::Test(test) => test.matches(object),
            Self::Search(pattern) => any_string(object, pattern),
        }
    }

    /// Builds something from the filter.
    ///
    /// # Errors
    /// The first one of `fold`.
    pub fn fold<F: Fold>(&self, fold: &mut F) -> Result<F::Out, F::Error> {
        let mut parts =
            |parts: &[Self]| parts.iter().map(|part| part.fold(fold)).collect::<Result<Vec<_>, _>>();
        match self {
            Self::All(all) => {
                let all = parts(all)?;
                fold.all(all)
            }
            Self::Any(any) => {
                let any = parts(any)?;
                fold.any(any)
            }
            Self::Not(part) => {
                let part = part.fold(fold)?;
                fold.not(part)
            }
            Self::Test(test) => fold.test(test),
            Self::Search(pattern) => fold.search(pattern),
        }
    }
}

impl Test {
    /// Whether the check holds for one of the values at the path.
    pub fn matches(&self, object: &Json) -> bool {
        any_candidate(object, self.path.as_str(), &mut |value| self.holds(value))
    }

    /// Whether the check holds for this value.
    pub fn holds(&self, value: &Json) -> bool {
        match &self.check {
            Check::Null => value.is_null(),
            Check::Equals(keys) => self.kind.key(value).is_some_and(|key| keys.contains(&key)),
            Check::Order(relation, keys) => self.kind.key(value).is_some_and(|stored| {
                keys.iter()
                    .filter(|asked| std::mem::discriminant(*asked) == std::mem::discriminant(&stored))
                    .any(|asked| relation.holds(stored.cmp(asked)))
            }),
            Check::Like(pattern) => value.as_str().is_some_and(|text| pattern.matches(text)),
            Check::Within(filter) => value.is_object() && filter.matches(value),
        }
    }
}

/// Whether `holds` is true of one of the candidates at `path` (rules at [`Test`]).
pub(crate) fn any_candidate(value: &Json, path: &str, holds: &mut dyn FnMut(&Json) -> bool) -> bool {
    let (step, rest) = match path.split_once('.') {
        Some((step, rest)) => (step, Some(rest)),
        None => (path, None),
    };
    let mut one = |value: &Json| {
        let member = value.as_object().and_then(|object| object.get(step)).unwrap_or(&Json::Null);
        match (rest, member) {
            (Some(rest), Json::Object(_) | Json::Array(_)) => any_candidate(member, rest, holds),
            // Below a scalar there is nothing; ending here bounds the work by the object, not by the path.
            (Some(_), _) => holds(&Json::Null),
            (None, Json::Array(elements)) => elements.iter().any(&mut *holds),
            (None, member) => holds(member),
        }
    };
    match value {
        Json::Array(elements) => elements.iter().any(one),
        value => one(value),
    }
}

fn any_string(value: &Json, pattern: &Pattern) -> bool {
    match value {
        Json::String(text) => pattern.matches(text),
        Json::Array(elements) => elements.iter().any(|element| any_string(element, pattern)),
        Json::Object(members) => members.values().any(|member| any_string(member, pattern)),
        _ => false,
    }
}
