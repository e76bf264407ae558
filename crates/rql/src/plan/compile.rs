//! From conditions as written to conditions with types.

use std::collections::HashSet;

use crate::error::{FieldError, Problem};
use crate::expr::{Expr, Membership, Operator, Property, Signed};
use crate::filter::{Check, Filter, Relation, Test};
use crate::key::{Key, Kind};
use crate::pattern::Pattern;
use crate::schema::{FieldType, Schema};
use crate::value::Value;

/// What stood in the query beside conditions. The outer `Option` says whether it was given.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) ordering: Option<Vec<Signed>>,
    pub(super) select: Option<Vec<Signed>>,
    pub(super) limit: Option<Option<u64>>,
    pub(super) offset: Option<Option<u64>>,
}

#[derive(Debug)]
pub(super) struct Compiler<'a> {
    schema: &'a Schema,
    undeclared: FieldType,
    pub(super) found: Found,
}

/// A comparison on its way, with what an error about it must say.
struct Site<'a> {
    path: &'a Property,
    full: String,
    lookup: &'static str,
}

impl Site<'_> {
    fn error(&self, problem: Problem, value: &Value) -> FieldError {
        let value = match value {
            Value::Text(text) => Some(text.clone()),
            Value::Null => Some("null()".into()),
            Value::Empty => Some("empty()".into()),
            Value::Tuple(_) => None,
        };
        FieldError { problem, filter: self.full.clone(), lookup: self.lookup, value }
    }

    fn test(&self, kind: &Kind, check: Check) -> Filter {
        Filter::Test(Test { path: self.path.clone(), kind: kind.clone(), check })
    }
}

impl<'a> Compiler<'a> {
    pub(super) fn new(schema: &'a Schema) -> Self {
        let undeclared = FieldType::new(Kind::Any).nullable();
        Self { schema, undeclared, found: Found::default() }
    }

    /// `None` for what is no condition. `within` is the path of the object whose tuple this is.
    pub(super) fn filter(&mut self, expr: &Expr, within: Option<&str>) -> Result<Option<Filter>, FieldError> {
        match expr {
            Expr::Everything => Ok(None),
            Expr::And(terms) => self.combine(terms, within, Filter::All),
            Expr::Or(terms) => self.combine(terms, within, Filter::Any),
            Expr::Not(term) => Ok(self.filter(term, within)?.map(|filter| Filter::Not(Box::new(filter)))),
            Expr::Test { property, operator, value } => {
                if within.is_none()
                    && let Some(word) = self.word(property, *operator, value)
                {
                    return word;
                }
                let site = site(property, within, operator.as_str());
                self.test(&site, *operator, value)
            }
            Expr::Member { property, operator, values } => {
                let site = site(property, within, operator.as_str());
                self.member(&site, *operator, values)
            }
            Expr::Ordering(fields) => once(&mut self.found.ordering, fields.clone(), Problem::OrderingTwice),
            Expr::Select(fields) => once(&mut self.found.select, fields.clone(), Problem::SelectTwice),
        }
    }

    fn combine(
        &mut self,
        terms: &[Expr],
        within: Option<&str>,
        make: fn(Vec<Filter>) -> Filter,
    ) -> Result<Option<Filter>, FieldError> {
        let mut filters = Vec::with_capacity(terms.len());
        for term in terms {
            filters.extend(self.filter(term, within)?);
        }
        Ok(if filters.len() < 2 { filters.pop() } else { Some(make(filters)) })
    }

    /// The words that look like fields: `limit`, `offset`, `search`.
    fn word(
        &mut self,
        property: &Property,
        operator: Operator,
        value: &Value,
    ) -> Option<Result<Option<Filter>, FieldError>> {
        let slot = match property.as_str() {
            "limit" => &mut self.found.limit,
            "offset" => &mut self.found.offset,
            "search" => return Some(self.search(&site(property, None, operator.as_str()), operator, value)),
            _ => return None,
        };
        if operator != Operator::Eq {
            return Some(Err(site(property, None, operator.as_str()).error(Problem::Limits, value)));
        }
        let number = value.as_text().and_then(|text| text.parse().ok());
        Some(once(slot, number, Problem::Limits))
    }

    fn search(
        &self,
        site: &Site<'_>,
        operator: Operator,
        value: &Value,
    ) -> Result<Option<Filter>, FieldError> {
        let Some(text) = value.as_text().filter(|_| operator == Operator::Eq) else {
            return Err(site.error(Problem::Lookup, value));
        };
        if text.is_empty() {
            return Ok(None);
        }
        let Some(pattern) = Pattern::search(text) else { return Err(site.error(Problem::Value, value)) };
        let fields: Vec<_> = self.schema.searchable().filter_map(|path| Property::new(path).ok()).collect();
        if fields.is_empty() && self.schema.open {
            return Ok(Some(Filter::Search(pattern)));
        }
        let like = |path| Filter::Test(Test { path, kind: Kind::Text, check: Check::Like(pattern.clone()) });
        Ok(Some(Filter::Any(fields.into_iter().map(like).collect())))
    }

    /// The declaration; `None` if the condition is to be ignored.
    fn declared(&self, site: &Site<'_>) -> Option<&FieldType> {
        match self.schema.get(&site.full) {
            Some(field) => Some(field),
            None if self.schema.open => Some(&self.undeclared),
            None => None,
        }
    }

    fn test(
        &mut self,
        site: &Site<'_>,
        operator: Operator,
        value: &Value,
    ) -> Result<Option<Filter>, FieldError> {
        if let Value::Tuple(tests) = value {
            let filter = self.tuple(site, operator, tests, value)?;
            return Ok(filter.map(|filter| maybe_not(filter, operator == Operator::Ne)));
        }
        let Some(field) = self.declared(site) else { return Ok(None) };
        let relation = match operator {
            Operator::Eq | Operator::Ne => {
                let check = equality(site, field, value)?;
                let filter = site.test(&field.kind, check);
                return Ok(Some(maybe_not(filter, operator == Operator::Ne)));
            }
            Operator::Like | Operator::Ilike => {
                let fold = operator == Operator::Ilike;
                return like(site, field, fold, value).map(|check| Some(site.test(&field.kind, check)));
            }
            Operator::Gt => Relation::Greater,
            Operator::Ge => Relation::GreaterOrEqual,
            Operator::Lt => Relation::Less,
            Operator::Le => Relation::LessOrEqual,
        };
        let Value::Text(text) = value else { return Err(site.error(Problem::Lookup, value)) };
        if !field.kind.has_order() {
            return Err(site.error(Problem::Lookup, value));
        }
        let mut keys = field.kind.literal(text).ok_or_else(|| site.error(Problem::Value, value))?;
        keys.retain(|key| !matches!(key, Key::Boolean(_)));
        Ok(Some(site.test(&field.kind, Check::Order(relation, keys))))
    }

    fn member(
        &mut self,
        site: &Site<'_>,
        operator: Membership,
        values: &[Value],
    ) -> Result<Option<Filter>, FieldError> {
        if matches!(site.full.as_str(), "limit" | "offset" | "search") {
            let problem = if site.full == "search" { Problem::Lookup } else { Problem::Limits };
            return Err(site.error(problem, &Value::Tuple(Vec::new())));
        }
        // In the order given; asked of a set, since a list may be long.
        let (mut keys, mut known) = (Vec::new(), HashSet::new());
        let mut parts = Vec::new();
        let mut ignored = false;
        for value in values {
            if let Value::Tuple(tests) = value {
                parts.extend(self.tuple(site, Operator::Eq, tests, value)?);
                continue;
            }
            let Some(field) = self.declared(site) else {
                ignored = true;
                continue;
            };
            match equality(site, field, value)? {
                Check::Equals(more) => {
                    keys.extend(more.into_iter().filter(|key| known.insert(key.clone())));
                }
                check => parts.push(site.test(&field.kind, check)),
            }
        }
        if let Some(field) = self.declared(site).filter(|_| !keys.is_empty()) {
            parts.insert(0, site.test(&field.kind, Check::Equals(keys)));
        }
        if parts.is_empty() && (ignored || !self.schema.knows(&site.full)) {
            return Ok(None);
        }
        let filter = if parts.len() == 1 { parts.remove(0) } else { Filter::Any(parts) };
        Ok(Some(maybe_not(filter, operator == Membership::Out)))
    }

    fn tuple(
        &mut self,
        site: &Site<'_>,
        operator: Operator,
        tests: &[Expr],
        value: &Value,
    ) -> Result<Option<Filter>, FieldError> {
        let scalar = self.schema.get(&site.full).is_some_and(|field| field.kind != Kind::Any);
        if scalar || !matches!(operator, Operator::Eq | Operator::Ne) {
            return Err(site.error(Problem::Lookup, value));
        }
        let inner = self.combine(tests, Some(&site.full), Filter::All)?;
        Ok(inner.map(|inner| site.test(&Kind::Any, Check::Within(Box::new(inner)))))
    }
}

fn site<'a>(path: &'a Property, within: Option<&str>, lookup: &'static str) -> Site<'a> {
    let full = match within {
        Some(outer) => format!("{outer}.{path}"),
        None => path.to_string(),
    };
    Site { path, full, lookup }
}

fn maybe_not(filter: Filter, negated: bool) -> Filter {
    if negated { Filter::Not(Box::new(filter)) } else { filter }
}

fn equality(site: &Site<'_>, field: &FieldType, value: &Value) -> Result<Check, FieldError> {
    match value {
        Value::Null if field.nullable => Ok(Check::Null),
        Value::Null | Value::Tuple(_) => Err(site.error(Problem::Lookup, value)),
        Value::Empty if field.kind.has_text() => Ok(Check::Equals(vec![Key::Text(String::new())])),
        Value::Empty => Err(site.error(Problem::Value, value)),
        Value::Text(text) if text.is_empty() && field.kind.has_text() => {
            Ok(Check::Equals(vec![Key::Text(String::new())]))
        }
        Value::Text(text) => {
            field.kind.literal(text).map(Check::Equals).ok_or_else(|| site.error(Problem::Value, value))
        }
    }
}

fn like(site: &Site<'_>, field: &FieldType, fold: bool, value: &Value) -> Result<Check, FieldError> {
    let Value::Text(text) = value else { return Err(site.error(Problem::Lookup, value)) };
    if !field.kind.has_text() {
        return Err(site.error(Problem::Lookup, value));
    }
    Pattern::new(text, fold).map(Check::Like).ok_or_else(|| site.error(Problem::Value, value))
}

/// Keeps what may be given once.
fn once<T>(slot: &mut Option<T>, value: T, twice: Problem) -> Result<Option<Filter>, FieldError> {
    if slot.is_some() {
        let lookup = match twice {
            Problem::OrderingTwice => "ordering",
            Problem::SelectTwice => "select",
            _ => "eq",
        };
        return Err(FieldError { problem: twice, filter: String::new(), lookup, value: None });
    }
    *slot = Some(value);
    Ok(None)
}
