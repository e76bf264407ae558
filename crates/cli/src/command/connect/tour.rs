//! Connect in the tour.

use crate::command::tour::{Part, Step};

/// Create, list by filter, change, count, delete.
pub(crate) const PART: Part = Part {
    service: "connect",
    title: "CloudBlue Connect",
    steps: &[
        Step::new(
            "A product. Fields are written as they are; dots lead into objects.",
            &["connect", "create", "products", "name=Disks", "status=draft", "category.id=CAT-1"],
        )
        .keep("product", "id"),
        Step::new(
            "Find it: with RQL, or with a field and a value.",
            &["connect", "list", "products", "--filter", "status=draft", "--filter", "ilike(name,*disk*)"],
        ),
        Step::new("Change it.", &["connect", "update", "products/{product}", "status=published"]),
        Step::new(
            "Only what is of interest.",
            &["connect", "get", "products/{product}", "--values", "id,category.id"],
        ),
        Step::new("How many drafts are left?", &["connect", "count", "products", "--filter", "status=draft"]),
    ],
};
