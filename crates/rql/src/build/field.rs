//! A field on its way to a comparison.

use super::R;
use super::combine::Node;
use crate::error::BuildError;
use crate::expr::{Expr, Membership, Operator, Property};
use crate::value::Value;

/// Starts a comparison of `property`; dots lead into objects.
///
/// ```
/// use pentad_rql::field;
/// assert_eq!(field("a.b").n("c").ne("x").to_rql()?, "ne(a.b.c,x)");
/// # Ok::<(), pentad_rql::BuildError>(())
/// ```
pub fn field(property: impl Into<String>) -> Field {
    Field { name: property.into() }
}

/// A field that waits for its operator.
#[derive(Clone, Debug)]
#[must_use = "a field without an operator is no condition"]
pub struct Field {
    name: String,
}

impl Field {
    /// Goes on to a field of the object, or several with dots between them.
    pub fn n(mut self, name: impl AsRef<str>) -> Self {
        self.name.push('.');
        self.name.push_str(name.as_ref());
        self
    }

    /// Equal.
    pub fn eq(self, value: impl Into<Value>) -> R {
        self.test(Operator::Eq, value)
    }

    /// Not equal; holds also where the field is null.
    pub fn ne(self, value: impl Into<Value>) -> R {
        self.test(Operator::Ne, value)
    }

    /// Less than.
    pub fn lt(self, value: impl Into<Value>) -> R {
        self.test(Operator::Lt, value)
    }

    /// Less than or equal.
    pub fn le(self, value: impl Into<Value>) -> R {
        self.test(Operator::Le, value)
    }

    /// Greater than.
    pub fn gt(self, value: impl Into<Value>) -> R {
        self.test(Operator::Gt, value)
    }

    /// Greater than or equal.
    pub fn ge(self, value: impl Into<Value>) -> R {
        self.test(Operator::Ge, value)
    }

    /// Matches a pattern: `*` is any text, `\*` a star, `\\` a backslash. [`escape`](crate::escape) makes a text literal.
    pub fn like(self, pattern: impl Into<Value>) -> R {
        self.test(Operator::Like, pattern)
    }

    /// Matches a pattern whatever the case.
    pub fn ilike(self, pattern: impl Into<Value>) -> R {
        self.test(Operator::Ilike, pattern)
    }

    /// Equal to one of `values`.
    pub fn in_<V: Into<Value>>(self, values: impl IntoIterator<Item = V>) -> R {
        self.member(Membership::In, values)
    }

    /// Equal to one of `values`: another name of [`in_`](Self::in_).
    pub fn oneof<V: Into<Value>>(self, values: impl IntoIterator<Item = V>) -> R {
        self.in_(values)
    }

    /// Equal to none of `values`; holds also where the field is null.
    pub fn out<V: Into<Value>>(self, values: impl IntoIterator<Item = V>) -> R {
        self.member(Membership::Out, values)
    }

    /// Is null (`true`) or is not.
    pub fn null(self, flag: bool) -> R {
        self.test(if flag { Operator::Eq } else { Operator::Ne }, Value::Null)
    }

    /// Is the empty string (`true`) or is not.
    pub fn empty(self, flag: bool) -> R {
        self.test(if flag { Operator::Eq } else { Operator::Ne }, Value::Empty)
    }

    /// Compares with a value that is written as it stands: nothing quoted, nothing checked.
    ///
    /// ```
    /// use pentad_rql::{Operator, field};
    /// assert_eq!(field("a").raw(Operator::Eq, "\"x,y\"").to_rql()?, "eq(a,\"x,y\")");
    /// # Ok::<(), pentad_rql::BuildError>(())
    /// ```
    pub fn raw(self, operator: Operator, text: impl AsRef<str>) -> R {
        match Property::new(self.name) {
            Ok(property) => R::raw(format!("{}({property},{})", operator.as_str(), text.as_ref())),
            Err(error) => R::bad(error),
        }
    }

    pub(super) fn raw_list(self, operator: Membership, text: &str) -> R {
        match Property::new(self.name) {
            Ok(property) => R::raw(format!("{}({property},({text}))", operator.as_str())),
            Err(error) => R::bad(error),
        }
    }

    pub(super) fn test(self, operator: Operator, value: impl Into<Value>) -> R {
        let value = value.into();
        let fits = match operator {
            Operator::Eq | Operator::Ne => true,
            _ => matches!(value, Value::Text(_)),
        };
        if !fits {
            let takes = if operator.is_pattern() { "a text" } else { "a number, a date or a text" };
            return R::bad(BuildError::Operand { operator: operator.as_str().into(), takes });
        }
        match Property::new(self.name) {
            Ok(property) => R::leaf(Node::Leaf(Expr::Test { property, operator, value })),
            Err(error) => R::bad(error),
        }
    }

    pub(super) fn member<V: Into<Value>>(
        self,
        operator: Membership,
        values: impl IntoIterator<Item = V>,
    ) -> R {
        let values = values.into_iter().map(Into::into).collect();
        match Property::new(self.name) {
            Ok(property) => R::leaf(Node::Leaf(Expr::Member { property, operator, values })),
            Err(error) => R::bad(error),
        }
    }
}
