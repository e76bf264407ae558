//! Tables of the identity service, in the portable subset.

use pentad_store::Migration;

/// Every version of the tables, oldest first.
pub(crate) static MIGRATIONS: &[Migration] = &[
    Migration { version: 1, sql: VERSION_1 },
    Migration { version: 2, sql: VERSION_2 },
    Migration { version: 3, sql: VERSION_3 },
];

/// `records` holds one document per thing; `scope` and `name` are unique within a kind, `owner` is what it is listed by.
const VERSION_1: &str = "
CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO counters (name, value) VALUES ('seq', 0);
CREATE TABLE records (
    kind TEXT NOT NULL, id TEXT NOT NULL, seq BIGINT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL,
    owner TEXT NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (kind, id));
CREATE UNIQUE INDEX records_name ON records (kind, scope, name);
CREATE INDEX records_seq ON records (kind, seq);
CREATE INDEX records_owner ON records (kind, owner, seq);
CREATE TABLE grants (
    target TEXT NOT NULL, target_id TEXT NOT NULL, actor TEXT NOT NULL, actor_id TEXT NOT NULL,
    role_id TEXT NOT NULL, inherited BIGINT NOT NULL, seq BIGINT NOT NULL,
    PRIMARY KEY (target, target_id, actor, actor_id, role_id, inherited));
CREATE INDEX grants_actor ON grants (actor, actor_id);
CREATE INDEX grants_role ON grants (role_id);
CREATE TABLE members (group_id TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (group_id, user_id));
CREATE INDEX members_user ON members (user_id);
CREATE TABLE implied (prior_id TEXT NOT NULL, implied_id TEXT NOT NULL, PRIMARY KEY (prior_id, implied_id));
CREATE TABLE revoked (audit_id TEXT NOT NULL PRIMARY KEY, expires_at BIGINT NOT NULL, revoked_at BIGINT NOT NULL);
CREATE INDEX revoked_expires ON revoked (expires_at);
CREATE TABLE failures (user_id TEXT NOT NULL PRIMARY KEY, count BIGINT NOT NULL, last_at BIGINT NOT NULL);
CREATE TABLE secrets (name TEXT NOT NULL PRIMARY KEY, sealed {blob} NOT NULL);
";

/// When trusts end, for those that do.
const VERSION_2: &str = "
CREATE TABLE trust_ends (id TEXT NOT NULL PRIMARY KEY, ends_at BIGINT NOT NULL);
CREATE INDEX trust_ends_at ON trust_ends (ends_at);
";

/// The table of records as all services have it: what has no name of its own has its id for one.
const VERSION_3: &str = "
ALTER TABLE records ADD COLUMN rank BIGINT NOT NULL DEFAULT 0;
UPDATE records SET scope = '', name = id WHERE name = '';
";
