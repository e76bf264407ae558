//! Work with files, which may have to wait for a disk or a network.

use pentad_core::{Error, ErrorKind, Result};

/// Does it on a thread that may wait, so that nothing else does.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::new(ErrorKind::Unexpected, "work with files was stopped").with_source(error))
}
