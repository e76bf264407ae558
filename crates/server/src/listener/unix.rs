//! The unix socket in a data directory, by which other processes of its owner reach the holder.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pentad_core::unix::SocketPath;
use tokio::net::UnixListener;

use super::connection::{self, Host};
use crate::clock::{real_limit, real_sleep};
use crate::error::ServerError;
use crate::http::Peer;

/// How long a stopping holder looks for connections that the system had already taken for it.
const QUEUED: Duration = Duration::from_millis(5);

/// How long a connection may still ask when the holder stops. Its peers connect only to ask at once, and what they
/// asked must not be lost between two holders; a slow machine may need a while.
pub(crate) const FIRST: Duration = Duration::from_secs(5);

/// A socket that is removed when the value is dropped.
#[derive(Debug)]
pub(crate) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %self.0.display(), "the socket could not be removed");
        }
    }
}

/// Takes the path, replacing what a dead holder left. The caller holds the directory's lock.
pub(crate) fn bind(path: &Path) -> Result<(UnixListener, SocketFile), ServerError> {
    let take = || {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // Lent: the short path holds for as long as it lives.
        let short = SocketPath::new(path)?;
        let listener = UnixListener::bind(&short)?;
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        Ok(listener)
    };
    let listener = take().map_err(|error| ServerError::file(path, error))?;
    Ok((listener, SocketFile(path.to_owned())))
}

/// Accepts until the server stops.
pub(crate) async fn run(listener: UnixListener, file: SocketFile, host: Host) {
    let connections = host.connections.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = connections.stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let host = host.clone();
                connections.tracker.spawn(connection::run(stream, Peer::default(), host));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept on the unix socket");
                real_sleep(Duration::from_millis(50)).await;
            }
        }
    }
    // Who comes now finds no socket and looks for the next holder; who came before is still answered.
    drop(file);
    while let Some(Ok((stream, _))) = real_limit(QUEUED, listener.accept()).await {
        connections.tracker.spawn(connection::run(stream, Peer::default(), host.clone()));
    }
}
