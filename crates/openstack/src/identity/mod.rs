//! The client of the identity service: tokens, what the caller may do, and what is administered.

mod admin;
mod connect;
pub mod kinds;
mod members;
mod model;
mod raw;

use std::sync::Arc;

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use pentad_core::auth::{Token, sensitive};
use pentad_core::{
    Call, Context, Draft, Error, ErrorKind, Op, Request, Result, Secret, Session, Work, decode,
};
use serde::Deserialize;
use serde_json::Value;

pub use self::admin::Identity;
pub use self::connect::ClientBuilder;
pub use self::members::{Assignment, Grants, Holder, Inference, On};
pub use self::model::{AuthDomain, AuthProject, IssuedToken};

use crate::auth::{Access, CloudAuth, Keystone};
use crate::catalog::Catalog;
use crate::ops;

/// The header of the token that is talked about.
const SUBJECT: HeaderName = HeaderName::from_static("x-subject-token");

/// A client of an identity service. It speaks to the service that the login goes to. A clone is two reference counts.
#[derive(Clone, Debug)]
pub struct Client {
    session: Session,
    auth: Arc<CloudAuth>,
}

impl Client {
    /// Starts a client that logs in by `keystone`.
    #[expect(clippy::new_ret_no_self, reason = "the builder takes transport, clock and token store")]
    pub fn new(keystone: Keystone) -> ClientBuilder {
        ClientBuilder::new(keystone)
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The token that all calls carry; give it to other clients of the same cloud.
    pub fn auth(&self) -> &Arc<CloudAuth> {
        &self.auth
    }

    pub(crate) fn op(&self, op: &'static Op) -> Draft {
        self.session.op(op)
    }

    /// A token: the one in hand or in the store if it is good for now, else a new one.
    ///
    /// # Errors
    /// Those of the login.
    /// # Source
    /// OpenStack reference B3.
    pub fn issue(&self) -> Work<IssuedToken> {
        self.login(false)
    }

    /// A new token, whatever is in hand.
    ///
    /// # Errors
    /// Those of the login.
    /// # Source
    /// OpenStack reference B3.
    pub fn issue_new(&self) -> Work<IssuedToken> {
        self.login(true)
    }

    fn login(&self, anew: bool) -> Work<IssuedToken> {
        let auth = Arc::clone(&self.auth);
        Work::new(&self.session, &ops::TOKEN_ISSUE, self.login_request(), move |scope| {
            Box::pin(async move {
                let ex = scope.session().exchange();
                let token = if anew { auth.login(&ex).await? } else { auth.ready(&ex).await? };
                Ok(IssuedToken::of(&token))
            })
        })
    }

    fn login_request(&self) -> Result<Request> {
        self.auth.keystone().request(&self.session.exchange())
    }

    /// What a token stands for. Everyone may ask about their own; others' need a role.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if the token is unknown, has ended or was revoked.
    /// # Source
    /// OpenStack reference B8.
    pub fn validate(&self, token: &Secret) -> Call<Access> {
        self.about(&ops::TOKEN_VALIDATE, token).call(access)
    }

    /// Whether a token is valid.
    ///
    /// # Source
    /// OpenStack reference B8.
    pub fn check(&self, token: &Secret) -> Call<bool> {
        self.about(&ops::TOKEN_CHECK, token)
            .accept(|status, _| status == StatusCode::NOT_FOUND)
            .call(|_, parts, _| Ok(parts.status.is_success()))
    }

    /// Ends a token. If it is the one in hand, [`sign_out`](Self::sign_out) also forgets it.
    ///
    /// # Source
    /// OpenStack reference B8.
    pub fn revoke(&self, token: &Secret) -> Call<()> {
        self.about(&ops::TOKEN_REVOKE, token).call(decode::empty)
    }

    /// Ends the token in hand or in the store and forgets it; nothing is sent if there is none.
    ///
    /// # Errors
    /// Those of the service, but for a token that is gone already.
    pub fn sign_out(&self) -> Work<()> {
        let client = self.clone();
        let preview = self.op(&ops::TOKEN_REVOKE).request();
        Work::new(&self.session, &ops::TOKEN_REVOKE, preview, move |scope| {
            Box::pin(async move {
                let token: Option<Arc<Token>> = client.auth.held().await;
                if let Some(token) = token {
                    let authorize = crate::auth::FixedEndpoint::token(&token.secret)?;
                    let session = client.session.with(|session| session.authorize(Arc::new(authorize)));
                    let own = Self { session, auth: Arc::clone(&client.auth) };
                    match scope.run(own.revoke(&token.secret)).await {
                        Err(error)
                            if !matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::NotFound) =>
                        {
                            return Err(error);
                        }
                        _ => {}
                    }
                }
                client.auth.forget().await
            })
        })
    }

    fn about(&self, op: &'static Op, token: &Secret) -> Draft {
        let draft = self.op(op);
        if self.session.api() == ops::V2 {
            return draft.arg("token", token.expose());
        }
        match sensitive(token.expose()) {
            Some(value) => draft.header(SUBJECT, value),
            None => draft.refuse(Error::invalid("token", "has characters that cannot be sent")),
        }
    }

    /// The catalog of the caller's token, as the service has it now.
    ///
    /// # Errors
    /// [`Forbidden`](ErrorKind::Forbidden) for a token without scope.
    /// # Source
    /// OpenStack reference B9.
    pub fn catalog(&self) -> Call<Catalog> {
        self.op(&ops::AUTH_CATALOG).call(|context, parts, body| {
            decode::json::<Value>(context, parts, body).map(|answer| Catalog::from_json(&answer["catalog"]))
        })
    }

    /// Projects that the caller may work in; a token without scope is enough.
    ///
    /// # Source
    /// OpenStack reference B9; v2.0: B11.
    pub fn projects(&self) -> Call<Vec<AuthProject>> {
        self.op(&ops::AUTH_PROJECTS).call(|context, parts, body| {
            #[derive(Deserialize)]
            struct Answer {
                #[serde(alias = "tenants")]
                projects: Vec<AuthProject>,
            }
            decode::json::<Answer>(context, parts, body).map(|answer| answer.projects)
        })
    }

    /// Domains that the caller may work in; a token without scope is enough.
    ///
    /// # Source
    /// OpenStack reference B9.
    pub fn domains(&self) -> Call<Vec<AuthDomain>> {
        self.op(&ops::AUTH_DOMAINS).call(|context, parts, body| {
            #[derive(Deserialize)]
            struct Answer {
                domains: Vec<AuthDomain>,
            }
            decode::json::<Answer>(context, parts, body).map(|answer| answer.domains)
        })
    }

    /// Whether the caller may work on the whole system.
    ///
    /// # Source
    /// OpenStack reference B9.
    pub fn may_use_system(&self) -> Call<bool> {
        self.op(&ops::AUTH_SYSTEM).call(|context, parts, body| {
            decode::json::<Value>(context, parts, body)
                .map(|answer| answer["system"].as_array().is_some_and(|list| !list.is_empty()))
        })
    }
}

fn access(context: &Context, parts: Parts, body: Bytes) -> Result<Access> {
    let mut document: Value = decode::json(context, parts, body)?;
    Ok(match document.get_mut("token") {
        Some(token) => Access::from_body(token.take()),
        None => Access::from_v2(&document["access"]),
    })
}

/// What each request of the identity client says it takes.
pub(crate) const ACCEPTED: HeaderValue = HeaderValue::from_static("application/json");
