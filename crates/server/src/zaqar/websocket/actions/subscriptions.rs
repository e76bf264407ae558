//! Subscriptions: of other receivers, and of the connection itself (Zaqar reference 12.5).

use serde_json::{Value, json};

use super::super::request::{Answer, Refusal, Request};
use crate::zaqar::Zaqar;
use crate::zaqar::error::Failure;
use crate::zaqar::handlers::subscriptions as http;
use crate::zaqar::storage::subscriptions as rows;
use crate::zaqar::storage::{now, queues};
use crate::zaqar::validate;

/// The schemes that the original can deliver to, whatever its options admit.
const SCHEMES: [&str; 5] = ["http", "https", "mailto", "trust+http", "trust+https"];

pub(in super::super) async fn create(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let is_own = request.text("subscriber").is_empty();
    let mut fields = request.body.clone();
    if is_own {
        fields.insert("subscriber".to_owned(), json!(request.address));
    }
    let scheme = http::scheme_of(fields["subscriber"].as_str().unwrap_or_default());
    if !SCHEMES.contains(&scheme.as_str()) {
        let text = format!("No 'zaqar.notification.tasks' driver found, looking for '{scheme}'");
        return Err(Failure::internal(text).into());
    }
    // A connection can be subscribed whatever schemes the options admit.
    let settings = zaqar.settings();
    http::check(&fields, &settings, zaqar.time.now())?;
    request.check_names()?;
    let caller = request.caller.as_ref();
    let bearer = caller.map(|caller| (caller.token.as_str(), caller.info.roles.as_slice()));
    let wanted = http::wanted(zaqar, &fields, bearer).await?;
    let (project, queue) = (request.project.clone(), request.queue().to_owned());
    let created = zaqar
        .write(move |tx| {
            queues::ensure(tx, &project, &queue)?;
            if rows::by_subscriber(tx, &project, &queue, &wanted.subscriber)?.is_some() {
                return Ok(None);
            }
            let http::Wanted { subscriber, ttl, options } = &wanted;
            Ok(Some(rows::create(tx, &project, &queue, subscriber, *ttl, options)?))
        })
        .await;
    let queue = request.queue();
    let failed = format!("Subscription {queue} could not be created.");
    let created = created.map_err(|failure| Refusal::from(failure).what(&failed))?;
    Ok(match created {
        Some(own) => {
            let said = format!("Subscription {queue} created.");
            Answer::new(201, json!({"subscription_id": own.id, "message": said}))
        }
        None => Answer::new(409, json!(format!("Subscription {queue} not created."))),
    })
}

fn shown(zaqar: &Zaqar, own: rows::Subscription, now: i64) -> Result<Value, Refusal> {
    let damaged = |_| Failure::internal("a stored subscription is damaged").into();
    serde_json::to_value(http::view(zaqar, own, now)?).map_err(damaged)
}

pub(in super::super) async fn list(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let settings = zaqar.settings();
    let limit = request.int("limit");
    validate::limit(limit, settings.max_subscriptions_per_page)?;
    let size = limit.unwrap_or(10).min(settings.max_subscriptions_per_page);
    let marker = request.body.get("marker").and_then(Value::as_str);
    let after = marker.map_or(Some(0), rows::place_of).unwrap_or(i64::MAX);
    let (project, queue) = request.place();
    let found = zaqar.read(move |tx| Ok((rows::list(tx, &project, &queue, after, size)?, now(tx)))).await;
    let (found, now) =
        found.map_err(|failure| Refusal::from(failure).what("Subscriptions could not be listed."))?;
    let all: Vec<Value> = found.into_iter().map(|own| shown(zaqar, own, now)).collect::<Result<_, _>>()?;
    Ok(Answer::new(200, json!({ "subscriptions": all })))
}

pub(in super::super) async fn get(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let (project, queue) = request.place();
    let id = request.text("subscription_id").to_owned();
    let found = zaqar.read(move |tx| Ok((rows::find(tx, &project, &queue, &id)?, now(tx)))).await;
    let id = request.text("subscription_id");
    let failed = format!("Cannot retrieve subscription {id}.");
    let (found, now) = found.map_err(|failure| Refusal::from(failure).what(&failed))?;
    let own = found.ok_or_else(|| {
        let said = format!("Subscription {id} for queue {} does not exist.", request.queue());
        Refusal::new(404, format!("Subscription {id} does not exist")).saying(said)
    })?;
    Ok(Answer::new(200, shown(zaqar, own, now)?))
}

pub(in super::super) async fn delete(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let (project, queue) = request.place();
    let id = request.text("subscription_id").replace('\0', "\u{fffd}");
    zaqar.write(move |tx| Ok(rows::delete(tx, &project, &queue, &id)?)).await?;
    Ok(Answer::new(204, json!(format!("Subscription {} removed.", request.text("subscription_id")))))
}
