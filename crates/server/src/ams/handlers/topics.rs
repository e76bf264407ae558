//! Topics (AMS reference 11).

use std::collections::HashMap;

use pentad_store::Tx;

use super::super::body::{Fields, Tail, Wrong};
use super::super::error::{Failure, compact, empty, indented};
use super::super::model::{SubscriptionNames, Topic, TopicPage};
use super::super::roles::{PA, PUB, RoleSet, SA};
use super::super::storage::topics::TopicRow;
use super::super::storage::{schemas, subscriptions, topics};
use super::super::{Ams, Call, names};
use super::users::page_of;
use crate::http::Reply;

/// The topic, or 404.
pub(crate) fn existing(tx: &mut Tx<'_>, project: i64, name: &str) -> Result<TopicRow, Failure> {
    topics::find(tx, project, name)?.ok_or_else(|| Failure::missing("Topic"))
}

/// The caller's id if lists show it only what it is listed for: it has `role` and no administrative one (3.2).
pub(crate) fn list_filter(call: &Call, role: RoleSet) -> Option<i64> {
    let roles = call.caller.roles;
    let limited = roles.meets(role) && !roles.passes(PA.or(SA));
    call.caller.user.filter(|_| limited)
}

/// `GET /projects/P/topics`.
pub(crate) async fn list(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let page = page_of(call)?;
    let (project, user) = (call.project()?, list_filter(call, PUB));
    let id = project.id;
    let (rows, next, total) = ams
        .read(move |tx| {
            let mut rows = topics::page(tx, id, user, page)?;
            let next = page.cut(&mut rows, |row| row.id);
            Ok((rows, next, topics::count(tx, id, user)?))
        })
        .await?;
    let topics = rows.iter().map(|row| Topic::new(&project.name, row)).collect();
    Ok(indented(&TopicPage { topics, next_page_token: next, total_size: total }))
}

/// `GET /projects/P/topics/T`.
pub(crate) async fn show(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let (project, name) = (call.project()?, call.param("topic").to_owned());
    let id = project.id;
    let row = ams.read(move |tx| existing(tx, id, &name)).await?;
    Ok(indented(&Topic::new(&project.name, &row)))
}

/// Id of the schema that a reference names; 400 for a malformed one, 404 for an unknown one.
fn schema_id(tx: &mut Tx<'_>, call_project: (i64, &str), reference: &str) -> Result<i64, Failure> {
    let (_, schema) = names::schema_reference(reference)
        .filter(|(project, _)| *project == call_project.1)
        .ok_or_else(|| Failure::invalid("wrong schema name declaration"))?;
    Ok(schemas::find(tx, call_project.0, schema)?.ok_or_else(|| Failure::missing("Schema"))?.id)
}

/// The `schema` of a body of texts only; an empty body has none.
fn schema_of(body: &[u8]) -> Result<Option<String>, Failure> {
    if body.is_empty() {
        return Ok(None);
    }
    let texts: Option<HashMap<String, Option<String>>> =
        serde_json::from_slice(body).map_err(|_| Failure::bad_body())?;
    let mut texts = texts.unwrap_or_default();
    Ok(texts.remove("schema").flatten().filter(|reference| !reference.is_empty()))
}

/// `PUT /projects/P/topics/T`.
pub(crate) async fn create(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let schema = schema_of(call.body())?;
    let (project, name) = (call.project()?.clone(), call.param("topic").to_owned());
    let shown = project.name.clone();
    let row = ams
        .change(move |tx| {
            let schema = match &schema {
                None => None,
                Some(reference) => Some(schema_id(tx, (project.id, &project.name), reference)?),
            };
            if topics::find(tx, project.id, &name)?.is_some() {
                return Err(Failure::exists("Topic"));
            }
            topics::insert(tx, project.id, &name, schema)?;
            existing(tx, project.id, &name)
        })
        .await?;
    Ok(indented(&Topic::new(&shown, &row)))
}

/// `DELETE /projects/P/topics/T`.
pub(crate) async fn delete(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let (project, name) = (call.project()?.id, call.param("topic").to_owned());
    ams.change(move |tx| {
        let row = existing(tx, project, &name)?;
        Ok(topics::delete(tx, row.id)?)
    })
    .await?;
    Ok(empty())
}

/// `POST …:attachSchema`; without a schema it detaches.
pub(crate) async fn attach_schema(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let reference = if call.body().is_empty() {
        None
    } else {
        let read = || Fields::read(call.body(), &["schema"], Tail::Nothing)?.text("schema");
        Some(read().map_err(|Wrong| Failure::bad_body())?).filter(|reference| !reference.is_empty())
    };
    set_schema(ams, call, reference).await
}

/// `POST …:detachSchema`.
pub(crate) async fn detach_schema(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    set_schema(ams, call, None).await
}

async fn set_schema(ams: &Ams, call: &Call, reference: Option<String>) -> Result<Reply, Failure> {
    let (project, name) = (call.project()?.clone(), call.param("topic").to_owned());
    ams.change(move |tx| {
        let topic = existing(tx, project.id, &name)?;
        let schema = match &reference {
            None => None,
            Some(reference) => Some(schema_id(tx, (project.id, &project.name), reference)?),
        };
        Ok(topics::set_schema(tx, topic.id, schema)?)
    })
    .await?;
    Ok(empty())
}

/// `GET …/topics/T/subscriptions`.
pub(crate) async fn subscriptions(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let (project, name) = (call.project()?, call.param("topic").to_owned());
    let id = project.id;
    let found = ams
        .read(move |tx| {
            existing(tx, id, &name)?;
            Ok(subscriptions::names_of_topic(tx, id, &name)?)
        })
        .await?;
    let subscriptions = found.iter().map(|name| names::subscription(&project.name, name)).collect();
    Ok(compact(&SubscriptionNames { subscriptions }))
}
