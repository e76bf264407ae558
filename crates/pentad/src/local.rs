//! The server of this machine in this process: no port, no daemon, no set-up.

use std::path::PathBuf;

use pentad_core::{Error, ErrorKind, Result};
use pentad_server::{Server, ServerOptions};

/// An embedded server and the way to it.
#[derive(Debug)]
pub struct Local {
    server: Server,
}

/// Opens a server that keeps everything in memory. Must run inside a tokio runtime.
///
/// # Errors
/// [`Config`](ErrorKind::Config) if the server cannot be opened.
pub async fn memory() -> Result<Local> {
    open_with(ServerOptions::memory()).await
}

/// Opens the server on a data directory, durable. Must run inside a tokio runtime.
///
/// # Errors
/// [`Config`](ErrorKind::Config) if the directory cannot be used, or another process holds it.
pub async fn open(data: impl Into<PathBuf>) -> Result<Local> {
    open_with(ServerOptions::dir(data)).await
}

/// Opens the server with options of one's own.
///
/// # Errors
/// [`Config`](ErrorKind::Config) if the server cannot be opened.
pub async fn open_with(options: ServerOptions) -> Result<Local> {
    let opened = Server::builder(options).open().await;
    let server = opened
        .map_err(|error| Error::new(ErrorKind::Config, format!("the local server cannot open: {error}")))?;
    Ok(Local { server })
}

impl Local {
    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// A client of the embedded messaging service for its project `demo`, in one of its roles: `project_admin`,
    /// `publisher`, `consumer` or `service_admin`.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if this installation was seeded without such a user.
    #[cfg(feature = "ams")]
    pub fn ams(&self, role: &str) -> Result<pentad_ams::Client> {
        let credentials = self.server.credentials();
        let token = credentials["ams"][role].as_str().ok_or_else(|| {
            Error::new(ErrorKind::Config, format!("this installation has no token for {role:?}"))
        })?;
        let project = credentials["ams"]["project"].as_str().unwrap_or("demo");
        let client = pentad_ams::Client::new("http://pentad.local/ams", project);
        client.token(token.to_owned()).transport(self.server.door()).build()
    }

    /// Ends the server: running requests are answered, data is committed.
    pub async fn close(self) {
        self.server.shutdown().await;
    }
}
