//! The versions, which everybody may read (OpenStack reference C6).

use serde_json::{Value, json};

/// The document.
pub(crate) fn versions(base: &str) -> Value {
    let link = json!({"rel": "self", "href": format!("{base}/v1.0/")});
    json!({"versions": [
        {"id": "v1.0", "status": "CURRENT", "updated": "2012-08-01T00:00:00Z", "links": [link]},
    ]})
}
