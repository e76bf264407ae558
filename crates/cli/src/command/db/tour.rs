//! Trove in the tour.

use crate::command::tour::{Part, Step};

/// Make an instance, a database, a backup; change settings; remove it.
pub(crate) const PART: Part = Part {
    service: "db",
    title: "OpenStack databases (Trove)",
    steps: &[
        Step::new("What databases there are.", &["db", "datastore", "list"]),
        Step::new(
            "An instance with a database in it. It is ready when its server runs and its database answers.",
            &[
                "db",
                "instance",
                "create",
                "db1",
                "--flavor",
                "2",
                "--size",
                "2",
                "--database",
                "shop",
                "--wait",
            ],
        )
        .keep("instance", "id"),
        Step::new("Things are named by name or id.", &["db", "instance", "show", "db1"]),
        Step::new("Another database.", &["db", "database", "create", "db1", "stock"]),
        Step::new("Both of them.", &["db", "database", "list", "db1"]),
        Step::new("The password of root is shown once.", &["db", "root", "enable", "db1"]),
        Step::new(
            "A backup, and the wait for its end.",
            &["db", "backup", "create", "nightly", "--instance", "{instance}", "--wait"],
        ),
        Step::new("A larger volume.", &["db", "instance", "resize-volume", "db1", "5", "--wait"]),
        Step::new("What the project may use.", &["db", "limit", "list"]),
        Step::new("Gone, for good.", &["db", "instance", "delete", "db1", "--wait", "--yes"]),
    ],
};
