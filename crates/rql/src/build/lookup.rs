//! Lookups: the operator as the last part of the field's name.

use super::{Field, R, field};
use crate::error::BuildError;
use crate::expr::{Membership, Operator};
use crate::value::Value;

enum Lookup {
    Test(Operator),
    Member(Membership),
    Null,
    Empty,
}

impl Lookup {
    /// `a__b__ne` is `ne` of `a.b`; a name of one part is always a field, an unknown last part is one too.
    fn read(key: &str) -> (Self, Field) {
        let equal = || (Self::Test(Operator::Eq), field(key.replace("__", ".")));
        let Some((path, word)) = key.rsplit_once("__") else { return equal() };
        let lookup = match word {
            "in" => Self::Member(Membership::In),
            "out" => Self::Member(Membership::Out),
            "null" => Self::Null,
            "empty" => Self::Empty,
            word => match Operator::from_word(word) {
                Some(operator) => Self::Test(operator),
                None => return equal(),
            },
        };
        (lookup, field(path.replace("__", ".")))
    }
}

impl R {
    /// One comparison from a lookup: `field`, `field__ne`, `object__field__like`, `field__null` (reference 9.2).
    ///
    /// Lookups are `eq`, `ne`, `lt`, `le`, `gt`, `ge`, `like`, `ilike`, `null`, `empty` here and `in`, `out` in
    /// [`lookup_list`](Self::lookup_list). `null` and `empty` take `true` or `false` and nothing else.
    ///
    /// ```
    /// use pentad_rql::R;
    /// assert_eq!(R::lookup("product__name__ilike", "*saas*").to_rql()?, "ilike(product.name,*saas*)");
    /// assert_eq!(R::lookup("parent__null", true).to_rql()?, "eq(parent,null())");
    /// # Ok::<(), pentad_rql::BuildError>(())
    /// ```
    pub fn lookup(key: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let refuse = |takes| Self::bad(BuildError::Operand { operator: key.into(), takes });
        match Lookup::read(key) {
            (Lookup::Test(operator), field) => field.test(operator, value),
            (Lookup::Member(_), _) => refuse("a list"),
            (lookup, field) => {
                let flag = match value.as_text() {
                    Some("true") => true,
                    Some("false") => false,
                    _ => return refuse("true or false"),
                };
                if matches!(lookup, Lookup::Null) { field.null(flag) } else { field.empty(flag) }
            }
        }
    }

    /// One comparison with a list: `field__in`, `field__out`.
    ///
    /// ```
    /// use pentad_rql::R;
    /// assert_eq!(R::lookup_list("status__in", ["a", "b"]).to_rql()?, "in(status,(a,b))");
    /// # Ok::<(), pentad_rql::BuildError>(())
    /// ```
    pub fn lookup_list<V: Into<Value>>(key: &str, values: impl IntoIterator<Item = V>) -> Self {
        match Lookup::read(key) {
            (Lookup::Member(operator), field) => field.member(operator, values),
            _ => Self::bad(BuildError::Operand { operator: key.into(), takes: "one value, not a list" }),
        }
    }

    /// One comparison whose value is written as it stands, like the original client does with every value.
    ///
    /// For `in` and `out` the text is what stands between the parentheses of the list.
    ///
    /// ```
    /// use pentad_rql::R;
    /// assert_eq!(R::lookup_raw("a__like", "*\"x\"*").to_rql()?, "like(a,*\"x\"*)");
    /// # Ok::<(), pentad_rql::BuildError>(())
    /// ```
    pub fn lookup_raw(key: &str, text: &str) -> Self {
        match Lookup::read(key) {
            (Lookup::Test(operator), field) => field.raw(operator, text),
            (Lookup::Member(operator), field) => field.raw_list(operator, text),
            _ => Self::lookup(key, text),
        }
    }
}
