//! Help at every level, from the OpenAPI document (Connect reference 11.4).

use pentad_openapi::{Document, Place, Role};

use crate::path::Path;

const NO_DOCUMENT: &str = "**No OpenAPI specs available.**\n";

/// What there is at the top.
pub(crate) fn top(document: Option<&Document>) -> String {
    document.map_or_else(|| NO_DOCUMENT.to_owned(), |document| document.top().help())
}

/// What a path is as what the caller takes it for.
pub(crate) fn at(document: Option<&Document>, path: &Path, role: Role) -> String {
    place(document, path, |place| place.help_as(role))
}

/// What a path is, whatever that may be.
pub(crate) fn any(document: Option<&Document>, path: &Path) -> String {
    place(document, path, |place| place.help())
}

/// What can be searched for below a path.
pub(crate) fn search(document: Option<&Document>, path: &Path) -> String {
    place(document, path, |place| place.search_help())
}

fn place(document: Option<&Document>, path: &Path, tell: impl Fn(&Place<'_>) -> String) -> String {
    let Some(document) = document else { return NO_DOCUMENT.to_owned() };
    let found = path.escaped().map_err(|error| error.to_string()).and_then(|escaped| {
        document.place(escaped).map_err(|error| match error.nearest() {
            [] => String::new(),
            near => format!("Nearest: {}.", near.join(", ")),
        })
    });
    match found {
        Ok(place) => tell(&place),
        Err(hint) if hint.is_empty() => format!("~~{path}~~ **does not exist.**\n"),
        Err(hint) => format!("~~{path}~~ **does not exist.**\n\n{hint}\n"),
    }
}
