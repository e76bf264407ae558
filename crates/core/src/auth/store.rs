//! Where tokens outlive a client.

use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_core::future::BoxFuture;

use super::Token;
use crate::error::Result;

/// Keeps tokens by key, so that another client, or the next process, need not log in.
///
/// The key names all that makes a login what it is (service, endpoint, user, scope); it is no secret. A store that
/// fails never fails a call: the client logs in instead.
pub trait TokenStore: Debug + Send + Sync + 'static {
    /// The token that was saved last under this key.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Token>>>;

    /// Keeps a token, replacing the one under this key.
    ///
    /// # Errors
    /// If the store cannot be written; the token before is then untouched.
    fn save<'a>(&'a self, key: &'a str, token: &'a Token) -> BoxFuture<'a, Result<()>>;

    /// Drops the token under this key, if there is one.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn forget<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<()>>;
}

/// Keeps tokens for the clients of one process.
#[derive(Default)]
pub struct MemoryTokenStore(Mutex<HashMap<String, Token>>);

impl MemoryTokenStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<String, Token>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenStore for MemoryTokenStore {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Token>>> {
        Box::pin(ready(Ok(self.tokens().get(key).cloned())))
    }

    fn save<'a>(&'a self, key: &'a str, token: &'a Token) -> BoxFuture<'a, Result<()>> {
        self.tokens().insert(key.to_owned(), token.clone());
        Box::pin(ready(Ok(())))
    }

    fn forget<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<()>> {
        self.tokens().remove(key);
        Box::pin(ready(Ok(())))
    }
}

impl Debug for MemoryTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTokenStore").finish_non_exhaustive()
    }
}
