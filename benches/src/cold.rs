//! What one command costs from a cold process: `pentad db instance list` with a token kept from before, beside the original
//! command line.
#![expect(clippy::disallowed_methods, reason = "a measurement is about real time")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use pentad_benches::server::Server;
use pentad_benches::stats::median;
use pentad_benches::{Result, say};
use tokio::process::Command;

use crate::arguments::Arguments;

/// Processes of ours for each of the original's, which takes its time.
const OURS_PER_ROUND: usize = 20;
/// The longest that our command may take with a token in hand.
const TARGET_MS: f64 = 15.0;

/// Measures both in interleaved rounds.
///
/// # Errors
/// When the server does not start or a command fails.
pub(crate) async fn measure(arguments: &Arguments) -> Result<()> {
    let home = tempfile::tempdir()?;
    let server = Server::start(Server::command(&arguments.binary, &[])).await?;
    let login = Login::of(&server, home.path())?;
    // The commands run in a folder of their own.
    let binary = std::path::absolute(&arguments.binary)?;
    let original = std::path::absolute(arguments.python.with_file_name("openstack"))?;
    let list = ["db", "instance", "list", "-o", "json"];
    // The first one logs in and keeps the token.
    login.run(&binary, &list).await?;
    let (mut ours, mut start, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        let mut round = Vec::new();
        for _ in 0..OURS_PER_ROUND {
            round.push(login.run(&binary, &list).await?);
            start.push(login.run(&binary, &["--version"]).await?);
        }
        if original.is_file() {
            let words = ["database", "instance", "list", "-f", "json"];
            ratios.push(login.run(&original, &words).await? / median(&round));
        }
        ours.extend(round);
    }
    server.stop().await?;
    let verdict = if median(&ours) < TARGET_MS { "under" } else { "over" };
    let beside = match &ratios[..] {
        [] => "the original command line is not installed (cargo xtask conformance)".to_owned(),
        ratios => format!("the original takes {:.0} x as long, its login included", median(ratios)),
    };
    say(&format!(
        "cold command: pentad db instance list {:.1} ms ({verdict} {TARGET_MS} ms), of which {:.1} ms are any start of \
         the program; {beside}",
        median(&ours),
        median(&start)
    ));
    Ok(())
}

/// What the commands are told of the cloud.
struct Login {
    variables: Vec<(String, String)>,
    home: PathBuf,
}

impl Login {
    fn of(server: &Server, home: &Path) -> Result<Self> {
        let mut variables = vec![("OS_IDENTITY_API_VERSION".to_owned(), "3".to_owned())];
        for name in
            ["auth_url", "username", "password", "project_name", "user_domain_name", "project_domain_name"]
        {
            let value = server.announced(&format!("/credentials/openstack/{name}"))?.to_owned();
            variables.push((format!("OS_{}", name.to_ascii_uppercase()), value));
        }
        Ok(Self { variables, home: home.to_owned() })
    }

    /// Milliseconds from the start of the process to its end.
    async fn run(&self, program: &Path, words: &[&str]) -> Result<f64> {
        let mut command = Command::new(program);
        command.args(words).envs(self.variables.iter().cloned()).env("HOME", &self.home);
        command.env_remove("XDG_CACHE_HOME").env_remove("XDG_CONFIG_HOME").current_dir(&self.home);
        command.stdin(Stdio::null());
        let began = Instant::now();
        let output = command.output().await?;
        let took = began.elapsed().as_secs_f64() * 1e3;
        if output.status.success() {
            Ok(took)
        } else {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(format!("{} {words:?} failed: {said}", program.display()).into())
        }
    }
}
