//! The rounds: load, kill, restart, audit.
#![expect(clippy::disallowed_methods, reason = "the kill comes at a random instant of real time")]

use std::path::Path;
use std::time::Duration;

use pentad_benches::Result;
use pentad_benches::bare::REFUSED;
use pentad_benches::server::Server;
use tokio::task::JoinSet;

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

/// What is done to the server, and how its data is held against what it answered.
pub(crate) trait Subject: Default {
    /// The service.
    const NAME: &'static str;

    /// Flags of the server, for an installation in this folder.
    fn seed(&self, _home: &Path) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// Makes what the load needs, once.
    async fn prepare(&mut self, server: &Server) -> Result<()>;

    /// Starts the load. Each task ends at its first failure, which is how the kill shows.
    async fn begin(&mut self, server: &Server, round: u32) -> Result<JoinSet<String>>;

    /// Compares and returns the first contradiction, if any; `Err` means that the audit itself failed. `whole`: from the
    /// very beginning.
    async fn audit(&mut self, server: &Server, whole: bool) -> Result<Option<String>>;

    /// What was answered.
    fn summary(&self) -> String;
}

/// Kills a server `instants` times on one data directory and audits it after each restart.
///
/// `sound` makes the installation that the killed server then works on: one that answers before it commits
/// cannot even read back its own first credentials, and would fall over before the test began.
///
/// # Errors
/// When the server does not start on an empty directory, or refuses the load.
pub(crate) async fn rounds<S: Subject>(
    sound: &Path,
    binary: &Path,
    durability: &str,
    instants: u32,
    seed: u64,
) -> Result<Report> {
    fastrand::seed(seed);
    let (home, mut subject) = (tempfile::tempdir()?, S::default());
    let mut flags = subject.seed(home.path())?;
    let data = home.path().join("data").display().to_string();
    flags.extend(["--data".to_owned(), data, "--durability".to_owned(), durability.to_owned()]);
    let mut server = start(sound, &flags).await?;
    subject.prepare(&server).await?;
    server.stop().await?;
    server = start(binary, &flags).await?;
    let mut fault = None;
    let mut round = 0;
    while fault.is_none() && round < instants {
        round += 1;
        let mut tasks = subject.begin(&server, round).await?;
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
        match restart(binary, &flags, &mut subject).await {
            Ok((again, found)) => (server, fault) = (again, found),
            Err(why) => {
                return Ok(Report::of(Some(format!("after kill {round}: {why}")), round, &subject));
            }
        }
    }
    if fault.is_none() {
        fault = subject.audit(&server, true).await?;
        server.stop().await?;
    }
    let fault = fault.map(|fault| format!("after kill {round}: {fault}"));
    Ok(Report::of(fault, round, &subject))
}

impl Report {
    fn of(fault: Option<String>, kills: u32, subject: &impl Subject) -> Self {
        Self { fault, summary: format!("{kills} kills; answered: {}", subject.summary()) }
    }
}

async fn restart<S: Subject>(
    binary: &Path,
    flags: &[String],
    subject: &mut S,
) -> Result<(Server, Option<String>)> {
    let server = start(binary, flags).await?;
    let found = subject.audit(&server, false).await?;
    Ok((server, found))
}

async fn start(binary: &Path, flags: &[String]) -> Result<Server> {
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    Server::start(Server::command(binary, &flags)).await
}
