//! The root user (OpenStack reference C12).

use futures_util::future::BoxFuture;
use http::StatusCode;
use pentad_store::Tx;
use serde_json::{Value, json};

use super::super::Trove;
use super::super::call::{Call, Done};
use super::super::error::{Answer, Failure};
use super::super::find;
use super::super::guest::{self, Change, Inside};
use super::super::model::{Cluster, Contents, Instance, Root};
use super::super::names;
use super::super::storage::{now, records};

/// `GET /instances/{id}/root`
pub(crate) fn show(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let id = call.param("id");
    if let Some(failure) = not_an_instance(tx, call, "show_root")? {
        return Err(failure);
    }
    let inside = guest::inside(tx, call, id)?;
    Ok(Done::ok(json!({"rootEnabled": inside.instance.has_root()})))
}

/// What is wrong with an id that no instance has: a cluster has root users of its own kind.
fn not_an_instance(tx: &mut Tx<'_>, call: &Call, operation: &str) -> Answer<Option<Failure>> {
    let id = call.param("id");
    let own = |tenant: &str| tenant == call.caller.project;
    if records::get::<Instance>(tx, id)?.is_some_and(|instance| own(&instance.tenant)) {
        return Ok(None);
    }
    let cluster: Option<Cluster> = records::get(tx, id)?;
    if cluster.is_some_and(|cluster| own(&cluster.tenant)) {
        let text = format!("The '{operation}' operation is not supported for cluster.");
        return Ok(Some(Failure::bad(text)));
    }
    Ok(Some(Failure::not_found("DBCluster Not Found")))
}

/// `POST /instances/{id}/root`, with a password of the caller's or a new one
pub(crate) fn enable<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        check_instance(trove, call, "enable_root").await?;
        let password = password(call);
        let change = Change::EnableRoot { user: call.caller.user.clone(), password: password.clone() };
        let (inside, _) = trove.look(call).await?;
        let decide = move |_: &Inside, _: &Contents| Ok(vec![change.clone()]);
        trove.amend(call, decide).await?;
        Ok(created(&inside.manager, &password))
    })
}

async fn check_instance(trove: &Trove, call: &Call, operation: &'static str) -> Answer<()> {
    let asked = call.clone();
    let failure = trove.read(move |tx| not_an_instance(tx, &asked, operation)).await?;
    failure.map_or(Ok(()), Err)
}

fn password(call: &Call) -> String {
    let given = call.body.as_ref().and_then(|body| body.get("password")).and_then(Value::as_str);
    given.filter(|text| !text.is_empty()).map_or_else(names::password, str::to_owned)
}

fn created(manager: &str, password: &str) -> Done {
    Done::ok(json!({"user": {"name": names::root_user(manager), "password": password}}))
}

/// `DELETE /instances/{id}/root`
pub(crate) fn disable<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        check_instance(trove, call, "disable_root").await?;
        let decide = |inside: &Inside, _: &Contents| {
            if !inside.instance.has_root() {
                return Err(Failure::not_found("Root user has never been enabled on the instance."));
            }
            Ok(vec![Change::DisableRoot])
        };
        trove.amend(call, decide).await?;
        Ok(Done::nothing())
    })
}

/// The members of a cluster, of which there is one.
fn members(tx: &mut Tx<'_>, call: &Call) -> Answer<(Cluster, Vec<Instance>)> {
    let cluster = find::cluster(tx, call, call.param("id"))?;
    let members: Vec<Instance> = records::owned(tx, &cluster.id)?;
    if members.iter().any(|member| !member.health.is_running()) {
        return Err(Failure::unprocessable(format!("Cluster {} is not ready.", cluster.id)));
    }
    Ok((cluster, members))
}

/// `GET /clusters/{id}/root`
pub(crate) fn show_cluster(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let (_, members) = members(tx, call)?;
    let is_enabled = members.first().is_some_and(Instance::has_root);
    Ok(Done::ok(json!({"rootEnabled": is_enabled})))
}

/// `POST /clusters/{id}/root`
pub(crate) fn enable_cluster(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let (_, members) = members(tx, call)?;
    let at = now(tx);
    for mut member in members {
        member.root = Some(Root { enabled_at: at, user: call.caller.user.clone(), is_enabled: true });
        records::put(tx, &member)?;
    }
    Ok(created("", &password(call)))
}

/// `GET /mgmt/instances/{id}/root`
pub(crate) fn history(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let id = call.param("id");
    let instance = find::instance(tx, call, id).map_err(|failure| Failure::Text {
        status: StatusCode::NOT_FOUND,
        message: failure.message().to_owned(),
    })?;
    let row = match &instance.root {
        Some(root) => {
            let enabled = super::super::model::time_text(root.enabled_at);
            json!({"id": id, "enabled": enabled, "user": root.user})
        }
        None => json!({"id": id, "enabled": "Never", "user": "Nobody"}),
    };
    Ok(Done::ok(json!({"root_history": row})))
}
