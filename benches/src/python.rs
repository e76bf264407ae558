//! Our AMS client beside the original Python one, both over TLS against the canned stub.

use std::path::Path;

use pentad_ams as ams;
use pentad_benches::stats::median;
use pentad_benches::{Result, say};
use pentad_core::Secret;
use tokio::process::Command;

use crate::arguments::Arguments;
use crate::client::{Cost, publish_through};
use crate::stub::Stub;

const PYTHON_CALLS: usize = 100;
const OUR_CALLS: usize = 30_000;

/// Publishes one message per call and prints rate and processor time per call.
const SCRIPT: &str = r#"
import certifi, os, resource, sys, tempfile, time
# The authorities that the client trusts by default, and the stub's certificate.
bundle = tempfile.NamedTemporaryFile(suffix=".pem")
for path in (certifi.where(), sys.argv[3]):
    bundle.write(open(path, "rb").read())
bundle.flush()
os.environ["REQUESTS_CA_BUNDLE"] = bundle.name
from argo_ams_library import AmsMessage, ArgoMessagingService
endpoint, calls = sys.argv[1], int(sys.argv[2])
ams = ArgoMessagingService(endpoint=endpoint, token="token", project="demo")
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
for _ in range(3):
    ams.publish("t", AmsMessage(data="x" * 1024))
began, before = time.perf_counter(), cpu()
for _ in range(calls):
    ams.publish("t", AmsMessage(data="x" * 1024))
print(calls / (time.perf_counter() - began), (cpu() - before) * 1e6 / calls)
"#;

/// Measures both, one call at a time and ours also with 64 in flight.
///
/// # Errors
/// When the stub does not start or a call fails.
pub(crate) async fn measure(arguments: &Arguments) -> Result<()> {
    if !arguments.python.is_file() {
        say("python: skipped, the conformance environment was not made yet (cargo xtask conformance)");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let stub = Stub::start(folder.path()).await?;
    let (mut rates, mut costs, mut sequential, mut last) = (Vec::new(), Vec::new(), Vec::new(), None);
    for _ in 0..arguments.rounds {
        let theirs = python(&arguments.python, &stub).await?;
        let one = publish_through(client(&stub)?, 1, OUR_CALLS / 4).await?;
        let ours = publish_through(client(&stub)?, 64, OUR_CALLS).await?;
        rates.push(ours.rate / theirs.rate);
        costs.push(theirs.cpu / ours.cpu);
        sequential.push(one.rate / theirs.rate);
        last = Some((theirs, ours));
    }
    if let Some((theirs, ours)) = last {
        say(&format!(
            "client over TLS beside the original Python client: {:.0} x its calls with 64 in flight, {:.0} x one at a \
             time, {:.0} x less processor time per call (last round: original {:.0}/s {:.0} us, ours {:.0}/s {:.1} us)",
            median(&rates),
            median(&sequential),
            median(&costs),
            theirs.rate,
            theirs.cpu,
            ours.rate,
            ours.cpu
        ));
    }
    Ok(())
}

fn client(stub: &Stub) -> Result<ams::Client> {
    let builder = ams::Client::new(&format!("https://{}", stub.secure), "demo").token(Secret::new("token"));
    Ok(builder.ca(&stub.certificate).build()?)
}

async fn python(program: &Path, stub: &Stub) -> Result<Cost> {
    let output = Command::new(program)
        .args(["-c", SCRIPT, &stub.secure, &PYTHON_CALLS.to_string()])
        .arg(&stub.certificate)
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .await?;
    cost(&output)
}

/// What a script printed: rate and processor time per call.
pub(crate) fn cost(output: &std::process::Output) -> Result<Cost> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(rate)), Some(Ok(cpu))) => Ok(Cost { rate, cpu }),
        _ => Err(format!("the original client failed:\n{}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}
