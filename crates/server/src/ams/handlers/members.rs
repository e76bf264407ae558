//! Members of a project (AMS reference 10.2).

use pentad_store::Tx;

use super::super::body::{Fields, Tail, Wrong};
use super::super::error::{Failure, braces, indented};
use super::super::model::{User, UserPage};
use super::super::storage::person::Person;
use super::super::storage::users;
use super::super::storage::users::UserRow;
use super::super::{Ams, Call};
use super::user_view::{Loaded, ProjectInput, UserInput, check_roles, full, load};
use super::users::{insert, load_page, member_view, new_row, page_of};
use crate::http::Reply;

/// `GET /projects/P/members`.
pub(crate) async fn list(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let page = page_of(call)?;
    let details = call.query("details") == Some("true");
    let project = call.project()?.id;
    let (loaded, next, total) = ams.read(move |tx| Ok(load_page(tx, Some(project), page, details)?)).await?;
    let users = loaded.into_iter().map(|user| member_view(ams, call, user)).collect();
    Ok(indented(&UserPage { users, next_page_token: next, total_size: total }))
}

/// `GET /projects/P/members/U`.
pub(crate) async fn show(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let (project, name) = (call.project()?.id, call.param("user").to_owned());
    let loaded = ams
        .read(move |tx| {
            let row = existing(tx, &name)?;
            if !users::is_member(tx, row.id, project)? {
                return Err(Failure::missing("User"));
            }
            Ok(load(tx, row)?)
        })
        .await?;
    Ok(indented(&member_view(ams, call, loaded)))
}

fn existing(tx: &mut Tx<'_>, name: &str) -> Result<UserRow, Failure> {
    users::by_name(tx, name)?.ok_or_else(|| Failure::missing("User"))
}

/// `POST /projects/P/members/U`: a new user that belongs to P only.
pub(crate) async fn create(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let sent = UserInput::parse(call.body())?;
    let project = call.project()?;
    let mine = sent.projects.unwrap_or_default().into_iter().find(|entry| entry.project == project.name);
    let entry =
        mine.unwrap_or_else(|| ProjectInput { project: project.name.clone(), roles: Some(Vec::new()) });
    let input = UserInput {
        person: Person { email: sent.person.email, ..Person::default() },
        projects: Some(vec![entry]),
        service_roles: Some(Vec::new()),
        ..UserInput::default()
    };
    let row = new_row(call.param("user"), &input, &ams.new_token()?, call.caller.user);
    let created = ams.change(move |tx| insert(tx, &row, &input)).await?;
    Ok(indented(&User { service_roles: Some(Vec::new()), ..full(ams, created) }))
}

/// `PUT /projects/P/members/U`: other roles in P.
pub(crate) async fn update(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let sent = UserInput::parse(call.body())?;
    let (project, project_name) = (call.project()?.id, call.project()?.name.clone());
    let name = call.param("user").to_owned();
    let loaded = ams
        .change(move |tx| {
            let row = existing(tx, &name)?;
            let entry = sent.projects.iter().flatten().find(|entry| entry.project == project_name);
            let Some(entry) = entry else { return Err(Failure::not_a_member()) };
            if !users::is_member(tx, row.id, project)? {
                return Err(Failure::not_a_member());
            }
            check_roles(entry.roles.as_deref().unwrap_or_default())?;
            users::set_member(tx, row.id, project, entry.roles.as_ref())?;
            changed(tx, &row)
        })
        .await?;
    Ok(indented(&member_view(ams, call, loaded)))
}

/// Stores the time of the change and reads the user again.
fn changed(tx: &mut Tx<'_>, row: &UserRow) -> Result<Loaded, Failure> {
    users::update(tx, row)?;
    let row = existing(tx, &row.name)?;
    Ok(load(tx, row)?)
}

/// `POST /projects/P/members/U:add`.
pub(crate) async fn add(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let read = || Fields::read(call.body(), &["roles"], Tail::Nothing)?.texts("roles");
    let roles = read().map_err(|Wrong| Failure::bad_body())?;
    let (project, name) = (call.project()?.id, call.param("user").to_owned());
    let loaded = ams
        .change(move |tx| {
            let row = existing(tx, &name)?;
            if users::is_member(tx, row.id, project)? {
                return Err(Failure::conflict("User is already a member of the project"));
            }
            check_roles(roles.as_deref().unwrap_or_default())?;
            users::set_member(tx, row.id, project, roles.as_ref())?;
            changed(tx, &row)
        })
        .await?;
    Ok(indented(&member_view(ams, call, loaded)))
}

/// `POST /projects/P/members/U:remove`. ACLs keep the user, as the service does.
pub(crate) async fn remove(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let (project, name) = (call.project()?.id, call.param("user").to_owned());
    ams.change(move |tx| {
        let row = existing(tx, &name)?;
        if !users::remove_member(tx, row.id, project)? {
            return Err(Failure::not_a_member());
        }
        changed(tx, &row).map(drop)
    })
    .await?;
    Ok(braces())
}
