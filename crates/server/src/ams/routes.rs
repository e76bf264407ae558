//! The 64 AMS routes and the certificate exchange, each with the roles it allows (AMS reference 2.3, 3.1 and 7).
//!
//! Order matters: the first row that fits wins, and a variable takes any characters but `/`.

use futures_util::future::BoxFuture;
use http::Method;

use super::error::Failure;
use super::handlers::{
    ack, acl, authn, members, metrics, offsets, projects, publish, pull, push_config, registrations, reports,
    schemas, status, subscriptions, topics, users,
};
use super::roles::{AV, CON, PA, PUB, PW, RoleSet, SA};
use super::{Ams, Call};
use crate::http::Reply;
use crate::route::{Decoding, Route, RouteTable};

/// What answers a route.
pub(crate) type Handler = for<'a> fn(&'a Ams, &'a mut Call) -> BoxFuture<'a, Result<Reply, Failure>>;

/// What a caller needs before the handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Nothing; the handler looks at the token itself or not at all.
    Open,
    /// One of these roles, and the project of the path, if it has one.
    Roles(RoleSet),
    /// One of these roles; the project of the path need not exist.
    NewProject(RoleSet),
}

/// One route: who may use it and what answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endpoint {
    pub(crate) gate: Gate,
    pub(crate) run: Handler,
}

type Row = Route<Endpoint>;

/// Compiles the table.
pub(crate) fn table() -> RouteTable<Endpoint> {
    let groups = [service(), accounts(), project_rows(), topic_rows(), subscription_rows(), schema_rows()];
    RouteTable::new(Decoding::Path, groups.into_iter().flatten().collect())
}

fn row(method: Method, template: &'static str, name: &'static str, allowed: RoleSet, run: Handler) -> Row {
    Route::new(method, template, name, Endpoint { gate: Gate::Roles(allowed), run })
}

fn open(template: &'static str, name: &'static str, run: Handler) -> Row {
    Route::new(Method::GET, template, name, Endpoint { gate: Gate::Open, run })
}

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const DELETE: Method = Method::DELETE;

/// Those who may look at everything.
const VIEW: RoleSet = SA.or(AV);
/// Those who manage a project.
const MANAGE: RoleSet = SA.or(PA);
/// Those who consume.
const CONSUME: RoleSet = MANAGE.or(CON).or(PW);

/// A path below one topic.
macro_rules! topic {
    ($tail:literal) => {
        concat!("/v1/projects/{project}/topics/{topic}", $tail)
    };
}

/// A path below one subscription.
macro_rules! subscription {
    ($tail:literal) => {
        concat!("/v1/projects/{project}/subscriptions/{subscription}", $tail)
    };
}

fn service() -> Vec<Row> {
    vec![
        open("/v1/status", "ams:healthStatus", |a, c| Box::pin(status::status(a, c))),
        open("/v1/version", "version:list", |a, c| Box::pin(status::version(a, c))),
        row(GET, "/v1/metrics", "ams:metrics", VIEW, |a, c| Box::pin(metrics::nodes(a, c))),
        row(GET, "/v1/metrics/va_metrics", "ams:vaMetrics", VIEW, |a, c| Box::pin(reports::va_metrics(a, c))),
        open("/v1/service-types/{type}/hosts/{host}:authx509", "authn:authx509", |a, c| {
            Box::pin(authn::exchange(a, c))
        }),
    ]
}

fn accounts() -> Vec<Row> {
    vec![
        open("/v1/users/usageReport", "users:usageReport", |a, c| Box::pin(reports::usage(a, c))),
        row(GET, "/v1/users", "users:list", VIEW, |a, c| Box::pin(users::list(a, c))),
        open("/v1/users/profile", "users:profile", |a, c| Box::pin(users::profile(a, c))),
        row(GET, "/v1/users:byToken/{token}", "users:byToken", SA, |a, c| Box::pin(users::by_token(a, c))),
        row(GET, "/v1/users:byUUID/{uuid}", "users:byUUID", SA, |a, c| Box::pin(users::by_uuid(a, c))),
        row(POST, "/v1/users/{user}:refreshToken", "users:refreshToken", SA, |a, c| {
            Box::pin(users::refresh_token(a, c))
        }),
        row(GET, "/v1/users/{user}", "users:show", VIEW, |a, c| Box::pin(users::show(a, c))),
        row(POST, "/v1/users/{user}", "users:create", SA, |a, c| Box::pin(users::create(a, c))),
        row(PUT, "/v1/users/{user}", "users:update", SA, |a, c| Box::pin(users::update(a, c))),
        row(DELETE, "/v1/users/{user}", "users:delete", SA, |a, c| Box::pin(users::delete(a, c))),
        row(POST, "/v1/registrations", "registrations:newUser", SA, |a, c| {
            Box::pin(registrations::create(a, c))
        }),
        row(GET, "/v1/registrations", "registrations:list", VIEW, |a, c| Box::pin(registrations::list(a, c))),
        row(POST, "/v1/registrations/{uuid}:accept", "registrations:acceptNewUser", SA, |a, c| {
            Box::pin(registrations::accept(a, c))
        }),
        row(POST, "/v1/registrations/{uuid}:decline", "registrations:declineNewUser", SA, |a, c| {
            Box::pin(registrations::decline(a, c))
        }),
        row(GET, "/v1/registrations/{uuid}", "registrations:show", VIEW, |a, c| {
            Box::pin(registrations::show(a, c))
        }),
        row(DELETE, "/v1/registrations/{uuid}", "registrations:delete", SA, |a, c| {
            Box::pin(registrations::delete(a, c))
        }),
    ]
}

fn project_rows() -> Vec<Row> {
    const SHOW: RoleSet = MANAGE.or(AV);
    let create = Endpoint { gate: Gate::NewProject(SA), run: |a, c| Box::pin(projects::create(a, c)) };
    vec![
        row(GET, "/v1/projects", "projects:list", VIEW, |a, c| Box::pin(projects::list(a, c))),
        row(GET, "/v1/projects/{project}:metrics", "projects:metrics", SHOW, |a, c| {
            Box::pin(metrics::project(a, c))
        }),
        row(GET, "/v1/projects/{project}", "projects:show", SHOW, |a, c| Box::pin(projects::show(a, c))),
        Route::new(POST, "/v1/projects/{project}", "projects:create", create),
        row(PUT, "/v1/projects/{project}", "projects:update", SA, |a, c| Box::pin(projects::update(a, c))),
        row(DELETE, "/v1/projects/{project}", "projects:delete", SA, |a, c| Box::pin(projects::delete(a, c))),
        row(GET, "/v1/projects/{project}/members", "projects:listUsers", SHOW, |a, c| {
            Box::pin(members::list(a, c))
        }),
        row(POST, "/v1/projects/{project}/members/{user}:add", "projects:addUser", MANAGE, |a, c| {
            Box::pin(members::add(a, c))
        }),
        row(POST, "/v1/projects/{project}/members/{user}:remove", "projects:removeUser", MANAGE, |a, c| {
            Box::pin(members::remove(a, c))
        }),
        row(GET, "/v1/projects/{project}/members/{user}", "projects:showUser", SHOW, |a, c| {
            Box::pin(members::show(a, c))
        }),
        row(POST, "/v1/projects/{project}/members/{user}", "projects:createUser", MANAGE, |a, c| {
            Box::pin(members::create(a, c))
        }),
        row(PUT, "/v1/projects/{project}/members/{user}", "projects:updateUser", MANAGE, |a, c| {
            Box::pin(members::update(a, c))
        }),
    ]
}

fn topic_rows() -> Vec<Row> {
    const LOOK: RoleSet = MANAGE.or(PUB).or(AV);
    vec![
        row(GET, "/v1/projects/{project}/topics", "topics:list", LOOK, |a, c| Box::pin(topics::list(a, c))),
        row(GET, topic!("/subscriptions"), "subscriptions:listByTopic", LOOK, |a, c| {
            Box::pin(topics::subscriptions(a, c))
        }),
        row(POST, topic!(":publish"), "topics:publish", PA.or(PUB), |a, c| Box::pin(publish::publish(a, c))),
        row(GET, topic!(":acl"), "topics:acl", MANAGE, |a, c| Box::pin(acl::show_topic(a, c))),
        row(POST, topic!(":modifyAcl"), "topics:modifyAcl", MANAGE, |a, c| Box::pin(acl::modify_topic(a, c))),
        row(GET, topic!(":metrics"), "topics:metrics", LOOK, |a, c| Box::pin(metrics::topic(a, c))),
        row(POST, topic!(":attachSchema"), "topics:attachSchema", MANAGE, |a, c| {
            Box::pin(topics::attach_schema(a, c))
        }),
        row(POST, topic!(":detachSchema"), "topics:detachSchema", MANAGE, |a, c| {
            Box::pin(topics::detach_schema(a, c))
        }),
        row(GET, topic!(""), "topics:show", LOOK.or(CON), |a, c| Box::pin(topics::show(a, c))),
        row(PUT, topic!(""), "topics:create", MANAGE, |a, c| Box::pin(topics::create(a, c))),
        row(DELETE, topic!(""), "topics:delete", MANAGE, |a, c| Box::pin(topics::delete(a, c))),
    ]
}

fn subscription_rows() -> Vec<Row> {
    const LOOK: RoleSet = CONSUME.or(AV);
    vec![
        row(GET, "/v1/projects/{project}/subscriptions", "subscriptions:list", LOOK, |a, c| {
            Box::pin(subscriptions::list(a, c))
        }),
        row(POST, subscription!(":pull"), "subscriptions:pull", CONSUME, |a, c| Box::pin(pull::pull(a, c))),
        row(POST, subscription!(":acknowledge"), "subscriptions:acknowledge", CONSUME, |a, c| {
            Box::pin(ack::acknowledge(a, c))
        }),
        row(POST, subscription!(":modifyAckDeadline"), "subscriptions:modifyAckDeadline", MANAGE, |a, c| {
            Box::pin(subscriptions::modify_ack_deadline(a, c))
        }),
        row(POST, subscription!(":modifyPushConfig"), "subscriptions:modifyPushConfig", MANAGE, |a, c| {
            Box::pin(push_config::modify(a, c))
        }),
        row(
            POST,
            subscription!(":verifyPushEndpoint"),
            "subscriptions:verifyPushEndpoint",
            MANAGE,
            |a, c| Box::pin(push_config::verify(a, c)),
        ),
        row(GET, subscription!(":acl"), "subscriptions:acl", MANAGE, |a, c| {
            Box::pin(acl::show_subscription(a, c))
        }),
        row(POST, subscription!(":modifyAcl"), "subscriptions:modifyAcl", MANAGE, |a, c| {
            Box::pin(acl::modify_subscription(a, c))
        }),
        row(GET, subscription!(":offsets"), "subscriptions:offsets", LOOK, |a, c| {
            Box::pin(offsets::show(a, c))
        }),
        row(POST, subscription!(":modifyOffset"), "subscriptions:modifyOffset", MANAGE, |a, c| {
            Box::pin(offsets::modify(a, c))
        }),
        row(GET, subscription!(":timeToOffset"), "subscriptions:timeToOffset", LOOK, |a, c| {
            Box::pin(offsets::at_time(a, c))
        }),
        row(GET, subscription!(":metrics"), "subscriptions:metrics", LOOK, |a, c| {
            Box::pin(metrics::subscription(a, c))
        }),
        row(GET, subscription!(""), "subscriptions:show", LOOK, |a, c| Box::pin(subscriptions::show(a, c))),
        row(PUT, subscription!(""), "subscriptions:create", MANAGE, |a, c| {
            Box::pin(subscriptions::create(a, c))
        }),
        row(DELETE, subscription!(""), "subscriptions:delete", MANAGE, |a, c| {
            Box::pin(subscriptions::delete(a, c))
        }),
    ]
}

fn schema_rows() -> Vec<Row> {
    const SHOW: RoleSet = MANAGE.or(PUB).or(CON).or(AV);
    vec![
        row(GET, "/v1/projects/{project}/schemas", "schemas:list", MANAGE.or(AV), |a, c| {
            Box::pin(schemas::list(a, c))
        }),
        row(
            POST,
            "/v1/projects/{project}/schemas/{schema}:validate",
            "schemas:validateMessage",
            MANAGE.or(PUB),
            |a, c| Box::pin(schemas::validate(a, c)),
        ),
        row(GET, "/v1/projects/{project}/schemas/{schema}", "schemas:show", SHOW, |a, c| {
            Box::pin(schemas::show(a, c))
        }),
        row(POST, "/v1/projects/{project}/schemas/{schema}", "schemas:create", MANAGE, |a, c| {
            Box::pin(schemas::create(a, c))
        }),
        row(PUT, "/v1/projects/{project}/schemas/{schema}", "schemas:update", MANAGE, |a, c| {
            Box::pin(schemas::update(a, c))
        }),
        row(DELETE, "/v1/projects/{project}/schemas/{schema}", "schemas:delete", MANAGE, |a, c| {
            Box::pin(schemas::delete(a, c))
        }),
    ]
}
