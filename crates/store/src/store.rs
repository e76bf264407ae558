//! One service's database, and the threads that own its connections.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use crate::batch::{self, Connection, Surroundings};
use crate::error::{Result, StoreError, StoreErrorKind};
use crate::job::{Closure, Job, Pending};
use crate::migrate::{self, Form};
use crate::queue::Queue;
use crate::snapshot::Pause;
use crate::tx::Tx;
use crate::watch::Changed;

/// Closures per commit at most: enough to share an fsync among all callers, few enough to answer the first soon.
const BATCH: usize = 256;

/// The database of one service: a file, or a schema of PostgreSQL.
///
/// A cheap handle; clones share the database. It does not keep the [`Engine`](crate::Engine) open.
#[derive(Debug, Clone)]
pub struct Store(Arc<Service>);

struct Service {
    name: String,
    writes: Arc<Queue<Task>>,
    reads: Arc<Queue<Box<dyn Job>>>,
    around: Surroundings,
    pending: Arc<AtomicUsize>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    form: Form,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a writer thread is asked to do.
enum Task {
    Write(Box<dyn Job>),
    Reset(oneshot::Sender<Result<()>>),
    Pause(Pause),
}

/// A way to make a connection; called on the thread that will own it.
pub(crate) type Opener = Box<dyn FnOnce() -> Result<Box<dyn Connection>> + Send>;

impl Store {
    /// Runs `f` in a write transaction and answers once that is committed at the configured durability.
    ///
    /// Closures of concurrent callers share one commit. `f` runs on a thread of the store, perhaps several times
    /// (when the transaction collides with another), so it must have no effect outside `tx`, must not wait and should
    /// touch a bounded number of rows. If it returns `Err` or panics, its own effects are undone and nobody else's.
    /// Dropping the future does not take the write back.
    ///
    /// # Errors
    /// What `f` returned; `Panicked`, `Conflict`, `Closed`; `Io` and `Connection` if the commit failed, in which
    /// case it may nevertheless have happened.
    pub async fn write<T, E>(
        &self,
        f: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.enqueue(f, false).await
    }

    /// Like [`write`](Store::write) for state whose loss in a crash of the machine only costs repeated work.
    ///
    /// A commit of soft writes alone does not wait for the disk. It survives the end of the process.
    ///
    /// # Errors
    /// As [`write`](Store::write).
    pub async fn write_soft<T, E>(
        &self,
        f: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.enqueue(f, true).await
    }

    /// Runs `f` on one snapshot of the committed data; it includes every write answered before the call.
    ///
    /// # Errors
    /// What `f` returned; `ReadOnly` if it tries to write; `Panicked`, `Closed`, `Connection`.
    pub async fn read<T, E>(
        &self,
        f: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (job, answer) = Closure::new(f, false, Pending::new(&self.0.pending));
        if self.0.reads.push(Box::new(job)).is_err() {
            return Err(StoreError::closed().into());
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::closed().into()))
    }

    /// Reads the little that every database of this store holds: whether the database answers.
    ///
    /// Waits its turn behind other reads, and for as long as the database does: give it a limit.
    ///
    /// # Errors
    /// As [`read`](Store::read).
    pub async fn probe(&self) -> Result<()> {
        self.read(|tx| tx.query(migrate::PROBE, &[], |row| row.int(0))).await.map(drop)
    }

    /// Subscribes to the commits that [`touch`](Tx::touch) `key`.
    ///
    /// Subscribe, then read, then wait: whatever is committed after the subscription ends the wait. Keys are compared
    /// as they are, within one service.
    pub fn changed(&self, key: &str) -> Changed {
        self.0.around.watchers.subscribe(key)
    }

    /// The name of the service.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    async fn enqueue<T, E>(
        &self,
        f: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        soft: bool,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (job, answer) = Closure::new(f, soft, Pending::new(&self.0.pending));
        if self.0.writes.push(Task::Write(Box::new(job))).is_err() {
            return Err(StoreError::closed().into());
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::closed().into()))
    }

    /// Starts the threads and waits until each has its connection.
    pub(crate) fn start(
        name: &str,
        around: Surroundings,
        form: Form,
        writers: Vec<Opener>,
        readers: Vec<Opener>,
    ) -> Result<Self> {
        let service = Service {
            name: name.to_owned(),
            writes: Arc::new(Queue::new()),
            reads: Arc::new(Queue::new()),
            around,
            pending: Arc::new(AtomicUsize::new(0)),
            threads: Mutex::new(Vec::new()),
            form,
        };
        for open in writers {
            let (queue, around) = (Arc::clone(&service.writes), service.around.clone());
            service.spawn("write", open, move |connection| write_loop(connection, &queue, &around, form))?;
        }
        for open in readers {
            let (queue, around) = (Arc::clone(&service.reads), service.around.clone());
            service.spawn("read", open, move |connection| read_loop(connection, &queue, &around))?;
        }
        Ok(Self(Arc::new(service)))
    }

    /// How many requests are queued or running.
    pub(crate) fn pending(&self) -> usize {
        self.0.pending.load(Ordering::Acquire)
    }

    /// Drops all rows; requests queued before it see the old data, later ones the new.
    pub(crate) async fn reset(&self) -> Result<()> {
        let (done, answer) = oneshot::channel();
        if self.0.writes.push(Task::Reset(done)).is_err() {
            return Err(StoreError::closed());
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::closed()))
    }

    /// Makes the writer stand still once it has done what is queued.
    pub(crate) fn pause(&self, pause: Pause) -> Result<()> {
        self.0.writes.push(Task::Pause(pause)).map_err(|_| StoreError::closed())
    }

    /// What the data must look like.
    pub(crate) fn form(&self) -> Form {
        self.0.form
    }

    /// Refuses new requests; those queued are still answered.
    pub(crate) fn close(&self) {
        self.0.close();
    }

    /// Waits for the threads to end, after [`close`](Store::close).
    pub(crate) fn join(&self) {
        self.0.join();
    }
}

impl Service {
    fn spawn(
        &self,
        role: &str,
        open: Opener,
        run: impl FnOnce(&mut dyn Connection) + Send + 'static,
    ) -> Result<()> {
        let (opened, opening) = mpsc::channel();
        let thread =
            thread::Builder::new().name(format!("{}-{role}", self.name)).spawn(move || match open() {
                Ok(mut connection) => {
                    let _ = opened.send(Ok(()));
                    run(connection.as_mut());
                }
                Err(error) => {
                    let _ = opened.send(Err(error));
                }
            });
        let thread = thread.map_err(|e| StoreError::io("start a thread of the store", e))?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        let panicked = StoreError::new(StoreErrorKind::Panicked, "a thread of the store ended at its start");
        opening.recv().unwrap_or(Err(panicked))
    }

    fn close(&self) {
        self.writes.close();
        self.reads.close();
    }

    fn join(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A closure may hold the last handle: its own thread cannot wait for itself.
            if thread.thread().id() != thread::current().id() && thread.join().is_err() {
                tracing::error!(service = self.name, "a thread of the store panicked");
            }
        }
        self.around.watchers.ring_all();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.close();
    }
}

fn write_loop(connection: &mut dyn Connection, queue: &Queue<Task>, around: &Surroundings, form: Form) {
    let (mut tasks, mut jobs) = (Vec::new(), Vec::new());
    let mut crowd = 0;
    while queue.take(&mut tasks, BATCH) {
        gather(queue, &mut tasks, crowd);
        crowd = tasks.len();
        for task in tasks.drain(..) {
            match task {
                Task::Write(job) => jobs.push(job),
                Task::Reset(done) => {
                    batch::run(connection, around, &mut jobs);
                    let reset = connection.clear(&mut |connection| migrate::create(connection, form));
                    around.watchers.ring_all();
                    let _ = done.send(reset);
                }
                Task::Pause(pause) => {
                    batch::run(connection, around, &mut jobs);
                    pause.hold(connection, form);
                    around.watchers.ring_all();
                }
            }
        }
        if !jobs.is_empty() {
            batch::run(connection, around, &mut jobs);
        }
    }
    connection.finish();
}

/// Lets the callers that the last commit answered come back before the next one starts.
///
/// Without this the first to return would get a commit of its own and all others would wait for that.
fn gather(queue: &Queue<Task>, tasks: &mut Vec<Task>, crowd: usize) {
    let mut idle = 0;
    while tasks.len() < crowd.min(BATCH) && idle < 3 {
        thread::yield_now();
        match queue.take_now(tasks, BATCH - tasks.len()) {
            0 => idle += 1,
            _ => idle = 0,
        }
    }
}

fn read_loop(connection: &mut dyn Connection, queue: &Queue<Box<dyn Job>>, around: &Surroundings) {
    let mut jobs = Vec::new();
    while queue.take(&mut jobs, 1) {
        for mut job in jobs.drain(..) {
            batch::read(connection, around, job.as_mut());
        }
    }
    connection.finish();
}
