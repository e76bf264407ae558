//! The three shapes of one API (IVCAP reference 1), told apart by the path below the service.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::http::{Inbound, Mount};

/// The prefix that a client repeats when it puts its base URL before the path of a link.
const OWN_PREFIX: &str = "/ivcap";

/// The shape of requests and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Dialect {
    /// API level 0.23 to 0.25, below `/l23`.
    L23,
    /// API level 0.26 to 0.29, below `/l28`.
    L28,
    /// From 0.30, at the root.
    M,
}

impl Dialect {
    const ALL: [(&'static str, Self); 3] = [("/l23", Self::L23), ("/l28", Self::L28), ("/m", Self::M)];

    /// The level of the API that this dialect is documented at.
    pub(crate) const fn level(self) -> &'static str {
        match self {
            Self::L23 => "0.25",
            Self::L28 => "0.28",
            Self::M => "0.48",
        }
    }

    /// Whether links are arrays and references plain URNs.
    pub(crate) fn is_modern(self) -> bool {
        self == Self::M
    }
}

/// What a path means once prefixes are taken off.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) dialect: Dialect,
    /// Begins with `/1` for everything of the API.
    pub(crate) path: String,
    /// What stands before the path in links.
    pub(crate) base: String,
}

/// Resolves prefixes and doubled slashes (IVCAP reference 1 and 2.1).
pub(crate) fn place(inbound: &Inbound) -> Place {
    let mut path = inbound.path.clone();
    while let Some(at) = path.find("//") {
        path.remove(at);
    }
    let mut found = (Dialect::M, "");
    // Clients that put the path of an absolute link behind a base URL with a path say all of its prefixes twice.
    loop {
        if let Some(rest) = below(&path, OWN_PREFIX).filter(|_| inbound.mount == Mount::Prefix) {
            path = rest.to_owned();
            continue;
        }
        let next = Dialect::ALL.iter().find_map(|(prefix, dialect)| {
            below(&path, prefix).map(|rest| (rest.to_owned(), (*dialect, *prefix)))
        });
        let Some((rest, dialect)) = next else { break };
        (path, found) = (rest, dialect);
    }
    let (dialect, prefix) = found;
    Place { dialect, path, base: format!("{}{prefix}", inbound.base) }
}

fn below<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    path.strip_prefix(prefix).filter(|rest| rest.starts_with('/'))
}

/// How answers to one request look: the dialect, and the root of its links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) dialect: Dialect,
    pub(crate) base: String,
}

impl View {
    /// An absolute URL of a path that begins with `/1`.
    pub(crate) fn link(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Links by relation, in the form of the dialect.
    pub(crate) fn links(&self, links: &[(&str, String)]) -> Value {
        if self.dialect.is_modern() {
            let entry =
                |(rel, href): &(&str, String)| json!({"rel": rel, "type": "application/json", "href": href});
            return links.iter().map(entry).collect();
        }
        let members: Map<String, Value> =
            links.iter().map(|(rel, href)| ((*rel).to_owned(), json!(href))).collect();
        Value::Object(members)
    }

    /// A reference to a thing below `/1/<collection>/`: a URN, or an object with links in the old dialects.
    pub(crate) fn reference(&self, collection: &str, urn: &str) -> Value {
        if self.dialect.is_modern() {
            return json!(urn);
        }
        json!({"id": urn, "links": {"self": self.link(&format!("/1/{collection}/{urn}"))}})
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn at(path: &str) -> (Dialect, String, String) {
        let place = place(&Inbound::local(Method::GET, path, ""));
        (place.dialect, place.path, place.base)
    }

    #[test]
    fn a_prefix_names_the_dialect_and_stays_in_links() {
        let base = "http://pentad.local";
        assert_eq!(at("/1/orders"), (Dialect::M, "/1/orders".into(), base.into()));
        assert_eq!(at("/l23/1/orders"), (Dialect::L23, "/1/orders".into(), format!("{base}/l23")));
        assert_eq!(at("/l28/1/orders"), (Dialect::L28, "/1/orders".into(), format!("{base}/l28")));
        assert_eq!(at("/m/1/orders"), (Dialect::M, "/1/orders".into(), format!("{base}/m")));
        assert_eq!(at("/l29/1/orders").0, Dialect::M);
    }

    #[test]
    fn doubled_slashes_and_prefixes_count_once() {
        assert_eq!(at("//1///orders").1, "/1/orders");
        assert_eq!(at("/ivcap/1/orders").1, "/1/orders");
        assert_eq!(
            at("/m/ivcap/m/1/orders"),
            (Dialect::M, "/1/orders".into(), "http://pentad.local/m".into())
        );
        assert_eq!(at("/ivcap/l28/ivcap/l28/1/orders").1, "/1/orders");
        assert_eq!(
            at("/l28/l28/1/orders"),
            (Dialect::L28, "/1/orders".into(), "http://pentad.local/l28".into())
        );
    }

    #[test]
    fn links_have_the_form_of_the_dialect() {
        let view = |dialect| View { dialect, base: "http://h".into() };
        let links = [("self", "http://h/1/x".to_owned())];
        assert_eq!(view(Dialect::L28).links(&links), json!({"self": "http://h/1/x"}));
        assert_eq!(
            view(Dialect::M).links(&links),
            json!([{"rel": "self", "type": "application/json", "href": "http://h/1/x"}])
        );
        assert_eq!(view(Dialect::M).reference("accounts", "urn:a"), json!("urn:a"));
        let old = view(Dialect::L23).reference("accounts", "urn:a");
        assert_eq!(old, json!({"id": "urn:a", "links": {"self": "http://h/1/accounts/urn:a"}}));
    }
}
