//! Which versions an endpoint has, and where (OpenStack reference B2, B13).

mod document;
pub(crate) mod identity;
pub(crate) mod url;
mod version;

use http::{HeaderName, HeaderValue, StatusCode};
use pentad_core::{Error, ErrorKind, Result, Target, auth::Exchange, decode};
use serde_json::Value;

pub use self::document::{Status, VersionEntry, versions};
pub use self::version::{Version, VersionRange};

use crate::error::{self, code, coded};
use crate::ops::{EXACT, FOLDER, VERSIONS};

/// Asks for a discovery document. A slash at the end of the URL is part of what is asked.
///
/// # Errors
/// Those of the call; [`Config`](ErrorKind::Config) if the answer is no discovery document.
pub(crate) async fn ask(
    ex: &Exchange,
    asked: &str,
    token: Option<&(HeaderName, HeaderValue)>,
) -> Result<Vec<VersionEntry>> {
    let target = Target::parse(asked.trim_end_matches('/'))?;
    let api = if asked.ends_with('/') { FOLDER } else { EXACT };
    let ex = ex.with(|session| session.target(target).api(api).details(error::details));
    let mut draft = ex
        .op(&VERSIONS)
        .header(http::header::ACCEPT, HeaderValue::from_static("application/json"))
        .accept(|status, _| status == StatusCode::MULTIPLE_CHOICES);
    if let Some((name, value)) = token {
        draft = draft.header(name.clone(), value.clone());
    }
    let document: Value = draft.call(decode::json).await?;
    versions(&document).ok_or_else(|| {
        coded(ErrorKind::Config, code::DISCOVERY, format!("{asked} gives no list of versions"))
    })
}

/// Finds the endpoint of a version, starting at the one that the catalog lists. Asked without token first; a 401 is
/// answered with it.
///
/// # Errors
/// [`Config`](ErrorKind::Config) if the service has no such version; those of a broken connection only if nothing else
/// answered either.
pub(crate) async fn find(
    ex: &Exchange,
    listed: &str,
    project: Option<&str>,
    service_type: &str,
    wanted: &str,
    token: (HeaderName, HeaderValue),
) -> Result<String> {
    let range = VersionRange::parse(wanted)?;
    let place = url::Place::of(listed, project);
    for asked in place.candidates(service_type, &range) {
        let answer = match ask(ex, &asked, None).await {
            Err(error) if error.status() == Some(StatusCode::UNAUTHORIZED) => {
                ask(ex, &asked, Some(&token)).await
            }
            answer => answer,
        };
        match answer {
            Ok(entries) => return chosen(&entries, &range, &asked, &place, service_type, wanted),
            Err(error) => tracing::debug!(%error, url = asked, "no versions here"),
        }
    }
    if !place.is_within(&range) {
        tracing::warn!(
            url = listed,
            "Failed to contact the endpoint at {listed} for discovery. Fallback to using that endpoint as the base url."
        );
    }
    Ok(listed.to_owned())
}

fn chosen(
    entries: &[VersionEntry],
    range: &VersionRange,
    asked: &str,
    place: &url::Place,
    service_type: &str,
    wanted: &str,
) -> Result<String> {
    match document::pick(entries, range) {
        Some(entry) => Ok(place.repaired(asked, &entry.href)),
        None => Err(no_version(entries, service_type, wanted)),
    }
}

fn no_version(entries: &[VersionEntry], service_type: &str, wanted: &str) -> Error {
    let there: Vec<String> = entries.iter().map(|entry| entry.version.to_string()).collect();
    let message = format!("the {service_type} service has no version {wanted}");
    coded(ErrorKind::Config, code::ENDPOINT_NOT_FOUND, message)
        .with_hint(format!("it has: {}", there.join(", ")))
}
