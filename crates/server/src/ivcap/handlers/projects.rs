//! Projects (IVCAP reference 7.12). Their names are spelled with `_`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::http::Reply;
use crate::ivcap::call::{self, Call, check_urn, missing, writable};
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::list::{self, Entry, Query};
use crate::ivcap::storage::things::{self, Held, Thing};
use crate::ivcap::urn::{self, Kind};

const LIST: list::Kind = list::Kind { natural: &["created_at"], ..list::Kind::new("projects") };
const MEMBERS: list::Kind =
    list::Kind { keys: &[&["role"]], desc: Some(false), ..list::Kind::new("members") };
/// Members of a project.
const MOST_MEMBERS: usize = 1000;
/// Letters of a name at least.
const SHORTEST: usize = 3;
/// Bytes of a text at most.
const LONGEST: usize = 4096;

/// What a project keeps beside its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Project {
    /// The account that pays.
    account: String,
    parent: Option<String>,
    details: Option<String>,
    /// Roles by user.
    members: BTreeMap<String, String>,
}

impl Thing for Project {
    const KIND: Kind = Kind::Project;
}

/// What belongs to a user: the project that is meant where none is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Preference {
    project: String,
}

impl Thing for Preference {
    const KIND: Kind = Kind::User;
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    name: Option<String>,
    parent: Option<String>,
    account: Option<String>,
    urn: Option<String>,
    properties: Option<Properties>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Properties {
    details: Option<String>,
}

impl Wanted {
    fn check(&self) -> Answer<()> {
        if let Some(name) = &self.name
            && (name.chars().count() < SHORTEST || name.len() > LONGEST)
        {
            return Err(Failure::invalid(
                "name",
                name,
                format_args!("must have at least {SHORTEST} letters"),
            ));
        }
        for (member, text) in [("parent", &self.parent), ("account", &self.account)] {
            if let Some(text) = text {
                check_urn(member, text)?;
            }
        }
        let details = self.properties.as_ref().and_then(|properties| properties.details.as_ref());
        if details.is_some_and(|details| details.len() > LONGEST) {
            return Err(Failure::invalid("properties", "", format_args!("may have at most {LONGEST} bytes")));
        }
        Ok(())
    }

    fn details(&self) -> Option<String> {
        self.properties.as_ref().and_then(|properties| properties.details.clone())
    }
}

/// Refuses an account other than the caller's own: only an administrator lets another one pay.
fn pays(call: &Call, name: &str, account: &str) -> Answer<()> {
    if account == call.caller.account || call.caller.admin {
        return Ok(());
    }
    Err(Failure::forbidden(format_args!("only an administrator names another {name} than the own one")))
}

/// `POST /1/project`
pub(crate) async fn create(mut call: Call) -> Answer<Reply> {
    call.wants_json()?;
    let wanted: Wanted = call.object().await?;
    wanted.check()?;
    wanted.account.iter().try_for_each(|account| pays(&call, "account", account))?;
    let name = wanted.name.clone().ok_or_else(|| Failure::missing("name"))?;
    let id = match &wanted.urn {
        None => urn::fresh(Kind::Project),
        Some(text) => urn::parse(Kind::Project, text)
            .ok_or_else(|| Failure::invalid("urn", text, "must be urn:ivcap:project:ID"))?,
    };
    let doc = Project {
        account: wanted.account.clone().unwrap_or_else(|| call.caller.account.clone()),
        parent: wanted.parent.clone(),
        details: wanted.details(),
        members: [(call.caller.user.clone(), "owner".to_owned())].into(),
    };
    let policy = crate::ivcap::auth::policy::default_of(Kind::Project);
    let held = Held::new(id, &call.caller.account, policy, doc).named(&name);
    let created = call.core.write(move |change| {
        if !things::create(change, &held)? {
            return Err(Failure::invalid("urn", &held.id, "is taken"));
        }
        let at = change.stamp();
        Ok(Held { created: at, since: at, ..held.clone() })
    });
    let held = created.await?;
    Ok(call::ok(&shown(&held, &call.caller.user)))
}

fn shown(held: &Held<Project>, user: &str) -> Value {
    let mut body = Map::new();
    body.insert("urn".to_owned(), json!(held.id));
    body.insert("name".to_owned(), json!(held.name));
    body.insert("status".to_owned(), json!("active"));
    if let Some(role) = held.doc.members.get(user) {
        body.insert("role".to_owned(), json!(role));
    }
    if let Some(parent) = &held.doc.parent {
        body.insert("parent".to_owned(), json!(parent));
    }
    body.insert("account".to_owned(), json!(held.doc.account));
    body.insert("created_at".to_owned(), json!(held.created.to_string()));
    body.insert("modified_at".to_owned(), json!(held.since.to_string()));
    if let Some(details) = &held.doc.details {
        body.insert("properties".to_owned(), json!({"details": details}));
    }
    Value::Object(body)
}

/// `GET /1/project`
pub(crate) async fn list(call: Call) -> Answer<Reply> {
    let query = Query::of(&call, LIST)?;
    let user = call.caller.user.clone();
    let page = list::things::<Project>(&call, &query, None, move |held, _| shown(held, &user)).await?;
    let next = page.next.unwrap_or_default();
    Ok(call::ok(&json!({"projects": page.items, "at-time": page.at, "page": next})))
}

async fn find(call: &Call, name: &str) -> Answer<Held<Project>> {
    let id = call.urn(Kind::Project, name)?;
    let wanted = id.clone();
    let found = call.core.read(move |tx| Ok(things::get::<Project>(tx, &wanted)?)).await?;
    call.readable(Kind::Project, &id, found)
}

/// `GET /1/project/{urn}`
pub(crate) async fn read(call: Call) -> Answer<Reply> {
    let held = find(&call, "urn").await?;
    Ok(call::ok(&shown(&held, &call.caller.user)))
}

/// Changes a project that the caller may change.
async fn change<F>(call: &Call, work: F) -> Answer<Held<Project>>
where
    F: Fn(&mut Held<Project>) -> Answer<()> + Send + 'static,
{
    let id = call.urn(Kind::Project, "urn")?;
    let caller = call.caller.clone();
    let changed = call.core.write(move |change| {
        let found = things::get::<Project>(change, &id)?;
        let mut held = writable(&caller, Kind::Project, &id, found)?;
        work(&mut held)?;
        things::update(change, &held)?;
        held.since = change.stamp();
        Ok(held)
    });
    changed.await
}

/// `PUT /1/project/{urn}`
pub(crate) async fn update(mut call: Call) -> Answer<Reply> {
    call.wants_json()?;
    let wanted: Wanted = call.object().await?;
    wanted.check()?;
    wanted.account.iter().try_for_each(|account| pays(&call, "account", account))?;
    let own = call.param("urn").to_owned();
    if let Some(parent) = wanted.parent.as_deref().filter(|parent| *parent == own) {
        return Err(Failure::invalid("parent", parent, "is the project itself"));
    }
    let held = change(&call, move |held| {
        if let Some(name) = &wanted.name {
            held.name.clone_from(name);
        }
        if let Some(account) = &wanted.account {
            held.doc.account.clone_from(account);
        }
        held.doc.parent = wanted.parent.clone().or_else(|| held.doc.parent.clone());
        held.doc.details = wanted.details().or_else(|| held.doc.details.clone());
        Ok(())
    });
    Ok(call::ok(&shown(&held.await?, &call.caller.user)))
}

/// `DELETE /1/project/{urn}`
pub(crate) async fn delete(call: Call) -> Answer<Reply> {
    let absent = |failure: Failure| match failure.code() {
        // No document lists a 404 here.
        http::StatusCode::NOT_FOUND => Failure::bad_request(failure.text()),
        _ => failure,
    };
    let id = call.urn(Kind::Project, "urn").map_err(absent)?;
    let caller = call.caller.clone();
    let deleted = call.core.write(move |change| {
        let found = things::get::<Project>(change, &id)?;
        writable(&caller, Kind::Project, &id, found)?;
        Ok(things::end(change, Kind::Project, &id)?)
    });
    deleted.await.map_err(absent)?;
    Ok(call::empty())
}

/// `GET /1/project/default`
pub(crate) async fn default(call: Call) -> Answer<Reply> {
    let user = call.caller.user.clone();
    let found = call.core.read(move |tx| {
        let Some(preference) = things::get::<Preference>(tx, &user)? else { return Ok(None) };
        Ok(things::get::<Project>(tx, &preference.doc.project)?)
    });
    let found = found.await?.filter(|held| call.caller.may_read(&held.account, &held.policy));
    let none = || Failure::not_found("urn:ivcap:project:default", "no default project is set");
    let held = found.ok_or_else(none)?;
    Ok(call::ok(&shown(&held, &call.caller.user)))
}

#[derive(Deserialize)]
struct NewDefault {
    project_urn: String,
    #[serde(default)]
    user_urn: Option<String>,
}

/// `PUT /1/project/default`
pub(crate) async fn set_default(mut call: Call) -> Answer<Reply> {
    call.wants_json()?;
    let wanted: NewDefault = call.object().await?;
    let project = urn::parse(Kind::Project, &wanted.project_urn).ok_or_else(|| {
        Failure::invalid("project_urn", &wanted.project_urn, "must be urn:ivcap:project:ID")
    })?;
    let user = wanted.user_urn.unwrap_or_else(|| call.caller.user.clone());
    check_urn("user_urn", &user)?;
    if user != call.caller.user && !call.caller.admin {
        return Err(Failure::forbidden("only an administrator sets the default project of others"));
    }
    let caller = call.caller.clone();
    let set = call.core.write(move |change| {
        let found = things::get::<Project>(change, &project)?;
        let found = found.filter(|held| caller.may_read(&held.account, &held.policy));
        found.ok_or_else(|| missing(Kind::Project, &project))?;
        let doc = Preference { project: project.clone() };
        match things::get::<Preference>(change, &user)? {
            Some(held) => things::update(change, &Held { doc, ..held })?,
            None => {
                let policy = crate::ivcap::auth::policy::default_of(Kind::Project);
                things::create(change, &Held::new(user.clone(), &caller.account, policy, doc))?;
            }
        }
        Ok(())
    });
    set.await?;
    Ok(call::empty())
}

/// `GET /1/project/{urn}/members`
pub(crate) async fn members(call: Call) -> Answer<Reply> {
    let query = Query::of(&call, MEMBERS)?;
    let (id, at) = (call.urn(Kind::Project, "urn")?, query.at());
    let wanted = id.clone();
    let found = call.core.read(move |tx| Ok(things::at::<Project>(tx, &wanted, at)?)).await?;
    let held = call.readable(Kind::Project, &id, found)?;
    let directory = call.core.tokens.directory();
    let role = query.key("role");
    let entries = held.doc.members.iter().filter(|(_, has)| role.is_none_or(|role| role == has.as_str()));
    let entries = entries.map(|(user, role)| {
        let email = directory.users.get(user).map(|user| user.email.clone()).unwrap_or_default();
        let item = json!({"urn": user, "email": email, "role": role});
        Entry { id: user.clone(), record: item.clone(), item }
    });
    let page = list::slice(&call, &query, entries.collect())?;
    let next = page.next.unwrap_or_default();
    Ok(call::ok(&json!({"members": page.items, "at-time": page.at, "page": next})))
}

#[derive(Deserialize)]
struct NewRole {
    role: String,
}

/// `PUT /1/project/{urn}/memberships/{user}`
pub(crate) async fn join(mut call: Call) -> Answer<Reply> {
    call.wants_json()?;
    let NewRole { role } = call.object().await?;
    let user = call.param("user").to_owned();
    check_urn("user_urn", &user)?;
    if role.is_empty() || role.len() > 255 {
        return Err(Failure::invalid("role", role, "must have 1 to 255 bytes"));
    }
    let joined = change(&call, move |held| {
        held.doc.members.insert(user.clone(), role.clone());
        if held.doc.members.len() > MOST_MEMBERS {
            let why = format_args!("a project has at most {MOST_MEMBERS} members");
            return Err(Failure::invalid("user_urn", &user, why));
        }
        Ok(())
    });
    joined.await?;
    Ok(call::empty())
}

/// `DELETE /1/project/{urn}/memberships/{user}`
pub(crate) async fn leave(call: Call) -> Answer<Reply> {
    let user = call.param("user").to_owned();
    let left = change(&call, move |held| match held.doc.members.remove(&user) {
        Some(_) => Ok(()),
        None => Err(Failure::not_found(&user, "is no member of this project")),
    });
    left.await?;
    Ok(call::empty())
}

/// `GET /1/project/{urn}/account`
pub(crate) async fn account(call: Call) -> Answer<Reply> {
    let held = find(&call, "urn").await?;
    Ok(call::ok(&json!({"account_urn": held.doc.account})))
}

#[derive(Deserialize)]
struct NewAccount {
    account_urn: String,
}

/// `PUT /1/project/{urn}/account`
pub(crate) async fn set_account(mut call: Call) -> Answer<Reply> {
    call.wants_json()?;
    let NewAccount { account_urn } = call.object().await?;
    check_urn("account_urn", &account_urn)?;
    pays(&call, "account_urn", &account_urn)?;
    let set = change(&call, move |held| {
        held.doc.account.clone_from(&account_urn);
        Ok(())
    });
    set.await?;
    Ok(call::empty())
}
