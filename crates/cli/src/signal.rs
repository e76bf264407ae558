//! Ctrl-C and SIGTERM.

use crate::exit::Exit;

/// Resolves at the first SIGINT or SIGTERM and says how the process is to end.
/// Cancel-safe: dropping it forgets nothing that was not awaited.
#[cfg(unix)]
pub(crate) async fn stop() -> Exit {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(mut interrupt), Ok(mut terminate)) => tokio::select! {
            _ = interrupt.recv() => Exit::Interrupted,
            _ = terminate.recv() => Exit::Terminated,
        },
        // Without handlers the system's default ends the process, which is what was asked for.
        _ => std::future::pending().await,
    }
}

/// Resolves at Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn stop() -> Exit {
    match tokio::signal::ctrl_c().await {
        Ok(()) => Exit::Interrupted,
        Err(_) => std::future::pending().await,
    }
}
