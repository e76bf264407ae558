//! Behaviour of the IVCAP platform, dialect by dialect: the same cases through the door and over TCP.

#![expect(clippy::unwrap_used, reason = "a case fails by panicking")]

mod account;
mod artifact;
mod metadata;
mod order;

use futures_util::future::BoxFuture;
use pentad_core::Result;
use pentad_core::retry::Schedule;
use pentad_core::work::Polling;
use pentad_ivcap::{Client, Dialect};

/// The client that a case plays with. The platform has the example services.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Speaks the dialect of the case.
    pub client: Client,
    /// Whether the platform can run the commands of services.
    pub runs: bool,
}

impl Stage {
    fn dialect(&self) -> Dialect {
        self.client.dialect()
    }

    /// A name of this case alone.
    fn entity(&self, name: &str) -> String {
        format!("urn:cases:{name}:{}", self.dialect())
    }
}

/// Looks often: the examples are short.
fn soon() -> Polling {
    let pause = std::time::Duration::from_millis(50);
    Polling::default().schedule(Schedule::Fixed(pause)).limit(Some(std::time::Duration::from_secs(60)))
}

/// A named case and what it needs.
pub type Case = (&'static str, Needs, fn(Stage) -> BoxFuture<'static, Result<()>>);

/// What a case needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    dialects: &'static [Dialect],
    runs: bool,
}

impl Needs {
    fn met(self, stage: &Stage) -> bool {
        self.dialects.contains(&stage.dialect()) && (stage.runs || !self.runs)
    }
}

const ALL: Needs = Needs { dialects: &Dialect::ALL, runs: false };
const MODERN: Needs = Needs { dialects: &[Dialect::Modern], runs: false };
const RUNS: Needs = Needs { dialects: &Dialect::ALL, runs: true };
const MODERN_RUNS: Needs = Needs { dialects: &[Dialect::Modern], runs: true };

/// All cases. Each uses things of its own, so they can run in any order on one platform.
pub fn cases() -> Vec<Case> {
    vec![
        ("services_are_listed_read_and_found_by_name", ALL, |s| Box::pin(order::services(s))),
        ("an_order_runs_to_its_products", RUNS, |s| Box::pin(order::products(s))),
        ("an_order_that_fails_says_so", RUNS, |s| Box::pin(order::failing(s))),
        ("orders_with_wrong_values_are_not_placed", ALL, |s| Box::pin(order::refused(s))),
        ("what_an_order_writes_is_followed_to_its_end", MODERN_RUNS, |s| Box::pin(order::logs(s))),
        ("a_job_gives_its_result_and_tells_what_happens", MODERN_RUNS, |s| Box::pin(order::jobs(s))),
        ("contents_come_back_as_they_were", ALL, |s| Box::pin(artifact::contents(s))),
        ("a_content_of_unknown_size_is_whole_in_the_end", ALL, |s| Box::pin(artifact::unknown(s))),
        ("a_part_of_a_content_is_read_by_its_range", ALL, |s| Box::pin(artifact::ranges(s))),
        ("checksums_are_verified", ALL, |s| Box::pin(artifact::checksums(s))),
        ("artifacts_are_listed_and_described", ALL, |s| Box::pin(artifact::listed(s))),
        ("an_artifact_ends_with_or_without_its_content", ALL, |s| Box::pin(artifact::ended(s))),
        ("metadata_is_found_replaced_and_taken_back", ALL, |s| Box::pin(metadata::life(s))),
        ("metadata_is_told_as_of_any_past_moment", ALL, |s| Box::pin(metadata::times(s))),
        ("long_lists_come_in_pages_without_gaps", ALL, |s| Box::pin(metadata::pages(s))),
        ("metadata_is_found_by_json_path", ALL, |s| Box::pin(metadata::paths(s))),
        ("collections_hold_each_member_once", MODERN, |s| Box::pin(metadata::collections(s))),
        ("rules_are_answered_in_rows", MODERN, |s| Box::pin(metadata::search(s))),
        ("queues_give_each_message_once_in_order", MODERN, |s| Box::pin(account::queues(s))),
        ("secrets_are_replaced_and_found_by_name", MODERN, |s| Box::pin(account::secrets(s))),
        ("projects_come_change_and_go", MODERN, |s| Box::pin(account::projects(s))),
    ]
}

/// Tells all cases of the client's dialect; says how many there were.
///
/// # Errors
/// The first that went wrong, its name in the hint.
pub async fn tell(stage: &Stage) -> Result<usize> {
    let mut told = 0;
    for (name, needs, case) in cases() {
        if needs.met(stage) {
            case(stage.clone()).await.map_err(|error| error.with_hint(format!("case {name}")))?;
            told += 1;
        }
    }
    Ok(told)
}
