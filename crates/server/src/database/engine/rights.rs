//! Who may do what in a cluster: nobody but the service is a superuser.
//!
//! A superuser runs programs and reads files as the user of the server, and so has everything of everybody. Root is what
//! cloud providers give instead: it makes databases and users, owns them, and sees what the cluster does.

use super::super::error::Answer;
use super::super::names;
use super::cluster::{ADMIN, Cluster};
use super::sql::{FIRST, Link, MANAGER, identifier, literal};

/// What every start sees to, in words that may be said again.
///
/// Before version 16 whoever makes users may also give away the roles that reach the files and programs of the server: as
/// superusers' roles, only a superuser may. Everybody is let into the databases of the datastore itself unless that is
/// taken away.
const RIGHTS: &str = "
ALTER ROLE @ROOT NOSUPERUSER CREATEDB CREATEROLE NOREPLICATION NOBYPASSRLS;
GRANT pg_monitor, pg_signal_backend TO @ROOT;
UPDATE pg_catalog.pg_authid SET rolsuper = true WHERE NOT rolsuper
    AND rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files');
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
GRANT ALL ON DATABASE postgres TO @ROOT;
GRANT ALL ON SCHEMA public TO @ROOT;";

impl Cluster {
    /// Sees to the rights of root and of everybody; databases that were the service's become root's.
    ///
    /// # Errors
    /// 500 if it does not answer.
    pub(crate) async fn secure(&self) -> Answer<()> {
        let link = self.connect(FIRST).await?;
        link.secure().await?;
        let sql = format!(
            "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> {} \
             AND pg_get_userbyid(datdba) = {}",
            literal(FIRST),
            literal(ADMIN)
        );
        for row in link.rows(&sql).await? {
            let (name, root) = (identifier(row.get(0)), root());
            link.run(&format!("ALTER DATABASE {name} OWNER TO {root}")).await?;
        }
        Ok(())
    }
}

/// The role that is called root, quoted.
pub(super) fn root() -> String {
    identifier(names::root_user(MANAGER))
}

impl Link {
    async fn secure(&self) -> Answer<()> {
        let name = literal(names::root_user(MANAGER));
        let known = self.rows(&format!("SELECT 1 FROM pg_roles WHERE rolname = {name}")).await?;
        if known.is_empty() {
            self.run(&format!("CREATE ROLE {} NOLOGIN", root())).await?;
        }
        self.run(&RIGHTS.replace("@ROOT", &root())).await
    }

    /// Lets root log in.
    pub(super) async fn enable_root(&self, verifier: &str) -> Answer<()> {
        self.secure().await?;
        self.run(&format!("ALTER ROLE {} LOGIN PASSWORD {verifier}", root())).await
    }

    /// Ends that root can log in, and what it does.
    pub(super) async fn disable_root(&self) -> Answer<()> {
        self.run(&format!("ALTER ROLE {} NOLOGIN", root())).await?;
        let name = literal(names::root_user(MANAGER));
        self.run(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = {name}"))
            .await
    }
}
