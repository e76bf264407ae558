//! What a token stands for.

use jiff::Timestamp;
use pentad_core::auth::Token;
use serde_json::Value;

use super::answer::{as_v3, time};
use crate::catalog::Catalog;

/// What a token stands for: who, on what, until when, and which services there are. The same for v2.0 and v3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Access {
    body: Value,
    identity: Option<String>,
}

impl Access {
    /// Reads what came with a token of [`Keystone`](super::Keystone).
    pub fn of(token: &Token) -> Self {
        Self {
            body: token.data["token"].clone(),
            identity: token.data["identity"].as_str().map(str::to_owned),
        }
    }

    /// Reads the member `token` of a v3 answer.
    pub const fn from_body(body: Value) -> Self {
        Self { body, identity: None }
    }

    /// Reads the member `access` of a v2.0 answer.
    pub fn from_v2(access: &Value) -> Self {
        Self::from_body(as_v3(access))
    }

    /// The whole body, in the form of v3.
    pub const fn raw(&self) -> &Value {
        &self.body
    }

    /// The identity service that made it, without the version of its API.
    pub fn identity_url(&self) -> Option<&str> {
        self.identity.as_deref()
    }

    /// The user's identifier.
    pub fn user_id(&self) -> Option<&str> {
        self.body["user"]["id"].as_str()
    }

    /// The user's name.
    pub fn user_name(&self) -> Option<&str> {
        self.body["user"]["name"].as_str()
    }

    /// Identifier of the user's domain.
    pub fn user_domain_id(&self) -> Option<&str> {
        self.body["user"]["domain"]["id"].as_str()
    }

    /// Identifier of the project that it is scoped to.
    pub fn project_id(&self) -> Option<&str> {
        self.body["project"]["id"].as_str()
    }

    /// Name of the project that it is scoped to.
    pub fn project_name(&self) -> Option<&str> {
        self.body["project"]["name"].as_str()
    }

    /// Identifier of the domain that it is scoped to.
    pub fn domain_id(&self) -> Option<&str> {
        self.body["domain"]["id"].as_str()
    }

    /// Whether it is scoped to the whole system.
    pub fn is_system(&self) -> bool {
        self.body["system"]["all"] == true
    }

    /// Whether it is scoped to anything.
    pub fn is_scoped(&self) -> bool {
        self.project_id().is_some() || self.domain_id().is_some() || self.is_system()
    }

    /// Names of the roles on what it is scoped to.
    pub fn roles(&self) -> Vec<&str> {
        let roles = self.body["roles"].as_array().map_or(&[][..], Vec::as_slice);
        roles.iter().filter_map(|role| role["name"].as_str()).collect()
    }

    /// Methods that made it, the newest first.
    pub fn methods(&self) -> Vec<&str> {
        let methods = self.body["methods"].as_array().map_or(&[][..], Vec::as_slice);
        methods.iter().filter_map(Value::as_str).collect()
    }

    /// Audit identifiers: its own, then that of the first of its chain.
    pub fn audit_ids(&self) -> Vec<&str> {
        let ids = self.body["audit_ids"].as_array().map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(Value::as_str).collect()
    }

    /// Identifier of the trust that it was made from.
    pub fn trust_id(&self) -> Option<&str> {
        self.body["OS-TRUST:trust"]["id"].as_str()
    }

    /// Identifier of the application credential that it was made from.
    pub fn application_credential_id(&self) -> Option<&str> {
        self.body["application_credential"]["id"].as_str()
    }

    /// When it ends, by the service's clock.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.body["expires_at"].as_str().and_then(time)
    }

    /// When it was made, by the service's clock.
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.body["issued_at"].as_str().and_then(time)
    }

    /// The services that there are.
    pub fn catalog(&self) -> Catalog {
        Catalog::from_json(&self.body["catalog"])
    }
}
