//! Prints how long a document of the published size takes to be ready: parsed, and from the cache.
//!
//! `cargo run --release -p pentad-openapi --example ready [-- FILE]` reads FILE instead; a FILE that does not exist is
//! written with the document first.
#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use pentad_openapi::{Cache, Document};
use pentad_testkit::document;

const ROUNDS: usize = 15;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scratch = tempfile::tempdir()?;
    let file = std::env::args_os().nth(1).map_or_else(|| scratch.path().join("published.yml"), PathBuf::from);
    if !file.exists() {
        std::fs::write(&file, document::published_scale())?;
    }
    let source = std::fs::read_to_string(&file)?;
    let document = Document::read(&file)?;
    println!(
        "{} lines, {} bytes, {} paths, {} operations",
        source.lines().count(),
        source.len(),
        document.paths().count(),
        document.operations().count()
    );
    let cache = Cache::new(scratch.path().join("cache"));
    cache.read(&file)?;
    report("parsed from YAML", || Document::read(&file).map(drop))?;
    report("from the cache", || cache.read(&file).map(drop))?;
    Ok(())
}

fn report(what: &str, mut task: impl FnMut() -> pentad_openapi::Result<()>) -> pentad_openapi::Result<()> {
    let mut times: Vec<Duration> = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        task()?;
        times.push(start.elapsed());
    }
    times.sort();
    println!(
        "{what}: median {:.1?}, best {:.1?}, worst {:.1?}",
        times[ROUNDS / 2],
        times[0],
        times[ROUNDS - 1]
    );
    Ok(())
}
