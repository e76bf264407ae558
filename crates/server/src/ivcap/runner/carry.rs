//! Running one order: a directory, a program within limits, and what comes of it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::folder::Folder;
use super::task::Assignment;
use super::verdict::{self, Stopped, Verdict};
use super::{Ends, LONGEST_VALUE, Slot, log, publish};
use crate::clock::{real_limit, real_sleep};
use crate::confined::{self, Confined, Plan};
use crate::ivcap::core::Core;
use crate::ivcap::handlers::jobs::LARGEST;
use crate::ivcap::model::{Status, text};
use crate::ivcap::storage::work::{Item, Payload};

/// The time that a program has to end once it is asked to.
const GRACE: Duration = Duration::from_secs(2);
/// The time between two looks at what it stores.
const LOOK: Duration = Duration::from_millis(250);

/// How something ended, and what it left behind as its result.
pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    pub(super) result: Option<Payload>,
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, result: None }
    }
}

/// Runs something to its end, or until the server stops.
pub(super) async fn carry_out(core: &Arc<Core>, item: &Item, slot: &Slot, ends: &Ends) -> Outcome {
    let task = match super::task::assignment(core, item).await {
        Ok(task) => task,
        Err(failure) => return Verdict::error(failure.text()).into(),
    };
    let folder = match prepare(core, &task, slot).await {
        Ok(folder) => Arc::new(folder),
        Err(why) => return Verdict::error(why).into(),
    };
    let running = match start(core, &task, &folder, slot).await {
        Ok(running) => running,
        Err(why) => return Verdict::error(why).into(),
    };
    if let Err(failure) = super::task::begin(core, item).await {
        return Verdict::error(failure.text()).into();
    }
    let verdict = attend(core, &task, &folder, running, ends).await;
    let outcome = gather(core, &task, &folder, verdict).await;
    let remove = move || {
        drop(folder);
        Ok(())
    };
    // What cannot be removed was warned of.
    let _ = publish::blocking(remove).await;
    outcome
}

async fn prepare(core: &Arc<Core>, task: &Assignment, slot: &Slot) -> Result<Folder, String> {
    let scratch = core.work.runner.scratch(core).await?;
    let (user, request) = (slot.user, task.request.content.clone());
    let made = publish::blocking(move || Folder::make(&scratch, user, &request)).await;
    made.map_err(|_| "no directory could be made for it".to_owned())
}

async fn start(core: &Arc<Core>, task: &Assignment, folder: &Folder, slot: &Slot) -> Result<Started, String> {
    let options = &core.settings.orders;
    let helper = options.helper.clone().or_else(confined::own_helper).or_else(installed);
    let helper = helper.ok_or("this program cannot set limits, and `pentad` is not installed")?;
    let base = super::super::sidecar::admit(core, task).await?;
    let plan = Plan {
        command: task.words(),
        dir: folder.work(),
        stdin: folder.request(),
        user: slot.user,
        limits: options.limits(),
        cgroup: None,
    };
    let variables = variables(task, folder, base.url());
    let confined = Confined::start(&helper, &plan, &variables)
        .map_err(|error| format!("it could not be started: {error}"))?;
    let entry = core.work.runner.enter(&task.id, confined.id(), folder.work());
    Ok(Started { confined, _base: base, _entry: entry })
}

/// `pentad` where programs are looked for.
fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join("pentad")).find(|file| file.is_file())
}

/// A running program, its way back to the platform, and its place among those that run.
struct Started {
    confined: Confined,
    _base: super::super::sidecar::Pass,
    _entry: super::Entry,
}

/// The environment (IVCAP reference 9.11).
fn variables(task: &Assignment, folder: &Folder, base: &str) -> Vec<(OsString, OsString)> {
    let mut all: Vec<(OsString, OsString)> = Vec::new();
    let mut set = |name: &str, value: OsString| all.push((OsString::from(name), value));
    set("PATH", "/usr/local/bin:/usr/bin:/bin".into());
    set("LANG", "C.UTF-8".into());
    set("HOME", folder.work().into());
    set("TMPDIR", folder.temporary().into());
    set("IVCAP_BASE_URL", base.into());
    set("IVCAP_ORDER_ID", task.id.clone().into());
    set("IVCAP_JOB_ID", task.id.clone().into());
    set("IVCAP_SERVICE_ID", task.service.clone().into());
    set("IVCAP_ACCOUNT_ID", task.account.clone().into());
    set("IVCAP_IN_DIR", folder.input().into());
    set("IVCAP_OUT_DIR", folder.output().into());
    set("IVCAP_RESULT", folder.result().into());
    for given in &task.values {
        let value = text(&given.value);
        if value.len() <= LONGEST_VALUE && !value.contains('\0') {
            set(&format!("IVCAP_PARAM_{}", variable(&given.name)), value.into());
        }
    }
    for (name, value) in &task.command.environment {
        set(name, value.into());
    }
    all
}

/// A name that can be one of a variable.
fn variable(name: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' };
    name.chars().take(128).map(plain).collect()
}

/// Waits for the end of a program, or brings it about.
async fn attend(
    core: &Arc<Core>,
    task: &Assignment,
    folder: &Arc<Folder>,
    mut started: Started,
    ends: &Ends,
) -> Verdict {
    let options = &core.settings.orders;
    let Some((out, err)) = started.confined.output() else {
        return Verdict::error("its output could not be read");
    };
    let logging = tokio::spawn({
        let (core, id, most) = (Arc::clone(core), task.id.clone(), options.log);
        async move { log::keep(&core, &id, most, out, err).await }
    });
    let limit = Duration::from_secs(u64::from(task.command.time_limit.unwrap_or(options.time)));
    let stopped = {
        let time = core.time.sleep(limit);
        tokio::select! {
            _ = started.confined.ended() => None,
            _ = time => Some(Stopped::Time(limit)),
            // A process is real: a clock of the service that stands does not let it run for ever.
            () = real_sleep(limit) => Some(Stopped::Time(limit)),
            () = full(folder, options.disk, options.files) => Some(Stopped::Disk),
            () = ends.stop.cancelled() => Some(Stopped::Shutdown),
            () = ends.era.cancelled() => Some(Stopped::Shutdown),
        }
    };
    let confined = &mut started.confined;
    if stopped.is_some() {
        confined.ask_to_end().await;
        if real_limit(GRACE, confined.ended()).await.is_none() {
            confined.kill();
        }
    }
    let ended = confined.ended().await.unwrap_or(confined::Ended::Unable);
    let last = logging.await.unwrap_or_default();
    verdict::of(ended, stopped, options, &last)
}

/// Returns when more is stored than may be.
async fn full(folder: &Arc<Folder>, bytes: u64, files: u64) {
    loop {
        real_sleep(LOOK).await;
        if is_full(folder, bytes, files).await {
            return;
        }
    }
}

async fn is_full(folder: &Arc<Folder>, bytes: u64, files: u64) -> bool {
    let folder = Arc::clone(folder);
    let taken = publish::blocking(move || Ok(folder.taken())).await;
    taken.is_ok_and(|taken| taken.0 > bytes || taken.1 > files)
}

/// Takes over what a program left behind.
async fn gather(core: &Arc<Core>, task: &Assignment, folder: &Arc<Folder>, verdict: Verdict) -> Outcome {
    let options = &core.settings.orders;
    if verdict.status == Status::Succeeded && is_full(folder, options.disk, options.files).await {
        return verdict::full(options).into();
    }
    if verdict.status != Status::Succeeded {
        return verdict.into();
    }
    let (of, user) = (Arc::clone(folder), folder.result());
    let Ok((files, bytes)) = publish::blocking(move || of.products(publish::MOST)).await else {
        return Verdict::error("the files that it left could not be listed").into();
    };
    if files.len() > publish::MOST {
        return Verdict::error(format!("it left more than {} files", publish::MOST)).into();
    }
    if bytes > options.disk {
        return Verdict::error(format!("it left files of more than {} bytes", options.disk)).into();
    }
    if files.iter().any(|(name, _)| name.len() > publish::LONGEST) {
        let why = format!("it left a file whose name has more than {} bytes", publish::LONGEST);
        return Verdict::error(why).into();
    }
    let result = match publish::blocking(move || publish::beginning(&user, LARGEST)).await {
        Err(_) => return Verdict::error("its result could not be read").into(),
        Ok(Some(result)) if result.len() > LARGEST => {
            return Verdict::error(format!("its result has more than {LARGEST} bytes")).into();
        }
        Ok(result) => result,
    };
    if let Err(failure) = publish::publish(core, task, files).await {
        return Verdict::error(format!("its products could not be stored: {}", failure.text())).into();
    }
    let result = result.map(|content| {
        let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&content).is_ok();
        let content_type = if is_json { "application/json" } else { "text/plain; charset=utf-8" };
        Payload { content_type: content_type.to_owned(), content }
    });
    Outcome { verdict, result }
}
