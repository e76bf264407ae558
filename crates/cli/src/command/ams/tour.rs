//! AMS in the tour.

use crate::command::tour::{Part, Step};

/// Topic, subscription, publish, pull, ack, seek, consume.
pub(crate) const PART: Part = Part {
    service: "ams",
    title: "ARGO Messaging Service (AMS)",
    steps: &[
        Step::new("A topic is where messages are published.", &["ams", "topic", "create", "greetings"]),
        Step::new(
            "A subscription receives what is published from now on.",
            &["ams", "subscription", "create", "inbox", "--topic", "greetings"],
        ),
        Step::new(
            "Publish three messages, with an attribute.",
            &["ams", "publish", "greetings", "hello", "bonjour", "καλημέρα", "--attr", "from=tour"],
        ),
        Step::new(
            "Receive them. They stay until they are acknowledged.",
            &["ams", "pull", "inbox", "-n", "3"],
        )
        .keep("last", "messageId"),
        Step::new(
            "Acknowledge: the highest offset stands for all before it.",
            &["ams", "ack", "inbox", "{last}"],
        ),
        Step::new("Nothing is left behind.", &["ams", "subscription", "offsets", "inbox"]),
        Step::new("Go back in time …", &["ams", "seek", "inbox", "begin"]),
        Step::new(
            "… and receive everything again, as lines of JSON, acknowledging as it goes.",
            &["ams", "consume", "inbox", "-o", "ndjson"],
        ),
        Step::new(
            "Any call can be shown in place of being sent; secrets stay out.",
            &["ams", "publish", "greetings", "hello", "--curl"],
        ),
    ],
};
