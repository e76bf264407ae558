//! Queues. Modern dialect.

use pentad_core::{Call, Draft, Error, List, Op, Result, decode};
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::list::listing;
use crate::query::ListQuery;
use crate::urn::check_policy;
use crate::{model, ops};

/// A handle on one queue. Making one sends nothing.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    id: String,
}

/// A queue to be created.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[must_use]
pub struct NewQueue {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
}

impl NewQueue {
    /// A queue of this name: no blanks, no control characters, none of `. * > / \`.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// What it is for.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Who may use it.
    pub fn policy(mut self, urn: impl Into<String>) -> Self {
        self.policy = Some(urn.into());
        self
    }

    fn check(&self) -> Result<()> {
        let bad = |c: char| c.is_whitespace() || c.is_control() || ".*>/\\".contains(c);
        if self.name.is_empty() || self.name.contains(bad) {
            return Err(Error::invalid("name", "must not be empty nor hold blanks or any of . * > / \\"));
        }
        check_policy(self.policy.as_deref())
    }
}

impl Client {
    /// The queues.
    ///
    /// # Source
    /// IVCAP reference 7.10.
    pub fn queues(&self, query: ListQuery) -> List<model::Queue> {
        listing(query.apply(self.op(&ops::QUEUE_LIST)), self.dialect())
    }

    /// Creates a queue.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) before sending for a name that cannot be one;
    /// [`Conflict`](pentad_core::ErrorKind::Conflict) if there is a queue of that name.
    /// # Source
    /// IVCAP reference 7.10.
    pub fn create_queue(&self, queue: &NewQueue) -> Call<model::Queue> {
        self.op(&ops::QUEUE_CREATE).check(queue.check()).json(queue).call(decode::json)
    }

    /// A queue by its name in the platform; nothing is sent.
    pub fn queue(&self, id: impl Into<String>) -> Queue {
        Queue { client: self.clone(), id: id.into() }
    }
}

impl Queue {
    /// The name in the platform.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn op(&self, op: &'static Op) -> Draft {
        self.client.id_op(op, "id", &self.id)
    }

    /// Reads the queue with its counts.
    ///
    /// # Source
    /// IVCAP reference 7.10.
    pub fn get(&self) -> Call<model::Queue> {
        self.op(&ops::QUEUE_GET).call(decode::json)
    }

    /// Removes the queue with its messages.
    ///
    /// # Source
    /// IVCAP reference 7.10.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::QUEUE_DELETE).call(decode::empty)
    }

    /// Puts a message in; gives its name.
    ///
    /// # Retry
    /// Not idempotent: the message may be in the queue although the call failed, see
    /// [`may_have_applied`](pentad_core::Error::may_have_applied).
    /// # Source
    /// IVCAP reference 7.10.
    pub fn enqueue(&self, message: &(impl Serialize + ?Sized), schema: Option<&str>) -> Call<String> {
        #[derive(Deserialize)]
        struct Answer {
            id: String,
        }
        let draft = self.op(&ops::QUEUE_ENQUEUE).query_opt("schema", schema).json(message);
        draft.call(decode::json::<Answer>).map(|answer| answer.id)
    }

    /// Takes up to `most` messages out; none is an answer, not an error.
    ///
    /// # Retry
    /// Not idempotent: messages whose answer is lost are lost.
    /// # Source
    /// IVCAP reference 7.10.
    pub fn dequeue(&self, most: u32) -> Call<Vec<model::QueueMessage>> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            messages: Option<Vec<model::QueueMessage>>,
        }
        let draft = self.op(&ops::QUEUE_DEQUEUE).query("limit", most.to_string());
        draft.call(decode::json::<Answer>).map(|answer| answer.messages.unwrap_or_default())
    }
}
