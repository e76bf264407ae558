//! Tables of Trove, in the portable subset.

use pentad_store::Migration;

/// Every version of the tables, oldest first.
pub(crate) static MIGRATIONS: &[Migration] =
    &[Migration { version: 1, sql: VERSION_1 }, Migration { version: 2, sql: VERSION_2 }];

/// `records` holds one document per thing; `tenant` is whose it is, `owner` what it is listed by beside its kind.
const VERSION_1: &str = "
CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO counters (name, value) VALUES ('seq', 0);
CREATE TABLE records (
    kind TEXT NOT NULL, id TEXT NOT NULL, seq BIGINT NOT NULL, tenant TEXT NOT NULL, owner TEXT NOT NULL,
    doc TEXT NOT NULL, PRIMARY KEY (kind, id));
CREATE INDEX records_tenant ON records (kind, tenant, id);
CREATE INDEX records_owner ON records (kind, owner, seq);
CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY, due_at BIGINT NOT NULL, seq BIGINT NOT NULL, target TEXT NOT NULL,
    doc TEXT NOT NULL);
CREATE INDEX jobs_due ON jobs (due_at, seq);
CREATE INDEX jobs_target ON jobs (target);
";

/// The table of records as all services have it: whose something is became its scope, and its id its name.
const VERSION_2: &str = "
DROP INDEX records_tenant;
ALTER TABLE records RENAME COLUMN tenant TO scope;
ALTER TABLE records ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE records ADD COLUMN rank BIGINT NOT NULL DEFAULT 0;
UPDATE records SET name = id;
INSERT INTO counters (name, value) VALUES ('again', 1);
CREATE UNIQUE INDEX records_name ON records (kind, scope, name);
CREATE INDEX records_seq ON records (kind, seq);
CREATE INDEX records_rank ON records (kind, scope, rank);
";
