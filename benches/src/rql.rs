//! RQL on one core: building, printing, reading.
#![expect(clippy::disallowed_methods, reason = "a measurement is about real time")]

use std::hint::black_box;
use std::time::Instant;

use pentad_benches::stats::median;
use pentad_benches::{Result, say};
use pentad_rql::{field, parse};

use crate::arguments::Arguments;

const TIMES: u32 = 1_000_000;

/// Measures a filter of three terms.
///
/// # Errors
/// When the filter is none.
pub(crate) fn measure(arguments: &Arguments) -> Result<()> {
    let text = build()?;
    let (mut built, mut read) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        let began = Instant::now();
        for _ in 0..TIMES {
            black_box(build()?);
        }
        built.push(f64::from(TIMES) / began.elapsed().as_secs_f64() / 1e6);
        let began = Instant::now();
        for _ in 0..TIMES {
            black_box(parse(black_box(&text))?);
        }
        read.push(f64::from(TIMES) / began.elapsed().as_secs_f64() / 1e6);
    }
    say(&format!(
        "rql, three terms: built and printed {:.2} million/s (at least 2), read {:.2} million/s (at least 1)",
        median(&built),
        median(&read)
    ));
    Ok(())
}

fn build() -> Result<String> {
    let filter = field("status").eq("draft")
        & field("owner.id").in_(["VA-000-001", "VA-000-002"])
        & field("created").ge("2024-01-02T03:04:05+00:00");
    Ok(filter.to_rql()?)
}
