//! Which schemas a list is about.

/// Schemas that a list is about: one of several texts, each the beginning of a schema, in which `%` stands for anything;
/// or exactly one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Schemas {
    patterns: Vec<String>,
    pub(super) only: Option<String>,
}

impl Schemas {
    /// Reads a comma-separated list; an empty one is about all schemas.
    pub(crate) fn parse(text: &str) -> Self {
        let patterns = text.split(',').map(str::trim).filter(|one| !one.is_empty());
        Self { patterns: patterns.map(str::to_owned).collect(), only: None }
    }

    /// Exactly this one.
    pub(crate) fn only(schema: String) -> Self {
        Self { patterns: Vec::new(), only: Some(schema) }
    }

    pub(super) fn is_all(&self) -> bool {
        self.patterns.is_empty() && self.only.is_none()
    }

    pub(super) fn fits(&self, schema: &str) -> bool {
        if let Some(only) = &self.only {
            return only == schema;
        }
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| like(pattern, schema, true))
    }

    /// What every schema that fits begins with.
    pub(super) fn stems(&self) -> Vec<&str> {
        if let Some(only) = &self.only {
            return vec![only];
        }
        let mut stems: Vec<&str> =
            self.patterns.iter().map(|one| one.split('%').next().unwrap_or_default()).collect();
        if stems.is_empty() {
            stems.push("");
        }
        stems.sort_unstable();
        // A stem that begins with an earlier one says nothing new.
        stems.dedup_by(|later, earlier| later.starts_with(*earlier));
        stems
    }
}

/// Whether a text fits a pattern with `%`; an open pattern need fit only the beginning.
pub(crate) fn like(pattern: &str, text: &str, open: bool) -> bool {
    let mut parts = pattern.split('%');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(middle) = last.replace(part) {
            let Some(at) = str::find(rest, middle) else { return false };
            rest = &rest[at + middle.len()..];
        }
    }
    match last {
        None => open || rest.is_empty(),
        Some(part) if open => rest.contains(part),
        Some(part) => rest.ends_with(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_fits_by_its_beginning_and_by_wildcards() {
        let fits = |patterns: &str, schema: &str| Schemas::parse(patterns).fits(schema);
        assert!(fits("", "urn:a"));
        assert!(fits("urn:a:", "urn:a:b"));
        assert!(fits("urn:a:%", "urn:a:b"));
        assert!(fits("%label%", "urn:a:label.1"));
        assert!(fits("urn:%:label", "urn:a:label.1"));
        assert!(fits("urn:x,urn:a", "urn:a:label.1"));
        assert!(!fits("urn:b", "urn:a:label.1"));
        assert!(!fits("urn:%:lable", "urn:a:label.1"));
    }

    #[test]
    fn a_closed_pattern_covers_the_whole_text() {
        assert!(like("fire%", "fire-risk", false));
        assert!(like("%risk", "fire-risk", false));
        assert!(like("%a%a", "aa", false));
        assert!(!like("%aa", "a", false));
        assert!(!like("fire", "fire-risk", false));
        assert!(!like("%ab%ab", "ab", false));
    }

    #[test]
    fn stems_do_not_repeat_each_other() {
        assert_eq!(Schemas::parse("urn:a:%b,urn:a:b,urn:c").stems(), ["urn:a:", "urn:c"]);
        assert_eq!(Schemas::parse("%x,urn:a").stems(), [""]);
        assert_eq!(Schemas::default().stems(), [""]);
    }
}
