//! Tidying up after whoever began something has dropped it.

use std::future::Future;

use tokio::runtime::Handle;

/// Lets this run on in the runtime of the calling thread, without anybody who waits for it; `false`, and nothing is done,
/// where there is none. It ends unfinished if the runtime stops before.
pub fn background(work: impl Future<Output = ()> + Send + 'static) -> bool {
    // A runtime that is shutting down takes the work and drops it.
    Handle::try_current().map(|runtime| drop(runtime.spawn(work))).is_ok()
}
