//! Checking what a login offers as proof (OpenStack reference B4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pentad_store::Tx;
use serde_json::json;

use super::super::access::{self, Refused};
use super::super::error::{Answer, Failure};
use super::super::model::{AppCredential, Credential, Project, User};
use super::super::storage::{records, security};
use super::super::{Keystone, SEALED_BLOB};
use super::request::{AuthRequest, Named, Offer, find_domain};
use super::totp;

/// Somebody who has shown who they are.
#[derive(Debug, Clone)]
pub(crate) struct Proven {
    pub(crate) user: User,
    pub(crate) domain: Project,
    pub(crate) methods: Vec<String>,
    /// The first audit id of the chain, if a token was offered.
    pub(crate) chain: Option<String>,
    /// The end of the offered token, in seconds.
    pub(crate) expires: Option<i64>,
    pub(crate) application_credential: Option<String>,
    /// Whether failed logins are to be forgotten.
    pub(crate) clear_failures: bool,
}

/// A user as the checks need it.
struct Known {
    user: User,
    domain: Project,
    failures: i64,
}

/// A user whose password was right.
struct Checked {
    known: Known,
    /// Whether the password has ended.
    is_over: bool,
}

impl Keystone {
    /// Checks everything that is offered; all must belong to one user.
    pub(crate) async fn prove(&self, request: &AuthRequest) -> Answer<Proven> {
        let mut all: Option<Proven> = None;
        for offer in &request.offers {
            let proven = match offer {
                Offer::Password { user, password } => self.prove_password(user, password.expose()).await?,
                Offer::Token(text) => self.prove_token(text.expose(), request.asks_scope()).await?,
                Offer::Totp { user, code } => self.prove_code(user, code.expose()).await?,
                Offer::Credential { .. } => self.prove_credential(offer, request.asks_scope()).await?,
            };
            all = Some(match all {
                None => proven,
                Some(known) if known.user.id == proven.user.id => joined(known, proven),
                Some(_) => return Err(Failure::unauthorized()),
            });
        }
        all.ok_or_else(Failure::unauthorized)
    }

    /// Whoever is named, if it is enabled.
    async fn known(&self, user: &Named) -> Answer<Option<Known>> {
        let user = user.clone();
        self.core.store.read(move |tx| known_user(tx, &user)).await
    }

    /// Whether somebody or something, with so many failures of which the last was then, is locked.
    fn is_locked(&self, (failures, last): (i64, i64)) -> bool {
        let settings = self.core.settings();
        let most = i64::from(settings.lockout_failure_attempts);
        let until = last + i64::from(settings.lockout_duration) * 1_000_000;
        most > 0 && failures >= most && self.core.micros() < until
    }

    /// Refuses users that failed too often of late.
    async fn check_unlocked(&self, known: &Known) -> Answer<()> {
        if known.user.has_option("ignore_lockout_failure_attempts") {
            return Ok(());
        }
        let id = known.user.id.clone();
        let failures = self.core.store.read(move |tx| security::failures(tx, &id)).await?;
        if self.is_locked(failures) {
            let text = format!("The account is locked for user: {}.", known.user.id);
            return Err(Failure::unauthorized_because(text));
        }
        Ok(())
    }

    /// Counts a failure of whoever has this id; a lock that is over starts the count anew.
    async fn count_failure(&self, id: &str) -> Answer<()> {
        let settings = self.core.settings();
        let (most, span) = (i64::from(settings.lockout_failure_attempts), settings.lockout_duration);
        let id = id.to_owned();
        let counted = self.core.store.write_soft(move |tx| {
            let (count, last) = security::failures(tx, &id)?;
            if count >= most && tx.now().as_microsecond() >= last + i64::from(span) * 1_000_000 {
                security::succeeded(tx, &id)?;
            }
            security::failed(tx, &id)
        });
        Ok(counted.await?)
    }

    async fn prove_password(&self, user: &Named, password: &str) -> Answer<Proven> {
        let checked = self.check_password(user, password).await?;
        if checked.is_over {
            let text = format!(
                "The password is expired and needs to be changed for user: {}.",
                checked.known.user.id
            );
            return Err(Failure::unauthorized_because(text));
        }
        Ok(proven("password", checked.known))
    }

    async fn check_password(&self, user: &Named, password: &str) -> Answer<Checked> {
        let known = self.known(user).await?;
        if let Some(known) = &known {
            self.check_unlocked(known).await?;
        }
        let hash = known.as_ref().and_then(|known| known.user.password.clone());
        // Nobody's password takes as long to check as somebody's.
        let shown = match &hash {
            Some(hash) => hash.as_str(),
            None => self.core.nobody().await?,
        };
        let right = self.core.engine.vault().verify_password(password, shown).await?;
        let Some(known) = known else { return Err(Failure::unauthorized()) };
        if !right || hash.is_none() {
            self.count_failure(&known.user.id).await?;
            return Err(Failure::unauthorized());
        }
        // Others may have failed meanwhile: many guesses at once are not more than one after the other.
        self.check_unlocked(&known).await?;
        if !(known.user.enabled && known.domain.enabled) {
            return Err(Failure::unauthorized());
        }
        let end = known.user.password_expires_at;
        let is_over = end.is_some_and(|end| end <= self.core.micros())
            && !known.user.has_option("ignore_password_expiry");
        Ok(Checked { known, is_over })
    }

    /// Checks somebody's password, counting failures, for a change of it: one that has ended may be changed.
    pub(crate) async fn verify_owner(&self, id: &str, password: &str) -> Answer<()> {
        self.check_password(&Named::Id(id.to_owned()), password).await.map(drop)
    }

    async fn prove_code(&self, user: &Named, code: &str) -> Answer<Proven> {
        let Some(known) = self.known(user).await? else { return Err(Failure::unauthorized()) };
        self.check_unlocked(&known).await?;
        // Codes are short and checked fast: each attempt counts before it is looked at.
        self.count_failure(&known.user.id).await?;
        let id = known.user.id.clone();
        let (now_failed, credentials) = self
            .core
            .store
            .read(move |tx| {
                let failures = security::failures(tx, &id)?.0;
                Ok::<_, Failure>((failures, records::owned::<Credential>(tx, &id)?))
            })
            .await?;
        let most = i64::from(self.core.settings().lockout_failure_attempts);
        let is_free = known.user.has_option("ignore_lockout_failure_attempts");
        if most > 0 && now_failed > most && !is_free {
            return Err(Failure::unauthorized());
        }
        let (now, earlier) = (self.core.seconds(), self.core.settings().totp_included_previous_windows);
        let fits = credentials.iter().filter(|credential| credential.kind == "totp").any(|credential| {
            let secret = open_blob(&self.core.engine, credential);
            secret.is_some_and(|secret| totp::fits(&secret, code, now, earlier))
        });
        if !(fits && known.user.enabled && known.domain.enabled) {
            return Err(Failure::unauthorized());
        }
        let id = known.user.id.clone();
        self.core.store.write_soft(move |tx| security::took_back(tx, &id)).await?;
        Ok(proven("totp", known))
    }

    async fn prove_token(&self, text: &str, scoped: bool) -> Answer<Proven> {
        let access = match self.core.access(text, 0).await {
            Ok(access) => access,
            Err(Refused::Unknown) => return Err(Failure::not_found("Could not recognize Fernet token")),
            Err(Refused::Void) => return Err(Failure::not_found("Failed to validate token")),
            Err(Refused::Failed(failure)) => return Err(failure),
        };
        if access.is_delegated() {
            let text = "Using a delegated token to create another token is not allowed.";
            return Err(Failure::forbidden_action(text));
        }
        let has_scope = !matches!(access.scope, access::Scope::Unscoped);
        if scoped && has_scope && !self.core.settings().allow_rescope_scoped_token {
            return Err(Failure::forbidden_action("rescope a scoped token"));
        }
        let mut methods = vec!["token".to_owned()];
        methods.extend(access.payload.methods.iter().filter(|method| *method != "token").cloned());
        Ok(Proven {
            user: access.user.clone(),
            domain: access.user_domain.clone(),
            methods,
            chain: access.payload.audit.last().cloned(),
            expires: Some(access.payload.expires),
            application_credential: None,
            clear_failures: false,
        })
    }

    async fn prove_credential(&self, offer: &Offer, scoped: bool) -> Answer<Proven> {
        let Offer::Credential { id, name, user, secret } = offer else { return Err(Failure::internal()) };
        let credential = self.named_credential(id.as_deref(), name.as_deref(), user.as_ref()).await?;
        let Some(known) = self.known(&Named::Id(credential.user_id.clone())).await? else {
            return Err(Failure::unauthorized());
        };
        let right = self.check_secret(&credential, secret.expose()).await?;
        let over = credential.expires_at.is_some_and(|end| end <= self.core.micros());
        if !right || over || !(known.user.enabled && known.domain.enabled) {
            return Err(Failure::unauthorized());
        }
        if scoped {
            let text = "Error authenticating with application credential: Application credentials cannot request \
                a scope.";
            return Err(Failure::method(text, json!({})));
        }
        let mut proven = proven("application_credential", known);
        proven.application_credential = Some(credential.id);
        proven.clear_failures = false;
        Ok(proven)
    }

    /// Whether a secret is that of an application credential, which is locked after too many wrong ones.
    async fn check_secret(&self, credential: &AppCredential, secret: &str) -> Answer<bool> {
        let failures = || {
            let id = credential.id.clone();
            self.core.store.read(move |tx| security::failures(tx, &id))
        };
        if self.is_locked(failures().await?) {
            return Ok(false);
        }
        if !self.core.engine.vault().verify_password(secret, &credential.secret).await? {
            self.count_failure(&credential.id).await?;
            return Ok(false);
        }
        let failures = failures().await?;
        if self.is_locked(failures) {
            return Ok(false);
        }
        if failures.0 > 0 {
            let id = credential.id.clone();
            self.core.store.write_soft(move |tx| security::succeeded(tx, &id)).await?;
        }
        Ok(true)
    }

    async fn named_credential(
        &self,
        id: Option<&str>,
        name: Option<&str>,
        user: Option<&Named>,
    ) -> Answer<AppCredential> {
        let (id, name) = (id.map(str::to_owned), name.map(str::to_owned));
        let user = user.cloned();
        self.core
            .store
            .read(move |tx| {
                if let Some(id) = &id {
                    return super::super::call::find::<AppCredential>(tx, id);
                }
                let name = name.clone().unwrap_or_default();
                let Some(user) = &user else { return Err(Failure::unauthorized()) };
                let owner = known_user(tx, user)?.ok_or_else(Failure::unauthorized)?.user.id;
                let found = records::by_name::<AppCredential>(tx, &owner, &name)?;
                found.ok_or_else(|| Failure::missing("Application Credential", &name))
            })
            .await
    }
}

/// The opened content of a credential.
pub(crate) fn open_blob(engine: &pentad_store::Engine, credential: &Credential) -> Option<String> {
    let sealed = STANDARD.decode(&credential.blob).ok()?;
    let plain = engine.vault().open(SEALED_BLOB, &sealed).ok()?;
    String::from_utf8(plain.to_vec()).ok()
}

/// The sealed content of a credential.
pub(crate) fn seal_blob(engine: &pentad_store::Engine, plain: &str) -> Answer<String> {
    Ok(STANDARD.encode(engine.vault().seal(SEALED_BLOB, plain.as_bytes())?))
}

fn proven(method: &str, known: Known) -> Proven {
    Proven {
        clear_failures: known.failures > 0,
        user: known.user,
        domain: known.domain,
        methods: vec![method.to_owned()],
        chain: None,
        expires: None,
        application_credential: None,
    }
}

fn joined(mut known: Proven, other: Proven) -> Proven {
    for method in other.methods {
        if !known.methods.contains(&method) {
            known.methods.push(method);
        }
    }
    known.chain = known.chain.or(other.chain);
    known.expires = known.expires.or(other.expires);
    known.application_credential = known.application_credential.or(other.application_credential);
    known.clear_failures |= other.clear_failures;
    known
}

fn known_user(tx: &mut Tx<'_>, user: &Named) -> Answer<Option<Known>> {
    let found: Option<User> = match user {
        Named::Id(id) => records::get(tx, id)?,
        Named::Name { name, domain } => match find_domain(tx, domain)? {
            Some(domain) => records::by_name(tx, &domain.id, name)?,
            None => None,
        },
    };
    let Some(user) = found else { return Ok(None) };
    let Some(domain) = records::get::<Project>(tx, &user.domain_id)? else { return Ok(None) };
    let failures = security::failures(tx, &user.id)?.0;
    Ok(Some(Known { user, domain, failures }))
}
