//! `.wait()`: blocking the calling thread on a call.

use std::sync::OnceLock;

use futures_core::future::BoxFuture;
use pentad_core::{Error, ErrorKind, Result};
use tokio::runtime::{Builder, Handle, Runtime};

/// Makes `.wait()` work in this process; calling it again changes nothing.
///
/// The first `.wait()` starts one runtime, which stays for the life of the process, so connections are kept from
/// one wait to the next. [`shared`](crate::shared), [`unix`](crate::unix()) and
/// [`HyperTransportBuilder::build`](crate::HyperTransportBuilder::build) install it by themselves.
///
/// Returns `false` if there was a way to wait already, this one or another.
///
/// # Errors
/// `.wait()` within an async context is [`Config`](pentad_core::ErrorKind::Config): blocking there would stop other
/// tasks, await the call instead. So is a machine that gives no threads to the runtime.
pub fn install() -> bool {
    pentad_core::blocking::install(block_on)
}

fn block_on(future: BoxFuture<'static, ()>) -> Result<()> {
    if Handle::try_current().is_ok() {
        return Err(Error::new(ErrorKind::Config, "cannot block within an async context")
            .with_hint("use .await instead of .wait()"));
    }
    // On the worker rather than on this thread, where it meets the tasks of its connections: nothing is handed
    // between threads but the end.
    let runtime = runtime()?;
    match runtime.block_on(runtime.spawn(future)) {
        Ok(()) => Ok(()),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::new(ErrorKind::Unexpected, "the runtime stopped before the call ended")),
        },
    }
}

fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    let built = RUNTIME.get_or_init(|| {
        // One worker: `.wait()` runs one call per waiting thread, and connections need no more.
        Builder::new_multi_thread().worker_threads(1).thread_name("pentad-wait").enable_all().build()
    });
    built.as_ref().map_err(|error| {
        Error::new(ErrorKind::Config, format!("no runtime to wait on could be started: {}", error.kind()))
    })
}
