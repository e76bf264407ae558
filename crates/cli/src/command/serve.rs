//! `pentad serve`: the local server until it is told to stop.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, ValueEnum, value_parser};
use pentad_server::{ListenOptions, Seed, Server, ServerOptions};
use serde_json::Value;

use crate::args::Global;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::signal;

#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// Plain listener for all services; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7700")]
    listen: SocketAddr,
    /// `auto` makes a local certificate authority and serves over TLS as well.
    #[arg(long, value_enum, value_name = "HOW")]
    tls: Option<Tls>,
    /// Listener for TLS.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7743")]
    tls_listen: SocketAddr,
    /// Certificate chain (PEM) for the TLS listener.
    #[arg(long, value_name = "FILE", requires = "tls_key", conflicts_with = "tls")]
    tls_cert: Option<PathBuf>,
    /// Private key (PEM) for the TLS listener.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Authorities (PEM) whose client certificates may log in; default the local authority.
    #[arg(long, value_name = "FILE")]
    tls_client_ca: Option<PathBuf>,
    #[command(flatten)]
    own: OwnListeners,
    /// Keep the data in this directory; without it, in memory.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// When a write counts: at once on disk, after a crash of the process, or never.
    #[arg(long, value_enum, value_name = "HOW")]
    durability: Option<Durability>,
    /// Keep the data in a database: postgres://USER@HOST/NAME; the password comes from PGPASSWORD.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Create users, projects, topics … from this file (YAML, TOML or JSON).
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Serve for Connect what this OpenAPI document describes (YAML or JSON), and nothing else.
    #[arg(long, value_name = "FILE")]
    connect_spec: Option<PathBuf>,
    /// Keep every oddity of the real services, or only those that clients depend on.
    #[arg(long, value_enum, default_value = "relaxed")]
    mode: Mode,
    /// Print one JSON line on stdout when everything listens.
    #[arg(long, value_enum, value_name = "FORMAT")]
    announce: Option<Announce>,
    /// Connections served at once; further ones wait to be accepted.
    #[arg(long, value_name = "N", default_value = "4096", value_parser = value_parser!(u32).range(1..))]
    max_connections: u32,
    /// Largest request body, e.g. 64MiB.
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "64MiB")]
    max_body: u64,
    /// Authority (PEM) that push endpoints are trusted by, too.
    #[arg(long, value_name = "FILE")]
    push_ca: Option<PathBuf>,
    /// Who may call Zaqar: anybody, who has a token, or a token where one is sent (the default).
    #[arg(long, value_enum, value_name = "WHO")]
    zaqar_auth: Option<ZaqarAuth>,
    /// What database instances are: kept as names (the default), or PostgreSQL clusters of their own.
    #[arg(long, value_enum, value_name = "ENGINE")]
    database_engine: Option<DatabaseEngine>,
    /// Run commands of IVCAP services that were created over the API, not only those of the seed.
    #[arg(long)]
    allow_api_commands: bool,
    /// A listener of its own for the control interface.
    #[arg(long, value_name = "ADDR")]
    control_listen: Option<SocketAddr>,
    /// Listen where others can reach it, although only generated credentials protect the data.
    #[arg(long)]
    insecure_no_auth: bool,
    /// How the log is written.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Tls {
    Auto,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Durability {
    Memory,
    Buffered,
    Durable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    Strict,
    Relaxed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DatabaseEngine {
    Simulated,
    Postgres,
}

impl DatabaseEngine {
    /// The option of the service, as a seed says it.
    fn name(self) -> &'static str {
        match self {
            Self::Simulated => "simulated",
            Self::Postgres => "postgres",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ZaqarAuth {
    None,
    Keystone,
    Either,
}

impl ZaqarAuth {
    /// The option of the service, as a seed says it.
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Keystone => "keystone",
            Self::Either => "either",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Announce {
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

/// `--listen-NAME ADDR` for each service that the server has.
#[derive(Debug, Default)]
struct OwnListeners(BTreeMap<String, SocketAddr>);

impl OwnListeners {
    fn ids() -> impl Iterator<Item = (&'static str, String)> {
        pentad_server::service_names().into_iter().map(|name| (name, format!("listen-{name}")))
    }
}

impl Args for OwnListeners {
    fn augment_args(command: Command) -> Command {
        Self::ids().fold(command, |command, (name, id)| {
            let arg = Arg::new(id.clone()).long(id).value_name("ADDR");
            let arg = arg.value_parser(value_parser!(SocketAddr));
            command.arg(arg.help(format!("A listener of its own for {name}, at its root")))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for OwnListeners {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        let given = |(name, id): (&str, String)| Some((name.to_owned(), *matches.get_one(&id)?));
        Ok(Self(Self::ids().filter_map(given).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl ServeArgs {
    /// How to open the server.
    fn open(&self) -> Result<ServerOptions> {
        let mut options = self.data.as_ref().map_or_else(ServerOptions::memory, ServerOptions::dir);
        options.durability = self.durability.map(|how| match how {
            Durability::Memory => pentad_server::Durability::Memory,
            Durability::Buffered => pentad_server::Durability::Buffered,
            Durability::Durable => pentad_server::Durability::Durable,
        });
        options.store.clone_from(&self.store);
        options.seed = self.seed.as_deref().map(Seed::read).transpose().map_err(|error| {
            let path = self.seed.as_deref().unwrap_or_else(|| Path::new(""));
            Failure::usage(format!("cannot use the seed {}", path.display()), error.to_string())
        })?;
        if let Some(document) = &self.connect_spec {
            let document = std::path::absolute(document).unwrap_or_else(|_| document.clone());
            let seed = options.seed.take().unwrap_or_default();
            let path = document.to_string_lossy().into_owned();
            options.seed = Some(seed.with_option("connect", "spec", path.into()));
        }
        if let Some(auth) = self.zaqar_auth {
            let seed = options.seed.take().unwrap_or_default();
            options.seed = Some(seed.with_option("zaqar", "auth", auth.name().into()));
        }
        if let Some(engine) = self.database_engine {
            let seed = options.seed.take().unwrap_or_default();
            options.seed = Some(seed.with_option("database", "engine", engine.name().into()));
        }
        if self.allow_api_commands {
            let seed = options.seed.take().unwrap_or_default();
            options.seed = Some(seed.with_option("ivcap", "allow_api_commands", true.into()));
        }
        options.mode = match self.mode {
            Mode::Strict => pentad_server::Mode::Strict,
            Mode::Relaxed => pentad_server::Mode::Relaxed,
        };
        options.max_body = self.max_body;
        options.max_connections = usize::try_from(self.max_connections).unwrap_or(usize::MAX);
        options.push_ca = self.push_ca.iter().cloned().collect();
        options.insecure = self.insecure_no_auth;
        Ok(options)
    }

    /// Where to listen.
    fn listen(self) -> ListenOptions {
        let mut options = ListenOptions::default();
        options.plain = Some(self.listen);
        options.tls = match (self.tls, self.tls_cert, self.tls_key) {
            (Some(Tls::Auto), ..) => pentad_server::Tls::Auto,
            (None, Some(cert), Some(key)) => pentad_server::Tls::Files { cert, key },
            _ => pentad_server::Tls::Off,
        };
        options.tls_listen = self.tls_listen;
        options.tls_client_ca = self.tls_client_ca;
        options.own = self.own.0;
        options.control = self.control_listen;
        options
    }
}

/// A number of bytes: `1048576`, `64KiB`, `1MiB`, `1GiB`.
fn size(text: &str) -> std::result::Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        other => return Err(format!("unknown unit `{other}`; use KiB, MiB or GiB")),
    };
    let number: u64 = digits.parse().map_err(|_| "expected a size such as 64MiB".to_owned())?;
    number.checked_mul(unit).ok_or_else(|| "too large".to_owned())
}

/// Runs the server. SIGTERM is the ordinary end, and so is that of the terminal: exit 0.
pub(crate) fn run(args: ServeArgs, global: &Global) -> Result<Exit> {
    if global.debug || global.verbose > 0 || args.log_format == LogFormat::Json {
        super::start_log("info", args.log_format == LogFormat::Json)?;
    } else {
        super::start_log("warn", false)?;
    }
    let mut output = super::plain(global);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::local("cannot start", error))?;
    let result = runtime.block_on(serve(args, &mut output));
    runtime.shutdown_background();
    result
}

async fn serve(args: ServeArgs, output: &mut Output) -> Result<Exit> {
    let announce = args.announce.is_some();
    let stop = signal::stop();
    let mut stop = std::pin::pin!(stop);
    let failed = |error| Failure::local("cannot serve", error);
    let opened = async {
        let server = Server::builder(args.open()?).open().await.map_err(failed)?;
        server.listen(args.listen()).await.map_err(failed)?;
        Ok::<_, Failure>(server)
    };
    let server = tokio::select! {
        biased;
        exit = &mut stop => return Ok(ended(exit)),
        opened = opened => opened?,
    };
    let announcement = server.announcement();
    if announce {
        output.text(&announcement.to_string())?;
    }
    tell(&announcement, output);
    let exit = stop.await;
    output.note("stopping …");
    tokio::select! {
        () = server.shutdown() => Ok(ended(exit)),
        again = signal::stop() => Ok(again),
    }
}

/// SIGTERM is how a server is meant to end; with its terminal it ends in the same order.
const fn ended(exit: Exit) -> Exit {
    match exit {
        Exit::Terminated | Exit::HungUp => Exit::Success,
        other => other,
    }
}

/// The endpoints, for a person.
fn tell(announcement: &Value, output: &Output) {
    let mut text = Vec::new();
    let version = announcement["version"].as_str().unwrap_or_default();
    // Writing into memory cannot fail.
    let _ = writeln!(
        text,
        "pentad {version} serves, data: {}",
        announcement["data"].as_str().unwrap_or_default()
    );
    for (name, url) in announcement["endpoints"].as_object().into_iter().flatten() {
        let _ = writeln!(text, "  {name:<12} {}", url.as_str().unwrap_or_default());
    }
    if let Some(file) = announcement["tls"]["ca_file"].as_str() {
        let _ = writeln!(text, "  {:<12} {file}", "ca file");
    }
    let _ = write!(text, "Ctrl-C stops it.");
    output.note(&String::from_utf8_lossy(&text));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[&str]) -> std::result::Result<ServeArgs, clap::Error> {
        let matches = ServeArgs::augment_args(Command::new("serve")).try_get_matches_from(line)?;
        ServeArgs::from_arg_matches(&matches)
    }

    #[test]
    fn every_service_can_be_given_a_listener_of_its_own() {
        for name in pentad_server::service_names() {
            let args = parsed(&["serve", &format!("--listen-{name}"), "127.0.0.1:0"]).unwrap();
            let own = args.listen().own;
            assert_eq!(
                own.into_iter().collect::<Vec<_>>(),
                [(name.to_owned(), "127.0.0.1:0".parse().unwrap())]
            );
        }
        assert!(parsed(&["serve"]).unwrap().listen().own.is_empty());
        assert!(parsed(&["serve", "--listen-ams", "nowhere"]).is_err());
    }

    #[test]
    fn at_least_one_connection_is_served() {
        assert!(parsed(&["serve", "--max-connections", "0"]).is_err());
        let args = parsed(&["serve", "--max-connections", "7"]).unwrap();
        assert_eq!(args.open().unwrap().max_connections, 7);
    }
}
