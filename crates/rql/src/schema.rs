//! What is known about the fields of a collection.

use std::collections::BTreeMap;

use crate::key::Kind;

/// A declared field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldType {
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
    pub(crate) searchable: bool,
    pub(crate) unsortable: bool,
    pub(crate) hidden: bool,
}

impl FieldType {
    /// A field of this kind, never null, sortable, not searched, shown.
    pub fn new(kind: Kind) -> Self {
        Self { kind, ..Self::default() }
    }

    /// It may be null, so `null()` applies.
    pub fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// `search` looks into it.
    pub fn searchable(mut self) -> Self {
        self.searchable = true;
        self
    }

    /// `ordering` refuses it.
    pub fn unsortable(mut self) -> Self {
        self.unsortable = true;
        self
    }

    /// It is shown only where `select` names it.
    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// What it holds.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }
}

/// The declared fields of a collection.
///
/// An *open* schema takes any other field too and compares it by [`Kind::Any`]. A *closed* one does what the service
/// does: a condition on an unknown field is as if it were not there, ordering and selection by one are errors.
///
/// ```
/// use pentad_rql::{FieldType, Kind, Schema};
/// let schema = Schema::open()
///     .field("created", FieldType::new(Kind::DateTime))
///     .field("asset.price", FieldType::new(Kind::Decimal { scale: 2 }).nullable());
/// assert!(schema.get("asset.price").is_some());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    pub(crate) fields: BTreeMap<String, FieldType>,
    pub(crate) open: bool,
    pub(crate) max_ordering: usize,
}

impl Schema {
    /// Undeclared fields are compared by [`Kind::Any`].
    pub fn open() -> Self {
        Self { fields: BTreeMap::new(), open: true, max_ordering: 5 }
    }

    /// Undeclared fields do not exist.
    pub fn closed() -> Self {
        Self { open: false, ..Self::open() }
    }

    /// Declares a field by its path with dots.
    pub fn field(mut self, path: impl Into<String>, field: FieldType) -> Self {
        self.fields.insert(path.into(), field);
        self
    }

    /// How many fields `ordering` takes; 5 unless set, as in the service.
    pub fn max_ordering(mut self, fields: usize) -> Self {
        self.max_ordering = fields;
        self
    }

    /// The declaration of a field.
    pub fn get(&self, path: &str) -> Option<&FieldType> {
        self.fields.get(path)
    }

    /// The paths of the fields that `search` looks into.
    pub fn searchable(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(|(_, field)| field.searchable).map(|(path, _)| path.as_str())
    }

    /// Whether `path` or something below it is declared, or anything goes.
    pub(crate) fn knows(&self, path: &str) -> bool {
        self.open || self.fields.contains_key(path) || {
            let below = format!("{path}.");
            self.fields.range(below.clone()..).next().is_some_and(|(name, _)| name.starts_with(&below))
        }
    }
}

impl Default for Schema {
    fn default() -> Self {
        Self::open()
    }
}
