//! Tables of IVCAP, in the portable subset.

use pentad_store::Migration;

/// Every version of the tables, oldest first.
pub(crate) static MIGRATIONS: &[Migration] =
    &[Migration { version: 1, sql: VERSION_1 }, Migration { version: 2, sql: super::work::WORK_1 }];

/// `things` and `aspects` hold versions: a row is valid from `valid_from` until just before `valid_to`, which is
/// [`OPEN`](super::OPEN) while it is the present one. The indexes of `aspects` follow the ways that lists are asked for
/// (entity and schema, schema alone, neither), each in the order of time; what has ended stands in indexes of its own,
/// so that adding writes nothing there.
const VERSION_1: &str = "
CREATE TABLE things (
    kind TEXT NOT NULL, id TEXT NOT NULL, valid_from BIGINT NOT NULL, valid_to BIGINT NOT NULL,
    created BIGINT NOT NULL, account TEXT NOT NULL, policy TEXT NOT NULL, name TEXT NOT NULL, parent TEXT NOT NULL,
    doc TEXT NOT NULL, PRIMARY KEY (kind, id, valid_from));
CREATE INDEX things_order ON things (kind, created, id, valid_from);
CREATE INDEX things_parent ON things (parent, kind, created, id) WHERE parent <> '';
CREATE INDEX things_name ON things (name, kind, account) WHERE name <> '';
CREATE INDEX things_time ON things (valid_from);
CREATE INDEX things_ended ON things (valid_to) WHERE valid_to < 9223372036854775807;
CREATE TABLE aspects (
    uid {blob} NOT NULL PRIMARY KEY, entity TEXT NOT NULL, schema TEXT NOT NULL, valid_from BIGINT NOT NULL,
    valid_to BIGINT NOT NULL, account TEXT NOT NULL, policy TEXT NOT NULL, asserter TEXT NOT NULL, retracter TEXT,
    replaces {blob}, content TEXT NOT NULL);
CREATE INDEX aspects_entity ON aspects (entity, schema, valid_from, uid);
CREATE INDEX aspects_schema ON aspects (schema, valid_from, uid);
CREATE INDEX aspects_time ON aspects (valid_from, uid);
CREATE INDEX aspects_ended ON aspects (valid_to) WHERE valid_to < 9223372036854775807;
CREATE TABLE messages (
    seq {serial}, queue TEXT NOT NULL, id TEXT NOT NULL, schema TEXT NOT NULL, content_type TEXT NOT NULL,
    content TEXT NOT NULL, at BIGINT NOT NULL);
CREATE INDEX messages_queue ON messages (queue, seq);
CREATE TABLE secrets (
    account TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, sealed {blob} NOT NULL, expires BIGINT NOT NULL,
    PRIMARY KEY (account, name, kind));
CREATE TABLE own (name TEXT NOT NULL PRIMARY KEY, sealed {blob} NOT NULL);
CREATE TABLE renewals (digest {blob} NOT NULL PRIMARY KEY, sealed {blob} NOT NULL, expires BIGINT NOT NULL);
CREATE INDEX renewals_expires ON renewals (expires);
";
