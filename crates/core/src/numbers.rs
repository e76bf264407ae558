//! Numbers of JSON documents that do not fit where they are kept: in 64 bits, whole or as a fraction.

/// Significant digits that tell every fraction of 64 bits from its neighbours.
const DIGITS: usize = 17;

/// The first number of a JSON document that comes out as another when it is read into a generic value: a whole one beyond
/// 64 bits, or a fraction of more than 17 digits that is not what its 64 bits say. A long one is cut.
///
/// The document must be JSON; of anything else the answer means nothing.
///
/// ```
/// use pentad_core::numbers::lost_number;
/// assert_eq!(lost_number(br#"{"n": [18446744073709551616]}"#).as_deref(), Some("18446744073709551616"));
/// assert_eq!(lost_number(br#"{"n": [18446744073709551615, 0.1, -1.50], "t": "18446744073709551616"}"#), None);
/// ```
pub fn lost_number(json: &[u8]) -> Option<String> {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'-' | b'0'..=b'9')) {
        let from = &rest[at..];
        let length = if from[0] == b'"' { text(from) } else { number(from) };
        // Shorter ones fit whatever they are.
        if from[0] != b'"' && length > DIGITS {
            let number = String::from_utf8_lossy(&from[..length]);
            if !is_kept(&number) {
                return Some(shortened(&number));
            }
        }
        rest = &from[length..];
    }
    None
}

/// Bytes of a string with its quotes.
fn text(from: &[u8]) -> usize {
    let mut at = 1;
    while let Some(step) =
        from.get(at..).and_then(|rest| rest.iter().position(|byte| matches!(byte, b'"' | b'\\')))
    {
        at += step;
        if from[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    from.len()
}

fn number(from: &[u8]) -> usize {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    from.iter().position(|byte| !is_part(byte)).unwrap_or(from.len())
}

fn is_kept(number: &str) -> bool {
    if !number.contains(['.', 'e', 'E']) {
        return number.parse::<u64>().is_ok() || number.parse::<i64>().is_ok();
    }
    let digits = |number: &str| {
        let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        digits.trim_matches('0').to_owned()
    };
    let given = digits(number);
    given.len() <= DIGITS || number.parse::<f64>().is_ok_and(|read| digits(&format!("{read:e}")) == given)
}

fn shortened(number: &str) -> String {
    match number.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &number[..at]),
        None => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_kept_within_64_bits_and_fractions_to_17_digits() {
        for kept in [
            "18446744073709551615",
            "-9223372036854775808",
            "0.30000000000000004",
            "1e300",
            "123456789.500000000000000000",
            "0.0000000000000000000001",
            "100000000000000000000.0",
            "\"123456789012345678901234567890\"",
            "[1,2]",
            "null",
            "{\"a\\\"123456789012345678901234567890\": \"\\\\\"}",
        ] {
            assert_eq!(lost_number(kept.as_bytes()), None, "{kept}");
        }
        for lost in [
            "18446744073709551616",
            "-9223372036854775809",
            "0.10000000000000000001",
            "[1,{\"a\":[[100000000000000000000]]}]",
            "{\"\\\\\": 123456789012345678901234567890}",
        ] {
            assert!(lost_number(lost.as_bytes()).is_some(), "{lost}");
        }
        let long = lost_number("9".repeat(1000).as_bytes()).unwrap();
        assert_eq!(long.chars().count(), 41);
    }
}
