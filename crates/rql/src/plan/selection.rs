//! Which fields of an object are shown.

use serde_json::Value as Json;

use crate::error::{FieldError, Problem};
use crate::expr::{Property, Sign, Signed};
use crate::schema::Schema;

/// The fields that are not shown.
///
/// Naming a field shows it where it is hidden by declaration and does not remove the others; only `-` removes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    removed: Vec<String>,
}

impl Selection {
    pub(super) fn new(fields: Vec<Signed>, schema: &Schema) -> Result<Self, FieldError> {
        let error = |problem, property: &Property| FieldError {
            problem,
            filter: property.to_string(),
            lookup: "select",
            value: None,
        };
        if let Some(unknown) = fields.iter().find(|field| !schema.knows(field.property.as_str())) {
            return Err(error(Problem::Select, &unknown.property));
        }
        let (minus, plus): (Vec<_>, Vec<_>) = fields.into_iter().partition(|field| field.sign == Sign::Minus);
        // To name a field within an object is to name the object.
        let shown = |path: &str| plus.iter().any(|field| is_at_or_below(field.property.as_str(), path));
        if let Some(both) = minus.iter().find(|field| shown(field.property.as_str())) {
            return Err(error(Problem::SelectConflict, &both.property));
        }
        let hidden = |path: &str| schema.fields.get(path).is_some_and(|field| field.hidden);
        let mut removed: Vec<String> = schema
            .fields
            .keys()
            .filter(|path| hidden(path) && !shown(path))
            .map(ToString::to_string)
            .collect();
        // Of an object that is hidden, what stands beside the field that is named stays hidden.
        for named in plus.iter().map(|field| field.property.as_str()) {
            let Some((parent, _)) = named.rsplit_once('.').filter(|(parent, _)| hidden(parent)) else {
                continue;
            };
            let beside = schema.fields.keys().filter_map(|path| {
                let inner = path.strip_prefix(parent)?.strip_prefix('.')?;
                let member = &path[..path.len() - inner.len() + inner.find('.').unwrap_or(inner.len())];
                (!shown(member)).then(|| member.to_owned())
            });
            removed.extend(beside);
        }
        removed.sort();
        removed.dedup();
        removed.extend(minus.into_iter().map(|field| field.property.to_string()));
        Ok(Self { removed })
    }

    /// The paths that are not shown.
    pub fn removed(&self) -> &[String] {
        &self.removed
    }

    /// Removes from the object what is not shown.
    pub fn apply(&self, object: &mut Json) {
        for path in &self.removed {
            remove(object, path);
        }
    }
}

fn is_at_or_below(path: &str, upper: &str) -> bool {
    path.strip_prefix(upper).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn remove(value: &mut Json, path: &str) {
    match value {
        Json::Array(elements) => elements.iter_mut().filter(|e| e.is_object()).for_each(|e| remove(e, path)),
        Json::Object(members) => match path.split_once('.') {
            // `shift_remove` keeps the order of the other members.
            None => drop(members.shift_remove(path)),
            Some((step, rest)) => {
                if let Some(member) = members.get_mut(step) {
                    remove(member, rest);
                }
            }
        },
        _ => {}
    }
}
