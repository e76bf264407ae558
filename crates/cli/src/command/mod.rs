//! From arguments to the end of the process.

pub(crate) mod ams;
pub(crate) mod bench;
pub(crate) mod call;
pub(crate) mod complete;
pub(crate) mod completion;
pub(crate) mod config;
pub(crate) mod connect;
pub(crate) mod context;
pub(crate) mod db;
mod doctor;
pub(crate) mod exec;
pub(crate) mod flow;
pub(crate) mod ivcap;
pub(crate) mod man;
pub(crate) mod openstack;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod service;
pub(crate) mod services;
mod show;
pub(crate) mod tour;
pub(crate) mod zaqar;

use self::run::Desk;
pub(crate) use self::services::TABLES;
use crate::args::{Cli, Command, Global};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Choice, Format, Output, Shape};
use crate::settings::Settings;
use crate::signal;

/// Parses the command line, runs the command and reports what went wrong.
pub(crate) fn run() -> Exit {
    match complete::answer() {
        Ok(true) => return Exit::Success,
        Ok(false) => {}
        Err(error) => return parse_exit(&error),
    }
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return parse_exit(&error),
    };
    cli.global.color.apply();
    let asked = cli.global.output.as_ref().map(|choice| choice.format);
    let as_json = matches!(asked, Some(Format::Json | Format::Ndjson));
    match dispatch(cli) {
        Ok(exit) => exit,
        Err(failure) => {
            failure.report(as_json || (asked.is_none() && env_json()));
            failure.exit
        }
    }
}

/// Help and version are results on stdout; everything else that clap says is a usage error.
fn parse_exit(error: &clap::Error) -> Exit {
    let failed = error.use_stderr();
    match error.print() {
        Err(io) if io.kind() != std::io::ErrorKind::BrokenPipe => Exit::Failure,
        _ if failed => Exit::Usage,
        _ => Exit::Success,
    }
}

fn env_json() -> bool {
    std::env::var("PENTAD_OUTPUT").is_ok_and(|format| format == "json" || format == "ndjson")
}

fn dispatch(cli: Cli) -> Result<Exit> {
    log(&cli.global)?;
    let global = cli.global;
    match cli.command {
        // These work with a broken configuration, too.
        Command::Completion(args) => completion::run(&args, &mut plain(&global)).map(|()| Exit::Success),
        Command::Man(args) => man::run(&args, &mut plain(&global)).map(|()| Exit::Success),
        Command::ExitCodes => plain(&global).text(&crate::exit::table()).map(|()| Exit::Success),
        Command::Doctor => block(false, doctor::run(&global)),
        Command::Config(command) => config::run(&command, &global).map(|()| Exit::Success),
        Command::Context(command) => context::run(*command, &global).map(|()| Exit::Success),
        Command::Serve(args) => serve::run(*args, &global),
        Command::Tour(args) => block(false, tour::run(&args, &global)),
        command => served(command, &global),
    }
}

/// Runs a command that talks to a service.
fn served(command: Command, global: &Global) -> Result<Exit> {
    let settings = Settings::resolve(global)?;
    let mut output = output(global, &settings);
    let desk = Desk { global, settings: &settings, output: &mut output, local: None };
    let result = match command {
        Command::Bench(command) => block(false, services::bench(command, desk)),
        command => block(services::ends_itself(&command), services::act(command, desk)),
    };
    result.map_err(|failure| say_as(&failure, &output))
}

/// Errors follow the output format wherever it was chosen.
fn say_as(failure: &Failure, output: &Output) -> Failure {
    failure.report(output.is_json());
    Failure::silent(failure.exit)
}

/// Output as the flags alone say.
fn plain(global: &Global) -> Output {
    Output::stdout(global.output.clone().unwrap_or_default(), global.shape())
}

/// Output as the settings say.
fn output(global: &Global, settings: &Settings) -> Output {
    let choice: Choice = settings.output.value.clone();
    Output::stdout(choice, Shape { pager: settings.pager.value, ..global.shape() })
}

/// Runs one command on this thread; a signal ends it. A command that ends itself in order gets the first signal, the
/// second one ends it at once.
///
/// A second thread serves other commands where this one holds the data: they must not wait while this one waits for
/// whoever reads its output.
fn block(patient: bool, work: impl Future<Output = Result<Exit>>) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::local("cannot start", error))?;
    let stopped = async {
        if patient {
            signal::stop().await;
        }
        signal::stop().await
    };
    let result = runtime.block_on(async {
        tokio::select! {
            biased;
            exit = stopped => Ok(exit),
            result = work => result,
        }
    });
    // A thread that waits for standard input must not hold the process.
    runtime.shutdown_background();
    result
}

/// Logging on stderr, as far as it was asked for.
fn log(global: &Global) -> Result<()> {
    // A name stands for all that begin so: every crate of ours.
    let level = match (global.debug, global.verbose) {
        (true, _) | (_, 2..) => "pentad=debug",
        (_, 1) => "pentad=info",
        _ if std::env::var_os("RUST_LOG").is_some() => "",
        _ => return Ok(()),
    };
    start_log(level, false)
}

/// Starts the log on stderr. `RUST_LOG` wins over the level that the flags chose.
pub(crate) fn start_log(level: &str, json: bool) -> Result<()> {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().or_else(|_| EnvFilter::try_new(level));
    let filter = filter.map_err(|error| Failure::usage("cannot use RUST_LOG", error.to_string()))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let log = log.with_ansi(anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never);
    // A second start (flag and `serve`) changes nothing.
    let _ = if json { log.json().try_init() } else { log.try_init() };
    Ok(())
}
