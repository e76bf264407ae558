//! What an OpenAPI document says about requests: fields of collections, bodies, answers of actions.

use pentad_openapi::{Document, Node, Operation, Part, ProblemKind};
use pentad_rql::{FieldType, Kind, Schema};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::error::Failure;

/// Fields of fields of a schema are followed so far.
const DEEPEST: usize = 4;

/// The types of the fields of the objects that a list answers.
pub(crate) fn schema(document: &Document, path: &str) -> Schema {
    let mut schema = Schema::open();
    let Some(list) = document.operation("get", path) else { return schema };
    let media = list.response(200).ok().flatten().map(|answer| answer.media()).unwrap_or_default();
    let json = media.into_iter().find(|media| media.kind().contains("json"));
    let items = json.and_then(|media| media.schema()).and_then(|list| items(document, list));
    if let Some(object) = items {
        schema = fields(document, object, "", schema, 0);
    }
    for parameter in list.parameters().unwrap_or_default() {
        if parameter.can_search()
            && let Some(known) = schema.get(parameter.name()).cloned()
        {
            schema = schema.field(parameter.name(), known.searchable());
        }
    }
    schema
}

fn items<'d>(document: &'d Document, list: Node<'d>) -> Option<Node<'d>> {
    document.resolve(document.resolve(list).ok()?.get("items")?).ok()
}

fn fields<'d>(document: &'d Document, object: Node<'d>, at: &str, schema: Schema, depth: usize) -> Schema {
    if depth > DEEPEST {
        return schema;
    }
    let schema =
        parts(document, object).fold(schema, |schema, part| fields(document, part, at, schema, depth + 1));
    let properties = object.get("properties").into_iter().flat_map(Node::entries);
    properties.fold(schema, |schema, (name, field)| {
        let Ok(field) = document.resolve(field) else { return schema };
        let path = if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
        match kind(field).or_else(|| parts(document, field).find_map(kind)) {
            // What may be missing from a request may be missing from what is stored.
            Some(kind) => schema.field(path, FieldType::new(kind).nullable()),
            None => fields(document, field, &path, schema, depth + 1),
        }
    })
}

/// What a schema is put together from.
fn parts<'d>(document: &'d Document, schema: Node<'d>) -> impl Iterator<Item = Node<'d>> {
    let all = schema.get("allOf").into_iter().flat_map(Node::items);
    all.filter_map(move |part| document.resolve(part).ok())
}

/// The type of a field; none for objects, arrays, what may be several things, and what is not said.
fn kind(field: Node<'_>) -> Option<Kind> {
    let form = field.get("format").and_then(Node::as_str);
    match (type_name(field)?, form) {
        ("string", Some("date-time")) => Some(Kind::DateTime),
        ("string", Some("date")) => Some(Kind::Date),
        ("string", _) => {
            let members: Vec<String> =
                field.get("enum").into_iter().flat_map(Node::items).filter_map(Node::to_text).collect();
            Some(if members.is_empty() { Kind::Text } else { Kind::Choice(members) })
        }
        ("integer", _) => Some(Kind::Integer),
        ("number", _) => Some(Kind::Decimal { scale: scale(field) }),
        ("boolean", _) => Some(Kind::Boolean),
        _ => None,
    }
}

/// The one type beside null: `type: string`, or `type: [string, "null"]`.
fn type_name(field: Node<'_>) -> Option<&str> {
    let types = field.get("type")?;
    if let Some(name) = types.as_str() {
        return Some(name);
    }
    let mut names = types.items().filter_map(Node::as_str).filter(|name| *name != "null");
    names.next().filter(|_| names.next().is_none())
}

/// Digits behind the point: those of `multipleOf`, else any number of them.
fn scale(field: Node<'_>) -> usize {
    let step = field.get("multipleOf").and_then(Node::to_text);
    let fraction = step.as_deref().and_then(|step| step.split_once('.')).map(|(_, fraction)| fraction.len());
    fraction.unwrap_or(usize::MAX)
}

/// Refuses a body that does not fit.
pub(crate) fn check(
    operation: &Operation<'_>,
    content_type: &str,
    body: Option<&Value>,
) -> Result<(), Failure> {
    let problems = match operation.check_body(content_type, body) {
        Ok(problems) => problems,
        Err(error) => {
            tracing::debug!(%error, "a body is not described by the document");
            return Ok(());
        }
    };
    let texts: Vec<String> = problems
        .iter()
        .map(|problem| match (problem.part(), problem.pointer().trim_start_matches('/')) {
            (Part::Body, "") => problem.message().to_owned(),
            (Part::Body, pointer) => format!("{}: {}", pointer.replace('/', "."), problem.message()),
            _ => problem.to_string(),
        })
        .collect();
    if texts.is_empty() { Ok(()) } else { Err(Failure::all_invalid(texts)) }
}

/// Refuses parameters that are missing or do not fit; those that the document does not know are let through.
pub(crate) fn check_query(operation: &Operation<'_>, query: &str) -> Result<(), Failure> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let parts = query.split('&').filter(|part| !part.is_empty());
    let pairs: Vec<(String, String)> = parts
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| (decoded(name), decoded(&value.replace('+', " "))))
        .collect();
    let pairs: Vec<(&str, &str)> =
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let problems = match operation.check_query(&pairs) {
        Ok(problems) => problems,
        Err(error) => {
            tracing::debug!(%error, "parameters are not described by the document");
            return Ok(());
        }
    };
    let known = problems.iter().filter(|problem| problem.kind() != ProblemKind::Unknown);
    let texts: Vec<String> = known.map(ToString::to_string).collect();
    if texts.is_empty() { Ok(()) } else { Err(Failure::all_invalid(texts)) }
}

/// What an action answers by the document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Success {
    pub(crate) status: u16,
    /// The content type, absent without content.
    pub(crate) content: Option<String>,
    pub(crate) example: Option<Value>,
}

/// The first success that the document describes; a redirection if there is no other.
pub(crate) fn success(operation: &Operation<'_>) -> Success {
    let responses = operation.responses().unwrap_or_default();
    let within = |first: u16, last: u16| {
        responses.iter().find_map(move |response| {
            let status: u16 = response.status().parse().ok()?;
            (first..=last).contains(&status).then_some((status, response))
        })
    };
    let found = within(200, 299).or_else(|| within(300, 399)).map(|(status, response)| {
        let media = response.media();
        let json = media.iter().find(|media| media.kind().starts_with("application/json"));
        let media = json.or(media.first());
        Success {
            status,
            content: media.map(|media| media.kind().to_owned()),
            example: media.and_then(|media| media.example()).map(Node::to_value),
        }
    });
    found.unwrap_or(Success { status: 200, content: Some("application/json".to_owned()), example: None })
}
