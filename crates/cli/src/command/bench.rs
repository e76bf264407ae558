//! `pentad bench`: how fast an endpoint answers this command line. One process, one thread, calls in a closed loop:
//! every worker sends its next call when the last one was answered.

use std::cell::RefCell;
use std::time::Duration;

use clap::{Args, Subcommand};
use futures_util::future::join_all;
use hdrhistogram::Histogram;
use pentad_core::Clock;
use pentad_transport::SystemClock;
use serde_json::{Value, json};

use crate::args;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Publish to a new topic, then pull and acknowledge everything; topic and subscription are removed again.
    Ams(super::ams::bench::AmsBenchArgs),
}

/// How hard to try.
#[derive(Args, Clone, Debug)]
pub(crate) struct Load {
    /// Calls at the same time.
    #[arg(short, long, value_name = "N", default_value_t = 8)]
    pub(crate) concurrency: usize,
    /// How long to send.
    #[arg(short, long, value_name = "TIME", default_value = "5s", value_parser = args::timeout)]
    pub(crate) duration: Duration,
}

/// Columns of a result.
pub(crate) const VIEW: View = View::of(&[
    "operation",
    "calls",
    "errors",
    "items",
    "seconds",
    "calls_per_s",
    "items_per_s",
    "mb_per_s",
    "p50_ms",
    "p90_ms",
    "p99_ms",
    "max_ms",
]);

/// What was measured of one operation. Latency is that of a call, from sending to the decoded answer.
#[derive(Debug)]
pub(crate) struct Measured {
    latency: Histogram<u64>,
    calls: u64,
    errors: u64,
    first_error: Option<Failure>,
    items: u64,
    bytes: u64,
    time: Duration,
}

/// What one call moved.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moved {
    pub(crate) items: u64,
    pub(crate) bytes: u64,
}

impl Measured {
    fn new() -> Result<Self> {
        // Microseconds up to ten minutes, three digits.
        let latency = Histogram::new_with_bounds(1, 600_000_000, 3)
            .map_err(|error| Failure::local("cannot measure", error))?;
        let (calls, errors, items, bytes) = (0, 0, 0, 0);
        Ok(Self { latency, calls, errors, first_error: None, items, bytes, time: Duration::ZERO })
    }

    fn add(&mut self, took: Duration, outcome: Result<Moved>) {
        self.calls += 1;
        match outcome {
            Ok(moved) => {
                self.items += moved.items;
                self.bytes += moved.bytes;
                let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
                self.latency.saturating_record(micros.max(1));
            }
            // The latency of a refusal says nothing about the work.
            Err(failure) => {
                self.errors += 1;
                self.first_error.get_or_insert(failure);
            }
        }
    }

    /// The first error, if no call succeeded: there is nothing to report then.
    pub(crate) fn failed(&mut self) -> Option<Failure> {
        if self.errors < self.calls { None } else { self.first_error.take() }
    }

    /// How the process ends: errors are part of the result, and of the exit code.
    pub(crate) const fn exit(&self) -> Exit {
        if self.errors > 0 { Exit::Partial } else { Exit::Success }
    }

    /// The result as a row.
    pub(crate) fn row(&self, operation: &str) -> Value {
        let seconds = self.time.as_secs_f64();
        let per_second = |count: f64| if seconds > 0.0 { rounded(count / seconds, 1) } else { 0.0 };
        let milliseconds =
            |quantile: f64| rounded(self.latency.value_at_quantile(quantile) as f64 / 1000.0, 3);
        json!({
            "operation": operation,
            "calls": self.calls,
            "errors": self.errors,
            "items": self.items,
            "seconds": rounded(seconds, 2),
            "calls_per_s": per_second((self.calls - self.errors) as f64),
            "items_per_s": per_second(self.items as f64),
            "mb_per_s": per_second(self.bytes as f64 / 1e6),
            "p50_ms": milliseconds(0.5),
            "p90_ms": milliseconds(0.9),
            "p99_ms": milliseconds(0.99),
            "max_ms": rounded(self.latency.max() as f64 / 1000.0, 3),
            "first_error": self.first_error.as_ref().map(ToString::to_string),
        })
    }
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}

/// Sends calls from `load.concurrency` workers until the time is over; calls on their way are waited for and counted.
/// `None` ends a worker: there is nothing left to do.
///
/// # Errors
/// A local failure if nothing can be measured.
pub(crate) async fn measure(
    load: &Load,
    call: impl AsyncFn(usize) -> Option<Result<Moved>>,
) -> Result<Measured> {
    let measured = RefCell::new(Measured::new()?);
    let started = SystemClock.now();
    let workers = (0..load.concurrency.max(1)).map(|worker| {
        let (call, measured) = (&call, &measured);
        async move {
            loop {
                let sent = SystemClock.now();
                if sent.saturating_duration_since(started) >= load.duration {
                    return;
                }
                let Some(outcome) = call(worker).await else { return };
                let took = SystemClock.now().saturating_duration_since(sent);
                let failed = outcome.is_err();
                measured.borrow_mut().add(took, outcome);
                if failed {
                    // A service that refuses at once is not to be hammered.
                    SystemClock.sleep(Duration::from_millis(10)).await;
                }
            }
        }
    });
    join_all(workers).await;
    let mut measured = measured.into_inner();
    measured.time = SystemClock.now().saturating_duration_since(started);
    Ok(measured)
}
