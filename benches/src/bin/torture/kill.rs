//! The rounds: load, kill, restart, audit.
#![expect(clippy::disallowed_methods, reason = "the kill comes at a random instant of real time")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pentad_benches::Result;
use pentad_benches::bare::{Bare, REFUSED};
use pentad_benches::server::Server;

use crate::ledger::Ledger;
use crate::{load, verify};

/// The kill comes this many microseconds after the load began. The spread of magnitudes is even, so that
/// the first moments of a server are hit as often as its steady state.
const EARLIEST: f64 = 2_000.0;
const LATEST: f64 = 400_000.0;

/// How the rounds ended.
pub(crate) struct Report {
    /// The first contradiction between answers and data.
    pub(crate) fault: Option<String>,
    /// What was done.
    pub(crate) summary: String,
}

/// Kills a server `instants` times on one data directory and audits it after each restart.
///
/// `sound` makes the installation that the killed server then works on: one that answers before it commits
/// cannot even read back its own first credentials, and would fall over before the test began.
///
/// # Errors
/// When the server does not start on an empty directory, or refuses the load.
pub(crate) async fn rounds(
    sound: &Path,
    binary: &Path,
    durability: &str,
    instants: u32,
    seed: u64,
) -> Result<Report> {
    fastrand::seed(seed);
    let home = tempfile::tempdir()?;
    let ledger = Arc::new(Ledger::default());
    let mut server = start(sound, home.path(), durability).await?;
    load::prepare(&client(&server)?).await?;
    server.stop().await?;
    server = start(binary, home.path(), durability).await?;
    let mut fault = None;
    let mut round = 0;
    while fault.is_none() && round < instants {
        round += 1;
        let http = client(&server)?;
        let from = verify::end(&http).await?;
        let mut tasks = load::start(&http, &ledger, round);
        let instant = EARLIEST * (LATEST / EARLIEST).powf(fastrand::f64());
        tokio::time::sleep(Duration::from_secs_f64(instant / 1e6)).await;
        server.kill().await?;
        while let Some(ended) = tasks.join_next().await {
            let why = ended?;
            if why.starts_with(REFUSED) {
                return Err(format!("the load did not run: {why}").into());
            }
        }
        // A server that cannot start or be read on what the kill left lost something too.
        match restart(binary, home.path(), durability, &ledger, from).await {
            Ok((again, found)) => (server, fault) = (again, found),
            Err(why) => return Ok(Report::of(Some(format!("after kill {round}: {why}")), round, &ledger)),
        }
    }
    if fault.is_none() {
        fault = verify::audit(&client(&server)?, &ledger, 0).await?;
        server.stop().await?;
    }
    let fault = fault.map(|fault| format!("after kill {round}: {fault}"));
    Ok(Report::of(fault, round, &ledger))
}

impl Report {
    fn of(fault: Option<String>, kills: u32, ledger: &Ledger) -> Self {
        let entries = ledger.entries();
        let summary = format!(
            "{kills} kills; answered: {} publishes with {} messages, {} acknowledgements; nothing lost, doubled, \
             undone or skipped",
            entries.publishes,
            entries.answered.len(),
            entries.acks
        );
        Self { fault, summary }
    }
}

async fn restart(
    binary: &Path,
    home: &Path,
    durability: &str,
    ledger: &Ledger,
    from: i64,
) -> Result<(Server, Option<String>)> {
    let server = start(binary, home, durability).await?;
    let found = verify::audit(&client(&server)?, ledger, from).await?;
    Ok((server, found))
}

async fn start(binary: &Path, home: &Path, durability: &str) -> Result<Server> {
    let data = home.display().to_string();
    Server::start(Server::command(binary, &["--data", &data, "--durability", durability])).await
}

fn client(server: &Server) -> Result<Bare> {
    let base = format!("{}/v1", server.announced("/endpoints/ams_plain")?);
    Ok(Bare::new(&base, server.announced("/credentials/ams/project_admin")?))
}
