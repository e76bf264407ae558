//! What listings may be asked for.

use jiff::Timestamp;
use pentad_core::{Draft, Error, Result};

/// Filter, order and moment of a listing (IVCAP reference 5). The default gives all things that there are now, in the
/// platform's own order.
///
/// # Example
/// ```
/// use pentad_ivcap::ListQuery;
/// let query = ListQuery::new().filter("name ~= 'fire%'").order_by("name").at("2024-05-01T00:00:00Z".parse().unwrap());
/// # let _ = query;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct ListQuery {
    filter: Option<String>,
    order_by: Option<String>,
    descending: bool,
    at: Option<Timestamp>,
    search: Option<String>,
}

impl ListQuery {
    /// Everything, now.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only what fits this expression, such as `name ~= 'fire%'`.
    pub fn filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(filter.into());
        self
    }

    /// In the order of this field.
    pub fn order_by(mut self, field: impl Into<String>) -> Self {
        self.order_by = Some(field.into());
        self
    }

    /// From large to small.
    pub const fn descending(mut self, descending: bool) -> Self {
        self.descending = descending;
        self
    }

    /// What there was at this moment.
    pub const fn at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }

    /// What a search in free text finds (services, API 0.48).
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.search = Some(text.into());
        self
    }

    /// As the original does: the direction is always said.
    pub(crate) fn apply(self, draft: Draft) -> Draft {
        draft
            .query_opt("search", self.search)
            .query_opt("filter", self.filter)
            .query_opt("order-by", self.order_by)
            .query("order-desc", if self.descending { "true" } else { "false" })
            .query_opt("at-time", self.at.map(|at| at.to_string()))
    }
}

/// Which metadata a listing shall hold (IVCAP reference 7.7 and 7.8).
///
/// # Example
/// ```
/// use pentad_ivcap::RecordQuery;
/// let query = RecordQuery::new()
///     .entity("urn:ivcap:artifact:9a")
///     .schema("urn:acme:schema:%")
///     .path("$.images[*] ? (@.size > 10000)")
///     .at("2024-05-01T00:00:00Z".parse().unwrap());
/// # let _ = query;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct RecordQuery {
    entity: Option<String>,
    schema: Option<String>,
    path: Option<String>,
    filter: Option<String>,
    order_by: Option<String>,
    descending: Option<bool>,
    at: Option<Timestamp>,
    without_content: bool,
}

impl RecordQuery {
    /// Everything that holds now.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only what is about this entity.
    pub fn entity(mut self, urn: impl Into<String>) -> Self {
        self.entity = Some(urn.into());
        self
    }

    /// Only schemas that begin like this; `%` stands for anything.
    pub fn schema(mut self, prefix: impl Into<String>) -> Self {
        self.schema = Some(prefix.into());
        self
    }

    /// Only what this SQL/JSON path finds something in, such as `$.name ? (@ starts with "a")`.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Only what fits this expression.
    pub fn filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(filter.into());
        self
    }

    /// In the order of this field; the modern dialect takes several, separated by commas. Default there `valid_from`.
    pub fn order_by(mut self, field: impl Into<String>) -> Self {
        self.order_by = Some(field.into());
        self
    }

    /// From large to small, or not. The modern dialect begins with the latest by itself.
    pub const fn descending(mut self, descending: bool) -> Self {
        self.descending = Some(descending);
        self
    }

    /// What held at this moment, what was taken back since included.
    pub const fn at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }

    /// Leaves the content out (modern dialect).
    pub const fn without_content(mut self) -> Self {
        self.without_content = true;
        self
    }

    /// For `/1/metadata`.
    pub(crate) fn apply_old(self, draft: Draft) -> Draft {
        draft
            .query_opt("entity-id", self.entity)
            .query_opt("schema", self.schema)
            .query_opt("aspect-path", self.path)
            .query_opt("at-time", self.at.map(|at| at.to_string()))
            .query_opt("filter", self.filter)
            .query_opt("order-by", self.order_by)
            .query_opt("order-desc", self.descending.map(|desc| desc.to_string()))
    }

    /// For `/1/aspects`.
    pub(crate) fn apply_modern(self, draft: Draft) -> Draft {
        let direction = if self.descending.unwrap_or(true) { "DESC" } else { "ASC" };
        draft
            .query_opt("entity", self.entity)
            .query_opt("schema", self.schema)
            .query_opt("content-path", self.path)
            .query_opt("at-time", self.at.map(|at| at.to_string()))
            .query_opt("filter", self.filter)
            .query("order-by", self.order_by.unwrap_or_else(|| "valid_from".to_owned()))
            .query("order-direction", direction)
            .query("include-content", if self.without_content { "false" } else { "true" })
    }
}

/// Reads a moment as people write it: a date (its first instant in UTC), a date and time (UTC), or RFC 3339.
///
/// # Errors
/// [`Invalid`](pentad_core::ErrorKind::Invalid) for anything else.
pub fn moment(text: &str) -> Result<Timestamp> {
    let wrong = || Error::invalid("time", format!("{text:?} is neither 2024-05-01 nor 2024-05-01T12:00:00Z"));
    if let Ok(when) = text.parse::<Timestamp>() {
        return Ok(when);
    }
    let zoned = match text.parse::<jiff::civil::DateTime>() {
        Ok(civil) => civil.to_zoned(jiff::tz::TimeZone::UTC),
        Err(_) => {
            let date: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
            date.to_zoned(jiff::tz::TimeZone::UTC)
        }
    };
    zoned.map(|zoned| zoned.timestamp()).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_write_them() {
        for (text, whole) in [
            ("2024-05-01", "2024-05-01T00:00:00Z"),
            ("2024-05-01T12:00", "2024-05-01T12:00:00Z"),
            ("2024-05-01 12:00:00", "2024-05-01T12:00:00Z"),
            ("2024-05-01T12:00:00+02:00", "2024-05-01T10:00:00Z"),
        ] {
            assert_eq!(moment(text).unwrap().to_string(), whole, "{text}");
        }
        assert!(moment("last week").is_err());
    }
}
