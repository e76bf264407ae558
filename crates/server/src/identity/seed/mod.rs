//! What an installation starts with: the section `identity` of a seed file, or the demo user without one.

mod apply;
mod section;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use pentad_store::{StoreError, Tx};
use serde_json::{Value, json};

use self::section::{Section, SeedAppCredential, SeedGrant, SeedProject, SeedUser};
use super::Core;
use super::auth::methods::seal_blob;
use super::error::{Answer, Failure};
use super::model::{AppCredential, DEFAULT, Project, User};
use super::settings::Settings;
use super::storage::{DIRECTORY, records, security};
use crate::SeedError;

/// The user and the project that exist without a seed.
const DEMO: &str = "demo";
/// Under what the demo password is sealed, and for what.
const PASSWORD: &str = "demo.password";
const SEALED: &str = "identity.demo";

/// What the service must remember of its own installation.
#[derive(Default)]
pub(crate) struct Installation {
    /// Whether there is no seed.
    demo: AtomicBool,
    /// The announced password, which stays the same over resets.
    password: Mutex<Option<String>>,
}

impl Installation {
    fn password(&self) -> Option<String> {
        self.password.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, password: String) {
        *self.password.lock().unwrap_or_else(PoisonError::into_inner) = Some(password);
    }
}

/// Why nothing of a section was stored.
struct Refused(SeedError);

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self(SeedError::new("identity", error))
    }
}

impl From<SeedError> for Refused {
    fn from(error: SeedError) -> Self {
        Self(error)
    }
}

/// Creates what the section says; `null` creates the demo installation.
pub(crate) async fn seed(core: &Core, section: Value) -> Result<(), SeedError> {
    let demo = section.is_null();
    core.installation.demo.store(demo, Ordering::SeqCst);
    if demo {
        return seed_demo(core).await;
    }
    let section: Section = serde_json::from_value(section).map_err(|e| SeedError::new("identity", e))?;
    if !section.options.is_null() {
        core.set_settings(Settings::parse(&section.options)?);
    }
    store(core, section, None).await
}

/// The demo user: member and administrator of its project, and administrator of the system.
fn demo_section(password: String) -> Section {
    let roles = || vec!["member".to_owned(), "admin".to_owned()];
    let user = SeedUser {
        name: DEMO.to_owned(),
        password: Some(password),
        random: true,
        default_project: Some(DEMO.to_owned()),
        grants: vec![
            SeedGrant { project: Some(DEMO.to_owned()), roles: roles(), ..SeedGrant::default() },
            SeedGrant { system: true, roles: roles(), ..SeedGrant::default() },
        ],
        ..SeedUser::default()
    };
    let description = "A project to try things in".to_owned();
    let project = SeedProject { name: DEMO.to_owned(), description, ..SeedProject::default() };
    Section { projects: vec![project], users: vec![user], ..Section::default() }
}

async fn seed_demo(core: &Core) -> Result<(), SeedError> {
    if known_password(core).await?.is_none() {
        let password = match core.installation.password() {
            Some(password) => password,
            None => random_text().map_err(failed)?,
        };
        let sealed = core.engine.vault().seal(SEALED, password.as_bytes());
        let sealed = sealed.map_err(|error| SeedError::new("identity", error))?;
        store(core, demo_section(password), Some(sealed)).await?;
    }
    if let Some(password) = known_password(core).await? {
        core.installation.remember(password);
    }
    Ok(())
}

/// The demo password that is stored, if the demo installation was made.
async fn known_password(core: &Core) -> Result<Option<String>, SeedError> {
    let sealed = core.store.read(|tx| security::secret(tx, PASSWORD)).await;
    let Some(sealed) = sealed.map_err(|error| SeedError::new("identity", error))? else { return Ok(None) };
    let plain = core.engine.vault().open(SEALED, &sealed);
    let plain = plain.map_err(|error| SeedError::new("identity", error))?;
    Ok(Some(String::from_utf8_lossy(&plain).into_owned()))
}

/// What is made before the transaction: hashes and sealed secrets, in the order of the section.
struct Made {
    users: Vec<(Option<String>, Option<String>)>,
    credentials: Vec<Option<String>>,
}

async fn store(core: &Core, section: Section, demo: Option<Vec<u8>>) -> Result<(), SeedError> {
    let made = make(core, &section).await?;
    let region = core.settings().region.clone();
    let stored = core.store.write(move |tx| {
        if let Some(sealed) = &demo {
            // Another node may have been first; then its password counts.
            if security::secret(tx, PASSWORD)?.is_some() {
                return Ok(());
            }
            security::set_secret(tx, PASSWORD, sealed)?;
        }
        apply(tx, &section, &made, &region)?;
        tx.touch(DIRECTORY);
        Ok::<(), Refused>(())
    });
    let stored = stored.await;
    core.directory.forget();
    stored.map_err(|Refused(error)| error)
}

fn at(place: &str, index: usize) -> impl Fn(Failure) -> SeedError {
    let place = format!("identity.{place}[{index}]");
    move |failure| SeedError::new(place.clone(), failure.message())
}

#[expect(clippy::needless_pass_by_value, reason = "the form of `map_err`")]
fn failed(failure: Failure) -> SeedError {
    SeedError::new("identity", failure.message())
}

fn apply(tx: &mut Tx<'_>, section: &Section, made: &Made, region: &str) -> Result<(), SeedError> {
    apply::base(tx, region).map_err(failed)?;
    for (index, one) in section.domains.iter().enumerate() {
        apply::domain(tx, one).map_err(at("domains", index))?;
    }
    for (index, one) in section.projects.iter().enumerate() {
        apply::project(tx, one).map_err(at("projects", index))?;
    }
    for (index, one) in section.roles.iter().enumerate() {
        apply::role(tx, one).map_err(at("roles", index))?;
    }
    for (index, one) in section.groups.iter().enumerate() {
        apply::group(tx, one).map_err(at("groups", index))?;
    }
    for (index, (one, (hash, totp))) in section.users.iter().zip(&made.users).enumerate() {
        apply::user(tx, one, hash.as_ref(), totp.as_ref()).map_err(at("users", index))?;
    }
    for (index, one) in section.regions.iter().enumerate() {
        apply::region(tx, one).map_err(at("regions", index))?;
    }
    for (index, one) in section.services.iter().enumerate() {
        apply::service(tx, one, region).map_err(at("services", index))?;
    }
    for (index, (one, hash)) in section.application_credentials.iter().zip(&made.credentials).enumerate() {
        apply::app_credential(tx, one, hash.as_ref()).map_err(at("application_credentials", index))?;
    }
    Ok(())
}

async fn make(core: &Core, section: &Section) -> Result<Made, SeedError> {
    let mut made = Made { users: Vec::new(), credentials: Vec::new() };
    for (index, user) in section.users.iter().enumerate() {
        let hash = user_hash(core, user).await.map_err(at("users", index))?;
        let totp = user.totp.as_ref().map(|secret| seal_blob(&core.engine, secret));
        made.users.push((hash, totp.transpose().map_err(at("users", index))?));
    }
    for (index, credential) in section.application_credentials.iter().enumerate() {
        let hash = credential_hash(core, credential).await;
        made.credentials.push(hash.map_err(at("application_credentials", index))?);
    }
    Ok(made)
}

/// A hash of the password, unless the user has that password already.
async fn user_hash(core: &Core, user: &SeedUser) -> Answer<Option<String>> {
    let Some(password) = &user.password else { return Ok(None) };
    if user.random {
        return Ok(Some(core.engine.vault().hash_random(password)));
    }
    let (name, domain) = (user.name.clone(), user.domain.clone());
    let known = core.store.read(move |tx| stored_user(tx, domain.as_deref(), &name)).await?;
    changed_hash(core, password, known.and_then(|known| known.password)).await
}

async fn credential_hash(core: &Core, credential: &SeedAppCredential) -> Answer<Option<String>> {
    let (name, user, domain) = (credential.name.clone(), credential.user.clone(), credential.domain.clone());
    let known = core.store.read(move |tx| {
        let Some(user) = stored_user(tx, domain.as_deref(), &user)? else { return Ok(None) };
        Ok::<_, Failure>(records::by_name::<AppCredential>(tx, &user.id, &name)?)
    });
    let known = known.await?.map(|known| known.secret);
    changed_hash(core, &credential.secret, known).await
}

async fn changed_hash(core: &Core, plain: &str, known: Option<String>) -> Answer<Option<String>> {
    let vault = core.engine.vault();
    if let Some(known) = known
        && vault.verify_password(plain, &known).await.unwrap_or_default()
    {
        return Ok(None);
    }
    Ok(Some(vault.hash_password(plain).await?))
}

fn stored_user(tx: &mut Tx<'_>, domain: Option<&str>, name: &str) -> Answer<Option<User>> {
    let domain = match domain {
        None => DEFAULT.to_owned(),
        Some(domain) => match records::by_name::<Project>(tx, "", domain)? {
            Some(domain) => domain.id,
            None => return Ok(None),
        },
    };
    Ok(records::by_name(tx, &domain, name)?)
}

/// 64 random hexadecimal digits.
fn random_text() -> Answer<String> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|_| Failure::internal())?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The announced credentials of the demo installation, `null` with a seed.
pub(crate) async fn credentials(core: &Core) -> Result<Value, SeedError> {
    if !core.installation.demo.load(Ordering::SeqCst) {
        return Ok(Value::Null);
    }
    let Some(password) = known_password(core).await? else { return Ok(Value::Null) };
    Ok(json!({
        "username": DEMO, "password": password, "project_name": DEMO,
        "user_domain_name": "Default", "project_domain_name": "Default",
    }))
}

/// Forgets all data.
pub(crate) async fn reset(core: &Core) -> Result<(), SeedError> {
    const TABLES: [&str; 7] = [
        "DELETE FROM records",
        "DELETE FROM grants",
        "DELETE FROM members",
        "DELETE FROM implied",
        "DELETE FROM revoked",
        "DELETE FROM failures",
        "DELETE FROM secrets",
    ];
    let done = core.store.write(|tx| {
        for sql in TABLES {
            tx.execute(sql, &[])?;
        }
        tx.touch(DIRECTORY);
        Ok::<(), StoreError>(())
    });
    let done = done.await;
    core.directory.forget();
    done.map_err(|error| SeedError::new("identity", error))
}
