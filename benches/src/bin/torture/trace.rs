//! The system calls of a `durable` server: no answer leaves before the log is on disk.

use std::collections::HashSet;
use std::path::Path;
use std::process::Stdio;

use http::Method;
use pentad_benches::Result;
use pentad_benches::bare::Bare;
use pentad_benches::server::Server;
use serde_json::json;
use tokio::process::Command;

use crate::load;

/// Publishes, one after the other, so that every answer has a wait for the disk of its own.
const PUBLISHES: usize = 40;

/// Traces a server and returns what was seen, or why nothing could be.
///
/// # Errors
/// When an answer left before its data were on disk.
pub(crate) async fn check(binary: &Path) -> Result<String> {
    if Command::new("strace")
        .args(["-f", "-o", "/dev/null", "true"])
        .status()
        .await
        .is_ok_and(|s| s.success())
    {
        let home = tempfile::tempdir()?;
        let log = home.path().join("trace");
        publish_under_trace(binary, home.path(), &log).await?;
        judge(&std::fs::read_to_string(&log)?)
    } else {
        Ok("skipped: strace is not installed or may not trace".to_owned())
    }
}

async fn publish_under_trace(binary: &Path, home: &Path, log: &Path) -> Result<()> {
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-s", "48", "-e", "trace=fsync,fdatasync,write,writev,sendto,sendmsg", "-o"]);
    command.arg(log).arg(binary).args(["serve", "--listen", "127.0.0.1:0", "--announce", "json"]);
    command.args(["--durability", "durable", "--data"]).arg(home.join("data")).stderr(Stdio::null());
    let server = Server::start(command).await?;
    let base = format!("{}/v1", server.announced("/endpoints/ams_plain")?);
    let http = Bare::new(&base, server.announced("/credentials/ams/project_admin")?);
    load::prepare(&http).await?;
    for number in 0..PUBLISHES {
        let body = json!({"messages": [{"data": format!("{number}")}]});
        http.call(Method::POST, &format!("{}:publish", load::topic()), &body).await?;
    }
    server.stop().await
}

/// Reads the trace: between two answers the log must have reached the disk.
fn judge(trace: &str) -> Result<String> {
    let mut waiting: HashSet<&str> = HashSet::new();
    let mut synced = false;
    let (mut answers, mut syncs) = (0, 0);
    for line in trace.lines() {
        let Some((pid, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        let is_sync = call.starts_with("fdatasync(") || call.starts_with("fsync(");
        if is_sync && call.contains("-wal") && call.contains("unfinished") {
            waiting.insert(pid);
        }
        let resumed = call.contains("sync resumed") && waiting.remove(pid);
        if resumed || (is_sync && call.contains("-wal") && call.ends_with("= 0")) {
            (synced, syncs) = (true, syncs + 1);
        }
        if call.contains("\"HTTP/1.1 200") {
            answers += 1;
            if !synced {
                return Err(format!("answer {answers} left before the log was on disk: {call}").into());
            }
            synced = false;
        }
    }
    if answers < PUBLISHES {
        return Err(format!("the trace shows {answers} answers, {PUBLISHES} were expected").into());
    }
    Ok(format!("{answers} answers, each after one of {syncs} waits for the log on disk"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYNC: &str = "7  fdatasync(9</data/ams.db-wal>) = 0\n";
    const ANSWER: &str = "8  writev(11<socket:[1]>, [{iov_base=\"HTTP/1.1 200 OK\\r\\n\"}], 1) = 99\n";

    #[test]
    fn an_answer_after_its_sync_is_fine_and_one_before_is_not() {
        let good = format!("{SYNC}{ANSWER}").repeat(PUBLISHES);
        assert!(judge(&good).is_ok());
        let bad = format!("{good}{ANSWER}{SYNC}");
        assert!(judge(&bad).is_err());
    }

    #[test]
    fn a_sync_that_was_interrupted_in_the_trace_counts_when_it_resumes() {
        let start = "7  fdatasync(9</data/ams.db-wal> <unfinished ...>\n";
        let end = "7  <... fdatasync resumed>) = 0\n";
        let good = format!("{start}{end}{ANSWER}").repeat(PUBLISHES);
        assert!(judge(&good).is_ok());
        let bad = format!("{start}{ANSWER}{end}").repeat(PUBLISHES);
        assert!(judge(&bad).is_err());
    }
}
