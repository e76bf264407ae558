//! Programs that must not get away: what they may take, and that nothing of them stays.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pentad_server::clock::{real_limit, real_sleep};
use pentad_server::confined::{Confined, Ended, Limits, Plan, holds};
use tokio::io::AsyncReadExt;

const LONG: Duration = Duration::from_secs(20);

/// A directory, and the program in it.
struct Stage {
    dir: tempfile::TempDir,
    plan: Plan,
}

impl Stage {
    fn new(script: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let stdin = dir.path().join("stdin");
        fs::write(&stdin, "given").unwrap();
        let limits = Limits { cpu: 1, memory: 1 << 30, file_size: 64 << 10, open_files: 32, processes: 24 };
        let user = rustix::process::geteuid().is_root().then_some(62_000 + std::process::id() % 1000);
        if let Some(user) = user {
            std::os::unix::fs::chown(dir.path(), Some(user), Some(user)).unwrap();
        }
        let command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        Self { plan: Plan { command, dir: dir.path().to_owned(), stdin, user, limits, cgroup: None }, dir }
    }

    fn start(&self) -> Confined {
        let path = [(OsString::from("PATH"), OsString::from("/usr/bin:/bin"))];
        Confined::start(Path::new(env!("CARGO_BIN_EXE_pentad-confined")), &self.plan, &path).unwrap()
    }

    async fn run(&self) -> (Ended, String, String) {
        let mut running = self.start();
        let (mut out, mut err) = running.output().unwrap();
        let (mut said, mut complained) = (Vec::new(), Vec::new());
        let reading = async { tokio::join!(out.read_to_end(&mut said), err.read_to_end(&mut complained)) };
        let (ended, _) = real_limit(LONG, async { tokio::join!(running.ended(), reading) }).await.unwrap();
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        (ended.unwrap(), text(&said), text(&complained))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// Waits until a file has something in it.
async fn written(file: &Path) -> String {
    let look = async {
        loop {
            match fs::read_to_string(file) {
                Ok(text) if text.ends_with('\n') => return text,
                _ => real_sleep(Duration::from_millis(10)).await,
            }
        }
    };
    real_limit(LONG, look).await.unwrap()
}

async fn gone(pid: &str) {
    let look = async {
        while Path::new("/proc").join(pid.trim()).exists() {
            real_sleep(Duration::from_millis(10)).await;
        }
    };
    real_limit(LONG, look).await.unwrap();
}

#[tokio::test]
async fn a_program_gets_its_input_and_directory_and_ends_as_it_ends() {
    let stage = Stage::new("cat; pwd; echo bad >&2; exit 7");
    let (ended, said, complained) = stage.run().await;
    assert_eq!(ended, Ended::Code(7));
    assert_eq!(said, format!("given{}\n", stage.dir.path().display()));
    assert_eq!(complained, "bad\n");
    assert_eq!(Stage::new("kill -SEGV $$").run().await.0, Ended::Signal(11));
}

#[tokio::test]
async fn a_program_that_is_not_there_never_began() {
    let mut stage = Stage::new("");
    stage.plan.command = vec!["/nowhere/at/all".to_owned()];
    let (ended, _, complained) = stage.run().await;
    assert_eq!(ended, Ended::Unable);
    assert!(complained.contains("/nowhere/at/all"), "{complained}");
}

#[tokio::test]
async fn limits_hold_as_they_are_said_to() {
    let held = |what: &str| holds().iter().any(|hold| hold.what == what && hold.holds);
    if held("processor time") {
        let (ended, ..) = Stage::new("while :; do :; done").run().await;
        assert!(matches!(ended, Ended::Signal(24 | 9)), "{ended:?}");
    }
    if held("size of a file") {
        let stage = Stage::new("exec head -c 100000 /dev/zero > big");
        assert_eq!(stage.run().await.0, Ended::Signal(25));
        assert_eq!(fs::metadata(stage.file("big")).unwrap().len(), 64 << 10);
    }
    if held("open files") {
        let script = "i=3; while [ $i -lt 60 ]; do eval \"exec $i</dev/null\" || exit 3; i=$((i+1)); done";
        let mut stage = Stage::new(script);
        stage.plan.limits.open_files = 8;
        assert_ne!(stage.run().await.0, Ended::Code(0));
    }
    if held("memory of a process") {
        let mut stage = Stage::new("head -c 400000000 /dev/zero | tail -c 400000000 > /dev/null; echo $?");
        stage.plan.limits.memory = 64 << 20;
        let (ended, said, complained) = stage.run().await;
        assert!(ended != Ended::Code(0) || said != "0\n", "{ended:?} {said} {complained}");
    }
    let other = Stage::new("id -u").run().await.1;
    let own = rustix::process::geteuid().as_raw().to_string();
    assert_eq!(other.trim() != own, held("user"));
}

#[tokio::test]
async fn a_program_that_multiplies_is_held_down_and_wiped_out() {
    let stage = Stage::new("echo $$ > pid; f() { f & f & wait; }; f 2>/dev/null; exec sleep 1000");
    let mut running = stage.start();
    let pid = written(&stage.file("pid")).await;
    running.kill();
    real_limit(LONG, running.ended()).await.unwrap().unwrap();
    gone(&pid).await;
    if let Some(user) = stage.plan.user {
        assert_eq!(processes_of(user), 0);
    }
}

fn processes_of(user: u32) -> usize {
    let owner = |entry: fs::DirEntry| {
        use std::os::unix::fs::MetadataExt;
        entry.metadata().ok().map(|metadata| metadata.uid())
    };
    let all = fs::read_dir("/proc").unwrap().flatten();
    let all = all.filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok());
    all.filter_map(owner).filter(|uid| *uid == user).count()
}

#[tokio::test]
async fn what_detached_itself_ends_with_the_program() {
    let stage = Stage::new(
        "setsid sh -c 'echo $$ > pid; trap \"\" TERM HUP; exec sleep 1000' & while [ ! -s pid ]; do :; done",
    );
    if !holds().iter().any(|hold| hold.what == "leftovers" && hold.holds) {
        return;
    }
    let (ended, ..) = stage.run().await;
    assert_eq!(ended, Ended::Code(0));
    gone(&written(&stage.file("pid")).await).await;
}

#[tokio::test]
async fn a_program_that_will_not_end_when_asked_ends_when_killed() {
    let stage = Stage::new("trap 'echo asked >> asked' TERM; echo $$ > pid; while :; do sleep 0.05; done");
    let mut running = stage.start();
    let pid = written(&stage.file("pid")).await;
    running.ask_to_end().await;
    assert_eq!(written(&stage.file("asked")).await, "asked\n");
    assert!(Path::new("/proc").join(pid.trim()).exists());
    running.kill();
    assert_eq!(real_limit(LONG, running.ended()).await.unwrap().unwrap(), Ended::Signal(9));
    gone(&pid).await;
}

#[tokio::test]
async fn nothing_outlives_the_server() {
    let stage = Stage::new("echo $$ > pid; exec sleep 1000");
    let running = stage.start();
    let pid = written(&stage.file("pid")).await;
    drop(running);
    gone(&pid).await;
}
