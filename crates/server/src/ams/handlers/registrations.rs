//! Registrations (AMS reference 14.4).

use pentad_store::Tx;
use serde::Serialize;
use uuid::Uuid;

use super::super::body::{Fields, Tail, Wrong};
use super::super::error::{Failure, braces, empty, indented};
use super::super::model::Registration;
use super::super::storage::registrations::{self, RegistrationRow};
use super::super::storage::users as user_rows;
use super::super::{Ams, Call, auth, names};
use super::user_view::{UserInput, full};
use super::users::{insert, new_row};
use crate::http::Reply;

#[derive(Debug, Serialize)]
struct RegistrationList {
    user_registrations: Vec<Registration>,
}

const MISSING: &str = "User registration";
const PENDING: &str = "pending";

fn shown(ams: &Ams, row: RegistrationRow) -> Registration {
    Registration {
        uuid: row.uuid,
        name: row.name,
        first_name: row.person.first_name,
        last_name: row.person.last_name,
        organization: row.person.organization,
        description: row.person.description,
        email: row.person.email,
        status: row.status,
        decline_comment: row.decline_comment,
        activation_token: row.activation.map(|sealed| ams.unseal(&sealed)).unwrap_or_default(),
        registered_at: names::seconds(row.registered_at),
        modified_by: row.modified_by,
        modified_at: if row.modified_at == 0 { String::new() } else { names::seconds(row.modified_at) },
    }
}

fn existing(tx: &mut Tx<'_>, uuid: &str) -> Result<RegistrationRow, Failure> {
    registrations::find(tx, uuid)?.ok_or_else(|| Failure::missing(MISSING))
}

fn pending(tx: &mut Tx<'_>, uuid: &str) -> Result<RegistrationRow, Failure> {
    let row = existing(tx, uuid)?;
    if row.status == PENDING { Ok(row) } else { Err(Failure::missing(MISSING)) }
}

/// `POST /registrations`.
pub(crate) async fn create(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let input = UserInput::parse(call.body())?;
    if !names::is_valid(&input.name) {
        return Err(Failure::arguments("User"));
    }
    let token = ams.new_token()?;
    let row = RegistrationRow {
        uuid: Uuid::new_v4().to_string(),
        name: input.name,
        person: input.person,
        activation_digest: token.digest,
        activation: Some(token.sealed),
        ..RegistrationRow::default()
    };
    let stored = ams
        .store
        .write(move |tx| -> Result<_, Failure> {
            if user_rows::by_name(tx, &row.name)?.is_some() {
                return Err(Failure::exists("User"));
            }
            registrations::insert(tx, &row)?;
            existing(tx, &row.uuid)
        })
        .await?;
    Ok(indented(&shown(ams, stored)))
}

/// `GET /registrations` with its filters.
pub(crate) async fn list(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let rows = ams.read(|tx| Ok(registrations::all(tx)?)).await?;
    let activation = call.query("activation_token").filter(|token| !token.is_empty());
    let digest = activation.map(|token| auth::hex(&ams.engine.vault().digest(token.as_bytes())));
    let fits =
        |name: &str, value: &str| call.query(name).is_none_or(|wanted| wanted.is_empty() || wanted == value);
    let kept = rows.into_iter().filter(|row| {
        fits("status", &row.status)
            && fits("name", &row.name)
            && fits("email", &row.person.email)
            && fits("organization", &row.person.organization)
            && digest.as_ref().is_none_or(|digest| *digest == row.activation_digest)
    });
    Ok(indented(&RegistrationList { user_registrations: kept.map(|row| shown(ams, row)).collect() }))
}

/// `GET /registrations/{uuid}`.
pub(crate) async fn show(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let uuid = call.param("uuid").to_owned();
    let row = ams.read(move |tx| existing(tx, &uuid)).await?;
    Ok(indented(&shown(ams, row)))
}

/// `POST /registrations/{uuid}:accept`: creates the user.
pub(crate) async fn accept(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let uuid = call.param("uuid").to_owned();
    let token = ams.new_token()?;
    let (by, by_name) = (call.caller.user, call.caller.name.clone());
    let created = ams
        .change(move |tx| {
            let row = pending(tx, &uuid)?;
            let input = UserInput {
                person: row.person.clone(),
                service_roles: Some(Vec::new()),
                ..UserInput::default()
            };
            let user = insert(tx, &new_row(&row.name, &input, &token, by), &input)?;
            registrations::close(tx, row.id, "accepted", "", &by_name)?;
            Ok(user)
        })
        .await?;
    Ok(indented(&full(ams, created)))
}

/// `POST /registrations/{uuid}:decline`. A body is mandatory.
pub(crate) async fn decline(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let read = || Fields::read(call.body(), &["comment"], Tail::Anything)?.text("comment");
    let comment = read().map_err(|Wrong| Failure::bad_body())?;
    let (uuid, by) = (call.param("uuid").to_owned(), call.caller.name.clone());
    ams.store
        .write(move |tx| -> Result<(), Failure> {
            let row = pending(tx, &uuid)?;
            Ok(registrations::close(tx, row.id, "declined", &comment, &by)?)
        })
        .await?;
    Ok(braces())
}

/// `DELETE /registrations/{uuid}`.
pub(crate) async fn delete(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let uuid = call.param("uuid").to_owned();
    ams.store
        .write(move |tx| -> Result<(), Failure> {
            let row = existing(tx, &uuid)?;
            Ok(registrations::delete(tx, row.id)?)
        })
        .await?;
    Ok(empty())
}
