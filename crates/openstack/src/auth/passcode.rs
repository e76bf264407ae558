//! Codes of six digits (RFC 6238 with SHA-1 and steps of 30 seconds; OpenStack reference B4).

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use jiff::Timestamp;
use pentad_core::{Error, ErrorKind, Result, Secret};

/// Seconds for which a code is valid.
const STEP: i64 = 30;

/// Where the code of the moment comes from.
#[derive(Clone)]
#[non_exhaustive]
pub enum Passcode {
    /// This code: good for one login, within its half minute.
    Once(Secret),
    /// Whoever is asked; called for each login, from within a call, so it must not block for long.
    Ask(Arc<dyn Fn() -> Result<Secret> + Send + Sync>),
    /// Computed from the device's secret, in base 32 as the service shows it.
    Seed(Secret),
}

impl Passcode {
    pub(crate) fn at(&self, now: Timestamp) -> Result<Secret> {
        match self {
            Self::Once(code) => Ok(code.clone()),
            Self::Ask(ask) => ask(),
            Self::Seed(seed) => code(seed.expose(), now),
        }
    }
}

impl fmt::Debug for Passcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Once(_) => "Once(..)",
            Self::Ask(_) => "Ask(..)",
            Self::Seed(_) => "Seed(..)",
        })
    }
}

fn code(seed: &str, now: Timestamp) -> Result<Secret> {
    let wrong = || Error::new(ErrorKind::Config, "the secret for passcodes is not base 32");
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &base32(seed).ok_or_else(wrong)?);
    let step = now.as_second().div_euclid(STEP).to_be_bytes();
    let tag = hmac::sign(&key, &step);
    let digest = tag.as_ref();
    let offset = usize::from(digest.last().copied().unwrap_or_default() & 0x0f);
    let word = digest.iter().skip(offset).take(4).fold(0u32, |word, byte| (word << 8) | u32::from(*byte));
    Ok(Secret::new(format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)))
}

/// RFC 4648 base 32; blanks, hyphens, lower case and missing padding are all right.
fn base32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0u64, 0u32);
    for character in text.chars().filter(|c| !matches!(c, ' ' | '-' | '=')) {
        let value = match character.to_ascii_uppercase() {
            c @ 'A'..='Z' => u64::from(c) - u64::from('A'),
            c @ '2'..='7' => u64::from(c) - u64::from('2') + 26,
            _ => return None,
        };
        bits = (bits << 5) | value;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238's examples, `12345678901234567890`.
    const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn codes_are_those_of_the_standards_examples() {
        for (second, expected) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            let now = Timestamp::from_second(second).unwrap();
            assert_eq!(code(SEED, now).unwrap().expose(), expected);
        }
    }

    #[test]
    fn a_seed_may_be_written_as_people_write_it_and_a_bad_one_is_refused() {
        let spaced = "gezd-gnbv gy3t qojq GEZDGNBVGY3TQOJQ====";
        assert_eq!(base32(spaced), base32(SEED));
        assert_eq!(code("0189", Timestamp::UNIX_EPOCH).unwrap_err().kind(), ErrorKind::Config);
        assert!(!format!("{:?}", Passcode::Seed(Secret::new(SEED))).contains(SEED));
    }
}
