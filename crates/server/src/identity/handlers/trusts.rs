//! Trusts: a user lets another use some of its roles.

use pentad_store::Tx;
use serde_json::{Value, json};

use super::super::access::first_trustor;
use super::super::call::{Call, created, find, member, no_content, ok};
use super::super::error::{Answer, Failure};
use super::super::model::{Project, Role, Trust, User, new_id};
use super::super::storage::grants::{self, Target};
use super::super::storage::records::Select;
use super::super::storage::{records, security};
use super::super::valid::{Fields, wrong_type};
use super::super::view;
use crate::http::Reply;

const KNOWN: [&str; 14] = [
    "id",
    "trustor_user_id",
    "trustee_user_id",
    "project_id",
    "impersonation",
    "expires_at",
    "remaining_uses",
    "redelegated_trust_id",
    "redelegation_count",
    "allow_redelegation",
    "roles",
    "roles_links",
    "links",
    "deleted_at",
];

/// Whoever acts with an application credential has no part in trusts.
fn own_token(call: &Call) -> Answer<()> {
    if call.caller()?.payload.application_credential.is_some() {
        let text = "Using method 'application_credential' is not allowed for managing trusts.";
        return Err(Failure::forbidden_action(text));
    }
    Ok(())
}

/// The trust of the path; unlike elsewhere one that is not there is 404 for everybody.
fn live(call: &Call, tx: &mut Tx<'_>) -> Answer<Trust> {
    let trust: Trust = find(tx, call.param("trust"))?;
    let over = trust.expires_at.is_some_and(|end| end <= tx.now().as_microsecond());
    if over || trust.remaining_uses == Some(0) {
        return Err(Failure::missing("trust", &trust.id));
    }
    Ok(trust)
}

fn roles(tx: &mut Tx<'_>, trust: &Trust) -> Answer<Vec<Role>> {
    let mut all = Vec::new();
    for id in &trust.roles {
        all.extend(records::get::<Role>(tx, id)?);
    }
    Ok(all)
}

/// `GET /v3/OS-TRUST/trusts`.
pub(crate) fn list(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let caller = call.caller()?;
    let (trustor, trustee) = (call.query("trustor_user_id"), call.query("trustee_user_id"));
    let (action, mine) = match (trustor, trustee) {
        (Some(user), _) => ("list_trusts_for_trustor", caller.is_user(user)),
        (None, Some(user)) => ("list_trusts_for_trustee", caller.is_user(user)),
        (None, None) => ("list_trusts", false),
    };
    caller.enforce(action, mine || caller.reads_system())?;
    own_token(call)?;
    let now = tx.now().as_microsecond();
    let wanted = |trust: &Trust| {
        trustor.is_none_or(|user| trust.trustor_user_id == user)
            && trustee.is_none_or(|user| trust.trustee_user_id == user)
            && trust.expires_at.is_none_or(|end| end > now)
    };
    let select = Select { owner: trustor, ..Select::default() };
    let view = |trust: &Trust| Ok(wanted(trust).then(|| view::trust(call, trust, None)));
    call.listing(tx, ("trusts", &[]), select, view)
}

/// The trust of the path, for its two users and those who read the system.
fn readable(call: &Call, tx: &mut Tx<'_>, action: &str) -> Answer<Trust> {
    let trust = live(call, tx)?;
    let caller = call.caller()?;
    let mine = caller.is_user(&trust.trustor_user_id) || caller.is_user(&trust.trustee_user_id);
    caller.enforce(action, mine || caller.reads_system())?;
    own_token(call)?;
    Ok(trust)
}

/// `GET /v3/OS-TRUST/trusts/{trust}`.
pub(crate) fn show(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let trust = readable(call, tx, "get_trust")?;
    let roles = roles(tx, &trust)?;
    Ok(ok(&member("trust", view::trust(call, &trust, Some(&roles)))))
}

/// `GET /v3/OS-TRUST/trusts/{trust}/roles`.
pub(crate) fn list_roles(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let trust = readable(call, tx, "list_roles_for_trust")?;
    let all: Vec<Value> = roles(tx, &trust)?.iter().map(|role| view::role(call, role)).collect();
    call.collection("roles", all, &[])
}

/// `GET /v3/OS-TRUST/trusts/{trust}/roles/{role}`.
pub(crate) fn show_role(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let trust = readable(call, tx, "get_role_for_trust")?;
    let id = call.param("role");
    if !trust.roles.iter().any(|own| own == id) {
        return Err(Failure::missing("role", id));
    }
    let role: Role = find(tx, id)?;
    Ok(ok(&json!({"role": view::role(call, &role)})))
}

/// `DELETE /v3/OS-TRUST/trusts/{trust}`: with those that were made of it.
pub(crate) fn delete(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let trust: Trust = find(tx, call.param("trust"))?;
    let caller = call.caller()?;
    caller.enforce("delete_trust", caller.is_user(&trust.trustor_user_id))?;
    own_token(call)?;
    let all = records::all::<Trust>(tx)?;
    let mut gone = vec![trust.id];
    let mut next = 0;
    while let Some(id) = gone.get(next).cloned() {
        let of = |trust: &&Trust| trust.redelegated_trust_id.as_ref() == Some(&id);
        gone.extend(all.iter().filter(of).map(|trust| trust.id.clone()));
        records::delete::<Trust>(tx, &id)?;
        next += 1;
    }
    Ok(no_content())
}

/// The roles that are asked for, by id.
fn wanted_roles(fields: &Fields<'_>, tx: &mut Tx<'_>) -> Answer<Vec<String>> {
    let mut ids = Vec::new();
    for role in fields.list("roles")?.into_iter().flatten() {
        let text = |name: &str| role.get(name).and_then(Value::as_str);
        ids.push(match (text("id"), text("name")) {
            (Some(id), _) => id.to_owned(),
            (None, Some(name)) => {
                let found = records::by_name::<Role>(tx, "", name)?;
                found.ok_or_else(|| Failure::missing("role", name))?.id
            }
            (None, None) => return Err(wrong_type("roles", role, "object")),
        });
    }
    Ok(ids)
}

/// `POST /v3/OS-TRUST/trusts`.
pub(crate) fn create(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let fields = Fields::of(&call.body, "trust")?;
    let caller = call.caller()?;
    let trustor_user_id = fields.need_name("trustor_user_id")?;
    if !caller.is_user(&trustor_user_id) {
        return Err(Failure::forbidden_action("identity:create_trust"));
    }
    own_token(call)?;
    let trustee_user_id = fields.need_name("trustee_user_id")?;
    fields.need("impersonation")?;
    let project_id = fields.text("project_id")?;
    let roles = wanted_roles(&fields, tx)?;
    if project_id.is_some() && roles.is_empty() {
        return Err(Failure::forbidden_action("At least one role should be specified"));
    }
    find::<User>(tx, &trustee_user_id)?;
    let expires_at = fields.moment("expires_at")?;
    if expires_at.is_some_and(|end| end <= tx.now().as_microsecond()) {
        return Err(Failure::malformed("The 'expires_at' must not be before now."));
    }
    let mut trust = Trust {
        id: new_id(),
        trustor_user_id,
        trustee_user_id,
        project_id,
        impersonation: fields.flag("impersonation")?.unwrap_or_default(),
        expires_at,
        remaining_uses: fields.count("remaining_uses")?,
        roles,
        extra: fields.rest(&KNOWN),
        ..Trust::default()
    };
    check_trustor(call, tx, &trust)?;
    redelegation(call, tx, &fields, &mut trust)?;
    security::add_trust(tx, &trust)?;
    let roles = self::roles(tx, &trust)?;
    Ok(created(&member("trust", view::trust(call, &trust, Some(&roles)))))
}

/// Nobody gives away roles that they (or, along a chain, the first of it) do not have.
fn check_trustor(call: &Call, tx: &mut Tx<'_>, trust: &Trust) -> Answer<()> {
    let Some(project) = &trust.project_id else {
        return match trust.roles.first() {
            Some(role) => Err(Failure::missing("role", role)),
            None => Ok(()),
        };
    };
    find::<Project>(tx, project)?;
    let holder = match &call.caller()?.trust {
        Some(source) => first_trustor(tx, source)?,
        None => trust.trustor_user_id.clone(),
    };
    let has = grants::roles(tx, &holder, Target::Project, project)?;
    match trust.roles.iter().find(|id| !has.iter().any(|role| role.id == **id)) {
        Some(role) => Err(Failure::missing("role", role)),
        None => Ok(()),
    }
}

/// How deep the trust may be handed on, and of which trust it is made.
fn redelegation(call: &Call, tx: &mut Tx<'_>, fields: &Fields<'_>, trust: &mut Trust) -> Answer<()> {
    let most = call.core.settings().max_redelegation_count;
    let asked = fields.count("redelegation_count")?;
    let allowed = fields.flag("allow_redelegation")?.unwrap_or_default() && asked != Some(0);
    if !allowed {
        trust.redelegation_count = 0;
        if trust.remaining_uses == Some(0) {
            return Err(Failure::invalid("remaining_uses must be a positive integer or null."));
        }
    } else {
        if let Some(asked) = asked.filter(|asked| *asked > most) {
            return Err(Failure::forbidden_because(format!(
                "Requested redelegation depth of {asked} is greater than allowed {most}"
            )));
        }
        if trust.remaining_uses.is_some() {
            let text = "remaining_uses must not be set if redelegation is allowed";
            return Err(Failure::invalid(text));
        }
        trust.redelegation_count = asked.unwrap_or(most);
    }
    let Some(source) = &call.caller()?.payload.trust else { return Ok(()) };
    let source: Trust = find(tx, source)?;
    let refused = |text: &str| Err(Failure::forbidden_because(text.to_owned()));
    if source.redelegation_count == 0 {
        return refused(&format!("Remaining redelegation depth of 0 out of allowed range of [0..{most}]"));
    }
    if trust.remaining_uses.is_some() {
        let uses = trust.remaining_uses.unwrap_or_default();
        let text = format!(
            "Field \"remaining_uses\" is set to {uses} while it must not be set in order to redelegate a trust"
        );
        return refused(&text);
    }
    // The original does not look at this; what was lent for one project is lent for no other.
    if trust.project_id != source.project_id {
        return refused("The project of a redelegated trust must be that of the trust that it is made of");
    }
    match (source.expires_at, trust.expires_at) {
        (Some(last), Some(end)) if end > last => {
            return refused("Requested expiration time is more than redelegated trust can provide");
        }
        (last, None) => trust.expires_at = last,
        _ => {}
    }
    if trust.roles.iter().any(|role| !source.roles.contains(role)) {
        return refused("Some of requested roles are not in redelegated trust");
    }
    if trust.impersonation && !source.impersonation {
        return refused(&format!(
            "Impersonation is not allowed because redelegated trust does not specify impersonation. Redelegated \
             trust id: {}",
            source.id
        ));
    }
    if allowed {
        trust.redelegation_count = source.redelegation_count - 1;
    }
    trust.redelegated_trust_id = Some(source.id);
    Ok(())
}
