//! The platform as a running order sees it (IVCAP reference 9.11): the whole API without a token, and the calls of the
//! service library.
//!
//! It is a listener of its own on the loopback interface, opened with the first order. The base URL of an order holds a
//! secret that stands for its account; it is good as long as the order runs.

mod api;
mod listen;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use tokio::sync::OnceCell;
use uuid::Uuid;

use super::core::Core;
use super::runner::task::Assignment;
use crate::{Service, Tasks};

/// What orders are let in by.
#[derive(Debug, Default)]
pub(crate) struct Sidecar {
    passes: Arc<Mutex<HashMap<String, Arc<Visitor>>>>,
    address: OnceCell<SocketAddr>,
    /// The service, and the owner of the listener.
    door: OnceLock<(Weak<dyn Service>, Tasks)>,
}

/// A running order, as the platform knows it.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) task: Assignment,
    /// Whether it has been given its work.
    pub(super) served: std::sync::atomic::AtomicBool,
}

/// The right of a running order to call the platform, until it is dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    url: String,
    secret: String,
    passes: Arc<Mutex<HashMap<String, Arc<Visitor>>>>,
}

impl Pass {
    /// The base URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        lock(&self.passes).remove(&self.secret);
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sidecar {
    /// Says what answers, and who owns the listener; once.
    pub(crate) fn install(&self, service: &Arc<dyn Service>, tasks: &Tasks) {
        // A second time would say the same.
        let _ = self.door.set((Arc::downgrade(service), tasks.clone()));
    }

    fn visitor(&self, secret: &str) -> Option<Arc<Visitor>> {
        lock(&self.passes).get(secret).cloned()
    }

    fn service(&self) -> Option<Arc<dyn Service>> {
        self.door.get()?.0.upgrade()
    }
}

/// Lets an order call the platform.
pub(crate) async fn admit(core: &Arc<Core>, task: &Assignment) -> Result<Pass, String> {
    let sidecar = &core.work.sidecar;
    let open = || async {
        let (_, tasks) = sidecar.door.get().ok_or("the service has not started")?;
        listen::open(core, tasks)
            .await
            .map_err(|error| format!("no listener could be opened for it: {error}"))
    };
    let address = sidecar.address.get_or_try_init(open).await?;
    let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let visitor = Visitor { task: task.clone(), served: false.into() };
    lock(&sidecar.passes).insert(secret.clone(), Arc::new(visitor));
    let passes = Arc::clone(&sidecar.passes);
    Ok(Pass { url: format!("http://{address}/{secret}"), secret, passes })
}
