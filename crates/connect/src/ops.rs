//! Every operation of the client, as data.
//!
//! The service has any tree of namespaces, collections, resources and actions, so all routes are one template; what
//! tells operations apart is what the caller means. Reads, `PUT` and `DELETE` may be repeated; what creates something or
//! sets off an action may not.

use std::time::Duration;

use http::Method;
use pentad_core::{Api, Op};

/// The only version of the API; it is part of the endpoint.
pub const V1: Api = Api("v1");

macro_rules! ops {
    ($($name:ident = $id:literal $method:ident, $idempotent:literal, $section:literal, $doc:literal;)*) => {
        $(
            #[doc = $doc]
            pub static $name: Op = Op {
                id: $id,
                routes: &[(V1, Method::$method, "/{=path}")],
                idempotent: $idempotent,
                patience: Duration::ZERO,
                source: concat!("Connect reference ", $section),
            };
        )*

        /// All operations, in the order of the reference.
        pub static OPS: &[&Op] = &[$(&$name),*];
    };
}

ops! {
    // Any path
    GET = "connect.get" GET, true, "3", "Reads any path.";
    CREATE = "connect.create" POST, false, "3", "Sends POST to any path.";
    UPDATE = "connect.update" PUT, true, "3", "Sends PUT to any path.";
    DELETE = "connect.delete" DELETE, true, "3", "Sends DELETE to any path.";
    PATCH = "connect.patch" PATCH, false, "3", "Sends PATCH to any path.";
    HEAD = "connect.head" HEAD, true, "3", "Sends HEAD to any path.";
    OPTIONS = "connect.options" OPTIONS, true, "3", "Sends OPTIONS to any path.";
    // Collections
    COLLECTION_LIST = "connect.collection.list" GET, true, "8", "Resources of a collection, a page at a time.";
    COLLECTION_COUNT = "connect.collection.count" GET, true, "8.5", "How many resources a query finds.";
    COLLECTION_CREATE = "connect.collection.create" POST, false, "5", "A new resource.";
    COLLECTION_BULK_CREATE = "connect.collection.bulk_create" POST, false, "5", "Several new resources.";
    COLLECTION_BULK_UPDATE = "connect.collection.bulk_update" PUT, true, "5", "Changes several resources.";
    COLLECTION_BULK_DELETE = "connect.collection.bulk_delete" DELETE, true, "5", "Removes several resources.";
    // Resources
    RESOURCE_GET = "connect.resource.get" GET, true, "6", "One resource.";
    RESOURCE_EXISTS = "connect.resource.exists" GET, true, "6", "Whether a resource exists.";
    RESOURCE_UPDATE = "connect.resource.update" PUT, true, "6", "Changes a resource.";
    RESOURCE_DELETE = "connect.resource.delete" DELETE, true, "6", "Removes a resource.";
    // Actions
    ACTION_GET = "connect.action.get" GET, true, "7", "Asks an action.";
    ACTION_POST = "connect.action.post" POST, false, "7", "Sets off an action.";
    ACTION_PUT = "connect.action.put" PUT, true, "7", "Sends PUT to an action.";
    ACTION_DELETE = "connect.action.delete" DELETE, true, "7", "Sends DELETE to an action.";
}

/// An address that ends in a slash.
pub(crate) const FOLDER: Api = Api("folder");

/// Reads an OpenAPI document; it lies wherever its address says, not on the service: the address is the target.
pub(crate) static SPECS: Op = Op {
    id: "connect.specs",
    routes: &[(V1, Method::GET, ""), (FOLDER, Method::GET, "/")],
    idempotent: true,
    patience: Duration::ZERO,
    source: "Connect reference 11.1",
};

/// Finds an operation by its identifier, as in `connect.resource.get`.
pub fn find(id: &str) -> Option<&'static Op> {
    pentad_core::op::find(OPS, id)
}

/// The operations that send one method to any path.
static ANY: &[&Op] = &[&GET, &CREATE, &UPDATE, &DELETE, &PATCH, &HEAD, &OPTIONS];

/// The operation that sends a method to any path.
pub(crate) fn any(wanted: &Method) -> Option<&'static Op> {
    ANY.iter().copied().find(|op| method(op) == wanted)
}

/// The method of an operation.
pub(crate) fn method(op: &'static Op) -> &'static Method {
    &op.routes[0].1
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn identifiers_are_unique_and_only_what_creates_is_not_repeated() {
        let ids: BTreeSet<_> = OPS.iter().map(|op| op.id).collect();
        assert_eq!(ids.len(), OPS.len());
        for op in OPS {
            assert_eq!(op.idempotent, !matches!(op.routes[0].1.as_str(), "POST" | "PATCH"), "{}", op.id);
        }
    }
}
