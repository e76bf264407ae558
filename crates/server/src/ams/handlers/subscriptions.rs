//! Subscriptions (AMS reference 12.1 to 12.3).

use pentad_store::Tx;
use serde::Serialize;

use super::super::body::{Fields, Tail, Wrong};
use super::super::error::{Failure, compact, empty, indented};
use super::super::model::{Subscription, SubscriptionPage};
use super::super::push::config::{KEYS, PushConfig, PushInput};
use super::super::quirks::Quirk;
use super::super::roles::CON;
use super::super::storage::subscriptions::{NewSubscription, SubscriptionRow};
use super::super::storage::{subscriptions, topics};
use super::super::{Ams, Call, names, push};
use super::topics::list_filter;
use super::users::page_of;
use crate::http::Reply;

/// Seconds to acknowledge in when the request does not say.
const ACK_DEADLINE: i64 = 10;
/// The longest deadline that can be set later, in seconds.
const LONGEST_DEADLINE: i64 = 600;

/// The subscription, or 404.
pub(crate) fn existing(tx: &mut Tx<'_>, project: i64, name: &str) -> Result<SubscriptionRow, Failure> {
    subscriptions::find(tx, project, name)?.ok_or_else(|| Failure::missing("Subscription"))
}

/// The subscription as it is shown; `status` adds the state of push delivery.
pub(crate) fn shown(ams: &Ams, project: &str, row: &SubscriptionRow, status: bool) -> Subscription {
    let name = names::subscription(project, &row.name);
    let push = PushConfig::stored(row);
    let verified = push.as_ref().is_some_and(|push| push.verified);
    let push_status = match (status && verified, ams.settings().push) {
        (false, _) => String::new(),
        (true, false) => "Push server is currently unavailable".to_owned(),
        (true, true) if row.push_status.is_empty() => format!("Subscription {name} is currently active"),
        (true, true) => row.push_status.clone(),
    };
    let header = row.push_header.as_ref().map(|sealed| ams.unseal(sealed)).unwrap_or_default();
    Subscription {
        topic: names::topic(project, &row.topic),
        push_config: push.map(|push| push.view(header)).unwrap_or_default(),
        ack_deadline_seconds: row.ack_deadline,
        push_status,
        created_on: names::seconds(row.created_at),
        name,
    }
}

/// `GET /projects/P/subscriptions`.
pub(crate) async fn list(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let page = page_of(call)?;
    let (project, user) = (call.project()?, list_filter(call, CON));
    let id = project.id;
    let (rows, next, total) = ams
        .read(move |tx| {
            let mut rows = subscriptions::page(tx, id, user, page)?;
            let next = page.cut(&mut rows, |row| row.id);
            Ok((rows, next, subscriptions::count(tx, id, user)?))
        })
        .await?;
    let subscriptions = rows.iter().map(|row| shown(ams, &project.name, row, false)).collect();
    Ok(indented(&SubscriptionPage { subscriptions, next_page_token: next, total_size: total }))
}

/// `GET /projects/P/subscriptions/S`.
pub(crate) async fn show(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let (project, name) = (call.project()?, call.param("subscription").to_owned());
    let id = project.id;
    let row = ams.read(move |tx| existing(tx, id, &name)).await?;
    Ok(indented(&shown(ams, &project.name, &row, true)))
}

/// A create request.
#[derive(Debug)]
struct Request {
    topic: String,
    ack_deadline: i64,
    push: PushInput,
}

impl Request {
    fn parse(body: &[u8]) -> Result<Self, Wrong> {
        let fields = Fields::read(body, &["topic", "ackDeadlineSeconds", "pushConfig"], Tail::Nothing)?;
        let push = PushInput::read(&fields.object("pushConfig", KEYS)?)?;
        let ack_deadline = fields.get::<i64>("ackDeadlineSeconds")?.unwrap_or_default();
        Ok(Self { topic: fields.text("topic")?, ack_deadline, push })
    }
}

/// `PUT /projects/P/subscriptions/S`. Starts at the end of the topic.
pub(crate) async fn create(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let request = Request::parse(call.body()).map_err(|Wrong| Failure::arguments("Subscription"))?;
    let lenient = ams.quirks.has(Quirk::HalfTopicReference);
    let topic = names::topic_reference(&request.topic, lenient)
        .ok_or_else(|| Failure::invalid("Invalid Topic name"))?
        .to_owned();
    let push = push_of(ams, &request.push).await?;
    let (project, name) = (call.project()?, call.param("subscription").to_owned());
    let ack_deadline = if request.ack_deadline == 0 { ACK_DEADLINE } else { request.ack_deadline };
    let id = project.id;
    let row = ams
        .change(move |tx| {
            let end = topics::find(tx, id, &topic)?.ok_or_else(|| Failure::missing("Topic"))?.end;
            let (push, push_header) = push.clone()?;
            if subscriptions::find(tx, id, &name)?.is_some() {
                return Err(Failure::exists("Subscription"));
            }
            let new = NewSubscription {
                project: id,
                name: name.clone(),
                topic: topic.clone(),
                ack_deadline,
                position: end,
                push,
                push_header,
            };
            subscriptions::insert(tx, &new)?;
            existing(tx, id, &name)
        })
        .await?;
    ams.pushing.look_again(&ams.time);
    Ok(indented(&shown(ams, &project.name, &row, false)))
}

/// A push configuration as it is stored, with its sealed header; both absent for a pull subscription.
type StoredPush = (Option<String>, Option<Vec<u8>>);

/// The push configuration of a new subscription. The inner error is only told once the topic is known to exist.
async fn push_of(ams: &Ams, input: &PushInput) -> Result<Result<StoredPush, Failure>, Failure> {
    if input.is_empty() {
        return Ok(Ok((None, None)));
    }
    if !ams.settings().push {
        return Ok(Err(Failure::conflict("Push functionality is currently disabled")));
    }
    if push::is_worker_missing(ams).await? {
        return Ok(Err(push::unavailable()));
    }
    let hash = ams.new_token()?.plain;
    let config = match PushConfig::create(input, ams.quirks, hash) {
        Ok(config) => config,
        Err(failure) => return Ok(Err(failure)),
    };
    let header = if config.is_authorized() { Some(ams.new_token()?.sealed) } else { None };
    Ok(Ok((Some(config.to_text()), header)))
}

#[derive(Debug, Serialize)]
struct Deleted {
    message: String,
}

/// `DELETE /projects/P/subscriptions/S`.
pub(crate) async fn delete(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let (project, name) = (call.project()?, call.param("subscription").to_owned());
    let id = project.id;
    let row = ams
        .change(move |tx| {
            let row = existing(tx, id, &name)?;
            subscriptions::delete(tx, row.id)?;
            Ok(row)
        })
        .await?;
    if PushConfig::stored(&row).is_some_and(|push| push.verified) {
        ams.pushing.look_again(&ams.time);
        let name = names::subscription(&project.name, &row.name);
        return Ok(compact(&Deleted { message: format!("Subscription {name} deactivated") }));
    }
    Ok(empty())
}

/// `POST …:modifyAckDeadline`.
pub(crate) async fn modify_ack_deadline(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let wrong = || Failure::arguments("ackDeadlineSeconds(needs value between 0 and 600)");
    let read =
        || Fields::read(call.body(), &["ackDeadlineSeconds"], Tail::Nothing)?.get("ackDeadlineSeconds");
    let seconds: i64 = read().map_err(|Wrong| wrong())?.unwrap_or_default();
    if !(0..=LONGEST_DEADLINE).contains(&seconds) {
        return Err(wrong());
    }
    let (project, name) = (call.project()?.id, call.param("subscription").to_owned());
    ams.store
        .write(move |tx| -> Result<(), Failure> {
            let row = existing(tx, project, &name)?;
            Ok(subscriptions::set_ack_deadline(tx, row.id, seconds)?)
        })
        .await?;
    Ok(empty())
}
