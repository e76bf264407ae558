//! Group commit: many closures in one transaction, each in a savepoint of its own.

use std::path::Path;
use std::sync::Arc;

use crate::engine::ServiceClock;
use crate::error::{Result, StoreError, StoreErrorKind};
use crate::job::Job;
use crate::room::Room;
use crate::tx::{Row, Tx};
use crate::value::ToValue;
use crate::watch::Watchers;

/// The seeded fault: see the feature of the same name.
const ANSWER_BEFORE_COMMIT: bool = cfg!(feature = "answer-before-commit");

/// How often a closure that collides with other transactions is run before its caller hears of it.
const ATTEMPTS: u32 = 16;

/// A connection to either database, as the batch runner and [`Tx`] need it.
pub(crate) trait Connection {
    fn execute(&mut self, sql: &str, params: &[&dyn ToValue]) -> Result<u64>;
    /// Hands each row to `each` until that returns `false`.
    fn query(
        &mut self,
        sql: &str,
        params: &[&dyn ToValue],
        each: &mut dyn FnMut(&Row<'_>) -> bool,
    ) -> Result<()>;
    /// Runs statements without parameters, separated by semicolons.
    fn script(&mut self, sql: &str) -> Result<()>;

    fn begin(&mut self, soft: bool) -> Result<()>;
    /// Sets the savepoint of the next closure.
    fn mark(&mut self) -> Result<()>;
    /// Keeps what happened since [`mark`](Connection::mark).
    fn keep(&mut self) -> Result<()>;
    /// Undoes what happened since [`mark`](Connection::mark).
    fn undo(&mut self) -> Result<()>;
    fn commit(&mut self) -> Result<()>;
    fn rollback(&mut self);
    /// Called when a batch collided with other transactions and is run again.
    fn collided(&mut self) {}
    /// Drops every table and lets `make` create them anew, in one transaction.
    fn clear(&mut self, make: &mut dyn FnMut(&mut dyn Connection) -> Result<()>) -> Result<()>;
    /// Copies the database into a new file. Only called where tables are in files.
    fn copy(&mut self, _file: &Path) -> Result<()> {
        Err(no_files())
    }
    /// Puts the content of a file in the place of the database. Only called where tables are in files.
    fn replace(&mut self, _file: &Path) -> Result<()> {
        Err(no_files())
    }
    /// Called once, after the last transaction.
    fn finish(&mut self) {}
}

fn no_files() -> StoreError {
    StoreError::new(StoreErrorKind::Config, "this database is not kept in files")
}

/// What the closures of a batch share.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) clock: Arc<dyn ServiceClock>,
    pub(crate) watchers: Arc<Watchers>,
    pub(crate) room: Arc<Room>,
}

/// How a transaction of one or more closures ended.
enum End {
    Committed(Vec<String>),
    /// Nothing was committed, and running again may help.
    Undone(StoreError),
    /// The outcome is an error for all; it may even have been committed.
    Failed(StoreError),
}

/// Commits all of `jobs` together and answers them.
pub(crate) fn run(connection: &mut dyn Connection, around: &Surroundings, jobs: &mut Vec<Box<dyn Job>>) {
    let mut end = together(connection, around, jobs);
    if matches!(&end, End::Undone(error) if again(error)) {
        // Once more as a batch: out of the way of this process' own writers, that usually does.
        connection.collided();
        end = together(connection, around, jobs);
    }
    match end {
        End::Undone(_) => {
            for job in jobs.iter_mut() {
                alone(connection, around, std::slice::from_mut(job));
            }
        }
        end => finish(around, jobs, end),
    }
    jobs.clear();
}

/// Runs one closure in a transaction of its own, again while it collides with others.
fn alone(connection: &mut dyn Connection, around: &Surroundings, job: &mut [Box<dyn Job>]) {
    let mut end = together(connection, around, job);
    for _ in 1..ATTEMPTS {
        match &end {
            End::Undone(error) if again(error) => end = together(connection, around, job),
            _ => break,
        }
    }
    finish(around, job, end);
}

fn finish(around: &Surroundings, jobs: &mut [Box<dyn Job>], end: End) {
    let fate = match end {
        End::Committed(touched) => {
            // A commit that touched nothing may have needed no room.
            if !touched.is_empty() {
                around.room.written();
            }
            around.watchers.ring(&touched);
            Ok(())
        }
        End::Undone(error) | End::Failed(error) => {
            around.room.refused(&error);
            Err(error)
        }
    };
    for job in jobs {
        job.answer(fate.clone());
    }
}

fn together(connection: &mut dyn Connection, around: &Surroundings, jobs: &mut [Box<dyn Job>]) -> End {
    let soft = jobs.iter().all(|job| job.is_soft());
    if let Err(error) = connection.begin(soft) {
        connection.rollback();
        return if again(&error) { End::Undone(error) } else { End::Failed(error) };
    }
    let (touched, kept) = match closures(connection, around, jobs) {
        Ok(done) => done,
        Err(error) => {
            connection.rollback();
            return End::Undone(error);
        }
    };
    if kept == 0 {
        connection.rollback();
        return End::Committed(Vec::new());
    }
    if ANSWER_BEFORE_COMMIT {
        jobs.iter_mut().for_each(|job| job.answer(Ok(())));
        hold();
    }
    match connection.commit() {
        Ok(()) => End::Committed(touched),
        Err(error) => {
            connection.rollback();
            // A deferred constraint fails at the commit: alone, it fails for the one who broke it.
            let separable = error.kind() == StoreErrorKind::Constraint && jobs.len() > 1;
            if separable || again(&error) { End::Undone(error) } else { End::Failed(error) }
        }
    }
}

/// Keeps the gap of the seeded fault open: a kill at a random instant must not need luck to fall into it.
#[expect(clippy::disallowed_methods, reason = "the fault is seeded in real time, where kills come")]
fn hold() {
    std::thread::sleep(std::time::Duration::from_millis(10));
}

/// Runs every closure inside the open transaction: the keys they touched, and how many of them stay.
///
/// An error means that the transaction as a whole is lost.
fn closures(
    connection: &mut dyn Connection,
    around: &Surroundings,
    jobs: &mut [Box<dyn Job>],
) -> Result<(Vec<String>, usize)> {
    let several = jobs.len() > 1;
    let (mut touched, mut kept) = (Vec::new(), 0);
    for job in jobs {
        if several {
            connection.mark()?;
        }
        let mut tx = Tx::new(connection, around.clock.now(), true);
        let keep = job.run(&mut tx);
        let (keys, failure) = tx.finish();
        if let Some(failure) = failure.filter(|failure| again(failure) || lost(failure)) {
            return Err(failure);
        }
        if keep {
            kept += 1;
            touched.extend(keys);
        }
        match (several, keep) {
            (true, true) => connection.keep()?,
            (true, false) => connection.undo()?,
            (false, _) => {}
        }
    }
    Ok((touched, kept))
}

/// Whether the transaction was undone by a collision, so that running it again may succeed.
fn again(error: &StoreError) -> bool {
    error.kind() == StoreErrorKind::Conflict
}

/// Whether the failure of one statement takes the whole transaction with it.
fn lost(error: &StoreError) -> bool {
    matches!(error.kind(), StoreErrorKind::Io | StoreErrorKind::Full | StoreErrorKind::Connection)
}

/// Runs a closure that only reads, on one snapshot, and answers it.
pub(crate) fn read(connection: &mut dyn Connection, around: &Surroundings, job: &mut dyn Job) {
    // A session that was lost while idle is noticed at the first statement: that is worth one more try.
    let mut losses = 0;
    for attempt in 1..=ATTEMPTS {
        let failure = match connection.begin(false) {
            Ok(()) => {
                let mut tx = Tx::new(connection, around.clock.now(), false);
                job.run(&mut tx);
                tx.finish().1
            }
            Err(error) => {
                connection.rollback();
                return job.answer(Err(error));
            }
        };
        connection.rollback();
        losses += u32::from(failure.as_ref().is_some_and(lost));
        let retry = failure.is_some_and(|failure| again(&failure) || (lost(&failure) && losses < 2));
        if attempt == ATTEMPTS || !retry {
            return job.answer(Ok(()));
        }
    }
}
