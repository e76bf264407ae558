//! Which version of the identity API to log in by (OpenStack reference B13).

use pentad_core::{Error, ErrorKind, Result, Target, auth::Exchange};

use super::{Status, VersionEntry, ask};
use crate::auth::{IdentityVersion, base_text};
use crate::error::{code, coded};

const NOTHING: &str = "Could not find versioned identity endpoints when attempting to authenticate. \
                       Please check that your auth_url is correct.";

/// The version to log in by at a URL that names none. `plain` says that v2.0 would do: nothing was said that only v3
/// can express; `only_default` that a default domain was said and nothing else, for which v3 is better.
pub(crate) async fn version(
    ex: &Exchange,
    base: &Target,
    plain: bool,
    only_default: bool,
) -> Result<IdentityVersion> {
    let entries = match ask(ex, &base_text(base), None).await {
        Ok(entries) => entries,
        // A connection that failed may come back; that the URL is wrong stays.
        Err(error)
            if error.status().is_none()
                && error.kind() != ErrorKind::Config
                && error.kind() != ErrorKind::Decode =>
        {
            return Err(error);
        }
        Err(error) => return Err(nothing(error.message()).with_source(error)),
    };
    choose(&entries, plain, only_default).ok_or_else(|| {
        let there: Vec<String> = entries.iter().map(|entry| entry.version.to_string()).collect();
        let there = if there.is_empty() { "no version".to_owned() } else { there.join(", ") };
        nothing(&format!("it has {there}"))
    })
}

fn nothing(why: &str) -> Error {
    coded(ErrorKind::Config, code::DISCOVERY, format!("{NOTHING} ({why})"))
        .with_hint("name the version: an auth_url that ends in /v3")
}

fn choose(entries: &[VersionEntry], plain: bool, only_default: bool) -> Option<IdentityVersion> {
    let offers = |major: u32| {
        let usable = |entry: &VersionEntry| !matches!(entry.status, Status::Experimental | Status::Other);
        entries.iter().any(|entry| entry.version.major == major && usable(entry))
    };
    match (plain && offers(2), offers(3)) {
        (true, true) if only_default => Some(IdentityVersion::V3),
        (true, _) => Some(IdentityVersion::V2),
        (false, true) => Some(IdentityVersion::V3),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::versions;
    use serde_json::json;

    fn entries(ids: &[&str]) -> Vec<VersionEntry> {
        let one = |id: &&str| json!({"id": id, "status": "stable", "links": [{"rel": "self", "href": "http://h/"}]});
        versions(&json!({"versions": {"values": ids.iter().map(one).collect::<Vec<_>>()}})).unwrap()
    }

    #[test]
    fn the_old_version_is_taken_only_where_nothing_needs_the_new_one() {
        let both = entries(&["v3.14", "v2.0"]);
        assert_eq!(choose(&both, true, false), Some(IdentityVersion::V2));
        assert_eq!(choose(&both, true, true), Some(IdentityVersion::V3));
        assert_eq!(choose(&both, false, false), Some(IdentityVersion::V3));
        assert_eq!(choose(&entries(&["v2.0"]), false, false), None);
        assert_eq!(choose(&entries(&["v2.0"]), true, true), Some(IdentityVersion::V2));
        assert_eq!(choose(&entries(&["v3.14"]), true, false), Some(IdentityVersion::V3));
        assert_eq!(choose(&[], true, false), None);
    }
}
