//! Tables of Zaqar, in the portable subset.
//!
//! A row of `queues` is a box of messages under a name of a project; with `live = 0` it only collects dead letters
//! for a queue that nobody has created. `messages.state` says whether a message can be claimed (0), carries a claim (1) or
//! is delayed (2): one index gives each kind in order. `ready_at` is 0 for what can be claimed, else the moment at which
//! the claim or the delay ends; what ended is found by the rows of `claims`, and by indexes that only delayed messages are
//! in. The counters in `queues` say how many rows of `messages` it has, and how many of these carry a claim; `watched` is 0
//! where there are no subscriptions, which are looked for only where it is not. What may hold passwords and tokens of
//! others (options of subscriptions, URIs and options of pools) is sealed.

use pentad_store::Migration;

/// Every version of the tables, oldest first.
pub(crate) static MIGRATIONS: &[Migration] = &[Migration { version: 1, sql: VERSION_1 }];

const VERSION_1: &str = "
CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO counters (name, value) VALUES ('id', 0);
CREATE TABLE installation (name TEXT NOT NULL PRIMARY KEY, value {blob} NOT NULL);
CREATE TABLE queues (
    id BIGINT NOT NULL PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, live BIGINT NOT NULL,
    metadata TEXT NOT NULL, created_at BIGINT NOT NULL, next_seq BIGINT NOT NULL, total BIGINT NOT NULL,
    claimed BIGINT NOT NULL, watched BIGINT NOT NULL);
CREATE UNIQUE INDEX queues_name ON queues (project, name);
CREATE TABLE messages (
    queue_id BIGINT NOT NULL, seq BIGINT NOT NULL, client TEXT NOT NULL, body TEXT NOT NULL, checksum TEXT,
    ttl BIGINT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, delayed_until BIGINT NOT NULL,
    state BIGINT NOT NULL, ready_at BIGINT NOT NULL, claim TEXT, claim_count BIGINT NOT NULL, alias TEXT,
    PRIMARY KEY (queue_id, seq));
CREATE INDEX messages_state ON messages (queue_id, state, seq);
CREATE INDEX messages_delayed ON messages (queue_id, ready_at) WHERE state = 2;
CREATE INDEX messages_due ON messages (ready_at) WHERE state = 2;
CREATE INDEX messages_expiry ON messages (expires_at);
CREATE TABLE moved (
    queue_id BIGINT NOT NULL, alias TEXT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (queue_id, alias));
CREATE TABLE claims (
    id TEXT NOT NULL, queue_id BIGINT NOT NULL, ttl BIGINT NOT NULL, renewed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL, seqs TEXT NOT NULL, PRIMARY KEY (id, queue_id));
CREATE INDEX claims_expiry ON claims (expires_at);
CREATE INDEX claims_queue ON claims (queue_id, expires_at);
CREATE TABLE graves (queue_id BIGINT NOT NULL PRIMARY KEY);
CREATE TABLE subscriptions (
    id TEXT NOT NULL PRIMARY KEY, place BIGINT NOT NULL, project TEXT NOT NULL, queue TEXT NOT NULL,
    subscriber TEXT NOT NULL, ttl BIGINT NOT NULL, options {blob} NOT NULL, confirmed BIGINT NOT NULL,
    created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL);
CREATE UNIQUE INDEX subscriptions_subscriber ON subscriptions (project, queue, subscriber);
CREATE INDEX subscriptions_place ON subscriptions (project, queue, place);
CREATE INDEX subscriptions_expiry ON subscriptions (expires_at);
CREATE TABLE pools (
    name TEXT NOT NULL PRIMARY KEY, uri {blob} NOT NULL, weight BIGINT NOT NULL, flavor TEXT, options {blob} NOT NULL);
CREATE INDEX pools_flavor ON pools (flavor, name);
CREATE TABLE flavors (name TEXT NOT NULL PRIMARY KEY, capabilities TEXT NOT NULL);
";
