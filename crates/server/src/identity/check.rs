//! How services ask the identity service, in process, who a token belongs to.

use std::fmt;
use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;
use http::Method;
use jiff::Timestamp;

use super::model::AccessRule;

/// Who a token belongs to and what it may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TokenInfo {
    /// The user's id.
    pub user_id: String,
    /// The user's name.
    pub user_name: String,
    /// The id of the domain of the user.
    pub user_domain_id: String,
    /// The project of the token's scope.
    pub project_id: Option<String>,
    /// The name of that project.
    pub project_name: Option<String>,
    /// The names of the roles in that scope.
    pub roles: Vec<String>,
    /// Whether the identity service counts one of the roles as an administrator's.
    pub is_admin: bool,
    /// When the token ends, in service time; `None` never.
    pub expires_at: Option<Timestamp>,
    /// What an application credential allows; empty for whatever the roles do.
    pub(crate) rules: Vec<AccessRule>,
}

impl TokenInfo {
    /// A token of a user, without scope and roles.
    pub fn new(user_id: impl Into<String>) -> Self {
        Self { user_id: user_id.into(), ..Self::default() }
    }

    /// Whether the token is good only for the calls that its application credential's access rules name.
    pub fn has_rules(&self) -> bool {
        !self.rules.is_empty()
    }

    /// Whether the access rules of the token's application credential, if it has any, allow a call of a service.
    pub fn permits(&self, service_type: &str, method: &Method, path: &str) -> bool {
        self.rules.is_empty() || self.rules.iter().any(|rule| rule.allows(service_type, method, path))
    }

    /// Whether the token carries a role, in any case.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own.eq_ignore_ascii_case(role))
    }
}

/// A token that is not valid, or could not be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// Unknown, revoked or expired: answer 401.
    #[error("the token is not valid")]
    Invalid,
    /// The identity service is not there or failed: answer 503.
    #[error("tokens cannot be checked")]
    Unavailable,
}

/// Checks tokens. The identity service implements it.
pub trait IdentityCheck: fmt::Debug + Send + Sync + 'static {
    /// Who the token belongs to.
    ///
    /// # Errors
    /// [`Rejected`].
    fn validate<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<TokenInfo, Rejected>>;

    /// Makes a trust: the user of the token lets this server act with these of its roles, by name, in the token's
    /// project until a moment of service time, or for good. Gives the id of the trust.
    ///
    /// # Errors
    /// `Invalid` for a token that is not valid or may not be passed on; `Unavailable` without trusts.
    fn entrust<'a>(
        &'a self,
        _token: &'a str,
        _roles: &'a [String],
        _until: Option<Timestamp>,
    ) -> BoxFuture<'a, Result<String, Rejected>> {
        Box::pin(async { Err(Rejected::Unavailable) })
    }

    /// Whether the user of a token is who made a trust, and made it for this server.
    ///
    /// # Errors
    /// `Invalid` for a token that is not valid; `Unavailable` without trusts.
    fn is_trustor<'a>(&'a self, _token: &'a str, _trust: &'a str) -> BoxFuture<'a, Result<bool, Rejected>> {
        Box::pin(async { Err(Rejected::Unavailable) })
    }

    /// A token of a trust that was made for this server.
    ///
    /// # Errors
    /// `Invalid` if the trust is not there, over, or for somebody else; `Unavailable` without trusts.
    fn token_of_trust<'a>(&'a self, _trust: &'a str) -> BoxFuture<'a, Result<String, Rejected>> {
        Box::pin(async { Err(Rejected::Unavailable) })
    }
}

/// The place where the identity service offers its check to the others, whatever the order they are opened in.
#[derive(Debug, Clone, Default)]
pub struct Identity(Arc<OnceLock<Arc<dyn IdentityCheck>>>);

impl Identity {
    /// Offers a check; only the first one counts. `false` if there was one.
    pub fn offer(&self, check: Arc<dyn IdentityCheck>) -> bool {
        self.0.set(check).is_ok()
    }

    /// The check, if this server has an identity service.
    pub fn check(&self) -> Option<&Arc<dyn IdentityCheck>> {
        self.0.get()
    }

    /// Who the token belongs to.
    ///
    /// # Errors
    /// [`Rejected`]; `Unavailable` without an identity service.
    pub async fn validate(&self, token: &str) -> Result<TokenInfo, Rejected> {
        match self.0.get() {
            Some(check) => check.validate(token).await,
            None => Err(Rejected::Unavailable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct One;

    impl IdentityCheck for One {
        fn validate<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<TokenInfo, Rejected>> {
            Box::pin(async move {
                if token == "good" { Ok(TokenInfo::new("u1")) } else { Err(Rejected::Invalid) }
            })
        }
    }

    #[tokio::test]
    async fn a_check_offered_later_reaches_who_was_opened_earlier() {
        let early = Identity::default();
        let late = early.clone();
        assert_eq!(early.validate("good").await, Err(Rejected::Unavailable));
        assert!(late.offer(Arc::new(One)));
        assert!(!late.offer(Arc::new(One)));
        assert_eq!(early.validate("good").await.unwrap().user_id, "u1");
        assert_eq!(early.validate("bad").await, Err(Rejected::Invalid));
    }
}
