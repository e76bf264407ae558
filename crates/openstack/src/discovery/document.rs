//! Discovery documents in all their shapes.

use serde_json::Value;

use super::version::{Version, VersionRange};

/// How settled a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// The one to use.
    Current,
    /// Good to use.
    Supported,
    /// Will go.
    Deprecated,
    /// May change.
    Experimental,
    /// Something else.
    Other,
}

/// One version in a discovery document.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct VersionEntry {
    /// The version.
    pub version: Version,
    /// How settled it is.
    pub status: Status,
    /// Where it says to be.
    pub href: String,
    /// The newest microversion, where the service has some.
    pub max_microversion: Option<String>,
    /// The oldest microversion.
    pub min_microversion: Option<String>,
}

/// The versions of a discovery document, the newest first; `None` if it is none.
pub fn versions(document: &Value) -> Option<Vec<VersionEntry>> {
    let members = document.as_object()?;
    let list: Vec<&Value> = match members.get("versions") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(values) => values.get("values")?.as_array()?.iter().collect(),
        None => match members.get("version") {
            Some(version) => vec![version],
            None if members.contains_key("id") && members.contains_key("links") => vec![document],
            None => return None,
        },
    };
    let mut entries: Vec<VersionEntry> = list.into_iter().filter_map(entry).collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.version));
    Some(entries)
}

fn entry(value: &Value) -> Option<VersionEntry> {
    let text = |name: &str| value[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let links = value["links"].as_array()?;
    let own = links.iter().find(|link| link["rel"] == "self")?;
    let status = match value["status"].as_str().unwrap_or_default().to_ascii_uppercase().as_str() {
        "CURRENT" | "STABLE" => Status::Current,
        "SUPPORTED" => Status::Supported,
        "DEPRECATED" => Status::Deprecated,
        "EXPERIMENTAL" => Status::Experimental,
        _ => Status::Other,
    };
    Some(VersionEntry {
        version: Version::parse(value["id"].as_str()?)?,
        status,
        href: own["href"].as_str()?.to_owned(),
        max_microversion: text("max_version").or_else(|| text("version")),
        min_microversion: text("min_version"),
    })
}

/// The newest version that will do and is meant to be used.
pub(crate) fn pick<'a>(entries: &'a [VersionEntry], range: &VersionRange) -> Option<&'a VersionEntry> {
    let usable = |entry: &&VersionEntry| {
        matches!(entry.status, Status::Current | Status::Supported | Status::Deprecated)
    };
    entries.iter().filter(usable).find(|entry| range.contains(entry.version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one(id: &str, status: &str) -> Value {
        json!({"id": id, "status": status, "links": [{"rel": "describedby", "href": "x"}, {"rel": "self", "href": format!("http://h/{id}/")}]})
    }

    #[test]
    fn documents_are_read_in_their_four_shapes_newest_first() {
        let pair = [one("v2.0", "deprecated"), one("v3.14", "stable")];
        for document in [json!({"versions": {"values": pair}}), json!({"versions": pair})] {
            let read = versions(&document).unwrap();
            assert_eq!(read[0].version, Version { major: 3, minor: 14 });
            assert_eq!(read[0].href, "http://h/v3.14/");
            assert_eq!(read[1].status, Status::Deprecated);
        }
        assert_eq!(versions(&json!({"version": one("v1.0", "CURRENT")})).unwrap().len(), 1);
        assert_eq!(versions(&one("v1.0", "CURRENT")).unwrap().len(), 1);
        for no in
            [json!([one("v1", "CURRENT")]), json!({"a": 1}), json!("x"), json!({"versions": 1}), json!(null)]
        {
            assert_eq!(versions(&no), None, "{no}");
        }
    }

    #[test]
    fn experimental_and_unknown_versions_are_left_alone_and_entries_without_self_too() {
        let odd = json!({"id": "v5", "status": "CURRENT", "links": []});
        let list = json!({"versions": [one("v4", "EXPERIMENTAL"), one("v2.2", "SUPPORTED"), odd, one("v1", "what")]});
        let read = versions(&list).unwrap();
        assert_eq!(pick(&read, &VersionRange::Latest).unwrap().version, Version { major: 2, minor: 2 });
        assert!(pick(&read, &VersionRange::parse("4").unwrap()).is_none());
    }
}
