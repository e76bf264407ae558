//! What an installation starts with: the section `connect` of a seed file, or one API key without one.

mod section;

use std::collections::HashMap;
use std::sync::Arc;

use pentad_rql::Schema;
use pentad_store::StoreError;
use serde_json::{Map, Value, json};

use self::section::{Section, SeedCollection};
use super::declared::Declared;
use super::error::Failure;
use super::handlers::{body, given_id, stamp};
use super::kept::{self, Words};
use super::storage::cells::Hot;
use super::storage::{collections, resources};
use super::{Caller, Connect, Keys, ids, segments_of};
use crate::SeedError;

/// Resources stored in one transaction.
const BATCH: usize = 100;

/// The user of the key that exists without a seed.
const USER: &str = "SU-000-000-001";

/// Resources to store in one collection.
struct Content {
    path: String,
    resources: Vec<Map<String, Value>>,
    /// Where they stand in the seed.
    place: String,
}

/// A section that was found right.
struct Read {
    declared: Vec<Declared>,
    keys: Keys,
    /// The generated key, where no other is there.
    own: Option<String>,
    content: Vec<Content>,
    /// What of it holds for the next start, too.
    words: Words,
}

/// Adds what the section says; `null` creates one key, if there is none.
pub(crate) async fn seed(connect: &Connect, section: Value) -> Result<(), SeedError> {
    kept::take_up(connect).await?;
    let Read { declared, keys, own, content, words } = read(connect, section)?;
    kept::keep(connect, words).await?;
    connect.install(declared, keys, own);
    for content in content {
        fill(connect, content).await?;
    }
    Ok(())
}

/// Whether a section can be seeded.
pub(crate) fn check(connect: &Connect, section: Value) -> Result<(), SeedError> {
    read(connect, section).map(drop)
}

/// Reads a section as a whole before anything of it is stored.
fn read(connect: &Connect, section: Value) -> Result<Read, SeedError> {
    let spoken: Vec<Value> =
        section.get("collections").and_then(Value::as_array).cloned().unwrap_or_default();
    let section: Option<Section> =
        serde_json::from_value(section).map_err(|error| SeedError::new("connect", error))?;
    let section = section.unwrap_or_default();
    let mut declared = Vec::new();
    let mut content = Vec::new();
    for (index, mut collection) in section.collections.into_iter().enumerate() {
        let place = format!("connect.collections[{index}]");
        let resources = std::mem::take(&mut collection.resources);
        let path = collection.path.trim_matches('/').to_owned();
        declared.push(declare(collection, &place)?);
        if !resources.is_empty() {
            content.push(Content { path, resources, place: format!("{place}.resources") });
        }
    }
    for (path, resources) in section.resources {
        let place = format!("connect.resources.{path}");
        content.push(Content { path: path.trim_matches('/').to_owned(), resources, place });
    }
    for content in &content {
        check_content(content)?;
    }
    let (keys, own) = keys(connect, section.api_keys)?;
    let words = |(declared, mut spoken): (&Declared, Value)| {
        spoken.as_object_mut().map(|spoken| spoken.remove("resources"));
        (declared.path(), spoken.to_string())
    };
    let collections = declared.iter().zip(spoken).map(words).collect();
    // A generated key is kept by who announces it.
    let words = Words { collections, keys: if own.is_none() { keys.clone() } else { Keys::new() } };
    Ok(Read { declared, keys, own, content, words })
}

/// The declaration of one collection, in the words of a seed.
pub(super) fn collection(words: Value, place: &str) -> Result<Declared, SeedError> {
    let read: SeedCollection = serde_json::from_value(words).map_err(|error| SeedError::new(place, error))?;
    declare(read, place)
}

fn check_content(content: &Content) -> Result<(), SeedError> {
    let Content { path, resources, place } = content;
    if path.contains('{') || path.is_empty() {
        return Err(SeedError::new(place, "resources need a path without templates"));
    }
    let mut known = HashMap::new();
    for (index, object) in resources.iter().enumerate() {
        let place_of = |index: usize| format!("{place}[{index}]");
        let id = given_id(object).map_err(|why| SeedError::new(place_of(index), why.message()))?;
        if let Some(earlier) = id.as_ref().and_then(|id| known.insert(id.clone(), index)) {
            let why = format!("id: {} has the same", place_of(earlier));
            return Err(SeedError::new(place_of(index), why));
        }
        let fits = body::is_storable(object)
            .and_then(|()| resources::prepare(0, &Hot::All, object.clone()).map_err(Failure::from));
        fits.map_err(|why| SeedError::new(place_of(index), why.message()))?;
    }
    Ok(())
}

fn declare(collection: SeedCollection, place: &str) -> Result<Declared, SeedError> {
    let pattern = Declared::pattern(&collection.path);
    if pattern.is_empty() {
        return Err(SeedError::new(
            format!("{place}.path"),
            "must name a collection, e.g. products/{id}/items",
        ));
    }
    let mut schema = if collection.closed { Schema::closed() } else { Schema::open() };
    for (name, field) in collection.fields {
        let declared =
            field.field_type().map_err(|why| SeedError::new(format!("{place}.fields.{name}"), why))?;
        schema = schema.field(name, declared);
    }
    if let Some(most) = collection.max_ordering {
        schema = schema.max_ordering(most);
    }
    let hot = collection.indexes.map_or(Hot::All, |paths| Hot::Only(paths.into_iter().collect()));
    let mut actions = Vec::new();
    for (index, action) in collection.actions.into_iter().enumerate() {
        let wrong = |why| SeedError::new(format!("{place}.actions[{index}]"), why);
        actions.push(action.action().map_err(wrong)?);
    }
    let states = collection.status.map(section::SeedStates::states);
    for transition in states.iter().flat_map(|states| &states.transitions) {
        if !actions.iter().any(|action| action.name == transition.action) {
            actions.push(section::plain_action(&transition.action));
        }
    }
    let schema = Arc::new(schema);
    Ok(Declared { pattern, prefix: collection.prefix, schema, hot, states, actions })
}

/// The keys that are let in as well, and the one that is announced where none was seeded.
fn keys(connect: &Connect, seeded: Vec<section::SeedKey>) -> Result<(Keys, Option<String>), SeedError> {
    let mut keys: Keys = HashMap::new();
    if seeded.is_empty() {
        if !connect.installed().keys.is_empty() {
            return Ok((keys, None));
        }
        let key = match connect.own_key() {
            Some(key) => key,
            None => generated().map_err(|why| SeedError::new("connect", why))?,
        };
        keys.insert(super::digest(&key), Caller { id: USER.to_owned(), name: "Local user".to_owned() });
        return Ok((keys, Some(key)));
    }
    for (index, seed) in seeded.into_iter().enumerate() {
        let key = seed.key.strip_prefix("ApiKey ").unwrap_or(&seed.key).to_owned();
        let parts = key.split_once(':').filter(|(id, secret)| !id.is_empty() && !secret.is_empty());
        let Some((id, _)) = parts else {
            let place = format!("connect.api_keys[{index}].key");
            return Err(SeedError::new(place, "must look like \"ApiKey SU-123-456-789:SECRET\""));
        };
        let caller = Caller { id: id.to_owned(), name: seed.name.unwrap_or_else(|| id.to_owned()) };
        keys.insert(super::digest(format!("ApiKey {key}")), caller);
    }
    Ok((keys, None))
}

fn generated() -> Result<String, String> {
    let mut random = [0_u8; 20];
    getrandom::fill(&mut random).map_err(|error| format!("no random numbers: {error}"))?;
    let secret: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("ApiKey {USER}:{secret}"))
}

/// Why a batch of resources was not stored.
struct Refused(SeedError);

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self(SeedError::new("connect", error))
    }
}

/// Stores the resources of a collection that are not there yet; those without an id get one by their position.
async fn fill(connect: &Connect, content: Content) -> Result<(), SeedError> {
    let Content { path, resources, place } = content;
    let segments = segments_of(&path);
    let registry = connect.registry();
    let (hot, prefix) = (registry.hot(&segments), registry.prefix(&segments));
    let numbered: Vec<(usize, Map<String, Value>)> = resources.into_iter().enumerate().collect();
    for batch in numbered.chunks(BATCH) {
        let (batch, path, place) = (batch.to_vec(), path.clone(), place.clone());
        let (hot, prefix) = (hot.clone(), prefix.clone());
        let stored = connect.store.write(move |tx| {
            let collection = collections::ensure(tx, &path, &hot)?;
            for (index, object) in &batch {
                let wrong = |failure: Failure| {
                    Refused(SeedError::new(format!("{place}[{index}]"), failure.message()))
                };
                let name = given_id(object).map_err(wrong)?;
                let name = name.unwrap_or_else(|| ids::id(&prefix, collection.id, *index as i64 + 1));
                if resources::exists(tx, collection.id, &name)? {
                    continue;
                }
                let mut whole = Map::new();
                let given = object.get("id").filter(|id| !id.is_null() && *id != "");
                whole.insert("id".to_owned(), given.cloned().unwrap_or_else(|| json!(name)));
                whole.extend(object.clone().into_iter().filter(|(name, _)| name != "id"));
                if !whole.contains_key("events") {
                    whole.insert("events".to_owned(), json!({"created": stamp(tx.now(), None)}));
                }
                let stored = resources::prepare(collection.id, &collection.marked(), whole);
                let stored = stored.map_err(|error| wrong(error.into()))?;
                resources::insert(tx, &collection, &name, &stored)?;
                collections::grow(tx, collection.id, 1)?;
            }
            Ok(())
        });
        stored.await.map_err(|Refused(error)| error)?;
    }
    Ok(())
}
