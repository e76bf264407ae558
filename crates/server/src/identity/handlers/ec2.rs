//! EC2 credentials: credentials of the type `ec2`, by their access key.

use pentad_store::Tx;
use serde_json::{Value, json};

use super::super::access::Access;
use super::super::auth::methods::{open_blob, seal_blob};
use super::super::call::{Call, created, find, member, no_content, ok};
use super::super::error::{Answer, Failure};
use super::super::model::{Credential, Project, User, new_id};
use super::super::storage::grants::{self, Target};
use super::super::storage::records;
use super::super::valid::Fields;
use super::credentials::{hex, primary};
use crate::http::Reply;

const KIND: &str = "ec2";

fn id_of(call: &Call, access: &str) -> String {
    hex(&call.core.engine.vault().digest(access.as_bytes()))
}

fn shown(call: &Call, credential: &Credential) -> Answer<Value> {
    let blob = open_blob(&call.core.engine, credential).ok_or_else(Failure::internal)?;
    let blob: Value = serde_json::from_str(&blob).map_err(|_| Failure::internal())?;
    let access = blob["access"].as_str().unwrap_or_default();
    let own = call.url(&format!("/users/{}/credentials/OS-EC2/{access}", credential.user_id));
    Ok(json!({
        "user_id": credential.user_id, "tenant_id": credential.project_id, "access": access,
        "secret": blob["secret"], "trust_id": blob["trust_id"], "links": {"self": own},
    }))
}

/// The user of the path, if the caller may do this.
fn user(call: &Call, tx: &mut Tx<'_>, action: &str, reading: bool) -> Answer<User> {
    let (caller, id) = (call.caller()?, call.param("user"));
    caller.enforce(action, caller.is_user(id) || (reading && caller.reads_system()))?;
    primary(call)?;
    find(tx, id)
}

/// The credential of the path.
fn credential(call: &Call, tx: &mut Tx<'_>, user: &User) -> Answer<Credential> {
    let id = id_of(call, call.param("access"));
    let known: Option<Credential> = records::get(tx, &id)?;
    known
        .filter(|credential| credential.kind == KIND && credential.user_id == user.id)
        .ok_or_else(|| Failure::missing("credential", &id))
}

/// `GET /v3/users/{user}/credentials/OS-EC2`.
pub(crate) fn list(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let user = user(call, tx, "ec2_list_credentials", true)?;
    let mut all = Vec::new();
    for credential in records::owned::<Credential>(tx, &user.id)? {
        if credential.kind == KIND {
            all.push(shown(call, &credential)?);
        }
    }
    call.collection("credentials", all, &[])
}

/// `GET /v3/users/{user}/credentials/OS-EC2/{access}`.
pub(crate) fn show(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let user = user(call, tx, "ec2_get_credential", true)?;
    let credential = credential(call, tx, &user)?;
    Ok(ok(&member("credential", shown(call, &credential)?)))
}

/// Refuses a project in which the user has no role.
fn works_in(tx: &mut Tx<'_>, caller: &Access, user: &User, project: &Project) -> Answer<()> {
    let own = caller.is_admin() || !grants::roles(tx, &user.id, Target::Project, &project.id)?.is_empty();
    if own { Ok(()) } else { Err(Failure::unauthorized()) }
}

/// `POST /v3/users/{user}/credentials/OS-EC2`.
pub(crate) fn create(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let user = user(call, tx, "ec2_create_credential", false)?;
    let project = Fields::over(&call.body, "credential").text("tenant_id")?;
    let project: Project = find(tx, project.as_deref().unwrap_or("None"))?;
    works_in(tx, call.caller()?, &user, &project)?;
    let access = new_id();
    let blob = json!({"access": access, "secret": new_id(), "trust_id": null}).to_string();
    let credential = Credential {
        id: id_of(call, &access),
        user_id: user.id,
        project_id: Some(project.id),
        kind: KIND.to_owned(),
        blob: seal_blob(&call.core.engine, &blob)?,
        extra: serde_json::Map::new(),
    };
    records::insert(tx, &credential)?;
    Ok(created(&member("credential", shown(call, &credential)?)))
}

/// `DELETE /v3/users/{user}/credentials/OS-EC2/{access}`.
pub(crate) fn delete(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let user = user(call, tx, "ec2_delete_credential", false)?;
    let credential = credential(call, tx, &user)?;
    records::delete::<Credential>(tx, &credential.id)?;
    Ok(no_content())
}
