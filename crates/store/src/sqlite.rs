//! The SQLite back end: one file per service, one writer, a few readers.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{ErrorCode, OpenFlags};

use crate::batch::Connection;
use crate::engine::Durability;
use crate::error::{Result, StoreError, StoreErrorKind};
use crate::sql::{Dialect, Translations, translate_schema};
use crate::tx::{Row, Source};
use crate::value::{ToValue, Value};

/// Statements kept prepared per connection.
const PREPARED: usize = 256;

/// Pages in the log before it is copied into the database: 16 MiB, so that the copying is rare beside the commits.
const CHECKPOINT_PAGES: u32 = 4096;

/// A connection with what it has prepared.
#[derive(Debug)]
pub(crate) struct Sqlite {
    db: rusqlite::Connection,
    translations: Translations,
    durability: Durability,
    /// Whether commits are at present made without fsync, for a batch of only soft writes.
    soft: bool,
    reader: bool,
}

impl Sqlite {
    /// Opens `file` for writing, creating it if need be.
    pub(crate) fn writer(file: &Path, durability: Durability) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        private(file)?;
        let this = Self::open(file, durability, flags, false)?;
        let synchronous = synchronous(durability);
        this.setup(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON; \
             PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}; PRAGMA temp_store = MEMORY; \
             PRAGMA case_sensitive_like = ON; PRAGMA cache_size = -16000;"
        ))?;
        Ok(this)
    }

    /// Opens `file`, which the writer has created, for reading.
    pub(crate) fn reader(file: &Path, durability: Durability) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let this = Self::open(file, durability, flags, true)?;
        this.setup(
            "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA case_sensitive_like = ON; \
             PRAGMA cache_size = -8000;",
        )?;
        Ok(this)
    }

    fn open(file: &Path, durability: Durability, flags: OpenFlags, reader: bool) -> Result<Self> {
        let db = rusqlite::Connection::open_with_flags(file, flags).map_err(failure)?;
        db.busy_timeout(std::time::Duration::from_secs(5)).map_err(failure)?;
        db.set_prepared_statement_cache_capacity(PREPARED);
        let translations = Translations::new(Dialect::Sqlite);
        Ok(Self { db, translations, durability, soft: false, reader })
    }

    fn setup(&self, pragmas: &str) -> Result<()> {
        self.db.execute_batch(pragmas).map_err(failure)
    }

    fn run(&self, sql: &str) -> Result<()> {
        self.db.prepare_cached(sql).and_then(|mut statement| statement.execute(())).map_err(failure)?;
        Ok(())
    }

    /// Copies the database as it is into a new file.
    pub(crate) fn copy_to(&self, file: &Path) -> Result<()> {
        private(file)?;
        let mut copy = rusqlite::Connection::open(file).map_err(failure)?;
        let backup = rusqlite::backup::Backup::new(&self.db, &mut copy).map_err(failure)?;
        // All pages in one step: nobody else writes meanwhile.
        backup.step(-1).map_err(failure)?;
        drop(backup);
        copy.close().map_err(|(_, error)| failure(error))
    }

    fn recreate(&mut self, make: &mut dyn FnMut(&mut dyn Connection) -> Result<()>) -> Result<()> {
        self.begin(false)?;
        let mut tables = Vec::new();
        let sql = "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
        self.query(sql, &[], &mut |row| {
            let name = row.text_ref(0).and_then(|kind| Ok((kind.to_owned(), row.text(1)?)));
            name.map(|name| tables.push(name)).is_ok()
        })?;
        for (kind, name) in tables {
            self.script(&format!("DROP {kind} IF EXISTS \"{}\"", name.replace('"', "\"\"")))?;
        }
        make(self)?;
        self.commit()
    }
}

impl Connection for Sqlite {
    fn execute(&mut self, sql: &str, params: &[&dyn ToValue]) -> Result<u64> {
        let sql = self.translations.get(sql);
        let mut statement = self.db.prepare_cached(&sql).map_err(failure)?;
        bind(&mut statement, params)?;
        let changed = match statement.column_count() {
            0 => statement.raw_execute().map_err(failure)? as u64,
            // A statement with RETURNING whose rows nobody wants.
            _ => {
                let mut rows = statement.raw_query();
                let mut count = 0;
                while rows.next().map_err(failure)?.is_some() {
                    count += 1;
                }
                count
            }
        };
        Ok(changed)
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[&dyn ToValue],
        each: &mut dyn FnMut(&Row<'_>) -> bool,
    ) -> Result<()> {
        let sql = self.translations.get(sql);
        let mut statement = self.db.prepare_cached(&sql).map_err(failure)?;
        if self.reader && !statement.readonly() {
            return Err(StoreError::new(StoreErrorKind::ReadOnly, "a read closure cannot write"));
        }
        bind(&mut statement, params)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(failure)? {
            if !each(&Row(Source::Sqlite(row))) {
                break;
            }
        }
        Ok(())
    }

    fn script(&mut self, sql: &str) -> Result<()> {
        self.db.execute_batch(&translate_schema(sql, Dialect::Sqlite)).map_err(failure)
    }

    fn begin(&mut self, soft: bool) -> Result<()> {
        if self.reader {
            return self.run("BEGIN DEFERRED");
        }
        // The level cannot change inside a transaction. Only `durable` syncs at a commit at all.
        if self.durability == Durability::Durable && self.soft != soft {
            self.setup(if soft { "PRAGMA synchronous = NORMAL" } else { "PRAGMA synchronous = FULL" })?;
            self.soft = soft;
        }
        self.run("BEGIN IMMEDIATE")
    }

    fn mark(&mut self) -> Result<()> {
        self.run("SAVEPOINT request")
    }

    fn keep(&mut self) -> Result<()> {
        self.run("RELEASE request")
    }

    fn undo(&mut self) -> Result<()> {
        self.run("ROLLBACK TO request")?;
        self.run("RELEASE request")
    }

    fn commit(&mut self) -> Result<()> {
        self.run("COMMIT")
    }

    fn rollback(&mut self) {
        // Some failures (disk full) have already rolled back.
        if !self.db.is_autocommit()
            && let Err(error) = self.run("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    fn clear(&mut self, make: &mut dyn FnMut(&mut dyn Connection) -> Result<()>) -> Result<()> {
        // Tables that refer to each other can be dropped in any order only while nobody looks at the references.
        self.setup("PRAGMA foreign_keys = OFF")?;
        self.db.flush_prepared_statement_cache();
        let cleared = self.recreate(make);
        if cleared.is_err() {
            self.rollback();
        }
        self.setup("PRAGMA foreign_keys = ON")?;
        cleared
    }

    fn copy(&mut self, file: &Path) -> Result<()> {
        self.copy_to(file)
    }

    fn replace(&mut self, file: &Path) -> Result<()> {
        self.db.flush_prepared_statement_cache();
        let from =
            rusqlite::Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failure)?;
        let backup = rusqlite::backup::Backup::new(&from, &mut self.db).map_err(failure)?;
        // All pages in one step: one transaction, as readers see it.
        match backup.step(-1).map_err(failure)? {
            rusqlite::backup::StepResult::Done => Ok(()),
            _ => Err(StoreError::new(StoreErrorKind::Conflict, "the database is busy")),
        }
    }

    fn finish(&mut self) {
        if let Err(error) = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())) {
            tracing::warn!(%error, "the write-ahead log could not be emptied; it will be at the next start");
        }
    }
}

/// Creates `file` for its owner alone; SQLite gives the log beside it the same mode.
fn private(file: &Path) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    let opened = options.write(true).create(true).truncate(false).mode(0o600).open(file);
    opened.map(drop).map_err(|e| StoreError::io(format!("open {}", file.display()), e))
}

fn synchronous(durability: Durability) -> &'static str {
    match durability {
        Durability::Durable => "FULL",
        Durability::Buffered => "NORMAL",
        Durability::Memory => "OFF",
    }
}

struct Bound<'a>(Value<'a>);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Int(n) => ValueRef::Integer(n),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn bind(statement: &mut rusqlite::Statement<'_>, params: &[&dyn ToValue]) -> Result<()> {
    let expected = statement.parameter_count();
    if expected != params.len() {
        let what = format!("the statement takes {expected} parameters, {} were given", params.len());
        return Err(StoreError::new(StoreErrorKind::Statement, what));
    }
    for (index, param) in params.iter().enumerate() {
        let value = param.to_value();
        refuse_nul(index, value)?;
        statement.raw_bind_parameter(index + 1, Bound(value)).map_err(failure)?;
    }
    Ok(())
}

/// PostgreSQL cannot store U+0000 in text; so that both back ends behave alike, SQLite refuses it too.
pub(crate) fn refuse_nul(index: usize, value: Value<'_>) -> Result<()> {
    match value {
        Value::Text(text) if text.contains('\0') => {
            let what = format!("parameter ${}: text must not contain U+0000", index + 1);
            Err(StoreError::new(StoreErrorKind::Constraint, what))
        }
        _ => Ok(()),
    }
}

/// `SQLITE_IOERR_SHMSIZE`.
const SHMSIZE: i32 = 10 | (19 << 8);

/// Sorts an error of SQLite.
pub(crate) fn failure(error: rusqlite::Error) -> StoreError {
    use StoreErrorKind as Kind;
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => Kind::Constraint,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Kind::Conflict,
        Some(ErrorCode::ReadOnly) => Kind::ReadOnly,
        Some(ErrorCode::DiskFull) => Kind::Full,
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::OutOfMemory
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied,
        ) => Kind::Io,
        _ => Kind::Statement,
    };
    // The shared index beside the log could not grow: SQLite itself only calls that a disk I/O error.
    let indexless =
        matches!(&error, rusqlite::Error::SqliteFailure(code, _) if code.extended_code == SHMSIZE);
    let kind = if indexless { Kind::Full } else { kind };
    let message = match kind {
        Kind::Full => format!("the disk is full (sqlite: {error})"),
        _ => format!("sqlite: {error}"),
    };
    StoreError::caused(kind, message, error)
}

/// Where the files of the services are.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    pub(crate) dir: PathBuf,
    pub(crate) durability: Durability,
}

impl Files {
    pub(crate) fn database(&self, service: &str) -> Arc<Path> {
        self.dir.join(format!("{service}.db")).into()
    }

    /// The file for the copy that is made before format `from` is migrated.
    pub(crate) fn snapshot(&self, service: &str, from: u32) -> Result<PathBuf> {
        let dir = self.dir.join("snapshots");
        fs::create_dir_all(&dir).map_err(|e| StoreError::io(format!("create {}", dir.display()), e))?;
        let mut name = format!("{service}-format-{from}.db");
        let mut again = 1;
        while dir.join(&name).exists() {
            again += 1;
            name = format!("{service}-format-{from}-{again}.db");
        }
        Ok(dir.join(name))
    }

    /// Removes the files of services that are not open.
    pub(crate) fn remove_except(&self, open: &[String]) -> Result<()> {
        let reading = |e| StoreError::io(format!("read {}", self.dir.display()), e);
        for entry in fs::read_dir(&self.dir).map_err(reading)? {
            let path = entry.map_err(reading)?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let Some((service, "db" | "db-wal" | "db-shm")) = name.split_once('.') else { continue };
            if !open.iter().any(|o| o == service) {
                fs::remove_file(&path)
                    .map_err(|e| StoreError::io(format!("remove {}", path.display()), e))?;
            }
        }
        Ok(())
    }
}
