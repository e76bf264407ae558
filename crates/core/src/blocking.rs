//! The seam behind `.wait()`: core has no runtime, whoever has one installs how to block on it.

use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use futures_core::future::BoxFuture;

use crate::error::{Error, ErrorKind, Result};

/// Runs a future to its end on the calling thread.
///
/// # Errors
/// [`ErrorKind::Config`] within an async context, where blocking would stop the runtime.
pub type Blocker = fn(BoxFuture<'static, ()>) -> Result<()>;

static BLOCKER: OnceLock<Blocker> = OnceLock::new();

/// Installs the blocker of this process. The first one stays; `false` if there was one.
pub fn install(blocker: Blocker) -> bool {
    BLOCKER.set(blocker).is_ok()
}

/// Blocks the calling thread until the future ends.
///
/// # Errors
/// The future's own; [`ErrorKind::Config`] if no blocker is installed or within an async context.
pub fn wait<T: Send + 'static>(future: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    let Some(blocker) = BLOCKER.get() else {
        return Err(Error::new(ErrorKind::Config, "no runtime to wait on is installed")
            .with_hint("build with the feature `blocking`, or await the call"));
    };
    let slot = Arc::new(Mutex::new(None));
    let filled = Arc::clone(&slot);
    blocker(Box::pin(async move {
        let value = future.await;
        *filled.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }))?;
    let value = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    value.unwrap_or_else(|| {
        Err(Error::new(ErrorKind::Unexpected, "the runtime stopped before the call ended"))
    })
}
