//! One-time codes of RFC 6238: six digits, thirty seconds, SHA-1.

use aws_lc_rs::hmac;

const STEP: i64 = 30;

/// Whether `code` is that of the step of `now` (seconds since 1970) or of one of the `earlier` steps before it.
pub(crate) fn fits(secret: &str, code: &str, now: i64, earlier: u32) -> bool {
    let Some(key) = base32(secret) else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let mut fits = false;
    for back in 0..=i64::from(earlier) {
        let step = now.div_euclid(STEP) - back;
        // All steps are compared, whichever fits: the time it takes tells nothing.
        fits |= constant(code_at(&key, step).as_bytes(), code.as_bytes());
    }
    fits
}

fn constant(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

fn code_at(key: &hmac::Key, step: i64) -> String {
    let tag = hmac::sign(key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let at = usize::from(bytes[bytes.len() - 1] & 15);
    let number = u32::from_be_bytes([bytes[at] & 127, bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

/// The bytes of a base32 text; blanks, padding and case do not matter.
fn base32(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut buffer, mut bits) = (Vec::new(), 0_u32, 0_u32);
    for c in text.chars().filter(|c| !c.is_whitespace() && *c != '=') {
        let value = match c.to_ascii_uppercase() {
            c @ 'A'..='Z' => u32::from(c) - u32::from('A'),
            c @ '2'..='7' => u32::from(c) - u32::from('2') + 26,
            _ => return None,
        };
        buffer = (buffer << 5) | value;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from((buffer >> bits) & 255).ok()?);
        }
    }
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (now, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            assert!(fits(SECRET, code, now, 0), "{now}");
        }
        assert!(!fits(SECRET, "287083", 59, 1));
        assert!(!fits("not base32!", "287082", 59, 1));
    }

    #[test]
    fn a_code_counts_for_as_many_later_steps_as_configured() {
        assert!(fits(SECRET, "287082", 59 + 30, 1));
        assert!(!fits(SECRET, "287082", 59 + 30, 0));
        assert!(!fits(SECRET, "287082", 59 + 60, 1));
        assert!(!fits(SECRET, "287082", 29, 1), "a code of the future does not count");
    }
}
