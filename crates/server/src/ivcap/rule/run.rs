//! What a program answers.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::{BASES, Literal, Program, Rule, Sign, Term};

/// Rows that one step may come to.
const MOST: usize = 200_000;
/// Pairs of rows that one program may look at.
const MOST_STEPS: u64 = 20_000_000;

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
}

/// A row of a predicate.
pub(crate) type Row = Vec<Value>;

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
    let mut steps = 0;
    for rule in &program.rules {
        let rows = match rows(rule, &derived, &mut load, &mut steps)? {
            Ok(rows) => rows,
            Err(why) => return Ok(Err(why)),
        };
        if rule.name == program.goal && names.is_empty() {
            names = columns(rule);
        }
        derived.entry(&rule.name).or_default().extend(rows);
    }
    let rows = derived.remove(program.goal.as_str()).unwrap_or_default();
    let mut seen = BTreeMap::new();
    for row in rows {
        let item: Map<String, Value> = names.iter().cloned().zip(row).collect();
        let item = Value::Object(item);
        seen.insert(item.to_string(), item);
    }
    Ok(Ok(seen.into_values().collect()))
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
type Binding = BTreeMap<String, Value>;

fn rows<E>(
    rule: &Rule,
    derived: &BTreeMap<&str, Vec<Row>>,
    load: &mut impl FnMut(&Want) -> Result<Vec<Row>, E>,
    steps: &mut u64,
) -> Result<Result<Vec<Row>, String>, E> {
    let mut table: Vec<Binding> = vec![Binding::new()];
    let mut waiting: Vec<&Literal> = rule.body.iter().collect();
    while !waiting.is_empty() {
        let bound: BTreeSet<String> =
            table.first().map(|row| row.keys().cloned().collect()).unwrap_or_default();
        let next = waiting.iter().position(|literal| ready(literal, &bound)).unwrap_or(0);
        let literal = waiting.remove(next);
        table = match literal {
            Literal::Compare(left, sign, right) => compare(table, left, *sign, right),
            Literal::Atom { name, terms } => {
                let rows = match BASES.iter().find(|(base, ..)| base == name) {
                    Some((_, _, base)) => load(&Want { base: *base, given: given(terms) })?,
                    None => derived.get(name.as_str()).cloned().unwrap_or_default(),
                };
                match join(&table, terms, &rows, steps) {
                    Ok(table) => table,
                    Err(why) => return Ok(Err(why)),
                }
            }
        };
        if table.is_empty() {
            return Ok(Ok(Vec::new()));
        }
    }
    let value = |binding: &Binding, term: &Term| match term {
        Term::Variable(name) => binding.get(name).cloned().unwrap_or(Value::Null),
        Term::Value(value) => value.clone(),
        Term::Any => Value::Null,
    };
    let row = |binding: &Binding| rule.head.iter().map(|term| value(binding, term)).collect();
    Ok(Ok(table.iter().map(row).collect()))
}

/// Comparisons wait until their variables have values; an equation until one side has.
fn ready(literal: &Literal, bound: &BTreeSet<String>) -> bool {
    let has = |term: &Term| match term {
        Term::Variable(name) => bound.contains(name),
        Term::Value(_) | Term::Any => true,
    };
    match literal {
        Literal::Atom { .. } => true,
        Literal::Compare(left, Sign::Equal, right) => has(left) || has(right),
        Literal::Compare(left, _, right) => has(left) && has(right),
    }
}

fn given(terms: &[Term]) -> Vec<Option<Value>> {
    let value = |term: &Term| match term {
        Term::Value(value) => Some(value.clone()),
        _ => None,
    };
    terms.iter().map(value).collect()
}

fn compare(table: Vec<Binding>, left: &Term, sign: Sign, right: &Term) -> Vec<Binding> {
    let mut kept = Vec::new();
    for mut binding in table {
        let (a, b) = (look(&binding, left), look(&binding, right));
        match (a, b, left, right) {
            (Some(a), Some(b), ..) if holds(&a, sign, &b) => kept.push(binding),
            (Some(value), None, _, Term::Variable(name)) | (None, Some(value), Term::Variable(name), _) => {
                binding.insert(name.clone(), value);
                kept.push(binding);
            }
            _ => {}
        }
    }
    kept
}

fn look(binding: &Binding, term: &Term) -> Option<Value> {
    match term {
        Term::Variable(name) => binding.get(name).cloned(),
        Term::Value(value) => Some(value.clone()),
        Term::Any => None,
    }
}

/// Values of different types are different and have no order.
fn holds(one: &Value, sign: Sign, other: &Value) -> bool {
    let order = match (one, other) {
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64().zip(b.as_f64()).and_then(|(a, b)| a.partial_cmp(&b))
        }
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (a, b) if a == b => Some(Ordering::Equal),
        _ => None,
    };
    match sign {
        Sign::Equal => order == Some(Ordering::Equal),
        Sign::Differs => order != Some(Ordering::Equal),
        Sign::Less => order == Some(Ordering::Less),
        Sign::AtMost => order.is_some_and(Ordering::is_le),
        Sign::More => order == Some(Ordering::Greater),
        Sign::AtLeast => order.is_some_and(Ordering::is_ge),
    }
}

/// Extends each binding by the rows that fit it, found by the values that are known on both sides.
fn join(table: &[Binding], terms: &[Term], rows: &[Row], steps: &mut u64) -> Result<Vec<Binding>, String> {
    let known: Vec<usize> = (0..terms.len())
        .filter(|at| match &terms[*at] {
            Term::Value(_) => true,
            Term::Variable(name) => table.first().is_some_and(|binding| binding.contains_key(name)),
            Term::Any => false,
        })
        .collect();
    let mut index: HashMap<String, Vec<&Row>> = HashMap::new();
    for row in rows.iter().filter(|row| row.len() == terms.len()) {
        index.entry(key(known.iter().map(|at| &row[*at]))).or_default().push(row);
    }
    let mut joined = Vec::new();
    for binding in table {
        let values: Vec<Value> = known.iter().filter_map(|at| look(binding, &terms[*at])).collect();
        for row in index.get(&key(values.iter())).into_iter().flatten() {
            *steps += 1;
            if *steps > MOST_STEPS {
                return Err("it looks at too many combinations".to_owned());
            }
            if let Some(extended) = extend(binding, terms, row) {
                joined.push(extended);
            }
            if joined.len() > MOST {
                return Err(format!("it comes to more than {MOST} rows in between"));
            }
        }
    }
    Ok(joined)
}

fn key<'v>(values: impl Iterator<Item = &'v Value>) -> String {
    values.map(Value::to_string).collect::<Vec<_>>().join("\u{1f}")
}

/// The binding with the values of a row; `None` if they contradict each other.
fn extend(binding: &Binding, terms: &[Term], row: &Row) -> Option<Binding> {
    let mut extended = binding.clone();
    for (term, value) in terms.iter().zip(row) {
        match term {
            Term::Any => {}
            Term::Value(given) if given == value => {}
            Term::Value(_) => return None,
            Term::Variable(name) => match extended.get(name) {
                Some(known) if known == value => {}
                Some(_) => return None,
                None => drop(extended.insert(name.clone(), value.clone())),
            },
        }
    }
    Some(extended)
}
