//! Acknowledging (AMS reference 12.6): cumulative, once per pull, within the deadline.

use std::fmt;

use pentad_store::Tx;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::body::{Text, Wrong, stream};
use super::super::error::{Failure, braces};
use super::super::storage::subscriptions::SubscriptionRow;
use super::super::storage::{now, subscriptions};
use super::super::{Ams, Call, names};
use crate::http::Reply;

/// `POST …/subscriptions/S:acknowledge`.
pub(crate) async fn acknowledge(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let project = call.project()?;
    let name = call.param("subscription").to_owned();
    let mut ids = Ids { project: &project.name, subscription: &name, count: 0, invalid: false, highest: 0 };
    stream(call.body(), Request(&mut ids)).map_err(|Wrong| Failure::invalid("Invalid ack parameter"))?;
    let highest = (ids.count > 0 && !ids.invalid).then_some(ids.highest);
    let project = project.id;
    ams.store
        .write(move |tx| {
            let row =
                subscriptions::find(tx, project, &name)?.ok_or_else(|| Failure::missing("Subscription"))?;
            let highest = highest.ok_or_else(|| Failure::invalid("Invalid ack id"))?;
            advance(tx, &row, highest)
        })
        .await?;
    Ok(braces())
}

/// Moves the position behind `highest`, if that lies in the outstanding window and the deadline is not over.
pub(crate) fn advance(tx: &mut Tx<'_>, row: &SubscriptionRow, highest: i64) -> Result<(), Failure> {
    let position = highest.saturating_add(1);
    if row.window_end == 0 {
        return Err(Failure::internal("no ack pending"));
    }
    if position <= row.position || position > row.window_end {
        return Err(Failure::internal("wrong ack"));
    }
    // Both times are cut to whole seconds first; the exact deadline is still in time.
    let waited = now(tx).div_euclid(1_000_000) - row.pulled_at.div_euclid(1_000_000);
    if waited > row.ack_deadline {
        return Err(Failure::ack_timeout());
    }
    Ok(subscriptions::seek(tx, row.id, position)?)
}

/// What the ids of a request come to; the ids themselves are not kept.
#[derive(Debug)]
struct Ids<'a> {
    project: &'a str,
    subscription: &'a str,
    count: u64,
    invalid: bool,
    highest: i64,
}

impl Ids<'_> {
    fn add(&mut self, id: &str) {
        self.count += 1;
        match names::ack_offset(id, self.project, self.subscription) {
            Some(offset) => self.highest = self.highest.max(offset),
            None => self.invalid = true,
        }
    }
}

struct Request<'b, 'a>(&'b mut Ids<'a>);

impl<'de> Visitor<'de> for Request<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an acknowledgement")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            if key.eq_ignore_ascii_case("ackIds") {
                (self.0.count, self.0.invalid, self.0.highest) = (0, false, 0);
                map.next_value_seed(List(self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct List<'b, 'a>(&'b mut Ids<'a>);

impl<'de> DeserializeSeed<'de> for List<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(Text(id)) = list.next_element()? {
            self.0.add(&id);
        }
        Ok(())
    }
}
