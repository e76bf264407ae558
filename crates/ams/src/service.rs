//! The service as a whole: health, build, metrics, reports.

use jiff::civil::Date;
use pentad_core::{Call, Draft, Error, Op, decode};

use crate::client::Client;
use crate::model::{Health, Metric, Report, UsageReport, Version};
use crate::{ops, wire};

/// Which days and projects a report covers; what is not set is not limited.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Period {
    start: Option<Date>,
    end: Option<Date>,
    projects: Vec<String>,
}

impl Period {
    /// From the beginning until today, all projects.
    pub fn new() -> Self {
        Self::default()
    }

    /// From this day on.
    #[must_use]
    pub fn start(mut self, day: Date) -> Self {
        self.start = Some(day);
        self
    }

    /// Until the end of this day.
    #[must_use]
    pub fn end(mut self, day: Date) -> Self {
        self.end = Some(day);
        self
    }

    /// Only these projects.
    #[must_use]
    pub fn projects<P: Into<String>>(mut self, names: impl IntoIterator<Item = P>) -> Self {
        self.projects.extend(names.into_iter().map(Into::into));
        self
    }
}

impl Client {
    /// The health of the service. Needs no valid credential.
    ///
    /// # Source
    /// AMS reference 8.1.
    pub fn status(&self) -> Call<Health> {
        self.op(&ops::STATUS).call(decode::json)
    }

    /// The health of the service with the push workers, for service administrators and viewers.
    ///
    /// # Source
    /// AMS reference 8.1.
    pub fn status_details(&self) -> Call<Health> {
        self.op(&ops::STATUS).query("details", "true").call(decode::json)
    }

    /// The build of the service. Needs no valid credential.
    ///
    /// # Source
    /// AMS reference 8.2.
    pub fn version(&self) -> Call<Version> {
        self.op(&ops::VERSION).call(decode::json)
    }

    /// CPU and memory of the service's nodes.
    ///
    /// # Source
    /// AMS reference 8.3.
    pub fn metrics(&self) -> Call<Vec<Metric>> {
        self.op(&ops::METRICS).call(wire::metrics)
    }

    /// Messages per project in a period, and what was created in it.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) naming a project that does not exist;
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) before sending if the period ends before it starts.
    /// # Source
    /// AMS reference 8.4.
    pub fn va_metrics(&self, period: &Period) -> Call<Report> {
        self.report(&ops::VA_METRICS, period).call(decode::json)
    }

    /// The same for the projects that the caller administers, and the nodes' metrics.
    ///
    /// # Errors
    /// As [`va_metrics`](Self::va_metrics); [`Unauthenticated`](pentad_core::ErrorKind::Unauthenticated) for a service
    /// token, which is no user.
    /// # Source
    /// AMS reference 8.5.
    pub fn usage_report(&self, period: &Period) -> Call<UsageReport> {
        self.report(&ops::USAGE_REPORT, period).call(decode::json)
    }

    fn report(&self, op: &'static Op, period: &Period) -> Draft {
        let order = match (period.start, period.end) {
            (Some(start), Some(end)) if start > end => Err(Error::invalid("period", "ends before it starts")),
            _ => Ok(()),
        };
        let projects = (!period.projects.is_empty()).then(|| period.projects.join(","));
        self.op(op)
            .check(order)
            .query_opt("start_date", period.start.map(|day| day.to_string()))
            .query_opt("end_date", period.end.map(|day| day.to_string()))
            .query_opt("projects", projects)
    }
}
