//! Logging in: what a request offers (`request`), checking it (`methods`), and the answer (`body`).

pub(crate) mod body;
pub(crate) mod methods;
pub(crate) mod request;
pub(crate) mod totp;

use std::sync::Arc;

use pentad_store::Tx;

use self::methods::Proven;
use self::request::{AuthRequest, Wanted};
use super::Keystone;
use super::access::{self, Access};
use super::call::Call;
use super::error::{Answer, Failure};
use super::model::{Project, Trust, User};
use super::seal::{self, Payload, Receipt, ScopeId};
use super::storage::grants::{self, Target};
use super::storage::{DIRECTORY, records, security};
use super::valid::time_text;

/// The methods that this server knows.
pub(crate) const METHODS: [&str; 4] = ["password", "token", "application_credential", "totp"];

/// A new token.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) text: String,
    pub(crate) access: Access,
}

impl Keystone {
    /// Logs in as the body of the call says.
    ///
    /// # Errors
    /// The matrix of OpenStack reference B7.
    pub(crate) async fn authenticate(&self, call: &Arc<Call>) -> Answer<Issued> {
        self.log_in(call, request::parse(call)?).await
    }

    /// Logs in with what is offered.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate).
    pub(crate) async fn log_in(&self, call: &Call, request: AuthRequest) -> Answer<Issued> {
        let wanted = {
            let request = request.clone();
            self.core.store.read(move |tx| request::find_scope(tx, &request)).await?
        };
        let mut proven = self.prove(&request).await?;
        if let Some(text) = call.header("openstack-auth-receipt") {
            self.add_receipt(text, &mut proven)?;
        }
        self.check_rules(&proven)?;
        self.issue(proven, wanted).await
    }

    /// Adds what an earlier request proved (OpenStack reference B10).
    fn add_receipt(&self, text: &str, proven: &mut Proven) -> Answer<()> {
        let unknown = || Failure::unauthorized_because(format!("Could not find auth receipt: {text}."));
        let receipt = seal::read::<Receipt>(&self.core.engine, text).ok_or_else(unknown)?;
        let same = receipt.user == proven.user.id && receipt.generation == proven.user.generation;
        if !same || receipt.expires <= self.core.seconds() {
            return Err(unknown());
        }
        for method in receipt.methods {
            if !proven.methods.contains(&method) {
                proven.methods.push(method);
            }
        }
        Ok(())
    }

    /// Refuses, with a receipt, methods that are too few for the user's rules.
    fn check_rules(&self, proven: &Proven) -> Answer<()> {
        let options = &proven.user.options;
        let on =
            options.get("multi_factor_auth_enabled").and_then(serde_json::Value::as_bool).unwrap_or(true);
        let rules = options.get("multi_factor_auth_rules").and_then(serde_json::Value::as_array);
        let rules: Vec<Vec<&str>> = rules
            .into_iter()
            .flatten()
            .filter_map(|rule| rule.as_array()?.iter().map(serde_json::Value::as_str).collect())
            .filter(|rule: &Vec<&str>| !rule.is_empty() && rule.iter().all(|one| METHODS.contains(one)))
            .collect();
        let met = |rule: &Vec<&str>| rule.iter().all(|one| proven.methods.iter().any(|own| own == one));
        if !on || rules.is_empty() || rules.iter().any(met) {
            return Ok(());
        }
        let issued = self.core.seconds();
        let expires = issued + i64::from(self.core.settings().receipt_expiration);
        let receipt = Receipt {
            user: proven.user.id.clone(),
            generation: proven.user.generation,
            methods: proven.methods.clone(),
            issued,
            expires,
        };
        let body = serde_json::json!({
            "receipt": {
                "methods": proven.methods,
                "user": {
                    "domain": {"id": proven.domain.id, "name": proven.domain.name},
                    "id": proven.user.id, "name": proven.user.name,
                },
                "expires_at": time_text(expires * 1_000_000), "issued_at": time_text(issued * 1_000_000),
            },
            "required_auth_methods": rules,
        });
        Err(Failure::receipt(seal::text(&self.core.engine, &receipt)?, body))
    }

    /// Makes the token.
    async fn issue(&self, proven: Proven, wanted: Wanted) -> Answer<Issued> {
        let issued = self.core.seconds();
        let mut audit = vec![seal::audit_id()];
        audit.extend(proven.chain.clone());
        let expires = proven.expires.unwrap_or(issued + i64::from(self.core.settings().token_expiration));
        let payload = Payload {
            user: proven.user.id.clone(),
            generation: proven.user.generation,
            methods: proven.methods.clone(),
            scope: ScopeId::Unscoped,
            audit,
            issued,
            expires,
            trust: None,
            lent: None,
            application_credential: proven.application_credential.clone(),
        };
        let clear = proven.clear_failures;
        let uses = matches!(&wanted, Wanted::Trust(trust) if trust.remaining_uses.is_some());
        let user = proven.user.clone();
        let work = move |tx: &mut Tx<'_>| {
            let access = scoped(tx, &user, payload.clone(), &wanted)?;
            if clear {
                security::succeeded(tx, &user.id)?;
            }
            if let Wanted::Trust(trust) = &wanted
                && uses
            {
                use_trust(tx, &trust.id)?;
            }
            Ok::<_, Failure>(access)
        };
        let access = if uses {
            let access = self.core.store.write(work).await;
            self.core.directory.forget();
            access?
        } else if clear {
            self.core.store.write_soft(work).await?
        } else {
            self.core.store.read(work).await?
        };
        let text = seal::text(&self.core.engine, &access.payload)?;
        Ok(Issued { text, access })
    }
}

/// The token with the scope that is wanted.
fn scoped(tx: &mut Tx<'_>, user: &User, mut payload: Payload, wanted: &Wanted) -> Answer<Access> {
    payload.scope = match wanted {
        Wanted::Scope(scope) => scope.clone(),
        Wanted::Trust(trust) => {
            payload.trust = Some(trust.id.clone());
            payload.lent = Some(access::lent(tx, trust)?);
            trust.project_id.clone().map_or(ScopeId::Unscoped, ScopeId::Project)
        }
        Wanted::Nothing => match &payload.application_credential {
            Some(id) => {
                let credential = records::get::<super::model::AppCredential>(tx, id)?;
                ScopeId::Project(credential.ok_or_else(Failure::unauthorized)?.project_id)
            }
            None => default_scope(tx, user)?,
        },
    };
    access::load(tx, payload)
}

/// The user's default project, if it can be used.
fn default_scope(tx: &mut Tx<'_>, user: &User) -> Answer<ScopeId> {
    let Some(id) = &user.default_project_id else { return Ok(ScopeId::Unscoped) };
    let Some(project) = records::get::<Project>(tx, id)? else { return Ok(ScopeId::Unscoped) };
    let domain = project.domain_id.as_deref().unwrap_or(id);
    let domain = records::get::<Project>(tx, domain)?;
    let usable = project.enabled && domain.is_some_and(|domain| domain.enabled);
    if usable && !grants::roles(tx, &user.id, Target::Project, id)?.is_empty() {
        return Ok(ScopeId::Project(id.clone()));
    }
    Ok(ScopeId::Unscoped)
}

/// Takes one use of a trust.
pub(super) fn use_trust(tx: &mut Tx<'_>, id: &str) -> Answer<()> {
    let mut trust: Trust = records::get(tx, id)?.ok_or_else(Failure::unauthorized)?;
    match trust.remaining_uses {
        Some(0) => {
            return Err(Failure::forbidden_because(format!("No remaining uses for trust: {id}.")));
        }
        Some(left) => trust.remaining_uses = Some(left - 1),
        None => return Ok(()),
    }
    records::update(tx, &trust)?;
    tx.touch(DIRECTORY);
    Ok(())
}
