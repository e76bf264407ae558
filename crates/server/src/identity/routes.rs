//! The routes of the identity service.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::Method;
use pentad_store::Tx;

use super::Keystone;
use super::call::Call;
use super::error::Answer;
use super::handlers::{
    app_credentials, assignments, credentials, discovery, domains, grants, groups, projects, roles, services,
    tokens, trusts, users, v2,
};
use crate::http::Reply;
use crate::route::{Decoding, Route, RouteTable};

/// An answer made within one transaction.
pub(crate) type Plain = fn(&Call, &mut Tx<'_>) -> Answer<Reply>;
/// An answer that needs more than one transaction: hashing, sealing, looking twice.
pub(crate) type Free = for<'a> fn(&'a Keystone, Arc<Call>) -> BoxFuture<'a, Answer<Reply>>;

/// What a caller needs before the handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Nothing.
    Open,
    /// A token that counts; the handler asks for roles.
    Token,
}

/// What answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Run {
    Read(Plain),
    Write(Plain),
    Free(Free),
}

/// One route.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endpoint {
    pub(crate) gate: Gate,
    pub(crate) run: Run,
}

/// The route whose `HEAD` answers 204 where its `GET` answers 200.
pub(crate) const CHECKED_BY_HEAD: &str = "identity:get_implied_role";

type Row = Route<Endpoint>;

/// Compiles the table.
pub(crate) fn table() -> RouteTable<Endpoint> {
    let groups = [open(), auth(), people(), places(), role_rows(), grant_rows(), catalog(), delegation()];
    RouteTable::new(Decoding::Segments, groups.into_iter().flatten().collect())
}

const fn row(method: Method, template: &'static str, name: &'static str, gate: Gate, run: Run) -> Row {
    Route::new(method, template, name, Endpoint { gate, run })
}

const fn get(template: &'static str, name: &'static str, run: Plain) -> Row {
    row(Method::GET, template, name, Gate::Token, Run::Read(run))
}

const fn change(method: Method, template: &'static str, name: &'static str, run: Plain) -> Row {
    row(method, template, name, Gate::Token, Run::Write(run))
}

const fn free(method: Method, template: &'static str, name: &'static str, run: Free) -> Row {
    row(method, template, name, Gate::Token, Run::Free(run))
}

fn open() -> Vec<Row> {
    use Gate::Open;
    use Run::{Free, Read};
    vec![
        row(Method::GET, "", "identity:versions", Open, Read(discovery::root)),
        row(Method::GET, "/v3", "identity:v3", Open, Read(discovery::version_3)),
        row(Method::GET, "/v2.0", "identity:v2", Open, Read(discovery::version_2)),
        row(Method::POST, "/v3/auth/tokens", "identity:authenticate", Open, Free(tokens::issue)),
        row(Method::POST, "/v2.0/tokens", "identity:v2.authenticate", Open, Free(v2::issue)),
        row(Method::GET, "/v2.0/extensions", "identity:v2.extensions", Open, Read(v2::extensions)),
    ]
}

fn auth() -> Vec<Row> {
    use Gate::Token;
    use Run::{Free, Read};
    vec![
        row(Method::GET, "/v3/auth/tokens", "identity:validate_token", Token, Free(tokens::show)),
        row(Method::DELETE, "/v3/auth/tokens", "identity:revoke_token", Token, Free(tokens::revoke)),
        get("/v3/auth/catalog", "identity:get_auth_catalog", tokens::show_catalog),
        get("/v3/auth/projects", "identity:get_auth_projects", tokens::projects),
        get("/v3/auth/domains", "identity:get_auth_domains", tokens::domains),
        get("/v3/auth/system", "identity:get_auth_system", tokens::system),
        get("/v3/OS-FEDERATION/projects", "identity:list_projects_for_user", tokens::projects),
        get("/v3/OS-FEDERATION/domains", "identity:list_domains_for_user", tokens::domains),
        get("/v3/OS-REVOKE/events", "identity:list_revoke_events", tokens::revocations),
        row(Method::GET, "/v2.0/tokens/{token}", "identity:v2.validate_token", Token, Free(v2::show)),
        row(Method::DELETE, "/v2.0/tokens/{token}", "identity:v2.revoke_token", Token, Free(v2::revoke)),
        row(
            Method::GET,
            "/v2.0/tokens/{token}/endpoints",
            "identity:v2.endpoints",
            Token,
            Free(v2::endpoints),
        ),
        row(Method::GET, "/v2.0/tenants", "identity:v2.tenants", Token, Read(v2::tenants)),
    ]
}

fn people() -> Vec<Row> {
    vec![
        get("/v3/users", "identity:list_users", users::list),
        free(Method::POST, "/v3/users", "identity:create_user", users::create),
        get("/v3/users/{user}", "identity:get_user", users::show),
        free(Method::PATCH, "/v3/users/{user}", "identity:update_user", users::update),
        change(Method::DELETE, "/v3/users/{user}", "identity:delete_user", users::delete),
        row(
            Method::POST,
            "/v3/users/{user}/password",
            "identity:change_password",
            Gate::Open,
            Run::Free(users::password),
        ),
        get("/v3/users/{user}/groups", "identity:list_groups_for_user", users::groups),
        get("/v3/users/{user}/projects", "identity:list_user_projects", users::projects),
        get("/v3/groups", "identity:list_groups", groups::list),
        change(Method::POST, "/v3/groups", "identity:create_group", groups::create),
        get("/v3/groups/{group}", "identity:get_group", groups::show),
        change(Method::PATCH, "/v3/groups/{group}", "identity:update_group", groups::update),
        change(Method::DELETE, "/v3/groups/{group}", "identity:delete_group", groups::delete),
        get("/v3/groups/{group}/users", "identity:list_users_in_group", groups::users),
        get("/v3/groups/{group}/users/{user}", "identity:check_user_in_group", groups::has),
        change(Method::PUT, "/v3/groups/{group}/users/{user}", "identity:add_user_to_group", groups::add),
        change(
            Method::DELETE,
            "/v3/groups/{group}/users/{user}",
            "identity:remove_user_from_group",
            groups::remove,
        ),
    ]
}

fn places() -> Vec<Row> {
    vec![
        get("/v3/projects", "identity:list_projects", projects::list),
        change(Method::POST, "/v3/projects", "identity:create_project", projects::create),
        get("/v3/projects/{project}", "identity:get_project", projects::show),
        change(Method::PATCH, "/v3/projects/{project}", "identity:update_project", projects::update),
        change(Method::DELETE, "/v3/projects/{project}", "identity:delete_project", projects::delete),
        get("/v3/projects/{project}/tags", "identity:list_project_tags", projects::tags),
        change(
            Method::PUT,
            "/v3/projects/{project}/tags",
            "identity:update_project_tags",
            projects::set_tags,
        ),
        change(
            Method::DELETE,
            "/v3/projects/{project}/tags",
            "identity:delete_project_tags",
            projects::clear_tags,
        ),
        get("/v3/projects/{project}/tags/{tag}", "identity:get_project_tag", projects::has_tag),
        change(
            Method::PUT,
            "/v3/projects/{project}/tags/{tag}",
            "identity:create_project_tag",
            projects::add_tag,
        ),
        change(
            Method::DELETE,
            "/v3/projects/{project}/tags/{tag}",
            "identity:delete_project_tag",
            projects::remove_tag,
        ),
        get("/v3/domains", "identity:list_domains", domains::list),
        change(Method::POST, "/v3/domains", "identity:create_domain", domains::create),
        get("/v3/domains/{domain}", "identity:get_domain", domains::show),
        change(Method::PATCH, "/v3/domains/{domain}", "identity:update_domain", domains::update),
        change(Method::DELETE, "/v3/domains/{domain}", "identity:delete_domain", domains::delete),
    ]
}

fn role_rows() -> Vec<Row> {
    vec![
        get("/v3/roles", "identity:list_roles", roles::list),
        change(Method::POST, "/v3/roles", "identity:create_role", roles::create),
        get("/v3/roles/{role}", "identity:get_role", roles::show),
        change(Method::PATCH, "/v3/roles/{role}", "identity:update_role", roles::update),
        change(Method::DELETE, "/v3/roles/{role}", "identity:delete_role", roles::delete),
        get("/v3/roles/{role}/implies", "identity:list_implied_roles", roles::implies),
        get("/v3/roles/{role}/implies/{implied}", CHECKED_BY_HEAD, roles::show_implied),
        change(
            Method::PUT,
            "/v3/roles/{role}/implies/{implied}",
            "identity:create_implied_role",
            roles::imply,
        ),
        change(
            Method::DELETE,
            "/v3/roles/{role}/implies/{implied}",
            "identity:delete_implied_role",
            roles::unimply,
        ),
        get("/v3/role_inferences", "identity:list_role_inference_rules", roles::inferences),
        get("/v3/role_assignments", "identity:list_role_assignments", assignments::list),
    ]
}

fn grant_rows() -> Vec<Row> {
    vec![
        get("/v3/projects/{project}/users/{user}/roles", "identity:list_grants", grants::list),
        get("/v3/projects/{project}/users/{user}/roles/{role}", "identity:check_grant", grants::check),
        change(
            Method::PUT,
            "/v3/projects/{project}/users/{user}/roles/{role}",
            "identity:create_grant",
            grants::create,
        ),
        change(
            Method::DELETE,
            "/v3/projects/{project}/users/{user}/roles/{role}",
            "identity:revoke_grant",
            grants::revoke,
        ),
        get("/v3/projects/{project}/groups/{group}/roles", "identity:list_grants", grants::list),
        get("/v3/projects/{project}/groups/{group}/roles/{role}", "identity:check_grant", grants::check),
        change(
            Method::PUT,
            "/v3/projects/{project}/groups/{group}/roles/{role}",
            "identity:create_grant",
            grants::create,
        ),
        change(
            Method::DELETE,
            "/v3/projects/{project}/groups/{group}/roles/{role}",
            "identity:revoke_grant",
            grants::revoke,
        ),
        get("/v3/domains/{domain}/users/{user}/roles", "identity:list_grants", grants::list),
        get("/v3/domains/{domain}/users/{user}/roles/{role}", "identity:check_grant", grants::check),
        change(
            Method::PUT,
            "/v3/domains/{domain}/users/{user}/roles/{role}",
            "identity:create_grant",
            grants::create,
        ),
        change(
            Method::DELETE,
            "/v3/domains/{domain}/users/{user}/roles/{role}",
            "identity:revoke_grant",
            grants::revoke,
        ),
        get("/v3/domains/{domain}/groups/{group}/roles", "identity:list_grants", grants::list),
        get("/v3/domains/{domain}/groups/{group}/roles/{role}", "identity:check_grant", grants::check),
        change(
            Method::PUT,
            "/v3/domains/{domain}/groups/{group}/roles/{role}",
            "identity:create_grant",
            grants::create,
        ),
        change(
            Method::DELETE,
            "/v3/domains/{domain}/groups/{group}/roles/{role}",
            "identity:revoke_grant",
            grants::revoke,
        ),
        get("/v3/system/users/{user}/roles", "identity:list_grants", grants::list),
        get("/v3/system/users/{user}/roles/{role}", "identity:check_grant", grants::check),
        change(Method::PUT, "/v3/system/users/{user}/roles/{role}", "identity:create_grant", grants::create),
        change(
            Method::DELETE,
            "/v3/system/users/{user}/roles/{role}",
            "identity:revoke_grant",
            grants::revoke,
        ),
        get("/v3/system/groups/{group}/roles", "identity:list_grants", grants::list),
        get("/v3/system/groups/{group}/roles/{role}", "identity:check_grant", grants::check),
        change(
            Method::PUT,
            "/v3/system/groups/{group}/roles/{role}",
            "identity:create_grant",
            grants::create,
        ),
        change(
            Method::DELETE,
            "/v3/system/groups/{group}/roles/{role}",
            "identity:revoke_grant",
            grants::revoke,
        ),
        get(
            "/v3/OS-INHERIT/projects/{project}/users/{user}/roles/inherited_to_projects",
            "identity:list_grants",
            grants::list,
        ),
        get(
            "/v3/OS-INHERIT/projects/{project}/users/{user}/roles/{role}/inherited_to_projects",
            "identity:check_grant",
            grants::check,
        ),
        change(
            Method::PUT,
            "/v3/OS-INHERIT/projects/{project}/users/{user}/roles/{role}/inherited_to_projects",
            "identity:create_grant",
            grants::create,
        ),
        change(
            Method::DELETE,
            "/v3/OS-INHERIT/projects/{project}/users/{user}/roles/{role}/inherited_to_projects",
            "identity:revoke_grant",
            grants::revoke,
        ),
        get(
            "/v3/OS-INHERIT/projects/{project}/groups/{group}/roles/inherited_to_projects",
            "identity:list_grants",
            grants::list,
        ),
        get(
            "/v3/OS-INHERIT/projects/{project}/groups/{group}/roles/{role}/inherited_to_projects",
            "identity:check_grant",
            grants::check,
        ),
        change(
            Method::PUT,
            "/v3/OS-INHERIT/projects/{project}/groups/{group}/roles/{role}/inherited_to_projects",
            "identity:create_grant",
            grants::create,
        ),
        change(
            Method::DELETE,
            "/v3/OS-INHERIT/projects/{project}/groups/{group}/roles/{role}/inherited_to_projects",
            "identity:revoke_grant",
            grants::revoke,
        ),
        get(
            "/v3/OS-INHERIT/domains/{domain}/users/{user}/roles/inherited_to_projects",
            "identity:list_grants",
            grants::list,
        ),
        get(
            "/v3/OS-INHERIT/domains/{domain}/users/{user}/roles/{role}/inherited_to_projects",
            "identity:check_grant",
            grants::check,
        ),
        change(
            Method::PUT,
            "/v3/OS-INHERIT/domains/{domain}/users/{user}/roles/{role}/inherited_to_projects",
            "identity:create_grant",
            grants::create,
        ),
        change(
            Method::DELETE,
            "/v3/OS-INHERIT/domains/{domain}/users/{user}/roles/{role}/inherited_to_projects",
            "identity:revoke_grant",
            grants::revoke,
        ),
        get(
            "/v3/OS-INHERIT/domains/{domain}/groups/{group}/roles/inherited_to_projects",
            "identity:list_grants",
            grants::list,
        ),
        get(
            "/v3/OS-INHERIT/domains/{domain}/groups/{group}/roles/{role}/inherited_to_projects",
            "identity:check_grant",
            grants::check,
        ),
        change(
            Method::PUT,
            "/v3/OS-INHERIT/domains/{domain}/groups/{group}/roles/{role}/inherited_to_projects",
            "identity:create_grant",
            grants::create,
        ),
        change(
            Method::DELETE,
            "/v3/OS-INHERIT/domains/{domain}/groups/{group}/roles/{role}/inherited_to_projects",
            "identity:revoke_grant",
            grants::revoke,
        ),
    ]
}

fn catalog() -> Vec<Row> {
    vec![
        get("/v3/services", "identity:list_services", services::list),
        change(Method::POST, "/v3/services", "identity:create_service", services::create),
        get("/v3/services/{service}", "identity:get_service", services::show),
        change(Method::PATCH, "/v3/services/{service}", "identity:update_service", services::update),
        change(Method::DELETE, "/v3/services/{service}", "identity:delete_service", services::delete),
        get("/v3/endpoints", "identity:list_endpoints", services::endpoints),
        change(Method::POST, "/v3/endpoints", "identity:create_endpoint", services::create_endpoint),
        get("/v3/endpoints/{endpoint}", "identity:get_endpoint", services::endpoint),
        change(
            Method::PATCH,
            "/v3/endpoints/{endpoint}",
            "identity:update_endpoint",
            services::update_endpoint,
        ),
        change(
            Method::DELETE,
            "/v3/endpoints/{endpoint}",
            "identity:delete_endpoint",
            services::delete_endpoint,
        ),
        get("/v3/regions", "identity:list_regions", services::regions),
        change(Method::POST, "/v3/regions", "identity:create_region", services::create_region),
        get("/v3/regions/{region}", "identity:get_region", services::region),
        change(Method::PATCH, "/v3/regions/{region}", "identity:update_region", services::update_region),
        change(Method::DELETE, "/v3/regions/{region}", "identity:delete_region", services::delete_region),
        change(
            Method::PUT,
            "/v3/regions/{region}",
            "identity:create_region_with_id",
            services::create_region,
        ),
    ]
}

fn delegation() -> Vec<Row> {
    vec![
        get("/v3/credentials", "identity:list_credentials", credentials::list),
        change(Method::POST, "/v3/credentials", "identity:create_credential", credentials::create),
        get("/v3/credentials/{credential}", "identity:get_credential", credentials::show),
        change(
            Method::PATCH,
            "/v3/credentials/{credential}",
            "identity:update_credential",
            credentials::update,
        ),
        change(
            Method::DELETE,
            "/v3/credentials/{credential}",
            "identity:delete_credential",
            credentials::delete,
        ),
        get(
            "/v3/users/{user}/application_credentials",
            "identity:list_application_credentials",
            app_credentials::list,
        ),
        free(
            Method::POST,
            "/v3/users/{user}/application_credentials",
            "identity:create_application_credential",
            app_credentials::create,
        ),
        get(
            "/v3/users/{user}/application_credentials/{credential}",
            "identity:get_application_credential",
            app_credentials::show,
        ),
        change(
            Method::DELETE,
            "/v3/users/{user}/application_credentials/{credential}",
            "identity:delete_application_credential",
            app_credentials::delete,
        ),
        get("/v3/users/{user}/access_rules", "identity:list_access_rules", app_credentials::rules),
        get("/v3/users/{user}/access_rules/{rule}", "identity:get_access_rule", app_credentials::rule),
        get("/v3/OS-TRUST/trusts", "identity:list_trusts", trusts::list),
        change(Method::POST, "/v3/OS-TRUST/trusts", "identity:create_trust", trusts::create),
        get("/v3/OS-TRUST/trusts/{trust}", "identity:get_trust", trusts::show),
        change(Method::DELETE, "/v3/OS-TRUST/trusts/{trust}", "identity:delete_trust", trusts::delete),
        get("/v3/OS-TRUST/trusts/{trust}/roles", "identity:list_roles_for_trust", trusts::list_roles),
        get("/v3/OS-TRUST/trusts/{trust}/roles/{role}", "identity:get_role_for_trust", trusts::show_role),
    ]
}
