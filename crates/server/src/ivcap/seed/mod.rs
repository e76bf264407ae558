//! What an installation starts with: the section `ivcap` of a seed file, or one account with one user.

mod section;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pentad_store::Tx;
use serde_json::{Value, json};
use uuid::Uuid;

use self::section::{Section, SeedAspect, SeedDashboard, SeedPolicy, SeedUser};
use super::auth::policy::{Policies, Policy, default_of};
use super::auth::{Account, Dashboard, Directory, Granted, Scopes, SigningKey, User, sha256};
use super::call::check_urn;
use super::core::Core;
use super::error::{Answer, Failure};
use super::handlers::packages::Package;
use super::runner;
use super::storage::aspects::{self, NewAspect};
use super::storage::things::{self, Held};
use super::urn::{self, Kind};
use super::work;
use super::work::seed::Wanted;
use crate::SeedError;

/// How long the announced token lives.
const ANNOUNCED: Duration = Duration::from_secs(10 * 365 * 86_400);
/// Shortest token that a seed may give.
const SHORTEST: usize = 8;
/// What own values are sealed for.
const SEALED: &str = "ivcap.own";

/// A section that was found right.
struct Read {
    directory: Directory,
    /// Who is announced where the seed has no users: account and user.
    own: Option<(String, String)>,
    aspects: Vec<SeedAspect>,
    work: Wanted,
    packages: Vec<String>,
}

/// Creates what the section says; `null` creates one account.
pub(crate) async fn seed(core: &Arc<Core>, section: Value) -> Result<(), SeedError> {
    let failed = |failure: Failure| SeedError::new("ivcap", failure.text());
    let key = signing_key(core).await.map_err(failed)?;
    let account = own(core, "account", || Uuid::new_v4().to_string()).await.map_err(failed)?;
    let user = own(core, "user", || Uuid::new_v4().to_string()).await.map_err(failed)?;
    let read = read(section, Some((Kind::Account.urn(account), Kind::User.urn(user))))?;
    core.tokens.install(key, read.directory);
    core.set_announced(read.own.clone());
    core.resume().await.map_err(failed)?;
    runner::recover(core).await.map_err(failed)?;
    work::seed::seed(core, read.work).await?;
    for (index, aspect) in read.aspects.into_iter().enumerate() {
        let place = format!("ivcap.aspects[{index}]");
        add(core, aspect).await.map_err(|failure| SeedError::new(place, failure.text()))?;
    }
    for (index, tag) in read.packages.into_iter().enumerate() {
        let place = format!("ivcap.packages[{index}]");
        add_package(core, tag).await.map_err(|failure| SeedError::new(place, failure.text()))?;
    }
    Ok(())
}

/// Whether a section can be seeded.
pub(crate) fn check(section: Value) -> Result<(), SeedError> {
    read(section, None).map(drop)
}

/// Goes on with the data that was put in the place of what there was: its times; keys and accounts stay.
pub(crate) async fn restored(core: &Arc<Core>) -> Result<(), SeedError> {
    let failed = |failure: Failure| SeedError::new("ivcap", failure.text());
    core.resume().await.map_err(failed)?;
    runner::recover(core).await.map_err(failed)
}

/// What is announced: a token and its account where the seed brings no users.
pub(crate) fn credentials(core: &Core) -> Result<Value, SeedError> {
    let Some((account, user)) = core.announced() else { return Ok(Value::Null) };
    let now = core.seconds();
    let known = core.known_token().filter(|token| {
        core.tokens.check(token, now).is_some_and(|caller| caller.account == account && caller.user == user)
    });
    let token = match known {
        Some(token) => token,
        None => {
            let granted =
                Granted { account: account.clone(), user, scopes: Scopes::ALL, lifetime: ANNOUNCED };
            let issued = core.tokens.issue(&granted, now);
            issued.map_err(|failure| SeedError::new("ivcap", failure.text()))?
        }
    };
    core.set_known_token(token.clone());
    Ok(json!({"jwt": token, "account_id": account}))
}

/// Reads a section as a whole before anything of it is stored.
fn read(section: Value, own: Option<(String, String)>) -> Result<Read, SeedError> {
    let section: Option<Section> =
        serde_json::from_value(section).map_err(|error| SeedError::new("ivcap", error))?;
    let section = section.unwrap_or_default();
    let mut directory = Directory::default();
    for (index, account) in section.accounts.into_iter().enumerate() {
        let urn = account_urn(&account.id, &format!("ivcap.accounts[{index}].id"))?;
        directory.accounts.insert(urn, Account { name: account.name });
    }
    directory.policies = policies(section.policies)?;
    let announces = section.users.is_empty();
    if directory.accounts.is_empty()
        && let Some((account, _)) = &own
    {
        directory.accounts.insert(account.clone(), Account { name: "Local account".to_owned() });
    }
    for (index, user) in section.users.into_iter().enumerate() {
        add_user(&mut directory, user, &format!("ivcap.users[{index}]"))?;
    }
    let mut announced = None;
    if announces && let Some((account, user)) = own {
        let account = directory.accounts.keys().next().cloned().unwrap_or(account);
        let person = User {
            name: "Local user".to_owned(),
            email: String::new(),
            account: account.clone(),
            scopes: Scopes::ALL,
            admin: false,
        };
        directory.users.insert(user.clone(), person);
        announced = Some((account, user));
    }
    let aspects = section.aspects;
    for (index, aspect) in aspects.iter().enumerate() {
        check_aspect(&directory, aspect, &format!("ivcap.aspects[{index}]"))?;
    }
    let work = Wanted { services: section.services, artifacts: section.artifacts };
    work.check()?;
    let dashboard = |SeedDashboard { id, uid, title, url }| Dashboard { id, uid, title, url };
    directory.dashboards = section.dashboards.into_iter().map(dashboard).collect();
    Ok(Read { directory, own: announced, aspects, packages: section.packages, work })
}

fn account_urn(id: &str, place: &str) -> Result<String, SeedError> {
    let why = "must be a UUID or urn:ivcap:account:UUID";
    let urn = urn::parse(Kind::Account, id).ok_or_else(|| SeedError::new(place, why))?;
    let uuid = urn.rsplit(':').next().is_some_and(|id| Uuid::try_parse(id).is_ok());
    if uuid { Ok(urn) } else { Err(SeedError::new(place, why)) }
}

fn policies(seeded: BTreeMap<String, SeedPolicy>) -> Result<Policies, SeedError> {
    let mut all = BTreeMap::new();
    for (name, policy) in seeded {
        let place = format!("ivcap.policies.{name}");
        let urn = urn::parse(Kind::Policy, &name).filter(|urn| *urn == name);
        let urn = urn.ok_or_else(|| SeedError::new(&place, "must be named urn:ivcap:policy:NAME"))?;
        let accounts = |list: Vec<String>| -> Result<Vec<String>, SeedError> {
            let account = |id: String| if id == "*" { Ok(id) } else { account_urn(&id, &place) };
            list.into_iter().map(account).collect()
        };
        all.insert(urn, Policy { read: accounts(policy.read)?, write: accounts(policy.write)? });
    }
    Ok(Policies::new(all))
}

fn add_user(directory: &mut Directory, user: SeedUser, place: &str) -> Result<(), SeedError> {
    let wrong = |member: &str, why: &str| SeedError::new(format!("{place}.{member}"), why);
    let account = match &user.account {
        Some(id) => account_urn(id, &format!("{place}.account"))?,
        None => match directory.accounts.keys().collect::<Vec<_>>().as_slice() {
            [only] => (*only).clone(),
            [] => return Ok(()),
            _ => return Err(wrong("account", "is needed where there are several accounts")),
        },
    };
    if !directory.accounts.contains_key(&account) {
        return Err(wrong("account", "there is no such account in ivcap.accounts"));
    }
    let id = match &user.id {
        Some(id) => {
            urn::parse(Kind::User, id).ok_or_else(|| wrong("id", "must be a UUID or urn:ivcap:user:ID"))?
        }
        None => Kind::User.urn(named(&user.name)),
    };
    let scopes = match &user.scopes {
        None => Scopes::ALL,
        Some(scopes) => Scopes::parse(&scopes.join(" ")),
    };
    if let Some(token) = &user.token {
        if token.len() < SHORTEST || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong("token", "must be at least 8 visible ASCII characters without blanks"));
        }
        directory.tokens.insert(sha256(token), id.clone());
    }
    let SeedUser { name, email, admin, .. } = user;
    directory.users.insert(id, User { name, email, account, scopes, admin });
    Ok(())
}

/// The id of a user that the seed gives none: the same at each start.
fn named(name: &str) -> Uuid {
    let digest = sha256(&format!("ivcap user {name}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn check_aspect(directory: &Directory, aspect: &SeedAspect, place: &str) -> Result<(), SeedError> {
    let wrong = |member: &str, why: String| SeedError::new(format!("{place}.{member}"), why);
    check_urn("entity", &aspect.entity).map_err(|failure| wrong("entity", failure.text()))?;
    check_urn("schema", &aspect.schema).map_err(|failure| wrong("schema", failure.text()))?;
    if let Some(policy) = aspect.policy.as_ref().filter(|policy| !directory.policies.has(policy)) {
        return Err(wrong("policy", format!("there is no policy {policy}")));
    }
    match &aspect.account {
        None if directory.accounts.len() > 1 => {
            Err(wrong("account", "is needed where there are several".to_owned()))
        }
        None => Ok(()),
        Some(id) => {
            let urn = account_urn(id, &format!("{place}.account"))?;
            let known = directory.accounts.contains_key(&urn);
            if known { Ok(()) } else { Err(wrong("account", format!("there is no account {urn}"))) }
        }
    }
}

/// Adds an aspect unless the same one is there.
async fn add(core: &Arc<Core>, aspect: SeedAspect) -> Answer<()> {
    let directory = core.tokens.directory();
    let account = match &aspect.account {
        Some(id) => urn::parse(Kind::Account, id),
        None => directory.accounts.keys().next().cloned(),
    };
    let account = account.ok_or_else(|| Failure::bad_request("there is no account"))?;
    let policy = aspect.policy.clone().unwrap_or_else(|| default_of(Kind::Aspect));
    let value = Value::Object(aspect.content);
    let content = value.to_string();
    let (entity, schema) = (aspect.entity, aspect.schema);
    core.write(move |change| {
        for there in aspects::exactly(change, &account, &entity, &schema, 1000)? {
            if aspects::get(change, there.uid)?.is_some_and(|there| there.content == value) {
                return Ok(());
            }
        }
        let (entity, schema, account, policy) = (&*entity, &*schema, &*account, &*policy);
        let asserter = account;
        let new = NewAspect { entity, schema, account, policy, asserter, content: &content, replaces: None };
        aspects::add(change, &new)?;
        Ok(())
    })
    .await
}

/// Adds a package unless there is one with its tag.
async fn add_package(core: &Arc<Core>, tag: String) -> Answer<()> {
    let directory = core.tokens.directory();
    let account = directory.accounts.keys().next().cloned();
    let account = account.ok_or_else(|| Failure::bad_request("there is no account"))?;
    core.write(move |change| {
        if things::named::<Package>(change, &account, &tag)?.is_none() {
            let policy = default_of(Kind::Package);
            let held = Held::new(urn::fresh(Kind::Package), &account, policy, Package::default()).named(&tag);
            things::create(change, &held)?;
        }
        Ok(())
    })
    .await
}

/// The key of this installation: the one in memory, the stored one, or a new one.
async fn signing_key(core: &Arc<Core>) -> Answer<Arc<SigningKey>> {
    let key = match core.tokens.key() {
        // A reset emptied the store: announced tokens stay good.
        Some(key) => key,
        None => Arc::new(SigningKey::generate().ok_or_else(Failure::internal)?),
    };
    let force = core.tokens.key().is_some();
    let stored = keep(core, "signing", key.pkcs8().to_vec(), force).await?;
    SigningKey::read(&stored).map(Arc::new).ok_or_else(Failure::internal)
}

/// A value of this installation that is made once.
async fn own(core: &Arc<Core>, name: &'static str, make: impl FnOnce() -> String) -> Answer<String> {
    let before = core.own(name);
    let force = before.is_some();
    let stored = keep(core, name, before.unwrap_or_else(make).into_bytes(), force).await?;
    let value = String::from_utf8(stored).map_err(|_| Failure::internal())?;
    core.set_own(name, &value);
    Ok(value)
}

/// Stores a value unless one is there (or always), and gives what is stored.
async fn keep(core: &Arc<Core>, name: &'static str, value: Vec<u8>, force: bool) -> Answer<Vec<u8>> {
    let sealed = core.engine.vault().seal(SEALED, &value)?;
    let stored = core.store.write(move |tx: &mut Tx<'_>| -> Answer<Vec<u8>> {
        if force {
            tx.execute("DELETE FROM own WHERE name = $1", &[&name])?;
        }
        tx.execute(
            "INSERT INTO own (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            &[&name, &sealed],
        )?;
        Ok(tx.query_one("SELECT sealed FROM own WHERE name = $1", &[&name], |row| row.blob(0))?)
    });
    Ok(core.engine.vault().open(SEALED, &stored.await?)?.to_vec())
}
