//! The tree of a query, as the grammar sees it.

use std::fmt;

use crate::error::BuildError;
use crate::value::Value;

/// A field name with its path: `status`, `asset.product.id`.
///
/// Starts with an ASCII letter and goes on with letters, digits, `_`, `-` and `.` (reference 14.2). Words of the
/// language are allowed as names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Property(String);

impl Property {
    /// Takes a name over if the grammar admits it.
    ///
    /// # Errors
    /// [`BuildError::Name`] otherwise.
    pub fn new(name: impl Into<String>) -> Result<Self, BuildError> {
        let name = name.into();
        let starts = name.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        // The common case, without looking for letters elsewhere.
        let fits = starts && (name.as_bytes().iter().all(plain) || name.chars().all(continues_name));
        if fits { Ok(Self(name)) } else { Err(BuildError::Name(name)) }
    }

    /// The name with its dots.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The steps from the object to the value.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl TryFrom<&str> for Property {
    type Error = BuildError;

    fn try_from(name: &str) -> Result<Self, BuildError> {
        Self::new(name)
    }
}

pub(crate) fn continues_name(c: char) -> bool {
    is_word(c) || c == '-' || c == '.'
}

pub(crate) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || (!c.is_ascii() && c.is_alphanumeric())
}

/// An operator that compares a property with one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal; also true where the field is null.
    Ne,
    /// Greater than.
    Gt,
    /// Greater than or equal.
    Ge,
    /// Less than.
    Lt,
    /// Less than or equal.
    Le,
    /// Pattern with `*`, exact in case.
    Like,
    /// Pattern with `*`, whatever the case.
    Ilike,
}

impl Operator {
    /// The word of the language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
            Self::Like => "like",
            Self::Ilike => "ilike",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "lt" => Self::Lt,
            "le" => Self::Le,
            "like" => Self::Like,
            "ilike" => Self::Ilike,
            _ => return None,
        })
    }

    pub(crate) fn is_pattern(self) -> bool {
        matches!(self, Self::Like | Self::Ilike)
    }
}

/// An operator that compares a property with a list of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Membership {
    /// Equal to one of them.
    In,
    /// Equal to none of them; also true where the field is null.
    Out,
}

impl Membership {
    /// The word of the language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// The sign before a name in `ordering` and `select`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sign {
    /// No sign: ascending, included.
    #[default]
    None,
    /// `+`: the same as no sign.
    Plus,
    /// `-`: descending, removed.
    Minus,
}

/// A name in `ordering` or `select` with its sign.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signed {
    /// The sign.
    pub sign: Sign,
    /// The name.
    pub property: Property,
}

impl Signed {
    /// Reads `name`, `+name` or `-name`.
    ///
    /// # Errors
    /// [`BuildError::Name`] if the rest is not a property.
    pub fn new(text: &str) -> Result<Self, BuildError> {
        let (sign, name) = match text.as_bytes().first() {
            Some(b'-') => (Sign::Minus, &text[1..]),
            Some(b'+') => (Sign::Plus, &text[1..]),
            _ => (Sign::None, text),
        };
        Ok(Self { sign, property: Property::new(name)? })
    }
}

/// The tree of a query.
///
/// Every form that the grammar knows, and nothing else: the set of variants is closed on purpose, so that code which
/// translates a tree is told by the compiler when it forgets one. Both spellings `eq(a,1)` and `a=1` give the same tree,
/// so do all ways to quote a value.
///
/// Equality is by structure; [`same_meaning`](crate::same_meaning) and [`Expr::canonical`] compare by meaning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expr {
    /// The empty query. Says nothing: inside a combination it is as if it were not there.
    Everything,
    /// `eq(property,value)` and the other comparisons with one value.
    Test {
        /// The left side.
        property: Property,
        /// The comparison.
        operator: Operator,
        /// The right side.
        value: Value,
    },
    /// `in(property,(…))`, `out(property,(…))`. An empty list is refused by the service; here `in` of nothing holds
    /// never, `out` of nothing always.
    Member {
        /// The left side.
        property: Property,
        /// Inside or outside.
        operator: Membership,
        /// The right side.
        values: Vec<Value>,
    },
    /// `and(…)`.
    And(Vec<Self>),
    /// `or(…)`.
    Or(Vec<Self>),
    /// `not(…)`. The service takes one comparison inside; [`Expr::simplify`] brings any tree into that form.
    Not(Box<Self>),
    /// `ordering(…)`: not a condition. In a combination it is as if it were not there.
    Ordering(Vec<Signed>),
    /// `select(…)`: not a condition. In a combination it is as if it were not there.
    Select(Vec<Signed>),
}

impl Expr {
    /// Visits this expression and everything in it, also what stands in tuples, from the outside to the inside.
    pub fn walk(&self, visit: &mut impl FnMut(&Self)) {
        visit(self);
        match self {
            Self::And(terms) | Self::Or(terms) => terms.iter().for_each(|term| term.walk(visit)),
            Self::Not(term) => term.walk(visit),
            Self::Test { value: Value::Tuple(tests), .. } => tests.iter().for_each(|test| test.walk(visit)),
            Self::Member { values, .. } => {
                for value in values {
                    if let Value::Tuple(tests) = value {
                        tests.iter().for_each(|test| test.walk(visit));
                    }
                }
            }
            Self::Everything | Self::Test { .. } | Self::Ordering(_) | Self::Select(_) => {}
        }
    }

    /// Whether this is `and`, `or` or `not`.
    pub fn is_logical(&self) -> bool {
        matches!(self, Self::And(_) | Self::Or(_) | Self::Not(_))
    }

    /// Whether the service treats this as a word to itself (paging, ordering, selection, search) rather than as a
    /// condition on a field of that name.
    pub(crate) fn is_reserved(&self) -> bool {
        match self {
            Self::Test { property, .. } | Self::Member { property, .. } => {
                matches!(property.as_str(), "limit" | "offset" | "search")
            }
            Self::Ordering(_) | Self::Select(_) => true,
            _ => false,
        }
    }
}
