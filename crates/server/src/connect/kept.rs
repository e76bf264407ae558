//! What was declared once holds until it is declared otherwise, over restarts: the words of a seed and the document are
//! kept in the store, keys as digests.

use std::sync::PoisonError;

use pentad_openapi::Document;
use pentad_store::StoreError;
use serde_json::{Value, json};

use super::declared::Declared;
use super::seed;
use super::storage::declarations::{self, Kind};
use super::{Caller, Connect, Keys};
use crate::SeedError;

/// What is kept of one seed.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Pattern and words of each collection.
    pub(super) collections: Vec<(String, String)>,
    pub(super) keys: Keys,
}

fn failed(error: impl std::fmt::Display) -> SeedError {
    SeedError::new("connect", error)
}

/// Takes up what earlier starts declared, once, and keeps the document of this one.
pub(super) async fn take_up(connect: &Connect) -> Result<(), SeedError> {
    let mut remembers = connect.remembers.lock().await;
    if *remembers {
        return Ok(());
    }
    document(connect).await?;
    let (collections, keys) = connect
        .store
        .read(|tx| {
            Ok::<_, StoreError>((declarations::all(tx, Kind::Collection)?, declarations::all(tx, Kind::Key)?))
        })
        .await
        .map_err(failed)?;
    let declared =
        collections.into_iter().filter_map(|(pattern, words)| collection(&pattern, &words)).collect();
    connect.install(declared, keys.into_iter().filter_map(key).collect(), None);
    *remembers = true;
    Ok(())
}

/// Keeps what a seed says.
pub(super) async fn keep(connect: &Connect, words: Words) -> Result<(), SeedError> {
    if words.collections.is_empty() && words.keys.is_empty() {
        return Ok(());
    }
    let kept = connect.store.write(move |tx| {
        for (pattern, words) in &words.collections {
            declarations::put(tx, Kind::Collection, pattern, words)?;
        }
        for (digest, Caller { id, name }) in &words.keys {
            declarations::put(tx, Kind::Key, &hex(digest), &json!({"id": id, "name": name}).to_string())?;
        }
        Ok::<_, StoreError>(())
    });
    kept.await.map_err(failed)
}

/// A document of the options takes the place of the kept one; without, the kept one holds.
async fn document(connect: &Connect) -> Result<(), SeedError> {
    let settings = connect.settings();
    if settings.said.document {
        let Some(source) = settings.source else {
            let forgotten = connect.store.write(|tx| declarations::drop_all(tx, Kind::Document));
            return forgotten.await.map_err(failed);
        };
        let name = format!(
            "{} {}",
            if settings.closed { "closed" } else { "open" },
            hex(&super::digest(source.as_bytes()))
        );
        let kept = connect.store.write(move |tx| {
            if declarations::has(tx, Kind::Document, &name)? {
                return Ok(());
            }
            declarations::drop_all(tx, Kind::Document)?;
            declarations::put(tx, Kind::Document, &name, &source)
        });
        return kept.await.map_err(failed);
    }
    let kept = connect.store.read(|tx| declarations::all(tx, Kind::Document)).await.map_err(failed)?;
    let (mut closed, mut document) = (false, None);
    if let Some((name, source)) = kept.into_iter().next() {
        closed = name.starts_with("closed");
        let read = tokio::task::spawn_blocking(move || Document::parse(source.as_bytes())).await;
        document = read
            .map_err(failed)?
            .inspect_err(
                |error| tracing::warn!(%error, "the document of an earlier start cannot be read any more"),
            )
            .ok();
    }
    let mut held = connect.settings.write().unwrap_or_else(PoisonError::into_inner);
    if !held.said.closed {
        held.closed = closed && document.is_some();
    }
    held.document = document;
    Ok(())
}

fn collection(pattern: &str, words: &str) -> Option<Declared> {
    let read = serde_json::from_str(words).map_err(failed).and_then(|words| seed::collection(words, pattern));
    read.inspect_err(
        |error| tracing::warn!(%error, pattern, "a declaration of an earlier start is passed over"),
    )
    .ok()
}

fn key((digest, caller): (String, String)) -> Option<([u8; 32], Caller)> {
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digest.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    let caller: Value = serde_json::from_str(&caller).ok()?;
    let text = |name: &str| Some(caller.get(name)?.as_str()?.to_owned());
    Some((bytes, Caller { id: text("id")?, name: text("name")? }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
