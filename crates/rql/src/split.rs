//! A raw query, taken apart before anything of it is decoded.

/// A part of a raw query, as it stands between two `&`: still percent-encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// A term of RQL, or what is meant to be one: `eq(a,1)`. Empty between two `&` in a row.
    Term(&'a str),
    /// `name=value`: a plain parameter of the request, or RQL's short form of `eq`, which look the same.
    Parameter {
        /// What stands before the first `=`.
        name: &'a str,
        /// What stands behind it.
        value: &'a str,
    },
}

impl<'a> Part<'a> {
    /// The value, if this is the parameter of that name.
    pub fn parameter(self, wanted: &str) -> Option<&'a str> {
        match self {
            Self::Parameter { name, value } if name == wanted => Some(value),
            _ => None,
        }
    }
}

/// Splits a raw query at every `&` that stands outside of parentheses and quoted values.
///
/// The text is the query of a request as it came, or as it will be sent: marks count whether they are percent-encoded or
/// not, only the `&` that separates is a bare one. A quote opens a value where the language has one (behind `(`, `,`, `=`)
/// and only if it is closed where a value ends; the value of `search=` is plain text, in which parentheses mean nothing.
/// Parts joined by `&` are the query again. Costs one look at each byte.
///
/// ```
/// use pentad_rql::{Part, split};
/// let query = "eq(name,%22a(b&c%22)&search=x(y&limit=10";
/// let parts = [
///     Part::Term("eq(name,%22a(b&c%22)"),
///     Part::Parameter { name: "search", value: "x(y" },
///     Part::Parameter { name: "limit", value: "10" },
/// ];
/// assert_eq!(split(query), parts);
/// ```
pub fn split(raw: &str) -> Vec<Part<'_>> {
    if raw.is_empty() {
        return Vec::new();
    }
    let mut scanner = Scanner { raw, at: 0, before: b'&' };
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    let mut is_search = raw.starts_with(SEARCH);
    while let Some((mark, escaped)) = scanner.next() {
        match mark {
            b'(' if !is_search => depth += 1,
            b')' if !is_search => depth = depth.saturating_sub(1),
            b'&' if !escaped && depth == 0 => {
                parts.push(part(&raw[start..scanner.at - 1]));
                start = scanner.at;
                is_search = raw[start..].starts_with(SEARCH);
            }
            _ => {}
        }
    }
    parts.push(part(&raw[start..]));
    parts
}

const SEARCH: &str = "search=";

/// Whether a part begins with `name=`, and so is a parameter.
fn part(text: &str) -> Part<'_> {
    let plain = text.split_once('=').filter(|(name, _)| {
        let mut marks = Scanner { raw: name, at: 0, before: b'&' };
        !name.is_empty() && !std::iter::from_fn(|| marks.step()).any(|(mark, _)| b"()\"',;|".contains(&mark))
    });
    plain.map_or(Part::Term(text), |(name, value)| Part::Parameter { name, value })
}

/// Reads bytes, escaped or not, and steps over quoted values. Marks are ASCII, so bytes of other letters are none.
struct Scanner<'a> {
    raw: &'a str,
    at: usize,
    /// The mark before this place.
    before: u8,
}

impl Scanner<'_> {
    /// The next byte outside of quoted values, and whether it is escaped.
    fn next(&mut self) -> Option<(u8, bool)> {
        loop {
            let opens = matches!(self.before, b'(' | b',' | b'=');
            let (mark, escaped) = self.step()?;
            if opens && matches!(mark, b'"' | b'\'') {
                self.close(mark);
            } else {
                return Some((mark, escaped));
            }
        }
    }

    fn step(&mut self) -> Option<(u8, bool)> {
        let rest = &self.raw.as_bytes()[self.at..];
        let digit = |index: usize| rest.get(index).and_then(|byte| char::from(*byte).to_digit(16));
        let (mark, escaped) = match (rest.first()?, digit(1), digit(2)) {
            // Two digits of four bits each.
            (b'%', Some(high), Some(low)) => ((high * 16 + low) as u8, true),
            (byte, ..) => (*byte, false),
        };
        self.at += if escaped { 3 } else { 1 };
        self.before = mark;
        Some((mark, escaped))
    }

    /// Goes behind the quote that closes a value, if the next one of its kind does.
    fn close(&mut self, quote: u8) {
        let (at, before) = (self.at, self.before);
        while let Some((mark, _)) = self.step() {
            if mark == quote {
                let behind = self.at;
                let ends = self.step().is_none_or(|(next, _)| b"),&|;".contains(&next));
                (self.at, self.before) = if ends { (behind, quote) } else { (at, before) };
                return;
            }
        }
        (self.at, self.before) = (at, before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(raw: &str) -> Vec<&str> {
        split(raw)
            .into_iter()
            .map(|part| match part {
                Part::Term(text) => text,
                Part::Parameter { name, .. } => name,
            })
            .collect()
    }

    #[test]
    fn only_what_stands_outside_of_parentheses_and_quotes_separates() {
        for (raw, parts) in [
            ("", &[][..]),
            ("eq(a,1)", &["eq(a,1)"]),
            ("and(eq(a,1)&b=2)&limit=1", &["and(eq(a,1)&b=2)", "limit"]),
            ("(a=1&search=x)&search=y", &["(a=1&search=x)", "search"]),
            ("eq(a,%22(%22)&limit=1", &["eq(a,%22(%22)", "limit"]),
            ("eq(a,'(&')&limit=1", &["eq(a,'(&')", "limit"]),
            ("a=%27x&y%27&b=1", &["a", "b"]),
            ("a%3dx", &["a%3dx"]),
            ("eq(a,it's)&eq(b,it's)", &["eq(a,it's)", "eq(b,it's)"]),
            ("search=%22open&limit=1", &["search", "limit"]),
            ("search=a(b&search='c&d'&limit=1", &["search", "search", "limit"]),
            ("search=%22a&eq(x,%22y%22)", &["search", "eq(x,%22y%22)"]),
            ("a=1%26b=2&c=3", &["a", "c"]),
            ("&&a=1&", &["", "", "a", ""]),
            (")&a=1", &[")", "a"]),
            ("=1&b", &["=1", "b"]),
            ("100%&a=1%", &["100%", "a"]),
        ] {
            assert_eq!(shown(raw), parts, "{raw}");
        }
    }
}
