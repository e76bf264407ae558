//! Tables of Connect, in the portable subset.

use pentad_store::Migration;

/// Every version of the tables, oldest first.
pub(crate) static MIGRATIONS: &[Migration] = &[Migration { version: 1, sql: VERSION_1 }];

/// `cells` holds what filters look at: see [`cells`](super::cells). Its indexes hold all that most conditions ask, so that
/// rows need not be fetched from all over the table.
const VERSION_1: &str = "
CREATE TABLE collections (id {serial}, path TEXT NOT NULL, size BIGINT NOT NULL, next BIGINT NOT NULL,
    version BIGINT NOT NULL);
CREATE UNIQUE INDEX collections_path ON collections (path);
CREATE TABLE resources (id {serial}, collection BIGINT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL);
CREATE UNIQUE INDEX resources_name ON resources (collection, name);
CREATE INDEX resources_order ON resources (collection, id);
CREATE TABLE cells (
    resource BIGINT NOT NULL, path BIGINT NOT NULL, frame BIGINT NOT NULL, head TEXT NOT NULL, rest TEXT NOT NULL,
    folded TEXT, child BIGINT, last BIGINT, lead BIGINT NOT NULL, hot BIGINT NOT NULL);
CREATE INDEX cells_resource ON cells (resource, path, head);
CREATE INDEX cells_hot ON cells (path, head, resource, hot) WHERE hot = 1;
";
