//! Who is calling and what it may touch: the checks of AMS reference 2.2 between routing and handler.
//!
//! What the checks read is kept in memory until something in the directory (users, projects, topics, schemas, ACLs)
//! changes; a publish then costs no read of the store.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pentad_store::{Store, Tx};

use super::error::Failure;
use super::names;
use super::roles::{RoleSet, SA};
use super::schema::Validator;
use super::storage::acl::Acl;
use super::storage::users::UserRow;
use super::storage::{Db, projects, schemas, topics, users};

/// The caller of one request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The user; `None` for the service token and on open routes.
    pub(crate) user: Option<i64>,
    /// Its name, `""` without a user.
    pub(crate) name: String,
    /// Roles in the project of the path together with service roles.
    pub(crate) roles: RoleSet,
}

/// The project of the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProjectRef {
    pub(crate) id: i64,
    pub(crate) name: String,
}

/// What a token may do in a project (or outside of one).
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) caller: Caller,
    pub(crate) project: Option<ProjectRef>,
}

/// A topic as publish sees it.
#[derive(Debug)]
pub(crate) struct TopicAccess {
    pub(crate) id: i64,
    /// Users that its ACL lists.
    pub(crate) listed: HashSet<i64>,
    /// The compiled schema; `Err` if the stored one cannot be loaded.
    pub(crate) schema: Option<Result<Validator, ()>>,
}

/// Cached answers of the directory.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    generation: AtomicU64,
    cached: Mutex<Cached>,
}

#[derive(Debug, Default)]
struct Cached {
    access: HashMap<AccessKey, Arc<Access>>,
    topics: HashMap<(i64, String), Arc<TopicAccess>>,
}

/// Digest of the token and the project of the path, `""` without one.
type AccessKey = ([u8; 32], String);

/// Entries kept before the cache starts anew, so that many tokens cannot fill memory.
const MOST: usize = 20_000;

impl Directory {
    /// Forgets everything; called after each committed change.
    pub(crate) fn forget(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        let mut cached = self.lock();
        cached.access.clear();
        cached.topics.clear();
    }

    /// What the token with this digest may do. `project` is the name in the path.
    ///
    /// # Errors
    /// 404 for an unknown project, then 401 for an unknown token or a user without any role here.
    pub(crate) async fn access(
        &self,
        store: &Store,
        digest: [u8; 32],
        service: bool,
        project: Option<&str>,
    ) -> Result<Arc<Access>, Failure> {
        let key = (digest, project.unwrap_or_default().to_owned());
        if let Some(known) = self.lock().access.get(&key) {
            return Ok(Arc::clone(known));
        }
        let generation = self.generation.load(Ordering::SeqCst);
        let wanted = project.map(str::to_owned);
        let found = store.read(move |tx| load(tx, &digest, service, wanted.as_deref())).await?;
        let found = Arc::new(found);
        self.keep(generation, |cached| {
            cached.access.insert(key, Arc::clone(&found));
        });
        Ok(found)
    }

    /// The topic of this name, `None` if there is none.
    pub(crate) async fn topic(
        &self,
        store: &Store,
        project: i64,
        name: &str,
    ) -> Result<Option<Arc<TopicAccess>>, Failure> {
        let key = (project, name.to_owned());
        if let Some(known) = self.lock().topics.get(&key) {
            return Ok(Some(Arc::clone(known)));
        }
        let generation = self.generation.load(Ordering::SeqCst);
        let wanted = name.to_owned();
        let found = store.read(move |tx| -> Db<_> { load_topic(tx, project, &wanted) }).await?;
        let Some(found) = found.map(Arc::new) else { return Ok(None) };
        self.keep(generation, |cached| {
            cached.topics.insert(key, Arc::clone(&found));
        });
        Ok(Some(found))
    }

    /// Keeps something that was read while the directory had `generation`, unless it has changed since.
    fn keep(&self, generation: u64, insert: impl FnOnce(&mut Cached)) {
        let mut cached = self.lock();
        if self.generation.load(Ordering::SeqCst) != generation {
            return;
        }
        if cached.access.len() + cached.topics.len() >= MOST {
            cached.access.clear();
            cached.topics.clear();
        }
        insert(&mut cached);
    }

    fn lock(&self) -> MutexGuard<'_, Cached> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load(tx: &mut Tx<'_>, digest: &[u8; 32], service: bool, project: Option<&str>) -> Result<Access, Failure> {
    let project = match project {
        None => None,
        Some(name) => {
            let row = projects::by_name(tx, name)?.ok_or_else(|| Failure::missing("project"))?;
            Some(ProjectRef { id: row.id, name: row.name })
        }
    };
    if service {
        let caller = Caller { user: None, name: String::new(), roles: SA };
        return Ok(Access { caller, project });
    }
    let user = users::by_token(tx, &hex(digest))?.ok_or_else(Failure::unauthorized)?;
    let roles = effective_roles(tx, &user, project.as_ref())?;
    if roles.is_empty() {
        return Err(Failure::unauthorized());
    }
    Ok(Access { caller: Caller { user: Some(user.id), name: user.name, roles }, project })
}

/// Service roles of a user together with its roles in a project.
fn effective_roles(tx: &mut Tx<'_>, user: &UserRow, project: Option<&ProjectRef>) -> Db<RoleSet> {
    let service = user.service_roles.as_deref().unwrap_or_default();
    let mut roles = RoleSet::of(service.iter().map(String::as_str));
    if let Some(project) = project
        && let Some(here) = users::member_roles(tx, user.id, project.id)?
    {
        roles = roles.or(RoleSet::of(here.iter().map(String::as_str)));
    }
    Ok(roles)
}

fn load_topic(tx: &mut Tx<'_>, project: i64, name: &str) -> Db<Option<TopicAccess>> {
    let Some(row) = topics::find(tx, project, name)? else { return Ok(None) };
    let listed = Acl::Topic.ids(tx, row.id)?;
    let schema = match row.schema_id {
        None => None,
        Some(id) => {
            schemas::by_id(tx, id)?.map(|schema| Validator::new(&schema.kind, &schema.body).map_err(drop))
        }
    };
    Ok(Some(TopicAccess { id: row.id, listed, schema }))
}

/// Checks every variable of the path that is a name, in the alphabetical order of the variables.
pub(crate) fn check_names(params: &[(&'static str, String)]) -> Result<(), Failure> {
    const NAMES: [&str; 7] = ["project", "schema", "subscription", "token", "topic", "user", "uuid"];
    for variable in NAMES {
        let bad = params.iter().any(|(name, value)| *name == variable && !names::is_valid(value));
        if bad {
            return Err(Failure::invalid(format!("Invalid {variable} name")));
        }
    }
    Ok(())
}

/// Lowercase hex of some bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}
