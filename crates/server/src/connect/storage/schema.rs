//! Tables of Connect, in the portable subset.

use pentad_store::Migration;

/// Every version of the tables, oldest first.
pub(crate) static MIGRATIONS: &[Migration] = &[
    Migration { version: 1, sql: VERSION_1 },
    Migration { version: 2, sql: VERSION_2 },
    Migration { version: 3, sql: VERSION_3 },
];

/// `resources_order` is all that is read of resources that are passed over.
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

/// Columns instead of rows: `cells` holds what filters look at (see [`cells`](super::cells)) by path, so that a condition
/// on all resources reads the values of its path from their beginning to their end and nothing else. `texts` holds the
/// strings of a resource as one text, by collection: what a search looks at. Collections know which paths their rows are
/// indexed by; of those from before, that is not known.
const VERSION_2: &str = "
DROP INDEX cells_hot;
ALTER TABLE cells RENAME TO cells_1;
CREATE TABLE cells (
    resource BIGINT NOT NULL, path BIGINT NOT NULL, n BIGINT NOT NULL, frame BIGINT NOT NULL, head TEXT NOT NULL,
    rest TEXT NOT NULL, folded TEXT, child BIGINT, last BIGINT, lead BIGINT NOT NULL, hot BIGINT NOT NULL,
    PRIMARY KEY (path, resource, n)) {clustered};
INSERT INTO cells (resource, path, n, frame, head, rest, folded, child, last, lead, hot)
    SELECT resource, path, n, frame, head, rest, folded, child, last, lead, hot FROM cells_1 WHERE path <> 0;
DROP TABLE cells_1;
CREATE INDEX cells_hot ON cells (path, head, resource, hot) WHERE hot = 1;
ALTER TABLE texts RENAME TO texts_1;
CREATE TABLE texts (
    collection BIGINT NOT NULL, resource BIGINT NOT NULL, words TEXT NOT NULL,
    PRIMARY KEY (collection, resource)) {clustered};
INSERT INTO texts (collection, resource, words)
    SELECT r.collection, t.resource, t.words FROM texts_1 t JOIN resources r ON r.id = t.resource;
DROP TABLE texts_1;
ALTER TABLE collections DROP COLUMN version;
ALTER TABLE collections ADD COLUMN trusted TEXT NOT NULL DEFAULT '[]';
ALTER TABLE collections ADD COLUMN marked TEXT NOT NULL DEFAULT '*';
";

/// What was declared, in the words it was declared in.
const VERSION_3: &str = "
CREATE TABLE declarations (
    kind TEXT NOT NULL, name TEXT NOT NULL, place BIGINT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, name))
    {clustered};
";
