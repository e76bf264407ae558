//! The server on the user's own data: opened in this process, or reached through the socket of the process that has it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pentad_core::{Secret, Transport};
use pentad_server::{Embedded, ServerError, Told, holder};

use crate::failure::{Failure, Result};

/// A server on this machine that answers without a port.
#[derive(Debug)]
pub(crate) struct Local {
    embedded: Embedded,
    lasts: bool,
}

impl Local {
    /// The socket on which the holder of a data directory listens.
    pub(crate) fn socket(data: &Path) -> PathBuf {
        holder::socket(data)
    }

    /// Opens the data directory, or joins the process that holds it.
    ///
    /// # Errors
    /// A local failure if the directory can neither be opened nor its holder reached.
    pub(crate) async fn open(data: &Path) -> Result<Self> {
        match Embedded::open(data, pentad_transport::unix).await {
            Ok(embedded) => Ok(Self { embedded, lasts: true }),
            Err(error) => {
                let hint = hint(&error);
                Err(Failure::local(format!("cannot open the data in {}", data.display()), error).hint(hint))
            }
        }
    }

    /// A server in memory: what it holds is gone when it is closed.
    pub(crate) async fn in_memory() -> Result<Self> {
        let opened = Embedded::memory().await;
        let embedded = opened.map_err(|error| Failure::local("cannot open a server in memory", error))?;
        Ok(Self { embedded, lasts: false })
    }

    /// The same server for another client; closing it closes nothing.
    pub(crate) fn share(&self) -> Self {
        Self { embedded: self.embedded.share(), lasts: self.lasts }
    }

    /// How the server is reached.
    pub(crate) fn transport(&self) -> Arc<dyn Transport> {
        self.embedded.transport()
    }

    /// Whether the server's data outlives it; else nothing about it is worth keeping.
    pub(crate) const fn lasts(&self) -> bool {
        self.lasts
    }

    /// The secret of a user that the installation announced, by service and key.
    pub(crate) fn credential(&self, service: &str, key: &str) -> Option<Secret> {
        self.embedded.credentials()[service][key].as_str().map(Secret::new)
    }

    /// Whether the last write in this process found the disk full.
    pub(crate) fn is_full(&self) -> bool {
        self.embedded.is_full()
    }

    /// One line for a person.
    pub(crate) fn describe(&self, data: &Path) -> String {
        match self.embedded.server() {
            Some(_) => format!("no endpoint configured: working on {}", data.display()),
            None => format!("no endpoint configured: talking to the server that holds {}", data.display()),
        }
    }

    /// Waits until what was asked of the server is done, if this process holds it; `told` hears what that is.
    pub(crate) async fn finish(&self, told: Told<'_>) {
        self.embedded.finish(told).await;
    }

    /// Closes the server if this process opened it.
    pub(crate) async fn close(self) -> Result<()> {
        self.embedded.close().await;
        Ok(())
    }
}

/// What to do when the data cannot be used.
fn hint(error: &ServerError) -> &'static str {
    match error {
        error if error.is_full() => {
            "the disk is full: make room on it, or name another directory with PENTAD_DATA"
        }
        ServerError::File { .. } => "only the user who runs the server can work on its data",
        error if error.is_unwritable() => "PENTAD_DATA names another directory",
        _ => "`pentad doctor` shows who holds it; PENTAD_DATA names another directory",
    }
}

/// True if a process answers on the socket; a file that a dead process left does not count.
pub(crate) async fn listens(socket: &Path) -> bool {
    holder::answers(socket).await
}
