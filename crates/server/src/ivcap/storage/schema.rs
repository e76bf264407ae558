//! Tables of IVCAP, in the portable subset.

use pentad_store::Migration;

/// Every version of the tables, oldest first.
pub(crate) static MIGRATIONS: &[Migration] = &[
    Migration { version: 1, sql: VERSION_1 },
    Migration { version: 2, sql: super::work::WORK_1 },
    Migration { version: 3, sql: VERSION_3 },
    Migration { version: 4, sql: super::parts::PARTS_1 },
];

/// `things` and `aspects` hold versions: a row is valid from `valid_from` until just before `valid_to`, which is
/// [`OPEN`](super::OPEN) while it is the present one.
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

/// What is valid and what has ended stand in indexes of their own: adding writes nothing to those of the past, and
/// the present costs nothing for its past. The indexes follow the ways that lists are asked for, in the order of ids, which is
/// that of time. What other accounts may read stands in further ones, by its policy; the usual one of aspects lets nobody
/// in and is left out. `span` tells how long an ended aspect was valid ([`super::aspects`]).
const VERSION_3: &str = "
ALTER TABLE aspects ADD COLUMN span BIGINT NOT NULL DEFAULT 63;
DROP INDEX aspects_entity;
DROP INDEX aspects_schema;
DROP INDEX aspects_time;
CREATE INDEX aspects_now_entity ON aspects (entity, schema, uid) WHERE valid_to = 9223372036854775807;
CREATE INDEX aspects_now_schema ON aspects (schema, account, uid) WHERE valid_to = 9223372036854775807;
CREATE INDEX aspects_now ON aspects (account, uid) WHERE valid_to = 9223372036854775807;
CREATE INDEX aspects_now_shared ON aspects (policy, uid)
    WHERE valid_to = 9223372036854775807 AND policy <> 'urn:ivcap:policy:ivcap.base.metadata';
CREATE INDEX aspects_past_entity ON aspects (entity, schema, span, uid) WHERE valid_to < 9223372036854775807;
CREATE INDEX aspects_past_schema ON aspects (schema, account, span, uid) WHERE valid_to < 9223372036854775807;
CREATE INDEX aspects_past ON aspects (account, span, uid) WHERE valid_to < 9223372036854775807;
CREATE INDEX aspects_past_shared ON aspects (policy, span, uid)
    WHERE valid_to < 9223372036854775807 AND policy <> 'urn:ivcap:policy:ivcap.base.metadata';
DROP INDEX things_order;
DROP INDEX things_parent;
DROP INDEX things_name;
CREATE INDEX things_now ON things (kind, created, id) WHERE valid_to = 9223372036854775807;
CREATE INDEX things_now_account ON things (kind, account, created, id) WHERE valid_to = 9223372036854775807;
CREATE INDEX things_now_policy ON things (kind, policy, created, id) WHERE valid_to = 9223372036854775807;
CREATE INDEX things_now_parent ON things (parent, kind, created, id)
    WHERE parent <> '' AND valid_to = 9223372036854775807;
CREATE INDEX things_now_name ON things (name, kind, account) WHERE name <> '' AND valid_to = 9223372036854775807;
CREATE INDEX things_past ON things (kind, created, id) WHERE valid_to < 9223372036854775807;
CREATE INDEX things_past_parent ON things (parent, kind, created, id)
    WHERE parent <> '' AND valid_to < 9223372036854775807;
ALTER TABLE messages ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
UPDATE messages SET bytes = LENGTH(content);
DROP INDEX messages_queue;
CREATE INDEX messages_queue ON messages (queue, seq, bytes);
";
