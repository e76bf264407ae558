//! Zaqar in the tour.

use crate::command::tour::{Part, Step};

/// Post, list, claim, renew, delete, release, consume, metadata.
pub(crate) const PART: Part = Part {
    service: "zaqar",
    title: "OpenStack messaging (Zaqar)",
    steps: &[
        Step::new(
            "A queue comes into being with its first message. Bodies are any JSON.",
            &["zaqar", "message", "post", "jobs", "{\"event\": \"start\"}", "two", "3"],
        ),
        Step::new("Look at them; they stay.", &["zaqar", "message", "list", "jobs"]),
        Step::new(
            "A claim is a lease: nobody else gets these messages while it lasts.",
            &["zaqar", "claim", "create", "jobs", "--limit", "2", "--ttl", "120"],
        )
        .keep("claim", "claim_id"),
        Step::new(
            "Not done yet? Begin the lease again from now.",
            &["zaqar", "claim", "renew", "jobs", "{claim}", "--ttl", "300"],
        ),
        Step::new(
            "Given up: the messages are free again.",
            &["zaqar", "claim", "release", "jobs", "{claim}"],
        ),
        Step::new("Nothing was lost.", &["zaqar", "queue", "stats", "jobs"]),
        Step::new(
            "Claim in a loop, a command per message: deleted if it succeeds, freed if not.",
            &["zaqar", "claim", "run", "jobs", "--exec", "cat; echo"],
        ),
        Step::new(
            "Metadata holds settings: from now on messages live two minutes.",
            &[
                "zaqar",
                "queue",
                "set-metadata",
                "jobs",
                "{\"team\": \"blue\", \"_default_message_ttl\": 120}",
            ],
        ),
        Step::new(
            "Rights for somebody without an account: read messages, for an hour.",
            &["zaqar", "queue", "signed-url", "jobs", "--ttl-seconds", "3600"],
        ),
        Step::new(
            "Any call can be shown in place of being sent.",
            &["zaqar", "message", "post", "jobs", "four", "--curl"],
        ),
    ],
};
