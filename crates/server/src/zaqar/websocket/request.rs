//! One request on its way to an action, and its answer.

use serde_json::{Map, Value, json};

use super::super::check::{self, client_id, is_queue_name};
use super::super::error::Failure;
use super::super::settings::Settings;

/// A request that passed its schema and the authentication.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) project: String,
    /// The client id as it was sent.
    pub(super) client: String,
    pub(super) body: Map<String, Value>,
    /// The address under which the connection itself subscribes.
    pub(super) address: String,
    /// Who is behind the connection, if it was authenticated.
    pub(super) caller: Option<super::Caller>,
}

/// What an action answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// Why an action is refused: the text of the original's exception, and what it says beside it.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    exception: String,
    error: Option<String>,
}

impl Answer {
    pub(super) fn new(status: u16, body: Value) -> Self {
        Self { status, body }
    }
}

impl Refusal {
    pub(super) fn new(status: u16, exception: impl Into<String>) -> Self {
        Self { status, exception: exception.into(), error: None }
    }

    /// With a sentence beside the exception.
    pub(super) fn saying(mut self, error: impl Into<String>) -> Self {
        self.error = Some(error.into());
        self
    }

    /// The sentence, if the store failed.
    pub(super) fn what(self, error: &str) -> Self {
        if self.status == 503 { self.saying(error) } else { self }
    }

    pub(super) fn body(&self) -> Value {
        json!({"exception": self.exception, "error": self.error})
    }
}

impl From<Failure> for Refusal {
    /// The text of the HTTP description; a wrong type is told with words before it.
    fn from(failure: Failure) -> Self {
        let text = match failure.title.as_ref() {
            "Invalid request body" => format!("Bad request. {}", failure.text()),
            _ => failure.text().to_owned(),
        };
        let refusal = Self::new(failure.status.as_u16(), text);
        if refusal.status == 500 { refusal.saying("Unexpected error.") } else { refusal }
    }
}

impl Request {
    /// A text of the body; `""` where it is absent.
    pub(super) fn text(&self, name: &str) -> &str {
        self.body.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn int(&self, name: &str) -> Option<i64> {
        // What is beyond all bounds fails every check of a range alike.
        self.body.get(name).map(|value| value.as_i64().unwrap_or(i64::MAX))
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.body.get(name) == Some(&Value::Bool(true))
    }

    /// The texts of a list; what is no text names nothing.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<String>> {
        let list = self.body.get(name)?.as_array()?;
        Some(list.iter().map(|item| item.as_str().unwrap_or_default().to_owned()).collect())
    }

    pub(super) fn queue(&self) -> &str {
        self.text("queue_name")
    }

    /// Project and queue for the store, which has no queue under a name that none can have.
    pub(super) fn place(&self) -> (String, String) {
        let queue = self.queue();
        (self.project.clone(), if is_queue_name(queue) { queue.to_owned() } else { String::new() })
    }

    /// Whether project and queue can be named so.
    pub(super) fn check_names(&self) -> Result<(), Refusal> {
        let refused = |text: &str| Err(Refusal::new(400, text));
        if self.project.chars().count() > check::PROJECT_ID {
            return refused("Project ids may not be more than 256 characters long.");
        }
        if self.queue().chars().count() > check::QUEUE_NAME {
            return refused("Queue names may not be more than 64 characters long.");
        }
        if !is_queue_name(self.queue()) {
            return refused("Queue names may only contain ASCII letters, digits, underscores, and dashes.");
        }
        Ok(())
    }

    /// The client id in its canonical form.
    pub(super) fn client(&self, settings: &Settings) -> Result<String, Failure> {
        client_id(&self.client, settings).map_err(|failure| match failure.description {
            Some(_) => Failure::api("badly formed hexadecimal UUID string"),
            None => Failure::api(failure.title),
        })
    }
}
