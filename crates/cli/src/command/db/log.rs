//! `pentad db log` and `pentad db tls`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_core::ErrorKind;
use pentad_trove::{Client, LogChange, TlsChange};

use super::act;
use super::{Run, complete};
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;

/// A log of an instance.
#[derive(clap::Args, Debug)]
pub(crate) struct Which {
    #[arg(add = ArgValueCompleter::new(complete::instances))]
    instance: String,
    /// Name of the log, e.g. general.
    log: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// List the logs of an instance.
    List {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
    },
    /// Show where a log stands.
    Show(Which),
    /// Enable, disable, publish or discard a log.
    Set {
        #[command(flatten)]
        which: Which,
        #[arg(long)]
        enable: bool,
        #[arg(long, conflicts_with = "enable")]
        disable: bool,
        /// Copy what is new to the object store.
        #[arg(long)]
        publish: bool,
        /// Forget what was published.
        #[arg(long)]
        discard: bool,
    },
    /// Write the last lines of what is published.
    Tail {
        #[command(flatten)]
        which: Which,
        /// How many; 0 for all.
        #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
        lines: u64,
        /// Publish what is new first.
        #[arg(long)]
        publish: bool,
    },
    /// Save all that is published in a file.
    Save {
        #[command(flatten)]
        which: Which,
        /// Where; default trove-INSTANCE-LOG.log.
        #[arg(long)]
        file: Option<PathBuf>,
        /// Publish what is new first.
        #[arg(long)]
        publish: bool,
    },
}

const LOGS: View = View::of(&["name", "type", "status", "published", "pending", "container", "prefix"]);

impl LogCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { instance } => {
                let id = act::instance(run, &instance).await?;
                let plan = Plan::read("trove.log.list").arg("instance", id);
                run.perform(plan.pages(Paging::default(), LOGS)).await
            }
            Self::Show(which) => change(run, &which, Effect::Read, LogChange::new()).await,
            Self::Set { which, enable, disable, publish, discard } => {
                let mut wanted = LogChange::new();
                for (said, say) in [
                    (enable, LogChange::enable as fn(LogChange) -> LogChange),
                    (disable, LogChange::disable),
                    (publish, LogChange::publish),
                    (discard, LogChange::discard),
                ] {
                    wanted = if said { say(wanted) } else { wanted };
                }
                if wanted == LogChange::new() {
                    let what = "--enable, --disable, --publish or --discard";
                    return Err(Failure::usage("nothing to do with the log", format!("say {what}")));
                }
                change(run, &which, Effect::Change, wanted).await
            }
            Self::Tail { which, lines, publish } => {
                let lines = (lines > 0).then_some(lines);
                copy(run, &which, lines, publish, std::io::stdout).await.map(|_| Exit::Success)
            }
            Self::Save { which, file, publish } => {
                let file = file.unwrap_or_else(|| {
                    PathBuf::from(format!("trove-{}-{}.log", which.instance, which.log).replace('/', "_"))
                });
                let target = file.clone();
                if copy(run, &which, None, publish, move || Late::at(target.clone())).await? {
                    let shown = file.display().to_string();
                    run.output.record(&serde_json::json!({ "log": which.log, "file": shown }), View::ALL)?;
                }
                Ok(Exit::Success)
            }
        }
    }
}

/// A file that is made when there is something to write.
#[derive(Debug)]
struct Late {
    path: PathBuf,
    file: Option<std::fs::File>,
}

impl Late {
    const fn at(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    fn file(&mut self) -> io::Result<&mut std::fs::File> {
        match &mut self.file {
            Some(file) => Ok(file),
            none => Ok(none.insert(std::fs::File::create(&self.path)?)),
        }
    }
}

impl Write for Late {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file()?.flush()
    }
}

async fn change(run: &mut Run<'_>, which: &Which, effect: Effect, wanted: LogChange) -> Result<Exit> {
    let id = act::instance(run, &which.instance).await?;
    let make = |client: &Client| client.instance(id.as_str()).log(which.log.as_str()).change(wanted);
    run.call(effect, make, LOGS).await
}

/// Writes what is published of a log, part by part; says whether it did: a call may only be shown.
async fn copy<W: Write + Send + 'static>(
    run: &mut Run<'_>,
    which: &Which,
    lines: Option<u64>,
    publish: bool,
    open: impl Fn() -> W + Clone + Send + 'static,
) -> Result<bool> {
    let id = act::instance(run, &which.instance).await?;
    let (first, effect) =
        if publish { (LogChange::new().publish(), Effect::Change) } else { (LogChange::new(), Effect::Read) };
    let make = |client: &Client| {
        let open = open.clone();
        let mut target = None;
        let write = move |piece: &[u8]| {
            let target = target.get_or_insert_with(&open);
            match target.write_all(piece).and_then(|()| target.flush()) {
                // Whoever reads has seen enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                Err(error) => {
                    Err(pentad_core::Error::new(ErrorKind::Config, "cannot write the log").with_source(error))
                }
                Ok(()) => Ok(()),
            }
        };
        client.instance(id.as_str()).log(which.log.as_str()).copy(first, lines, write)
    };
    Ok(run.worked(&effect, make).await?.is_some())
}

#[derive(Debug, Subcommand)]
pub(crate) enum TlsCommand {
    /// Show how the database speaks TLS.
    Show {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
        /// With the certificate itself.
        #[arg(long)]
        certificate: bool,
    },
    /// Let the database speak TLS.
    Enable {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
        /// basic, enforced or mtls.
        #[arg(long, default_value = "basic")]
        mode: String,
        /// Where certificate and key come from.
        #[arg(long, value_name = "URL")]
        container_ref: String,
        /// Where the password of the key comes from.
        #[arg(long, value_name = "URL")]
        password_ref: Option<String>,
    },
    /// Let the database speak in the clear.
    Disable {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
    },
    /// Go back to what was before.
    Rollback {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
    },
}

impl TlsCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let (instance, change) = match self {
            Self::Show { instance, certificate } => {
                let id = act::instance(run, &instance).await?;
                let make = |client: &Client| client.instance(id.as_str()).tls(certificate);
                return run.call(Effect::Read, make, View::ALL).await;
            }
            Self::Enable { instance, mode, container_ref, password_ref } => {
                (instance, TlsChange::Enable { mode, container_ref, password_ref })
            }
            Self::Disable { instance } => (instance, TlsChange::Disable),
            Self::Rollback { instance } => (instance, TlsChange::Rollback),
        };
        let id = act::instance(run, &instance).await?;
        let make = |client: &Client| client.instance(id.as_str()).set_tls(&change);
        run.call(Effect::Change, make, View::ALL).await
    }
}
