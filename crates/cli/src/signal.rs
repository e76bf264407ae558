//! Ctrl-C, SIGTERM, and the end of the terminal.

use crate::exit::Exit;

/// Resolves at the first SIGINT, SIGTERM or SIGHUP and says how the process is to end.
/// Cancel-safe: dropping it forgets nothing that was not awaited.
#[cfg(unix)]
pub(crate) async fn stop() -> Exit {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without handlers the system's default ends the process, which is what was asked for.
        return std::future::pending().await;
    };
    let mut hangup = if *HANGUP_COUNTS { signal(SignalKind::hangup()).ok() } else { None };
    let hung_up = async {
        match &mut hangup {
            Some(hangup) => hangup.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupt.recv() => Exit::Interrupted,
        _ = terminate.recv() => Exit::Terminated,
        _ = hung_up => Exit::HungUp,
    }
}

/// Whether the end of the terminal is to end this process: not under `nohup`, which has the signal ignored. Where
/// the system does not say, its default stays.
#[cfg(unix)]
static HANGUP_COUNTS: std::sync::LazyLock<bool> = std::sync::LazyLock::new(|| {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores_hangup(&status) == Some(false))
});

/// What the status of a process says about SIGHUP, the first of the signals.
#[cfg(unix)]
fn ignores_hangup(status: &str) -> Option<bool> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u128::from_str_radix(mask.trim(), 16).ok().map(|mask| mask & 1 == 1)
}

/// Resolves at Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn stop() -> Exit {
    match tokio::signal::ctrl_c().await {
        Ok(()) => Exit::Interrupted,
        Err(_) => std::future::pending().await,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::ignores_hangup;

    #[test]
    fn nohup_is_recognised() {
        assert_eq!(ignores_hangup("Name:\tx\nSigIgn:\t0000000000000001\n"), Some(true));
        assert_eq!(ignores_hangup("SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n"), Some(false));
        assert_eq!(ignores_hangup("Name:\tx\n"), None);
    }
}
