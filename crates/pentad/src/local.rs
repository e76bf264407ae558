//! The server of this machine without a port, a daemon or set-up: in memory, on a directory, or on the user's own data.
//!
//! One process holds a data directory. [`open`] and [`user`] join a process that holds it already (the command line,
//! `pentad serve`, another program of the same user), and whoever has joined takes over when the holder leaves.

use std::path::PathBuf;
use std::sync::Arc;

use pentad_core::{Error, ErrorKind, Result, Transport};
use pentad_server::embedded::{Embedded, user_dir};
use pentad_server::{Server, ServerError, ServerOptions};
use serde_json::Value;

/// An open way to a server of one's own.
#[derive(Debug)]
pub struct Local {
    embedded: Embedded,
}

/// Opens a server that keeps everything in memory. Must run inside a tokio runtime.
///
/// # Errors
/// [`Config`](ErrorKind::Config) if the server cannot be opened.
pub async fn memory() -> Result<Local> {
    local(Embedded::memory().await)
}

/// Opens the server on a data directory, durable, or joins the process that holds the directory. Must run inside a
/// tokio runtime.
///
/// # Errors
/// [`Config`](ErrorKind::Config) if the directory cannot be used.
pub async fn open(data: impl Into<PathBuf>) -> Result<Local> {
    local(Embedded::open(&data.into(), pentad_transport::unix).await)
}

/// As [`open`], on the data that the command line works on when no endpoint is configured: the directory that
/// `PENTAD_DATA` names, else `pentad` in the user's data directory (`~/.local/share` commonly).
///
/// # Errors
/// [`Config`](ErrorKind::Config) if there is no home directory, or the directory cannot be used.
pub async fn user() -> Result<Local> {
    open(user_dir().map_err(failed)?).await
}

/// Opens the server in this process with options of one's own, and joins nobody.
///
/// # Errors
/// [`Config`](ErrorKind::Config) if the server cannot be opened, or another process holds its directory.
pub async fn open_with(options: ServerOptions) -> Result<Local> {
    local(Embedded::hold(options).await)
}

fn local(opened: Result<Embedded, ServerError>) -> Result<Local> {
    opened.map(|embedded| Local { embedded }).map_err(failed)
}

fn failed(error: ServerError) -> Error {
    Error::new(ErrorKind::Config, format!("the local server cannot open: {error}")).with_source(error)
}

impl Local {
    /// The server, if this process opened it; `None` where another process was joined.
    pub fn server(&self) -> Option<&Server> {
        self.embedded.server()
    }

    /// How the server is reached: authority `http://pentad.local`, a path prefix per service.
    pub fn transport(&self) -> Arc<dyn Transport> {
        self.embedded.transport()
    }

    /// The credentials of the installation, by service.
    pub fn credentials(&self) -> &Value {
        self.embedded.credentials()
    }

    /// A client of the messaging service for its project `demo`, in one of its roles: `project_admin`,
    /// `publisher`, `consumer` or `service_admin`.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if this installation was seeded without such a user.
    #[cfg(feature = "ams")]
    pub fn ams(&self, role: &str) -> Result<pentad_ams::Client> {
        let credentials = &self.credentials()["ams"];
        let token = credentials[role].as_str().ok_or_else(|| {
            Error::new(ErrorKind::Config, format!("this installation has no token for {role:?}"))
        })?;
        let project = credentials["project"].as_str().unwrap_or("demo");
        let client = pentad_ams::Client::new("http://pentad.local/ams", project);
        client.token(token.to_owned()).transport(self.transport()).build()
    }

    /// A client of Connect with the key of this installation.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if this installation was seeded with keys of its own.
    #[cfg(feature = "connect")]
    pub fn connect(&self) -> Result<pentad_connect::Client> {
        let key = self.credentials()["connect"]["api_key"].as_str().ok_or_else(|| {
            Error::new(ErrorKind::Config, "this installation announces no API key of Connect")
        })?;
        let key = if key.contains(' ') { key.to_owned() } else { format!("ApiKey {key}") };
        let client = pentad_connect::Client::new(key).endpoint("http://pentad.local/connect/public/v1");
        client.transport(self.transport()).build()
    }

    /// A client of the science platform IVCAP, as the account that the installation begins with.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if this installation was seeded without such an account.
    #[cfg(feature = "ivcap")]
    pub fn ivcap(&self, dialect: pentad_ivcap::Dialect) -> Result<pentad_ivcap::Client> {
        let announced = |key: &str| {
            self.credentials()["ivcap"][key].as_str().ok_or_else(|| {
                Error::new(ErrorKind::Config, format!("this installation announces no {key} of IVCAP"))
            })
        };
        let place = if dialect.is_old() { format!("/{dialect}") } else { String::new() };
        let client = pentad_ivcap::Client::new(&format!("http://pentad.local/ivcap{place}")).dialect(dialect);
        let client = client.token(announced("jwt")?.to_owned()).account(announced("account_id")?);
        client.transport(self.transport()).build()
    }

    /// A client of the messaging service Zaqar for a project, as its administrator.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a project that no service takes.
    #[cfg(feature = "zaqar")]
    pub fn zaqar(&self, project: &str, version: pentad_zaqar::Version) -> Result<pentad_zaqar::Client> {
        let client = pentad_zaqar::Client::new("http://pentad.local/zaqar", version).project(project);
        client.roles("admin").transport(self.transport()).build()
    }

    /// Waits until what was asked of the server is done, if this process holds it: orders and jobs that were placed run
    /// here, and [`close`](Self::close) cuts them short.
    pub async fn finish(&self) {
        self.embedded.finish(&|_| {}).await;
    }

    /// Ends the way, and the server if this process holds it: running requests are answered, data is committed.
    pub async fn close(self) {
        self.embedded.close().await;
    }
}
