//! `cargo xtask test`: the stages in order; and the longer chores that share its parts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::postgres::{self, Postgres};
use crate::stages::Stages;
use crate::{Result, conformance, process, real, workspace};

/// Where the run takes place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A person's machine: peers that are missing are reported as skipped.
    Desk,
    /// The build machine: peers that are missing are installed, and required.
    BuildMachine,
}

/// Runs every stage and prints the time table.
///
/// # Errors
/// The first stage that fails.
pub(crate) fn run(place: Place) -> Result<()> {
    let mut stages = Stages::new();
    stages.run("format", || process::run(&mut cargo(&["fmt", "--all", "--check"]), process::nothing))?;
    stages.run("lints", || {
        let lints = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        process::run(&mut cargo(&lints), process::nothing)
    })?;
    licences(&mut stages)?;
    let database = database(&mut stages, place)?;
    let url = database.as_ref().map(|server| server.url.as_str());
    stages.run("tests", || tests(url))?;
    stages.run("doctests", || {
        let doctests = ["test", "--workspace", "--doc"];
        process::run(with_database(&mut cargo(&doctests), url), is_closing)
    })?;
    let mut binary = None;
    stages.run("binary", || {
        binary = Some(workspace::build_binary(&[])?);
        Ok(Vec::new())
    })?;
    let binary = binary.ok_or("the binary was not built")?;
    let other_url = database.as_ref().map(|server| server.other_url.as_str());
    conformance_stage(&mut stages, place, &binary, other_url)?;
    real::left_out(&mut stages);
    if place == Place::BuildMachine {
        stages.run("crash test", || torture(&[]))?;
    }
    drop(database);
    process::say(&stages.table());
    Ok(())
}

fn cargo(arguments: &[&str]) -> Command {
    workspace::cargo(arguments)
}

fn licences(stages: &mut Stages) -> Result<()> {
    if process::which("cargo-deny").is_none() {
        stages.skip("licences and bans", "cargo-deny is not installed");
        return Ok(());
    }
    stages.run("licences and bans", || {
        process::run(&mut cargo(&["deny", "check", "licenses", "bans"]), |line| line.contains("bans ok"))
    })
}

/// The database of the run: the one that the caller names, one of our own, or none.
fn database(stages: &mut Stages, place: Place) -> Result<Option<Database>> {
    let name = "PostgreSQL";
    if let Ok(url) = std::env::var("PENTAD_TEST_POSTGRES") {
        process::say(&format!("\n=== {name}: taken from PENTAD_TEST_POSTGRES"));
        return Ok(Some(Database { other_url: url.clone(), url, _server: None }));
    }
    let missing = postgres::programs().is_none();
    if missing && place == Place::Desk {
        stages.skip(name, "initdb is not installed");
        return Ok(None);
    }
    let mut started = None;
    stages.run(name, || {
        if missing && process::is_root() {
            postgres::install()?;
        }
        let programs = postgres::programs().ok_or("initdb is not installed and only root can install it")?;
        let server = postgres::start(&programs)?;
        let (url, other_url) = (server.url.clone(), server.other_url.clone());
        started = Some(Database { url, other_url, _server: Some(server) });
        Ok(Vec::new())
    })?;
    Ok(started)
}

/// A database to test against; stopped on drop when it is ours.
struct Database {
    /// For the tests in Rust.
    url: String,
    /// For the server of the conformance tests.
    other_url: String,
    _server: Option<Postgres>,
}

fn with_database<'a>(command: &'a mut Command, url: Option<&str>) -> &'a mut Command {
    match url {
        Some(url) => command.env("PENTAD_TEST_POSTGRES", url),
        None => command,
    }
}

fn tests(url: Option<&str>) -> Result<Vec<String>> {
    let nextest = process::which("cargo-nextest").is_some();
    let mut command = if nextest {
        cargo(&["nextest", "run", "--workspace", "--no-tests=pass"])
    } else {
        cargo(&["test", "--workspace", "--lib", "--bins", "--tests"])
    };
    process::run(with_database(&mut command, url), is_closing)
}

/// The lines with which cargo's test runners end.
fn is_closing(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("Summary [") || line.starts_with("test result:")
}

fn conformance_stage(stages: &mut Stages, place: Place, binary: &Path, url: Option<&str>) -> Result<()> {
    if place == Place::Desk && process::which("python3").is_none() {
        stages.skip("conformance", "python3 is not installed");
        return Ok(());
    }
    let store: Vec<String> = url.map(|url| format!("--postgres={url}")).into_iter().collect();
    stages.run("conformance", || conformance::run(binary, &store))
}

/// Runs the crash test: against the real server, and against one that answers before it commits, which
/// the test must catch.
///
/// # Errors
/// When something that was answered is missing, or when the test does not see the seeded fault.
pub(crate) fn torture(arguments: &[String]) -> Result<Vec<String>> {
    // Copies of our own: both builds have one path, and another build may replace what is there.
    let folder = workspace::target_directory()?.join(format!("torture-{}", std::process::id()));
    let outcome = torture_in(&folder, arguments);
    // What is left of the folder is a few files in the build directory.
    let _ = fs::remove_dir_all(&folder);
    outcome
}

fn torture_in(folder: &Path, arguments: &[String]) -> Result<Vec<String>> {
    fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let keep = |built: &Path, name: &str| -> Result<PathBuf> {
        let kept = folder.join(name);
        fs::copy(built, &kept).map_err(|e| format!("{}: {e}", kept.display()))?;
        Ok(kept)
    };
    let feature = ["--package", "pentad-store", "--features", "pentad-store/answer-before-commit"];
    let seeded = keep(&workspace::build_binary(&feature)?, "pentad-answers-before-commit")?;
    let binary = keep(&workspace::build_binary(&[])?, "pentad")?;
    let mut command =
        cargo(&["run", "--quiet", "--package", "pentad-benches", "--bin", "pentad-torture", "--"]);
    command.arg("--binary").arg(binary).arg("--seeded").arg(&seeded).args(arguments);
    process::run(&mut command, |line| line.starts_with("torture:"))
}

/// Builds binary and benches with optimisation and runs them.
///
/// # Errors
/// When a build or a measurement fails.
pub(crate) fn bench(arguments: &[String]) -> Result<()> {
    let release = ["build", "--release", "--package", "pentad-cli", "--package", "pentad-benches"];
    process::run(&mut cargo(&release), process::nothing)?;
    let folder = workspace::target_directory()?.join("release");
    let mut command = Command::new(folder.join("pentad-benches"));
    command.arg("--binary").arg(folder.join("pentad")).args(arguments).current_dir(workspace::root());
    process::run(&mut command, process::nothing).map(drop)
}
