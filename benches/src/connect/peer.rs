//! The original Python clients, blocking and async.

use std::path::Path;

use pentad_benches::Result;
use tokio::process::Command;

/// What the original does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Peer {
    Walk,
    AsyncWalk,
    AsyncGets,
}

impl Peer {
    fn name(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::AsyncWalk => "async-walk",
            Self::AsyncGets => "async-gets",
        }
    }
}

/// Prints units per second and the most memory in KiB.
const SCRIPT: &str = r#"
import asyncio, resource, sys, time
from connect.client import AsyncConnectClient, ConnectClient
what, endpoint, count = sys.argv[1], sys.argv[2], int(sys.argv[3])

async def walk():
    client = AsyncConnectClient("ApiKey SU-1:key", endpoint=endpoint)
    seen = 0
    async for _ in client.products.all():
        seen += 1
    return seen

async def gets():
    client = AsyncConnectClient("ApiKey SU-1:key", endpoint=endpoint)
    async def some():
        for _ in range(count // 64):
            await client.products["PRD-1"].get()
    await asyncio.gather(*[some() for _ in range(64)])
    return count // 64 * 64

def blocking():
    return sum(1 for _ in ConnectClient("ApiKey SU-1:key", endpoint=endpoint).products.all())

began = time.perf_counter()
done = blocking() if what == "walk" else asyncio.run(walk() if what == "async-walk" else gets())
print(done / (time.perf_counter() - began), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"#;

/// Runs the original; units per second and the most memory in KiB.
///
/// # Errors
/// When it does not run to its end.
pub(crate) async fn measure(python: &Path, what: Peer, endpoint: &str, count: u64) -> Result<(f64, f64)> {
    let output = Command::new(python)
        .args(["-c", SCRIPT, what.name(), endpoint, &count.to_string()])
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .await?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(rate)), Some(Ok(memory))) => Ok((rate, memory)),
        _ => Err(format!("the original client failed:\n{}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}
