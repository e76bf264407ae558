//! The routes of the identity service.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::Method;
use pentad_store::Tx;

use super::Keystone;
use super::call::Call;
use super::error::Answer;
use super::handlers::{
    app_credentials, assignments, credentials, discovery, domains, ec2, federation as federated, grants,
    groups, limits, oauth2, policies, projects, roles, services, tokens, trusts, users, v2,
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
    let groups = [
        open(),
        auth(),
        people(),
        places(),
        role_rows(),
        grant_rows(),
        catalog(),
        delegation(),
        things(),
        limit_rows(),
        federation(),
    ];
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

/// The five routes of a collection.
macro_rules! crud {
    ($base:literal $id:literal $one:literal $many:literal, $list:expr, $create:expr, $show:expr, $update:expr, $delete:expr) => {
        [
            get($base, concat!("identity:list_", $many), $list),
            change(Method::POST, $base, concat!("identity:create_", $one), $create),
            get(concat!($base, "/", $id), concat!("identity:get_", $one), $show),
            change(Method::PATCH, concat!($base, "/", $id), concat!("identity:update_", $one), $update),
            change(Method::DELETE, concat!($base, "/", $id), concat!("identity:delete_", $one), $delete),
        ]
    };
}

fn things() -> Vec<Row> {
    let mut rows = Vec::from(crud!("/v3/groups" "{group}" "group" "groups",
        groups::list, groups::create, groups::show, groups::update, groups::delete));
    rows.extend(crud!("/v3/projects" "{project}" "project" "projects",
        projects::list, projects::create, projects::show, projects::update, projects::delete));
    rows.extend(crud!("/v3/domains" "{domain}" "domain" "domains",
        domains::list, domains::create, domains::show, domains::update, domains::delete));
    rows.extend(crud!("/v3/roles" "{role}" "role" "roles",
        roles::list, roles::create, roles::show, roles::update, roles::delete));
    rows
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
    ]
}

fn role_rows() -> Vec<Row> {
    vec![
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

/// The four routes of the roles of somebody on something.
macro_rules! grants {
    ($($base:literal $tail:literal;)*) => {
        vec![$(
            get(concat!($base, "/roles", $tail), "identity:list_grants", grants::list),
            get(concat!($base, "/roles/{role}", $tail), "identity:check_grant", grants::check),
            change(Method::PUT, concat!($base, "/roles/{role}", $tail), "identity:create_grant", grants::create),
            change(Method::DELETE, concat!($base, "/roles/{role}", $tail), "identity:revoke_grant", grants::revoke),
        )*]
    };
}

fn grant_rows() -> Vec<Row> {
    grants! {
        "/v3/projects/{project}/users/{user}" "";
        "/v3/projects/{project}/groups/{group}" "";
        "/v3/domains/{domain}/users/{user}" "";
        "/v3/domains/{domain}/groups/{group}" "";
        "/v3/system/users/{user}" "";
        "/v3/system/groups/{group}" "";
        "/v3/OS-INHERIT/projects/{project}/users/{user}" "/inherited_to_projects";
        "/v3/OS-INHERIT/projects/{project}/groups/{group}" "/inherited_to_projects";
        "/v3/OS-INHERIT/domains/{domain}/users/{user}" "/inherited_to_projects";
        "/v3/OS-INHERIT/domains/{domain}/groups/{group}" "/inherited_to_projects";
    }
}

fn catalog() -> Vec<Row> {
    let mut rows = Vec::from(crud!("/v3/services" "{service}" "service" "services",
        services::list, services::create, services::show, services::update, services::delete));
    rows.extend(crud!("/v3/endpoints" "{endpoint}" "endpoint" "endpoints",
        services::endpoints, services::create_endpoint, services::endpoint, services::update_endpoint,
        services::delete_endpoint));
    rows.extend(crud!("/v3/regions" "{region}" "region" "regions",
        services::regions, services::create_region, services::region, services::update_region,
        services::delete_region));
    rows.push(change(
        Method::PUT,
        "/v3/regions/{region}",
        "identity:create_region_with_id",
        services::create_region,
    ));
    rows
}

fn limit_rows() -> Vec<Row> {
    // A word that would be an id goes first.
    let mut rows = vec![get("/v3/limits/model", "identity:get_limit_model", limits::model)];
    rows.extend(crud!("/v3/limits" "{limit}" "limit" "limits",
        limits::list, limits::create, limits::show, limits::update, limits::delete));
    rows.extend(crud!("/v3/registered_limits" "{limit}" "registered_limit" "registered_limits",
        limits::registered, limits::create_registered, limits::show_registered, limits::update_registered,
        limits::delete_registered));
    rows.extend(crud!("/v3/policies" "{policy}" "policy" "policies",
        policies::list, policies::create, policies::show, policies::update, policies::delete));
    rows
}

fn federation() -> Vec<Row> {
    use Gate::Open;
    use Run::{Free, Read};
    const LOGIN: &str = "/v3/OS-FEDERATION/identity_providers/{provider}/protocols/{protocol}/auth";
    vec![
        get("/v3/OS-FEDERATION/identity_providers", "identity:list_identity_providers", federated::nothing),
        get(
            "/v3/OS-FEDERATION/identity_providers/{provider}",
            "identity:get_identity_provider",
            federated::provider,
        ),
        get(
            "/v3/OS-FEDERATION/identity_providers/{provider}/protocols",
            "identity:list_protocols",
            federated::nothing,
        ),
        get("/v3/OS-FEDERATION/mappings", "identity:list_mappings", federated::nothing),
        get("/v3/OS-FEDERATION/mappings/{mapping}", "identity:get_mapping", federated::mapping),
        get("/v3/OS-FEDERATION/service_providers", "identity:list_service_providers", federated::nothing),
        row(Method::GET, LOGIN, "identity:federated_login", Open, Read(federated::login)),
        row(Method::POST, LOGIN, "identity:federated_login", Open, Read(federated::login)),
        get("/v3/OS-OAUTH1/consumers", "identity:list_consumers", federated::nothing),
        row(Method::POST, super::OAUTH2_TOKEN, "identity:oauth2_token", Open, Free(oauth2::token)),
    ]
}

fn delegation() -> Vec<Row> {
    let mut rows = vec![
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
        change(
            Method::DELETE,
            "/v3/users/{user}/access_rules/{rule}",
            "identity:delete_access_rule",
            app_credentials::delete_rule,
        ),
        get("/v3/users/{user}/credentials/OS-EC2", "identity:ec2_list_credentials", ec2::list),
        change(
            Method::POST,
            "/v3/users/{user}/credentials/OS-EC2",
            "identity:ec2_create_credential",
            ec2::create,
        ),
        get("/v3/users/{user}/credentials/OS-EC2/{access}", "identity:ec2_get_credential", ec2::show),
        change(
            Method::DELETE,
            "/v3/users/{user}/credentials/OS-EC2/{access}",
            "identity:ec2_delete_credential",
            ec2::delete,
        ),
        get("/v3/OS-TRUST/trusts", "identity:list_trusts", trusts::list),
        change(Method::POST, "/v3/OS-TRUST/trusts", "identity:create_trust", trusts::create),
        get("/v3/OS-TRUST/trusts/{trust}", "identity:get_trust", trusts::show),
        change(Method::DELETE, "/v3/OS-TRUST/trusts/{trust}", "identity:delete_trust", trusts::delete),
        get("/v3/OS-TRUST/trusts/{trust}/roles", "identity:list_roles_for_trust", trusts::list_roles),
        get("/v3/OS-TRUST/trusts/{trust}/roles/{role}", "identity:get_role_for_trust", trusts::show_role),
    ];
    rows.extend(crud!("/v3/credentials" "{credential}" "credential" "credentials",
        credentials::list, credentials::create, credentials::show, credentials::update, credentials::delete));
    rows
}
