//! Ways to prove who one is (OpenStack reference B4).

use std::fmt;

use jiff::Timestamp;
use pentad_core::{Error, ErrorKind, Result, Secret};
use serde_json::{Value, json};

use super::federation::Federation;
use super::name::{Domain, User};
use super::passcode::Passcode;

/// One way to prove who one is.
#[derive(Clone)]
#[non_exhaustive]
pub enum Method {
    /// A user's password.
    Password(User, Secret),
    /// An existing token; the new one ends when that one does, so it cannot renew itself.
    Token(Secret),
    /// An application credential by identifier, and its secret. Its scope is its own.
    ApplicationCredential(String, Secret),
    /// An application credential by name, its user, and its secret. Its scope is its own.
    NamedApplicationCredential(String, User, Secret),
    /// A code of six digits from a device.
    Totp(User, Passcode),
    /// What an OpenID Connect provider says. It stands alone.
    OpenId(Box<Federation>),
}

impl Method {
    /// The name of the method on the wire.
    pub const fn wire_name(&self) -> &'static str {
        match self {
            Self::Password(..) => "password",
            Self::Token(_) => "token",
            Self::ApplicationCredential(..) | Self::NamedApplicationCredential(..) => {
                "application_credential"
            }
            Self::Totp(..) => "totp",
            Self::OpenId(_) => "openid",
        }
    }

    pub(crate) const fn user(&self) -> Option<&User> {
        match self {
            Self::Password(user, _) | Self::NamedApplicationCredential(_, user, _) | Self::Totp(user, _) => {
                Some(user)
            }
            Self::Token(_) | Self::ApplicationCredential(..) | Self::OpenId(_) => None,
        }
    }

    pub(crate) const fn is_application_credential(&self) -> bool {
        matches!(self, Self::ApplicationCredential(..) | Self::NamedApplicationCredential(..))
    }

    /// The object of the method in a v3 login.
    pub(crate) fn json(&self, default: Option<&Domain>, now: Timestamp) -> Result<Value> {
        let with = |user: &User, name: &str, secret: &str| -> Result<Value> {
            let mut user = user.json(default)?;
            user[name] = secret.into();
            Ok(json!({ "user": user }))
        };
        Ok(match self {
            Self::Password(user, password) => with(user, "password", password.expose())?,
            Self::Token(token) => json!({ "id": token.expose() }),
            Self::ApplicationCredential(id, secret) => json!({ "id": id, "secret": secret.expose() }),
            Self::NamedApplicationCredential(name, user, secret) => {
                json!({ "name": name, "user": user.json(default)?, "secret": secret.expose() })
            }
            Self::Totp(user, passcode) => with(user, "passcode", passcode.at(now)?.expose())?,
            Self::OpenId(_) => {
                let message = "an identity provider's word cannot be sent with other methods";
                return Err(Error::new(ErrorKind::Config, message));
            }
        })
    }

    /// What makes this method another than others, as names and values, for the key under which tokens are kept.
    pub(crate) fn identity(&self) -> Vec<(String, String)> {
        let name = self.wire_name();
        let part = |what: &str, value: &str| (format!("{name}.{what}"), value.to_owned());
        let mut parts: Vec<_> = self.user().map(|user| part("user", &user.key())).into_iter().collect();
        match self {
            Self::Password(_, secret) => parts.push(part("password", secret.expose())),
            Self::Token(secret) => parts.push(part("id", secret.expose())),
            Self::ApplicationCredential(id, secret) => {
                parts.push(part("id", id));
                parts.push(part("secret", secret.expose()));
            }
            Self::NamedApplicationCredential(name, _, secret) => {
                parts.push(part("name", name));
                parts.push(part("secret", secret.expose()));
            }
            Self::Totp(_, Passcode::Seed(seed)) => parts.push(part("seed", seed.expose())),
            // A passcode is another one each time.
            Self::Totp(..) => parts.push(part("passcode", "")),
            Self::OpenId(federation) => parts.extend(federation.identity()),
        }
        parts
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct(self.wire_name());
        if let Some(user) = self.user() {
            shown.field("user", user);
        }
        shown.finish_non_exhaustive()
    }
}
