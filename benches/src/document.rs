//! An OpenAPI document of the published size: from YAML, from the cache, and beside the loader of the original client.
#![expect(clippy::disallowed_methods, reason = "a measurement is about real time")]

use std::path::Path;
use std::time::Instant;

use pentad_benches::stats::{at_most, median};
use pentad_benches::{Result, say};
use pentad_openapi::{Cache, Document};
use pentad_testkit::document;
use tokio::process::Command;

use crate::arguments::Arguments;

const SCRIPT: &str = r"
import sys, time
from connect.client.openapi import OpenAPISpecs
began = time.perf_counter()
OpenAPISpecs(sys.argv[1])
print((time.perf_counter() - began) * 1e3)
";

/// Measures both; the original once, since it takes long.
///
/// # Errors
/// When the document cannot be read.
pub(crate) async fn measure(arguments: &Arguments) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("published.yml");
    std::fs::write(&file, document::published_scale())?;
    let cache = Cache::new(folder.path().join("cache"));
    cache.read(&file)?;
    let (mut parsed, mut kept) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        parsed.push(milliseconds(|| Ok(Document::read(&file).map(drop)?))?);
        kept.push(milliseconds(|| Ok(cache.read(&file).map(drop)?))?);
    }
    let theirs = match arguments.python.is_file() {
        true => format!("{:.0} ms", python(&arguments.python, &file).await?),
        false => "not measured".to_owned(),
    };
    let (parsed, kept) = (median(&parsed), median(&kept));
    say(&format!(
        "document of the published size: {parsed:.0} ms from YAML (limit 250: {}), {kept:.1} ms from the cache (limit 20: \
         {}); the loader of the Python client: {theirs}",
        at_most(parsed, 250.0),
        at_most(kept, 20.0)
    ));
    Ok(())
}

fn milliseconds(task: impl FnOnce() -> Result<()>) -> Result<f64> {
    let began = Instant::now();
    task()?;
    Ok(began.elapsed().as_secs_f64() * 1e3)
}

async fn python(program: &Path, file: &Path) -> Result<f64> {
    let output = Command::new(program).args(["-c", SCRIPT]).arg(file).output().await?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = || format!("the original loader failed:\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(text.trim().parse().map_err(|_| failed())?)
}
