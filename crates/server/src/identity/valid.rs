//! Reading request bodies, with the texts that the real service has for what is wrong in them.

use pentad_core::redact;
use serde_json::{Map, Value};

use super::error::{Answer, Failure};
use super::model::Bag;
use crate::reply::python::repr;

/// Longest names and other short texts.
const LONGEST: usize = 255;

/// The members of one object of a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'b> {
    name: &'static str,
    map: &'b Map<String, Value>,
}

impl<'b> Fields<'b> {
    /// The object `name` of a body.
    ///
    /// # Errors
    /// 400 if it is missing or no object.
    pub(crate) fn of(body: &'b Map<String, Value>, name: &'static str) -> Answer<Self> {
        match body.get(name) {
            None => Err(Failure::invalid(format!("'{name}' is a required property"))),
            Some(Value::Object(map)) => Ok(Self { name, map }),
            Some(other) => Err(wrong_type(name, other, "object")),
        }
    }

    /// An object that is there already; `name` is what messages call it.
    pub(crate) const fn over(map: &'b Map<String, Value>, name: &'static str) -> Self {
        Self { name, map }
    }

    /// A member as it is.
    pub(crate) fn get(&self, name: &str) -> Option<&'b Value> {
        self.map.get(name)
    }

    /// A member that must be there.
    pub(crate) fn need(&self, name: &str) -> Answer<&'b Value> {
        self.get(name).ok_or_else(|| {
            let value = repr(&shown(self.name, &Value::Object(self.map.clone())));
            let what = self.name;
            let text = format!(
                "Invalid input for field/attribute {what}. Value: {value}. '{name}' is a required property"
            );
            Failure::invalid(text)
        })
    }

    /// A name: 1 to 255 characters, not blank.
    pub(crate) fn name(&self, name: &str) -> Answer<Option<String>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| wrong_type(name, value, "string"))?;
        if text.trim().is_empty() {
            let why = if text.is_empty() { "should be non-empty" } else { "does not match '[\\\\S]+'" };
            return Err(wrong(name, value, &format!("{} {why}", repr(&shown(name, value)))));
        }
        if text.chars().count() > LONGEST {
            return Err(wrong(name, value, &format!("{} is too long", repr(&shown(name, value)))));
        }
        Ok(Some(text.to_owned()))
    }

    /// A name that must be there.
    pub(crate) fn need_name(&self, name: &str) -> Answer<String> {
        self.need(name)?;
        Ok(self.name(name)?.unwrap_or_default())
    }

    /// A text that may also be `null`.
    pub(crate) fn nullable(&self, name: &str) -> Answer<Option<Option<String>>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(None)),
            Some(Value::String(text)) => Ok(Some(Some(text.clone()))),
            Some(other) => {
                let told = repr(&shown(name, other));
                Err(wrong(name, other, &format!("{told} is not of type 'string', 'null'")))
            }
        }
    }

    /// A text; `null` counts as absent.
    pub(crate) fn text(&self, name: &str) -> Answer<Option<String>> {
        Ok(self.nullable(name)?.flatten())
    }

    /// A flag.
    pub(crate) fn flag(&self, name: &str) -> Answer<Option<bool>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(wrong_type(name, other, "boolean")),
        }
    }

    /// An object; `null` counts as absent.
    pub(crate) fn object(&self, name: &str) -> Answer<Option<&'b Bag>> {
        match self.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(map)) => Ok(Some(map)),
            Some(other) => Err(wrong_type(name, other, "object")),
        }
    }

    /// A list; `null` counts as absent.
    pub(crate) fn list(&self, name: &str) -> Answer<Option<&'b Vec<Value>>> {
        match self.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(other) => Err(wrong_type(name, other, "array")),
        }
    }

    /// A list of texts.
    pub(crate) fn texts(&self, name: &str) -> Answer<Option<Vec<String>>> {
        let Some(list) = self.list(name)? else { return Ok(None) };
        let text =
            |item: &Value| item.as_str().map(str::to_owned).ok_or_else(|| wrong_type(name, item, "string"));
        list.iter().map(text).collect::<Answer<_>>().map(Some)
    }

    /// A count; `null` counts as absent.
    pub(crate) fn count(&self, name: &str) -> Answer<Option<u32>> {
        match self.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_u64().and_then(|count| u32::try_from(count).ok()) {
                Some(count) => Ok(Some(count)),
                None => Err(wrong(name, value, &format!("{} is not of type 'integer', 'null'", repr(value)))),
            },
        }
    }

    /// A moment in ISO 8601, in microseconds; `null` counts as absent.
    pub(crate) fn moment(&self, name: &str) -> Answer<Option<i64>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        parse_time(&text).map(Some).ok_or_else(|| Failure::malformed("Timestamp not in expected format."))
    }

    /// All members but those with these names: what the service keeps without knowing it.
    pub(crate) fn rest(&self, known: &[&str]) -> Bag {
        let unknown = self.map.iter().filter(|(name, _)| !known.contains(&name.as_str()));
        unknown.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Refuses an `id` in the body that is not the one of the path.
    pub(crate) fn same_id(&self, id: &str) -> Answer<()> {
        match self.get("id") {
            Some(other) if other.as_str() != Some(id) => Err(Failure::invalid("Cannot change ID")),
            _ => Ok(()),
        }
    }
}

/// 400 for a value, and why.
pub(crate) fn wrong(name: &str, value: &Value, why: &str) -> Failure {
    let shown = shown(name, value);
    let shown = shown.as_str().map_or_else(|| repr(&shown), str::to_owned);
    Failure::invalid(format!("Invalid input for field/attribute {name}. Value: {shown}. {why}"))
}

/// A value as messages repeat it: nothing that is secret is told to whoever reads them.
pub(crate) fn shown(name: &str, value: &Value) -> Value {
    if redact::is_secret(name) || name == "blob" {
        return Value::from(redact::HIDDEN);
    }
    let mut value = value.clone();
    redact::json(&mut value);
    value
}

/// 400 for a value of another type.
pub(crate) fn wrong_type(name: &str, value: &Value, kind: &str) -> Failure {
    wrong(name, value, &format!("{} is not of type '{kind}'", repr(&shown(name, value))))
}

/// 400 for a value that is none of those.
pub(crate) fn not_one_of(name: &str, value: &str, allowed: &[&str]) -> Failure {
    let list: Vec<String> = allowed.iter().map(|one| format!("'{one}'")).collect();
    let value = Value::from(value);
    wrong(name, &value, &format!("{} is not one of [{}]", repr(&value), list.join(", ")))
}

/// A moment in ISO 8601, with `Z`, an offset or nothing (UTC), in microseconds.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.as_microsecond());
    }
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| at.timestamp().as_microsecond())
}

/// A moment as version 3 writes it.
pub(crate) fn time_text(micros: i64) -> String {
    moment(micros, "%Y-%m-%dT%H:%M:%S%.6fZ")
}

/// A moment as version 2.0 writes it.
pub(crate) fn short_time_text(micros: i64) -> String {
    moment(micros, "%Y-%m-%dT%H:%M:%SZ")
}

fn moment(micros: i64, format: &str) -> String {
    let at = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::MAX);
    at.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_read_with_and_without_zone_and_written_with_microseconds() {
        for text in [
            "2030-01-01T12:00:00Z",
            "2030-01-01T12:00:00.000000Z",
            "2030-01-01T12:00:00",
            "2030-01-01T13:00:00+01:00",
        ] {
            let at = parse_time(text).unwrap();
            assert_eq!(time_text(at), "2030-01-01T12:00:00.000000Z");
            assert_eq!(short_time_text(at), "2030-01-01T12:00:00Z");
        }
        assert_eq!(parse_time("tomorrow"), None);
    }

    #[test]
    fn a_missing_member_and_one_of_another_type_are_told_with_their_value() {
        let body = json!({"user": {"nam": "pt1", "name": 5}});
        let fields = Fields::of(body.as_object().unwrap(), "user").unwrap();
        assert_eq!(
            fields.name("name").unwrap_err().message(),
            "Invalid input for field/attribute name. Value: 5. 5 is not of type 'string'"
        );
        assert_eq!(
            fields.need("type").unwrap_err().message(),
            "Invalid input for field/attribute user. Value: {'nam': 'pt1', 'name': 5}. 'type' is a required property"
        );
    }
}
