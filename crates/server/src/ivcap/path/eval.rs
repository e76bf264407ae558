//! What a path selects. The rules are PostgreSQL's for lax mode.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use serde_json::Value;

use super::{Condition, Operand, Step};
use crate::ivcap::words::{Sign, order};

/// Items looked at for one request: a path that compares all with all would else run for hours.
const STEPS: u64 = 20_000_000;
/// Bytes of a text that are looked at in one step.
const TEXT: usize = 64;

/// The steps that one request has left.
#[derive(Debug)]
pub(crate) struct Steps(AtomicU64);

impl Default for Steps {
    fn default() -> Self {
        Self(AtomicU64::new(STEPS))
    }
}

/// A path takes too many steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong;

/// What a condition comes to; `None` is "unknown".
type Truth = Option<bool>;

struct Run<'v> {
    root: &'v Value,
    left: u64,
}

pub(super) fn select<'v>(steps: &[Step], root: &'v Value, all: &Steps) -> Result<Vec<&'v Value>, TooLong> {
    let mut run = Run { root, left: all.0.load(Relaxed) };
    let mut found = Vec::new();
    let done = run.follow(steps, root, true, &mut found);
    all.0.store(run.left, Relaxed);
    done.map(|()| found)
}

impl<'v> Run<'v> {
    fn step(&mut self) -> Result<(), TooLong> {
        self.steps(1)
    }

    /// Looking at a text takes as long as the text is.
    fn read(&mut self, text: &str) -> Result<(), TooLong> {
        self.steps((text.len() / TEXT) as u64)
    }

    fn steps(&mut self, count: u64) -> Result<(), TooLong> {
        let left = self.left.checked_sub(count);
        self.left = left.unwrap_or(0);
        left.map(drop).ok_or(TooLong)
    }

    /// Follows `steps` from an item; `unwrap` says whether an array stands for its elements.
    fn follow(
        &mut self,
        steps: &[Step],
        item: &'v Value,
        unwrap: bool,
        found: &mut Vec<&'v Value>,
    ) -> Result<(), TooLong> {
        self.step()?;
        let Some((step, rest)) = steps.split_first() else {
            found.push(item);
            return Ok(());
        };
        match (step, item) {
            (Step::AnyElement, Value::Array(items)) => {
                for item in items {
                    self.follow(rest, item, true, found)?;
                }
            }
            (Step::AnyElement, other) => self.follow(rest, other, true, found)?,
            (Step::Element(index), Value::Array(items)) => {
                if let Some(item) = items.get(*index) {
                    self.follow(rest, item, true, found)?;
                }
            }
            (Step::Element(index), other) => {
                if *index == 0 {
                    self.follow(rest, other, true, found)?;
                }
            }
            (_, Value::Array(items)) if unwrap => {
                for item in items {
                    self.follow(steps, item, false, found)?;
                }
            }
            (Step::Key(key), Value::Object(map)) => {
                if let Some(item) = map.get(key) {
                    self.follow(rest, item, true, found)?;
                }
            }
            (Step::AnyKey, Value::Object(map)) => {
                // As PostgreSQL stores objects: short keys first.
                let mut members: Vec<(&String, &Value)> = map.iter().collect();
                members.sort_unstable_by(|(a, _), (b, _)| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
                for (_, item) in members {
                    self.follow(rest, item, true, found)?;
                }
            }
            (Step::Filter(condition), item) => {
                if self.holds(condition, item)? == Some(true) {
                    self.follow(rest, item, true, found)?;
                }
            }
            (Step::Key(_) | Step::AnyKey, _) => {}
        }
        Ok(())
    }

    fn holds(&mut self, condition: &Condition, item: &'v Value) -> Result<Truth, TooLong> {
        Ok(match condition {
            Condition::And(left, right) => match self.holds(left, item)? {
                Some(false) => Some(false),
                left => match self.holds(right, item)? {
                    Some(true) => left,
                    right => right,
                },
            },
            Condition::Or(left, right) => match self.holds(left, item)? {
                Some(true) => Some(true),
                left => match self.holds(right, item)? {
                    Some(false) => left,
                    right => right,
                },
            },
            Condition::Not(inner) => self.holds(inner, item)?.map(|truth| !truth),
            Condition::Exists(Operand::Scalar(_)) => Some(true),
            Condition::Exists(Operand::Root(steps)) => Some(!self.items(steps, self.root)?.is_empty()),
            Condition::Exists(Operand::Current(steps)) => Some(!self.items(steps, item)?.is_empty()),
            Condition::Compare(left, sign, right) => {
                let rights = self.values(right, item)?;
                let lefts = self.values(left, item)?;
                self.any(&lefts, |run, left| {
                    run.any(&rights, |run, right| {
                        if let (Value::String(one), Value::String(other)) = (left, right) {
                            run.read(if one.len() < other.len() { one } else { other })?;
                        }
                        Ok(compare(left, *sign, right))
                    })
                })?
            }
            Condition::StartsWith(operand, start) => {
                let values = self.values(operand, item)?;
                self.any(&values, |_, value| Ok(value.as_str().map(|text| text.starts_with(start))))?
            }
            Condition::Matches(operand, pattern) => {
                let values = self.values(operand, item)?;
                self.any(&values, |run, value| {
                    let Some(text) = value.as_str() else { return Ok(None) };
                    run.read(text)?;
                    Ok(Some(pattern.is_match(text)))
                })?
            }
        })
    }

    fn items(&mut self, steps: &[Step], from: &'v Value) -> Result<Vec<&'v Value>, TooLong> {
        let mut found = Vec::new();
        self.follow(steps, from, true, &mut found)?;
        Ok(found)
    }

    /// What an operand comes to; arrays stand for their elements.
    fn values<'c>(&mut self, operand: &'c Operand, item: &'v Value) -> Result<Vec<&'c Value>, TooLong>
    where
        'v: 'c,
    {
        let found = match operand {
            Operand::Scalar(value) => return Ok(vec![value]),
            Operand::Root(steps) => self.items(steps, self.root)?,
            Operand::Current(steps) => self.items(steps, item)?,
        };
        let mut values = Vec::with_capacity(found.len());
        for one in found {
            match one {
                Value::Array(items) => values.extend(items),
                other => values.push(other),
            }
        }
        Ok(values)
    }

    /// Whether something is true of one of them; unknown if not, and it is unknown of one.
    fn any<T>(
        &mut self,
        values: &[T],
        mut test: impl FnMut(&mut Self, &T) -> Result<Truth, TooLong>,
    ) -> Result<Truth, TooLong> {
        let mut outcome = Some(false);
        for value in values {
            self.step()?;
            match test(self, value)? {
                Some(true) => return Ok(Some(true)),
                Some(false) => {}
                None => outcome = None,
            }
        }
        Ok(outcome)
    }
}

fn compare(one: &Value, sign: Sign, other: &Value) -> Truth {
    let order = match (one, other) {
        (Value::Null, Value::Null) => std::cmp::Ordering::Equal,
        (Value::Null, _) | (_, Value::Null) => return Some(sign == Sign::Differs),
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Number(one), Value::Number(other)) => order(one, other)?,
        (Value::String(one), Value::String(other)) => one.cmp(other),
        _ => return None,
    };
    Some(sign.accepts(order))
}
