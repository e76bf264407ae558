//! Tables of AMS, in the portable subset.

use pentad_store::Migration;

/// Every version of the tables, oldest first.
pub(crate) static MIGRATIONS: &[Migration] = &[Migration { version: 1, sql: VERSION_1 }];

const VERSION_1: &str = "
CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO counters (name, value) VALUES ('id', 0);
CREATE TABLE users (
    id BIGINT NOT NULL PRIMARY KEY, uuid TEXT NOT NULL, name TEXT NOT NULL, first_name TEXT NOT NULL,
    last_name TEXT NOT NULL, organization TEXT NOT NULL, description TEXT NOT NULL, email TEXT NOT NULL,
    token_digest TEXT NOT NULL, token {blob} NOT NULL, service_roles TEXT, created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL, created_by BIGINT);
CREATE UNIQUE INDEX users_name ON users (name);
CREATE UNIQUE INDEX users_token ON users (token_digest);
CREATE INDEX users_uuid ON users (uuid);
CREATE TABLE subjects (subject TEXT NOT NULL PRIMARY KEY, user_id BIGINT NOT NULL);
CREATE TABLE projects (
    id BIGINT NOT NULL PRIMARY KEY, uuid TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL,
    created_at BIGINT NOT NULL, modified_at BIGINT NOT NULL, created_by BIGINT);
CREATE UNIQUE INDEX projects_name ON projects (name);
CREATE TABLE members (
    user_id BIGINT NOT NULL, project_id BIGINT NOT NULL, place BIGINT NOT NULL, roles TEXT,
    PRIMARY KEY (user_id, project_id));
CREATE INDEX members_project ON members (project_id, user_id);
CREATE TABLE topics (
    id BIGINT NOT NULL PRIMARY KEY, project_id BIGINT NOT NULL, name TEXT NOT NULL, schema_id BIGINT,
    created_at BIGINT NOT NULL, first_offset BIGINT NOT NULL, next_offset BIGINT NOT NULL, bytes BIGINT NOT NULL,
    last_at BIGINT NOT NULL, last_count BIGINT NOT NULL, last_span BIGINT NOT NULL);
CREATE UNIQUE INDEX topics_name ON topics (project_id, name);
CREATE TABLE segments (
    topic_id BIGINT NOT NULL, first_offset BIGINT NOT NULL, count BIGINT NOT NULL, at BIGINT NOT NULL,
    body {blob} NOT NULL, PRIMARY KEY (topic_id, first_offset));
CREATE TABLE graves (topic_id BIGINT NOT NULL PRIMARY KEY);
CREATE TABLE topic_acl (topic_id BIGINT NOT NULL, user_id BIGINT NOT NULL, place BIGINT NOT NULL,
    PRIMARY KEY (topic_id, user_id));
CREATE INDEX topic_acl_user ON topic_acl (user_id);
CREATE TABLE subscriptions (
    id BIGINT NOT NULL PRIMARY KEY, project_id BIGINT NOT NULL, name TEXT NOT NULL, topic TEXT NOT NULL,
    ack_deadline BIGINT NOT NULL, position BIGINT NOT NULL, window_end BIGINT NOT NULL, pulled_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL, messages BIGINT NOT NULL, bytes BIGINT NOT NULL, last_at BIGINT NOT NULL,
    last_count BIGINT NOT NULL, last_span BIGINT NOT NULL, push TEXT, push_header {blob},
    push_status TEXT NOT NULL);
CREATE UNIQUE INDEX subscriptions_name ON subscriptions (project_id, name);
CREATE INDEX subscriptions_topic ON subscriptions (project_id, topic);
CREATE TABLE subscription_acl (subscription_id BIGINT NOT NULL, user_id BIGINT NOT NULL, place BIGINT NOT NULL,
    PRIMARY KEY (subscription_id, user_id));
CREATE INDEX subscription_acl_user ON subscription_acl (user_id);
CREATE TABLE daily (
    project_id BIGINT NOT NULL, topic_id BIGINT NOT NULL, day TEXT NOT NULL, count BIGINT NOT NULL,
    PRIMARY KEY (project_id, topic_id, day));
CREATE TABLE schemas (
    id BIGINT NOT NULL PRIMARY KEY, uuid TEXT NOT NULL, project_id BIGINT NOT NULL, name TEXT NOT NULL,
    kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE UNIQUE INDEX schemas_name ON schemas (project_id, name);
CREATE TABLE registrations (
    id BIGINT NOT NULL PRIMARY KEY, uuid TEXT NOT NULL, name TEXT NOT NULL, first_name TEXT NOT NULL,
    last_name TEXT NOT NULL, organization TEXT NOT NULL, description TEXT NOT NULL, email TEXT NOT NULL,
    status TEXT NOT NULL, decline_comment TEXT NOT NULL, activation_digest TEXT NOT NULL, activation {blob},
    registered_at BIGINT NOT NULL, modified_by TEXT NOT NULL, modified_at BIGINT NOT NULL);
CREATE UNIQUE INDEX registrations_uuid ON registrations (uuid);
";
