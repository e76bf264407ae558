//! Users (AMS reference 9).

use pentad_store::Tx;
use uuid::Uuid;

use super::super::error::{Failure, empty, indented};
use super::super::model::{User, UserPage};
use super::super::paging::PageRequest;
use super::super::quirks::Quirk;
use super::super::roles::distinct;
use super::super::storage::users::UserRow;
use super::super::storage::{Db, projects, users};
use super::super::{Ams, Call, Token};
use super::user_view::{Loaded, UserInput, check_roles, full, load, resolve_projects, visible};
use crate::http::Reply;

/// `GET /users`.
pub(crate) async fn list(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let page = page_of(call)?;
    let project = call.query("project").filter(|name| !name.is_empty()).map(str::to_owned);
    let details = call.query("details") == Some("true");
    let roles = call.caller.roles;
    let (loaded, next, total, project) = ams
        .read(move |tx| {
            let project = match &project {
                None => None,
                Some(name) => {
                    Some(projects::by_name(tx, name)?.ok_or_else(|| Failure::missing("ProjectUUID"))?.id)
                }
            };
            let (loaded, next, total) = load_page(tx, project, page, details)?;
            Ok((loaded, next, total, project))
        })
        .await?;
    let users = loaded.into_iter().map(|user| visible(ams, user, roles, project)).collect();
    Ok(indented(&UserPage { users, next_page_token: next, total_size: total }))
}

/// Paging parameters of a call.
pub(crate) fn page_of(call: &Call) -> Result<PageRequest, Failure> {
    PageRequest::parse(call.query("pageSize"), call.query("pageToken"))
}

/// A page of users with or without their projects.
pub(crate) fn load_page(
    tx: &mut Tx<'_>,
    project: Option<i64>,
    page: PageRequest,
    details: bool,
) -> Db<(Vec<Loaded>, String, i64)> {
    let mut rows = users::page(tx, project, page)?;
    let next = page.cut(&mut rows, |row| row.id);
    let total = users::count(tx, project)?;
    let load_one = |row| if details { load(tx, row) } else { Ok(Loaded { row, memberships: Vec::new() }) };
    let loaded = rows.into_iter().map(load_one).collect::<Db<Vec<_>>>()?;
    Ok((loaded, next, total))
}

/// `GET /users/U`.
pub(crate) async fn show(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let name = call.param("user").to_owned();
    one(ams, move |tx| users::by_name(tx, &name)).await
}

/// `GET /users:byToken/{token}`.
pub(crate) async fn by_token(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let digest = super::super::auth::hex(&ams.engine.vault().digest(call.param("token").as_bytes()));
    one(ams, move |tx| users::by_token(tx, &digest)).await
}

/// `GET /users:byUUID/{uuid}`.
pub(crate) async fn by_uuid(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let uuid = call.param("uuid").to_owned();
    one(ams, move |tx| users::by_uuid(tx, &uuid)).await
}

async fn one(
    ams: &Ams,
    mut find: impl FnMut(&mut Tx<'_>) -> Db<Option<UserRow>> + Send + 'static,
) -> Result<Reply, Failure> {
    let found = ams.read(move |tx| found(tx, &mut find)).await?;
    Ok(indented(&full(ams, found)))
}

fn found(
    tx: &mut Tx<'_>,
    find: &mut dyn FnMut(&mut Tx<'_>) -> Db<Option<UserRow>>,
) -> Result<Loaded, Failure> {
    let row = find(tx)?.ok_or_else(|| Failure::missing("User"))?;
    Ok(load(tx, row)?)
}

/// `GET /users/profile`: the caller itself, by its own token.
pub(crate) async fn profile(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    Ok(indented(&full(ams, caller(ams, call).await?)))
}

/// The user of the token; 401 if there is none. Used by routes that look at the token themselves.
pub(crate) async fn caller(ams: &Ams, call: &Call) -> Result<Loaded, Failure> {
    if call.token.is_empty() {
        return Err(Failure::unauthorized());
    }
    let digest = super::super::auth::hex(&ams.engine.vault().digest(call.token.as_bytes()));
    ams.read(move |tx| {
        let row = users::by_token(tx, &digest)?.ok_or_else(Failure::unauthorized)?;
        Ok(load(tx, row)?)
    })
    .await
}

/// A new user from a name and a body.
pub(crate) fn new_row(name: &str, input: &UserInput, token: &Token, by: Option<i64>) -> UserRow {
    UserRow {
        uuid: Uuid::new_v4().to_string(),
        name: name.to_owned(),
        person: input.person.clone(),
        token: token.sealed.clone(),
        token_digest: token.digest.clone(),
        service_roles: input.service_roles.clone().map(distinct),
        created_by: by,
        ..UserRow::default()
    }
}

/// Stores a new user with its projects. 409 if the name is taken, then 400 per project, then for service roles.
pub(crate) fn insert(tx: &mut Tx<'_>, row: &UserRow, input: &UserInput) -> Result<Loaded, Failure> {
    if users::by_name(tx, &row.name)?.is_some() {
        return Err(Failure::exists("User"));
    }
    let projects = resolve_projects(tx, input.projects.as_deref().unwrap_or_default())?;
    check_roles(row.service_roles.as_deref().unwrap_or_default())?;
    let id = users::insert(tx, row)?;
    for (project, roles) in projects {
        users::set_member(tx, id, project, roles.as_ref())?;
    }
    let row = users::by_id(tx, id)?.ok_or_else(|| Failure::missing("User"))?;
    Ok(load(tx, row)?)
}

/// `POST /users/U`.
pub(crate) async fn create(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let input = UserInput::parse(call.body())?;
    let row = new_row(call.param("user"), &input, &ams.new_token()?, call.caller.user);
    let created = ams.change(move |tx| insert(tx, &row, &input)).await?;
    Ok(indented(&full(ams, created)))
}

/// `PUT /users/U`.
pub(crate) async fn update(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let input = UserInput::parse(call.body())?;
    let name = call.param("user").to_owned();
    let lenient = ams.quirks.has(Quirk::UnknownUserIsFirstUser);
    let updated = ams
        .change(move |tx| match users::by_name(tx, &name)? {
            Some(row) => change_row(tx, row, &input),
            None => stand_in(tx, lenient),
        })
        .await?;
    Ok(indented(&full(ams, updated)))
}

/// 404 for an unknown user, or the oldest user where the released server answers with it.
fn stand_in(tx: &mut Tx<'_>, lenient: bool) -> Result<Loaded, Failure> {
    let first = if lenient { users::first(tx)? } else { None };
    let row = first.ok_or_else(|| Failure::missing("User"))?;
    Ok(load(tx, row)?)
}

fn change_row(tx: &mut Tx<'_>, mut row: UserRow, input: &UserInput) -> Result<Loaded, Failure> {
    if !input.name.is_empty() && input.name != row.name {
        if !super::super::names::is_valid(&input.name) {
            return Err(Failure::arguments("User"));
        }
        if users::by_name(tx, &input.name)?.is_some() {
            return Err(Failure::invalid("invalid user name change, name already exists"));
        }
        row.name.clone_from(&input.name);
    }
    row.person.change(&input.person);
    if let Some(entries) = &input.projects {
        let projects = resolve_projects(tx, entries)?;
        users::clear_members(tx, row.id)?;
        for (project, roles) in projects {
            users::set_member(tx, row.id, project, roles.as_ref())?;
        }
    }
    if let Some(roles) = &input.service_roles {
        check_roles(roles)?;
        row.service_roles = Some(distinct(roles.clone()));
    }
    users::update(tx, &row)?;
    reload(tx, row.id)
}

fn reload(tx: &mut Tx<'_>, id: i64) -> Result<Loaded, Failure> {
    let row = users::by_id(tx, id)?.ok_or_else(|| Failure::missing("User"))?;
    Ok(load(tx, row)?)
}

/// `POST /users/U:refreshToken`.
pub(crate) async fn refresh_token(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let name = call.param("user").to_owned();
    let token = ams.new_token()?;
    let lenient = ams.quirks.has(Quirk::UnknownUserIsFirstUser);
    let refreshed = ams
        .change(move |tx| {
            let Some(mut row) = users::by_name(tx, &name)? else { return stand_in(tx, lenient) };
            row.token.clone_from(&token.sealed);
            row.token_digest.clone_from(&token.digest);
            users::update(tx, &row)?;
            reload(tx, row.id)
        })
        .await?;
    Ok(indented(&full(ams, refreshed)))
}

/// `DELETE /users/U`.
pub(crate) async fn delete(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let name = call.param("user").to_owned();
    let lenient = ams.quirks.has(Quirk::UnknownUserIsFirstUser);
    ams.change(move |tx| match users::by_name(tx, &name)? {
        Some(row) => Ok(users::delete(tx, row.id)?),
        None if lenient => Ok(()),
        None => Err(Failure::missing("User")),
    })
    .await?;
    Ok(empty())
}

/// The user as the caller may see it in the project of the path.
pub(crate) fn member_view(ams: &Ams, call: &Call, loaded: Loaded) -> User {
    let project = call.project.as_ref().map(|project| project.id);
    visible(ams, loaded, call.caller.roles, project)
}
