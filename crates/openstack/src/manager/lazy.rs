//! Things that are read when somebody looks (OpenStack reference A16.2).

use std::fmt;
use std::sync::{Mutex, PoisonError};

use futures_util::lock::Mutex as Turn;
use pentad_core::Result;
use serde_json::{Map, Value};

use super::{Manager, Resource};

/// A thing by its id. What is not known of it is asked for when somebody looks, once.
pub struct Lazy<T> {
    manager: Manager<T>,
    id: String,
    state: Mutex<State>,
    /// One reader at a time: the others wait and see what it found.
    reading: Turn<()>,
}

struct State {
    info: Map<String, Value>,
    loaded: bool,
}

impl<T: Resource> Lazy<T> {
    pub(super) fn new(manager: Manager<T>, id: &str, mut info: Map<String, Value>) -> Self {
        info.entry("id").or_insert_with(|| id.into());
        Self {
            manager,
            id: id.to_owned(),
            state: Mutex::new(State { info, loaded: false }),
            reading: Turn::new(()),
        }
    }

    /// Its identifier.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it was read.
    pub fn is_loaded(&self) -> bool {
        self.state().loaded
    }

    /// What is known of it now.
    pub fn info(&self) -> Map<String, Value> {
        self.state().info.clone()
    }

    /// Reads it now, again if it was read.
    ///
    /// # Errors
    /// Those of [`Manager::get`]; what was known stays.
    pub async fn load(&self) -> Result<T> {
        let thing = self.manager.get(&self.id).await?;
        let mut state = self.state();
        if let Ok(Value::Object(read)) = serde_json::to_value(&thing) {
            state.info.extend(read);
        }
        state.loaded = true;
        Ok(thing)
    }

    /// An attribute: what is known, else what the service says. `None` if it has no such attribute, which costs no second
    /// question.
    ///
    /// # Errors
    /// Those of [`Manager::get`]; the next look asks again.
    pub async fn attribute(&self, name: &str) -> Result<Option<Value>> {
        if let known @ Some(_) = self.known(name) {
            return Ok(known);
        }
        let _turn = self.reading.lock().await;
        if !self.is_loaded() {
            self.load().await?;
        }
        Ok(self.known(name))
    }

    fn known(&self, name: &str) -> Option<Value> {
        self.state().info.get(name).cloned()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Lazy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lazy").field("manager", &self.manager).field("id", &self.id).finish_non_exhaustive()
    }
}
