//! Behaviour of OpenStack messaging, version by version: the same cases for the local server and for a real Zaqar.

mod admin;
mod claim;
mod message;
mod queue;
mod time;
mod websocket;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use pentad_core::{ErrorKind, Result};
use pentad_zaqar::{Client, Queue, Version};

use crate::ams::Time;

/// What the service under test has; a real one may lack some of it.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Abilities {
    /// A secret to sign URLs with.
    pub signs: bool,
    /// Pools and flavors that are recorded without connecting to them.
    pub pools: bool,
    /// Metadata filters and names as regular expressions in listings.
    pub filters: bool,
    /// Ids and markers as the reference server has them, so that v1's missing queues are 404.
    pub reference_storage: bool,
    /// Messages are handed on to subscribers.
    pub notifies: bool,
}

impl Abilities {
    /// All of them, as the local server.
    pub const fn all() -> Self {
        Self { signs: true, pools: true, filters: true, reference_storage: true, notifies: true }
    }
}

/// The clients that a case plays with: two of one project, by different client ids.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Posts, and administers.
    pub client: Client,
    /// Reads what the other one posted.
    pub other: Client,
    /// What the service has.
    pub abilities: Abilities,
    /// Moves the service's time; none where nobody can.
    pub time: Option<Arc<dyn Time>>,
}

impl Stage {
    /// The title of a refusal: over websocket, where answers have none, all have one.
    fn title(&self, own: &'static str) -> &'static str {
        if self.client.websocket().is_some() { "Websocket Transport Error" } else { own }
    }

    fn version(&self) -> Version {
        self.client.version()
    }

    /// A queue of this case alone, empty, and existing where the version wants that.
    async fn queue(&self, name: &str) -> Result<Queue> {
        let queue = self.client.queue(format!("{name}-{}", self.version().label().replace('.', "_")));
        queue.delete().await?;
        if self.version() == Version::V1 {
            queue.create().await?;
        }
        Ok(queue)
    }

    /// The same queue through the other client.
    fn theirs(&self, queue: &Queue) -> Queue {
        self.other.queue(queue.name())
    }
}

/// A named case and the versions that it is about.
pub type Case = (&'static str, &'static [Version], fn(Stage) -> BoxFuture<'static, Result<()>>);

const ALL: &[Version] = &Version::ALL;
const LATER: &[Version] = &[Version::V1_1, Version::V2];
const V1: &[Version] = &[Version::V1];
const V2: &[Version] = &[Version::V2];

/// All cases. Each uses queues of its own, so they can run in any order on one service.
pub fn cases() -> Vec<Case> {
    vec![
        ("posted_messages_are_listed_to_others_and_echoed_on_request", ALL, |s| Box::pin(message::listed(s))),
        ("messages_are_read_and_deleted_by_id", ALL, |s| Box::pin(message::by_id(s))),
        ("markers_lead_through_a_long_list_in_order", ALL, |s| Box::pin(message::pages(s))),
        ("bodies_of_any_json_come_back_as_they_were", ALL, |s| Box::pin(message::bodies(s))),
        ("popped_messages_are_gone_oldest_first", LATER, |s| Box::pin(message::pop(s))),
        ("batches_of_a_stream_are_stored_in_order", ALL, |s| Box::pin(message::batches(s))),
        ("a_follower_sees_each_message_once", ALL, |s| Box::pin(message::follow(s))),
        ("a_claim_holds_messages_until_it_is_released", ALL, |s| Box::pin(claim::release(s))),
        ("a_claimed_message_is_deleted_by_its_holder_only", ALL, |s| Box::pin(claim::delete(s))),
        ("a_renewed_claim_begins_again", ALL, |s| Box::pin(claim::renew(s))),
        ("an_empty_queue_gives_an_empty_claim", ALL, |s| Box::pin(claim::empty(s))),
        ("concurrent_claimers_never_share_a_message", ALL, |s| Box::pin(claim::exclusive(s))),
        ("consume_hands_out_everything_once_and_leaves_nothing", ALL, |s| Box::pin(claim::consume(s))),
        ("what_a_consumer_releases_comes_again", ALL, |s| Box::pin(claim::released(s))),
        ("queues_are_created_listed_counted_and_deleted", ALL, |s| Box::pin(queue::life(s))),
        ("a_v1_queue_exists_or_not_and_comes_with_its_first_message", V1, |s| Box::pin(queue::v1(s))),
        ("v1_metadata_is_replaced_as_a_whole", V1, |s| Box::pin(queue::v1_metadata(s))),
        ("metadata_of_a_new_queue_is_kept_and_a_second_creation_changes_nothing", LATER, |s| {
            Box::pin(queue::created_with(s))
        }),
        ("v2_metadata_is_patched_and_replaced", V2, |s| Box::pin(queue::patch(s))),
        ("purge_removes_what_it_names", V2, |s| Box::pin(queue::purge(s))),
        ("a_signed_url_admits_what_it_says", V2, |s| Box::pin(queue::signed(s))),
        ("queues_are_found_by_name_and_metadata", V2, |s| Box::pin(queue::filtered(s))),
        ("subscriptions_come_change_and_go", V2, |s| Box::pin(admin::subscriptions(s))),
        ("the_service_tells_its_state", ALL, |s| Box::pin(admin::state(s))),
        ("pools_and_flavors_are_registered", ALL, |s| Box::pin(admin::pools(s))),
        ("what_is_out_of_range_is_refused_by_the_service_too", LATER, |s| Box::pin(admin::refused(s))),
        ("what_is_posted_comes_to_a_listening_connection", V2, |s| Box::pin(websocket::pushed(s))),
        ("messages_end_with_their_ttl", ALL, |s| Box::pin(time::ttl(s))),
        ("claims_end_and_their_messages_come_again", ALL, |s| Box::pin(time::claims(s))),
        ("delayed_messages_appear_in_time", V2, |s| Box::pin(time::delay(s))),
        ("messages_that_are_claimed_too_often_become_dead_letters", V2, |s| Box::pin(time::dead(s))),
    ]
}

/// Tells all cases of the client's version; says how many there were.
///
/// # Errors
/// The first that went wrong, its name in the hint.
pub async fn tell(stage: &Stage) -> Result<usize> {
    let mut told = 0;
    for (name, versions, case) in cases() {
        if versions.contains(&stage.version()) {
            case(stage.clone()).await.map_err(|error| error.with_hint(format!("case {name}")))?;
            told += 1;
        }
    }
    Ok(told)
}

/// Tells the cases of v2 to clients whose URL is a websocket's; says how many were told, and names those that need what
/// only HTTP has.
///
/// # Errors
/// The first that went wrong otherwise, its name in the hint.
pub async fn tell_over_websocket(stage: &Stage) -> Result<(usize, Vec<&'static str>)> {
    let (mut told, mut others) = (0, Vec::new());
    for (name, versions, case) in cases() {
        if !versions.contains(&Version::V2) {
            continue;
        }
        match case(stage.clone()).await {
            Ok(()) => told += 1,
            Err(error) if error.kind() == ErrorKind::Unsupported => others.push(name),
            Err(error) => return Err(error.with_hint(format!("case {name}"))),
        }
    }
    Ok((told, others))
}
