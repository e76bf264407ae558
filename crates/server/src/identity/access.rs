//! What a token may do, read from the store and kept in memory until something changes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pentad_store::{Engine, Store, Tx};

use super::catalog::{self, Services};
use super::error::{Answer, Failure};
use super::model::{AccessRule, AppCredential, Project, Role, Trust, User};
use super::seal::{self, Payload, ScopeId};
use super::storage::grants::{self, Target};
use super::storage::records::{self, Record};
use super::storage::security;

/// Where a token counts.
#[derive(Debug, Clone)]
pub(crate) enum Scope {
    Unscoped,
    Project { project: Box<Project>, domain: Box<Project> },
    Domain(Box<Project>),
    System,
}

/// A token with all that it stands for.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) payload: Payload,
    /// Whose token it is: with an impersonating trust the trustor.
    pub(crate) user: User,
    pub(crate) user_domain: Project,
    pub(crate) scope: Scope,
    pub(crate) roles: Vec<Role>,
    pub(crate) trust: Option<Trust>,
    pub(crate) application_credential: Option<AppCredential>,
}

impl Access {
    /// Whether the token carries a role.
    pub(crate) fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own.name == role)
    }

    /// Whether everything is allowed.
    pub(crate) fn is_admin(&self) -> bool {
        self.has("admin")
    }

    /// Whether it reads whatever the system has.
    pub(crate) fn reads_system(&self) -> bool {
        matches!(self.scope, Scope::System) && self.has("reader")
    }

    /// Whether it has a role on this domain as its scope.
    pub(crate) fn has_in_domain(&self, role: &str, domain: &str) -> bool {
        matches!(&self.scope, Scope::Domain(own) if own.id == domain) && self.has(role)
    }

    /// The domain of a domain scope.
    pub(crate) fn domain_id(&self) -> Option<&str> {
        match &self.scope {
            Scope::Domain(domain) => Some(&domain.id),
            _ => None,
        }
    }

    /// The project of a project scope.
    pub(crate) fn project_id(&self) -> Option<&str> {
        match &self.scope {
            Scope::Project { project, .. } => Some(&project.id),
            _ => None,
        }
    }

    /// Whether it is this user's.
    pub(crate) fn is_user(&self, id: &str) -> bool {
        self.user.id == id
    }

    /// Whether it was made by another token's or user's leave: such tokens buy no tokens and make no credentials.
    pub(crate) fn is_delegated(&self) -> bool {
        self.payload.trust.is_some() || self.payload.application_credential.is_some()
    }

    /// What its application credential allows; empty for whatever the roles do.
    pub(crate) fn rules(&self) -> &[AccessRule] {
        self.application_credential.as_ref().map_or(&[], |own| &own.access_rules)
    }

    /// Refuses what neither the administrator's role nor `allowed` permits.
    ///
    /// # Errors
    /// 403 naming the action.
    pub(crate) fn enforce(&self, action: &str, allowed: bool) -> Answer<()> {
        if allowed || self.is_admin() {
            return Ok(());
        }
        Err(Failure::forbidden_action(&format!("identity:{action}")))
    }
}

/// What a token stands for, or 401 if it no longer counts.
pub(crate) fn load(tx: &mut Tx<'_>, payload: Payload) -> Answer<Access> {
    if let Some(audit) = payload.audit.first()
        && security::is_revoked(tx, audit)?
    {
        return Err(Failure::unauthorized());
    }
    let (mut user, mut user_domain) = enabled_user(tx, &payload.user)?;
    if user.generation != payload.generation {
        return Err(Failure::unauthorized());
    }
    let scope = load_scope(tx, &payload.scope)?;
    let mut holder = user.id.clone();
    let trust = match &payload.trust {
        None => None,
        Some(id) => {
            let trust = live_trust(tx, id, &user.id)?;
            if payload.lent != Some(lent(tx, &trust)?) {
                return Err(Failure::unauthorized());
            }
            let (trustor, domain) = enabled_user(tx, &trust.trustor_user_id)?;
            // Who gave the roles away first must have them still.
            holder = first_trustor(tx, &trust)?;
            enabled_user(tx, &holder)?;
            if trust.impersonation {
                (user, user_domain) = (trustor, domain);
            }
            Some(trust)
        }
    };
    let mut roles = match &scope {
        Scope::Unscoped => Vec::new(),
        Scope::Project { project, .. } => grants::roles(tx, &holder, Target::Project, &project.id)?,
        Scope::Domain(domain) => grants::roles(tx, &holder, Target::Domain, &domain.id)?,
        Scope::System => grants::roles(tx, &holder, Target::System, "all")?,
    };
    if let Some(trust) = &trust {
        // A trust without a project gives no roles; one with roles that the trustor lost gives nothing.
        if trust.roles.iter().any(|id| !roles.iter().any(|role| role.id == *id)) {
            return Err(Failure::unauthorized());
        }
        keep(tx, &mut roles, &trust.roles)?;
    }
    let application_credential = match &payload.application_credential {
        None => None,
        Some(id) => {
            let credential = live_credential(tx, id)?;
            keep(tx, &mut roles, &credential.roles)?;
            Some(credential)
        }
    };
    if roles.is_empty() && !matches!(scope, Scope::Unscoped) {
        return Err(Failure::unauthorized());
    }
    Ok(Access { payload, user, user_domain, scope, roles, trust, application_credential })
}

/// Leaves of `roles` those that `ids` name or imply.
fn keep(tx: &mut Tx<'_>, roles: &mut Vec<Role>, ids: &[String]) -> Answer<()> {
    let inferences = grants::inferences(tx)?;
    let mut wanted: Vec<String> = ids.to_vec();
    let mut next = 0;
    while let Some(id) = wanted.get(next).cloned() {
        for (_, implied) in inferences.iter().filter(|(prior, _)| *prior == id) {
            if !wanted.contains(implied) {
                wanted.push(implied.clone());
            }
        }
        next += 1;
    }
    roles.retain(|role| wanted.contains(&role.id));
    Ok(())
}

/// An enabled user of an enabled domain.
pub(crate) fn enabled_user(tx: &mut Tx<'_>, id: &str) -> Answer<(User, Project)> {
    let user: User = need(tx, id)?;
    let domain: Project = need(tx, &user.domain_id)?;
    if user.enabled && domain.enabled { Ok((user, domain)) } else { Err(Failure::unauthorized()) }
}

fn need<R: Record>(tx: &mut Tx<'_>, id: &str) -> Answer<R> {
    records::get(tx, id)?.ok_or_else(Failure::unauthorized)
}

fn load_scope(tx: &mut Tx<'_>, scope: &ScopeId) -> Answer<Scope> {
    match scope {
        ScopeId::Unscoped => Ok(Scope::Unscoped),
        ScopeId::System => Ok(Scope::System),
        ScopeId::Domain(id) => {
            let domain: Project = need(tx, id)?;
            if domain.is_domain && domain.enabled {
                return Ok(Scope::Domain(Box::new(domain)));
            }
            Err(Failure::unauthorized())
        }
        ScopeId::Project(id) => {
            let project: Project = need(tx, id)?;
            // A domain that acts as a project lies in itself.
            let domain: Project = need(tx, project.domain_id.as_deref().unwrap_or(id))?;
            if project.enabled && domain.enabled {
                return Ok(Scope::Project { project: Box::new(project), domain: Box::new(domain) });
            }
            Err(Failure::unauthorized())
        }
    }
}

/// A trust that still counts for a trustee.
pub(crate) fn live_trust(tx: &mut Tx<'_>, id: &str, trustee: &str) -> Answer<Trust> {
    let trust: Trust = need(tx, id)?;
    let over = trust.expires_at.is_some_and(|end| end <= tx.now().as_microsecond());
    if over || trust.trustee_user_id != trustee {
        return Err(Failure::unauthorized());
    }
    let mut above = trust.redelegated_trust_id.clone();
    while let Some(id) = above {
        let parent: Trust = need(tx, &id)?;
        enabled_user(tx, &parent.trustee_user_id)?;
        above = parent.redelegated_trust_id;
    }
    Ok(trust)
}

/// The generations of all who lent what a trust gives, from the first trustor to its own: a new password or a time of being
/// disabled of any of them makes it another.
pub(crate) fn lent(tx: &mut Tx<'_>, trust: &Trust) -> Answer<u64> {
    let mut sum = need::<User>(tx, &trust.trustor_user_id)?.generation;
    let mut above = trust.redelegated_trust_id.clone();
    while let Some(id) = above {
        let parent: Trust = need(tx, &id)?;
        for user in [&parent.trustor_user_id, &parent.trustee_user_id] {
            sum = sum.saturating_add(need::<User>(tx, user)?.generation);
        }
        above = parent.redelegated_trust_id;
    }
    Ok(sum)
}

/// Who the roles of a trust come from: along a chain, the trustor of the first.
pub(crate) fn first_trustor(tx: &mut Tx<'_>, trust: &Trust) -> Answer<String> {
    let mut first = trust.trustor_user_id.clone();
    let mut above = trust.redelegated_trust_id.clone();
    while let Some(id) = above {
        let parent: Trust = need(tx, &id)?;
        first = parent.trustor_user_id;
        above = parent.redelegated_trust_id;
    }
    Ok(first)
}

fn live_credential(tx: &mut Tx<'_>, id: &str) -> Answer<AppCredential> {
    let credential: AppCredential = need(tx, id)?;
    if credential.expires_at.is_some_and(|end| end <= tx.now().as_microsecond()) {
        return Err(Failure::unauthorized());
    }
    Ok(credential)
}

/// Why a token was not accepted.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Not made here.
    Unknown,
    /// Expired, revoked, or what it stood for is gone.
    Void,
    /// The store failed.
    Failed(Failure),
}

/// Tokens that were looked up.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    generation: AtomicU64,
    known: Mutex<HashMap<[u8; 32], Arc<Access>>>,
    services: Mutex<Option<Arc<Services>>>,
}

/// Entries kept before the cache starts anew, so that many tokens cannot fill memory.
const MOST: usize = 20_000;

impl Directory {
    /// Forgets everything; called after each committed change.
    pub(crate) fn forget(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.lock().clear();
        *self.services.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The services of the catalog.
    ///
    /// # Errors
    /// Of the store.
    pub(crate) async fn services(&self, store: &Store) -> Answer<Arc<Services>> {
        if let Some(known) = &*self.services.lock().unwrap_or_else(PoisonError::into_inner) {
            return Ok(Arc::clone(known));
        }
        let generation = self.generation.load(Ordering::SeqCst);
        let found = Arc::new(store.read(catalog::load).await?);
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        // Unless something changed since it was read.
        if self.generation.load(Ordering::SeqCst) == generation {
            *services = Some(Arc::clone(&found));
        }
        Ok(found)
    }

    /// What a token stands for at `now` (in seconds). `grace` seconds after its end still count.
    pub(crate) async fn access(
        &self,
        engine: &Engine,
        store: &Store,
        text: &str,
        now: i64,
        grace: i64,
    ) -> Result<Arc<Access>, Refused> {
        let key = engine.vault().digest(text.as_bytes());
        let known = self.lock().get(&key).cloned();
        let access = match known {
            Some(access) => access,
            None => {
                let payload = seal::read::<Payload>(engine, text).ok_or(Refused::Unknown)?;
                let generation = self.generation.load(Ordering::SeqCst);
                let found = store.read(move |tx| load(tx, payload.clone())).await;
                let found = Arc::new(found.map_err(|failure| match failure.status() {
                    http::StatusCode::UNAUTHORIZED => Refused::Void,
                    _ => Refused::Failed(failure),
                })?);
                self.keep(generation, key, &found);
                found
            }
        };
        let ended = |end: Option<i64>| end.is_some_and(|end| end <= now.saturating_mul(1_000_000));
        let trust_ended = access.trust.as_ref().is_some_and(|trust| ended(trust.expires_at));
        let credential = access.application_credential.as_ref();
        let credential_ended = credential.is_some_and(|credential| ended(credential.expires_at));
        if access.payload.expires.saturating_add(grace) <= now || trust_ended || credential_ended {
            return Err(Refused::Void);
        }
        Ok(access)
    }

    /// Keeps what was read while the directory had `generation`, unless it has changed since.
    fn keep(&self, generation: u64, key: [u8; 32], access: &Arc<Access>) {
        let mut known = self.lock();
        if self.generation.load(Ordering::SeqCst) != generation {
            return;
        }
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, Arc::clone(access));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Arc<Access>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
