//! What a caller can read, as its `Accept` header tells (Zaqar reference 2.2).

/// The form in which errors are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// JSON.
    Json,
    /// XML of this media type.
    Xml(&'static str),
    /// Neither: without a body.
    Nothing,
}

/// Whether `application/json` is admitted.
pub(crate) fn admits_json(accept: Option<&str>) -> bool {
    accept.is_none_or(|accept| quality(accept, "application", "json") > 0)
}

/// The form for errors: what is admitted most, JSON first.
pub(crate) fn wanted(accept: Option<&str>) -> Wanted {
    let Some(accept) = accept else { return Wanted::Json };
    let offers = [
        (Wanted::Json, "application", "json"),
        (Wanted::Xml("text/xml"), "text", "xml"),
        (Wanted::Xml("application/xml"), "application", "xml"),
    ];
    let mut best = (0, Wanted::Nothing);
    for (form, kind, subtype) in offers {
        let quality = quality(accept, kind, subtype);
        if quality > best.0 {
            best = (quality, form);
        }
    }
    if best.0 > 0 {
        return best.1;
    }
    let accept = accept.to_ascii_lowercase();
    if accept.contains("+json") {
        Wanted::Json
    } else if accept.contains("+xml") {
        Wanted::Xml("application/xml")
    } else {
        Wanted::Nothing
    }
}

/// Thousandths by which the most specific range that fits admits a media type.
fn quality(accept: &str, kind: &str, subtype: &str) -> u32 {
    let mut best = (0, 0);
    for range in accept.split(',') {
        let mut parts = range.split(';');
        let name = parts.next().unwrap_or_default().trim();
        let name = if name == "*" { "*/*" } else { name };
        let Some((own_kind, own_subtype)) = name.split_once('/') else { continue };
        let specific = match (own_kind.trim(), own_subtype.trim()) {
            ("*", "*") => 1,
            (k, "*") if k.eq_ignore_ascii_case(kind) => 2,
            (k, s) if k.eq_ignore_ascii_case(kind) && s.eq_ignore_ascii_case(subtype) => 3,
            _ => continue,
        };
        let weight = parts.find_map(|part| part.trim().strip_prefix("q=").map(thousandths)).unwrap_or(1000);
        if (specific, weight) > best {
            best = (specific, weight);
        }
    }
    best.1
}

fn thousandths(text: &str) -> u32 {
    let Ok(value) = text.trim().parse::<f32>() else { return 1000 };
    if (0.0..=1.0).contains(&value) { (value * 1000.0).round() as u32 } else { 1000 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_admitted_by_name_by_wildcard_and_by_silence() {
        for accept in [None, Some("*/*"), Some("application/*"), Some("text/html, application/json;q=0.1")] {
            assert!(admits_json(accept), "{accept:?}");
            assert_eq!(wanted(accept), Wanted::Json);
        }
        assert!(!admits_json(Some("application/json;q=0, */*")));
        assert!(!admits_json(Some("text/html")));
        assert!(!admits_json(Some("application/vnd.x+json")));
    }

    #[test]
    fn errors_come_in_the_form_that_is_admitted() {
        assert_eq!(wanted(Some("text/html")), Wanted::Nothing);
        assert_eq!(wanted(Some("application/xml")), Wanted::Xml("application/xml"));
        assert_eq!(wanted(Some("text/xml")), Wanted::Xml("text/xml"));
        assert_eq!(wanted(Some("application/vnd.x+json")), Wanted::Json);
    }
}
