//! Secrets in URLs: user information, path arguments, query and fragment.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::name::{announces_token, is_secret};
use super::{StandIn, stars};

/// An escaped query or form, secrets hidden. Names are compared unescaped.
pub fn raw_query(query: &str) -> String {
    raw_query_with(query, &mut stars)
}

/// As [`raw_query`], with a stand-in made from the member's name.
pub fn raw_query_with(query: &str, stand_in: StandIn<'_>) -> String {
    let query = &*terms_with(query, stand_in);
    let mut shown = String::with_capacity(query.len());
    // A `code` is a secret only where it buys a token.
    let buys = query.contains("grant_type=authorization_code");
    // Some servers still split at `;`, so a secret may stand behind one.
    for pair in query.split_inclusive(['&', ';']) {
        let (pair, separator) = match pair.strip_suffix(['&', ';']) {
            Some(short) => (short, &pair[short.len()..]),
            None => (pair, ""),
        };
        match pair.split_once('=') {
            Some((name, value)) => {
                let plain = percent_decode_str(name).decode_utf8_lossy();
                // In a query language a pair may stand within parentheses.
                let plain = plain.rsplit(['(', ',', '|']).next().unwrap_or_default();
                shown.push_str(name);
                shown.push('=');
                if !value.is_empty() && (is_secret(plain) || (buys && plain == "code")) {
                    shown.push_str(&stand_in(plain));
                } else {
                    shown.push_str(value);
                }
            }
            None => shown.push_str(pair),
        }
        shown.push_str(separator);
    }
    shown
}

/// A query with the values of comparisons such as `eq(password,…)` hidden where the field has a secret's name.
fn terms_with<'a>(query: &'a str, stand_in: StandIn<'_>) -> Cow<'a, str> {
    let (mut shown, mut rest) = (String::new(), query);
    while let Some(at) = rest.find('(') {
        let (before, behind) = rest.split_at(at + 1);
        shown.push_str(before);
        rest = behind;
        let is_operator = before.as_bytes().iter().rev().nth(1).is_some_and(u8::is_ascii_lowercase);
        let end =
            behind.find([',', '(', ')', '&']).filter(|end| is_operator && behind[*end..].starts_with(','));
        let Some((name, value)) = end.map(|end| behind.split_at(end + 1)) else { continue };
        let plain = percent_decode_str(&name[..name.len() - 1]).decode_utf8_lossy();
        let last = plain.rsplit('.').next().unwrap_or_default();
        let length = term_value(value);
        if length > 0 && is_secret(last) {
            shown.push_str(name);
            shown.push_str(&stand_in(last));
            rest = &value[length..];
        }
    }
    if shown.is_empty() {
        return Cow::Borrowed(query);
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

/// Bytes up to the end of a quoted value, or to the parenthesis that ends the comparison.
fn term_value(text: &str) -> usize {
    for quote in ["\"", "'", "%22", "%27"] {
        if let Some(end) = text.strip_prefix(quote).and_then(|inner| inner.find(quote)) {
            return end + 2 * quote.len();
        }
    }
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => return at,
            b')' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// An escaped path, the arguments with secrets' names hidden: `/users:byToken/***` for the template
/// `/users:byToken/{token}`. What precedes the template (a prefix) is kept. Without a template, what follows a segment
/// such as `tokens` or `users:byToken` is hidden.
pub fn path(path: &str, template: Option<&str>) -> String {
    path_with(path, template, &mut stars)
}

/// As [`path`], with a stand-in made from the argument's name.
pub fn path_with(path: &str, template: Option<&str>, stand_in: StandIn<'_>) -> String {
    let mut given: Vec<String> = path.split('/').map(str::to_owned).collect();
    match template {
        Some(template) => hide_arguments(&mut given, template, stand_in),
        None => hide_announced(&mut given, 0, stand_in),
    }
    given.join("/")
}

fn hide_arguments(given: &mut [String], template: &str, stand_in: StandIn<'_>) {
    let wanted: Vec<&str> = template.trim_start_matches('/').split('/').collect();
    let spanning = wanted.iter().position(|part| argument(part).is_some_and(|(_, spans)| spans));
    let after = spanning.map_or(0, |at| wanted.len() - at - 1);
    for (index, part) in wanted.iter().enumerate() {
        let Some((name, spans)) = argument(part) else { continue };
        let announced =
            index > 0 && argument(wanted[index - 1]).is_none() && announces_token(wanted[index - 1]);
        if !(is_secret(name) || announced) {
            continue;
        }
        // Counted from the end up to a spanning argument, because a prefix may precede the template.
        let end = given.len().saturating_sub(wanted.len() - index - 1);
        let places = if spans {
            1..end
        } else if spanning.is_some_and(|at| index < at) {
            // In front of a spanning argument nothing can be counted: all up to it is hidden.
            1..given.len().saturating_sub(after)
        } else {
            end.saturating_sub(1)..end
        };
        for place in places {
            if !given[place].is_empty() {
                given[place] = stand_in(name);
            }
        }
    }
    if spanning.is_some() {
        // What spans segments is a path of its own, of which nothing is known.
        hide_announced(&mut given[..], after, stand_in);
    }
}

/// Hides what follows a segment such as `tokens`, but for the last `after` segments.
fn hide_announced(given: &mut [String], after: usize, stand_in: StandIn<'_>) {
    for index in 1..given.len().saturating_sub(after) {
        if announces_token(&given[index - 1]) && !given[index].is_empty() {
            given[index] = stand_in("token");
        }
    }
}

/// The name of the argument in a template's segment, and whether it spans segments.
fn argument(part: &str) -> Option<(&str, bool)> {
    let (name, _) = part.split_once('{')?.1.split_once('}')?;
    Some(name.strip_prefix(['+', '=']).map_or((name, false), |name| (name, true)))
}

/// A URL, absolute or only path and query, without user information and with the secrets in its path, query and
/// fragment hidden.
pub fn url(url: &str) -> String {
    url_with(url, None, &mut stars)
}

/// As [`url`], with the template of its path if that is known and a stand-in made from the argument's name.
pub fn url_with(url: &str, template: Option<&str>, stand_in: StandIn<'_>) -> String {
    let (rest, fragment) = split(url, '#');
    let (rest, query) = split(rest, '?');
    let mut shown = String::with_capacity(url.len());
    let local = match rest.split_once("://") {
        Some((scheme, rest)) => {
            shown.push_str(scheme);
            shown.push_str("://");
            let (authority, local) = rest.split_at(authority(rest));
            match authority.rsplit_once('@') {
                Some((_, host)) => {
                    shown.push_str(&stand_in("userinfo"));
                    shown.push('@');
                    shown.push_str(host);
                }
                None => shown.push_str(authority),
            }
            local
        }
        None => rest,
    };
    shown.push_str(&path_with(local, template, stand_in));
    for (mark, part) in [('?', query), ('#', fragment)] {
        if let Some(part) = part {
            shown.push(mark);
            shown.push_str(&raw_query_with(part, stand_in));
        }
    }
    shown
}

/// Length of the authority. Where a password holds a slash, what looks like a port is none and the user goes on.
fn authority(rest: &str) -> usize {
    let end = rest.find('/').unwrap_or(rest.len());
    let port = rest[..end].rsplit_once(':').map_or("", |(_, port)| port);
    let broken = !rest[..end].contains(['@', '[']) && !port.bytes().all(|c| c.is_ascii_digit());
    match rest.rfind('@').filter(|_| broken) {
        Some(at) => at + rest[at..].find('/').unwrap_or(rest.len() - at),
        None => end,
    }
}

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(head, tail)| (head, Some(tail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_names_and_old_separators_do_not_hide_a_secret() {
        assert_eq!(raw_query("a=1;t%6Fken=c&key=c&x=2"), "a=1;t%6Fken=***&key=***&x=2");
        assert_eq!(raw_query("token="), "token=");
    }

    #[test]
    fn comparisons_of_a_query_language_hide_what_is_compared_with_a_secret() {
        for (given, shown) in [
            ("and(eq(password,c),eq(a,1))&limit=1", "and(eq(password,***),eq(a,1))&limit=1"),
            ("eq(a.token,%22c)&c%22)&b=1", "eq(a.token,***)&b=1"),
            ("in(api%5Fkey,(c,c)),eq(a,(b))", "in(api%5Fkey,***),eq(a,(b))"),
            ("(password=c|a=1)", "(password=***"),
            ("eq(secret,c", "eq(secret,***"),
            ("eq(owner,t(password=c))", "eq(owner,t(password=***"),
            ("ordering(password,a)&select(token)", "ordering(password,***)&select(token)"),
            ("eq(name,((((", "eq(name,(((("),
        ] {
            assert_eq!(raw_query(given), shown);
        }
    }

    #[test]
    fn arguments_with_secrets_names_are_hidden_in_paths() {
        for (given, template, shown) in [
            ("/v1/users:byToken/c", "/users:byToken/{token}", "/v1/users:byToken/***"),
            ("/v2.0/tokens/c/endpoints", "/v2.0/tokens/{id}/endpoints", "/v2.0/tokens/***/endpoints"),
            ("/v2/queues/token/messages", "/v2/queues/{queue}/messages", "/v2/queues/token/messages"),
            ("/a/c/d/x", "/a/{+secret}/x", "/***/***/***/x"),
            ("/p/t/c", "/p/t/{key}", "/p/t/***"),
            ("/v1/p/tokens/c/x", "/{=path}", "/v1/p/tokens/***/x"),
        ] {
            assert_eq!(path(given, Some(template)), shown);
        }
        assert_eq!(path("/v2.0/tokens/c", None), "/v2.0/tokens/***");
        assert_eq!(path("/v1/users:byToken/c?x", None), "/v1/users:byToken/***");
    }

    #[test]
    fn urls_are_shown_without_user_and_secrets() {
        assert_eq!(
            url("https://u:c@h.test:1/a?key=c&b=1#access_token=c"),
            "https://***@h.test:1/a?key=***&b=1#access_token=***"
        );
        assert_eq!(url("https://u:c/c@h.test/a"), "https://***@h.test/a");
        assert_eq!(url("http://h.test:80/m@x.test"), "http://h.test:80/m@x.test");
        assert_eq!(url("/a?token=c"), "/a?token=***");
        assert_eq!(url("http://h.test"), "http://h.test");
    }
}
