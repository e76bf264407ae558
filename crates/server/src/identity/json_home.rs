//! What there is, as a JSON-home document (OpenStack reference B2).

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::call::{Call, with_status};
use crate::http::Reply;

/// What relations and parameters begin with.
const BASE: &str = "https://docs.openstack.org/api/openstack-identity/3/";

/// Parameters that are not called as they stand in paths.
const PARAMETERS: &[(&str, &str)] = &[
    ("idp_id", "ext/OS-FEDERATION/1.0/param/idp_id"),
    ("implied_role_id", "param/role_id"),
    ("mapping_id", "ext/OS-FEDERATION/1.0/param/mapping_id"),
    ("prior_role_id", "param/role_id"),
    ("protocol_id", "ext/OS-FEDERATION/1.0/param/protocol_id"),
    ("trust_id", "ext/OS-TRUST/1.0/param/trust_id"),
    ("value", "param/tag_value"),
];

/// Relation and path below the version of each resource.
const RESOURCES: &[(&str, &str)] = &[
    ("ext/OS-EC2/1.0/rel/user_credential", "/users/{user_id}/credentials/OS-EC2/{credential_id}"),
    ("ext/OS-EC2/1.0/rel/user_credentials", "/users/{user_id}/credentials/OS-EC2"),
    ("ext/OS-FEDERATION/1.0/rel/domains", "/auth/domains"),
    ("ext/OS-FEDERATION/1.0/rel/identity_provider", "/OS-FEDERATION/identity_providers/{idp_id}"),
    (
        "ext/OS-FEDERATION/1.0/rel/identity_provider_protocol_auth",
        "/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}/auth",
    ),
    (
        "ext/OS-FEDERATION/1.0/rel/identity_provider_protocols",
        "/OS-FEDERATION/identity_providers/{idp_id}/protocols",
    ),
    ("ext/OS-FEDERATION/1.0/rel/identity_providers", "/OS-FEDERATION/identity_providers"),
    ("ext/OS-FEDERATION/1.0/rel/mapping", "/OS-FEDERATION/mappings/{mapping_id}"),
    ("ext/OS-FEDERATION/1.0/rel/mappings", "/OS-FEDERATION/mappings"),
    ("ext/OS-FEDERATION/1.0/rel/projects", "/auth/projects"),
    ("ext/OS-FEDERATION/1.0/rel/service_providers", "/OS-FEDERATION/service_providers"),
    (
        "ext/OS-INHERIT/1.0/rel/domain_group_role_inherited_to_projects",
        "/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects",
    ),
    (
        "ext/OS-INHERIT/1.0/rel/domain_group_roles_inherited_to_projects",
        "/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/inherited_to_projects",
    ),
    (
        "ext/OS-INHERIT/1.0/rel/domain_user_role_inherited_to_projects",
        "/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
    ),
    (
        "ext/OS-INHERIT/1.0/rel/domain_user_roles_inherited_to_projects",
        "/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/inherited_to_projects",
    ),
    (
        "ext/OS-INHERIT/1.0/rel/project_group_role_inherited_to_projects",
        "/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects",
    ),
    (
        "ext/OS-INHERIT/1.0/rel/project_user_role_inherited_to_projects",
        "/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
    ),
    ("ext/OS-OAUTH1/1.0/rel/consumers", "/OS-OAUTH1/consumers"),
    ("ext/OS-OAUTH2/1.0/rel/token", "/OS-OAUTH2/token"),
    ("ext/OS-REVOKE/1.0/rel/events", "/OS-REVOKE/events"),
    ("ext/OS-TRUST/1.0/rel/trust", "/OS-TRUST/trusts/{trust_id}"),
    ("ext/OS-TRUST/1.0/rel/trust_role", "/OS-TRUST/trusts/{trust_id}/roles/{role_id}"),
    ("ext/OS-TRUST/1.0/rel/trust_roles", "/OS-TRUST/trusts/{trust_id}/roles"),
    ("ext/OS-TRUST/1.0/rel/trusts", "/OS-TRUST/trusts"),
    ("rel/access_rule", "/users/{user_id}/access_rules/{access_rule_id}"),
    ("rel/access_rules", "/users/{user_id}/access_rules"),
    ("rel/application_credential", "/users/{user_id}/application_credentials/{application_credential_id}"),
    ("rel/application_credentials", "/users/{user_id}/application_credentials"),
    ("rel/auth_catalog", "/auth/catalog"),
    ("rel/auth_domains", "/auth/domains"),
    ("rel/auth_projects", "/auth/projects"),
    ("rel/auth_system", "/auth/system"),
    ("rel/auth_tokens", "/auth/tokens"),
    ("rel/credential", "/credentials/{credential_id}"),
    ("rel/credentials", "/credentials"),
    ("rel/domain", "/domains/{domain_id}"),
    ("rel/domain_group_role", "/domains/{domain_id}/groups/{group_id}/roles/{role_id}"),
    ("rel/domain_group_roles", "/domains/{domain_id}/groups/{group_id}/roles"),
    ("rel/domain_user_role", "/domains/{domain_id}/users/{user_id}/roles/{role_id}"),
    ("rel/domain_user_roles", "/domains/{domain_id}/users/{user_id}/roles"),
    ("rel/domains", "/domains"),
    ("rel/endpoint", "/endpoints/{endpoint_id}"),
    ("rel/endpoints", "/endpoints"),
    ("rel/group", "/groups/{group_id}"),
    ("rel/group_user", "/groups/{group_id}/users/{user_id}"),
    ("rel/group_users", "/groups/{group_id}/users"),
    ("rel/groups", "/groups"),
    ("rel/implied_role", "/roles/{prior_role_id}/implies/{implied_role_id}"),
    ("rel/implied_roles", "/roles/{prior_role_id}/implies"),
    ("rel/limit", "/limits/{limit_id}"),
    ("rel/limit_model", "/limits/model"),
    ("rel/limits", "/limits"),
    ("rel/policies", "/policies"),
    ("rel/policy", "/policies/{policy_id}"),
    ("rel/project", "/projects/{project_id}"),
    ("rel/project_group_role", "/projects/{project_id}/groups/{group_id}/roles/{role_id}"),
    ("rel/project_group_roles", "/projects/{project_id}/groups/{group_id}/roles"),
    ("rel/project_tags", "/projects/{project_id}/tags/{value}"),
    ("rel/project_user_role", "/projects/{project_id}/users/{user_id}/roles/{role_id}"),
    ("rel/project_user_roles", "/projects/{project_id}/users/{user_id}/roles"),
    ("rel/projects", "/projects"),
    ("rel/region", "/regions/{region_id}"),
    ("rel/regions", "/regions"),
    ("rel/registered_limit", "/registered_limits/{registered_limit_id}"),
    ("rel/registered_limits", "/registered_limits"),
    ("rel/role", "/roles/{role_id}"),
    ("rel/role_assignments", "/role_assignments"),
    ("rel/role_inferences", "/role_inferences"),
    ("rel/roles", "/roles"),
    ("rel/service", "/services/{service_id}"),
    ("rel/services", "/services"),
    ("rel/system_group_role", "/system/groups/{group_id}/roles/{role_id}"),
    ("rel/system_group_roles", "/system/groups/{group_id}/roles"),
    ("rel/system_user_role", "/system/users/{user_id}/roles/{role_id}"),
    ("rel/system_user_roles", "/system/users/{user_id}/roles"),
    ("rel/user", "/users/{user_id}"),
    ("rel/user_change_password", "/users/{user_id}/password"),
    ("rel/user_groups", "/users/{user_id}/groups"),
    ("rel/user_projects", "/users/{user_id}/projects"),
    ("rel/users", "/users"),
];

/// Whether the caller asks for this document.
pub(super) fn wanted(call: &Call) -> bool {
    call.header("accept").is_some_and(|accept| accept.contains("application/json-home"))
}

/// The document; `prefix` is what the paths are below.
pub(super) fn reply(prefix: &str) -> Reply {
    let resources: Map<String, Value> = RESOURCES
        .iter()
        .map(|(relation, path)| (format!("{BASE}{relation}"), resource(prefix, path)))
        .collect();
    with_status(StatusCode::OK, &json!({ "resources": resources })).content_type("application/json-home")
}

fn resource(prefix: &str, path: &str) -> Value {
    let names: Vec<&str> =
        path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect();
    if names.is_empty() {
        return json!({ "href": format!("{prefix}{path}") });
    }
    let variables: Map<String, Value> =
        names.iter().map(|name| ((*name).to_owned(), json!(parameter(name)))).collect();
    json!({ "href-template": format!("{prefix}{path}"), "href-vars": variables })
}

fn parameter(name: &str) -> String {
    let known = PARAMETERS.iter().find(|(own, _)| *own == name);
    known.map_or_else(|| format!("{BASE}param/{name}"), |(_, place)| format!("{BASE}{place}"))
}
