//! Every operation of the platform, as data, with the dialects that have it.
//!
//! The table feeds retry, error texts, tracing, the raw door [`Client::call`](crate::Client::call) and the tests.

use std::time::Duration;

use http::Method;
use pentad_core::{Api, Op};

/// API 0.23 to 0.25.
pub const L23: Api = Api("l23");
/// API 0.26 to 0.29.
pub const L28: Api = Api("l28");
/// API 0.44 and later.
pub const MODERN: Api = Api("modern");

/// How long the platform may take to store or to read a blob, or to write a job's first event.
const LONG: Duration = Duration::from_secs(60);
const NONE: Duration = Duration::ZERO;

macro_rules! routes {
    (all $method:ident $path:literal) => {
        &[(L23, Method::$method, $path), (L28, Method::$method, $path), (MODERN, Method::$method, $path)]
    };
    (old $method:ident $path:literal) => {
        &[(L23, Method::$method, $path), (L28, Method::$method, $path)]
    };
    (later $method:ident $path:literal) => {
        &[(L28, Method::$method, $path), (MODERN, Method::$method, $path)]
    };
    (modern $method:ident $path:literal) => {
        &[(MODERN, Method::$method, $path)]
    };
    (service $method:ident $path:literal) => {
        &[
            (L23, Method::$method, concat!("/1/services", $path)),
            (L28, Method::$method, concat!("/1/services", $path)),
            (MODERN, Method::$method, concat!("/1/services2", $path)),
        ]
    };
}

macro_rules! ops {
    ($($name:ident = $id:literal $dialects:ident $method:ident $path:literal, $idempotent:literal, $patience:ident, $section:literal, $doc:literal;)*) => {
        $(
            #[doc = $doc]
            pub static $name: Op = Op {
                id: $id,
                routes: routes!($dialects $method $path),
                idempotent: $idempotent,
                patience: $patience,
                source: concat!("IVCAP reference ", $section),
            };
        )*

        /// All operations, in the order of the reference.
        pub static OPS: &[&Op] = &[$(&$name),*];
    };
}

ops! {
    // Services
    SERVICE_LIST = "ivcap.service.list" service GET "", true, NONE, "7.2", "Services.";
    SERVICE_CREATE = "ivcap.service.create" service POST "", false, NONE, "7.2", "Registers a service.";
    SERVICE_GET = "ivcap.service.get" service GET "/{id}", true, NONE, "7.2", "One service, its parameters included.";
    SERVICE_UPDATE = "ivcap.service.update" service PUT "/{id}", true, NONE, "7.2", "Replaces a service.";
    SERVICE_DELETE = "ivcap.service.delete" service DELETE "/{id}", true, NONE, "7.2", "Removes a service.";
    WORKFLOW_LIST = "ivcap.workflow.list" modern GET "/1/services", true, NONE, "7.2", "Services in the form that is made of workflows.";
    WORKFLOW_CREATE = "ivcap.workflow.create" modern POST "/1/services", false, NONE, "7.2", "Registers a service made of a workflow.";
    WORKFLOW_GET = "ivcap.workflow.get" modern GET "/1/services/{id}", true, NONE, "7.2", "One service made of a workflow.";
    WORKFLOW_UPDATE = "ivcap.workflow.update" modern PUT "/1/services/{id}", true, NONE, "7.2", "Replaces a service made of a workflow.";
    WORKFLOW_DELETE = "ivcap.workflow.delete" modern DELETE "/1/services/{id}", true, NONE, "7.2", "Removes a service made of a workflow.";
    // Orders
    ORDER_LIST = "ivcap.order.list" all GET "/1/orders", true, NONE, "7.3", "Orders.";
    ORDER_CREATE = "ivcap.order.create" all POST "/1/orders", false, NONE, "7.3", "Places an order.";
    ORDER_GET = "ivcap.order.get" all GET "/1/orders/{id}", true, NONE, "7.3", "One order.";
    ORDER_LOGS = "ivcap.order.logs" modern GET "/1/orders/{id}/logs", true, NONE, "7.3", "What an order has written.";
    ORDER_TOP = "ivcap.order.top" modern GET "/1/orders/{id}/top", true, NONE, "7.3", "What an order uses.";
    ORDER_PRODUCTS = "ivcap.order.products" modern GET "/1/orders/{id}/products", true, NONE, "7.3", "What an order has produced.";
    ORDER_METADATA = "ivcap.order.metadata" modern GET "/1/orders/{id}/metadata", true, NONE, "7.3", "Links to the metadata of an order.";
    // Jobs
    JOB_CREATE = "ivcap.job.create" modern POST "/1/services2/{service}/jobs", false, NONE, "7.4", "Requests a job.";
    JOB_LIST = "ivcap.job.list" modern GET "/1/services2/{service}/jobs", true, NONE, "7.4", "Jobs of a service.";
    JOB_GET = "ivcap.job.get" modern GET "/1/services2/{service}/jobs/{id}", true, NONE, "7.4", "One job.";
    JOB_OUTPUT = "ivcap.job.output" modern GET "/1/services2/{service}/jobs/{id}/output", true, NONE, "7.4", "The result of a job.";
    JOB_EVENTS = "ivcap.job.events" modern GET "/1/services2/{service}/jobs/{id}/events", true, LONG, "7.4", "What happens to a job, while it happens.";
    // Artifacts
    ARTIFACT_LIST = "ivcap.artifact.list" all GET "/1/artifacts", true, NONE, "7.5", "Artifacts.";
    ARTIFACT_CREATE = "ivcap.artifact.create" all POST "/1/artifacts", false, NONE, "7.5", "Makes an artifact's record.";
    ARTIFACT_GET = "ivcap.artifact.get" all GET "/1/artifacts/{id}", true, NONE, "7.5", "An artifact's record.";
    ARTIFACT_DELETE = "ivcap.artifact.delete" all DELETE "/1/artifacts/{id}", true, NONE, "7.5", "Ends an artifact. No API document has it, the local server does.";
    BLOB_READ = "ivcap.blob.read" all GET "/{=path}", true, LONG, "7.5", "The content of an artifact, at the path of the record's link.";
    BLOB_OFFSET = "ivcap.blob.offset" all HEAD "/{=path}", true, NONE, "7.6", "How much of a content has arrived.";
    BLOB_WRITE = "ivcap.blob.write" all PATCH "/{=path}", false, LONG, "7.6", "The next part of a content.";
    BLOB_OPEN = "ivcap.blob.open" all POST "/{=path}", false, NONE, "7.6", "Begins a content of unknown length.";
    BLOB_OPTIONS = "ivcap.blob.options" all OPTIONS "/{=path}", true, NONE, "7.6", "What the platform can do with uploads.";
    BLOB_PUT = "ivcap.blob.put" all PUT "/{=path}", true, LONG, "7.5", "A whole content in one request.";
    BLOB_TERMINATE = "ivcap.blob.terminate" all DELETE "/{=path}", true, NONE, "7.6", "Ends an upload, and its artifact with it.";
    // Metadata records
    METADATA_LIST = "ivcap.metadata.list" all GET "/1/metadata", true, NONE, "7.7", "Metadata records.";
    METADATA_CREATE = "ivcap.metadata.create" all POST "/1/metadata", false, NONE, "7.7", "Attaches metadata to an entity.";
    METADATA_REPLACE = "ivcap.metadata.replace" all PUT "/1/metadata", false, NONE, "7.7", "Retracts the one record of an entity and schema and attaches another.";
    METADATA_GET = "ivcap.metadata.get" all GET "/1/metadata/{id}", true, NONE, "7.7", "One record.";
    METADATA_UPDATE = "ivcap.metadata.update" later PUT "/1/metadata/{id}", false, NONE, "7.7", "Retracts a record and attaches another.";
    METADATA_DELETE = "ivcap.metadata.delete" all DELETE "/1/metadata/{id}", true, NONE, "7.7", "Retracts a record.";
    // Aspects
    ASPECT_LIST = "ivcap.aspect.list" modern GET "/1/aspects", true, NONE, "7.8", "Aspects.";
    ASPECT_CREATE = "ivcap.aspect.create" modern POST "/1/aspects", false, NONE, "7.8", "Attaches an aspect to an entity.";
    ASPECT_REPLACE = "ivcap.aspect.replace" modern PUT "/1/aspects", false, NONE, "7.8", "Retracts the one aspect of an entity and schema and attaches another.";
    ASPECT_GET = "ivcap.aspect.get" modern GET "/1/aspects/{id}", true, NONE, "7.8", "One aspect.";
    ASPECT_DELETE = "ivcap.aspect.delete" modern DELETE "/1/aspects/{id}", true, NONE, "7.8", "Retracts an aspect.";
    // Search
    SEARCH = "ivcap.search" modern POST "/1/search", true, NONE, "7.9", "Answers a query in the platform's rule language.";
    // Queues
    QUEUE_LIST = "ivcap.queue.list" modern GET "/1/queues", true, NONE, "7.10", "Queues.";
    QUEUE_CREATE = "ivcap.queue.create" modern POST "/1/queues", false, NONE, "7.10", "Creates a queue.";
    QUEUE_GET = "ivcap.queue.get" modern GET "/1/queues/{id}", true, NONE, "7.10", "One queue with its counts.";
    QUEUE_DELETE = "ivcap.queue.delete" modern DELETE "/1/queues/{id}", true, NONE, "7.10", "Removes a queue with its messages.";
    QUEUE_ENQUEUE = "ivcap.queue.enqueue" modern POST "/1/queues/{id}/messages", false, NONE, "7.10", "Puts a message into a queue.";
    QUEUE_DEQUEUE = "ivcap.queue.dequeue" modern GET "/1/queues/{id}/messages", false, NONE, "7.10", "Takes messages out of a queue.";
    // Secrets
    SECRET_LIST = "ivcap.secret.list" modern GET "/1/secrets/list", true, NONE, "7.11", "Names of secrets.";
    SECRET_GET = "ivcap.secret.get" modern GET "/1/secrets", true, NONE, "7.11", "One secret with its value.";
    SECRET_SET = "ivcap.secret.set" modern POST "/1/secrets", true, NONE, "7.11", "Sets a secret.";
    // Projects
    PROJECT_LIST = "ivcap.project.list" modern GET "/1/project", true, NONE, "7.12", "Projects.";
    PROJECT_CREATE = "ivcap.project.create" modern POST "/1/project", false, NONE, "7.12", "Creates a project.";
    PROJECT_GET = "ivcap.project.get" modern GET "/1/project/{id}", true, NONE, "7.12", "One project.";
    PROJECT_UPDATE = "ivcap.project.update" modern PUT "/1/project/{urn}", true, NONE, "7.12", "Changes a project.";
    PROJECT_DELETE = "ivcap.project.delete" modern DELETE "/1/project/{id}", true, NONE, "7.12", "Removes a project.";
    PROJECT_DEFAULT = "ivcap.project.default" modern GET "/1/project/default", true, NONE, "7.12", "The caller's default project.";
    PROJECT_SET_DEFAULT = "ivcap.project.set_default" modern PUT "/1/project/default", true, NONE, "7.12", "Chooses a default project.";
    PROJECT_MEMBERS = "ivcap.project.members" modern GET "/1/project/{urn}/members", true, NONE, "7.12", "Members of a project.";
    PROJECT_ADD_MEMBER = "ivcap.project.add_member" modern PUT "/1/project/{project}/memberships/{user}", true, NONE, "7.12", "Gives somebody a role in a project.";
    PROJECT_REMOVE_MEMBER = "ivcap.project.remove_member" modern DELETE "/1/project/{project}/memberships/{user}", true, NONE, "7.12", "Takes somebody out of a project.";
    PROJECT_ACCOUNT = "ivcap.project.account" modern GET "/1/project/{project}/account", true, NONE, "7.12", "The account that pays for a project.";
    PROJECT_SET_ACCOUNT = "ivcap.project.set_account" modern PUT "/1/project/{project}/account", true, NONE, "7.12", "Chooses the account that pays for a project.";
    // Packages
    PACKAGE_LIST = "ivcap.package.list" modern GET "/1/packages/list", true, NONE, "7.13", "Container images.";
    PACKAGE_REMOVE = "ivcap.package.remove" modern DELETE "/1/packages/remove", true, NONE, "7.13", "Removes a container image.";
    PACKAGE_PULL = "ivcap.package.pull" modern GET "/1/packages/pull", true, LONG, "7.13", "A part of a container image. Up to API 0.44.";
    PACKAGE_PUSH = "ivcap.package.push" modern POST "/1/packages/push", false, LONG, "7.13", "Stores a part of a container image. Up to API 0.44.";
    PACKAGE_STATUS = "ivcap.package.status" modern GET "/1/packages/status", true, NONE, "7.13", "How far a push is. Up to API 0.44.";
    DASHBOARD_LIST = "ivcap.dashboard.list" modern GET "/1/dashboards", true, NONE, "7.13", "Dashboards.";
    // The platform
    API_DOCUMENT = "ivcap.api_document" all GET "/1/openapi/openapi3.json", true, NONE, "2.3", "The API as a document.";
    LOGIN_INFORMATION = "ivcap.login_information" all GET "/1/authinfo.yaml", true, NONE, "2.3", "Where to log in.";
    LOGIN_BEGIN = "ivcap.login.begin" all POST "", false, NONE, "2.3", "Begins a login on another device.";
    LOGIN_TOKEN = "ivcap.login.token" all POST "", false, NONE, "2.3", "Fetches or renews a token.";
    // Inside a job
    TASK_NEXT = "ivcap.task.next" all GET "/next_job", false, LONG, "9.11", "The next job for this container.";
    TASK_RESULT = "ivcap.task.result" all POST "/results/{job}", true, NONE, "9.11", "Hands a job's result over.";
    TASK_EVENT = "ivcap.task.event" all POST "/events/{job}", false, NONE, "9.11", "Tells of a job's progress.";
    TASK_SECRET = "ivcap.task.secret" all GET "/1/secret", true, NONE, "9.11", "A secret for this container.";
}

/// Finds an operation by its id, such as `ivcap.order.create`.
pub fn find(id: &str) -> Option<&'static Op> {
    pentad_core::op::find(OPS, id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_say_which_dialects_have_them() {
        let ids: BTreeSet<_> = OPS.iter().map(|op| op.id).collect();
        assert_eq!(ids.len(), OPS.len());
        let error = ASPECT_LIST.route(L23).unwrap_err();
        assert_eq!(error.to_string(), "ivcap.aspect.list: unsupported: not in API l23, only in: modern");
        assert_eq!(SERVICE_GET.route(L28).unwrap().1, "/1/services/{id}");
        assert_eq!(SERVICE_GET.route(MODERN).unwrap().1, "/1/services2/{id}");
    }

    #[test]
    fn what_takes_or_adds_is_not_repeated() {
        for op in [&ORDER_CREATE, &QUEUE_DEQUEUE, &QUEUE_ENQUEUE, &BLOB_WRITE, &ASPECT_CREATE, &TASK_NEXT] {
            assert!(!op.idempotent, "{}", op.id);
        }
    }
}
