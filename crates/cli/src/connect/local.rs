//! The server on the user's own data: opened in this process, or reached through the socket of the process that has it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pentad_core::{Secret, Transport};
use pentad_server::{Server, ServerOptions};
use serde_json::Value;

use crate::command::ams::Role;
use crate::connect::succession::{Seat, Succession, seat};
use crate::failure::{Failure, Result};

/// A server on this machine that answers without a port.
#[derive(Debug)]
pub(crate) struct Local {
    transport: Arc<dyn Transport>,
    credentials: Value,
    /// The server, if this process opened it at once.
    server: Option<Server>,
    /// The way to another process that holds the directory, and to who holds it after that one.
    succession: Option<Arc<Succession>>,
}

impl Local {
    /// The socket on which the holder of a data directory listens.
    pub(crate) fn socket(data: &Path) -> PathBuf {
        pentad_server::holder::socket(data)
    }

    /// Opens the data directory, or joins the process that holds it.
    ///
    /// # Errors
    /// A local failure if the directory can neither be opened nor its holder reached.
    pub(crate) async fn open(data: &Path) -> Result<Self> {
        match seat(data).await {
            Ok(Seat::Taken(socket)) => Self::join(data, socket),
            Ok(Seat::Ours(server)) => Ok(Self::hold(*server)),
            Err(error) => Err(Failure::local(format!("cannot open the data in {}", data.display()), error)
                .hint("`pentad doctor` shows who holds it; PENTAD_DATA names another directory")),
        }
    }

    /// A server in memory: what it holds is gone when it is closed.
    pub(crate) async fn in_memory() -> Result<Self> {
        let opened = Server::builder(ServerOptions::memory()).open().await;
        let server = opened.map_err(|error| Failure::local("cannot open a server in memory", error))?;
        Ok(Self::hold(server))
    }

    fn hold(server: Server) -> Self {
        let credentials = server.credentials();
        Self { transport: server.door(), credentials, server: Some(server), succession: None }
    }

    /// Joins the holder that listens on `socket`.
    fn join(data: &Path, socket: PathBuf) -> Result<Self> {
        let path = data.join("credentials.json");
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Failure::local(format!("cannot read {}", path.display()), error)
                .hint("only the user who runs the server can work on its data")
        })?;
        let credentials = serde_json::from_str(&text)
            .map_err(|error| Failure::local(format!("cannot read {}", path.display()), error))?;
        let succession = Arc::new(Succession::new(data.to_owned(), pentad_transport::unix(socket)));
        let transport = Arc::clone(&succession) as Arc<dyn Transport>;
        Ok(Self { transport, credentials, server: None, succession: Some(succession) })
    }

    /// The same server for another client; closing it closes nothing.
    pub(crate) fn share(&self) -> Self {
        let (transport, credentials) = (self.transport.clone(), self.credentials.clone());
        Self { transport, credentials, server: None, succession: None }
    }

    /// How the server is reached.
    pub(crate) fn transport(&self) -> Arc<dyn Transport> {
        self.transport.clone()
    }

    /// The token of a user of the demo installation.
    ///
    /// # Errors
    /// A configuration failure if the directory was seeded without that user.
    pub(crate) fn token(&self, role: Role) -> Result<Secret> {
        match self.credentials["ams"][role.key()].as_str() {
            Some(token) => Ok(Secret::new(token)),
            None => Err(Failure::config(
                format!("no token for {}", role.key()),
                "this installation has no such user",
            )
            .hint("--endpoint and --token-file name another way in")),
        }
    }

    /// One line for a person.
    pub(crate) fn describe(&self, data: &Path) -> String {
        match self.server {
            Some(_) => format!("no endpoint configured: working on {}", data.display()),
            None => format!("no endpoint configured: talking to the server that holds {}", data.display()),
        }
    }

    /// Closes the server if this process opened it.
    pub(crate) async fn close(self) -> Result<()> {
        if let Some(server) = self.server {
            server.shutdown().await;
        }
        if let Some(succession) = self.succession {
            succession.close().await;
        }
        Ok(())
    }
}

/// True if a process answers on the socket; a file that a dead process left does not count.
#[cfg(unix)]
pub(crate) async fn listens(socket: &Path) -> bool {
    tokio::net::UnixStream::connect(socket).await.is_ok()
}

/// There are no such sockets here.
#[cfg(not(unix))]
pub(crate) async fn listens(_socket: &Path) -> bool {
    false
}
