//! Holding a data directory: one process opens it, others of the same user reach that process by a socket in it.

use std::path::{Path, PathBuf};

use pentad_core::unix::SocketPath;
use tokio::net::UnixStream;

/// The holder's socket in a data directory. The path may be longer than the system takes for a socket: go through
/// [`SocketPath`], as `pentad_transport::unix` does.
pub fn socket(dir: &Path) -> PathBuf {
    dir.join("pentad.sock")
}

/// Whether a process answers on a socket; a file that a dead process left does not count.
pub async fn answers(socket: &Path) -> bool {
    let Ok(path) = SocketPath::new(socket) else { return false };
    UnixStream::connect(&path).await.is_ok()
}

/// The socket of the process that holds `dir`, if one answers there.
///
/// Connect to it with a transport for unix sockets, authority `http://pentad.local`. `None` right after another
/// process took the directory is possible: try both ways again, as [`Embedded::open`](crate::Embedded::open) does.
pub async fn find(dir: &Path) -> Option<PathBuf> {
    let path = socket(dir);
    answers(&path).await.then_some(path)
}
