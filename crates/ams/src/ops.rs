//! Every operation of the service, as data.
//!
//! The table feeds retry, error texts, tracing, the raw door [`Client::call`](crate::Client::call) and the tests.
//! Three rules set the `idempotent` flag: reads, `PUT` and `DELETE` may be repeated; so may the calls that set a state;
//! what mints a token, stores a message or opens a delivery window may not.

use std::time::Duration;

use http::Method;
use pentad_core::{Api, Op};

/// The only version of the API; it is part of the endpoint, not of the templates.
pub const V1: Api = Api("v1");

/// The longest silence of a pull that waits for more messages (AMS reference 4.1).
pub const PULL_PATIENCE: Duration = Duration::from_secs(300);

macro_rules! ops {
    ($($name:ident = $id:literal $method:ident $path:literal, $idempotent:literal, $patience:expr, $section:literal, $doc:literal;)*) => {
        $(
            #[doc = $doc]
            pub static $name: Op = Op {
                id: $id,
                routes: &[(V1, Method::$method, $path)],
                idempotent: $idempotent,
                patience: $patience,
                source: concat!("AMS reference ", $section),
            };
        )*

        /// All operations, in the order of the reference.
        pub static OPS: &[&Op] = &[$(&$name),*];
    };
}

ops! {
    // Service
    STATUS = "ams.status" GET "/status", true, Duration::ZERO, "8.1", "Health of the service.";
    VERSION = "ams.version" GET "/version", true, Duration::ZERO, "8.2", "Build of the service.";
    METRICS = "ams.metrics" GET "/metrics", true, Duration::ZERO, "8.3", "CPU and memory of the nodes.";
    VA_METRICS = "ams.va_metrics" GET "/metrics/va_metrics", true, Duration::ZERO, "8.4", "Counts per project over a period.";
    USAGE_REPORT = "ams.usage_report" GET "/users/usageReport", true, Duration::ZERO, "8.5", "The caller's own projects over a period.";
    AUTHN = "ams.authn" GET "/service-types/ams/hosts/{host}:authx509", true, Duration::ZERO, "2.3", "Client certificate to token, on the authentication service.";
    // Users
    USER_LIST = "ams.user.list" GET "/users", true, Duration::ZERO, "9.2", "Users, a page at a time.";
    USER_PROFILE = "ams.user.profile" GET "/users/profile", true, Duration::ZERO, "9.2", "The caller.";
    USER_BY_TOKEN = "ams.user.by_token" GET "/users:byToken/{token}", true, Duration::ZERO, "9.2", "The user who owns a token.";
    USER_BY_UUID = "ams.user.by_uuid" GET "/users:byUUID/{uuid}", true, Duration::ZERO, "9.2", "The user with an identifier.";
    USER_GET = "ams.user.get" GET "/users/{user}", true, Duration::ZERO, "9.2", "One user.";
    USER_CREATE = "ams.user.create" POST "/users/{user}", false, Duration::ZERO, "9.2", "A new user, with a new token.";
    USER_UPDATE = "ams.user.update" PUT "/users/{user}", true, Duration::ZERO, "9.2", "Changes a user.";
    USER_DELETE = "ams.user.delete" DELETE "/users/{user}", true, Duration::ZERO, "9.2", "Removes a user.";
    USER_REFRESH_TOKEN = "ams.user.refresh_token" POST "/users/{user}:refreshToken", false, Duration::ZERO, "9.2", "Replaces a user's token.";
    // Projects and members
    PROJECT_LIST = "ams.project.list" GET "/projects", true, Duration::ZERO, "10.1", "All projects.";
    PROJECT_GET = "ams.project.get" GET "/projects/{project}", true, Duration::ZERO, "10.1", "One project.";
    PROJECT_CREATE = "ams.project.create" POST "/projects/{project}", false, Duration::ZERO, "10.1", "A new project.";
    PROJECT_UPDATE = "ams.project.update" PUT "/projects/{project}", true, Duration::ZERO, "10.1", "Changes a project.";
    PROJECT_DELETE = "ams.project.delete" DELETE "/projects/{project}", true, Duration::ZERO, "10.1", "Removes a project with its topics and subscriptions.";
    PROJECT_METRICS = "ams.project.metrics" GET "/projects/{project}:metrics", true, Duration::ZERO, "8.6", "Counters of a project.";
    MEMBER_LIST = "ams.member.list" GET "/projects/{project}/members", true, Duration::ZERO, "10.2", "Members of a project, a page at a time.";
    MEMBER_GET = "ams.member.get" GET "/projects/{project}/members/{user}", true, Duration::ZERO, "10.2", "One member.";
    MEMBER_CREATE = "ams.member.create" POST "/projects/{project}/members/{user}", false, Duration::ZERO, "10.2", "A new user inside a project.";
    MEMBER_UPDATE = "ams.member.update" PUT "/projects/{project}/members/{user}", true, Duration::ZERO, "10.2", "Changes a member's roles.";
    MEMBER_ADD = "ams.member.add" POST "/projects/{project}/members/{user}:add", true, Duration::ZERO, "10.2", "Makes a user a member.";
    MEMBER_REMOVE = "ams.member.remove" POST "/projects/{project}/members/{user}:remove", true, Duration::ZERO, "10.2", "Ends a membership.";
    // Topics
    TOPIC_LIST = "ams.topic.list" GET "/projects/{project}/topics", true, Duration::ZERO, "11.2", "Topics, a page at a time.";
    TOPIC_GET = "ams.topic.get" GET "/projects/{project}/topics/{topic}", true, Duration::ZERO, "11.2", "One topic.";
    TOPIC_CREATE = "ams.topic.create" PUT "/projects/{project}/topics/{topic}", true, Duration::ZERO, "11.2", "A new topic.";
    TOPIC_DELETE = "ams.topic.delete" DELETE "/projects/{project}/topics/{topic}", true, Duration::ZERO, "11.2", "Removes a topic.";
    TOPIC_PUBLISH = "ams.topic.publish" POST "/projects/{project}/topics/{topic}:publish", false, Duration::ZERO, "11.3", "Stores messages.";
    TOPIC_ACL = "ams.topic.acl" GET "/projects/{project}/topics/{topic}:acl", true, Duration::ZERO, "11.2", "Who may publish.";
    TOPIC_MODIFY_ACL = "ams.topic.modify_acl" POST "/projects/{project}/topics/{topic}:modifyAcl", true, Duration::ZERO, "11.2", "Sets who may publish.";
    TOPIC_METRICS = "ams.topic.metrics" GET "/projects/{project}/topics/{topic}:metrics", true, Duration::ZERO, "8.6", "Counters of a topic.";
    TOPIC_ATTACH_SCHEMA = "ams.topic.attach_schema" POST "/projects/{project}/topics/{topic}:attachSchema", true, Duration::ZERO, "11.2", "Ties a schema to a topic.";
    TOPIC_DETACH_SCHEMA = "ams.topic.detach_schema" POST "/projects/{project}/topics/{topic}:detachSchema", true, Duration::ZERO, "11.2", "Frees a topic of its schema.";
    TOPIC_SUBSCRIPTIONS = "ams.topic.subscriptions" GET "/projects/{project}/topics/{topic}/subscriptions", true, Duration::ZERO, "11.2", "Names of a topic's subscriptions.";
    // Subscriptions
    SUBSCRIPTION_LIST = "ams.subscription.list" GET "/projects/{project}/subscriptions", true, Duration::ZERO, "12.2", "Subscriptions, a page at a time.";
    SUBSCRIPTION_GET = "ams.subscription.get" GET "/projects/{project}/subscriptions/{subscription}", true, Duration::ZERO, "12.2", "One subscription.";
    SUBSCRIPTION_CREATE = "ams.subscription.create" PUT "/projects/{project}/subscriptions/{subscription}", true, Duration::ZERO, "12.3", "A new subscription.";
    SUBSCRIPTION_DELETE = "ams.subscription.delete" DELETE "/projects/{project}/subscriptions/{subscription}", true, Duration::ZERO, "12.2", "Removes a subscription.";
    SUBSCRIPTION_PULL = "ams.subscription.pull" POST "/projects/{project}/subscriptions/{subscription}:pull", false, PULL_PATIENCE, "12.5", "Reads messages and opens the window for one acknowledgement.";
    SUBSCRIPTION_ACK = "ams.subscription.ack" POST "/projects/{project}/subscriptions/{subscription}:acknowledge", true, Duration::ZERO, "12.6", "Moves the committed position.";
    SUBSCRIPTION_MODIFY_ACK_DEADLINE = "ams.subscription.modify_ack_deadline" POST "/projects/{project}/subscriptions/{subscription}:modifyAckDeadline", true, Duration::ZERO, "12.2", "Sets the time allowed between pull and acknowledgement.";
    SUBSCRIPTION_MODIFY_PUSH = "ams.subscription.modify_push_config" POST "/projects/{project}/subscriptions/{subscription}:modifyPushConfig", true, Duration::ZERO, "13.1", "Sets or ends push delivery.";
    SUBSCRIPTION_VERIFY_PUSH = "ams.subscription.verify_push_endpoint" POST "/projects/{project}/subscriptions/{subscription}:verifyPushEndpoint", true, Duration::ZERO, "13.3", "Proves that the push endpoint is ours.";
    SUBSCRIPTION_ACL = "ams.subscription.acl" GET "/projects/{project}/subscriptions/{subscription}:acl", true, Duration::ZERO, "12.2", "Who may pull.";
    SUBSCRIPTION_MODIFY_ACL = "ams.subscription.modify_acl" POST "/projects/{project}/subscriptions/{subscription}:modifyAcl", true, Duration::ZERO, "12.2", "Sets who may pull.";
    SUBSCRIPTION_OFFSETS = "ams.subscription.offsets" GET "/projects/{project}/subscriptions/{subscription}:offsets", true, Duration::ZERO, "12.7", "Oldest, next and end position.";
    SUBSCRIPTION_MODIFY_OFFSET = "ams.subscription.modify_offset" POST "/projects/{project}/subscriptions/{subscription}:modifyOffset", true, Duration::ZERO, "12.7", "Moves the next position.";
    SUBSCRIPTION_TIME_TO_OFFSET = "ams.subscription.time_to_offset" GET "/projects/{project}/subscriptions/{subscription}:timeToOffset", true, Duration::ZERO, "12.7", "Position of the first message at or after a time.";
    SUBSCRIPTION_METRICS = "ams.subscription.metrics" GET "/projects/{project}/subscriptions/{subscription}:metrics", true, Duration::ZERO, "8.6", "Counters of a subscription.";
    // Schemas
    SCHEMA_LIST = "ams.schema.list" GET "/projects/{project}/schemas", true, Duration::ZERO, "14.2", "All schemas of a project.";
    SCHEMA_GET = "ams.schema.get" GET "/projects/{project}/schemas/{schema}", true, Duration::ZERO, "14.2", "One schema.";
    SCHEMA_CREATE = "ams.schema.create" POST "/projects/{project}/schemas/{schema}", false, Duration::ZERO, "14.2", "A new schema.";
    SCHEMA_UPDATE = "ams.schema.update" PUT "/projects/{project}/schemas/{schema}", true, Duration::ZERO, "14.2", "Changes a schema.";
    SCHEMA_DELETE = "ams.schema.delete" DELETE "/projects/{project}/schemas/{schema}", true, Duration::ZERO, "14.2", "Removes a schema.";
    SCHEMA_VALIDATE = "ams.schema.validate" POST "/projects/{project}/schemas/{schema}:validate", true, Duration::ZERO, "14.2", "Checks one document against a schema.";
    // Registrations
    REGISTRATION_CREATE = "ams.registration.create" POST "/registrations", false, Duration::ZERO, "14.4", "Asks for a user.";
    REGISTRATION_LIST = "ams.registration.list" GET "/registrations", true, Duration::ZERO, "14.4", "Requests for users.";
    REGISTRATION_GET = "ams.registration.get" GET "/registrations/{uuid}", true, Duration::ZERO, "14.4", "One request.";
    REGISTRATION_DELETE = "ams.registration.delete" DELETE "/registrations/{uuid}", true, Duration::ZERO, "14.4", "Removes a request.";
    REGISTRATION_ACCEPT = "ams.registration.accept" POST "/registrations/{uuid}:accept", false, Duration::ZERO, "14.4", "Creates the user who was asked for.";
    REGISTRATION_DECLINE = "ams.registration.decline" POST "/registrations/{uuid}:decline", false, Duration::ZERO, "14.4", "Refuses a request.";
}

/// Finds an operation by its identifier, as in `ams.topic.publish`.
pub fn find(id: &str) -> Option<&'static Op> {
    pentad_core::op::find(OPS, id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn sixty_four_routes_and_the_certificate_exchange_are_listed_once() {
        let ids: BTreeSet<_> = OPS.iter().map(|op| op.id).collect();
        assert_eq!(ids.len(), 65);
        let routes: BTreeSet<_> = OPS.iter().map(|op| (op.routes[0].1.as_str(), op.routes[0].2)).collect();
        assert_eq!(routes.len(), 65);
    }

    #[test]
    fn publish_and_pull_are_not_repeated_and_only_pull_may_be_silent() {
        assert!(!TOPIC_PUBLISH.idempotent && !SUBSCRIPTION_PULL.idempotent);
        let silent: Vec<_> = OPS.iter().filter(|op| !op.patience.is_zero()).map(|op| op.id).collect();
        assert_eq!(silent, ["ams.subscription.pull"]);
    }
}
