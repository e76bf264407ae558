//! Projects (AMS reference 10.1).

use uuid::Uuid;

use super::super::body::{Fields, Tail, Wrong};
use super::super::error::{Failure, empty, indented};
use super::super::model::{Project, ProjectList};
use super::super::storage::projects;
use super::super::{Ams, Call, names};
use crate::http::Reply;

/// `GET /projects`.
pub(crate) async fn list(ams: &Ams, _call: &Call) -> Result<Reply, Failure> {
    let rows = ams.read(|tx| Ok(projects::all(tx)?)).await?;
    Ok(indented(&ProjectList { projects: rows.into_iter().map(Project::from).collect() }))
}

/// `GET /projects/P`.
pub(crate) async fn show(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let id = call.project()?.id;
    let row =
        ams.read(move |tx| projects::by_id(tx, id)?.ok_or_else(|| Failure::missing("ProjectUUID"))).await?;
    Ok(indented(&Project::from(row)))
}

/// `POST /projects/P`.
pub(crate) async fn create(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let read = || -> Result<String, Wrong> {
        Fields::read(call.body(), &["description"], Tail::Nothing)?.text("description")
    };
    let description = read().map_err(|Wrong| Failure::arguments("Project"))?;
    let (name, by) = (call.param("project").to_owned(), call.caller.user);
    let uuid = Uuid::new_v4().to_string();
    let row = ams
        .change(move |tx| {
            if projects::by_name(tx, &name)?.is_some() {
                return Err(Failure::exists("Project"));
            }
            let id = projects::insert(tx, &uuid, &name, &description, by)?;
            projects::by_id(tx, id)?.ok_or_else(|| Failure::missing("ProjectUUID"))
        })
        .await?;
    Ok(indented(&Project::from(row)))
}

/// `PUT /projects/P`.
pub(crate) async fn update(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let read = || -> Result<(String, String), Wrong> {
        let fields = Fields::read(call.body(), &["name", "description"], Tail::Nothing)?;
        Ok((fields.text("name")?, fields.text("description")?))
    };
    let (name, description) = read().map_err(|Wrong| Failure::bad_body())?;
    if !name.is_empty() && !names::is_valid(&name) {
        return Err(Failure::bad_body());
    }
    let id = call.project()?.id;
    let row = ams
        .change(move |tx| {
            let old = projects::by_id(tx, id)?.ok_or_else(|| Failure::missing("ProjectUUID"))?;
            let name = if name.is_empty() { &old.name } else { &name };
            if *name != old.name && projects::by_name(tx, name)?.is_some() {
                return Err(Failure::invalid("invalid project name change, name already exists"));
            }
            let description = if description.is_empty() { &old.description } else { &description };
            projects::update(tx, id, name, description)?;
            projects::by_id(tx, id)?.ok_or_else(|| Failure::missing("ProjectUUID"))
        })
        .await?;
    Ok(indented(&Project::from(row)))
}

/// `DELETE /projects/P`.
pub(crate) async fn delete(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let id = call.project()?.id;
    ams.change(move |tx| Ok(projects::delete(tx, id)?)).await?;
    ams.pushing.look_again(&ams.time);
    Ok(empty())
}
