//! Inside a job's container: the sidecar that hands jobs out and takes results (IVCAP reference 9.11).

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue};
use pentad_core::{Body, Call, Error, Result, Target, decode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::Client;
use crate::{model, ops};

/// Schema of the answer that says that there are no more jobs.
const DONE: &str = "urn:ivcap:schema.service.batch.done";
const IS_ERROR: HeaderName = HeaderName::from_static("is-error");

/// The sidecar of a container. The platform's own API is reached through the same client.
#[derive(Clone, Debug)]
pub struct Sidecar {
    client: Client,
    secrets: Option<Target>,
}

/// A job to be done in this container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Task {
    /// The job.
    pub id: String,
    /// Type of what it was asked.
    #[serde(default)]
    pub in_content_type: Option<String>,
    /// What it was asked.
    #[serde(default)]
    pub in_content: Value,
}

impl Client {
    /// The sidecar at this client's URL (`IVCAP_BASE_URL`).
    pub fn sidecar(&self) -> Sidecar {
        Sidecar { client: self.clone(), secrets: None }
    }
}

impl Sidecar {
    /// The second host, which gives secrets.
    ///
    /// # Errors
    /// [`Config`](pentad_core::ErrorKind::Config) for a URL that is none.
    pub fn secrets(mut self, url: &str) -> Result<Self> {
        self.secrets = Some(Target::parse(url.trim_end_matches('/'))?);
        Ok(self)
    }

    /// The next job; `None` when there are no more.
    ///
    /// # Retry
    /// Not idempotent: a job whose answer is lost is handed to nobody else by itself.
    /// # Source
    /// IVCAP reference 9.11.
    pub fn next_task(&self) -> Call<Option<Task>> {
        self.client.op(&ops::TASK_NEXT).call(decode::json::<Value>).then(|answer| {
            let answer = answer?;
            let schema = answer.get("$schema").and_then(Value::as_str);
            if schema.is_some_and(|schema| schema.starts_with(DONE)) {
                return Ok(None);
            }
            let task = Task::deserialize(answer).map_err(|error| {
                Error::new(pentad_core::ErrorKind::Decode, "the sidecar's answer is no job")
                    .with_source(error)
            })?;
            Ok(Some(task))
        })
    }

    /// Hands a job's result over; with `failed` it says what went wrong.
    ///
    /// # Source
    /// IVCAP reference 9.11.
    pub fn result(&self, job: &str, content_type: &str, content: Bytes, failed: bool) -> Call<()> {
        self.client
            .id_op(&ops::TASK_RESULT, "job", job)
            .header_text(CONTENT_TYPE, content_type)
            .header(IS_ERROR, HeaderValue::from_static(if failed { "True" } else { "False" }))
            .body(Body::Bytes(content))
            .call(decode::empty)
    }

    /// Tells of a job's progress.
    ///
    /// # Source
    /// IVCAP reference 9.11.
    pub fn event(&self, job: &str, event: &Value) -> Call<()> {
        self.client.id_op(&ops::TASK_EVENT, "job", job).json(event).call(decode::empty)
    }

    /// A secret for this container, of the service (`M2M`) or of the user who placed the job (`USER`).
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if there is none.
    /// # Source
    /// IVCAP reference 9.11.
    pub fn secret(&self, name: &str, of_user: bool) -> Call<model::SecretValue> {
        let draft = self
            .client
            .op(&ops::TASK_SECRET)
            .query("secret-name", name)
            .query("secret-type", "raw")
            .query("token-type", if of_user { "USER" } else { "M2M" });
        match &self.secrets {
            Some(target) => draft.target(target.clone()),
            None => draft,
        }
        .call(decode::json)
    }
}
