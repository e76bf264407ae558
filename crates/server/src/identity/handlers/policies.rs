//! Documents of rules that are kept here for other services.

use pentad_store::Tx;

use super::super::call::{Call, created, find, member, no_content, ok};
use super::super::error::{Answer, Failure};
use super::super::model::{Policy, new_id};
use super::super::storage::records::{self, Select};
use super::super::valid::Fields;
use super::super::view;
use super::users::merge;
use crate::http::Reply;

const KNOWN: [&str; 4] = ["id", "type", "blob", "links"];
/// Longest document.
const LONGEST: usize = 65_536;

fn reads(call: &Call, action: &str) -> Answer<()> {
    call.caller()?.enforce(action, call.caller()?.reads_system())
}

fn blob(fields: &Fields<'_>) -> Answer<Option<String>> {
    let blob = fields.text("blob")?;
    if blob.as_ref().is_some_and(|blob| blob.len() > LONGEST) {
        return Err(Failure::invalid("Invalid input for field/attribute blob. It is too long"));
    }
    Ok(blob)
}

/// `GET /v3/policies`.
pub(crate) fn list(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    reads(call, "list_policies")?;
    let view = |policy: &Policy| Ok(Some(view::policy(call, policy)));
    call.listing(tx, ("policies", &["type"]), Select::default(), view)
}

/// `GET /v3/policies/{policy}`.
pub(crate) fn show(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    reads(call, "get_policy")?;
    let policy: Policy = find(tx, call.param("policy"))?;
    Ok(ok(&member("policy", view::policy(call, &policy))))
}

/// `POST /v3/policies`.
pub(crate) fn create(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    call.caller()?.enforce("create_policy", false)?;
    let fields = Fields::of(&call.body, "policy")?;
    fields.need("blob")?;
    let policy = Policy {
        id: new_id(),
        media_type: fields.need_name("type")?,
        blob: blob(&fields)?.unwrap_or_default(),
        extra: fields.rest(&KNOWN),
    };
    records::insert(tx, &policy)?;
    Ok(created(&member("policy", view::policy(call, &policy))))
}

/// `PATCH /v3/policies/{policy}`.
pub(crate) fn update(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    call.caller()?.enforce("update_policy", false)?;
    let fields = Fields::of(&call.body, "policy")?;
    let mut policy: Policy = find(tx, call.param("policy"))?;
    fields.same_id(&policy.id)?;
    if let Some(kind) = fields.name("type")? {
        policy.media_type = kind;
    }
    if let Some(blob) = blob(&fields)? {
        policy.blob = blob;
    }
    merge(&mut policy.extra, &fields.rest(&KNOWN));
    records::update(tx, &policy)?;
    Ok(ok(&member("policy", view::policy(call, &policy))))
}

/// `DELETE /v3/policies/{policy}`.
pub(crate) fn delete(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    call.caller()?.enforce("delete_policy", false)?;
    let policy: Policy = find(tx, call.param("policy"))?;
    records::delete::<Policy>(tx, &policy.id)?;
    Ok(no_content())
}
