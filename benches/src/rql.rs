//! RQL on one core: building, printing, reading.

use std::hint::black_box;
use std::time::Duration;

use pentad_benches::stats::{at_least, cpu, median};
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
        let before = cpu("self")?;
        for _ in 0..TIMES {
            black_box(build()?);
        }
        built.push(millions(cpu("self")?.saturating_sub(before)));
        let before = cpu("self")?;
        for _ in 0..TIMES {
            black_box(parse(black_box(&text))?);
        }
        read.push(millions(cpu("self")?.saturating_sub(before)));
    }
    let (built, read) = (median(&built), median(&read));
    say(&format!(
        "rql, three terms: built and printed {built:.2} million per second of a core (at least 2: {}), read {read:.2} \
         million (at least 1: {})",
        at_least(built, 2.0),
        at_least(read, 1.0)
    ));
    Ok(())
}

/// Millions per second of processor time.
fn millions(spent: Duration) -> f64 {
    f64::from(TIMES) / spent.as_secs_f64() / 1e6
}

fn build() -> Result<String> {
    let filter = field("status").eq("draft")
        & field("owner.id").in_(["VA-000-001", "VA-000-002"])
        & field("created").ge("2024-01-02T03:04:05+00:00");
    Ok(filter.to_rql()?)
}
