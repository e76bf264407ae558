//! Lists that are too long for one transaction: all of it happens or none.
//!
//! What can be refused is looked for first. What is refused all the same, because somebody else was faster, takes the
//! parts before back. Only a crash in between leaves some parts done; such a request was never answered.

use std::collections::HashSet;
use std::sync::Arc;

use pentad_store::Store;
use serde_json::{Map, Value};

use super::super::error::Failure;
use super::super::storage::cells;
use super::super::storage::collections::{self, CollectionRow};
use super::super::storage::resources::{self, Stored};
use super::collection::{Maker, Named, given_id, placed, taken, unknown};
use super::resource::{self, Change};

/// Most resources of one transaction.
pub(super) const BATCH: usize = 100;

/// Most rows of one transaction, about: so long other writers wait.
const ROWS: usize = 20_000;

type Object = Map<String, Value>;

/// Whether one transaction takes them all.
pub(super) fn is_small(objects: &[Object]) -> bool {
    objects.len() <= BATCH && (objects.len() == 1 || objects.iter().map(values).sum::<usize>() <= ROWS / 3)
}

/// About how many values an object has, each of up to three rows.
fn values(object: &Object) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::Array(elements) => 1 + elements.iter().map(of).sum::<usize>(),
            Value::Object(members) => 1 + members.values().map(of).sum::<usize>(),
            _ => 1,
        }
    }
    object.values().map(of).sum()
}

/// Creates resources; their JSON.
pub(super) async fn create(
    store: Store,
    maker: Arc<Maker>,
    objects: Vec<Object>,
) -> Result<Vec<String>, Failure> {
    let objects = Arc::new(objects);
    let looked = Arc::clone(&objects);
    aside(move || look_over(&looked)).await?;
    let (chosen, given) = (Arc::clone(&maker), Arc::clone(&objects));
    let prepared = store.write(move |tx| {
        let collection = chosen.collection(tx)?;
        let name = |(index, object)| {
            chosen.name(tx, &collection, object).map_err(|refusal| placed(refusal, true, index))
        };
        let named: Vec<Named> = given.iter().enumerate().map(name).collect::<Result<_, Failure>>()?;
        Ok::<_, Failure>((collection, named, chosen.stamp(tx)))
    });
    let (collection, named, now) = prepared.await?;
    let list = Arc::new(List { maker, objects, collection, named, now });
    let mut made = Vec::with_capacity(list.objects.len());
    while made.len() < list.objects.len() {
        match list.store(&store, made.len()).await {
            Ok(bodies) => made.extend(bodies),
            Err(refusal) => {
                let names = list.named.iter().take(made.len()).map(|(name, _)| name.clone());
                remove(&store, &list.collection.path, names.collect()).await?;
                return Err(refusal);
            }
        }
    }
    Ok(made)
}

/// Resources on their way into a collection.
struct List {
    maker: Arc<Maker>,
    objects: Arc<Vec<Object>>,
    collection: CollectionRow,
    named: Vec<Named>,
    now: Value,
}

impl List {
    /// Stores as many as one transaction takes; their JSON.
    async fn store(self: &Arc<Self>, store: &Store, first: usize) -> Result<Vec<String>, Failure> {
        let list = Arc::clone(self);
        let some = aside(move || list.take_apart(first)).await?;
        let list = Arc::clone(self);
        let stored = store.write(move |tx| {
            // Who removed its owner meanwhile has removed the collection, too.
            let row = collections::find(tx, &list.collection.path)?;
            let row = row.filter(|row| row.id == list.collection.id).ok_or_else(Failure::missing)?;
            for (index, stored) in some.iter().enumerate() {
                let (name, _) = &list.named[first + index];
                if resources::exists(tx, row.id, name)? {
                    return Err(placed(taken(name), true, first + index));
                }
                resources::insert(tx, &row, name, stored)?;
            }
            collections::grow(tx, row.id, some.len() as i64)?;
            Ok(some.iter().map(|stored| stored.body.clone()).collect())
        });
        stored.await
    }

    fn take_apart(&self, first: usize) -> Result<Vec<Stored>, Failure> {
        let (mut some, mut rows) = (Vec::new(), 0);
        for (index, (object, named)) in self.objects.iter().zip(&self.named).enumerate().skip(first) {
            if some.len() == BATCH || rows > ROWS {
                break;
            }
            let stored = self.maker.stored(&self.collection, object, named, &self.now);
            let stored = stored.map_err(|refusal| placed(refusal, true, index))?;
            rows += stored.rows();
            some.push(stored);
        }
        Ok(some)
    }
}

/// Refuses what no store would take: ids that are there twice, objects with too many values.
fn look_over(objects: &[Object]) -> Result<(), Failure> {
    let mut names = HashSet::with_capacity(objects.len());
    for (index, object) in objects.iter().enumerate() {
        let name = given_id(object).map_err(|refusal| placed(refusal, true, index))?;
        if let Some(name) = name.filter(|name| !names.insert(name.clone())) {
            return Err(placed(taken(&name), true, index));
        }
        if values(object) > ROWS / 4 {
            let fits = cells::of(0, &cells::Hot::All, object).map_err(Failure::from);
            fits.map_err(|refusal| placed(refusal, true, index))?;
        }
    }
    Ok(())
}

/// Removes resources, part by part.
async fn remove(store: &Store, path: &str, names: Vec<String>) -> Result<(), Failure> {
    for some in names.chunks(BATCH) {
        let (path, some) = (path.to_owned(), some.to_vec());
        let removed = store
            .write(move |tx| some.iter().try_for_each(|name| resource::remove(tx, &path, name).map(drop)));
        removed.await?;
    }
    Ok(())
}

/// An object as it was before a change and as it is after it.
struct Changed {
    id: String,
    before: String,
    after: String,
}

/// Changes resources; the JSON they then are.
pub(super) async fn update(
    store: Store,
    change: Arc<Change>,
    objects: Vec<(String, Object)>,
) -> Result<Vec<String>, Failure> {
    let objects = Arc::new(objects);
    let (asked, known) = (Arc::clone(&objects), Arc::clone(&change));
    let fits = store.read(move |tx| {
        for (index, (id, object)) in asked.iter().enumerate() {
            let found = resource::load(tx, &known.collection, id)?;
            let (_, row) = found.ok_or_else(|| unknown(index, id))?;
            let state = known.check_state(&resource::stored(&row.body)?, object);
            state.map_err(|refusal| placed(refusal, true, index))?;
        }
        Ok::<_, Failure>(())
    });
    fits.await?;
    let mut done: Vec<Changed> = Vec::with_capacity(objects.len());
    for first in (0..objects.len()).step_by(BATCH) {
        let (objects, applied) = (Arc::clone(&objects), Arc::clone(&change));
        let changed = store.write(move |tx| {
            let some = &objects[first..objects.len().min(first + BATCH)];
            let mut changed = Vec::with_capacity(some.len());
            for (index, object) in some.iter().enumerate() {
                let before = resource::load(tx, &applied.collection, &object.0)?;
                let (_, before) = before.ok_or_else(|| unknown(first + index, &object.0))?;
                let after = applied.apply_all(tx, std::slice::from_ref(object), first + index)?.concat();
                changed.push(Changed { id: object.0.clone(), before: before.body, after });
            }
            Ok::<_, Failure>(changed)
        });
        match changed.await {
            Ok(changed) => done.extend(changed),
            Err(refusal) => {
                restore(&store, &change, done).await?;
                return Err(refusal);
            }
        }
    }
    Ok(done.into_iter().map(|changed| changed.after).collect())
}

/// Puts back what was there before, last first, where nobody changed it since.
async fn restore(store: &Store, change: &Arc<Change>, mut done: Vec<Changed>) -> Result<(), Failure> {
    done.reverse();
    let done = Arc::new(done);
    for first in (0..done.len()).step_by(BATCH) {
        let (done, change) = (Arc::clone(&done), Arc::clone(change));
        let restored = store.write(move |tx| {
            for Changed { id, before, after } in &done[first..done.len().min(first + BATCH)] {
                let Some((collection, row)) = resource::load(tx, &change.collection, id)? else { continue };
                if row.body == *after {
                    let stored =
                        resources::prepare(collection.id, &collection.marked(), resource::stored(before)?)?;
                    resources::replace(tx, &collection, &row, &stored)?;
                }
            }
            Ok::<_, Failure>(())
        });
        restored.await?;
    }
    Ok(())
}

/// Removes resources and what is below them.
pub(super) async fn delete(store: Store, path: String, ids: Vec<String>) -> Result<(), Failure> {
    let (collection, asked) = (path.clone(), ids.clone());
    let there = store.read(move |tx| {
        let row = collections::find(tx, &collection)?;
        for (index, id) in asked.iter().enumerate() {
            let is_there = match &row {
                Some(row) => resources::exists(tx, row.id, id)?,
                None => false,
            };
            if !is_there {
                return Err(unknown(index, id));
            }
        }
        Ok(())
    });
    there.await?;
    // One that somebody else removes meanwhile is as gone as asked for.
    remove(&store, &path, ids).await
}

/// Does what takes long where nobody waits for it.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Failure::internal("The work ended early.")))
}
