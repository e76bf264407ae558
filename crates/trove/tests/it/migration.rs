//! The migration page names everything that the Python client offers (OpenStack reference C21 and C22).

use super::wire::originals;

const PAGE: &str = include_str!("../../../../docs/src/openstack/trove-migration.md");

/// What is no method: classes, errors, variables, resources.
const NAMES: &[&str] = &[
    "client.Client(",
    "Dbaas",
    "SessionClient",
    "HTTPClient",
    "bypass_url",
    "proxy_token",
    "retries",
    "TROVECLIENT_UUID_CACHE_DIR",
    "find_resource",
    "_paginated",
    ".next",
    "Resource.detach_replica",
    "Resource.list_databases",
    "GuestLogNotFoundError",
    "ConnectionRefused",
    "UnsupportedVersion",
    "EndpointNotFound",
    "AmbiguousEndpoints",
    "BadRequest",
    "OverLimit",
    "TROVE_SERVICE_NAME",
    "TROVE_BYPASS_URL",
    "OS_DATABASE_API_VERSION",
    "--json",
    "database instance",
    "database backup",
    "database cluster",
    "database configuration",
    "database db",
    "database user",
    "database root",
    "database log",
    "database flavor",
    "database limit",
    "database quota",
    "datastore version",
];

#[test]
fn every_method_and_name_of_the_python_client_has_a_row() {
    let methods = originals().flat_map(|row| row.split(", ").map(str::trim)).map(|method| {
        let end = method.find('(').unwrap_or(method.len());
        &method[..end]
    });
    let word = |name: &str| name.chars().next().is_some_and(|first| first.is_ascii_lowercase());
    let methods = methods.filter(|name| word(name) && !name.ends_with(')'));
    let missing: Vec<_> = methods.chain(NAMES.iter().copied()).filter(|name| !PAGE.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
