//! Shorter trees of the same meaning, and one tree per meaning.

use std::collections::HashSet;

use crate::error::ParseError;
use crate::expr::{Expr, Membership, Operator, Sign};
use crate::parse::parse;
use crate::value::Value;

impl Expr {
    /// The same condition in the form that every service takes: negation at the comparisons, no wrappers around a single
    /// term, no `and` inside `and`, no repeated terms.
    ///
    /// `not(eq)` becomes `ne` and `not(in)` becomes `out`, which by definition are the same; `not(gt)` stays, because
    /// neither holds where the field is null. Paging, ordering and selection stay where they are.
    ///
    /// What a filter made of the result answers is what one made of the original answers, always.
    ///
    /// ```
    /// let expr = pentad_rql::parse("not(and(or(eq(a,1),gt(b,2))))").unwrap();
    /// assert_eq!(expr.simplify().to_rql().unwrap(), "and(ne(a,1),not(gt(b,2)))");
    /// ```
    pub fn simplify(&self) -> Self {
        simplify(self, false)
    }

    /// One tree for all trees that mean the same, as far as that can be seen without data: simplified, `empty()` for
    /// `""`, terms and list members sorted, `in` of one value as `eq`, no `+`. For comparison, not for sending.
    ///
    /// ```
    /// use pentad_rql::parse;
    /// let a = parse("and(eq(a,1),in(b,(y,x)))").unwrap();
    /// let b = parse("in(b,(x,\"y\")),not(ne(a,1))").unwrap();
    /// assert_eq!(a.canonical(), b.canonical());
    /// ```
    pub fn canonical(&self) -> Self {
        sort(simplify(&normal_leaves(self), false))
    }
}

/// Whether two query texts ask for the same, by [`Expr::canonical`].
///
/// # Errors
/// [`ParseError`] if one of them is not RQL.
pub fn same_meaning(left: &str, right: &str) -> Result<bool, ParseError> {
    Ok(parse(left)?.canonical() == parse(right)?.canonical())
}

fn simplify(expr: &Expr, negated: bool) -> Expr {
    match expr {
        Expr::And(terms) => combine(terms, !negated, negated),
        Expr::Or(terms) => combine(terms, negated, negated),
        Expr::Not(term) => simplify(term, !negated),
        leaf if negated => negate_leaf(leaf),
        leaf => leaf.clone(),
    }
}

fn negate_leaf(leaf: &Expr) -> Expr {
    match leaf {
        Expr::Everything => Expr::Everything,
        leaf if leaf.is_reserved() => Expr::Not(Box::new(leaf.clone())),
        Expr::Test { property, operator: operator @ (Operator::Eq | Operator::Ne), value } => Expr::Test {
            property: property.clone(),
            operator: if *operator == Operator::Eq { Operator::Ne } else { Operator::Eq },
            value: value.clone(),
        },
        Expr::Member { property, operator, values } => Expr::Member {
            property: property.clone(),
            operator: if *operator == Membership::In { Membership::Out } else { Membership::In },
            values: values.clone(),
        },
        leaf => Expr::Not(Box::new(leaf.clone())),
    }
}

fn combine(terms: &[Expr], conjunction: bool, negated: bool) -> Expr {
    let mut parts: Vec<Expr> = Vec::with_capacity(terms.len());
    for term in terms {
        match (simplify(term, negated), conjunction) {
            (Expr::Everything, _) => {}
            (Expr::And(inner), true) | (Expr::Or(inner), false) => parts.extend(inner),
            (part, _) => parts.push(part),
        }
    }
    // Giving `limit` or `ordering` twice is an error of its own, so those are never merged.
    let mut seen = HashSet::with_capacity(parts.len());
    let keep: Vec<bool> = parts.iter().map(|part| mentions_reserved(part) || seen.insert(part)).collect();
    let kept = parts.into_iter().zip(keep).filter_map(|(part, keep)| keep.then_some(part)).collect();
    wrap(kept, conjunction)
}

fn wrap(mut terms: Vec<Expr>, conjunction: bool) -> Expr {
    match terms.len() {
        0 => Expr::Everything,
        1 => terms.remove(0),
        _ if conjunction => Expr::And(terms),
        _ => Expr::Or(terms),
    }
}

fn mentions_reserved(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |expr| found |= expr.is_reserved());
    found
}

/// Leaves in their one spelling; the tree around them as it was.
fn normal_leaves(expr: &Expr) -> Expr {
    let all = |terms: &[Expr]| terms.iter().map(normal_leaves).collect();
    match expr {
        Expr::Everything => Expr::Everything,
        Expr::And(terms) => Expr::And(all(terms)),
        Expr::Or(terms) => Expr::Or(all(terms)),
        Expr::Not(term) => Expr::Not(Box::new(normal_leaves(term))),
        Expr::Test { property, operator, value } => {
            // Only where `empty()` is allowed it is the same as the empty text.
            let equality = matches!(operator, Operator::Eq | Operator::Ne);
            let value = if equality { normal_value(value) } else { value.clone() };
            Expr::Test { property: property.clone(), operator: *operator, value }
        }
        Expr::Member { property, operator, values } => {
            let mut values: Vec<Value> = values.iter().map(normal_value).collect();
            values.sort();
            values.dedup();
            if let ([value], false) = (values.as_slice(), expr.is_reserved()) {
                let operator = if *operator == Membership::In { Operator::Eq } else { Operator::Ne };
                return Expr::Test { property: property.clone(), operator, value: value.clone() };
            }
            Expr::Member { property: property.clone(), operator: *operator, values }
        }
        Expr::Ordering(fields) | Expr::Select(fields) => {
            let mut fields = fields.clone();
            for field in &mut fields {
                if field.sign == Sign::Plus {
                    field.sign = Sign::None;
                }
            }
            if matches!(expr, Expr::Ordering(_)) {
                return Expr::Ordering(fields);
            }
            fields.sort();
            fields.dedup();
            Expr::Select(fields)
        }
    }
}

fn normal_value(value: &Value) -> Value {
    match value {
        Value::Text(text) if text.is_empty() => Value::Empty,
        Value::Tuple(tests) => {
            let mut tests: Vec<Expr> = tests.iter().map(normal_leaves).collect();
            tests.sort();
            tests.dedup();
            Value::Tuple(tests)
        }
        value => value.clone(),
    }
}

fn sort(expr: Expr) -> Expr {
    let (terms, conjunction) = match expr {
        Expr::And(terms) => (terms, true),
        Expr::Or(terms) => (terms, false),
        leaf => return leaf,
    };
    let mut terms: Vec<Expr> = terms.into_iter().map(sort).collect();
    terms.sort();
    let mut kept: Vec<Expr> = Vec::with_capacity(terms.len());
    for term in terms {
        if kept.last() != Some(&term) || mentions_reserved(&term) {
            kept.push(term);
        }
    }
    wrap(kept, conjunction)
}
