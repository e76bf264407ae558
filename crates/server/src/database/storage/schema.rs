//! Tables of Trove, in the portable subset.

use pentad_store::Migration;

/// Every version of the tables, oldest first.
pub(crate) static MIGRATIONS: &[Migration] = &[Migration { version: 1, sql: VERSION_1 }];

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
