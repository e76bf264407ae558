//! Tables of Connect, in the portable subset.

use pentad_store::Migration;

/// Every version of the tables, oldest first.
pub(crate) static MIGRATIONS: &[Migration] = &[Migration { version: 1, sql: VERSION_1 }];

/// `cells` holds what filters look at: see [`cells`](super::cells). It is stored by resource, so that a condition on all
/// resources reads it from its beginning to its end. `texts` holds the strings of a resource as one text: what a search
/// looks at first. `resources_order` is all that is read of resources that are passed over.
const VERSION_1: &str = "
CREATE TABLE collections (id {serial}, path TEXT NOT NULL, size BIGINT NOT NULL, next BIGINT NOT NULL,
    version BIGINT NOT NULL);
CREATE UNIQUE INDEX collections_path ON collections (path);
CREATE TABLE resources (id {serial}, collection BIGINT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL);
CREATE UNIQUE INDEX resources_name ON resources (collection, name);
CREATE INDEX resources_order ON resources (collection, id);
CREATE TABLE cells (
    resource BIGINT NOT NULL, path BIGINT NOT NULL, n BIGINT NOT NULL, frame BIGINT NOT NULL, head TEXT NOT NULL,
    rest TEXT NOT NULL, folded TEXT, child BIGINT, last BIGINT, lead BIGINT NOT NULL, hot BIGINT NOT NULL,
    PRIMARY KEY (resource, path, n)) {clustered};
CREATE TABLE texts (resource {number}, words TEXT NOT NULL);
CREATE INDEX cells_hot ON cells (path, head, resource, hot) WHERE hot = 1;
";
