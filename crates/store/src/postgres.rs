//! The PostgreSQL back end: one schema per service, several writers.

mod cell;
mod lane;
mod link;

use std::sync::Arc;
use std::thread;

use tokio::sync::oneshot;
use tokio_postgres::Config;

pub(crate) use self::cell::{blob, int, text};
use self::lane::Lane;
use self::link::{Postgres, Role};
use crate::batch::{Connection, Surroundings};
use crate::engine::{Durability, readers};
use crate::error::{Result, StoreError, StoreErrorKind};
use crate::migrate::{Form, migrate};
use crate::store::{Opener, Store};

/// Writing threads per service. Each commit waits for the disk; several wait at once.
const WRITERS: usize = 4;

/// A database that holds the schemas of one installation.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    config: Config,
    prefix: String,
    durability: Durability,
}

impl Cluster {
    pub(crate) fn new(url: &str, prefix: &str, durability: Durability) -> Result<Self> {
        let faulty = |what: String| StoreError::new(StoreErrorKind::Config, what);
        // The parser's message names the faulty part and repeats no password.
        let mut config: Config =
            url.parse().map_err(|e| faulty(format!("the URL of the database cannot be used: {e}")))?;
        let valid = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if prefix.is_empty() || prefix.len() > 24 || !prefix.bytes().all(valid) {
            return Err(faulty(format!("{prefix:?} cannot begin the names of schemas")));
        }
        if config.get_application_name().is_none() {
            config.application_name("pentad");
        }
        Ok(Self { config, prefix: prefix.to_owned(), durability })
    }

    /// Opens the schema of a service, creating or migrating its tables.
    pub(crate) fn open(&self, name: &str, form: Form, around: Surroundings) -> Result<Store> {
        let lane = Arc::new(Lane::default());
        let mut writers = Vec::with_capacity(WRITERS);
        for number in 0..WRITERS {
            let (cluster, name, lane) = (self.clone(), name.to_owned(), Arc::clone(&lane));
            writers.push(Box::new(move || {
                let mut writer = cluster.connect(&name, Role::Writer, lane)?;
                if number == 0 {
                    cluster.prepare(&mut writer, &name, form)?;
                }
                Ok(Box::new(writer) as Box<dyn Connection>)
            }) as Opener);
        }
        let readers = (0..readers()).map(|_| -> Opener {
            let (cluster, name, lane) = (self.clone(), name.to_owned(), Arc::clone(&lane));
            Box::new(move || Ok(Box::new(cluster.connect(&name, Role::Reader, lane)?)))
        });
        Store::start(name, around, form, writers, readers.collect())
    }

    /// Drops the schemas of this installation whose services are not open.
    pub(crate) async fn remove_except(&self, open: &[String]) -> Result<()> {
        let (cluster, open) = (self.clone(), open.to_vec());
        let (done, answer) = oneshot::channel();
        thread::Builder::new()
            .name("store-reset".to_owned())
            .spawn(move || {
                let _ = done.send(cluster.drop_except(&open));
            })
            .map_err(|e| StoreError::io("start a thread of the store", e))?;
        answer.await.unwrap_or_else(|_| Err(StoreError::closed()))
    }

    fn connect(&self, service: &str, role: Role, lane: Arc<Lane>) -> Result<Postgres> {
        Postgres::connect(&self.config, &self.schema(service), role, self.durability, lane)
    }

    fn prepare(&self, writer: &mut Postgres, service: &str, form: Form) -> Result<()> {
        let schema = self.schema(service);
        // The comment tells our schemas from others whose names happen to begin alike.
        writer.script(&format!(
            "CREATE SCHEMA IF NOT EXISTS \"{schema}\"; COMMENT ON SCHEMA \"{schema}\" IS '{}'",
            self.comment()
        ))?;
        migrate(writer, service, form, |writer, from| copy(writer, &schema, from))
    }

    fn drop_except(&self, open: &[String]) -> Result<()> {
        let mut writer = self.connect("reset", Role::Writer, Arc::default())?;
        let mut schemas = Vec::new();
        let sql = "SELECT nspname FROM pg_namespace WHERE obj_description(oid, 'pg_namespace') = $1";
        writer
            .query(sql, &[&self.comment()], &mut |row| row.text(0).map(|name| schemas.push(name)).is_ok())?;
        let open: Vec<String> = open.iter().map(|service| self.schema(service)).collect();
        for schema in schemas.iter().filter(|schema| !open.contains(schema)) {
            writer.script(&format!("DROP SCHEMA \"{schema}\" CASCADE"))?;
        }
        Ok(())
    }

    fn schema(&self, service: &str) -> String {
        format!("{}_{service}", self.prefix)
    }

    fn comment(&self) -> String {
        format!("pentad data of {}", self.prefix)
    }
}

/// Copies every table of `schema` into a schema of its own, before format `from` is migrated.
fn copy(writer: &mut dyn Connection, schema: &str, from: u32) -> Result<()> {
    let snapshot = format!("snapshot_{schema}_format_{from}");
    let mut tables = Vec::new();
    let sql = "SELECT tablename FROM pg_tables WHERE schemaname = $1";
    writer.query(sql, &[&schema], &mut |row| row.text(0).map(|name| tables.push(name)).is_ok())?;
    // A copy of an earlier attempt is replaced: the data was the same format then.
    let mut script = format!("DROP SCHEMA IF EXISTS \"{snapshot}\" CASCADE; CREATE SCHEMA \"{snapshot}\";");
    for table in tables {
        script
            .push_str(&format!("CREATE TABLE \"{snapshot}\".\"{table}\" AS TABLE \"{schema}\".\"{table}\";"));
    }
    writer.script(&script)
}
