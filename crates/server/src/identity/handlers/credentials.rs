//! Credentials: TOTP secrets and what other services keep here. Their content is sealed.

use pentad_store::Tx;
use serde_json::Value;

use super::super::auth::methods::{open_blob, seal_blob};
use super::super::call::{Call, created, find, member, no_content, ok};
use super::super::error::{Answer, Failure};
use super::super::model::{Credential, User, new_id};
use super::super::storage::records::{self, Select};
use super::super::valid::Fields;
use super::super::view;
use super::users::merge;
use crate::http::Reply;

const KNOWN: [&str; 6] = ["id", "user_id", "project_id", "type", "blob", "links"];
/// Longest content.
const LONGEST: usize = 65_536;

/// The credential of the path, if the caller may do this with it.
fn admitted(call: &Call, tx: &mut Tx<'_>, action: &str, reading: bool) -> Answer<Credential> {
    let (caller, id) = (call.caller()?, call.param("credential"));
    let known: Option<Credential> = records::get(tx, id)?;
    let mine = known.as_ref().is_some_and(|credential| caller.is_user(&credential.user_id));
    caller.enforce(action, mine || (reading && caller.reads_system()))?;
    primary(call)?;
    known.ok_or_else(|| Failure::missing("credential", id))
}

/// Whoever acts by another's leave does not get at credentials.
pub(super) fn primary(call: &Call) -> Answer<()> {
    if call.caller()?.is_delegated() {
        let text = "Delegated tokens cannot access credentials directly";
        return Err(Failure::forbidden_action(text));
    }
    Ok(())
}

fn shown(call: &Call, credential: &Credential) -> Answer<Value> {
    let blob = open_blob(&call.core.engine, credential).ok_or_else(Failure::internal)?;
    Ok(view::credential(call, credential, &blob))
}

/// `GET /v3/credentials`: for most callers their own.
pub(crate) fn list(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let caller = call.caller()?;
    primary(call)?;
    let all_users = caller.is_admin() || caller.reads_system();
    let owner = if all_users { call.query("user_id") } else { Some(caller.user.id.as_str()) };
    let select = Select { owner, ..Select::default() };
    call.listing(tx, ("credentials", &["user_id", "type"]), select, |one| shown(call, one).map(Some))
}

/// `GET /v3/credentials/{credential}`.
pub(crate) fn show(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let credential = admitted(call, tx, "get_credential", true)?;
    Ok(ok(&member("credential", shown(call, &credential)?)))
}

fn blob_of(fields: &Fields<'_>) -> Answer<Option<String>> {
    let Some(blob) = fields.text("blob")? else { return Ok(None) };
    if blob.len() > LONGEST {
        return Err(Failure::invalid("Invalid input for field/attribute blob. It is too long"));
    }
    Ok(Some(blob))
}

/// `POST /v3/credentials`.
pub(crate) fn create(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let fields = Fields::of(&call.body, "credential")?;
    let caller = call.caller()?;
    let user_id = fields.text("user_id")?.unwrap_or_else(|| caller.user.id.clone());
    caller.enforce("create_credential", caller.is_user(&user_id))?;
    primary(call)?;
    let kind = fields.need_name("type")?;
    fields.need("blob")?;
    let blob = blob_of(&fields)?.unwrap_or_default();
    let project_id = fields.text("project_id")?;
    if kind == "ec2" && project_id.is_none() {
        return Err(Failure::expecting("project_id", "credential"));
    }
    find::<User>(tx, &user_id)?;
    let id = match (kind.as_str(), access_key(&blob)) {
        ("ec2", Some(key)) => hex(&call.core.engine.vault().digest(key.as_bytes())),
        ("ec2", None) => return Err(Failure::expecting("valid JSON", "credential blob")),
        _ => new_id(),
    };
    let blob = seal_blob(&call.core.engine, &blob)?;
    let credential = Credential { id, user_id, project_id, kind, blob, extra: fields.rest(&KNOWN) };
    if !records::insert(tx, &credential)? {
        return Err(Failure::conflict(
            "credential",
            &format!("Duplicate entry found with ID {}", credential.id),
        ));
    }
    Ok(created(&member("credential", shown(call, &credential)?)))
}

/// The access key of an EC2 credential, whose digest is its id.
fn access_key(blob: &str) -> Option<String> {
    let blob: Value = serde_json::from_str(blob).ok()?;
    blob.get("access")?.as_str().map(str::to_owned)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `PATCH /v3/credentials/{credential}`.
pub(crate) fn update(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let mut credential = admitted(call, tx, "update_credential", false)?;
    let fields = Fields::of(&call.body, "credential")?;
    fields.same_id(&credential.id)?;
    let caller = call.caller()?;
    if let Some(user) = fields.text("user_id")? {
        // Nobody hands a credential of theirs to somebody else.
        caller.enforce("update_credential", caller.is_user(&user))?;
        credential.user_id = user;
    }
    if let Some(project) = fields.nullable("project_id")? {
        credential.project_id = project;
    }
    if let Some(kind) = fields.name("type")? {
        credential.kind = kind;
    }
    if let Some(blob) = blob_of(&fields)? {
        credential.blob = seal_blob(&call.core.engine, &blob)?;
    }
    merge(&mut credential.extra, &fields.rest(&KNOWN));
    records::update(tx, &credential)?;
    Ok(ok(&member("credential", shown(call, &credential)?)))
}

/// `DELETE /v3/credentials/{credential}`.
pub(crate) fn delete(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let credential = admitted(call, tx, "delete_credential", false)?;
    records::delete::<Credential>(tx, &credential.id)?;
    Ok(no_content())
}
