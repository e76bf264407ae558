//! Logins by the device flow (IVCAP reference 2.3): asked for by a program, allowed by whoever has a token already.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Scopes;

/// Logins under way at most.
const MOST: usize = 256;
/// Seconds in which a login must be allowed.
pub(crate) const PATIENCE: i64 = 900;
/// Letters of codes that people type: none that looks like another, no vowels.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// The logins under way.
#[derive(Debug, Default)]
pub(crate) struct Logins(Mutex<HashMap<String, Login>>);

#[derive(Debug, Clone)]
struct Login {
    user_code: String,
    scope: String,
    /// In whole seconds.
    ends: i64,
    /// Who allowed it.
    allowed: Option<Allower>,
}

/// Who allows a login, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Allower {
    pub(crate) account: String,
    pub(crate) user: String,
    pub(crate) scopes: Scopes,
}

/// What a program learns of its login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) device_code: String,
    pub(crate) user_code: String,
}

/// How far a login is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Progress {
    Unknown,
    Expired,
    Pending,
    /// By whom, and the scope that was asked for.
    Allowed(Allower, String),
}

impl Logins {
    /// Begins a login, in the place of the oldest one if too many are under way; `None` without random numbers.
    pub(crate) fn begin(&self, scope: &str, now: i64, allowed: Option<Allower>) -> Option<Begun> {
        let mut random = [0_u8; 40];
        getrandom::fill(&mut random).ok()?;
        let device_code: String = random[8..].iter().map(|byte| format!("{byte:02x}")).collect();
        let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
        let half = |bytes: &[u8]| bytes.iter().map(letter).collect::<String>();
        let user_code = format!("{}-{}", half(&random[..4]), half(&random[4..8]));
        let mut logins = self.logins();
        logins.retain(|_, login| now < login.ends);
        if logins.len() >= MOST {
            let oldest = logins.iter().min_by_key(|(_, login)| login.ends).map(|(code, _)| code.clone());
            oldest.and_then(|code| logins.remove(&code));
        }
        let login =
            Login { user_code: user_code.clone(), scope: scope.to_owned(), ends: now + PATIENCE, allowed };
        logins.insert(device_code.clone(), login);
        Some(Begun { device_code, user_code })
    }

    /// Allows the login with a code that somebody typed; `false` if there is none.
    pub(crate) fn allow(&self, user_code: &str, now: i64, by: Allower) -> bool {
        let typed = user_code.trim().to_ascii_uppercase();
        let mut logins = self.logins();
        let login = logins.values_mut().find(|login| login.user_code == typed && now < login.ends);
        login.map(|login| login.allowed = Some(by)).is_some()
    }

    /// How far a login is. One that is allowed ends with that answer.
    pub(crate) fn progress(&self, device_code: &str, now: i64) -> Progress {
        let mut logins = self.logins();
        match logins.get(device_code) {
            None => Progress::Unknown,
            Some(login) if now >= login.ends => Progress::Expired,
            Some(Login { allowed: None, .. }) => Progress::Pending,
            Some(Login { allowed: Some(by), scope, .. }) => {
                let allowed = Progress::Allowed(by.clone(), scope.clone());
                logins.remove(device_code);
                allowed
            }
        }
    }

    fn logins(&self) -> MutexGuard<'_, HashMap<String, Login>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> Allower {
        Allower { account: "a".into(), user: "u".into(), scopes: Scopes::ALL }
    }

    #[test]
    fn a_login_is_pending_until_somebody_allows_it_and_then_ends() {
        let logins = Logins::default();
        let begun = logins.begin("openid", 0, None).unwrap();
        assert_eq!(logins.progress(&begun.device_code, 1), Progress::Pending);
        assert!(!logins.allow("AAAA-AAAA", 1, ann()));
        assert!(logins.allow(&begun.user_code.to_lowercase(), 1, ann()));
        let allowed = Progress::Allowed(ann(), "openid".into());
        assert_eq!(logins.progress(&begun.device_code, 1), allowed);
        assert_eq!(logins.progress(&begun.device_code, 1), Progress::Unknown);
    }

    #[test]
    fn a_login_waits_for_a_quarter_of_an_hour_and_the_oldest_makes_room() {
        let logins = Logins::default();
        let begun = logins.begin("", 0, None).unwrap();
        assert!(!logins.allow(&begun.user_code, PATIENCE, ann()));
        assert_eq!(logins.progress(&begun.device_code, PATIENCE), Progress::Expired);
        let oldest = logins.begin("", PATIENCE, None).unwrap();
        let begun: Vec<_> = (0..MOST).filter_map(|_| logins.begin("", PATIENCE + 1, None)).collect();
        assert_eq!(logins.progress(&oldest.device_code, PATIENCE + 1), Progress::Unknown);
        assert!(begun.iter().all(|one| logins.progress(&one.device_code, PATIENCE + 1) == Progress::Pending));
    }
}
