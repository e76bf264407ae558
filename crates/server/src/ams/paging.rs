//! Pages: newest first, keyset cursors that look like database ids (AMS reference 6).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::error::Failure;

/// What a list call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageRequest {
    /// Largest number of items; `None` is everything.
    pub(crate) size: Option<i64>,
    /// Id of the first item of this page; `None` is the newest.
    pub(crate) from: Option<i64>,
}

/// Keeps our cursors at 24 digits, the width of the ids they stand for.
const CURSOR_WIDTH: usize = 24;

impl PageRequest {
    /// Reads `pageSize` and `pageToken`.
    pub(crate) fn parse(size: Option<&str>, token: Option<&str>) -> Result<Self, Failure> {
        let size = match size.filter(|s| !s.is_empty()) {
            None => None,
            Some(text) => {
                let n: i64 = text.parse().map_err(|_| Failure::invalid("Invalid page size"))?;
                (n > 0).then_some(n)
            }
        };
        let from = match token.filter(|s| !s.is_empty()) {
            None => None,
            Some(token) => Some(decode(token).ok_or_else(|| Failure::invalid("Invalid page token"))?),
        };
        Ok(Self { size, from })
    }

    /// Upper bound of the ids of this page.
    pub(crate) fn upper(self) -> i64 {
        self.from.unwrap_or(i64::MAX)
    }

    /// Rows to read: one more than the page, to know where the next one starts.
    pub(crate) fn rows(self) -> i64 {
        self.size.map_or(i64::MAX, |n| n.saturating_add(1))
    }

    /// Cuts `rows` to the page and gives the token of the next one, `""` on the last page.
    pub(crate) fn cut<T>(self, rows: &mut Vec<T>, id: impl Fn(&T) -> i64) -> String {
        let Some(size) = self.size.and_then(|n| usize::try_from(n).ok()) else { return String::new() };
        let next = rows.get(size).map(|row| encode(id(row))).unwrap_or_default();
        rows.truncate(size);
        next
    }
}

fn encode(id: i64) -> String {
    STANDARD.encode(format!("{id:0CURSOR_WIDTH$x}"))
}

fn decode(token: &str) -> Option<i64> {
    let hex = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    if hex.len() != CURSOR_WIDTH || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    // An id larger than any of ours is a cursor before the newest item.
    let id = u128::from_str_radix(&hex, 16).ok()?;
    Some(i64::try_from(id).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_carries_the_next_item_and_is_24_hex_digits() {
        let page = PageRequest { size: Some(2), from: None };
        let mut rows = vec![9, 8, 7];
        let token = page.cut(&mut rows, |n| *n);
        assert_eq!(rows, [9, 8]);
        assert_eq!(STANDARD.decode(&token).unwrap().len(), 24);
        assert_eq!(PageRequest::parse(Some("2"), Some(&token)).unwrap().from, Some(7));
    }

    #[test]
    fn sizes_of_zero_and_below_mean_everything_and_words_are_refused() {
        assert_eq!(PageRequest::parse(Some("0"), None).unwrap().size, None);
        assert_eq!(PageRequest::parse(Some("-3"), None).unwrap().size, None);
        assert_eq!(PageRequest::parse(Some("x"), None).unwrap_err().message(), "Invalid page size");
        for token in ["%%", "YWJj", "MTIz"] {
            assert_eq!(PageRequest::parse(None, Some(token)).unwrap_err().message(), "Invalid page token");
        }
    }
}
