//! The page for those who come from Python leaves nothing out.

const PAGE: &str = include_str!("../../../../docs/src/openstack/migration.md");

/// Every item of the original shared client's documentation.
const ITEMS: &[&str] = &[
    "troveclient.apiclient.client",
    "BaseClient(http_client, extensions=None)",
    "BaseClient.cached_endpoint",
    "BaseClient.client_request(method, url, **kwargs)",
    "BaseClient.delete",
    "BaseClient.endpoint_type",
    "BaseClient.get",
    "BaseClient.get_class(api_name, version, version_map)",
    "BaseClient.head",
    "BaseClient.patch",
    "BaseClient.post",
    "BaseClient.put",
    "BaseClient.service_type",
    "HTTPClient(auth_plugin",
    "region_name",
    "endpoint_type='publicURL'",
    "original_ip",
    "verify",
    "cert",
    "timeout",
    "timings",
    "keyring_saver",
    "debug",
    "user_agent",
    "http=None",
    "share authentication",
    "reissue authentication",
    "encode and decode JSON",
    "raise exceptions",
    "pluggable authentication",
    "store authentication information in a keyring",
    "store time spent",
    "register clients",
    "copy-and-paste curl",
    "add_client(base_client_instance)",
    "identity.tenants.list()",
    "compute.servers.list()",
    "authenticate()",
    "client_request(client, method, url, **kwargs)",
    "concat_url(endpoint, url)",
    "get_timings()",
    "request(method, url, **kwargs)",
    "reset_timings()",
    "serialize(kwargs)",
    "license",
];

/// What stands around it in the reference: auth plugins, exceptions, resources and managers.
const AROUND: &[&str] = &[
    "discover_auth_systems()",
    "load_auth_system_opts(parser)",
    "load_plugin(auth_system)",
    "load_plugin_from_args(args)",
    "BaseAuthPlugin",
    "sufficient_options()",
    "token_and_endpoint",
    "from_response",
    "EndpointNotFound",
    "AmbiguousEndpoints",
    "AuthPluginOptionsMissing",
    "AuthSystemNotFound",
    "NoUniqueMatch",
    "UnsupportedVersion",
    "getid(obj)",
    "Resource",
    "human_id",
    "BaseManager",
    "ManagerWithFind",
    "CrudManager",
    "HookableMixin",
    "Extension",
    "find_resource",
    "_paginated",
    "FakeHTTPClient",
];

#[test]
fn every_item_of_the_original_has_its_row() {
    let rows: Vec<&str> = PAGE.lines().filter(|line| line.starts_with('|')).collect();
    let missing: Vec<&&str> =
        ITEMS.iter().chain(AROUND).filter(|item| !rows.iter().any(|row| row.contains(**item))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_row_says_where_it_is_tested_and_the_place_exists() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/");
    for row in PAGE.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")) {
        let cells: Vec<&str> = row.split('|').collect();
        assert_eq!(cells.len(), 6, "{row}");
        for file in cells[4].split('`').filter(|word| word.ends_with(".rs") && !word.contains('/')) {
            let beside = ["passcode.rs", "pkce.rs"].contains(&file);
            assert!(beside || std::path::Path::new(&format!("{root}{file}")).exists(), "{file} in {row}");
        }
    }
}
