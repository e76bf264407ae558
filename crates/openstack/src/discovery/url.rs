//! Where to ask for versions, and where a version is.

use super::version::{Version, VersionRange};

/// An endpoint of the catalog, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    listed: String,
    /// Without the project at its end, and without a slash.
    bare: String,
    /// The project that was cut off, with its slash.
    project: Option<String>,
    /// The version at the end of `bare`.
    version: Option<Version>,
}

impl Place {
    pub(crate) fn of(listed: &str, project: Option<&str>) -> Self {
        let whole = listed.trim_end_matches('/');
        let (head, last) = whole.rsplit_once('/').unwrap_or((whole, ""));
        let ends_in_project = match project {
            Some(id) => last == id || last.strip_prefix("AUTH_") == Some(id),
            None => version_at_end(head).is_some() && version_at_end(whole).is_none(),
        };
        let (bare, cut) = if ends_in_project { (head, Some(format!("/{last}"))) } else { (whole, None) };
        Self { listed: listed.to_owned(), bare: bare.to_owned(), project: cut, version: version_at_end(bare) }
    }

    /// Whether the URL's own version will do.
    pub(crate) fn is_within(&self, range: &VersionRange) -> bool {
        self.version.is_some_and(|version| range.takes_major(version))
    }

    /// Where to ask, best first, each once (OpenStack reference B13).
    pub(crate) fn candidates(&self, service_type: &str, range: &VersionRange) -> Vec<String> {
        let folder = format!("{}/", self.bare);
        let mut list = Vec::new();
        if self.is_within(range) && self.version.is_some_and(|version| range.is_top(version)) {
            list.push(folder.clone());
        }
        if self.version.is_some()
            && let Some((root, _)) = self.bare.rsplit_once('/')
        {
            list.push(format!("{root}/"));
        }
        if self.is_within(range) || self.version.is_none() {
            list.push(folder);
        }
        if service_type == "identity"
            && let Some(root) = self.bare.strip_suffix("/v2.0")
        {
            list.push(format!("{root}/"));
        }
        list.push(self.listed.clone());
        let mut seen = Vec::new();
        list.retain(|url| {
            let new = !seen.contains(url);
            seen.push(url.clone());
            new
        });
        list
    }

    /// The URL of a version that a document at `asked` gives as `href`: its path, at the host that answered, with the
    /// project at its end.
    pub(crate) fn repaired(&self, asked: &str, href: &str) -> String {
        let host = origin(asked);
        let path = match href.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]).to_owned(),
            None if href.starts_with('/') => href.to_owned(),
            None => {
                let folder = asked[host.len()..].rsplit_once('/').map_or("", |(folder, _)| folder);
                format!("{folder}/{}", href.trim_start_matches("./"))
            }
        };
        let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        format!("{host}{path}{}", self.project.as_deref().unwrap_or_default())
    }
}

/// Scheme, host and port.
fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    &url[..end]
}

fn version_at_end(url: &str) -> Option<Version> {
    let path = &url[origin(url).len()..];
    let last = path.rsplit_once('/')?.1;
    last.strip_prefix('v').and_then(Version::parse)
}

/// Whether a catalog URL's own version is the one wanted, so that nobody need be asked.
pub(crate) fn satisfies(url: &str, wanted: &str) -> bool {
    let Ok(range) = VersionRange::parse(wanted) else { return false };
    let path = &url[origin(url).len()..];
    let own = path.rsplit('/').find_map(|part| part.strip_prefix('v').and_then(Version::parse));
    own.is_some_and(|version| range.takes_major(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> VersionRange {
        VersionRange::parse(text).unwrap()
    }

    #[test]
    fn candidates_come_in_the_order_of_the_reference_each_once() {
        let place = Place::of("http://db:8779/v1.0/p1", Some("p1"));
        assert_eq!(
            place.candidates("database", &range("1")),
            ["http://db:8779/v1.0/", "http://db:8779/", "http://db:8779/v1.0/p1"]
        );
        assert_eq!(place.candidates("database", &range("2")), ["http://db:8779/", "http://db:8779/v1.0/p1"]);
        let plain = Place::of("http://q:8888", None);
        assert_eq!(plain.candidates("messaging", &range("2")), ["http://q:8888/", "http://q:8888"]);
        let unknown = Place::of("http://db/v1.0/abc", None);
        assert_eq!(unknown.candidates("database", &range("1"))[0], "http://db/v1.0/");
    }

    #[test]
    fn links_keep_their_path_and_get_the_host_that_answered_and_the_project_back() {
        let place = Place::of("https://public/db/v1.0/p1", Some("p1"));
        let asked = "https://public/db/";
        assert_eq!(place.repaired(asked, "http://10.0.0.1:8779/db/v1.0/"), "https://public/db/v1.0/p1");
        assert_eq!(place.repaired(asked, "/db/v2"), "https://public/db/v2/p1");
        assert_eq!(place.repaired(asked, "v2/"), "https://public/db/v2/p1");
        assert_eq!(Place::of("http://h", None).repaired("http://h/", "http://x"), "http://h");
    }

    #[test]
    fn the_version_in_a_url_counts_wherever_it_stands() {
        assert!(satisfies("http://db/v1.0/p1", "1"));
        assert!(satisfies("http://db/v1.0/p1", "1.0"));
        assert!(!satisfies("http://db/v1.0/p1", "2"));
        assert!(!satisfies("http://db", "1"));
        assert!(!satisfies("http://v1/x", "1"));
        assert!(!satisfies("http://db/v1", "latest"));
    }
}
