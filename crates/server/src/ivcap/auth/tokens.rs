//! Tokens of the installation: made, checked, renewed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::jwt::{self, AUDIENCE, Claims, ISSUER};
use super::{Caller, Directory, Scopes, SigningKey};
use crate::ivcap::error::{Answer, Failure};

/// Checked tokens that are remembered: a signature costs more than all else of a small request.
const REMEMBERED: usize = 1024;

/// What is known of tokens in this process.
#[derive(Default)]
pub(crate) struct Tokens {
    key: RwLock<Option<Arc<SigningKey>>>,
    directory: RwLock<Arc<Directory>>,
    checked: Mutex<HashMap<[u8; 32], Checked>>,
}

#[derive(Clone)]
struct Checked {
    caller: Caller,
    /// In whole seconds; `None` never.
    ends: Option<i64>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

/// Who a token is made for.
#[derive(Debug, Clone)]
pub(crate) struct Granted {
    pub(crate) account: String,
    pub(crate) user: String,
    pub(crate) scopes: Scopes,
    pub(crate) lifetime: Duration,
}

impl Tokens {
    /// Sets the key and who there is; forgets what was checked before.
    pub(crate) fn install(&self, key: Arc<SigningKey>, directory: Directory) {
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = Some(key);
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(directory);
        self.checked.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The key; `None` before the installation is there.
    pub(crate) fn key(&self) -> Option<Arc<SigningKey>> {
        self.key.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Who there is.
    pub(crate) fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Who sent a token; `None` if it is not valid now.
    pub(crate) fn check(&self, token: &str, now: i64) -> Option<Caller> {
        let digest = sha256(token);
        let lives = |checked: &Checked| checked.ends.is_none_or(|ends| now < ends);
        let known = {
            let checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
            checked.get(&digest).cloned()
        };
        if let Some(known) = known {
            return lives(&known).then_some(known.caller);
        }
        let found = self.look(token, &digest, now)?;
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if checked.len() >= REMEMBERED {
            checked.clear();
        }
        checked.insert(digest, found.clone());
        Some(found.caller)
    }

    fn look(&self, token: &str, digest: &[u8; 32], now: i64) -> Option<Checked> {
        let directory = self.directory();
        if let Some(caller) = directory.holder(digest) {
            return Some(Checked { caller, ends: None });
        }
        let claims = jwt::read(&*self.key()?, token, now)?;
        let account = crate::ivcap::urn::Kind::Account.urn(&claims.acc);
        let caller = directory.caller(&claims.sub, &account, Scopes::parse(&claims.scope))?;
        Some(Checked { caller, ends: Some(claims.exp) })
    }

    /// A token for an account, valid from `now` (in seconds) on.
    ///
    /// # Errors
    /// 500 before the installation is there or if the system gives no random numbers.
    pub(crate) fn issue(&self, granted: &Granted, now: i64) -> Answer<String> {
        let account = granted.account.rsplit(':').next().unwrap_or_default();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: json!([AUDIENCE]),
            sub: granted.user.clone(),
            acc: account.to_owned(),
            scope: granted.scopes.text(),
            iat: now,
            exp: now.saturating_add(i64::try_from(granted.lifetime.as_secs()).unwrap_or(i64::MAX)),
            jti: Uuid::new_v4().to_string(),
            more: self.person(&granted.user),
        };
        let key = self.key().ok_or_else(Failure::internal)?;
        jwt::write(&key, &claims).ok_or_else(Failure::internal)
    }

    /// What login programs read of a user.
    fn person(&self, user: &str) -> Map<String, Value> {
        let directory = self.directory();
        let Some(known) = directory.users.get(user) else { return Map::new() };
        let mut person = Map::new();
        person.insert("name".to_owned(), json!(known.name));
        person.insert("nickname".to_owned(), json!(known.name));
        if !known.email.is_empty() {
            person.insert("email".to_owned(), json!(known.email));
            person.insert("email_verified".to_owned(), json!(true));
        }
        person.insert("ivcap/claims/provider".to_owned(), json!("local"));
        person.insert("ivcap/claims/groupIds".to_owned(), json!([]));
        person
    }
}

/// The SHA-256 of a text.
pub(crate) fn sha256(text: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    out
}
