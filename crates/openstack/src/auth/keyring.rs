//! Tokens in the keyring of the operating system.

use std::future::ready;
use std::path::PathBuf;
use std::sync::Arc;

use futures_core::future::BoxFuture;
use keyring_core::api::CredentialStore;
use keyring_core::{Entry, Error as Refused};
use pentad_core::Result;
use pentad_core::auth::{FileTokenStore, Token, TokenStore};

/// What entries belong to.
const SERVICE: &str = "pentad";

/// Keeps tokens in the keyring of the kernel, which forgets them when the machine stops. What the keyring does not take,
/// because there is none or because it is full, goes into files that only their owner can read. On other systems than Linux
/// there are only the files.
///
/// The kernel's keyring needs no session of a desktop, so that it is there on servers and in containers, too, and a token is
/// worth little after a restart of the machine; a keyring of a desktop would ask people for its own password.
///
/// # Source
/// OpenStack reference A8.
#[derive(Debug)]
pub struct KeyringTokenStore {
    keyring: Option<Arc<CredentialStore>>,
    files: FileTokenStore,
}

impl KeyringTokenStore {
    /// Keeps tokens in the keyring, or below this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { keyring: kernel(), files: FileTokenStore::new(folder) }
    }

    fn entry(&self, key: &str) -> Option<Entry> {
        self.keyring.as_ref()?.build(SERVICE, key, None).ok()
    }

    fn held(&self, key: &str) -> Option<Token> {
        let bytes = zeroizing(self.entry(key)?.get_secret().ok()?);
        Token::from_document(&serde_json::from_slice(&bytes).ok()?, key)
    }

    /// Whether the keyring took it.
    fn keep(&self, key: &str, token: &Token) -> bool {
        let document = zeroizing(token.to_document(key).to_string().into_bytes());
        self.entry(key).is_some_and(|entry| entry.set_secret(&document).is_ok())
    }

    /// Whether the keyring has nothing of it any more.
    fn drop(&self, key: &str) -> bool {
        self.entry(key)
            .is_none_or(|entry| matches!(entry.delete_credential(), Ok(()) | Err(Refused::NoEntry)))
    }
}

#[cfg(target_os = "linux")]
fn kernel() -> Option<Arc<CredentialStore>> {
    linux_keyutils_keyring_store::Store::new().ok().map(|store| store as Arc<CredentialStore>)
}

#[cfg(not(target_os = "linux"))]
fn kernel() -> Option<Arc<CredentialStore>> {
    None
}

fn zeroizing(bytes: Vec<u8>) -> zeroize::Zeroizing<Vec<u8>> {
    zeroize::Zeroizing::new(bytes)
}

impl TokenStore for KeyringTokenStore {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Token>>> {
        match self.held(key) {
            Some(token) => Box::pin(ready(Ok(Some(token)))),
            None => self.files.load(key),
        }
    }

    fn save<'a>(&'a self, key: &'a str, token: &'a Token) -> BoxFuture<'a, Result<()>> {
        if self.keep(key, token) {
            // An older one in a file would come back when the keyring is emptied.
            return self.files.forget(key);
        }
        self.drop(key);
        self.files.save(key, token)
    }

    fn forget<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<()>> {
        self.drop(key);
        self.files.forget(key)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use pentad_core::Secret;
    use pentad_testkit::run;

    use super::*;

    fn token(size: usize) -> Token {
        Token::new(Secret::new("t".repeat(size)), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_token_is_found_again_wherever_it_was_kept_and_forgotten_everywhere() {
        let folder = tempfile::tempdir().unwrap();
        let store = KeyringTokenStore::new(folder.path());
        let key = format!("test-{}", std::process::id());
        // The second is more than any keyring takes.
        for size in [10, 1 << 20, 20] {
            run(store.save(&key, &token(size))).unwrap();
            let found = run(store.load(&key)).unwrap().unwrap();
            assert_eq!(found.secret.expose().len(), size);
        }
        run(store.forget(&key)).unwrap();
        assert!(run(store.load(&key)).unwrap().is_none());
        assert!(!format!("{store:?}").contains("tttt"));
    }

    #[test]
    fn without_a_keyring_there_are_files() {
        let folder = tempfile::tempdir().unwrap();
        let store = KeyringTokenStore { keyring: None, files: FileTokenStore::new(folder.path()) };
        run(store.save("k", &token(5))).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(run(store.load("k")).unwrap().is_some());
        run(store.forget("k")).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
