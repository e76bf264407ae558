//! What a caller can read, as the web framework before the service decides it, and the version that it asks for.

/// The form of a refusal that comes from before the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Html,
    Json,
    Neither,
}

/// What an `accept` header asks for; without one, HTML.
pub(crate) fn wanted(accept: Option<&str>) -> Wanted {
    let Some(accept) = accept.filter(|text| !text.trim().is_empty()) else { return Wanted::Html };
    let (html, json) = (quality(accept, "text/html"), quality(accept, "application/json"));
    match (html > 0, json > 0) {
        (false, false) => Wanted::Neither,
        _ if json > html => Wanted::Json,
        _ => Wanted::Html,
    }
}

/// How much a type is wanted, in thousandths: by the most specific range that has it.
fn quality(accept: &str, kind: &str) -> u32 {
    let family = kind.split('/').next().unwrap_or_default();
    let mut best = (0, 0);
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let rank = match name.as_str() {
            name if name == kind => 3,
            "*/*" => 1,
            name if name.strip_suffix("/*") == Some(family) => 2,
            _ => continue,
        };
        let weight =
            parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |text| text.parse().ok());
        let weight: f64 = weight.unwrap_or(0.0);
        if rank > best.0 {
            best = (rank, thousandths(weight));
        }
    }
    best.1
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000 before")]
fn thousandths(weight: f64) -> u32 {
    (weight.clamp(0.0, 1.0) * 1000.0) as u32
}

/// The version in `application/vnd.openstack.trove+json;version=1.0`.
pub(crate) fn version(accept: Option<&str>) -> Option<&str> {
    let (_, rest) = accept?.split_once("application/vnd.openstack.trove")?;
    let (_, version) = rest.split_once(";version=")?;
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    Some(&version[..end]).filter(|version| !version.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_before_the_service_are_html_unless_json_is_wanted_more() {
        for (accept, expected) in [
            (None, Wanted::Html),
            (Some("*/*"), Wanted::Html),
            (Some("application/json"), Wanted::Json),
            (Some("text/html;q=0.5, application/json"), Wanted::Json),
            (Some("application/*;q=0.1"), Wanted::Json),
            (Some("text/plain"), Wanted::Neither),
        ] {
            assert_eq!(wanted(accept), expected, "{accept:?}");
        }
    }

    #[test]
    fn the_version_is_read_from_the_type() {
        assert_eq!(version(Some("application/vnd.openstack.trove+json;version=2.0")), Some("2.0"));
        assert_eq!(version(Some("text/html, application/vnd.openstack.trove;version=1;q=1")), Some("1"));
        assert_eq!(version(Some("application/json")), None);
    }
}
