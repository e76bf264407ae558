//! Subscriptions (Zaqar reference 10.2): who is told of the messages of a queue.

use http::StatusCode;
use http::header::LOCATION;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::super::Zaqar;
use super::super::body;
use super::super::context::Call;
use super::super::delivery::confirmation::Kind;
use super::super::error::{Failure, json as answer, located, no_content, ok};
use super::super::query::LinkQuery;
use super::super::quirks::Quirk;
use super::super::settings::Settings;
use super::super::storage::subscriptions::{self as rows, Change, Changed, Subscription};
use super::super::storage::{now, queues};
use super::super::validate::{LEAST, limit as check_limit, retry_policy, truthy};
use super::queue_list::Link;
use super::what;
use crate::http::Reply;
use crate::reply::python;

const CREATE: &str = "Subscription could not be created.";
const SECOND: i64 = 1_000_000;

#[derive(Serialize)]
pub(crate) struct View {
    id: String,
    source: String,
    subscriber: String,
    ttl: i64,
    age: i64,
    options: Option<Box<RawValue>>,
    confirmed: bool,
}

#[derive(Serialize)]
struct Page {
    subscriptions: Vec<View>,
    links: Vec<Link>,
}

pub(crate) fn view(zaqar: &Zaqar, own: Subscription, now: i64) -> Result<View, Failure> {
    let options = RawValue::from_string(zaqar.open_options(&own)?).ok();
    Ok(View {
        id: own.id,
        source: own.queue,
        subscriber: own.subscriber,
        ttl: own.ttl,
        age: (now - own.created_at).max(0) / SECOND,
        options,
        confirmed: own.confirmed,
    })
}

/// Options as they are stored and shown.
fn text_of(options: &Value) -> String {
    String::from_utf8_lossy(&python::dumps_unicode(options)).into_owned()
}

fn missing(id: &str) -> Failure {
    Failure::not_found(format!("Subscription {id} does not exist"))
}

/// A page of subscriptions in the order of their making.
pub(crate) async fn list(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let settings = zaqar.settings();
    let limit = call.query.int("limit")?;
    check_limit(limit, settings.max_subscriptions_per_page)?;
    let size = limit.unwrap_or(10).min(settings.max_subscriptions_per_page);
    let marker = call.query.text("marker").map(str::to_owned);
    let after = marker.as_deref().map_or(Some(0), rows::place_of).unwrap_or(i64::MAX);
    let (project, queue) = (call.project.clone(), call.queue().to_owned());
    let (found, now) = zaqar
        .read(move |tx| Ok((rows::list(tx, &project, &queue, after, size)?, now(tx))))
        .await
        .map_err(|failure| what(failure, "Subscriptions could not be listed."))?;
    let link = found.last().map(|last| {
        let (early, late) = if marker.is_some() { (Some(&last.id), None) } else { (None, Some(&last.id)) };
        let query = LinkQuery::default().text("marker", early.map(String::as_str)).int("limit", limit);
        Link::next(format!("{}{}", call.path, query.text("marker", late.map(String::as_str)).finish()))
    });
    let links = link.into_iter().collect();
    let all: Result<_, Failure> = found.into_iter().map(|own| view(zaqar, own, now)).collect();
    Ok(ok(&Page { subscriptions: all?, links }))
}

/// One subscription.
pub(crate) async fn get(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let (project, queue) = (call.project.clone(), call.queue().to_owned());
    let id = call.param("subscription").to_owned();
    let (found, now) = zaqar
        .read(move |tx| Ok((rows::find(tx, &project, &queue, &id)?, now(tx))))
        .await
        .map_err(|failure| what(failure, "Subscription could not be retrieved."))?;
    let own = found.ok_or_else(|| missing(call.param("subscription")))?;
    Ok(ok(&view(zaqar, own, now)?))
}

/// The document of a request; none counts as an empty one.
async fn document(call: &mut Call) -> Result<Value, Failure> {
    if call.length().unwrap_or_default() == 0 {
        return Ok(Value::Object(Map::new()));
    }
    body::document(call).await
}

/// What is right in fields of a subscription.
pub(crate) fn check(map: &Map<String, Value>, settings: &Settings, now: Timestamp) -> Result<(), Failure> {
    if map.is_empty() {
        return Err(Failure::api("No subscription to create."));
    }
    if let Some(Value::String(subscriber)) = map.get("subscriber").filter(|value| truthy(value)) {
        let scheme = scheme_of(subscriber);
        if !settings.subscriber_types.contains(&scheme) {
            return Err(Failure::api(format!(
                "The subscriber type of subscription must be supported in the list {}.",
                python::list(&settings.subscriber_types)
            )));
        }
    }
    if map.get("options").is_some_and(|options| truthy(options) && !options.is_object()) {
        return Err(Failure::api("Options must be a dict."));
    }
    let policy = map.get("options").and_then(|options| options.get("_retry_policy"));
    retry_policy(policy).map_err(Failure::api)?;
    check_ttl(map.get("ttl"), now)
}

fn check_ttl(ttl: Option<&Value>, now: Timestamp) -> Result<(), Failure> {
    let ttl = match ttl.filter(|ttl| truthy(ttl)) {
        None => return Ok(()),
        Some(Value::Bool(_)) => 1,
        Some(ttl) => ttl.as_i64().ok_or_else(|| Failure::api("TTL must be an integer."))?,
    };
    if ttl < LEAST {
        return Err(Failure::api(format!(
            "The TTL for a subscription must be at least {LEAST} seconds long."
        )));
    }
    if now.checked_add(SignedDuration::from_secs(ttl)).is_err() {
        return Err(Failure::api(
            "The TTL seconds for a subscription plus current time must be less than 9999-12-31 23:59:59.999999.",
        ));
    }
    Ok(())
}

/// The scheme of a URI; `""` without one.
pub(crate) fn scheme_of(uri: &str) -> String {
    let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    if scheme.bytes().all(plain) { scheme.to_ascii_lowercase() } else { String::new() }
}

/// A subscription that somebody wants.
pub(crate) struct Wanted {
    pub(crate) subscriber: String,
    /// Seconds.
    pub(crate) ttl: i64,
    /// Sealed.
    pub(crate) options: Vec<u8>,
}

/// The token behind a request, and its roles.
pub(crate) type Bearer<'a> = Option<(&'a str, &'a [String])>;

/// Reads what passed [`check`].
pub(crate) async fn wanted(
    zaqar: &Zaqar,
    map: &Map<String, Value>,
    bearer: Bearer<'_>,
) -> Result<Wanted, Failure> {
    let settings = zaqar.settings();
    let subscriber = map.get("subscriber").and_then(Value::as_str).filter(|text| !text.is_empty());
    let subscriber = subscriber.filter(|text| !text.contains('\0'));
    let subscriber = subscriber.ok_or_else(|| Failure::unavailable(CREATE))?.to_owned();
    let mut options = match map.get("options") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(options)) => options.clone(),
        Some(_) => return Err(Failure::api("Options must be a dict.")),
    };
    let ttl = match map.get("ttl") {
        None | Some(Value::Null) => settings.default_subscription_ttl,
        Some(ttl) => ttl.as_i64().ok_or_else(|| Failure::api("TTL must be an integer."))?,
    };
    if needs_trust(&subscriber) {
        entrust(zaqar, &mut options, ttl, bearer).await.ok_or_else(|| Failure::unavailable(CREATE))?;
    }
    let options = zaqar.seal_options(&text_of(&Value::Object(options)))?;
    Ok(Wanted { subscriber, ttl, options })
}

fn needs_trust(subscriber: &str) -> bool {
    scheme_of(subscriber).starts_with("trust+")
}

/// Sees to it that options name a trust of the caller: they may name one, else one is made. `None` if that cannot be.
async fn entrust(
    zaqar: &Zaqar,
    options: &mut Map<String, Value>,
    ttl: i64,
    bearer: Bearer<'_>,
) -> Option<()> {
    let (token, roles) = bearer?;
    match options.get("trust_id") {
        // Whoever reads subscriptions of a project sees the trusts of others: only one's own can be used.
        Some(Value::String(trust)) => zaqar.is_trustor(token, trust).await.then_some(()),
        Some(_) => None,
        None => {
            let trust = zaqar.entrust(token, roles, ttl).await?;
            options.insert("trust_id".to_owned(), Value::String(trust));
            Some(())
        }
    }
}

/// Adds a subscription, or asks once more for the confirmation of one. The queue is created in any case.
pub(crate) async fn create(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let document = document(call).await?;
    let (project, queue) = (call.project.clone(), call.queue().to_owned());
    let ensured = zaqar.write(move |tx| {
        queues::ensure(tx, &project, &queue)?;
        Ok(())
    });
    ensured.await.map_err(|failure| what(failure, CREATE))?;
    let has_null_ttl = document.get("ttl") == Some(&Value::Null);
    let Value::Object(map) = document else { return Err(Failure::unavailable(CREATE)) };
    if !map.contains_key("subscriber") {
        return Err(Failure::api("Missing parameter subscriber in body."));
    }
    check(&map, &zaqar.settings(), zaqar.time.now())?;
    let bearer = call.token.as_deref().map(|token| (token, call.roles.as_slice()));
    let wanted = wanted(zaqar, &map, bearer).await?;
    let (project, queue) = (call.project.clone(), call.queue().to_owned());
    let ttl = wanted.ttl;
    let Some(service) = zaqar.me.upgrade() else { return Err(Failure::unavailable(CREATE)) };
    let work = async move {
        let owner = project.clone();
        let stored = service.write(move |tx| {
            if let Some(own) = rows::by_subscriber(tx, &project, &queue, &wanted.subscriber)? {
                return Ok((own, false));
            }
            let Wanted { subscriber, ttl, options } = &wanted;
            Ok((rows::create(tx, &project, &queue, subscriber, *ttl, options)?, true))
        });
        let (own, is_new) = stored.await.map_err(|failure| what(failure, CREATE))?;
        if is_new || !own.confirmed {
            service.ask_to_confirm(&owner, own.clone(), ttl, Kind::Subscribe).await?;
        }
        Ok::<_, Failure>((own, is_new))
    };
    // A subscriber is asked also when the caller does not wait for the answer.
    let (own, is_new) = zaqar.see_through("zaqar subscription", work).await?;
    if has_null_ttl && zaqar.quirks.has(Quirk::NullSubscriptionTtlFails) {
        return Err(Failure::internal("unsupported type for timedelta seconds component: NoneType"));
    }
    if !is_new && own.confirmed {
        let text =
            "Such subscription already exists.Subscriptions are unique by project + queue + subscriber URI.";
        return Err(Failure::conflict(text).header(LOCATION, &call.path));
    }
    Ok(located(answer(StatusCode::CREATED, &json!({ "subscription_id": own.id })), &call.path))
}

/// Replaces the fields that are given.
pub(crate) async fn update(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let id = call.param("subscription").to_owned();
    let document = document(call).await?;
    let Value::Object(map) = document else {
        let is_empty = document.as_array().is_some_and(Vec::is_empty);
        let text = if is_empty { "No subscription to create." } else { "Subscriptions must be a dict." };
        return Err(Failure::api(text));
    };
    check(&map, &zaqar.settings(), zaqar.time.now())?;
    let given = |name: &str| map.get(name).filter(|value| !value.is_null());
    let wish = Wish {
        subscriber: given("subscriber").and_then(Value::as_str).map(str::to_owned),
        ttl: given("ttl").and_then(Value::as_i64),
        options: given("options").and_then(Value::as_object).cloned(),
    };
    let is_unusable = wish.subscriber.as_ref().is_some_and(|text| text.is_empty() || text.contains('\0'));
    if is_unusable || (wish.subscriber.is_none() && wish.ttl.is_none() && wish.options.is_none()) {
        let text = format!("Subscription {id} could not be updated.");
        return Err(Failure::bad("Unable to update subscription", text));
    }
    let change = change(zaqar, call, &id, wish).await?;
    let (project, queue) = (call.project.clone(), call.queue().to_owned());
    match zaqar.write(move |tx| Ok(rows::update(tx, &project, &queue, &id, &change)?)).await? {
        Changed::Done => Ok(located(no_content(), &call.path)),
        Changed::Missing => Err(missing(call.param("subscription"))),
        Changed::Taken => Err(Failure::conflict(
            "Such subscription already exists. Subscriptions are unique by project + queue + subscriber URI.",
        )),
    }
}

/// What an update asks for.
struct Wish {
    subscriber: Option<String>,
    ttl: Option<i64>,
    options: Option<Map<String, Value>>,
}

/// An update as it is stored. A subscriber that needs a trust has one of the caller as soon as it goes elsewhere or lives
/// longer than it was made for.
async fn change(zaqar: &Zaqar, call: &Call, id: &str, wish: Wish) -> Result<Change, Failure> {
    let (project, queue, wanted) = (call.project.clone(), call.queue().to_owned(), id.to_owned());
    let found = zaqar.read(move |tx| Ok(rows::find(tx, &project, &queue, &wanted)?)).await?;
    let own = found.ok_or_else(|| missing(id))?;
    let Wish { subscriber, ttl, mut options } = wish;
    let goes_elsewhere = subscriber.as_ref().is_some_and(|to| *to != own.subscriber);
    if needs_trust(subscriber.as_ref().unwrap_or(&own.subscriber)) {
        let before = zaqar.options(&own);
        let mut after = options.take().unwrap_or_else(|| before.clone());
        let is_kept = !goes_elsewhere && before.contains_key("trust_id");
        let has_same = after.get("trust_id") == before.get("trust_id");
        if !(is_kept && has_same && ttl.is_none()) {
            if has_same {
                after.remove("trust_id");
            }
            let bearer = call.token.as_deref().map(|token| (token, call.roles.as_slice()));
            let left = ttl.unwrap_or(own.ttl);
            let entrusted = entrust(zaqar, &mut after, left, bearer).await;
            entrusted.ok_or_else(|| Failure::unavailable("Subscription could not be updated."))?;
        }
        options = Some(after);
    }
    let options = options.map(|options| zaqar.seal_options(&text_of(&Value::Object(options)))).transpose()?;
    Ok(Change { subscriber, ttl, options })
}

/// Removes a subscription; one that does not exist, too.
pub(crate) async fn delete(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let (project, queue) = (call.project.clone(), call.queue().to_owned());
    let id = call.param("subscription").replace('\0', "\u{fffd}");
    zaqar
        .write(move |tx| Ok(rows::delete(tx, &project, &queue, &id)?))
        .await
        .map_err(|failure| what(failure, "Subscription could not be deleted."))?;
    Ok(no_content())
}

/// Confirms a subscription, or takes that back and says how to return.
pub(crate) async fn confirm(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let Value::Object(map) = document(call).await? else {
        let text = format!("Subscription {} could not be confirmed.", call.param("subscription"));
        return Err(Failure::bad("Unable to confirm subscription", text));
    };
    let Some(Value::Bool(confirmed)) = map.get("confirmed").cloned() else {
        return Err(Failure::api("The 'confirmed' should be boolean."));
    };
    let (project, queue) = (call.project.clone(), call.queue().to_owned());
    let id = call.param("subscription").to_owned();
    let found = zaqar.write(move |tx| Ok(rows::confirm(tx, &project, &queue, &id, confirmed)?)).await?;
    let own = found.ok_or_else(|| missing(call.param("subscription")))?;
    if !confirmed {
        let ttl = zaqar.settings().default_subscription_ttl;
        let Some(service) = zaqar.me.upgrade() else { return Err(Failure::unavailable(CREATE)) };
        service.ask_to_confirm(&call.project, own, ttl, Kind::Unsubscribe).await?;
    }
    Ok(located(no_content(), &call.path))
}
