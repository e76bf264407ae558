use serde::{Deserialize, Serialize};

use super::{Other, null_as_default};

/// One measured quantity of one resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// What is measured, as in `topic.number_of_messages`.
    pub metric: String,
    /// `counter`, `rate` or `percentage`.
    #[serde(default)]
    pub metric_type: String,
    /// `int64` or `float64`.
    #[serde(default)]
    pub value_type: String,
    /// `project`, `project.user`, `topic`, `subscription` or `ams_node`.
    #[serde(default)]
    pub resource_type: String,
    /// Which one.
    #[serde(default)]
    pub resource_name: String,
    /// The values, newest first where there are several.
    #[serde(default, deserialize_with = "null_as_default")]
    pub timeseries: Vec<Point>,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Keys without a field here.
    #[serde(flatten)]
    pub other: Other,
}

/// One value of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// When: `YYYY-MM-DDTHH:MM:SSZ`, or a day `YYYY-MM-DD` for daily counters; year 1 means never.
    #[serde(default)]
    pub timestamp: String,
    /// How much.
    pub value: serde_json::Number,
}

/// The envelope of a list of metrics.
#[derive(Debug, Deserialize)]
pub(crate) struct Metrics {
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) metrics: Vec<Metric>,
}
