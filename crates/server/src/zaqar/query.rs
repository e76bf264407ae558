//! Query parameters as the service understands them (Zaqar reference 2.4), and queries of links.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::error::Failure;

const TRUE: [&str; 7] = ["true", "True", "t", "yes", "y", "1", "on"];
const FALSE: [&str; 7] = ["false", "False", "f", "no", "n", "0", "off"];
/// What stands as it is in the value of a link.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The parameters of a request, in the order of their first mention, each with all of its values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, Vec<String>)>);

impl Query {
    /// Reads a raw query. Empty values count as absent; a comma separates values unless it is escaped.
    pub(crate) fn parse(raw: &str) -> Self {
        let mut all: Vec<(String, Vec<String>)> = Vec::new();
        for pair in raw.split('&') {
            let Some((key, value)) = pair.split_once('=') else { continue };
            let values: Vec<String> = value.split(',').filter(|v| !v.is_empty()).map(decode).collect();
            let key = decode(key);
            if values.is_empty() || key.is_empty() {
                continue;
            }
            match all.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => known.extend(values),
                None => all.push((key, values)),
            }
        }
        Self(all)
    }

    /// All parameters.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(key, values)| (key.as_str(), values.as_slice()))
    }

    /// All values.
    pub(crate) fn list(&self, name: &str) -> Option<&[String]> {
        self.pairs().find(|(key, _)| *key == name).map(|(_, values)| values)
    }

    /// The last value.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.list(name)?.last().map(String::as_str)
    }

    /// An integer; one that is out of all bounds is given as the nearest.
    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>, Failure> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let value = integer(text);
        let refused = || Failure::parameter(name, "The value must be an integer.");
        value.map(Some).ok_or_else(refused)
    }

    /// A truth value.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Failure> {
        match self.text(name) {
            None => Ok(None),
            Some(text) if TRUE.contains(&text) => Ok(Some(true)),
            Some(text) if FALSE.contains(&text) => Ok(Some(false)),
            Some(_) => {
                Err(Failure::parameter(name, "The value of the parameter must be \"true\" or \"false\"."))
            }
        }
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// An integer as Python reads it: blanks around it, one sign, single underscores between digits.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let fits = digits.split('_').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    if !fits {
        return None;
    }
    let negative = text.starts_with('-');
    let end = if negative { i64::MIN } else { i64::MAX };
    let size = digits.bytes().filter(u8::is_ascii_digit).try_fold(0_i64, |sum, digit| {
        let digit = i64::from(digit - b'0');
        sum.checked_mul(10)?.checked_add(digit)
    });
    Some(size.map_or(end, |size| if negative { -size } else { size }))
}

/// The query of a link: parameters in the order given, absent ones left out, and the marker where the request had
/// it first, else last (Zaqar reference 4).
#[derive(Debug, Default)]
pub(crate) struct LinkQuery(String);

impl LinkQuery {
    /// Adds a parameter.
    pub(crate) fn text(mut self, name: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.0.push(if self.0.is_empty() { '?' } else { '&' });
            self.0.push_str(name);
            self.0.push('=');
            self.0.extend(utf8_percent_encode(value, PLAIN));
        }
        self
    }

    /// Adds a number.
    pub(crate) fn int(self, name: &str, value: Option<i64>) -> Self {
        self.text(name, value.map(|value| value.to_string()).as_deref())
    }

    /// Adds a truth value.
    pub(crate) fn flag(self, name: &str, value: Option<bool>) -> Self {
        self.text(name, value.map(|value| if value { "true" } else { "false" }))
    }

    /// The query with its `?`.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_repeated_or_separated_and_scalars_are_the_last() {
        let query = Query::parse("ids=a,b&ids=c%2Cd&limit=5&limit=7&claim_id=&x");
        assert_eq!(query.list("ids").unwrap(), ["a", "b", "c,d"]);
        assert_eq!(query.int("limit").unwrap(), Some(7));
        assert_eq!(query.text("claim_id"), None);
        assert_eq!(query.text("x"), None);
    }

    #[test]
    fn integers_and_flags_are_those_of_python() {
        let int = |text: &str| Query::parse(&format!("n={text}")).int("n").ok().flatten();
        assert_eq!(
            (int("%2012%20"), int("-3"), int("%2B4"), int("1_0")),
            (Some(12), Some(-3), Some(4), Some(10))
        );
        assert_eq!((int("1.0"), int("x"), int("1__0"), int("_1")), (None, None, None, None));
        assert_eq!(int("99999999999999999999"), Some(i64::MAX));
        let flag = |text: &str| Query::parse(&format!("f={text}")).flag("f");
        assert_eq!(flag("True").unwrap(), Some(true));
        assert_eq!(flag("off").unwrap(), Some(false));
        let refused = flag("TRUE").unwrap_err();
        assert_eq!(
            refused.text(),
            "The \"f\" parameter is invalid. The value of the parameter must be \"true\" or \"false\"."
        );
    }

    #[test]
    fn links_leave_out_what_is_absent_and_escape_what_is_not_plain() {
        let query =
            LinkQuery::default().int("limit", Some(1)).flag("detailed", None).text("name", Some("a+b c"));
        assert_eq!(query.finish(), "?limit=1&name=a%2Bb%20c");
    }
}
