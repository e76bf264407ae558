//! When the next delivery is due (AMS reference 13.4).

use std::time::Duration;

/// First interval of slowstart, and the one after a recovery.
const START: Duration = Duration::from_secs(1);
/// Shortest interval.
const SHORTEST: Duration = Duration::from_millis(300);
/// Longest interval.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// How one delivery cycle ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cycle {
    /// Messages were delivered.
    Delivered,
    /// There was nothing to deliver.
    Empty,
    /// The receiver did not take the messages.
    Failed,
}

/// The retry policy of one subscription with its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// The same pause after every cycle.
    Linear(Duration),
    /// Faster while it works, slower while it fails.
    Slowstart { interval: Duration, failing: bool },
}

impl Schedule {
    /// A fixed pause in milliseconds.
    pub(crate) fn linear(period: i64) -> Self {
        Self::Linear(Duration::from_millis(u64::try_from(period).unwrap_or(0).max(1)))
    }

    /// The adaptive schedule at its start.
    pub(crate) fn slowstart() -> Self {
        Self::Slowstart { interval: START, failing: false }
    }

    /// The pause before the first cycle.
    pub(crate) fn first(&self) -> Duration {
        match self {
            Self::Linear(_) => Duration::ZERO,
            Self::Slowstart { .. } => START,
        }
    }

    /// The pause after a cycle.
    pub(crate) fn after(&mut self, cycle: Cycle) -> Duration {
        match self {
            Self::Linear(period) => *period,
            Self::Slowstart { interval, failing } => {
                match cycle {
                    Cycle::Failed => {
                        *interval = interval.saturating_mul(2).min(LONGEST);
                        *failing = true;
                    }
                    Cycle::Delivered if *failing => {
                        *interval = START;
                        *failing = false;
                    }
                    // An empty poll while failing says nothing about the receiver.
                    Cycle::Empty if *failing => *interval = interval.saturating_mul(2).min(LONGEST),
                    Cycle::Delivered | Cycle::Empty => *interval = (*interval / 2).max(SHORTEST),
                }
                *interval
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slowstart_halves_on_success_doubles_on_failure_and_recovers_to_a_second() {
        let mut schedule = Schedule::slowstart();
        assert_eq!(schedule.first(), START);
        assert_eq!(schedule.after(Cycle::Delivered), Duration::from_millis(500));
        assert_eq!(schedule.after(Cycle::Delivered), SHORTEST);
        assert_eq!(schedule.after(Cycle::Failed), Duration::from_millis(600));
        for _ in 0..40 {
            schedule.after(Cycle::Failed);
        }
        assert_eq!(schedule.after(Cycle::Failed), LONGEST);
        assert_eq!(schedule.after(Cycle::Delivered), START);
    }

    #[test]
    fn linear_keeps_its_period() {
        let mut schedule = Schedule::linear(3000);
        assert_eq!(schedule.first(), Duration::ZERO);
        assert_eq!(schedule.after(Cycle::Failed), Duration::from_secs(3));
        assert_eq!(schedule.after(Cycle::Delivered), Duration::from_secs(3));
    }
}
