//! Unix sockets whose paths are longer than the system takes.

use std::fs::File;
use std::io::Result;
use std::os::fd::AsRawFd;
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The open files of this process, by number. Linux alone has it.
const OPEN: &str = "/proc/self/fd";

/// The path of a unix socket, in a form that can be listened on and connected to.
///
/// The system takes a hundred bytes or so; a longer path is replaced by one that goes through its directory, held
/// open. It means that directory for as long as the value lives, and means it to this process alone: lend it to what
/// listens or connects.
#[derive(Debug)]
pub struct SocketPath {
    path: PathBuf,
    /// Kept open: the path goes through it.
    _dir: Option<File>,
}

impl SocketPath {
    /// A form of `path` that the system takes.
    ///
    /// # Errors
    /// If the path is too long and its directory cannot be opened, or the system has no way around.
    pub fn new(path: &Path) -> Result<Self> {
        let Err(too_long) = SocketAddr::from_pathname(path) else {
            return Ok(Self { path: path.to_owned(), _dir: None });
        };
        let (Some(parent), Some(name), true) = (path.parent(), path.file_name(), Path::new(OPEN).is_dir())
        else {
            return Err(too_long);
        };
        let dir = File::open(parent)?;
        let path = Path::new(OPEN).join(dir.as_raw_fd().to_string()).join(name);
        SocketAddr::from_pathname(&path)?;
        Ok(Self { path, _dir: Some(dir) })
    }
}

impl AsRef<Path> for SocketPath {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_path_stays_as_it_is() {
        let path = Path::new("/tmp/of/anybody/pentad.sock");
        assert_eq!(SocketPath::new(path).unwrap().as_ref(), path);
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error() {
        let path = Path::new("/nowhere").join("d".repeat(200)).join("pentad.sock");
        assert!(SocketPath::new(&path).is_err());
    }
}
