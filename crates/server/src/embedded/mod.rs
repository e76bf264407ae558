//! The server on a user's own data: opened in this process, or reached through the process that holds the data.
//!
//! Who opens a data directory first holds it and listens on the socket in it; everybody else joins. When the holder
//! leaves or dies, one of those who joined takes over, and the others join that one. The command line and the
//! facade's `pentad::local` both stand on this module.

mod directory;
mod succession;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pentad_core::Transport;
use serde_json::Value;

pub use self::directory::{DATA_VARIABLE, default_dir, user_dir};
use self::succession::{Seat, Succession, seat};
use crate::error::ServerError;
use crate::options::ServerOptions;
use crate::server::Server;
use crate::service::Told;

/// Makes a transport to the server that listens on a unix socket; commonly `pentad_transport::unix`.
pub type Connect = fn(PathBuf) -> Arc<dyn Transport>;

/// A server on this machine that answers without a port, at the authority `http://pentad.local`.
///
/// [`close`](Self::close) ends it in good order. Dropping it ends it too, but waits for nothing.
pub struct Embedded {
    transport: Arc<dyn Transport>,
    credentials: Value,
    /// The server, if this process opened it at once.
    server: Option<Server>,
    /// The way to another process that holds the directory, and to who holds it after that one.
    succession: Option<Arc<Succession>>,
}

impl std::fmt::Debug for Embedded {
    /// Without the credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedded").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Embedded {
    /// A server in memory: what it holds is gone when it is closed. Must run inside a tokio runtime.
    ///
    /// # Errors
    /// As [`ServerBuilder::open`](crate::ServerBuilder::open).
    pub async fn memory() -> Result<Self, ServerError> {
        Self::hold(ServerOptions::memory()).await
    }

    /// Opens a server in this process with options of one's own, and joins nobody.
    ///
    /// # Errors
    /// As [`ServerBuilder::open`](crate::ServerBuilder::open); [`is_held`](ServerError::is_held) if another process
    /// holds the directory.
    pub async fn hold(options: ServerOptions) -> Result<Self, ServerError> {
        Ok(Self::holding(Server::builder(options).open().await?))
    }

    /// Opens a data directory, durable, or joins the process that holds it. Must run inside a tokio runtime.
    ///
    /// # Errors
    /// What kept the directory from being opened; `File` if the holder's credentials cannot be read, which only the
    /// user who runs the holder can.
    pub async fn open(data: &Path, connect: Connect) -> Result<Self, ServerError> {
        match seat(data).await? {
            Seat::Ours(server) => Ok(Self::holding(*server)),
            Seat::Taken(socket) => Self::join(data, socket, connect),
        }
    }

    fn holding(server: Server) -> Self {
        let credentials = server.credentials();
        Self { transport: server.door(), credentials, server: Some(server), succession: None }
    }

    fn join(data: &Path, socket: PathBuf, connect: Connect) -> Result<Self, ServerError> {
        let path = data.join("credentials.json");
        let text = std::fs::read_to_string(&path).map_err(|error| ServerError::file(&path, error))?;
        let credentials = serde_json::from_str(&text)
            .map_err(|error| ServerError::file(&path, std::io::Error::other(error.to_string())))?;
        let succession = Arc::new(Succession::new(data.to_owned(), socket, connect));
        let transport = Arc::clone(&succession) as Arc<dyn Transport>;
        Ok(Self { transport, credentials, server: None, succession: Some(succession) })
    }

    /// The same server for another client; closing it closes nothing.
    #[must_use]
    pub fn share(&self) -> Self {
        let (transport, credentials) = (Arc::clone(&self.transport), self.credentials.clone());
        Self { transport, credentials, server: None, succession: None }
    }

    /// How the server is reached, whoever holds the data at the time of a call.
    pub fn transport(&self) -> Arc<dyn Transport> {
        Arc::clone(&self.transport)
    }

    /// The credentials of the installation, by service: the content of `DIR/credentials.json`.
    pub fn credentials(&self) -> &Value {
        &self.credentials
    }

    /// The server, if this process opened it; `None` where another process was joined.
    pub fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    /// Whether the last write found the disk full. Only the process that holds the data knows; others say no.
    pub fn is_full(&self) -> bool {
        self.server.as_ref().is_some_and(Server::is_full)
            || self.succession.as_ref().is_some_and(|next| next.is_full())
    }

    /// Waits until what was asked of the server is done, if this process holds it: [`Server::finish`]. Who does not wait
    /// before [`close`](Self::close) cuts short what runs.
    pub async fn finish(&self, told: Told<'_>) {
        if let Some(server) = &self.server {
            server.finish(told).await;
        }
        if let Some(succession) = &self.succession {
            succession.finish(told).await;
        }
    }

    /// Closes the server if this process holds it: running requests are answered, data is committed.
    pub async fn close(self) {
        if let Some(server) = self.server {
            server.shutdown().await;
        }
        if let Some(succession) = self.succession {
            succession.close().await;
        }
    }
}
