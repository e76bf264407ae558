//! Counters, in Prometheus' text format.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Entry;

/// Upper bounds in seconds.
const BUCKETS: [f64; 7] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0];

type Key = (&'static str, &'static str, u16);

#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<Key, u64>>,
    durations: Mutex<BTreeMap<&'static str, Histogram>>,
    panics: AtomicU64,
}

#[derive(Debug, Default, Clone)]
struct Histogram {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    sum: f64,
}

impl Metrics {
    pub(super) fn count(&self, entry: &Entry) {
        let key = (entry.service, entry.route.unwrap_or("none"), entry.status.as_u16());
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
        let seconds = entry.took.as_secs_f64();
        let mut durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner);
        let histogram = durations.entry(entry.service).or_default();
        histogram.count += 1;
        histogram.sum += seconds;
        if let Some(bucket) = BUCKETS.iter().position(|bound| seconds <= *bound) {
            histogram.buckets[bucket] += 1;
        }
    }

    pub(crate) fn panicked(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn text(&self, pending: usize) -> String {
        let mut out = String::from("# TYPE pentad_requests_total counter\n");
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for ((service, route, status), count) in requests {
            let labels = format!("service=\"{service}\",route=\"{route}\",status=\"{status}\"");
            line(&mut out, &format!("pentad_requests_total{{{labels}}} {count}"));
        }
        line(&mut out, "# TYPE pentad_request_seconds histogram");
        let durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (service, histogram) in durations {
            histogram.write(&mut out, service);
        }
        line(&mut out, "# TYPE pentad_panics_total counter");
        line(&mut out, &format!("pentad_panics_total {}", self.panics.load(Ordering::Relaxed)));
        line(&mut out, "# TYPE pentad_store_pending gauge");
        line(&mut out, &format!("pentad_store_pending {pending}"));
        out
    }
}

impl Histogram {
    fn write(&self, out: &mut String, service: &str) {
        let mut below = 0;
        for (bound, count) in BUCKETS.iter().zip(self.buckets) {
            below += count;
            line(
                out,
                &format!("pentad_request_seconds_bucket{{service=\"{service}\",le=\"{bound}\"}} {below}"),
            );
        }
        let Self { count, sum, .. } = self;
        line(out, &format!("pentad_request_seconds_bucket{{service=\"{service}\",le=\"+Inf\"}} {count}"));
        line(out, &format!("pentad_request_seconds_sum{{service=\"{service}\"}} {sum}"));
        line(out, &format!("pentad_request_seconds_count{{service=\"{service}\"}} {count}"));
    }
}

fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}
