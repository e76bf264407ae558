//! Subscriptions.

use std::time::Duration;

use futures_util::FutureExt;
use http::StatusCode;
use jiff::Timestamp;
use pentad_core::work::Scope;
use pentad_core::{Call, Draft, Error, ErrorKind, Feed, List, Op, Result, Work, decode};
use serde_json::{Map, Value, json};

use crate::ack::AckId;
use crate::client::{Client, named};
use crate::consume::{Consume, Delivery};
use crate::ensure::ensure;
use crate::message::{Message, Received};
use crate::model::{self, Acl, Metric};
use crate::pull::Pull;
use crate::push::PushConfig;
use crate::seek::{Offsets, Seek, wire_time};
use crate::{list, name, ops, wire};

/// A handle on one subscription. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Subscription {
    client: Client,
    name: String,
}

/// A subscription to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSubscription {
    topic: String,
    ack_deadline: Option<Duration>,
    push: Option<PushConfig>,
}

impl NewSubscription {
    /// A subscription to a topic of the same project, by short or full name.
    pub fn new(topic: impl Into<String>) -> Self {
        Self { topic: topic.into(), ack_deadline: None, push: None }
    }

    /// Sets the time allowed between a pull and its acknowledgement: whole seconds, at least 1; the default is 10 s.
    #[must_use]
    pub fn ack_deadline(mut self, deadline: Duration) -> Self {
        self.ack_deadline = Some(deadline);
        self
    }

    /// Delivers by push from the start, in the same request.
    #[must_use]
    pub fn push(mut self, config: PushConfig) -> Self {
        self.push = Some(config);
        self
    }

    /// The topic as it was given.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    fn body(&self, project: &str) -> Result<Value> {
        let topic = name::TopicName::from_full(&self.topic)?;
        if let Some(other) = name::project_of(&self.topic).filter(|other| *other != project) {
            return Err(Error::invalid("topic", format!("is in project {other:?}, not in {project:?}")));
        }
        let mut body = Map::new();
        body.insert("topic".to_owned(), format!("projects/{project}/topics/{topic}").into());
        if let Some(deadline) = self.ack_deadline {
            body.insert("ackDeadlineSeconds".to_owned(), whole_seconds(deadline, 1, u64::MAX)?.into());
        }
        if let Some(push) = &self.push {
            push.check()?;
            body.insert("pushConfig".to_owned(), json!(push));
        }
        Ok(body.into())
    }
}

fn whole_seconds(deadline: Duration, least: u64, most: u64) -> Result<u64> {
    let seconds = deadline.as_secs();
    if deadline.subsec_nanos() != 0 || seconds < least || seconds > most {
        let bounds =
            if most == u64::MAX { format!("at least {least}") } else { format!("{least} to {most}") };
        return Err(Error::invalid("ack deadline", format!("must be whole seconds, {bounds}")));
    }
    Ok(seconds)
}

impl Client {
    /// The subscriptions of the project, newest first.
    ///
    /// `GET /projects/{project}/subscriptions`
    ///
    /// # Shapes
    /// Consumers without another role see only the subscriptions that list them. Without a page size all come in one page.
    /// # Source
    /// AMS reference 6 and 12.2.
    pub fn subscriptions(&self) -> List<model::Subscription> {
        self.project_op(&ops::SUBSCRIPTION_LIST)
            .list(list::cursor, list::page::<model::Subscription>)
            .size_query(list::SIZE)
    }
}

impl Subscription {
    pub(crate) fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// The short name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The client that made the handle.
    pub fn client(&self) -> &Client {
        &self.client
    }

    fn op(&self, op: &'static Op) -> Draft {
        named(self.client.project_op(op), "subscription", &self.name)
    }

    /// The identifier that acknowledges the message at `offset` and all before it.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a bad name or a negative offset.
    pub fn ack_id(&self, offset: i64) -> Result<AckId> {
        AckId::new(self.client.project_name(), &self.name, offset)
    }

    /// Reads the subscription.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if it, or the project, does not exist.
    /// # Source
    /// AMS reference 12.1.
    pub fn get(&self) -> Call<model::Subscription> {
        self.op(&ops::SUBSCRIPTION_GET).call(decode::json)
    }

    /// Reads the subscription, or nothing if it does not exist.
    ///
    /// # Source
    /// AMS reference 12.1.
    pub fn find(&self) -> Call<Option<model::Subscription>> {
        self.op(&ops::SUBSCRIPTION_GET).accept(|status, _| status == StatusCode::NOT_FOUND).call(wire::found)
    }

    /// Creates the subscription. It starts at the end of the topic: older messages come only after a [`seek`](Self::seek).
    ///
    /// # Units
    /// The deadline is whole seconds on the wire.
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if the topic does not exist; [`Conflict`](ErrorKind::Conflict) if the
    /// subscription exists, or if push is asked for and the service does not push;
    /// [`Invalid`](ErrorKind::Invalid) before sending for a bad topic, deadline or push configuration.
    /// # Source
    /// AMS reference 12.3 and 13.1.
    pub fn create(&self, new: &NewSubscription) -> Call<model::Subscription> {
        let draft = self.op(&ops::SUBSCRIPTION_CREATE);
        match new.body(self.client.project_name()) {
            Ok(body) => draft.json(&body),
            Err(error) => draft.refuse(error),
        }
        .call(decode::json)
    }

    /// Reads the subscription, or creates it if it does not exist.
    ///
    /// Whoever else creates or deletes it meanwhile, the result existed during the call. An existing one keeps its
    /// deadline and push configuration.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if it exists and belongs to another topic.
    /// # Source
    /// AMS reference 12.3.
    pub fn ensure(&self, new: &NewSubscription) -> Work<model::Subscription> {
        let (handle, new) = (self.clone(), new.clone());
        let preview = self.op(&ops::SUBSCRIPTION_GET).request();
        Work::new(self.client.session(), &ops::SUBSCRIPTION_GET, preview, move |scope| {
            async move { handle.ensured(&new, &scope).await }.boxed()
        })
    }

    async fn ensured(&self, new: &NewSubscription, scope: &Scope) -> Result<model::Subscription> {
        let wanted = name::TopicName::from_full(&new.topic)?;
        let found = ensure(scope, || self.find(), || self.create(new)).await?;
        if found.topic_name() == wanted.as_str() {
            return Ok(found);
        }
        let message = format!("subscription {} exists for topic {}", self.name, found.topic_name());
        Err(Error::new(ErrorKind::Conflict, message).with_op(ops::SUBSCRIPTION_CREATE.id))
    }

    /// Deletes the subscription. The text is the push worker's last word for a push subscription, else empty.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if it does not exist.
    /// # Source
    /// AMS reference 12.2.
    pub fn delete(&self) -> Call<String> {
        self.op(&ops::SUBSCRIPTION_DELETE).call(wire::text)
    }

    /// Reads messages from the committed position on, and opens the window for one acknowledgement.
    ///
    /// `POST /projects/{project}/subscriptions/{subscription}:pull`
    ///
    /// # Shapes
    /// There are no leases: the next pull, whoever sends it, delivers the same messages again until they are
    /// acknowledged, and replaces this window.
    /// # Units
    /// A waiting pull may be silent for 300 s; its limits grow by that.
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if the topic is gone; [`Forbidden`](ErrorKind::Forbidden) for consumers whom
    /// the subscription does not list, and for push subscriptions.
    /// # Retry
    /// Not idempotent: resent only if the first attempt is known not to have been sent.
    /// # Source
    /// AMS reference 12.5.
    #[expect(clippy::needless_pass_by_value, reason = "an option value, written in place by callers")]
    pub fn pull(&self, pull: Pull) -> Call<Vec<Received>> {
        self.pull_draft(&pull).call(wire::pulled)
    }

    pub(crate) fn pull_request(&self, pull: &Pull) -> Result<pentad_core::Request> {
        self.pull_draft(pull).request()
    }

    fn pull_draft(&self, pull: &Pull) -> Draft {
        let draft = self.op(&ops::SUBSCRIPTION_PULL).check(pull.check());
        // Only a waiting pull may be silent; any other one that is, is stuck.
        let draft = if pull.waits() { draft } else { draft.patience(Duration::ZERO) };
        draft.json(pull)
    }

    /// Acknowledges deliveries of the last pull: the highest of them **and all before it**.
    ///
    /// # Errors
    /// [`Timeout`](ErrorKind::Timeout) after the deadline ([`is_ack_timeout`](crate::ErrorExt::is_ack_timeout));
    /// [`Conflict`](ErrorKind::Conflict) if there is no window or the offset lies outside
    /// ([`is_no_ack_pending`](crate::ErrorExt::is_no_ack_pending), [`is_wrong_ack`](crate::ErrorExt::is_wrong_ack)):
    /// pull again; [`Invalid`](ErrorKind::Invalid) before sending for no identifiers or those of another subscription.
    /// # Retry
    /// May be repeated: a second acknowledgement of one window never moves the position further.
    /// # Source
    /// AMS reference 12.6.
    pub fn ack(&self, ids: &[AckId]) -> Call<()> {
        let own = |id: &AckId| id.subscription() == self.name && id.project() == self.client.project_name();
        let fits = match ids.iter().find(|id| !own(id)) {
            Some(other) => Err(Error::invalid("ack ids", format!("{other} is not of this subscription"))),
            None if ids.is_empty() => Err(Error::invalid("ack ids", "must not be empty")),
            None => Ok(()),
        };
        self.op(&ops::SUBSCRIPTION_ACK).check(fits).json(&json!({ "ackIds": ids })).call(decode::empty)
    }

    /// Pulls and acknowledges in one go; nothing when there is nothing to pull.
    ///
    /// A lost or late acknowledgement is followed by another pull, at most three times: if that pull starts with the
    /// same message, the new delivery is acknowledged instead; if not, the first acknowledgement had arrived. So a
    /// message is never thrown away, and at worst delivered twice. Permanent errors surface at once.
    ///
    /// # Source
    /// AMS reference 12.5, 12.6 and 20.6.
    pub fn pull_ack(&self, pull: Pull) -> Work<Vec<Message>> {
        let handle = self.clone();
        let preview = self.pull_draft(&pull).request();
        Work::new(self.client.session(), &ops::SUBSCRIPTION_PULL, preview, move |scope| {
            async move { crate::pull_ack::run(&handle, pull, &scope).await }.boxed()
        })
    }

    /// Messages without end, with flow control, acknowledgement of prefixes and a graceful end.
    ///
    /// See [`Consume`] for what it does about the service's single delivery window.
    pub fn consume(&self, options: Consume) -> Feed<Delivery> {
        crate::consume::start(self.clone(), options)
    }

    /// Sets the time allowed between a pull and its acknowledgement.
    ///
    /// # Units
    /// Whole seconds, 0 to 600; with 0 the acknowledgement must arrive within the same second as the pull.
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) before sending for a fraction or a value out of range.
    /// # Source
    /// AMS reference 12.2 and 12.3.
    pub fn modify_ack_deadline(&self, deadline: Duration) -> Call<()> {
        let draft = self.op(&ops::SUBSCRIPTION_MODIFY_ACK_DEADLINE);
        match whole_seconds(deadline, 0, 600) {
            Ok(seconds) => draft.json(&json!({ "ackDeadlineSeconds": seconds })),
            Err(error) => draft.refuse(error),
        }
        .call(decode::empty)
    }

    /// Reads the oldest, next and end position.
    ///
    /// # Source
    /// AMS reference 12.7.
    pub fn offsets(&self) -> Call<Offsets> {
        self.op(&ops::SUBSCRIPTION_OFFSETS).call(decode::json)
    }

    /// Moves the next position; an open delivery window is closed.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) outside of oldest and end. Releases up to 1.7 store such a value all the same:
    /// [`seek`](Self::seek) checks first.
    /// # Source
    /// AMS reference 12.7.
    pub fn modify_offset(&self, offset: i64) -> Call<()> {
        self.op(&ops::SUBSCRIPTION_MODIFY_OFFSET).json(&json!({ "offset": offset })).call(decode::empty)
    }

    /// Finds the position of the first message published at or after a time.
    ///
    /// # Units
    /// Sent in UTC with three digits; finer digits are cut off.
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if the time lies after the last message.
    /// # Source
    /// AMS reference 12.7.
    pub fn time_to_offset(&self, at: Timestamp) -> Call<i64> {
        self.time_draft(at).call(wire::offset)
    }

    fn time_draft(&self, at: Timestamp) -> Draft {
        self.op(&ops::SUBSCRIPTION_TIME_TO_OFFSET).query("time", wire_time(at))
    }

    /// Moves the subscription and gives the new position.
    ///
    /// A position out of bounds is refused before it is sent, because releases up to 1.7 would keep it.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for an offset out of bounds; [`Conflict`](ErrorKind::Conflict) for a time after the
    /// last message.
    /// # Source
    /// AMS reference 12.7.
    pub fn seek(&self, to: Seek) -> Work<i64> {
        let handle = self.clone();
        let preview = match to {
            Seek::Time(at) => self.time_draft(at).request(),
            Seek::Offset(_) | Seek::Begin | Seek::End => self.op(&ops::SUBSCRIPTION_OFFSETS).request(),
        };
        Work::new(self.client.session(), &ops::SUBSCRIPTION_MODIFY_OFFSET, preview, move |scope| {
            async move { handle.sought(to, &scope).await }.boxed()
        })
    }

    async fn sought(&self, to: Seek, scope: &Scope) -> Result<i64> {
        let position = match to {
            Seek::Time(at) => scope.run(self.time_to_offset(at)).await?,
            Seek::Begin => scope.run(self.offsets()).await?.min,
            Seek::End => scope.run(self.offsets()).await?.max,
            Seek::Offset(wanted) => {
                let Offsets { min, max, .. } = scope.run(self.offsets()).await?;
                if !(min..=max).contains(&wanted) {
                    return Err(Error::invalid("offset", format!("{wanted} is not between {min} and {max}"))
                        .with_op(ops::SUBSCRIPTION_MODIFY_OFFSET.id));
                }
                wanted
            }
        };
        scope.run(self.modify_offset(position)).await?;
        Ok(position)
    }

    /// Who may pull.
    ///
    /// # Source
    /// AMS reference 3.2 and 12.2.
    pub fn acl(&self) -> Call<Acl> {
        self.op(&ops::SUBSCRIPTION_ACL).call(decode::json)
    }

    /// Sets who may pull, by user name; nobody is a valid list.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) naming the users who do not exist or are no members of the project.
    /// # Source
    /// AMS reference 12.2.
    pub fn modify_acl(&self, users: &[impl AsRef<str>]) -> Call<()> {
        self.op(&ops::SUBSCRIPTION_MODIFY_ACL).json(&wire::acl_body(users)).call(decode::empty)
    }

    /// Sets push delivery, or ends it with `None`.
    ///
    /// A new endpoint must be verified ([`verify_push_endpoint`](Self::verify_push_endpoint)) before delivery begins.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if the service does not push; [`Invalid`](ErrorKind::Invalid) before sending for a
    /// URL that is not `https`.
    /// # Source
    /// AMS reference 13.1 and 13.2.
    pub fn push_config(&self, config: Option<&PushConfig>) -> Call<()> {
        let draft = self.op(&ops::SUBSCRIPTION_MODIFY_PUSH);
        match config {
            Some(config) => draft.check(config.check()).json(&json!({ "pushConfig": config })),
            None => draft.json(&json!({ "pushConfig": {} })),
        }
        .call(decode::empty)
    }

    /// Lets the service fetch its verification hash from the push endpoint's host; delivery begins then.
    ///
    /// # Errors
    /// [`Failed`](ErrorKind::Failed) if the host does not show the hash; [`Conflict`](ErrorKind::Conflict) if it is
    /// verified already or the subscription does not push to a URL.
    /// # Source
    /// AMS reference 13.3.
    pub fn verify_push_endpoint(&self) -> Call<()> {
        self.op(&ops::SUBSCRIPTION_VERIFY_PUSH).call(decode::empty)
    }

    /// Counters: messages, bytes, consumption rate.
    ///
    /// # Source
    /// AMS reference 8.6.
    pub fn metrics(&self) -> Call<Vec<Metric>> {
        self.op(&ops::SUBSCRIPTION_METRICS).call(wire::metrics)
    }
}
