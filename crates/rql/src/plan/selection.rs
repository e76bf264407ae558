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
        let shown = |path: &str| plus.iter().any(|field| field.property.as_str() == path);
        if let Some(both) = minus.iter().find(|field| shown(field.property.as_str())) {
            return Err(error(Problem::SelectConflict, &both.property));
        }
        let hidden = schema.fields.iter().filter(|(path, field)| field.hidden && !shown(path));
        let mut removed: Vec<String> = hidden.map(|(path, _)| path.clone()).collect();
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
