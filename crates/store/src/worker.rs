//! Threads for work that blocks: files and password hashing.

use std::sync::{Arc, OnceLock};
use std::thread;

use tokio::sync::oneshot;

use crate::error::{Result, StoreError};
use crate::queue::Queue;

type Work = Box<dyn FnOnce() + Send>;

/// As many threads as processors, started when first needed.
#[derive(Debug, Default)]
pub(crate) struct Workers(OnceLock<Pool>);

struct Pool(Arc<Queue<Work>>);

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pool(..)")
    }
}

impl Workers {
    /// Runs `work` on one of the threads.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (done, answer) = oneshot::channel();
        let work: Work = Box::new(move || {
            let _ = done.send(work());
        });
        if self.0.get_or_init(Pool::start).0.push(work).is_err() {
            return Err(StoreError::closed());
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::closed()))
    }
}

impl Pool {
    fn start() -> Self {
        let queue: Arc<Queue<Work>> = Arc::new(Queue::new());
        let count = thread::available_parallelism().map_or(2, usize::from);
        for _ in 0..count {
            let queue = Arc::clone(&queue);
            let started = thread::Builder::new().name("store-work".to_owned()).spawn(move || {
                let mut work = Vec::new();
                while queue.take(&mut work, 1) {
                    work.drain(..).for_each(|work| work());
                }
            });
            if let Err(error) = started {
                tracing::error!(%error, "a worker thread could not be started");
            }
        }
        Self(queue)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.0.close();
    }
}
