//! What is held against the OpenAPI document before a call is sent.

use std::borrow::Cow;

use http::Method;
use pentad_core::{Error, ErrorKind, Result};
use pentad_openapi::{Document, Location, Node, Operation, Problem, ProblemKind};
use pentad_rql::{Expr, Property, Signed, Value, parse};

use crate::body::{self, Payload};
use crate::client::of_document;
use crate::page::{LIMIT, OFFSET, SEARCH};
use crate::specs::Validate;

/// Schemas of resources are looked into through so many `allOf`.
const DEPTH: usize = 4;

/// Parameters of a request beside its RQL, not escaped.
pub(crate) type Pairs<'a> = &'a [(Cow<'static, str>, String)];

/// Holds method, path, arguments in it and body against the document.
pub(crate) fn call(
    document: &Document,
    validate: Validate,
    method: &Method,
    path: &str,
    payload: &Payload,
) -> Result<()> {
    let operation =
        document.require(method.as_str(), path).map_err(|error| of_document(&error, ErrorKind::Invalid))?;
    if validate != Validate::Everything {
        return Ok(());
    }
    // What the document does not describe, or describes wrongly, is not held against the caller.
    let mut problems = operation.check_path(path).unwrap_or_default();
    if !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
        && let Some(value) = body::known(payload)
    {
        problems.extend(operation.check_body("application/json", value).unwrap_or_default());
    }
    refused(&problems)
}

/// Holds fields, lookups, ordering and selection of a query, and the parameters beside it, against what the document says.
pub(crate) fn query(
    document: &Document,
    method: &Method,
    path: &str,
    rql: &str,
    pairs: Pairs<'_>,
) -> Result<()> {
    let Some(operation) = document.operation(method.as_str(), path) else { return Ok(()) };
    let parameters = operation.parameters().unwrap_or_default();
    let asked = Asked::of(rql)?;
    // An operation that names no parameter leaves them open.
    if !parameters.iter().any(|parameter| parameter.location() == Location::Query) {
        return Ok(());
    }
    let given: Vec<(&str, &str)> =
        pairs.iter().map(|(name, value)| (name.as_ref(), value.as_str())).collect();
    let mut problems = operation.check_query(&given).unwrap_or_default();
    problems.retain(|problem| !is_common(problem));
    refused(&problems)?;
    let fields: Vec<Field<'_>> = parameters
        .iter()
        .filter(|parameter| !parameter.is_shared() && parameter.lookups().is_some())
        .map(|parameter| Field {
            name: parameter.name(),
            lookups: parameter.lookups().unwrap_or_default(),
            ordering: parameter.can_order(),
        })
        .collect();
    // A collection that names no field leaves them open.
    if fields.is_empty() {
        return Ok(());
    }
    asked.check(&operation, &fields, path)?;
    asked.check_selection(document, &operation, &fields, path)
}

/// Paging and search are the service's own, named by the operation or not.
fn is_common(problem: &Problem) -> bool {
    problem.kind() == ProblemKind::Unknown
        && matches!(problem.part(), pentad_openapi::Part::Parameter(_, name) if matches!(name.as_str(), LIMIT | OFFSET | SEARCH))
}

fn refused(problems: &[Problem]) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Err(Error::new(ErrorKind::Invalid, lines.join("; ")))
}

/// A field that the listing's parameters describe.
struct Field<'d> {
    name: &'d str,
    lookups: Vec<&'d str>,
    ordering: bool,
}

/// What a query names.
#[derive(Default)]
struct Asked {
    /// Fields with their lookups.
    tests: Vec<(String, &'static str)>,
    ordering: Vec<String>,
    selection: Vec<String>,
}

impl Asked {
    fn of(rql: &str) -> Result<Self> {
        let mut asked = Self::default();
        if !rql.is_empty() {
            let tree = parse(rql).map_err(|error| Error::invalid("filter", error.to_string()))?;
            asked.note(&tree, "");
        }
        Ok(asked)
    }

    fn note(&mut self, tree: &Expr, above: &str) {
        let whole = |property: &Property| format!("{above}{property}");
        match tree {
            Expr::And(terms) | Expr::Or(terms) => terms.iter().for_each(|term| self.note(term, above)),
            Expr::Not(term) => self.note(term, above),
            Expr::Test { property, value: Value::Tuple(tests), .. } => self.tuple(&whole(property), tests),
            Expr::Test { property, operator, .. } => self.tests.push((whole(property), operator.as_str())),
            Expr::Member { property, operator, values } => {
                for value in values {
                    if let Value::Tuple(tests) = value {
                        self.tuple(&whole(property), tests);
                    }
                }
                if !values.iter().any(|value| matches!(value, Value::Tuple(_))) {
                    self.tests.push((whole(property), operator.as_str()));
                }
            }
            Expr::Ordering(fields) => self.ordering.extend(names(fields)),
            Expr::Select(fields) => self.selection.extend(names(fields)),
            Expr::Everything => {}
        }
    }

    /// The tests of a tuple are about what its field leads to.
    fn tuple(&mut self, field: &str, tests: &[Expr]) {
        let above = format!("{field}.");
        tests.iter().for_each(|test| self.note(test, &above));
    }

    fn check(&self, operation: &Operation<'_>, fields: &[Field<'_>], path: &str) -> Result<()> {
        for (name, lookup) in &self.tests {
            if matches!(name.as_str(), LIMIT | OFFSET | SEARCH) {
                continue;
            }
            let field = known(operation, fields, path, "filter", name)?;
            if !field.lookups.contains(lookup) {
                let why = format!("`{name}` knows no `{lookup}`, only: {}", field.lookups.join(", "));
                return Err(Error::invalid("filter", why));
            }
        }
        // A document that allows no ordering at all does not speak about it.
        let speaks = fields.iter().any(|field| field.ordering);
        for name in &self.ordering {
            let field = known(operation, fields, path, "ordering", name)?;
            if speaks && !field.ordering {
                let can: Vec<&str> =
                    fields.iter().filter(|field| field.ordering).map(|field| field.name).collect();
                let error = Error::invalid("ordering", format!("`{path}` cannot be ordered by `{name}`"));
                return Err(error.with_hint(format!("only by: {}", can.join(", "))));
            }
        }
        Ok(())
    }

    /// Fields of the resources, as far as the answer's schema names them, and those that filters know.
    fn check_selection(
        &self,
        document: &Document,
        operation: &Operation<'_>,
        fields: &[Field<'_>],
        path: &str,
    ) -> Result<()> {
        let mut names = Vec::new();
        let answer = operation.response(200).ok().flatten();
        for schema in answer.iter().flat_map(|answer| answer.media()).filter_map(|media| media.schema()) {
            let items = document.resolve(schema).ok().and_then(|schema| schema.get("items"));
            members(document, items.unwrap_or(schema), 0, &mut names);
        }
        if names.is_empty() {
            return Ok(());
        }
        for name in &self.selection {
            let first = name.split('.').next().unwrap_or_default();
            let filtered = || fields.iter().any(|field| field.name.split('.').next() == Some(first));
            if !names.contains(&first) && !filtered() {
                let hint = format!("there are: {}", names.join(", "));
                return Err(
                    Error::invalid("select", format!("`{path}` has no field `{name}`")).with_hint(hint)
                );
            }
        }
        Ok(())
    }
}

fn names(fields: &[Signed]) -> impl Iterator<Item = String> {
    fields.iter().map(|field| field.property.to_string())
}

/// The field of that name; the nearest ones are named where there is none.
fn known<'f, 'd>(
    operation: &Operation<'_>,
    fields: &'f [Field<'d>],
    path: &str,
    argument: &str,
    name: &str,
) -> Result<&'f Field<'d>> {
    if let Some(field) = fields.iter().find(|field| field.name == name) {
        return Ok(field);
    }
    let error = Error::invalid(argument, format!("`{path}` has no field `{name}`"));
    let problems = operation.check_query(&[(name, "")]).unwrap_or_default();
    let unknown = problems.iter().find(|problem| problem.kind() == ProblemKind::Unknown);
    match unknown.map(Problem::nearest) {
        None | Some([]) => Err(error),
        Some(near) => Err(error.with_hint(format!("nearest: {}", near.join(", ")))),
    }
}

/// The members that a schema names.
fn members<'d>(document: &'d Document, schema: Node<'d>, depth: usize, names: &mut Vec<&'d str>) {
    let Ok(schema) = document.resolve(schema) else { return };
    names.extend(schema.get("properties").into_iter().flat_map(Node::entries).map(|(name, _)| name));
    if depth < DEPTH {
        for part in schema.get("allOf").into_iter().flat_map(Node::items) {
            members(document, part, depth + 1, names);
        }
    }
}
