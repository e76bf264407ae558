//! Packages (IVCAP reference 7.13): the container images that an account may name, and their parts. None is ever run here.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use http::header::CONTENT_LENGTH;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::blob::ended;
use super::tasks::check_label;
use crate::http::Reply;
use crate::ivcap::auth::policy;
use crate::ivcap::call::{self, Call};
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::list::{self, Query};
use crate::ivcap::storage::parts::{self, Part, key};
use crate::ivcap::storage::things::{self, Held, Thing};
use crate::ivcap::upload::outlet;
use crate::ivcap::urn::{self, Kind};

const LIST: list::Kind = list::Kind { keys: &[&["tag"]], desc: Some(false), ..list::Kind::new("packages") };
const AVAILABLE: HeaderName = HeaderName::from_static("available");
const TOTAL: HeaderName = HeaderName::from_static("total");
/// Bytes of a manifest that are looked through for what belongs to it.
const LARGEST: usize = 4 << 20;
/// What a part can be.
const KINDS: [&str; 3] = ["manifest", "config", "layer"];
const MANIFEST: &str = KINDS[0];
const CONFIG: &str = KINDS[1];

/// A container image; its name is its tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Package {
    /// The digest of its manifest, once that has been pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    manifest: Option<String>,
}

impl Thing for Package {
    const KIND: Kind = Kind::Package;
}

/// `GET /1/packages/list`: `tag` is a part of what is looked for.
pub(crate) async fn list(mut call: Call) -> Answer<Reply> {
    if let Some(tag) = call.text("tag").map(str::to_owned) {
        let quoted = tag.replace('\\', "\\\\").replace('\'', "\\'").replace('%', "");
        call.query.retain(|(name, _)| name != "filter");
        call.query.push(("filter".to_owned(), format!("name ~= '{quoted}'")));
    }
    let query = Query::of(&call, LIST)?;
    let page = list::things::<Package>(&call, &query, None, |held, _| json!({"name": held.name})).await?;
    let links = page.links(&call);
    let tags: Vec<_> = page.items.iter().filter_map(|item| item.get("name")).collect();
    Ok(call::ok(&json!({"items": tags, "links": links})))
}

/// The digest in a text such as `sha256:…`, in hex.
fn digest(text: &str) -> Option<String> {
    let hex = text.rsplit([':', '@']).next().unwrap_or(text);
    let right = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    right.then(|| hex.to_ascii_lowercase())
}

fn needed_digest(call: &Call) -> Answer<String> {
    let text = call.needed("digest")?;
    digest(text).ok_or_else(|| Failure::invalid("digest", text, "must be a SHA-256 in hex"))
}

fn kind(call: &Call) -> Answer<&'static str> {
    let text = call.needed("type")?;
    let known = KINDS.iter().find(|kind| **kind == text);
    known.copied().ok_or_else(|| Failure::invalid("type", text, "must be manifest, config or layer"))
}

async fn known(call: &Call, digest: &str) -> Answer<Option<Part>> {
    let (account, digest) = (call.caller.account.clone(), digest.to_owned());
    call.core.read(move |tx| Ok(parts::get(tx, &account, &digest)?)).await
}

/// `POST /1/packages/push`: a piece of a part. The manifest, which comes last, makes the image.
pub(crate) async fn push(mut call: Call) -> Answer<Reply> {
    let (kind, digest, tag) = (kind(&call)?, needed_digest(&call)?, call.needed("tag")?.to_owned());
    check_label("tag", &tag)?;
    let force = call.flag("force")?.unwrap_or(false);
    let exists = known(&call, &digest).await?.is_some_and(|part| part.whole);
    let is_whole = exists || take_in(&mut call, &digest).await?;
    if is_whole && kind == MANIFEST {
        name(&call, tag, digest.clone(), force).await?;
    }
    let body = json!({"digest": format!("sha256:{digest}"), "exists": exists});
    Ok(call::json(StatusCode::CREATED, &body))
}

/// Stores a piece; whether all is there now.
async fn take_in(call: &mut Call, digest: &str) -> Answer<bool> {
    let account = call.caller.account.clone();
    let start = call.number("start", 0..=i64::MAX)?.unwrap_or(0).unsigned_abs();
    let total = call.number("total", 0..=i64::MAX)?.map(i64::unsigned_abs);
    let room = total
        .map(|total| total.checked_sub(start))
        .map(|room| room.ok_or_else(|| Failure::invalid("start", start, "lies beyond the total")));
    let mut turn = call.core.work.uploads.turn(&key(&account, digest)).await;
    let stored = turn.len().await?;
    if start == 0 && stored > 0 {
        turn.clear().await?;
    } else if stored != start {
        return Err(Failure::conflict("", format_args!("{stored} bytes are stored: go on there")));
    }
    let body = std::mem::take(&mut call.body);
    let taken = turn.take_in(start, room.transpose()?, body).await.map_err(|_| Failure::internal())?;
    let (mut turn, came_whole) = (taken.turn, taken.end.is_whole());
    let stored = turn.len().await?;
    let total = total.unwrap_or(stored);
    let whole = came_whole && stored == total;
    if whole && turn.digest(stored).await? != digest {
        turn.clear().await?;
        return Err(Failure::invalid("digest", digest, "is not that of what came"));
    }
    if whole {
        turn.seal().await?;
    }
    let part = Part { total: i64::try_from(total).unwrap_or(i64::MAX), whole };
    let digest = digest.to_owned();
    call.core.write(move |change| Ok(parts::put(change, &account, &digest, part)?)).await?;
    ended(taken.end)?;
    Ok(whole)
}

/// Lets a tag stand for a manifest.
///
/// # Errors
/// 409 if it stands for another one, unless that is meant.
async fn name(call: &Call, tag: String, manifest: String, force: bool) -> Answer<()> {
    let account = call.caller.account.clone();
    let named = call.core.write(move |change| {
        let manifest = Some(manifest.clone());
        let Some(mut held) = things::named::<Package>(change, &account, &tag)? else {
            let (id, policy) = (urn::fresh(Kind::Package), policy::default_of(Kind::Package));
            things::create(change, &Held::new(id, &account, policy, Package { manifest }).named(&tag))?;
            return Ok(());
        };
        if held.doc.manifest.is_some() && held.doc.manifest != manifest && !force {
            return Err(Failure::conflict(&held.id, format_args!("there is another package {tag}")));
        }
        held.doc.manifest = manifest;
        Ok(things::update(change, &held)?)
    });
    named.await
}

/// `GET /1/packages/pull`: a part from an offset on.
pub(crate) async fn pull(call: Call) -> Answer<Reply> {
    let (kind, reference) = (kind(&call)?, call.needed("ref")?.to_owned());
    let offset = call.number("offset", 0..=i64::MAX)?.unwrap_or(0);
    let absent = || Failure::invalid("ref", &reference, "there is no such part");
    let digest = match digest(&reference) {
        Some(digest) => digest,
        None => named(&call, &reference, kind).await?.ok_or_else(absent)?,
    };
    let part = known(&call, &digest).await?.filter(|part| part.whole).ok_or_else(absent)?;
    let Some(left) = part.total.checked_sub(offset).filter(|left| *left >= 0) else {
        return Err(Failure::invalid("offset", offset, "lies beyond the end"));
    };
    let range = offset.unsigned_abs()..part.total.unsigned_abs();
    let blobs = Arc::clone(&call.core.blobs);
    Ok(Reply::new(StatusCode::OK)
        .content_type("application/octet-stream")
        .header(AVAILABLE, HeaderValue::from(left))
        .header(TOTAL, HeaderValue::from(part.total))
        .header(CONTENT_LENGTH, HeaderValue::from(left))
        .stream(outlet::stream_of(blobs, key(&call.caller.account, &digest), range)))
}

/// What a tag means: its manifest, or what that says of its configuration. Layers have no other name than their digest.
async fn named(call: &Call, tag: &str, kind: &str) -> Answer<Option<String>> {
    let (account, tag) = (call.caller.account.clone(), tag.to_owned());
    let found = call.core.read(move |tx| Ok(things::named::<Package>(tx, &account, &tag)?)).await?;
    let Some(manifest) = found.and_then(|held| held.doc.manifest) else { return Ok(None) };
    if kind == MANIFEST {
        return Ok(Some(manifest));
    }
    let text = manifest_of(call, &manifest).await?;
    Ok(text.pointer("/config/digest").and_then(Value::as_str).filter(|_| kind == CONFIG).and_then(digest))
}

/// A manifest; `null` if it is none.
async fn manifest_of(call: &Call, digest: &str) -> Answer<Value> {
    let content = call.core.blobs.read(&key(&call.caller.account, digest), 0, LARGEST).await?;
    Ok(serde_json::from_slice(&content).unwrap_or_default())
}

/// `GET /1/packages/status`
pub(crate) async fn status(call: Call) -> Answer<Reply> {
    let (_, digest) = (call.needed("tag")?, needed_digest(&call)?);
    let stored = call.core.work.uploads.len(&key(&call.caller.account, &digest)).await?;
    let (status, message) = match known(&call, &digest).await? {
        Some(part) if part.whole => ("complete", "all of it is stored".to_owned()),
        Some(part) => ("uploading", format!("{stored} of {} bytes are stored", part.total)),
        None => ("unknown", "nothing of it is stored".to_owned()),
    };
    Ok(call::ok(&json!({"status": status, "message": message})))
}

/// `DELETE /1/packages/remove`: the tag, and what belongs to no other one.
pub(crate) async fn remove(call: Call) -> Answer<Reply> {
    let tag = call.needed("tag")?.to_owned();
    let account = call.caller.account.clone();
    let removed = call.core.write(move |change| {
        let found: Option<Held<Package>> = things::named(change, &account, &tag)?;
        let held = found.ok_or_else(|| Failure::invalid("tag", &tag, "there is no such package"))?;
        things::end(change, Kind::Package, &held.id)?;
        Ok(held.doc.manifest)
    });
    if let Some(manifest) = removed.await? {
        sweep(&call, manifest).await?;
    }
    Ok(call::empty())
}

/// Removes the parts of a manifest that no package of the account needs.
async fn sweep(call: &Call, manifest: String) -> Answer<()> {
    let mut gone = digests(&manifest_of(call, &manifest).await?);
    gone.insert(manifest);
    for other in manifests(call).await? {
        let mut needed = digests(&manifest_of(call, &other).await?);
        needed.insert(other);
        gone.retain(|digest| !needed.contains(digest));
    }
    for digest in gone {
        let (account, key) = (call.caller.account.clone(), key(&call.caller.account, &digest));
        call.core.write(move |change| Ok(parts::remove(change, &account, &digest)?)).await?;
        call.core.work.uploads.turn(&key).await.remove().await?;
    }
    Ok(())
}

/// The manifests of all packages of the caller's account.
async fn manifests(call: &Call) -> Answer<BTreeSet<String>> {
    let (caller, stamps) = (call.caller.clone(), Arc::clone(&call.core.stamps));
    let at = call.core.moment().as_microsecond();
    let select = things::Selection { parent: None, caller: Some(caller), at, stamps, desc: false };
    call.core
        .read(move |tx| {
            let (mut found, mut mark) = (BTreeSet::new(), None);
            loop {
                let account = select.caller.as_ref().map_or("", |caller| &caller.account);
                let each = &mut |held: Held<Package>, _| {
                    found.extend(held.doc.manifest.filter(|_| held.account == account));
                    Ok(ControlFlow::Continue(()))
                };
                mark = things::list(tx, Kind::Package, &select, mark.as_ref(), 1000, each)?;
                if mark.is_none() {
                    return Ok(found);
                }
            }
        })
        .await
}

/// The digests that a manifest names.
fn digests(manifest: &Value) -> BTreeSet<String> {
    let layers = manifest.get("layers").and_then(Value::as_array);
    let parts = layers.into_iter().flatten().chain(manifest.get("config"));
    parts.filter_map(|part| digest(part.get("digest")?.as_str()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_64_hex_digits_however_it_is_introduced() {
        let hex = "209820A1b307ce3ab81b7f2a944224159259b580eb94e96ab30fc4683f5b96a1";
        for text in [hex.to_owned(), format!("sha256:{hex}"), format!("sha256@{hex}"), format!("sha:{hex}")] {
            assert_eq!(digest(&text), Some(hex.to_ascii_lowercase()), "{text}");
        }
        for wrong in ["", "app:1.0", "sha256:../../etc", &hex[1..]] {
            assert_eq!(digest(wrong), None, "{wrong}");
        }
    }
}
