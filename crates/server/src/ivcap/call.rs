//! One request on its way to a handler, and what answers are made of.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::auth::Caller;
use super::core::Core;
use super::dialect::View;
use super::error::{Answer, Failure};
use super::storage::things::Held;
use super::urn::{self, Kind};
use crate::http::{Incoming, Reply};

/// How deep JSON may be nested.
const DEEPEST: usize = 100;

/// One request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) core: Arc<Core>,
    /// Dialect and root of links.
    pub(crate) view: View,
    pub(crate) method: Method,
    /// The path below the root, still encoded; begins with `/1`.
    pub(crate) path: String,
    pub(crate) raw_query: Option<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) params: Vec<(&'static str, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Incoming,
    pub(crate) caller: Caller,
    /// Cancelled when the client has left or the server drains.
    pub(crate) gone: CancellationToken,
}

impl Call {
    /// A variable of the path.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }

    /// A variable of the path as a URN.
    ///
    /// # Errors
    /// 404 if nothing of this kind can have such an id.
    pub(crate) fn urn(&self, kind: Kind, name: &str) -> Answer<String> {
        urn::parse(kind, self.param(name)).ok_or_else(|| missing(kind, self.param(name)))
    }

    /// The first value of a query parameter, unless it is empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name)?;
        Some(found.1.as_str()).filter(|value| !value.is_empty())
    }

    /// A query parameter that must be there.
    ///
    /// # Errors
    /// 422.
    pub(crate) fn needed(&self, name: &str) -> Answer<&str> {
        self.text(name).ok_or_else(|| Failure::missing(name))
    }

    /// A URN in a query parameter that must be there.
    ///
    /// # Errors
    /// 422.
    pub(crate) fn needed_urn(&self, name: &str) -> Answer<&str> {
        let text = self.needed(name)?;
        check_urn(name, text)?;
        Ok(text)
    }

    /// A yes or no in the query.
    ///
    /// # Errors
    /// 422 if it is something else.
    pub(crate) fn flag(&self, name: &str) -> Answer<Option<bool>> {
        match self.text(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") || text == "1" => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") || text == "0" => Ok(Some(false)),
            Some(text) => Err(Failure::invalid(name, text, "must be true or false")),
        }
    }

    /// A whole number in the query, within `range`.
    ///
    /// # Errors
    /// 422.
    pub(crate) fn number(&self, name: &str, range: std::ops::RangeInclusive<i64>) -> Answer<Option<i64>> {
        let Some((_, text)) = self.query.iter().find(|(key, _)| key == name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| range.contains(number));
        let why = format_args!("must be a whole number from {} to {}", range.start(), range.end());
        number.map(Some).ok_or_else(|| Failure::invalid(name, text, why))
    }

    /// A time in the query (IVCAP reference 3.8); one without a zone is UTC.
    ///
    /// # Errors
    /// 422.
    pub(crate) fn time(&self, name: &str) -> Answer<Option<Timestamp>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let time =
            parse_time(text).ok_or_else(|| Failure::invalid(name, text, "must be an RFC 3339 time"))?;
        Ok(Some(time))
    }

    /// The first value of a header field, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The whole body.
    ///
    /// # Errors
    /// 413, 408, 400 as the body fails.
    pub(crate) async fn bytes(&mut self) -> Answer<Bytes> {
        Ok(self.body.bytes().await?)
    }

    /// The whole body of what is stored as a document.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes); 413 beyond what a document may have.
    pub(crate) async fn bounded(&mut self) -> Answer<Bytes> {
        let most = self.core.settings.max_content;
        let body = self.bytes().await?;
        if body.len() > most { Err(Failure::too_large(most as u64)) } else { Ok(body) }
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// 400 if it is none, is nested too deeply or holds U+0000; 413 beyond what a document may have.
    pub(crate) async fn json(&mut self) -> Answer<Value> {
        let body = self.bounded().await?;
        parse_json(&body)
    }

    /// The body as JSON of a form.
    ///
    /// # Errors
    /// 400 if it is no JSON; 422 if it has another form.
    pub(crate) async fn object<T: DeserializeOwned>(&mut self) -> Answer<T> {
        let body = self.json().await?;
        serde_json::from_value(body).map_err(|error| Failure::invalid("body", "", error))
    }

    /// Refuses bodies that do not say that they are JSON; those that say nothing pass.
    ///
    /// # Errors
    /// 400: no document lists another status for that.
    pub(crate) fn wants_json(&self) -> Answer<()> {
        let said = self.header("content-type").unwrap_or("application/json");
        let kind = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind.is_empty() || kind == "application/json" || kind.ends_with("+json") {
            return Ok(());
        }
        Err(Failure::bad_request(format_args!("the body must be application/json, not {kind}")))
    }

    /// What may be read; 404 else.
    pub(crate) fn readable<T>(&self, kind: Kind, id: &str, held: Option<Held<T>>) -> Answer<Held<T>> {
        held.filter(|held| self.caller.may_read(&held.account, &held.policy)).ok_or_else(|| missing(kind, id))
    }

    /// What may be changed; 404 if it may not even be read, else 403.
    pub(crate) fn writable<T>(&self, kind: Kind, id: &str, held: Option<Held<T>>) -> Answer<Held<T>> {
        writable(&self.caller, kind, id, held)
    }

    /// The account that something is to belong to: the caller's, or any other there is if the caller is an administrator.
    ///
    /// # Errors
    /// 403 for the account of another; 422 if an administrator names one that is not there.
    pub(crate) fn account(&self, given: Option<&str>) -> Answer<String> {
        let own = &self.caller.account;
        let Some(given) = given.filter(|given| !given.is_empty()) else { return Ok(own.clone()) };
        match urn::parse(Kind::Account, given) {
            Some(account) if account == *own => Ok(account),
            _ if !self.caller.admin => {
                Err(Failure::forbidden("it can be created only for the account of the token"))
            }
            Some(account) if self.core.tokens.directory().accounts.contains_key(&account) => Ok(account),
            _ => Err(Failure::invalid("account", given, "there is no such account")),
        }
    }

    /// The policy that is asked for, if there is such a one, or else the usual one.
    ///
    /// # Errors
    /// 422.
    pub(crate) fn policy(&self, name: &str, given: Option<&str>, kind: Kind) -> Answer<String> {
        let Some(given) = given.filter(|given| !given.is_empty()) else {
            return Ok(super::auth::policy::default_of(kind));
        };
        if self.core.tokens.directory().policies.has(given) {
            return Ok(given.to_owned());
        }
        Err(Failure::invalid(name, given, "there is no such policy"))
    }
}

/// What may be changed by a caller; 404 if it may not even be read, else 403.
pub(crate) fn writable<T>(caller: &Caller, kind: Kind, id: &str, held: Option<Held<T>>) -> Answer<Held<T>> {
    let held = held.filter(|held| caller.may_read(&held.account, &held.policy));
    let held = held.ok_or_else(|| missing(kind, id))?;
    if !caller.may_write(&held.account, &held.policy) {
        return Err(Failure::forbidden(format_args!("the policy {} lets you only read", held.policy)));
    }
    Ok(held)
}

/// 404 for a thing.
pub(crate) fn missing(kind: Kind, id: &str) -> Failure {
    let id = urn::parse(kind, id).unwrap_or_else(|| id.to_owned());
    Failure::not_found(&id, format_args!("there is no {} {id}", kind.as_str()))
}

/// Refuses what cannot name anything.
///
/// # Errors
/// 422.
pub(crate) fn check_urn(name: &str, text: &str) -> Answer<()> {
    if urn::is_urn(text) {
        return Ok(());
    }
    Err(Failure::invalid(name, text, format_args!("must be a URN of at most {} bytes", urn::LONGEST)))
}

/// JSON that can be stored.
///
/// # Errors
/// 400.
pub(crate) fn parse_json(body: &[u8]) -> Answer<Value> {
    let text = json_text(body)?;
    serde_json::from_str(text).map_err(|_| Failure::internal())
}

/// The text of a JSON that can be stored, as it was sent.
///
/// # Errors
/// 400.
pub(crate) fn json_text(body: &[u8]) -> Answer<&str> {
    let wrong =
        |error: &dyn std::fmt::Display| Failure::bad_request(format_args!("the body is no JSON: {error}"));
    let text = std::str::from_utf8(body).map_err(|error| wrong(&error))?.trim_ascii();
    let mut reader = serde_json::Deserializer::from_str(text);
    Storable(DEEPEST).deserialize(&mut reader).and_then(|()| reader.end()).map_err(|error| wrong(&error))?;
    Ok(text)
}

/// Looks through JSON without keeping it; so many levels may follow.
#[derive(Clone, Copy)]
struct Storable(usize);

impl Storable {
    fn inside<E: de::Error>(self) -> Result<Self, E> {
        self.0.checked_sub(1).map(Self).ok_or_else(|| E::custom("it is nested too deeply"))
    }
}

impl<'de> DeserializeSeed<'de> for Storable {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Storable {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        if text.contains('\0') { Err(E::custom("it holds a null character")) } else { Ok(()) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        while items.next_element_seed(inside)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        while members.next_key_seed(self)?.is_some() {
            members.next_value_seed(inside)?;
        }
        Ok(())
    }
}

/// A time with a zone, or without one as UTC; a date is its midnight. Beyond nanoseconds it is cut off, and what lies beyond
/// all times that can be stored is the last one, or the first.
pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    let text = &*cut(text);
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    // A plus sign that was not encoded arrives as a blank.
    if let Some((time, zone)) = text.rsplit_once(' ')
        && zone.contains(':')
        && time.contains('T')
        && let Ok(time) = format!("{time}+{zone}").parse::<Timestamp>()
    {
        return Some(time);
    }
    let naive = match text.parse::<DateTime>() {
        Ok(naive) => naive,
        Err(_) => {
            let pieces = Pieces::parse(text).ok()?;
            let far = pieces.date().year().abs() == 9999;
            pieces.date().to_datetime(pieces.time().filter(|_| far)?)
        }
    };
    let end = if naive.year() > 0 { Timestamp::MAX } else { Timestamp::MIN };
    Some(TimeZone::UTC.to_timestamp(naive).unwrap_or(end))
}

/// The text with at most nine digits of a fraction.
fn cut(text: &str) -> Cow<'_, str> {
    let Some((whole, fraction)) = text.split_once('.') else { return Cow::Borrowed(text) };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    if digits <= 9 {
        Cow::Borrowed(text)
    } else {
        format!("{whole}.{}{}", &fraction[..9], &fraction[digits..]).into()
    }
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: &Value) -> Reply {
    Reply::json(status, body)
}

/// 200 with JSON.
pub(crate) fn ok(body: &Value) -> Reply {
    Reply::json(StatusCode::OK, body)
}

/// 204.
pub(crate) fn empty() -> Reply {
    Reply::new(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_come_with_and_without_a_zone() {
        let time = |text: &str| parse_time(text).map(|time| time.to_string());
        assert_eq!(time("2001-02-03T04:05:06+00:00").as_deref(), Some("2001-02-03T04:05:06Z"));
        assert_eq!(time("2001-02-03T04:05:06 02:00").as_deref(), Some("2001-02-03T02:05:06Z"));
        assert_eq!(time("2023-07-01T12:00:00.000005").as_deref(), Some("2023-07-01T12:00:00.000005Z"));
        assert_eq!(time("2024-05-01").as_deref(), Some("2024-05-01T00:00:00Z"));
        assert_eq!(
            time("2024-05-01T01:00:00.123456789123Z").as_deref(),
            Some("2024-05-01T01:00:00.123456789Z")
        );
        let (last, first) = (Timestamp::MAX.to_string(), Timestamp::MIN.to_string());
        for far in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999", "9999-12-31T23:59:59.999999+00:00"]
        {
            assert_eq!(time(far).as_ref(), Some(&last), "{far}");
        }
        assert_eq!(time("-009999-01-01T00:00:00Z").as_ref(), Some(&first));
        for wrong in ["", "yesterday", "2024-13-01", "12", "None"] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn json_that_cannot_be_stored_is_refused() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(parse_json(br#"{"a": [1]}"#).unwrap(), json!({"a": [1]}));
        assert!(parse_json(deep(DEEPEST).as_bytes()).is_ok());
        for wrong in
            ["", "{", "nul", r#"{"a\u0000": 1}"#, r#"["\u0000"]"#, &deep(DEEPEST + 1), &deep(100_000)]
        {
            assert!(parse_json(wrong.as_bytes()).is_err());
        }
    }
}
