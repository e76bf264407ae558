//! Parameters of an operation, and checking their texts.

use serde_json::Value;

use crate::check::{Part, Problem, ProblemKind, Way};
use crate::document::Document;
use crate::error::Result;
use crate::near::nearest;
use crate::operation::{Operation, bare};
use crate::tree::{Kind, Node};

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Location {
    /// In the path, as `{name}`.
    Path,
    /// Behind the `?`.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
}

/// One parameter.
#[derive(Debug, Clone)]
pub struct Parameter<'d> {
    document: &'d Document,
    node: Node<'d>,
    name: &'d str,
    location: Location,
    shared: bool,
}

impl<'d> Parameter<'d> {
    /// None for entries without name or place.
    pub(crate) fn of(document: &'d Document, node: Node<'d>) -> Result<Option<Self>> {
        let shared = node.get("$ref").is_some();
        let node = document.resolve(node)?;
        let location = match node.get("in").and_then(Node::as_str) {
            Some("path") => Location::Path,
            Some("query") => Location::Query,
            Some("header") => Location::Header,
            Some("cookie") => Location::Cookie,
            _ => return Ok(None),
        };
        let name = node.get("name").and_then(Node::as_str);
        Ok(name.map(|name| Self { document, node, name, location, shared }))
    }

    /// Its name.
    pub fn name(&self) -> &'d str {
        self.name
    }

    /// Where it stands.
    pub fn location(&self) -> Location {
        self.location
    }

    /// The parameter as written.
    pub fn node(&self) -> Node<'d> {
        self.node
    }

    /// Whether the operation takes it from the common ones by `$ref`, as it does with those of paging.
    pub fn is_shared(&self) -> bool {
        self.shared
    }

    /// Whether it must be given.
    pub fn is_required(&self) -> bool {
        self.location == Location::Path || self.node.get("required").and_then(Node::as_bool).unwrap_or(false)
    }

    /// What it is for, Markdown.
    pub fn description(&self) -> Option<&'d str> {
        self.node.get("description")?.as_str()
    }

    /// Its schema as written; it may be a reference.
    pub fn schema(&self) -> Option<Node<'d>> {
        self.node.get("schema")
    }

    /// The filter operators that its description allows by a line `**lookups:** eq, ne, …`; none without such a line.
    ///
    /// # Source
    /// Connect reference 11.3.
    pub fn lookups(&self) -> Option<Vec<&'d str>> {
        Some(self.note("lookups")?.split(',').map(str::trim).filter(|lookup| !lookup.is_empty()).collect())
    }

    /// Whether its description allows ordering by it.
    pub fn can_order(&self) -> bool {
        self.note("ordering").is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Whether its description lets the full-text search look at it.
    pub fn can_search(&self) -> bool {
        self.note("search").is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The value of a line `**name:** value` in the description.
    fn note(&self, name: &str) -> Option<&'d str> {
        self.description()?.lines().find_map(|line| {
            let (key, value) = line.trim().trim_start_matches(['*', '-', ' ']).split_once(":**")?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// Whether lists come as one text with commas, not as repeated parameters.
    fn is_joined(&self) -> bool {
        let form = matches!(self.location, Location::Query | Location::Cookie);
        !self.node.get("explode").and_then(Node::as_bool).unwrap_or(form)
    }

    /// Checks the texts given for it.
    fn check(&self, texts: &[&str]) -> Result<Vec<Problem>> {
        let Some(schema) = self.schema() else { return Ok(Vec::new()) };
        let types = types(self.document, schema, 0)?;
        let mut first = None;
        for reading in self.readings(schema, &types, texts)? {
            let problems = self.document.check(schema, &reading, Way::Request)?;
            if problems.is_empty() {
                return Ok(problems);
            }
            first.get_or_insert(problems);
        }
        let part = Part::Parameter(self.location, self.name.to_owned());
        Ok(first.unwrap_or_default().into_iter().map(|problem| problem.of(part.clone())).collect())
    }

    /// What the texts can mean; objects are not read.
    fn readings(&self, schema: Node<'d>, types: &[&str], texts: &[&str]) -> Result<Vec<Value>> {
        if types.contains(&"object") {
            return Ok(Vec::new());
        }
        if types.contains(&"array") {
            let items = self.document.resolve(schema)?.get("items");
            let inner =
                items.map(|items| types_of_items(self.document, items)).transpose()?.unwrap_or_default();
            let split = |text: &&str| -> Vec<String> {
                match self.is_joined() {
                    true => text.split(',').map(str::to_owned).collect(),
                    false => vec![(*text).to_owned()],
                }
            };
            let texts: Vec<String> = texts.iter().flat_map(split).collect();
            return Ok(vec![texts.iter().map(|text| scalars(&inner, text).swap_remove(0)).collect()]);
        }
        Ok(texts.last().map(|text| scalars(types, text)).unwrap_or_default())
    }
}

fn types_of_items<'d>(document: &'d Document, items: Node<'d>) -> Result<Vec<&'d str>> {
    types(document, items, 0)
}

/// The JSON types that a schema allows, as far as it names them.
fn types<'d>(document: &'d Document, schema: Node<'d>, depth: usize) -> Result<Vec<&'d str>> {
    let schema = document.resolve(schema)?;
    let mut found: Vec<&str> = match schema.get("type") {
        Some(one) if one.kind() == Kind::String => one.as_str().into_iter().collect(),
        Some(many) => many.items().filter_map(Node::as_str).collect(),
        None => Vec::new(),
    };
    if found.is_empty() && depth < 4 {
        for branch in
            ["allOf", "anyOf", "oneOf"].iter().filter_map(|name| schema.get(name)).flat_map(Node::items)
        {
            found.extend(types(document, branch, depth + 1)?);
        }
    }
    Ok(found)
}

/// The values that a text can stand for, likeliest first; never empty.
fn scalars(types: &[&str], text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for kind in types {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        found.extend(match *kind {
            "integer" | "number" if plain => {
                serde_json::from_str::<Value>(text).ok().filter(Value::is_number)
            }
            "boolean" => text.parse::<bool>().ok().map(Value::Bool),
            "null" if text.is_empty() || text == "null" => Some(Value::Null),
            _ => None,
        });
    }
    found.push(Value::String(text.to_owned()));
    found
}

impl Operation<'_> {
    /// Checks decoded query pairs: required ones, unknown names (with the nearest), values against their schemas.
    ///
    /// Filters in a query language are not pairs; leave them out, or drop [`ProblemKind::Unknown`].
    ///
    /// # Errors
    /// As [`Document::resolve`]: the document, not the query, is wrong.
    pub fn check_query(&self, pairs: &[(&str, &str)]) -> Result<Vec<Problem>> {
        self.check_pairs(Location::Query, pairs, str::eq, true)
    }

    /// Checks headers; those that the document does not name are let through.
    ///
    /// # Errors
    /// As [`Document::resolve`].
    pub fn check_headers(&self, pairs: &[(&str, &str)]) -> Result<Vec<Problem>> {
        self.check_pairs(Location::Header, pairs, |a, b| a.eq_ignore_ascii_case(b), false)
    }

    /// Checks the arguments in a path that the operation was found by.
    ///
    /// # Errors
    /// As [`Document::resolve`].
    pub fn check_path(&self, path: &str) -> Result<Vec<Problem>> {
        let pairs: Vec<(&str, String)> = self
            .path()
            .split('/')
            .zip(bare(path).split('/'))
            .filter_map(|(own, given)| Some((own.strip_prefix('{')?.strip_suffix('}')?, given)))
            .map(|(name, given)| {
                (name, percent_encoding::percent_decode_str(given).decode_utf8_lossy().into_owned())
            })
            .collect();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, given)| (*name, given.as_str())).collect();
        self.check_pairs(Location::Path, &pairs, str::eq, false)
    }

    fn check_pairs(
        &self,
        location: Location,
        pairs: &[(&str, &str)],
        same: fn(&str, &str) -> bool,
        closed: bool,
    ) -> Result<Vec<Problem>> {
        let parameters = self.parameters()?;
        let known: Vec<_> = parameters.iter().filter(|parameter| parameter.location == location).collect();
        let mut problems = Vec::new();
        for parameter in &known {
            let given = pairs.iter().filter(|(name, _)| same(name, parameter.name));
            let texts: Vec<&str> = given.map(|(_, text)| *text).collect();
            if !texts.is_empty() {
                problems.extend(parameter.check(&texts)?);
            } else if parameter.is_required() {
                let part = Part::Parameter(location, parameter.name.to_owned());
                problems.push(Problem::new(ProblemKind::Missing, "it must be given").of(part));
            }
        }
        for (name, _) in pairs.iter().filter(|_| closed) {
            if !known.iter().any(|parameter| same(name, parameter.name)) {
                let part = Part::Parameter(location, (*name).to_owned());
                let near = nearest(name, known.iter().map(|parameter| parameter.name));
                problems.push(
                    Problem::new(ProblemKind::Unknown, "there is no such parameter").of(part).near(near),
                );
            }
        }
        Ok(problems)
    }
}
