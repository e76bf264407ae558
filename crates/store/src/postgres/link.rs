//! One connection, driven by the thread that owns it.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::join;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Statement};

use super::cell::Bound;
use super::lane::Lane;
use crate::batch::Connection;
use crate::engine::Durability;
use crate::error::{Result, StoreError, StoreErrorKind};
use crate::sql::{Dialect, Translations, translate_schema};
use crate::sqlite::refuse_nul;
use crate::tx::{Row, Source};
use crate::value::ToValue;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Writer,
    Reader,
}

/// Statements kept prepared per connection; far more than there are constant ones.
const PREPARED: usize = 2048;

pub(crate) struct Postgres {
    /// Drives this one connection, only while its thread waits for an answer.
    runtime: Runtime,
    client: Client,
    config: Config,
    /// What every new session is told first.
    session: String,
    schema: String,
    role: Role,
    durability: Durability,
    translations: Translations,
    /// By statement, one preparation for each combination of parameter types.
    prepared: HashMap<Arc<str>, Vec<(Vec<Type>, Statement)>>,
    lane: Arc<Lane>,
    in_lane: bool,
    /// Whether the savepoint of the last closure still stands, or will once `due` is sent.
    marked: bool,
    /// What is sent together with the next statement, to save a round trip.
    due: String,
    /// Whether the database knows of the transaction.
    begun: bool,
}

impl Postgres {
    pub(crate) fn connect(
        config: &Config,
        schema: &str,
        role: Role,
        durability: Durability,
        lane: Arc<Lane>,
    ) -> Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| StoreError::io("start the runtime of a connection", e))?;
        let commit = if durability == Durability::Durable { "on" } else { "off" };
        let session = format!(
            "SET search_path TO \"{schema}\"; SET client_min_messages = warning; SET statement_timeout = '30s'; \
             SET idle_in_transaction_session_timeout = '60s'; SET synchronous_commit = {commit}"
        );
        let client = dial(&runtime, config, &session)?;
        Ok(Self {
            runtime,
            client,
            config: config.clone(),
            session,
            schema: schema.to_owned(),
            role,
            durability,
            translations: Translations::new(Dialect::Postgres),
            prepared: HashMap::new(),
            lane,
            in_lane: false,
            marked: false,
            due: String::new(),
            begun: false,
        })
    }

    /// Takes up a new session after the old one was lost.
    fn reconnect(&mut self) -> Result<()> {
        tracing::warn!(schema = self.schema, "the connection to the database was lost; connecting again");
        self.prepared.clear();
        self.client = dial(&self.runtime, &self.config, &self.session)?;
        Ok(())
    }

    fn simple(&self, sql: &str) -> Result<()> {
        self.runtime.block_on(self.client.batch_execute(sql)).map_err(failure)
    }

    fn statement(&mut self, sql: &str, params: &[Bound<'_>]) -> Result<Statement> {
        let sql = self.translations.get(sql);
        let same =
            |types: &[Type]| types.iter().eq(params.iter().map(Bound::kind).collect::<Vec<_>>().iter());
        let known = self
            .prepared
            .get(&sql)
            .and_then(|all| all.iter().find(|(types, _)| types.len() == params.len() && same(types)));
        if let Some((_, statement)) = known {
            return Ok(statement.clone());
        }
        let due = self.take_due();
        if !due.is_empty() {
            self.simple(&due)?;
        }
        let types: Vec<Type> = params.iter().map(Bound::kind).collect();
        let statement = self.runtime.block_on(self.client.prepare_typed(&sql, &types)).map_err(failure)?;
        if statement.params().len() != params.len() {
            let (expected, given) = (statement.params().len(), params.len());
            let what = format!("the statement takes {expected} parameters, {given} were given");
            return Err(StoreError::new(StoreErrorKind::Statement, what));
        }
        if self.prepared.len() >= PREPARED {
            self.prepared.clear();
        }
        self.prepared.entry(sql).or_default().push((types, statement.clone()));
        Ok(statement)
    }

    /// What must be sent before the next statement.
    fn take_due(&mut self) -> String {
        self.begun = true;
        std::mem::take(&mut self.due)
    }

    fn leave_lane(&mut self) {
        if std::mem::take(&mut self.in_lane) {
            self.lane.leave();
        }
    }

    fn opening(&self, soft: bool) -> &'static str {
        match self.role {
            Role::Reader => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Role::Writer if soft && self.durability == Durability::Durable => {
                "BEGIN ISOLATION LEVEL SERIALIZABLE; SET LOCAL synchronous_commit = off"
            }
            Role::Writer => "BEGIN ISOLATION LEVEL SERIALIZABLE",
        }
    }

    fn recreate(&mut self, make: &mut dyn FnMut(&mut dyn Connection) -> Result<()>) -> Result<()> {
        let mut tables = Vec::new();
        let sql = "SELECT tablename FROM pg_tables WHERE schemaname = $1";
        let schema = self.schema.clone();
        self.due.clear();
        self.simple("BEGIN")?;
        self.query(sql, &[&schema], &mut |row| row.text(0).map(|name| tables.push(name)).is_ok())?;
        for table in tables {
            self.simple(&format!("DROP TABLE IF EXISTS \"{table}\" CASCADE"))?;
        }
        make(self)?;
        self.simple("COMMIT")
    }
}

impl Connection for Postgres {
    fn execute(&mut self, sql: &str, params: &[&dyn ToValue]) -> Result<u64> {
        let params = bound(params)?;
        let statement = self.statement(sql, &params)?;
        let due = self.take_due();
        let params = refs(&params);
        let (client, statement) = (&self.client, &statement);
        self.runtime.block_on(after(client, &due, client.execute(statement, &params))).map_err(failure)
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[&dyn ToValue],
        each: &mut dyn FnMut(&Row<'_>) -> bool,
    ) -> Result<()> {
        let params = bound(params)?;
        let statement = self.statement(sql, &params)?;
        let due = self.take_due();
        let params = refs(&params);
        let (client, statement) = (&self.client, &statement);
        let rows = self.runtime.block_on(after(client, &due, client.query(statement, &params)));
        let _ = rows.map_err(failure)?.iter().all(|row| each(&Row(Source::Postgres(row))));
        Ok(())
    }

    fn script(&mut self, sql: &str) -> Result<()> {
        let due = self.take_due();
        if !due.is_empty() {
            self.simple(&due)?;
        }
        self.simple(&translate_schema(sql, Dialect::Postgres))
    }

    fn begin(&mut self, soft: bool) -> Result<()> {
        self.leave_lane();
        self.due.clear();
        (self.marked, self.begun) = (false, false);
        if self.client.is_closed() {
            self.reconnect()?;
        }
        let opening = self.opening(soft);
        if self.role == Role::Reader {
            self.due.push_str(opening);
            return Ok(());
        }
        // A writer waits for its beginning: without one, the statement sent after it would stand on its own.
        self.in_lane = self.lane.enter();
        match self.simple(opening) {
            // An idle session may have been lost; nothing was done in it yet.
            Err(error) if error.kind() == StoreErrorKind::Connection => {
                self.reconnect()?;
                self.simple(opening)?;
            }
            begun => begun?,
        }
        self.begun = true;
        Ok(())
    }

    fn mark(&mut self) -> Result<()> {
        if !self.due.is_empty() {
            self.due.push_str("; ");
        }
        // The savepoint of the closure before is released here, so that keeping costs no round trip of its own.
        if std::mem::replace(&mut self.marked, true) {
            self.due.push_str("RELEASE SAVEPOINT request; ");
        }
        self.due.push_str("SAVEPOINT request");
        Ok(())
    }

    fn keep(&mut self) -> Result<()> {
        Ok(())
    }

    fn undo(&mut self) -> Result<()> {
        // While the savepoint is due, the closure has done nothing.
        if self.due.is_empty() { self.simple("ROLLBACK TO SAVEPOINT request") } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<()> {
        self.due.clear();
        let committed = self.simple("COMMIT");
        if committed.is_ok() {
            self.begun = false;
            self.leave_lane();
        }
        committed
    }

    fn rollback(&mut self) {
        self.due.clear();
        // A lost session has rolled back by itself.
        if std::mem::take(&mut self.begun)
            && !self.client.is_closed()
            && let Err(error) = self.simple("ROLLBACK")
        {
            tracing::debug!(%error, "a transaction could not be rolled back");
        }
        self.leave_lane();
    }

    fn collided(&mut self) {
        self.lane.heat();
    }

    fn clear(&mut self, make: &mut dyn FnMut(&mut dyn Connection) -> Result<()>) -> Result<()> {
        let mut cleared = self.recreate(make);
        for _ in 0..8 {
            match &cleared {
                Err(error) if error.kind() == StoreErrorKind::Conflict => {
                    self.rollback();
                    cleared = self.recreate(make);
                }
                _ => break,
            }
        }
        if cleared.is_err() {
            self.rollback();
        }
        cleared
    }
}

fn dial(runtime: &Runtime, config: &Config, session: &str) -> Result<Client> {
    let connected = runtime.block_on(config.connect(NoTls));
    let (client, connection) = connected.map_err(|error| {
        let hint = "check that the database runs and that the URL names it";
        StoreError::caused(
            StoreErrorKind::Connection,
            format!("cannot connect to the database: {error}: {hint}"),
            error,
        )
    })?;
    runtime.spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to the database ended");
        }
    });
    runtime.block_on(client.batch_execute(session)).map_err(failure)?;
    Ok(client)
}

/// Sends `due` and `statement` without waiting between the two; the first error counts.
async fn after<T>(
    client: &Client,
    due: &str,
    statement: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
) -> std::result::Result<T, tokio_postgres::Error> {
    if due.is_empty() {
        return statement.await;
    }
    let (before, done) = join(client.batch_execute(due), statement).await;
    before.and(done)
}

fn bound<'a>(params: &'a [&dyn ToValue]) -> Result<Vec<Bound<'a>>> {
    params
        .iter()
        .enumerate()
        .map(|(index, param)| {
            let value = param.to_value();
            refuse_nul(index, value).map(|()| Bound(value))
        })
        .collect()
}

fn refs<'a>(params: &'a [Bound<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|param| param as _).collect()
}

/// Sorts an error of PostgreSQL by its SQLSTATE.
fn failure(error: tokio_postgres::Error) -> StoreError {
    use StoreErrorKind as Kind;
    let kind = match error.code().map(|code| code.code()) {
        Some("40001" | "40P01" | "55P03") => Kind::Conflict,
        Some("57014") => Kind::Timeout,
        Some("25006") => Kind::ReadOnly,
        Some("53100") => Kind::Full,
        Some("53200" | "58030") => Kind::Io,
        Some(code) if code.starts_with("23") || code == "22021" => Kind::Constraint,
        Some(code) if ["08", "53", "57P"].iter().any(|class| code.starts_with(class)) || code == "25P03" => {
            Kind::Connection
        }
        Some(_) => Kind::Statement,
        None if error.is_closed() || caused_by_io(&error) => Kind::Connection,
        None => Kind::Statement,
    };
    let message = match error.as_db_error() {
        Some(fault) => format!("postgres: {} ({})", fault.message(), fault.code().code()),
        None => format!("postgres: {error}"),
    };
    StoreError::caused(kind, message, error)
}

fn caused_by_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}
