//! Arithmetic of measurements: medians, and what processor time and memory a process used.

use std::time::Duration;

use crate::Result;

/// The middle value; the mean of the two middle ones when their number is even. Zero of nothing.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    if sorted.is_empty() {
        0.0
    } else if sorted.len() % 2 == 1 {
        at(middle)
    } else {
        f64::midpoint(at(middle - 1), at(middle))
    }
}

/// What is said of a number that must be at least `least`.
#[must_use]
pub fn at_least(number: f64, least: f64) -> &'static str {
    verdict(number, least <= number)
}

/// What is said of a number that may be `most`.
#[must_use]
pub fn at_most(number: f64, most: f64) -> &'static str {
    verdict(number, number <= most)
}

/// Zero and no number are what a peer leaves that was not there.
fn verdict(number: f64, fits: bool) -> &'static str {
    match fits {
        _ if number.is_nan() || number.abs() < f64::EPSILON => "not measured",
        true => "met",
        false => "MISSED",
    }
}

/// Processor time used so far by the process `pid` (or `self`), user and system, all threads.
///
/// # Errors
/// When the process is gone or the system has no `/proc`.
pub fn cpu(pid: &str) -> Result<Duration> {
    ticks(pid, &[11, 12])
}

/// The same with that of the processes that it started and waited for.
///
/// # Errors
/// As [`cpu`].
pub fn cpu_of_all(pid: &str) -> Result<Duration> {
    ticks(pid, &[11, 12, 13, 14])
}

fn ticks(pid: &str, fields: &[usize]) -> Result<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in parentheses may hold blanks: count from its end.
    let rest: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let mut sum = 0;
    for field in fields {
        sum += rest.get(*field).ok_or("short /proc/PID/stat")?.parse::<u64>()?;
    }
    // A tick is 10 ms on every Linux that matters here.
    Ok(Duration::from_millis(sum * 10))
}

/// A line of `/proc/PID/status` about memory, such as `VmRSS` or `VmHWM`, of the process `pid` (or `self`), in KiB.
///
/// # Errors
/// When the process is gone or the system has no `/proc`.
pub fn memory(pid: &str, field: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with(field)).ok_or("no memory in /proc/PID/status")?;
    Ok(line.split_whitespace().nth(1).ok_or("no number")?.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_is_the_middle_value_or_the_mean_of_two() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
        assert!(median(&[]).abs() < f64::EPSILON);
    }

    #[test]
    fn limits_are_met_or_missed_or_not_measured() {
        assert_eq!(
            [at_least(2.0, 2.0), at_least(1.0, 2.0), at_least(f64::NAN, 2.0)],
            ["met", "MISSED", "not measured"]
        );
        assert_eq!(
            [at_most(2.0, 2.0), at_most(3.0, 2.0), at_most(0.0, 2.0)],
            ["met", "MISSED", "not measured"]
        );
    }

    #[test]
    fn this_process_used_some_processor_time() {
        assert!(cpu("self").is_ok());
    }
}
