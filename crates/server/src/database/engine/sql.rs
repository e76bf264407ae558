//! What is asked of a real database, and changed in it.

use std::fmt::Write as _;
use std::time::Duration;

use tokio_postgres::{Client, Config, NoTls};

use super::super::error::{Answer, Failure};
use super::super::guest::Change;
use super::super::model::{Contents, GuestDatabase, GuestUser};
use super::super::names::{self, NewDatabase, NewUser};
use super::Secrets;
use super::cluster::{ADMIN, Cluster};
use super::rights::root;

/// The database that every cluster has.
pub(super) const FIRST: &str = "postgres";
/// The manager of these databases.
pub(super) const MANAGER: &str = "postgresql";

/// What the service says is not to be read in the log, whatever a configuration group says; and what it names is the
/// cluster's own, whatever users made and whatever path the owner of a database set.
const QUIET: &str = "-c search_path=pg_catalog -c role=none -c log_statement=none -c log_min_duration_statement=-1 -c log_duration=off \
                     -c log_min_error_statement=panic -c statement_timeout=0 -c lock_timeout=0 -c default_transaction_read_only=off";

/// A connection of the service itself.
pub(super) struct Link(Client);

impl Cluster {
    pub(super) async fn connect(&self, database: &str) -> Answer<Link> {
        let mut config = Config::new();
        config.host_path(self.sockets()).port(self.port).user(ADMIN).dbname(database);
        config.application_name("pentad").connect_timeout(Duration::from_secs(10)).options(QUIET);
        let (client, connection) = config.connect(NoTls).await.map_err(|error| refused(&error))?;
        // It ends when the client is dropped.
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to a database instance broke");
            }
        });
        Ok(Link(client))
    }

    /// Its databases and users.
    ///
    /// # Errors
    /// 500 if it does not answer.
    pub(crate) async fn contents(&self) -> Answer<Contents> {
        let link = self.connect(FIRST).await?;
        let mut contents = Contents::default();
        let sql = "SELECT datname, pg_encoding_to_char(encoding), datcollate FROM pg_database \
                   WHERE NOT datistemplate";
        for row in link.rows(sql).await? {
            let (name, encoding, collate): (String, String, String) = (row.get(0), row.get(1), row.get(2));
            if !names::reserved_databases(MANAGER).contains(&name.as_str()) {
                let detail = GuestDatabase { character_set: Some(encoding), collate: Some(collate) };
                contents.databases.insert(name, detail);
            }
        }
        let sql = "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname NOT LIKE 'pg\\_%'";
        for row in link.rows(sql).await? {
            let name: String = row.get(0);
            if !names::reserved_users(MANAGER).contains(&name.as_str()) {
                contents.add_user(GuestUser { name, host: "%".to_owned(), ..GuestUser::default() });
            }
        }
        let sql = "SELECT r.rolname, d.datname FROM pg_database d CROSS JOIN LATERAL aclexplode(d.datacl) a \
                   JOIN pg_roles r ON r.oid = a.grantee WHERE a.privilege_type = 'CONNECT'";
        for row in link.rows(sql).await? {
            let (name, database): (String, String) = (row.get(0), row.get(1));
            if let Some(user) = contents.user_mut(&name, "%") {
                user.databases.insert(database);
            }
        }
        Ok(contents)
    }

    /// Makes changes, one after the other. If one is refused, what those before it created goes again.
    ///
    /// # Errors
    /// 400 for what the database refuses, 500 if it does not answer.
    pub(crate) async fn change(&self, changes: &[Change]) -> Answer<()> {
        let link = self.connect(FIRST).await?;
        for (index, change) in changes.iter().enumerate() {
            let Err(refused) = self.make(&link, change).await else { continue };
            for made in changes[..index].iter().rev().filter_map(undone) {
                if let Err(why) = self.make(&link, &made).await {
                    tracing::warn!(why = why.message(), "a part of a refused change stays");
                }
            }
            return Err(refused);
        }
        Ok(())
    }

    async fn make(&self, link: &Link, change: &Change) -> Answer<()> {
        match change {
            Change::CreateDatabase(new) => create_database(link, new).await,
            Change::DropDatabase(name) => {
                link.run(&format!("DROP DATABASE {} WITH (FORCE)", identifier(name))).await
            }
            Change::CreateUser(new) => self.create_user(link, new).await,
            Change::DropUser { name, .. } => self.drop_user(link, name).await,
            Change::Password { name, password, .. } => {
                let (name, password) = (identifier(name), verifier(password));
                link.run(&format!("ALTER ROLE {name} PASSWORD {password}")).await
            }
            Change::Rename { name, new_name, .. } if name != new_name => {
                let (name, new_name) = (identifier(name), identifier(new_name));
                link.run(&format!("ALTER ROLE {name} RENAME TO {new_name}")).await
            }
            // Here users come from everywhere.
            Change::Rename { .. } => Ok(()),
            Change::Grant { name, databases, .. } => {
                for database in databases {
                    self.grant(link, name, database).await?;
                }
                Ok(())
            }
            Change::Revoke { name, database, .. } => self.revoke(link, name, database).await,
            Change::EnableRoot { password, .. } => link.enable_root(&verifier(password)).await,
            Change::DisableRoot => link.disable_root().await,
        }
    }

    async fn create_user(&self, link: &Link, new: &NewUser) -> Answer<()> {
        let (name, password) = (identifier(&new.user.name), verifier(&new.password));
        link.run(&format!("CREATE ROLE {name} LOGIN PASSWORD {password}")).await?;
        let given = async {
            // Root manages users, and what is theirs.
            link.run(&format!("GRANT {name} TO {} WITH ADMIN OPTION", root())).await?;
            for database in &new.user.databases {
                self.grant(link, &new.user.name, database).await?;
            }
            Ok(())
        };
        let given: Answer<()> = given.await;
        if given.is_err() {
            self.drop_user(link, &new.user.name).await?;
        }
        given
    }

    async fn drop_user(&self, link: &Link, name: &str) -> Answer<()> {
        let databases = link.rows("SELECT datname FROM pg_database WHERE datallowconn").await?;
        for row in databases {
            // What the user made is root's then, and never a superuser's; what it was granted ends.
            let inside = self.connect(row.get(0)).await?;
            let (name, root) = (identifier(name), root());
            inside.run(&format!("REASSIGN OWNED BY {name} TO {root}; DROP OWNED BY {name}")).await?;
        }
        link.run(&format!("DROP ROLE {}", identifier(name))).await
    }

    /// Lets a user into a database, to do everything there.
    async fn grant(&self, link: &Link, name: &str, database: &str) -> Answer<()> {
        let user = identifier(name);
        link.run(&format!("GRANT ALL PRIVILEGES ON DATABASE {} TO {user}", identifier(database))).await?;
        let inside = self.connect(database).await?;
        inside.run(&format!("GRANT ALL ON SCHEMA public TO {user}")).await
    }

    async fn revoke(&self, link: &Link, name: &str, database: &str) -> Answer<()> {
        let user = identifier(name);
        link.run(&format!("REVOKE ALL PRIVILEGES ON DATABASE {} FROM {user}", identifier(database))).await?;
        let inside = self.connect(database).await?;
        inside.run(&format!("REVOKE ALL ON SCHEMA public FROM {user}")).await
    }

    /// Lets the settings in its files count, as far as they can without a restart.
    ///
    /// # Errors
    /// 500 if it does not answer.
    pub(crate) async fn reload(&self) -> Answer<()> {
        self.connect(FIRST).await?.run("SELECT pg_reload_conf()").await
    }

    /// What a new cluster gets, unless it has it from a backup: its databases and users, and root if that is wanted.
    ///
    /// # Errors
    /// As [`change`](Self::change).
    pub(crate) async fn fill(&self, contents: &Contents, secrets: &Secrets) -> Answer<()> {
        let known = self.contents().await?;
        let databases = contents.databases.iter().filter(|(name, _)| !known.databases.contains_key(*name));
        let mut changes: Vec<Change> = databases
            .map(|(name, detail)| {
                Change::CreateDatabase(NewDatabase { name: name.clone(), detail: detail.clone() })
            })
            .collect();
        for (key, user) in &contents.users {
            // There all hosts are one.
            if known.user(&user.name, "%").is_some() {
                continue;
            }
            // One whose password nobody told can be given a new one.
            let password = secrets.users.get(key).cloned().unwrap_or_else(names::password);
            changes.push(Change::CreateUser(NewUser { user: user.clone(), password }));
        }
        if let Some(password) = &secrets.root {
            changes.push(Change::EnableRoot { user: String::new(), password: password.clone() });
        }
        self.change(&changes).await
    }
}

impl Link {
    pub(super) async fn run(&self, sql: &str) -> Answer<()> {
        self.0.batch_execute(sql).await.map_err(|error| refused(&error))
    }

    pub(super) async fn rows(&self, sql: &str) -> Answer<Vec<tokio_postgres::Row>> {
        self.0.query(sql, &[]).await.map_err(|error| refused(&error))
    }
}

async fn create_database(link: &Link, new: &NewDatabase) -> Answer<()> {
    let name = identifier(&new.name);
    let mut sql = format!("CREATE DATABASE {name} OWNER {} TEMPLATE template0", root());
    if let Some(encoding) = &new.detail.character_set {
        let _ = write!(sql, " ENCODING {}", literal(encoding));
    }
    if let Some(collate) = &new.detail.collate {
        let _ = write!(sql, " LC_COLLATE {}", literal(collate));
    }
    link.run(&sql).await?;
    // Who is let in is who was granted.
    link.run(&format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC")).await
}

/// What takes back what a change created.
fn undone(change: &Change) -> Option<Change> {
    match change {
        Change::CreateDatabase(new) => Some(Change::DropDatabase(new.name.clone())),
        Change::CreateUser(new) => {
            Some(Change::DropUser { name: new.user.name.clone(), host: new.user.host.clone() })
        }
        _ => None,
    }
}

pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A password as PostgreSQL keeps it, so that it is told to nobody: nor taken for one that was hashed by the caller.
fn verifier(password: &str) -> String {
    if password.is_empty() {
        return "NULL".to_owned();
    }
    literal(&postgres_protocol::password::scram_sha_256(password.as_bytes()))
}

pub(super) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// What the database says is the caller's matter; that it does not answer is not.
fn refused(error: &tokio_postgres::Error) -> Failure {
    match error.as_db_error() {
        Some(said) => Failure::bad(said.message().to_owned()),
        None => {
            tracing::warn!(%error, "a database instance does not answer");
            Failure::internal("An error occurred communicating with the guest.")
        }
    }
}
