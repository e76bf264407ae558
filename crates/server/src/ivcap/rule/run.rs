//! What a program answers.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::{BASES, Literal, Program, Rule, Sign, Term};
use crate::ivcap::list::value::weight;
use crate::ivcap::words::order;

/// Rows that one step may come to.
const MOST: usize = 200_000;
/// Pairs of rows that one program may look at.
const MOST_STEPS: u64 = 20_000_000;
/// Bytes of an answer, on all its pages.
const MOST_BYTES: usize = 32 << 20;
/// Bytes of a value that are looked at in one step.
const STEP: usize = 64;

/// A predicate that the platform fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Base {
    Artifact,
    Job,
    Service,
    Aspect,
    ProducedBy,
}

/// Rows of a predicate that are wanted: those whose arguments have these values, where some are given.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Want {
    pub(crate) base: Base,
    pub(crate) given: Vec<Option<Value>>,
    /// Whether somebody looks at an argument.
    pub(crate) used: Vec<bool>,
}

/// A value that several rows share.
pub(crate) type Shared = Arc<Value>;

/// A row of a predicate.
pub(crate) type Row = Vec<Shared>;

/// What a program may take. Looking at a value takes as many steps as it is long.
struct Left {
    steps: u64,
    bytes: usize,
}

impl Left {
    fn steps(&mut self, count: usize) -> Result<(), String> {
        let left = self.steps.checked_sub(count as u64);
        self.steps = left.unwrap_or(0);
        left.map(drop).ok_or_else(|| "it looks at too many combinations".to_owned())
    }
}

/// The rows of what is asked for, as objects by variable, without repetition and in a fixed order. `load` gives the rows
/// of a predicate that is filled by the platform; it may give more than are wanted.
///
/// # Errors
/// Those of `load`; an inner `Err` says that the program comes to too many rows.
pub(crate) fn answer<E>(
    program: &Program,
    mut load: impl FnMut(&Want) -> Result<Vec<Row>, E>,
) -> Result<Result<Vec<Value>, String>, E> {
    let mut derived: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    let mut names: Vec<String> = Vec::new();
    let mut left = Left { steps: MOST_STEPS, bytes: MOST_BYTES };
    for rule in &program.rules {
        let rows = match rows(rule, &derived, &mut load, &mut left)? {
            Ok(rows) => rows,
            Err(why) => return Ok(Err(why)),
        };
        if rule.name == program.goal && names.is_empty() {
            names = columns(rule);
        }
        derived.entry(&rule.name).or_default().extend(rows);
    }
    let rows = derived.remove(program.goal.as_str()).unwrap_or_default();
    Ok(items(&names, &rows, &mut left))
}

/// The rows as objects.
fn items(names: &[String], rows: &[Row], left: &mut Left) -> Result<Vec<Value>, String> {
    let mut seen = BTreeMap::new();
    for row in rows {
        let key = key(row.iter().map(|value| &**value), left)?;
        let size = key.len();
        if seen.insert(key, row).is_none() {
            let rest = left.bytes.checked_sub(size);
            left.bytes = rest.ok_or_else(|| format!("it comes to more than {MOST_BYTES} bytes"))?;
        }
    }
    let item = |row: &Row| names.iter().cloned().zip(row.iter().map(|value| Value::clone(value))).collect();
    Ok(seen.into_values().map(|row| Value::Object(item(row))).collect())
}

/// Names of the columns: the variables of the head, numbers for the rest.
fn columns(rule: &Rule) -> Vec<String> {
    let mut used = BTreeSet::new();
    let name = |(number, term): (usize, &Term)| match term {
        Term::Variable(name) if used.insert(name.clone()) => name.clone(),
        _ => format!("_{}", number + 1),
    };
    rule.head.iter().enumerate().map(name).collect()
}

/// Values of variables.
type Binding<'p> = BTreeMap<&'p str, Shared>;

fn rows<E>(
    rule: &Rule,
    derived: &BTreeMap<&str, Vec<Row>>,
    load: &mut impl FnMut(&Want) -> Result<Vec<Row>, E>,
    left: &mut Left,
) -> Result<Result<Vec<Row>, String>, E> {
    let mut table: Vec<Binding<'_>> = vec![Binding::new()];
    let mut waiting: Vec<&Literal> = rule.body.iter().collect();
    while !waiting.is_empty() {
        let bound: BTreeSet<&str> =
            table.first().map(|row| row.keys().copied().collect()).unwrap_or_default();
        let next = waiting.iter().position(|literal| ready(literal, &bound)).unwrap_or(0);
        let literal = waiting.remove(next);
        let joined = match literal {
            Literal::Compare(one, sign, other) => compare(table, one, *sign, other, left),
            Literal::Atom { name, terms } => {
                let rows = match BASES.iter().find(|(base, ..)| base == name) {
                    Some((_, _, base)) => Cow::Owned(load(&want(*base, terms))?),
                    None => Cow::Borrowed(derived.get(name.as_str()).map_or(&[][..], Vec::as_slice)),
                };
                join(&table, terms, &rows, left)
            }
        };
        table = match joined {
            Ok(table) => table,
            Err(why) => return Ok(Err(why)),
        };
        if table.is_empty() {
            return Ok(Ok(Vec::new()));
        }
    }
    let value = |binding: &Binding<'_>, term: &Term| match term {
        Term::Variable(name) => binding.get(name.as_str()).cloned().unwrap_or_default(),
        Term::Value(value) => Arc::new(value.clone()),
        Term::Any => Shared::default(),
    };
    let row = |binding: &Binding<'_>| rule.head.iter().map(|term| value(binding, term)).collect();
    Ok(Ok(table.iter().map(row).collect()))
}

/// Comparisons wait until their variables have values; an equation until one side has.
fn ready(literal: &Literal, bound: &BTreeSet<&str>) -> bool {
    let has = |term: &Term| match term {
        Term::Variable(name) => bound.contains(name.as_str()),
        Term::Value(_) | Term::Any => true,
    };
    match literal {
        Literal::Atom { .. } => true,
        Literal::Compare(left, Sign::Equal, right) => has(left) || has(right),
        Literal::Compare(left, _, right) => has(left) && has(right),
    }
}

fn want(base: Base, terms: &[Term]) -> Want {
    let value = |term: &Term| match term {
        Term::Value(value) => Some(value.clone()),
        _ => None,
    };
    let used = terms.iter().map(|term| *term != Term::Any).collect();
    Want { base, given: terms.iter().map(value).collect(), used }
}

fn compare<'p>(
    table: Vec<Binding<'p>>,
    one: &'p Term,
    sign: Sign,
    other: &'p Term,
    left: &mut Left,
) -> Result<Vec<Binding<'p>>, String> {
    let mut kept = Vec::new();
    for mut binding in table {
        let (a, b) = (look(&binding, one), look(&binding, other));
        match (a, b, one, other) {
            (Some(a), Some(b), ..) => {
                left.steps(1 + size(&a).min(size(&b)) / STEP)?;
                if holds(&a, sign, &b) {
                    kept.push(binding);
                }
            }
            (Some(value), None, _, Term::Variable(name)) | (None, Some(value), Term::Variable(name), _) => {
                binding.insert(name, value);
                kept.push(binding);
            }
            _ => {}
        }
    }
    Ok(kept)
}

/// The length of what takes long to compare.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(_) | Value::Object(_) => weight(value),
        _ => 0,
    }
}

fn look(binding: &Binding<'_>, term: &Term) -> Option<Shared> {
    match term {
        Term::Variable(name) => binding.get(name.as_str()).cloned(),
        Term::Value(value) => Some(Arc::new(value.clone())),
        Term::Any => None,
    }
}

/// Values of different types are different and have no order.
fn holds(one: &Value, sign: Sign, other: &Value) -> bool {
    let order = match (one, other) {
        (Value::Number(a), Value::Number(b)) => order(a, b),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (a, b) if a == b => Some(Ordering::Equal),
        _ => None,
    };
    // What cannot be put in an order differs.
    order.map_or(sign == Sign::Differs, |order| sign.accepts(order))
}

/// Extends each binding by the rows that fit it, found by the values that are known on both sides.
fn join<'p>(
    table: &[Binding<'p>],
    terms: &'p [Term],
    rows: &[Row],
    left: &mut Left,
) -> Result<Vec<Binding<'p>>, String> {
    let known: Vec<usize> = (0..terms.len())
        .filter(|at| match &terms[*at] {
            Term::Value(_) => true,
            Term::Variable(name) => table.first().is_some_and(|binding| binding.contains_key(name.as_str())),
            Term::Any => false,
        })
        .collect();
    let mut index: HashMap<String, Vec<&Row>> = HashMap::new();
    for row in rows.iter().filter(|row| row.len() == terms.len()) {
        index.entry(key(known.iter().map(|at| &*row[*at]), left)?).or_default().push(row);
    }
    let mut joined = Vec::new();
    for binding in table {
        let values: Vec<Shared> = known.iter().filter_map(|at| look(binding, &terms[*at])).collect();
        for row in index.get(&key(values.iter().map(|value| &**value), left)?).into_iter().flatten() {
            left.steps(1)?;
            joined.extend(extend(binding, terms, row, left)?);
            if joined.len() > MOST {
                return Err(format!("it comes to more than {MOST} rows in between"));
            }
        }
    }
    Ok(joined)
}

/// The values as text.
fn key<'v>(values: impl Iterator<Item = &'v Value>, left: &mut Left) -> Result<String, String> {
    let mut key = String::new();
    for value in values {
        left.steps(size(value) / STEP)?;
        key.push_str(&value.to_string());
        key.push('\u{1f}');
    }
    Ok(key)
}

/// The binding with the values of a row; `None` if they contradict each other.
fn extend<'p>(
    binding: &Binding<'p>,
    terms: &'p [Term],
    row: &Row,
    left: &mut Left,
) -> Result<Option<Binding<'p>>, String> {
    let mut extended = binding.clone();
    for (term, value) in terms.iter().zip(row) {
        let known = match term {
            Term::Any => continue,
            Term::Value(given) => given,
            Term::Variable(name) => match extended.get(name.as_str()) {
                Some(known) if Arc::ptr_eq(known, value) => continue,
                Some(known) => &**known,
                None => {
                    extended.insert(name, Arc::clone(value));
                    continue;
                }
            },
        };
        left.steps(size(known).min(size(value)) / STEP)?;
        if *known != **value {
            return Ok(None);
        }
    }
    Ok(Some(extended))
}
