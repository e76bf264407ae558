//! Every operation of the service, as data.

use std::time::Duration;

use http::Method;
use pentad_core::{Api, Op};

/// The database service, v1.0. Its version and the project stand in the endpoint.
pub const V1: Api = Api("v1.0");
/// The host of the service, without version and project.
pub const HOST: Api = Api("host");
/// The object store of the same cloud: it holds published logs.
pub const OBJECT_STORE: Api = Api("object-store");
/// The workflow service of the same cloud: it holds schedules of backups.
pub const WORKFLOW: Api = Api("workflow");

macro_rules! idempotent {
    (once) => {
        false
    };
    (again) => {
        true
    };
    (list) => {
        true
    };
}

macro_rules! ops {
    ($($name:ident = $id:literal $api:ident $method:ident $path:literal $kind:ident $section:literal $doc:literal;)*) => {
        $(
            #[doc = $doc]
            pub static $name: Op = Op {
                id: $id,
                routes: &[($api, Method::$method, $path)],
                idempotent: idempotent!($kind),
                patience: Duration::ZERO,
                source: concat!("OpenStack reference ", $section),
            };
        )*

        /// All operations, in the order of the reference.
        pub static OPS: &[&Op] = &[$(&$name),*];

        /// What the answer of an operation is: the third word of its row.
        const KINDS: &[(&str, &str)] = &[$(($id, stringify!($kind))),*];
    };
}

ops! {
    VERSIONS = "trove.version.list" HOST GET "/" list "C6" "The versions that the service knows.";
    // Instances
    INSTANCE_LIST = "trove.instance.list" V1 GET "/instances" list "C7" "Instances of the project.";
    INSTANCE_LIST_DETAIL = "trove.instance.list_detail" V1 GET "/instances/detail" list "C7" "Instances of the project, with all there is to say.";
    INSTANCE_CREATE = "trove.instance.create" V1 POST "/instances" once "C7.2" "A new instance, from nothing, a backup or another instance.";
    INSTANCE_GET = "trove.instance.get" V1 GET "/instances/{instance}" again "C7" "One instance.";
    INSTANCE_UPDATE = "trove.instance.update" V1 PUT "/instances/{instance}" again "C7.3" "Changes name and one other thing.";
    INSTANCE_EDIT = "trove.instance.edit" V1 PATCH "/instances/{instance}" again "C7.3" "As update; what older services know.";
    INSTANCE_DELETE = "trove.instance.delete" V1 DELETE "/instances/{instance}" again "C7.4" "Removes an instance.";
    INSTANCE_DEFAULTS = "trove.instance.defaults" V1 GET "/instances/{instance}/configuration" again "C7" "Default settings of the instance's flavor.";
    INSTANCE_BACKUPS = "trove.instance.backups" V1 GET "/instances/{instance}/backups" list "C7" "Backups of one instance.";
    INSTANCE_ACTION = "trove.instance.action" V1 POST "/instances/{instance}/action" once "C8" "Restart, resize, promote, eject, reset.";
    INSTANCE_MODULES = "trove.instance.modules" V1 GET "/instances/{instance}/modules" list "C17" "Modules of one instance.";
    INSTANCE_APPLY_MODULES = "trove.instance.apply_modules" V1 POST "/instances/{instance}/modules" again "C17" "Applies modules.";
    INSTANCE_REMOVE_MODULE = "trove.instance.remove_module" V1 DELETE "/instances/{instance}/modules/{module}" again "C17" "Takes a module off.";
    // Logs and TLS
    LOG_LIST = "trove.log.list" V1 GET "/instances/{instance}/log" list "C8" "Logs of the database.";
    LOG_ACTION = "trove.log.action" V1 POST "/instances/{instance}/log" again "C8" "Shows, enables, disables, publishes, discards a log.";
    LOG_PARTS = "trove.log.parts" OBJECT_STORE GET "/{container}" list "C8" "The published parts of a log.";
    LOG_PART_HEAD = "trove.log.part_head" OBJECT_STORE HEAD "/{container}/{+object}" again "C8" "How many lines a part has.";
    LOG_PART = "trove.log.part" OBJECT_STORE GET "/{container}/{+object}" again "C8" "The text of a part.";
    TLS_GET = "trove.tls.get" V1 GET "/instances/{instance}/ssl" again "C8" "How the database itself speaks TLS.";
    TLS_SET = "trove.tls.set" V1 POST "/instances/{instance}/ssl" again "C8" "Enables, disables, takes back TLS of the database.";
    // Databases, users, root
    DATABASE_LIST = "trove.database.list" V1 GET "/instances/{instance}/databases" list "C10" "Databases of an instance, by name.";
    DATABASE_CREATE = "trove.database.create" V1 POST "/instances/{instance}/databases" once "C10" "New databases.";
    DATABASE_GET = "trove.database.get" V1 GET "/instances/{instance}/databases/{database}" again "C10" "One database; no service answers it yet.";
    DATABASE_DELETE = "trove.database.delete" V1 DELETE "/instances/{instance}/databases/{database}" again "C10" "Removes a database.";
    USER_LIST = "trove.user.list" V1 GET "/instances/{instance}/users" list "C11" "Users of an instance, by name and host.";
    USER_CREATE = "trove.user.create" V1 POST "/instances/{instance}/users" once "C11" "New users.";
    USER_SET_PASSWORDS = "trove.user.set_passwords" V1 PUT "/instances/{instance}/users" again "C11" "New passwords of users.";
    USER_GET = "trove.user.get" V1 GET "/instances/{instance}/users/{user}" again "C11" "One user.";
    USER_UPDATE = "trove.user.update" V1 PUT "/instances/{instance}/users/{user}" again "C11" "Changes name, password or host.";
    USER_DELETE = "trove.user.delete" V1 DELETE "/instances/{instance}/users/{user}" again "C11" "Removes a user.";
    USER_ACCESS = "trove.user.access" V1 GET "/instances/{instance}/users/{user}/databases" list "C11" "Databases that a user may use.";
    USER_GRANT = "trove.user.grant" V1 PUT "/instances/{instance}/users/{user}/databases" again "C11" "Lets a user use databases.";
    USER_REVOKE = "trove.user.revoke" V1 DELETE "/instances/{instance}/users/{user}/databases/{database}" again "C11" "Takes a database from a user.";
    ROOT_GET = "trove.root.get" V1 GET "/instances/{instance}/root" again "C12" "Whether root was ever enabled.";
    ROOT_ENABLE = "trove.root.enable" V1 POST "/instances/{instance}/root" once "C12" "Enables root and shows the password.";
    ROOT_DISABLE = "trove.root.disable" V1 DELETE "/instances/{instance}/root" again "C12" "Disables root.";
    CLUSTER_ROOT_GET = "trove.cluster.root_get" V1 GET "/clusters/{cluster}/root" again "C12" "Whether root was ever enabled in a cluster.";
    CLUSTER_ROOT_ENABLE = "trove.cluster.root_enable" V1 POST "/clusters/{cluster}/root" once "C12" "Enables root in a cluster.";
    // Backups
    BACKUP_LIST = "trove.backup.list" V1 GET "/backups" list "C13" "Backups.";
    BACKUP_CREATE = "trove.backup.create" V1 POST "/backups" once "C13" "A new backup of an instance, or of data from elsewhere.";
    BACKUP_GET = "trove.backup.get" V1 GET "/backups/{backup}" again "C13" "One backup.";
    BACKUP_DELETE = "trove.backup.delete" V1 DELETE "/backups/{backup}" again "C13" "Removes a backup.";
    STRATEGY_LIST = "trove.backup_strategy.list" V1 GET "/backup_strategies" list "C13" "Where backups go.";
    STRATEGY_CREATE = "trove.backup_strategy.create" V1 POST "/backup_strategies" again "C13" "Says where backups go.";
    STRATEGY_DELETE = "trove.backup_strategy.delete" V1 DELETE "/backup_strategies" again "C13" "Backups go where they go by default.";
    SCHEDULE_LIST = "trove.schedule.list" WORKFLOW GET "/cron_triggers" list "C13" "Triggers of the workflow service.";
    SCHEDULE_CREATE = "trove.schedule.create" WORKFLOW POST "/cron_triggers" once "C13" "A trigger that makes backups.";
    SCHEDULE_GET = "trove.schedule.get" WORKFLOW GET "/cron_triggers/{schedule}" again "C13" "One trigger.";
    SCHEDULE_DELETE = "trove.schedule.delete" WORKFLOW DELETE "/cron_triggers/{schedule}" again "C13" "Removes a trigger.";
    EXECUTION_LIST = "trove.execution.list" WORKFLOW GET "/executions" list "C13" "Runs of workflows.";
    EXECUTION_DELETE = "trove.execution.delete" WORKFLOW DELETE "/executions/{execution}" again "C13" "Forgets a run.";
    // Datastores, configurations, parameters
    DATASTORE_LIST = "trove.datastore.list" V1 GET "/datastores" list "C14" "Kinds of databases.";
    DATASTORE_GET = "trove.datastore.get" V1 GET "/datastores/{datastore}" again "C14" "One kind of database.";
    DATASTORE_DELETE = "trove.datastore.delete" V1 DELETE "/datastores/{datastore}" again "C14" "Removes a kind of database, for administrators.";
    VERSION_LIST = "trove.datastore_version.list" V1 GET "/datastores/{datastore}/versions" list "C14" "Versions of a datastore.";
    VERSION_GET = "trove.datastore_version.get" V1 GET "/datastores/{datastore}/versions/{version}" again "C14" "One version.";
    VERSION_BY_ID = "trove.datastore_version.get_by_id" V1 GET "/datastores/versions/{version}" again "C14" "One version by its id.";
    VERSION_FLAVORS = "trove.datastore_version.flavors" V1 GET "/datastores/{datastore}/versions/{version}/flavors" list "C14" "Flavors that a version may use.";
    VERSION_VOLUME_TYPES = "trove.datastore_version.volume_types" V1 GET "/datastores/{datastore}/versions/{version}/volume-types" list "C14" "Volume types that a version may use.";
    PARAMETER_LIST = "trove.parameter.list" V1 GET "/datastores/{datastore}/versions/{version}/parameters" list "C15" "Settings of a version.";
    PARAMETER_GET = "trove.parameter.get" V1 GET "/datastores/{datastore}/versions/{version}/parameters/{parameter}" again "C15" "One setting.";
    PARAMETER_LIST_BY_ID = "trove.parameter.list_by_id" V1 GET "/datastores/versions/{version}/parameters" list "C15" "Settings of a version by its id.";
    PARAMETER_GET_BY_ID = "trove.parameter.get_by_id" V1 GET "/datastores/versions/{version}/parameters/{parameter}" again "C15" "One setting of a version by its id.";
    CONFIGURATION_LIST = "trove.configuration.list" V1 GET "/configurations" list "C15" "Configuration groups.";
    CONFIGURATION_CREATE = "trove.configuration.create" V1 POST "/configurations" once "C15" "A new configuration group.";
    CONFIGURATION_GET = "trove.configuration.get" V1 GET "/configurations/{configuration}" again "C15" "One configuration group.";
    CONFIGURATION_INSTANCES = "trove.configuration.instances" V1 GET "/configurations/{configuration}/instances" list "C15" "Instances that have the group attached.";
    CONFIGURATION_REPLACE = "trove.configuration.replace" V1 PUT "/configurations/{configuration}" again "C15" "Replaces all values.";
    CONFIGURATION_EDIT = "trove.configuration.edit" V1 PATCH "/configurations/{configuration}" again "C15" "Changes some values.";
    CONFIGURATION_DELETE = "trove.configuration.delete" V1 DELETE "/configurations/{configuration}" again "C15" "Removes a configuration group.";
    // Flavors, limits, modules
    FLAVOR_LIST = "trove.flavor.list" V1 GET "/flavors" list "C16" "Sizes of instances.";
    FLAVOR_GET = "trove.flavor.get" V1 GET "/flavors/{flavor}" again "C16" "One size.";
    LIMIT_LIST = "trove.limit.list" V1 GET "/limits" list "C16" "Limits of the project and of the rate of calls.";
    MODULE_LIST = "trove.module.list" V1 GET "/modules" list "C17" "Modules.";
    MODULE_CREATE = "trove.module.create" V1 POST "/modules" once "C17" "A new module.";
    MODULE_GET = "trove.module.get" V1 GET "/modules/{module}" again "C17" "One module.";
    MODULE_UPDATE = "trove.module.update" V1 PUT "/modules/{module}" again "C17" "Changes a module.";
    MODULE_DELETE = "trove.module.delete" V1 DELETE "/modules/{module}" again "C17" "Removes a module.";
    MODULE_INSTANCES = "trove.module.instances" V1 GET "/modules/{module}/instances" list "C17" "Instances that have a module, or their count.";
    MODULE_REAPPLY = "trove.module.reapply" V1 PUT "/modules/{module}/instances" again "C17" "Applies a module anew wherever it is.";
    // Clusters
    CLUSTER_LIST = "trove.cluster.list" V1 GET "/clusters" list "C18" "Clusters.";
    CLUSTER_CREATE = "trove.cluster.create" V1 POST "/clusters" once "C18" "A new cluster.";
    CLUSTER_GET = "trove.cluster.get" V1 GET "/clusters/{cluster}" again "C18" "One cluster.";
    CLUSTER_INSTANCE = "trove.cluster.instance" V1 GET "/clusters/{cluster}/instances/{instance}" again "C18" "One member of a cluster.";
    CLUSTER_ACTION = "trove.cluster.action" V1 POST "/clusters/{cluster}" once "C18" "Grow, shrink, upgrade, restart and more.";
    CLUSTER_DELETE = "trove.cluster.delete" V1 DELETE "/clusters/{cluster}" again "C18" "Removes a cluster.";
    // Management
    MGMT_INSTANCE_LIST = "trove.mgmt.instance.list" V1 GET "/mgmt/instances" list "C19" "Instances of all projects.";
    MGMT_INSTANCE_GET = "trove.mgmt.instance.get" V1 GET "/mgmt/instances/{instance}" again "C19" "One instance with its server and volume.";
    MGMT_INSTANCE_ACTION = "trove.mgmt.instance.action" V1 POST "/mgmt/instances/{instance}/action" once "C19" "Stop, reboot, migrate, rebuild, reset.";
    MGMT_INSTANCE_ROOT = "trove.mgmt.instance.root" V1 GET "/mgmt/instances/{instance}/root" again "C19" "Who enabled root, and when.";
    MGMT_INSTANCE_DIAGNOSTICS = "trove.mgmt.instance.diagnostics" V1 GET "/mgmt/instances/{instance}/diagnostics" again "C19" "Memory and threads of the agent.";
    MGMT_INSTANCE_HWINFO = "trove.mgmt.instance.hwinfo" V1 GET "/mgmt/instances/{instance}/hwinfo" again "C19" "Memory and processors of the machine.";
    MGMT_INSTANCE_PING = "trove.mgmt.instance.ping" V1 GET "/mgmt/instances/{instance}/rpc_ping" again "C19" "Whether the agent answers.";
    MGMT_INSTANCE_UPGRADE = "trove.mgmt.instance.upgrade" V1 POST "/mgmt/instances/{instance}/upgrade" once "C19" "Upgrades the agent.";
    MGMT_CLUSTER_LIST = "trove.mgmt.cluster.list" V1 GET "/mgmt/clusters" list "C19" "Clusters of all projects.";
    MGMT_CLUSTER_GET = "trove.mgmt.cluster.get" V1 GET "/mgmt/clusters/{cluster}" again "C19" "One cluster.";
    MGMT_CLUSTER_ACTION = "trove.mgmt.cluster.action" V1 POST "/mgmt/clusters/{cluster}/action" again "C19" "Resets a cluster's task.";
    QUOTA_GET = "trove.quota.list" V1 GET "/mgmt/quotas/{project}" list "C19" "What a project may use and uses.";
    QUOTA_UPDATE = "trove.quota.update" V1 PUT "/mgmt/quotas/{project}" again "C19" "Changes what a project may use.";
    MGMT_VERSION_LIST = "trove.mgmt.datastore_version.list" V1 GET "/mgmt/datastore-versions" list "C19" "Versions of all datastores.";
    MGMT_VERSION_CREATE = "trove.mgmt.datastore_version.create" V1 POST "/mgmt/datastore-versions" once "C19" "Registers a version, and its datastore if need be.";
    MGMT_VERSION_GET = "trove.mgmt.datastore_version.get" V1 GET "/mgmt/datastore-versions/{version}" again "C19" "One version.";
    MGMT_VERSION_UPDATE = "trove.mgmt.datastore_version.update" V1 PATCH "/mgmt/datastore-versions/{version}" again "C19" "Changes a version.";
    MGMT_VERSION_DELETE = "trove.mgmt.datastore_version.delete" V1 DELETE "/mgmt/datastore-versions/{version}" again "C19" "Removes a version.";
    MGMT_PARAMETER_LIST = "trove.mgmt.parameter.list" V1 GET "/mgmt/datastores/versions/{version}/parameters" list "C19" "Settings of a version, removed ones too.";
    MGMT_PARAMETER_CREATE = "trove.mgmt.parameter.create" V1 POST "/mgmt/datastores/versions/{version}/parameters" once "C19" "A new setting.";
    MGMT_PARAMETER_GET = "trove.mgmt.parameter.get" V1 GET "/mgmt/datastores/versions/{version}/parameters/{parameter}" again "C19" "One setting.";
    MGMT_PARAMETER_UPDATE = "trove.mgmt.parameter.update" V1 PUT "/mgmt/datastores/versions/{version}/parameters/{parameter}" again "C19" "Changes a setting.";
    MGMT_PARAMETER_DELETE = "trove.mgmt.parameter.delete" V1 DELETE "/mgmt/datastores/versions/{version}/parameters/{parameter}" again "C19" "Removes a setting.";
    // What only old services have
    METADATA_LIST = "trove.old.metadata.list" V1 GET "/instances/{instance}/metadata" again "C20" "Metadata of an instance.";
    METADATA_GET = "trove.old.metadata.get" V1 GET "/instances/{instance}/metadata/{key}" again "C20" "One entry of metadata.";
    METADATA_CREATE = "trove.old.metadata.create" V1 POST "/instances/{instance}/metadata/{key}" once "C20" "A new entry of metadata.";
    METADATA_UPDATE = "trove.old.metadata.update" V1 PUT "/instances/{instance}/metadata/{key}" again "C20" "Replaces key and value of an entry.";
    METADATA_EDIT = "trove.old.metadata.edit" V1 PATCH "/instances/{instance}/metadata/{key}" again "C20" "Changes the value of an entry.";
    METADATA_DELETE = "trove.old.metadata.delete" V1 DELETE "/instances/{instance}/metadata/{key}" again "C20" "Removes an entry.";
    SECURITY_GROUP_LIST = "trove.old.security_group.list" V1 GET "/security-groups" list "C20" "Security groups of instances.";
    SECURITY_GROUP_GET = "trove.old.security_group.get" V1 GET "/security-groups/{group}" again "C20" "One security group.";
    SECURITY_GROUP_RULE_CREATE = "trove.old.security_group_rule.create" V1 POST "/security-group-rules" once "C20" "Lets a network in.";
    SECURITY_GROUP_RULE_DELETE = "trove.old.security_group_rule.delete" V1 DELETE "/security-group-rules/{rule}" again "C20" "Shuts a network out.";
    VOLUME_TYPE_LIST = "trove.old.volume_type.list" V1 GET "/volume-types" list "C20" "Volume types.";
    VOLUME_TYPE_GET = "trove.old.volume_type.get" V1 GET "/volume-types/{volume_type}" again "C20" "One volume type.";
    ACCOUNT_LIST = "trove.old.account.list" V1 GET "/mgmt/accounts" again "C20" "Accounts that have instances.";
    ACCOUNT_GET = "trove.old.account.get" V1 GET "/mgmt/accounts/{account}" again "C20" "One account and its instances.";
    HOST_LIST = "trove.old.host.list" V1 GET "/mgmt/hosts" list "C20" "Machines of the cloud.";
    HOST_GET = "trove.old.host.get" V1 GET "/mgmt/hosts/{host}" again "C20" "One machine and its instances.";
    HOST_ACTION = "trove.old.host.action" V1 POST "/mgmt/hosts/{host}/instances/action" once "C20" "Updates the agents of a machine.";
    STORAGE_LIST = "trove.old.storage.list" V1 GET "/mgmt/storage" list "C20" "Storage of the cloud.";
    MGMT_FLAVOR_CREATE = "trove.old.flavor.create" V1 POST "/mgmt/flavors" once "C20" "A new flavor.";
}

/// Finds an operation by its id, as in `trove.instance.list`.
pub fn find(id: &str) -> Option<&'static Op> {
    pentad_core::op::find(OPS, id)
}

/// Whether the answer of an operation is a list.
pub(crate) fn is_list(id: &str) -> bool {
    KINDS.iter().any(|(known, kind)| *known == id && *kind == "list")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_and_routes_are_unique_and_lists_are_read() {
        let ids: BTreeSet<_> = OPS.iter().map(|op| op.id).collect();
        assert_eq!(ids.len(), OPS.len());
        let routes: BTreeSet<_> = OPS
            .iter()
            .flat_map(|op| op.routes)
            .map(|(api, method, path)| (api.0, method.as_str(), *path))
            .collect();
        assert_eq!(routes.len(), OPS.len());
        assert!(OPS.iter().filter(|op| is_list(op.id)).all(|op| op.routes[0].1 == Method::GET));
    }
}
