//! What the measurements and the crash test share: a server to run, a bare HTTP client, and arithmetic.

pub mod bare;
pub mod server;
pub mod stats;

/// Measurements end at the first thing that goes wrong, and a person reads why.
pub type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Prints one line of results. A closed pipe is no reason to stop.
pub fn say(line: &str) {
    use std::io::Write as _;
    // Nobody reads any more: there is nobody to tell either.
    let _ = writeln!(std::io::stdout(), "{line}");
}
