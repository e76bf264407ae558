//! Secrets (IVCAP reference 7.11): of an account, sealed in the store.

use regex::RegexBuilder;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::Reply;
use crate::ivcap::call::{self, Call};
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::list::{self, Each, Entry, Mark, Marked, Query};
use crate::ivcap::storage::secrets;
use crate::ivcap::urn::Kind;

const LIST: list::Kind = list::Kind { filters: false, desc: Some(false), ..list::Kind::new("secrets") };
/// What secrets are sealed for.
const SEALED: &str = "ivcap.secret";
/// The type of a secret without one.
const RAW: &str = "raw";
/// Bytes of a name or a type.
const LONGEST_NAME: usize = 512;
/// Bytes of a value.
const LONGEST_VALUE: usize = 1 << 20;
/// Bytes of a compiled filter.
const LARGEST_PATTERN: usize = 1 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Wanted {
    secret_name: String,
    secret_value: String,
    expiry_time: i64,
    #[serde(default)]
    secret_type: Option<String>,
}

/// `POST /1/secrets`
pub(crate) async fn set(mut call: Call) -> Answer<Reply> {
    call.wants_json()?;
    let wanted: Wanted = call.object().await?;
    let kind = wanted.secret_type.unwrap_or_default();
    let kind = if kind.is_empty() { RAW.to_owned() } else { kind };
    for (member, text) in [("secret-name", &wanted.secret_name), ("secret-type", &kind)] {
        if text.is_empty() || text.len() > LONGEST_NAME {
            return Err(Failure::invalid(member, text, format_args!("must have 1 to {LONGEST_NAME} bytes")));
        }
        if text.chars().any(char::is_control) {
            return Err(Failure::invalid(member, text, "must not hold control characters"));
        }
    }
    if wanted.secret_value.len() > LONGEST_VALUE {
        return Err(Failure::invalid(
            "secret-value",
            "",
            format_args!("may have at most {LONGEST_VALUE} bytes"),
        ));
    }
    let sealed = call.core.engine.vault().seal(SEALED, wanted.secret_value.as_bytes())?;
    let (account, name, ends) = (call.caller.account.clone(), wanted.secret_name, wanted.expiry_time);
    let stored =
        call.core.write(move |change| Ok(secrets::put(change, &account, &name, &kind, &sealed, ends)?));
    stored.await?;
    Ok(call::empty())
}

/// `GET /1/secrets`
pub(crate) async fn get(call: Call) -> Answer<Reply> {
    let name = call.needed("secret-name")?.to_owned();
    let kind = call.text("secret-type").unwrap_or(RAW).to_owned();
    let (account, now, wanted) = (call.caller.account.clone(), call.core.seconds(), name.clone());
    let found = call.core.read(move |tx| Ok(secrets::get(tx, &account, &wanted, &kind, now)?)).await?;
    let missing = || Failure::not_found(Kind::Secret.urn(&name), "there is no such secret");
    let (sealed, ends) = found.ok_or_else(missing)?;
    let plain = call.core.engine.vault().open(SEALED, &sealed)?;
    let value = String::from_utf8(plain.to_vec()).map_err(|_| Failure::internal())?;
    Ok(call::ok(&json!({"secret-name": name, "secret-value": value, "expiry-time": ends})))
}

/// One secret of a list.
struct Head(secrets::Head);

impl Marked for Head {
    fn mark(&self) -> Mark {
        (0, self.0.0.clone())
    }
}

/// `GET /1/secrets/list`: `filter` is a regular expression on the name, `offset` another word for `page`.
pub(crate) async fn list(mut call: Call) -> Answer<Reply> {
    if call.text("page").is_none()
        && let Some(offset) = call.text("offset").map(str::to_owned)
    {
        call.query.push(("page".to_owned(), offset));
    }
    let query = Query::of(&call, LIST)?;
    let pattern = match query.filter_text() {
        None => None,
        Some(text) => {
            let built = RegexBuilder::new(text).size_limit(LARGEST_PATTERN).build();
            Some(built.map_err(|_| Failure::invalid("filter", text, "must be a regular expression"))?)
        }
    };
    let (account, now) = (call.caller.account.clone(), call.core.seconds());
    let fetch =
        move |tx: &mut pentad_store::Tx<'_>, mark: Option<&Mark>, limit: usize, each: Each<'_, Head>| {
            let after = mark.map(|(_, name)| name.as_str());
            let some = secrets::list(tx, &account, after, i64::try_from(limit).unwrap_or(i64::MAX), now)?;
            let last = some.last().filter(|_| some.len() >= limit).map(|(name, _)| (0, name.clone()));
            for head in some {
                if each(Head(head), 0)?.is_break() {
                    break;
                }
            }
            Ok(last)
        };
    let asked = query.clone();
    let judge = move |Head((name, ends)): &Head| {
        if pattern.as_ref().is_some_and(|pattern| !pattern.is_match(name)) {
            return Ok(None);
        }
        let item = json!({"secret-name": name, "expiry-time": ends});
        Ok(Entry { id: name.clone(), item, record: Value::Null }.kept(&asked))
    };
    let page = list::walk(&call, &query, fetch, judge).await?;
    let links = page.links(&call);
    Ok(call::ok(&json!({"items": page.items, "links": links})))
}
