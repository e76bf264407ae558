//! IVCAP in the tour.

use crate::command::tour::{Part, Step};

/// An order, and metadata with time travel.
pub(crate) const PART: Part = Part {
    service: "ivcap",
    title: "IVCAP science platform",
    steps: &[
        Step::new("What can be ordered.", &["ivcap", "service", "list"]),
        Step::new("One of them, by name.", &["ivcap", "service", "find", "greeting"]).keep("service", "id"),
        Step::new(
            "An order is checked against the service's parameters, placed, and waited for.",
            &["ivcap", "order", "create", "{service}", "name=Ada", "--wait"],
        ),
        Step::new(
            "Say something about anything: metadata belongs to a thing and has a schema.",
            &[
                "ivcap",
                "metadata",
                "add",
                "urn:example:valley",
                "{\"$schema\": \"urn:example:schema:label.1\", \"label\": \"dry\"}",
            ],
        )
        .keep("record", "id"),
        Step::new(
            "It rained: the old record is kept, and no longer holds.",
            &[
                "ivcap",
                "metadata",
                "update",
                "urn:example:valley",
                "{\"$schema\": \"urn:example:schema:label.1\", \"label\": \"wet\"}",
            ],
        ),
        Step::new("What is said now.", &["ivcap", "metadata", "search", "--entity", "urn:example:valley"]),
        Step::new("The old record still tells when it held.", &["ivcap", "metadata", "get", "{record}"]),
        Step::new(
            "Any call can be shown in place of being sent.",
            &["ivcap", "metadata", "search", "--at", "2024-05-01", "--curl"],
        ),
    ],
};
