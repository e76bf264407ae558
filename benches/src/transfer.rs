//! One large content up and down again: the command line beside `curl` and the original Python client.
#![expect(clippy::disallowed_methods, reason = "a measurement is about real time")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderName, Method};
use pentad_benches::bare::Bare;
use pentad_benches::server::Server;
use pentad_benches::stats::{at_least, at_most, cpu_of_all, median, memory};
use pentad_benches::{Result, say};

use crate::arguments::Arguments;

/// The part of `curl`'s throughput that is to be reached.
const OF_CURL: f64 = 0.9;
/// How many times the original client's bytes per second of processor time.
const OF_PYTHON: f64 = 5.0;
/// Most memory of a process, in MiB.
const MEMORY: f64 = 64.0;
/// The original client is slow; what counts of it is its cost per byte, which more bytes do not change.
const PYTHON_MOST: u64 = 1_000_000_000;
/// How often a running client is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Uploads a file by the original client, or downloads it; the platform is in the environment. A stream, since of a path
/// it also makes a sum for its marker, which ours does when it is asked to.
const SCRIPT: &str = r#"
import pathlib, sys
from ivcap_client import IVCAP
what, name = sys.argv[1], sys.argv[2]
ivcap = IVCAP()
if what == "up":
    with open(name, "rb") as source:
        done = ivcap.upload_artifact(
            name="bench", io_stream=source, content_type="application/octet-stream", content_size=int(sys.argv[3]))
    print(done.id)
else:
    ivcap.get_artifact(sys.argv[3]).as_local_file(pathlib.Path(name))
"#;

/// Who transfers.
#[derive(Clone, Copy)]
enum Peer {
    Ours,
    Curl,
    Python,
}

/// The numbers of one transfer.
#[derive(Clone, Copy)]
struct Cost {
    /// Bytes a second.
    rate: f64,
    /// Bytes per second of the client's processor time.
    efficiency: f64,
    /// Peak memory of the client in MiB.
    memory: f64,
}

/// One direction, over all rounds.
#[derive(Default)]
struct Column {
    of_curl: Vec<f64>,
    of_python: Vec<f64>,
    rate: Vec<f64>,
    /// Processor seconds per GB of ours, of `curl` and of the original client.
    costs: [Vec<f64>; 3],
    memory: f64,
}

struct Bench<'a> {
    arguments: &'a Arguments,
    base: String,
    token: String,
    home: &'a Path,
    http: Bare,
}

/// Measures both directions in rounds.
///
/// # Errors
/// When the server does not start, or a client fails or brings another size.
pub(crate) async fn measure(arguments: &Arguments) -> Result<()> {
    let home = tempfile::tempdir()?;
    let data = home.path().join("data").display().to_string();
    let flags = ["--durability", "buffered", "--data", &data];
    let server = Server::start(Server::command(&arguments.binary, &flags)).await?;
    let token = server.announced("/credentials/ivcap/jwt")?.to_owned();
    let base = server.announced("/endpoints/ivcap")?.to_owned();
    let http = Bare::new(&base, "").authorization(&format!("Bearer {token}"));
    let bench = Bench { arguments, base, token, home: home.path(), http };
    let (mut up, mut down) = (Column::default(), Column::default());
    let python = arguments.ivcap.is_file();
    if !python {
        say(
            "transfer: the original client is left out, its environment was not made (cargo xtask conformance ivcap)",
        );
    }
    for _ in 0..arguments.rounds {
        let ours = bench.both(Peer::Ours, arguments.size).await?;
        let curl = bench.both(Peer::Curl, arguments.size).await?;
        let theirs = match python {
            true => Some(bench.both(Peer::Python, arguments.size.min(PYTHON_MOST)).await?),
            false => None,
        };
        up.add(ours.0, curl.0, theirs.map(|costs| costs.0));
        down.add(ours.1, curl.1, theirs.map(|costs| costs.1));
    }
    let weight = peak(&server.pid()?.to_string())?;
    up.tell("up", arguments.size, weight);
    down.tell("down", arguments.size, weight);
    server.stop().await
}

impl Column {
    fn add(&mut self, ours: Cost, curl: Cost, python: Option<Cost>) {
        self.of_curl.push(ours.rate / curl.rate);
        self.of_python.extend(python.map(|python| ours.efficiency / python.efficiency));
        self.rate.push(ours.rate / 1e6);
        for (column, cost) in self.costs.iter_mut().zip([Some(ours), Some(curl), python]) {
            column.extend(cost.map(|cost| 1e9 / cost.efficiency));
        }
        self.memory = self.memory.max(ours.memory);
    }

    fn tell(&self, way: &str, size: u64, server: f64) {
        let (of_curl, of_python) = (median(&self.of_curl), median(&self.of_python));
        let [ours, curl, python] = self.costs.each_ref().map(|costs| median(costs));
        say(&format!(
            "ivcap, {size} bytes {way}: {:.0} MB/s, {of_curl:.2} of curl's (at least {OF_CURL}: {}), {of_python:.1} x the \
             Python client's bytes per processor second (at least {OF_PYTHON}: {}; seconds per GB: {ours:.2}, curl {curl:.2}, \
             Python {python:.2}), peak memory {:.0} MiB of the client \
             and {server:.0} MiB of the server (less than {MEMORY} each: {}, {})",
            median(&self.rate),
            at_least(of_curl, OF_CURL),
            at_least(of_python, OF_PYTHON),
            self.memory,
            at_most(self.memory, MEMORY),
            at_most(server, MEMORY),
        ));
    }
}

impl Bench<'_> {
    /// Up and down again; nothing is left on disk, and never more than two copies are there.
    async fn both(&self, peer: Peer, size: u64) -> Result<(Cost, Cost)> {
        let (source, target) = (self.home.join("source.bin"), self.home.join("target.bin"));
        make(&source, size)?;
        let made = match peer {
            Peer::Curl => Some(self.record(size).await?),
            _ => None,
        };
        let (up, said) = run(self.upload(peer, &source, size, made.as_deref()), size).await?;
        std::fs::remove_file(&source)?;
        let id = match (made, peer) {
            (Some(id), _) => id,
            (None, Peer::Ours) => serde_json::from_str::<serde_json::Value>(&said)?["id"]
                .as_str()
                .ok_or("an upload without an artifact")?
                .to_owned(),
            (None, _) => said.trim().to_owned(),
        };
        let (down, _) = run(self.download(peer, &target, &id), size).await?;
        let found = std::fs::metadata(&target)?.len();
        std::fs::remove_file(&target)?;
        let (status, _) = self
            .http
            .send(Method::DELETE, self.http.uri(&format!("/1/artifacts/{id}"))?, Bytes::new())
            .await?;
        if !status.is_success() {
            return Err(format!("the artifact was not removed: {status}").into());
        }
        if found == size { Ok((up, down)) } else { Err(format!("{found} bytes came, not {size}").into()) }
    }

    fn upload(&self, peer: Peer, source: &Path, size: u64, record: Option<&str>) -> Command {
        match peer {
            Peer::Ours => {
                self.ours(&["upload", "--no-resume", "--content-type", "application/octet-stream"], source)
            }
            Peer::Python => self.python(&["up"], source, &[&size.to_string()]),
            Peer::Curl => {
                let mut command = Command::new("curl");
                command.args(["--silent", "--show-error", "--fail", "--request", "PATCH", "--upload-file"]);
                command.arg(source).args([
                    "--header",
                    "Tus-Resumable: 1.0.0",
                    "--header",
                    "Upload-Offset: 0",
                ]);
                command.args([
                    "--header",
                    "Content-Type: application/offset+octet-stream",
                    "--header",
                    "Expect:",
                ]);
                command.args(["--header", &format!("Authorization: Bearer {}", self.token)]);
                command.arg(self.blob(record.unwrap_or_default()));
                command
            }
        }
    }

    fn download(&self, peer: Peer, target: &Path, id: &str) -> Command {
        match peer {
            Peer::Ours => self.ours(&["download", id], target),
            Peer::Python => self.python(&["down"], target, &[id]),
            Peer::Curl => {
                // Ours says that a file is there when it is on disk: so must this.
                let mut command = Command::new("sh");
                command.args([
                    "-c",
                    r#"curl --silent --show-error --fail --header "$1" --output "$2" "$3" && sync "$2""#,
                ]);
                command
                    .arg("curl")
                    .arg(format!("Authorization: Bearer {}", self.token))
                    .arg(target)
                    .arg(self.blob(id));
                command
            }
        }
    }

    fn ours(&self, words: &[&str], file: &Path) -> Command {
        let mut command = Command::new(&self.arguments.binary);
        command.args(["ivcap", "artifact"]).args(words).arg(file).args(["--output", "json"]);
        command.env("PENTAD_IVCAP_ENDPOINT", &self.base).env("PENTAD_IVCAP_TOKEN", &self.token);
        // No settings of whoever runs this.
        command.env("HOME", self.home).env("XDG_CONFIG_HOME", self.home);
        command
    }

    fn python(&self, before: &[&str], file: &Path, after: &[&str]) -> Command {
        let mut command = Command::new(&self.arguments.ivcap);
        command.args(["-c", SCRIPT]).args(before).arg(file).args(after);
        command.env("IVCAP_URL", &self.base).env("IVCAP_JWT", &self.token).env("NO_PROXY", "127.0.0.1");
        command
    }

    fn blob(&self, id: &str) -> String {
        format!("{}/1/artifacts/{id}/blob", self.base)
    }

    /// The record that `curl` fills.
    async fn record(&self, size: u64) -> Result<String> {
        let name = HeaderName::from_static;
        let http = self.http.clone().and(name("x-content-type"), "application/octet-stream");
        let http = http.and(name("x-content-length"), &size.to_string()).and(name("tus-resumable"), "1.0.0");
        let made = http.call(Method::POST, "/1/artifacts", &serde_json::Value::Null).await?;
        Ok(made["id"].as_str().ok_or("a record without an id")?.to_owned())
    }
}

/// A file that is on disk and not in memory, as large files are.
fn make(path: &Path, size: u64) -> Result<()> {
    let mut piece = vec![0; pentad_disk::PIECE];
    fastrand::fill(&mut piece);
    let mut sink =
        pentad_disk::Sink::new(std::fs::File::create(path)?, 0, Some(size.max(pentad_disk::LARGE)))?;
    let mut left = size;
    while left > 0 {
        let now = left.min(piece.len() as u64);
        sink.write(&piece[..usize::try_from(now)?])?;
        left -= now;
    }
    Ok(sink.finish()?.sync_all()?)
}

/// Runs a client to its end; gives what it cost and what it said.
async fn run(mut command: Command, size: u64) -> Result<(Cost, String)> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    tokio::task::spawn_blocking(move || watched(&mut command, size)).await?
}

fn watched(command: &mut Command, size: u64) -> Result<(Cost, String)> {
    let began = Instant::now();
    let child = command.spawn()?;
    let pid = child.id().to_string();
    let mut most: f64 = 0.0;
    // A process that has ended keeps its processor time until it is waited for; its memory is gone.
    while !has_ended(&pid)? {
        most = most.max(peak(&pid).unwrap_or_default());
        std::thread::sleep(LOOK);
    }
    let (took, spent) = (began.elapsed(), cpu_of_all(&pid)?);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let program = PathBuf::from(command.get_program());
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{} failed: {why}", program.display()).into());
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let size = size as f64;
    // Below a tick of the system's clock nothing is told apart.
    let spent = spent.as_secs_f64().max(0.01);
    let cost = Cost { rate: size / took.as_secs_f64(), efficiency: size / spent, memory: most };
    Ok((cost, String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// The most memory that a process had, in MiB.
fn peak(pid: &str) -> Result<f64> {
    Ok(memory(pid, "VmHWM")? / 1024.0)
}

fn has_ended(pid: &str) -> Result<bool> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    Ok(stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')))
}
