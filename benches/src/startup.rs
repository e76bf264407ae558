//! How long the program takes to say its version and to serve, and what it weighs.
#![expect(clippy::disallowed_methods, reason = "a measurement is about real time")]

use std::time::{Duration, Instant};

use pentad_benches::server::Server;
use pentad_benches::stats::median;
use pentad_benches::{Result, say};
use tokio::process::Command;

use crate::arguments::Arguments;

/// The server is weighed this long after it is ready.
const REST: Duration = Duration::from_secs(5);

/// Measures start, weight and size.
///
/// # Errors
/// When the program does not run.
pub(crate) async fn measure(arguments: &Arguments) -> Result<()> {
    let (mut version, mut ready) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds * 4 {
        let began = Instant::now();
        Command::new(&arguments.binary).arg("--version").output().await?;
        version.push(began.elapsed().as_secs_f64() * 1e3);
    }
    for _ in 0..arguments.rounds {
        let began = Instant::now();
        let server = Server::start(Server::command(&arguments.binary, &[])).await?;
        ready.push(began.elapsed().as_secs_f64() * 1e3);
        server.stop().await?;
    }
    let server = Server::start(Server::command(&arguments.binary, &[])).await?;
    tokio::time::sleep(REST).await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid()?))?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let resident = resident.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0;
    server.stop().await?;
    #[expect(clippy::cast_precision_loss, reason = "a program is smaller than 2^52 bytes")]
    let size = std::fs::metadata(&arguments.binary)?.len() as f64 / 1e6;
    say(&format!(
        "start: --version {:.1} ms, server ready {:.1} ms, resident {resident:.1} MiB 5 s later, binary {size:.1} MB",
        median(&version),
        median(&ready)
    ));
    Ok(())
}
