//! Behaviour of the messaging service.

mod people;
mod push;
mod report;
mod schema;
mod time;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use pentad_ams::{Client, Consume, ErrorExt, Message, NewSubscription, Pull, Seek};
use pentad_core::{ErrorKind, Result};

/// The time of the service under test.
pub trait Time: Debug + Send + Sync {
    /// Moves it on, and waits until all work that became due is done.
    fn advance(&self, by: Duration) -> BoxFuture<'_, Result<()>>;
}

/// A receiver of push deliveries that the service trusts.
pub trait Receiver: Debug + Send + Sync {
    /// The URL of a path, `https`.
    fn url(&self, path: &str) -> String;
    /// Sets what the path of the endpoint verification shows.
    fn show(&self, hash: &str);
    /// Sets the statuses of the next deliveries; 200 after them.
    fn script(&self, statuses: &[u16]);
    /// Takes the positions of the messages in each delivery since the last time.
    fn take(&self) -> Vec<Vec<String>>;
}

/// The clients that a case plays with, all of one project, each in its role.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Manages topics, subscriptions and members.
    pub admin: Client,
    /// Publishes where it is listed.
    pub publisher: Client,
    /// Pulls where it is listed.
    pub consumer: Client,
    /// Manages users and projects.
    pub service_admin: Client,
    /// Moves the service's time.
    pub time: Arc<dyn Time>,
    /// Takes push deliveries.
    pub receiver: Arc<dyn Receiver>,
}

/// A named case.
pub type Case = (&'static str, fn(Stage) -> BoxFuture<'static, Result<()>>);

/// All cases. Each uses names of its own, so they can run in any order on one service.
pub fn cases() -> Vec<Case> {
    vec![
        ("published_messages_are_pulled_and_acknowledged_once", |stage| Box::pin(round_trip(stage))),
        ("acknowledgement_outside_the_window_is_a_conflict", |stage| Box::pin(wrong_ack(stage))),
        ("who_is_not_listed_may_not_publish_or_pull", |stage| Box::pin(lists(stage))),
        ("ensure_finds_what_exists_and_creates_what_does_not", |stage| Box::pin(ensure(stage))),
        ("seek_moves_to_begin_end_and_offset", |stage| Box::pin(seek(stage))),
        ("consume_hands_out_each_message_once_and_commits", |stage| Box::pin(consume(stage))),
        ("lists_come_page_by_page_newest_first", |stage| Box::pin(pages(stage))),
        ("an_acknowledgement_after_the_deadline_is_late", |stage| Box::pin(time::deadline(stage))),
        ("a_time_leads_to_the_first_message_from_then_on", |stage| Box::pin(time::offsets(stage))),
        ("messages_end_with_the_retention", |stage| Box::pin(time::retention(stage))),
        ("push_waits_for_verification_and_repeats_what_was_refused", |stage| Box::pin(push::linear(stage))),
        ("slow_start_begins_after_a_second_and_slows_down_on_failure", |stage| Box::pin(push::slow(stage))),
        ("a_json_schema_decides_what_may_be_published", |stage| Box::pin(schema::json(stage))),
        ("an_avro_schema_decides_what_is_valid", |stage| Box::pin(schema::avro(stage))),
        ("users_are_created_changed_found_and_deleted", |stage| Box::pin(people::users(stage))),
        ("projects_and_their_members_come_and_go", |stage| Box::pin(people::projects(stage))),
        ("a_registration_is_accepted_or_declined_once", |stage| Box::pin(people::registrations(stage))),
        ("counters_and_reports_tell_what_happened", |stage| Box::pin(report::counters(stage))),
        ("the_service_tells_its_state", |stage| Box::pin(report::state(stage))),
    ]
}

/// A topic with a subscription, both open to publisher and consumer.
async fn opened(stage: &Stage, name: &str) -> Result<()> {
    stage.admin.topic(name).ensure().await?;
    stage.admin.subscription(name).ensure(&NewSubscription::new(name)).await?;
    let publisher = stage.publisher.profile().await?.name;
    let consumer = stage.consumer.profile().await?.name;
    stage.admin.topic(name).modify_acl(&[publisher]).await?;
    stage.admin.subscription(name).modify_acl(&[consumer]).await
}

async fn round_trip(stage: Stage) -> Result<()> {
    opened(&stage, "round-trip").await?;
    let messages =
        vec![Message::from("hello").attribute("k", "v"), Message::default().attribute("only", "attr")];
    assert_eq!(stage.publisher.topic("round-trip").publish(messages).await?, ["0", "1"]);
    let subscription = stage.consumer.subscription("round-trip");
    let got = subscription.pull(Pull::new(10)).await?;
    assert_eq!(got.len(), 2);
    assert_eq!(got[0].message.data()?, "hello");
    assert_eq!(got[0].message.attributes()["k"], "v");
    assert!(got[1].message.data()?.is_empty());
    subscription.ack(&[got[1].ack_id.clone()]).await?;
    assert!(subscription.pull(Pull::new(10)).await?.is_empty());
    assert_eq!(subscription.offsets().await?.current, 2);
    Ok(())
}

async fn wrong_ack(stage: Stage) -> Result<()> {
    opened(&stage, "wrong-ack").await?;
    stage.publisher.topic("wrong-ack").publish(vec![Message::from("a"), Message::from("b")]).await?;
    let subscription = stage.consumer.subscription("wrong-ack");
    let got = subscription.pull(Pull::new(2)).await?;
    subscription.pull(Pull::new(1)).await?;
    let error = subscription.ack(&[got[1].ack_id.clone()]).await.err();
    assert!(error.as_ref().is_some_and(|error| error.is_wrong_ack() && error.kind() == ErrorKind::Conflict));
    subscription.ack(&[got[0].ack_id.clone()]).await?;
    let error = subscription.ack(&[got[0].ack_id.clone()]).await.err();
    assert!(error.is_some_and(|error| error.is_no_ack_pending() && !error.is_transient()));
    Ok(())
}

async fn lists(stage: Stage) -> Result<()> {
    stage.admin.topic("listed").ensure().await?;
    stage.admin.subscription("listed").ensure(&NewSubscription::new("listed")).await?;
    let error = stage.publisher.topic("listed").publish(Message::from("x")).await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Forbidden));
    let error = stage.consumer.subscription("listed").pull(Pull::new(1)).await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Forbidden));
    let error = stage.admin.topic("listed").modify_acl(&["nobody-of-this-name"]).await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::NotFound));
    Ok(())
}

async fn ensure(stage: Stage) -> Result<()> {
    let topic = stage.admin.topic("ensured");
    assert!(topic.find().await?.is_none());
    assert_eq!(topic.ensure().await?.short_name(), "ensured");
    assert_eq!(topic.ensure().await?.short_name(), "ensured");
    assert!(topic.create().await.is_err_and(|error| error.is_already_exists()));
    topic.delete().await?;
    assert_eq!(topic.get().await.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
    Ok(())
}

async fn seek(stage: Stage) -> Result<()> {
    opened(&stage, "sought").await?;
    stage.publisher.topic("sought").publish(vec![Message::from("a"), Message::from("b")]).await?;
    let subscription = stage.admin.subscription("sought");
    assert_eq!(subscription.seek(Seek::End).await?, 2);
    assert_eq!(subscription.seek(Seek::Begin).await?, 0);
    assert_eq!(subscription.seek(Seek::Offset(1)).await?, 1);
    let error = subscription.seek(Seek::Offset(99)).await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Invalid));
    assert_eq!(subscription.offsets().await?.current, 1);
    Ok(())
}

async fn consume(stage: Stage) -> Result<()> {
    opened(&stage, "consumed").await?;
    let messages: Vec<Message> = (0..25).map(|n| Message::from(n.to_string())).collect();
    stage.publisher.topic("consumed").publish(messages).await?;
    let mut feed = stage.consumer.subscription("consumed").consume(Consume::new().batch(10));
    for expected in 0..25 {
        let Some(delivery) = feed.next().await.transpose()? else { break };
        assert_eq!(delivery.offset(), expected);
        delivery.ack().await?;
    }
    feed.close().await?;
    assert_eq!(stage.consumer.subscription("consumed").offsets().await?.current, 25);
    Ok(())
}

async fn pages(stage: Stage) -> Result<()> {
    for name in ["page-1", "page-2", "page-3"] {
        stage.admin.topic(name).ensure().await?;
    }
    let all = stage.admin.topics().page_size(1).all().await?;
    let ours: Vec<&str> =
        all.iter().map(|topic| topic.short_name()).filter(|name| name.starts_with("page-")).collect();
    assert_eq!(ours, ["page-3", "page-2", "page-1"]);
    Ok(())
}
