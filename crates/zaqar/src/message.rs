//! Messages: posting, reading, deleting, popping.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use pentad_core::{Body, Call, Draft, Error, List, Result, Work, decode};
use serde::Serialize;

use crate::error::{ErrorExt, unsupported};
use crate::limit::{self, Delay, ServiceLimits, Ttl};
use crate::model::{self, Posted};
use crate::name::check_id;
use crate::queue::Queue;
use crate::version::Version;
use crate::{list, ops, wire};

/// The ttl that v1 is sent where none is said: what later versions take by themselves.
const V1_TTL: Ttl = Ttl::seconds(3600);

/// A message to be posted.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[must_use]
pub struct NewMessage {
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<Ttl>,
    body: model::Body,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay: Option<Delay>,
}

impl NewMessage {
    /// A message with this body: any JSON.
    pub fn new(body: impl Into<model::Body>) -> Self {
        Self { body: body.into(), ..Self::default() }
    }

    /// A message with a value of one's own as body.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) if it cannot be written as JSON.
    pub fn of(value: &(impl Serialize + ?Sized)) -> Result<Self> {
        model::Body::new(value).map(Self::new)
    }

    /// How long it lives. Default: the queue's, else an hour.
    pub const fn ttl(mut self, ttl: Ttl) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// How long it stays invisible, on queues with a default delay; other queues ignore it. v2.
    pub const fn delay(mut self, delay: Delay) -> Self {
        self.delay = Some(delay);
        self
    }

    /// What it carries.
    pub const fn body(&self) -> &model::Body {
        &self.body
    }

    pub(crate) fn check(&self, version: Version, limits: &ServiceLimits) -> Result<()> {
        if let Some(ttl) = self.ttl {
            ttl.within(&limits.message_ttl)?;
        }
        match self.delay {
            Some(_) if version != Version::V2 => {
                Err(unsupported("zaqar.message.post with a delay", version, &[Version::V2]))
            }
            Some(delay) => delay.within(&limits.delay),
            None => Ok(()),
        }
    }

    /// Bytes that it takes in the body of a post, separator included; at most as many.
    pub(crate) fn size(&self) -> usize {
        const FRAME: usize = r#"{"ttl":,"body":,"delay":},"#.len();
        let digits = |count: u64| count.checked_ilog10().map_or(1, |log| log as usize + 1);
        let ttl = digits(self.ttl.unwrap_or(V1_TTL).as_seconds());
        let delay = self.delay.map_or(0, |delay| digits(delay.as_seconds()));
        FRAME + ttl + delay + self.body.as_json().len()
    }
}

impl<B: Into<model::Body>> From<B> for NewMessage {
    fn from(body: B) -> Self {
        Self::new(body)
    }
}

impl From<NewMessage> for Vec<NewMessage> {
    fn from(message: NewMessage) -> Self {
        vec![message]
    }
}

/// Which messages to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct MessageQuery {
    echo: bool,
    include_claimed: bool,
    include_delayed: bool,
}

impl MessageQuery {
    /// Free messages of others: one's own are left out.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also what this client posted itself.
    pub const fn echo(mut self, echo: bool) -> Self {
        self.echo = echo;
        self
    }

    /// Also messages that a claim holds.
    pub const fn include_claimed(mut self, include: bool) -> Self {
        self.include_claimed = include;
        self
    }

    /// Also messages whose delay is not over. v2.
    pub const fn include_delayed(mut self, include: bool) -> Self {
        self.include_delayed = include;
        self
    }
}

/// A handle on one message. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Message {
    queue: Queue,
    id: String,
    claim: Option<String>,
}

impl Message {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The claim that its deletion names.
    pub fn claim_id(&self) -> Option<&str> {
        self.claim.as_deref()
    }

    /// Names the claim that holds it.
    #[must_use]
    pub fn claimed_by(mut self, claim: impl Into<String>) -> Self {
        self.claim = Some(claim.into());
        self
    }

    fn op(&self, op: &'static pentad_core::Op) -> Draft {
        self.queue.op(op).check(check_id("message", &self.id)).arg("message_id", self.id.as_str())
    }

    /// Reads the message, claimed or not, one's own too.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it does not exist (any more).
    /// # Source
    /// Zaqar reference 7.5.
    pub fn get(&self) -> Call<model::Message> {
        let id = self.id.clone();
        self.op(&ops::MESSAGE_GET).call(decode::json::<model::Message>).map(move |mut message| {
            if message.id.is_empty() {
                message.id = id;
            }
            message
        })
    }

    /// Deletes the message, as the holder of its claim where it is known. A missing one is fine.
    ///
    /// # Errors
    /// [`Forbidden`](pentad_core::ErrorKind::Forbidden) ([`is_claimed`](crate::ErrorExt::is_claimed)) if somebody else holds it;
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) ([`is_claim_lost`](crate::ErrorExt::is_claim_lost)) if the claim is over.
    /// # Source
    /// Zaqar reference 7.6.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::MESSAGE_DELETE).query_opt("claim_id", self.claim.clone()).call(decode::empty)
    }
}

#[derive(Serialize)]
struct Wrapped<'a> {
    messages: &'a [NewMessage],
}

impl Queue {
    /// A message by id; nothing is sent.
    pub fn message(&self, id: impl Into<String>) -> Message {
        Message { queue: self.clone(), id: id.into(), claim: None }
    }

    /// The handle on a message that the service showed, with the claim that holds it.
    pub fn handle(&self, message: &model::Message) -> Message {
        Message { queue: self.clone(), id: message.id.clone(), claim: message.claim_id.clone() }
    }

    /// Stores messages, in order. The queue comes into being with them; v1 takes two more requests for that.
    ///
    /// `POST /{version}/queues/{queue_name}/messages`
    ///
    /// # Shapes
    /// v1 sends a bare list in which each message has a ttl; an hour where none was said.
    /// # Errors
    /// Before sending: [`Invalid`](pentad_core::ErrorKind::Invalid) for no message, a ttl or a delay out of range;
    /// [`TooLarge`](pentad_core::ErrorKind::TooLarge) above the service's limit;
    /// [`Unsupported`](pentad_core::ErrorKind::Unsupported) for a delay before v2.
    /// # Retry
    /// Not idempotent: resent only if the first attempt is known not to have been sent.
    /// # Source
    /// Zaqar reference 7.1.
    pub fn post(&self, messages: impl Into<Vec<NewMessage>>) -> Work<Posted> {
        let body = self.post_body(messages.into());
        let preview = self.post_draft(body.as_ref()).request();
        let queue = self.clone();
        Work::new(self.client().session(), &ops::MESSAGE_POST, preview, move |scope| {
            Box::pin(async move {
                let post = || queue.post_draft(body.as_ref()).call(wire::posted);
                match scope.run(post()).await {
                    Err(error)
                        if queue.version() == Version::V1
                            && error.kind() == pentad_core::ErrorKind::NotFound
                            && !error.is_not_routed() =>
                    {
                        scope.run(queue.create()).await?;
                        scope.run(post()).await
                    }
                    posted => posted,
                }
            })
        })
    }

    /// Refuses a message that would be refused alone.
    pub(crate) fn check_message(&self, message: &NewMessage) -> Result<()> {
        let limits = self.client().service_limits();
        message.check(self.version(), limits)?;
        // The size is an upper bound: only near the limit it is worth to be exact.
        if message.size() + Self::POST_FRAME > limits.post_bytes {
            self.post_body(vec![message.clone()])?;
        }
        Ok(())
    }

    /// What stands around the messages of a post.
    pub(crate) const POST_FRAME: usize = r#"{"messages":[]}"#.len();

    fn post_body(&self, mut messages: Vec<NewMessage>) -> Result<Bytes> {
        if messages.is_empty() {
            return Err(Error::invalid("messages", "there is none to post"));
        }
        let limits = self.client().service_limits();
        for (index, message) in messages.iter_mut().enumerate() {
            message.check(self.version(), limits).map_err(|error| {
                let text = format!("message {index}: {}", error.message());
                Error::new(error.kind(), text)
            })?;
            if self.version() == Version::V1 {
                message.ttl.get_or_insert(V1_TTL);
            }
        }
        let written = match self.version() {
            Version::V1 => serde_json::to_vec(&messages),
            _ => serde_json::to_vec(&Wrapped { messages: &messages }),
        };
        let bytes = written
            .map_err(|error| Error::invalid("messages", "cannot be written as JSON").with_source(error))?;
        limit::size("messages", bytes.len(), limits.post_bytes)?;
        Ok(bytes.into())
    }

    fn post_draft(&self, body: Result<&Bytes, &Error>) -> Draft {
        let draft = self.op(&ops::MESSAGE_POST);
        match body {
            Ok(body) => draft
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .body(Body::Bytes(body.clone())),
            Err(error) => draft.refuse(Error::new(error.kind(), error.message().to_owned())),
        }
    }

    /// The messages, oldest first. An empty queue and a missing one look alike.
    ///
    /// # Shapes
    /// A page never holds everything: each has at most 20 messages, and markers lead on. The last page's cursor, given to
    /// [`start_at`](List::start_at) later, goes on behind it.
    /// # Errors
    /// [`Unsupported`](pentad_core::ErrorKind::Unsupported) for delayed messages before v2.
    /// # Source
    /// Zaqar reference 7.3.
    pub fn messages(&self, query: MessageQuery) -> List<model::Message> {
        self.messages_draft(query)
            .list(list::cursor, list::page::<model::Message>)
            .size_query(list::SIZE)
            .page_sizes(self.client().service_limits().page.clone())
    }

    pub(crate) fn messages_draft(&self, query: MessageQuery) -> Draft {
        let mut draft = self.op(&ops::MESSAGE_LIST);
        if query.include_delayed && self.version() != Version::V2 {
            let what = "zaqar.message.list of delayed messages";
            draft = draft.refuse(unsupported(what, self.version(), &[Version::V2]));
        }
        let switches = [
            ("echo", query.echo),
            ("include_claimed", query.include_claimed),
            ("include_delayed", query.include_delayed),
        ];
        switches.into_iter().filter(|(_, on)| *on).fold(draft, |draft, (name, _)| draft.query(name, "true"))
    }

    /// Messages by id, 1 to 20, in posting order: claimed ones and one's own too. Unknown ids are left out.
    ///
    /// # Source
    /// Zaqar reference 7.4.
    pub fn messages_by_id(&self, ids: &[impl AsRef<str>]) -> Call<Vec<model::Message>> {
        self.with_ids(&ops::MESSAGE_GET_MANY, ids).accept(wire::is_not_found).call(wire::found_messages)
    }

    /// Deletes messages by id, 1 to 20, whoever holds them: claims are ignored. Missing ones are fine.
    ///
    /// # Source
    /// Zaqar reference 7.7.
    pub fn delete_messages(&self, ids: &[impl AsRef<str>]) -> Call<()> {
        self.with_ids(&ops::MESSAGE_DELETE_MANY, ids).call(decode::empty)
    }

    /// As [`delete_messages`](Self::delete_messages) for services that ask for the claims that hold them. v2.
    ///
    /// # Source
    /// Zaqar reference 7.7.
    pub fn delete_claimed_messages(&self, ids: &[impl AsRef<str>], claims: &[impl AsRef<str>]) -> Call<()> {
        let mut draft = self.with_ids(&ops::MESSAGE_DELETE_MANY, ids);
        if self.version() != Version::V2 {
            let what = "zaqar.message.delete_many with claims";
            draft = draft.refuse(unsupported(what, self.version(), &[Version::V2]));
        }
        distinct(claims).fold(draft, |draft, claim| draft.query("claim_ids", claim)).call(decode::empty)
    }

    fn with_ids(&self, op: &'static pentad_core::Op, ids: &[impl AsRef<str>]) -> Draft {
        let count = distinct(ids).count();
        let draft = self.op(op).check(self.client().service_limits().count("ids", count));
        distinct(ids).fold(draft, |draft, id| draft.check(check_id("ids", id)).query("ids", id))
    }

    /// Takes the oldest free messages out of the queue, 1 to 20 at a time: they are gone when the answer comes. v1.1, v2.
    ///
    /// # Retry
    /// Not idempotent: messages of a lost answer are lost. A claim is the safe way.
    /// # Source
    /// Zaqar reference 7.8.
    pub fn pop(&self, count: u32) -> Call<Vec<model::Message>> {
        let limits = self.client().service_limits();
        let draft = self.op(&ops::MESSAGE_POP).check(limits.count("count", count as usize));
        draft.query("pop", count.to_string()).call(wire::messages)
    }
}

/// Each once, in order.
fn distinct(ids: &[impl AsRef<str>]) -> impl Iterator<Item = &str> {
    let first = |index: usize, id: &str| ids[..index].iter().all(|other| other.as_ref() != id);
    ids.iter().map(AsRef::as_ref).enumerate().filter(move |(index, id)| first(*index, id)).map(|(_, id)| id)
}
