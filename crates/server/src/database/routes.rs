//! The routes of version 1.0 (OpenStack reference C7 to C19). Unknown paths and verbs alike are answered 404.

use futures_util::future::BoxFuture;
use http::Method;
use pentad_store::Tx;
use serde_json::Value;

use super::Trove;
use super::call::{Call, Done};
use super::error::Answer;
use super::handlers::{
    actions, backups, clusters, configurations, create, databases, datastores, flavors, instances, logs,
    mgmt, modules, root, tls, update, users,
};
use super::schema::{self, bodies};
use crate::route::{Decoding, Route, RouteTable};

/// What answers a call.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// On one snapshot.
    Read(fn(&mut Tx<'_>, &Call) -> Answer<Done>),
    /// In one transaction.
    Write(fn(&mut Tx<'_>, &Call) -> Answer<Done>),
    /// With more than the store.
    More(for<'a> fn(&'a Trove, &'a Call) -> BoxFuture<'a, Answer<Done>>),
}

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Who has a token of the project.
    Project,
    /// Who has the role of administrators as well; calls do not count against the rates.
    Admin,
    /// As `Project`; calls do not count against the rates.
    Uncounted,
}

/// One route.
#[derive(Clone, Copy)]
pub(crate) struct Endpoint {
    pub(crate) gate: Gate,
    /// What the body must be; without one, any or none.
    pub(crate) check: Option<fn(&Value) -> Answer<()>>,
    pub(crate) run: Run,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("gate", &self.gate).finish_non_exhaustive()
    }
}

type Row = Route<Endpoint>;
type Handler = fn(&mut Tx<'_>, &Call) -> Answer<Done>;

const fn row(method: Method, path: &'static str, name: &'static str, run: Run) -> Row {
    Route::new(method, path, name, Endpoint { gate: Gate::Project, check: None, run })
}

const fn get(path: &'static str, name: &'static str, run: Handler) -> Row {
    row(Method::GET, path, name, Run::Read(run))
}

const fn delete(path: &'static str, name: &'static str, run: Handler) -> Row {
    row(Method::DELETE, path, name, Run::Write(run))
}

const fn post(path: &'static str, name: &'static str, run: Handler) -> Row {
    row(Method::POST, path, name, Run::Write(run))
}

const fn put(path: &'static str, name: &'static str, run: Handler) -> Row {
    row(Method::PUT, path, name, Run::Write(run))
}

const fn patch(path: &'static str, name: &'static str, run: Handler) -> Row {
    row(Method::PATCH, path, name, Run::Write(run))
}

/// The row of an extension, whose calls are not counted.
const fn uncounted(mut row: Row) -> Row {
    row.handler.gate = Gate::Uncounted;
    row
}

/// The row of an extension for administrators.
const fn admin(mut row: Row) -> Row {
    row.handler.gate = Gate::Admin;
    row
}

const fn more(
    method: Method,
    path: &'static str,
    name: &'static str,
    run: for<'a> fn(&'a Trove, &'a Call) -> BoxFuture<'a, Answer<Done>>,
) -> Row {
    uncounted(row(method, path, name, Run::More(run)))
}

/// The row with a body that must be there.
const fn body(mut row: Row, check: fn(&Value) -> Answer<()>) -> Row {
    row.handler.check = Some(check);
    row
}

/// A check against a schema.
macro_rules! like {
    ($schema:ident) => {
        |body: &Value| schema::check(&bodies::$schema, body)
    };
}

/// The whole table; earlier rows win.
pub(crate) fn table() -> RouteTable<Endpoint> {
    let mut rows = instance_rows();
    rows.extend(datastore_rows());
    rows.extend(backup_rows());
    rows.extend(configuration_rows());
    rows.extend(module_rows());
    rows.extend(inside_rows());
    rows.extend(cluster_rows());
    rows.extend(mgmt_rows());
    RouteTable::new(Decoding::Segments, rows)
}

fn instance_rows() -> Vec<Row> {
    const ONE: &str = "/{project}/instances/{id}";
    vec![
        get("/{project}/instances", "database:instanceList", instances::list),
        get("/{project}/instances/detail", "database:instanceListDetail", instances::detailed),
        body(
            row(Method::POST, "/{project}/instances", "database:instanceCreate", Run::More(create::create)),
            like!(INSTANCE_CREATE),
        ),
        row(Method::GET, ONE, "database:instanceShow", Run::More(instances::show)),
        body(put(ONE, "database:instanceUpdate", update::update), like!(INSTANCE_UPDATE)),
        body(patch(ONE, "database:instanceEdit", update::update), like!(INSTANCE_EDIT)),
        delete(ONE, "database:instanceDelete", instances::delete),
        body(
            post("/{project}/instances/{id}/action", "database:instanceAction", actions::act),
            actions::check_body,
        ),
        get(
            "/{project}/instances/{id}/configuration",
            "database:instanceConfiguration",
            instances::configuration,
        ),
        get("/{project}/instances/{id}/backups", "database:instanceBackups", instances::backups),
        get("/{project}/instances/{id}/modules", "database:instanceModules", modules::of_instance),
        post("/{project}/instances/{id}/modules", "database:instanceModuleApply", modules::apply),
        delete(
            "/{project}/instances/{id}/modules/{module}",
            "database:instanceModuleRemove",
            modules::remove,
        ),
        row(Method::GET, "/{project}/instances/{id}/log", "database:logList", Run::More(logs::list)),
        row(Method::POST, "/{project}/instances/{id}/log", "database:logAction", Run::More(logs::act)),
        get("/{project}/instances/{id}/ssl", "database:tlsShow", tls::show),
        post("/{project}/instances/{id}/ssl", "database:tlsAction", tls::act),
    ]
}

fn datastore_rows() -> Vec<Row> {
    const VERSION: &str = "/{project}/datastores/{datastore}/versions/{version}";
    vec![
        get("/{project}/flavors", "database:flavorList", flavors::list),
        get("/{project}/flavors/{id}", "database:flavorShow", flavors::show),
        get("/{project}/limits", "database:limitList", flavors::limits),
        get("/{project}/datastores", "database:datastoreList", datastores::list),
        get("/{project}/datastores/versions/{version}", "database:versionById", datastores::version_by_id),
        get(
            "/{project}/datastores/versions/{version}/parameters",
            "database:parametersByVersion",
            datastores::parameters_by_version,
        ),
        get(
            "/{project}/datastores/versions/{version}/parameters/{name}",
            "database:parameterByVersion",
            datastores::parameter_by_version,
        ),
        get("/{project}/datastores/{datastore}", "database:datastoreShow", datastores::show),
        delete("/{project}/datastores/{datastore}", "database:datastoreDelete", datastores::delete),
        get("/{project}/datastores/{datastore}/versions", "database:versionList", datastores::versions),
        get(VERSION, "database:versionShow", datastores::version),
        get(
            "/{project}/datastores/{datastore}/versions/{version}/flavors",
            "database:versionFlavors",
            flavors::of_version,
        ),
        get(
            "/{project}/datastores/{datastore}/versions/{version}/volume-types",
            "database:versionVolumeTypes",
            flavors::volume_types,
        ),
        get(
            "/{project}/datastores/{datastore}/versions/{version}/parameters",
            "database:parameterList",
            datastores::parameters,
        ),
        get(
            "/{project}/datastores/{datastore}/versions/{version}/parameters/{name}",
            "database:parameterShow",
            datastores::parameter,
        ),
    ]
}

fn backup_rows() -> Vec<Row> {
    const STRATEGIES: &str = "/{project}/backup_strategies";
    vec![
        get("/{project}/backups", "database:backupList", backups::list),
        body(post("/{project}/backups", "database:backupCreate", backups::create), like!(BACKUP)),
        get("/{project}/backups/{id}", "database:backupShow", backups::show),
        delete("/{project}/backups/{id}", "database:backupDelete", backups::delete),
        get(STRATEGIES, "database:strategyList", backups::strategies),
        body(post(STRATEGIES, "database:strategyCreate", backups::set_strategy), like!(STRATEGY)),
        delete(STRATEGIES, "database:strategyDelete", backups::delete_strategy),
    ]
}

fn configuration_rows() -> Vec<Row> {
    const ALL: &str = "/{project}/configurations";
    const ONE: &str = "/{project}/configurations/{id}";
    vec![
        get(ALL, "database:configurationList", configurations::list),
        body(
            row(Method::POST, ALL, "database:configurationCreate", Run::More(configurations::create)),
            like!(CONFIGURATION_CREATE),
        ),
        get(ONE, "database:configurationShow", configurations::show),
        body(
            row(Method::PUT, ONE, "database:configurationUpdate", Run::More(configurations::update)),
            like!(CONFIGURATION_UPDATE),
        ),
        body(
            row(Method::PATCH, ONE, "database:configurationEdit", Run::More(configurations::edit)),
            like!(CONFIGURATION_EDIT),
        ),
        delete(ONE, "database:configurationDelete", configurations::delete),
        get(
            "/{project}/configurations/{id}/instances",
            "database:configurationInstances",
            configurations::instances,
        ),
    ]
}

fn module_rows() -> Vec<Row> {
    const ALL: &str = "/{project}/modules";
    const ONE: &str = "/{project}/modules/{id}";
    const INSTANCES: &str = "/{project}/modules/{id}/instances";
    vec![
        get(ALL, "database:moduleList", modules::list),
        body(post(ALL, "database:moduleCreate", modules::create), like!(MODULE_CREATE)),
        get(ONE, "database:moduleShow", modules::show),
        body(put(ONE, "database:moduleUpdate", modules::update), like!(MODULE_UPDATE)),
        delete(ONE, "database:moduleDelete", modules::delete),
        get(INSTANCES, "database:moduleInstances", modules::instances),
        put(INSTANCES, "database:moduleReapply", modules::reapply),
    ]
}

/// What is inside of instances: extensions of the original.
fn inside_rows() -> Vec<Row> {
    const DATABASES: &str = "/{project}/instances/{id}/databases";
    const DATABASE: &str = "/{project}/instances/{id}/databases/{database}";
    const USERS: &str = "/{project}/instances/{id}/users";
    const USER: &str = "/{project}/instances/{id}/users/{user}";
    const GRANTS: &str = "/{project}/instances/{id}/users/{user}/databases";
    const ROOT: &str = "/{project}/instances/{id}/root";
    vec![
        more(Method::GET, DATABASES, "database:databaseList", databases::list),
        body(more(Method::POST, DATABASES, "database:databaseCreate", databases::create), like!(DATABASES)),
        more(Method::GET, DATABASE, "database:databaseShow", databases::show),
        more(Method::DELETE, DATABASE, "database:databaseDelete", databases::delete),
        more(Method::GET, USERS, "database:userList", users::list),
        body(more(Method::POST, USERS, "database:userCreate", users::create), like!(USERS)),
        body(more(Method::PUT, USERS, "database:userPasswords", users::change_passwords), like!(USERS)),
        more(Method::GET, USER, "database:userShow", users::show),
        body(more(Method::PUT, USER, "database:userUpdate", users::update), like!(USER)),
        more(Method::DELETE, USER, "database:userDelete", users::delete),
        more(Method::GET, GRANTS, "database:accessList", users::access),
        body(more(Method::PUT, GRANTS, "database:accessGrant", users::grant), like!(GRANTS)),
        more(
            Method::DELETE,
            "/{project}/instances/{id}/users/{user}/databases/{database}",
            "database:accessRevoke",
            users::revoke,
        ),
        uncounted(get(ROOT, "database:rootShow", root::show)),
        more(Method::POST, ROOT, "database:rootEnable", root::enable),
        more(Method::DELETE, ROOT, "database:rootDisable", root::disable),
        uncounted(get("/{project}/clusters/{id}/root", "database:clusterRootShow", root::show_cluster)),
        uncounted(post("/{project}/clusters/{id}/root", "database:clusterRootEnable", root::enable_cluster)),
    ]
}

fn cluster_rows() -> Vec<Row> {
    const ALL: &str = "/{project}/clusters";
    const ONE: &str = "/{project}/clusters/{id}";
    vec![
        get(ALL, "database:clusterList", clusters::list),
        body(post(ALL, "database:clusterCreate", clusters::create), like!(CLUSTER_CREATE)),
        get(ONE, "database:clusterShow", clusters::show),
        body(post(ONE, "database:clusterAction", clusters::act), clusters::check_body),
        delete(ONE, "database:clusterDelete", clusters::delete),
        get("/{project}/clusters/{id}/instances/{instance}", "database:clusterMember", clusters::show_member),
    ]
}

/// What administrators call: extensions of the original.
fn mgmt_rows() -> Vec<Row> {
    const INSTANCE: &str = "/{project}/mgmt/instances/{id}";
    const QUOTA: &str = "/{project}/mgmt/quotas/{id}";
    let mut rows = vec![
        get("/{project}/mgmt/instances", "database:mgmtInstanceList", mgmt::instances::list),
        get(INSTANCE, "database:mgmtInstanceShow", mgmt::instances::show),
        body(
            post(
                "/{project}/mgmt/instances/{id}/action",
                "database:mgmtInstanceAction",
                mgmt::instances::act,
            ),
            mgmt::instances::check_body,
        ),
        get("/{project}/mgmt/instances/{id}/root", "database:mgmtRootHistory", root::history),
        get(
            "/{project}/mgmt/instances/{id}/diagnostics",
            "database:mgmtDiagnostics",
            mgmt::instances::diagnostics,
        ),
        get("/{project}/mgmt/instances/{id}/hwinfo", "database:mgmtHardware", mgmt::instances::hardware),
        get("/{project}/mgmt/instances/{id}/rpc_ping", "database:mgmtPing", mgmt::instances::ping),
        body(
            post(
                "/{project}/mgmt/instances/{id}/upgrade",
                "database:mgmtAgentUpgrade",
                mgmt::instances::upgrade,
            ),
            like!(UPGRADE),
        ),
        get("/{project}/mgmt/clusters", "database:mgmtClusterList", mgmt::clusters::list),
        get("/{project}/mgmt/clusters/{id}", "database:mgmtClusterShow", mgmt::clusters::show),
        body(
            post("/{project}/mgmt/clusters/{id}/action", "database:mgmtClusterAction", mgmt::clusters::act),
            mgmt::clusters::check_body,
        ),
        put(QUOTA, "database:quotaUpdate", mgmt::quotas::update),
    ];
    rows.extend(mgmt_datastore_rows());
    let mut rows: Vec<Row> = rows.into_iter().map(admin).collect();
    // A project may read its own.
    rows.push(uncounted(get(QUOTA, "database:quotaShow", mgmt::quotas::show)));
    rows
}

fn mgmt_datastore_rows() -> Vec<Row> {
    const VERSIONS: &str = "/{project}/mgmt/datastore-versions";
    const VERSION: &str = "/{project}/mgmt/datastore-versions/{id}";
    const PARAMETERS: &str = "/{project}/mgmt/datastores/versions/{version}/parameters";
    const PARAMETER: &str = "/{project}/mgmt/datastores/versions/{version}/parameters/{name}";
    vec![
        get(VERSIONS, "database:mgmtVersionList", mgmt::versions::list),
        body(post(VERSIONS, "database:mgmtVersionCreate", mgmt::versions::create), like!(VERSION_CREATE)),
        get(VERSION, "database:mgmtVersionShow", mgmt::versions::show),
        body(patch(VERSION, "database:mgmtVersionEdit", mgmt::versions::edit), like!(VERSION_EDIT)),
        delete(VERSION, "database:mgmtVersionDelete", mgmt::versions::delete),
        get(PARAMETERS, "database:mgmtParameterList", mgmt::parameters::list),
        body(post(PARAMETERS, "database:mgmtParameterCreate", mgmt::parameters::create), like!(PARAMETER)),
        get(PARAMETER, "database:mgmtParameterShow", mgmt::parameters::show),
        body(put(PARAMETER, "database:mgmtParameterUpdate", mgmt::parameters::update), like!(PARAMETER)),
        delete(PARAMETER, "database:mgmtParameterDelete", mgmt::parameters::delete),
    ]
}
