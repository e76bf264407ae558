//! Changing and verifying push configurations (AMS reference 13.1 to 13.3).

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use url::Url;

use super::super::body::{Fields, Tail, Wrong};
use super::super::error::{Failure, empty};
use super::super::push::config::{KEYS, Kind, PushConfig, PushInput};
use super::super::quirks::Quirk;
use super::super::storage::subscriptions;
use super::super::{Ams, Call, push};
use super::subscriptions::existing;
use crate::http::Reply;

/// How long an endpoint may take to show its hash.
const PATIENCE: Duration = Duration::from_secs(30);

/// `POST …:modifyPushConfig`.
pub(crate) async fn modify(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let read = || -> Result<PushInput, Wrong> {
        let fields = Fields::read(call.body(), &["pushConfig"], Tail::Nothing)?;
        PushInput::read(&fields.object("pushConfig", KEYS)?)
    };
    let input = read().map_err(|Wrong| Failure::arguments("Subscription"))?;
    let (project, name) = (call.project()?.id, call.param("subscription").to_owned());
    let (quirks, push) = (ams.quirks, ams.settings().push);
    let missing = push && push::is_worker_missing(ams).await?;
    let hash = ams.new_token()?.plain;
    let header = ams.new_token()?.sealed;
    ams.store
        .write(move |tx| -> Result<(), Failure> {
            let row = existing(tx, project, &name)?;
            if input.is_empty() {
                return Ok(subscriptions::set_push(tx, row.id, None, None)?);
            }
            if !push {
                return Err(Failure::conflict("Push functionality is currently disabled"));
            }
            if missing {
                return Err(push::unavailable());
            }
            let old = PushConfig::stored(&row);
            let new = PushConfig::modify(&input, old.as_ref(), quirks, hash.clone())?;
            // A new value on every request that asks for one, and where there was none.
            let header = match row.push_header {
                _ if !new.is_authorized() => None,
                Some(old) if input.header_kind.is_empty() => Some(old),
                _ => Some(header.clone()),
            };
            Ok(subscriptions::set_push(tx, row.id, Some(&new.to_text()), header.as_deref())?)
        })
        .await?;
    ams.pushing.look_again(&ams.time);
    Ok(empty())
}

/// `POST …:verifyPushEndpoint`.
pub(crate) async fn verify(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let (project, name) = (call.project()?.id, call.param("subscription").to_owned());
    let wanted = name.clone();
    let row = ams.read(move |tx| existing(tx, project, &wanted)).await?;
    let config = PushConfig::stored(&row)
        .filter(|config| config.kind == Kind::HttpEndpoint)
        .ok_or_else(|| Failure::conflict("Subscription is not in http push mode"))?;
    if config.verified {
        return Err(Failure::conflict("Push endpoint is already verified"));
    }
    if !ams.settings().push {
        return Err(Failure::conflict("Push functionality is currently disabled"));
    }
    ask(ams, &config).await?;
    let forgets = ams.quirks.has(Quirk::Base64DecodeForgotten);
    ams.store
        .write(move |tx| -> Result<(), Failure> {
            let row = existing(tx, project, &name)?;
            let Some(mut now) = PushConfig::stored(&row).filter(|now| now.hash == config.hash) else {
                return Err(Failure::conflict("Subscription is not in http push mode"));
            };
            now.verified = true;
            now.base64_decode &= !forgets;
            Ok(subscriptions::set_push(tx, row.id, Some(&now.to_text()), row.push_header.as_deref())?)
        })
        .await?;
    ams.pushing.look_again(&ams.time);
    Ok(empty())
}

/// Asks the endpoint's host for the hash.
async fn ask(ams: &Ams, config: &PushConfig) -> Result<(), Failure> {
    let failed = |why: &str| Failure::unauthorized_because(format!("Endpoint verification failed.{why}"));
    let mut url = Url::parse(&config.endpoint).map_err(|e| failed(&e.to_string()))?;
    url.set_path("/ams_verification_hash");
    url.set_query(None);
    url.set_fragment(None);
    let request = Request::builder().method(Method::GET).uri(url.as_str()).body(Bytes::new());
    let request = request.map_err(|e| failed(&e.to_string()))?;
    let answer = ams.guarded.send(request, PATIENCE).await.map_err(|e| failed(&e.to_string()))?;
    if answer.status() != StatusCode::OK {
        return Err(failed("Wrong response status code"));
    }
    if answer.body() != config.hash.as_bytes() {
        return Err(failed("Wrong verification hash"));
    }
    Ok(())
}
