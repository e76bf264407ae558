//! What administrators do, and what old services had.

use pentad_trove::mgmt::{ManagedQuery, NewDatastoreVersion, NewParameter, Upgrade};
use serde_json::json;

use super::{Row, UUID, shown};

pub(super) const MANAGEMENT: &[Row] = &[
    (
        "mgmt_instances.list",
        |c| {
            let query = ManagedQuery::new().deleted(false).include_clustered(true).project("p");
            shown(c.mgmt().instances(&query))
        },
        "GET /mgmt/instances?deleted=false&include_clustered=true&project_id=p",
    ),
    (
        "mgmt_instances.show",
        |c| shown(c.mgmt().instance("i").get(true)),
        "GET /mgmt/instances/i?deleted=true",
    ),
    (
        "mgmt_instances.stop",
        |c| shown(c.mgmt().instance("i").stop()),
        r#"POST /mgmt/instances/i/action {"stop":{}}"#,
    ),
    (
        "mgmt_instances.reboot",
        |c| shown(c.mgmt().instance("i").reboot()),
        r#"POST /mgmt/instances/i/action {"reboot":{}}"#,
    ),
    (
        "mgmt_instances.migrate",
        |c| shown(c.mgmt().instance("i").migrate(Some("h"))),
        r#"POST /mgmt/instances/i/action {"migrate":{"host":"h"}}"#,
    ),
    (
        "mgmt_instances.reset_task_status",
        |c| shown(c.mgmt().instance("i").reset_task_status()),
        r#"POST /mgmt/instances/i/action {"reset-task-status":{}}"#,
    ),
    (
        "mgmt_instances.rebuild",
        |c| shown(c.mgmt().instance("i").rebuild(UUID)),
        r#"POST /mgmt/instances/i/action {"rebuild":{"image_id":"b19b5da0-d2f6-11e9-9382-00224d6b7bc1"}}"#,
    ),
    (
        "mgmt_instances.root_enabled_history",
        |c| shown(c.mgmt().instance("i").root_history()),
        "GET /mgmt/instances/i/root",
    ),
    ("diagnostics.get", |c| shown(c.mgmt().instance("i").diagnostics()), "GET /mgmt/instances/i/diagnostics"),
    ("hwinfo.get", |c| shown(c.mgmt().instance("i").hardware()), "GET /mgmt/instances/i/hwinfo"),
    ("rpc_ping", |c| shown(c.mgmt().instance("i").ping()), "GET /mgmt/instances/i/rpc_ping"),
    (
        "upgrade",
        |c| {
            let to = Upgrade::new().instance_version("1").location("l").metadata("m");
            shown(c.mgmt().instance("i").upgrade(&to))
        },
        r#"POST /mgmt/instances/i/upgrade {"upgrade":{"instance_version":"1","location":"l","metadata":"m"}}"#,
    ),
    ("mgmt_clusters.index", |c| shown(c.mgmt().clusters(Some(true))), "GET /mgmt/clusters?deleted=true"),
    ("mgmt_clusters.show", |c| shown(c.mgmt().cluster("c")), "GET /mgmt/clusters/c"),
    (
        "mgmt_clusters.reset_task",
        |c| shown(c.mgmt().reset_cluster_task("c")),
        r#"POST /mgmt/clusters/c/action {"reset-task":{}}"#,
    ),
    ("mgmt_ds_versions.list", |c| shown(c.mgmt().datastore_versions()), "GET /mgmt/datastore-versions"),
    ("mgmt_ds_versions.get", |c| shown(c.mgmt().datastore_version("v")), "GET /mgmt/datastore-versions/v"),
    (
        "mgmt_ds_versions.create",
        |c| {
            let new = NewDatastoreVersion::new("8.0", "mysql", "mysql").image_tags(["trove", "mysql"]);
            let new = new.default_version(true).version("8.0.29").registry_ext("r").repl_strategy("s");
            shown(c.mgmt().create_datastore_version(&new))
        },
        r#"POST /mgmt/datastore-versions {"version":{"name":"8.0","datastore_name":"mysql","datastore_manager":"mysql","packages":[],"active":true,"image_tags":["trove","mysql"],"default":true,"version":"8.0.29","registry_ext":"r","repl_strategy":"s"}}"#,
    ),
    (
        "mgmt_ds_versions.edit",
        |c| {
            let change = NewDatastoreVersion::change().name("n").manager("m").image("i").packages(["p"]);
            shown(c.mgmt().update_datastore_version("v", &change.active(false)))
        },
        r#"PATCH /mgmt/datastore-versions/v {"name":"n","datastore_manager":"m","image":"i","packages":["p"],"active":false}"#,
    ),
    (
        "mgmt_ds_versions.delete",
        |c| shown(c.mgmt().delete_datastore_version("v")),
        "DELETE /mgmt/datastore-versions/v",
    ),
    (
        "mgmt_config_params.list_all_parameter_by_version",
        |c| shown(c.mgmt().parameters("v")),
        "GET /mgmt/datastores/versions/v/parameters",
    ),
    (
        "mgmt_config_params.get_any_parameter_by_version",
        |c| shown(c.mgmt().parameter("v", "k")),
        "GET /mgmt/datastores/versions/v/parameters/k",
    ),
    (
        "mgmt_config_params.create",
        |c| {
            let new = NewParameter::integer("k").restart_required(true).max(9).min(1);
            shown(c.mgmt().create_parameter("v", &new))
        },
        r#"POST /mgmt/datastores/versions/v/parameters {"configuration-parameter":{"name":"k","restart_required":1,"data_type":"integer","max_size":9,"min_size":1}}"#,
    ),
    (
        "mgmt_config_params.modify",
        |c| shown(c.mgmt().update_parameter("v", &NewParameter::string("k"))),
        r#"PUT /mgmt/datastores/versions/v/parameters/k {"configuration-parameter":{"name":"k","restart_required":0,"data_type":"string"}}"#,
    ),
    (
        "mgmt_config_params.delete",
        |c| shown(c.mgmt().delete_parameter("v", "k")),
        "DELETE /mgmt/datastores/versions/v/parameters/k",
    ),
];

pub(super) const OLD: &[Row] = &[
    ("metadata.list", |c| shown(c.old().metadata("i")), "GET /instances/i/metadata"),
    ("metadata.show", |c| shown(c.old().metadata_entry("i", "k")), "GET /instances/i/metadata/k"),
    (
        "metadata.create",
        |c| shown(c.old().create_metadata("i", "k", &json!(1))),
        r#"POST /instances/i/metadata/k {"metadata":{"value":1}}"#,
    ),
    (
        "metadata.update",
        |c| shown(c.old().update_metadata("i", "k", "l", &json!(1))),
        r#"PUT /instances/i/metadata/k {"metadata":{"key":"l","value":1}}"#,
    ),
    (
        "metadata.edit",
        |c| shown(c.old().edit_metadata("i", "k", &json!(1))),
        r#"PATCH /instances/i/metadata/k {"metadata":{"value":1}}"#,
    ),
    ("metadata.delete", |c| shown(c.old().delete_metadata("i", "k")), "DELETE /instances/i/metadata/k"),
    ("security_groups.list", |c| shown(c.old().security_groups()), "GET /security-groups"),
    ("security_groups.get", |c| shown(c.old().security_group("g")), "GET /security-groups/g"),
    (
        "security_group_rules.create",
        |c| shown(c.old().create_security_group_rule("g", "10.0.0.0/8")),
        r#"POST /security-group-rules {"security_group_rule":{"group_id":"g","cidr":"10.0.0.0/8"}}"#,
    ),
    (
        "security_group_rules.delete",
        |c| shown(c.old().delete_security_group_rule("r")),
        "DELETE /security-group-rules/r",
    ),
    ("volume_types.list", |c| shown(c.old().volume_types()), "GET /volume-types"),
    ("volume_types.get", |c| shown(c.old().volume_type("t")), "GET /volume-types/t"),
    ("accounts.index", |c| shown(c.old().accounts()), "GET /mgmt/accounts"),
    ("accounts.show", |c| shown(c.old().account("a")), "GET /mgmt/accounts/a"),
    ("hosts.index", |c| shown(c.old().hosts()), "GET /mgmt/hosts"),
    ("hosts.get", |c| shown(c.old().host("h")), "GET /mgmt/hosts/h"),
    (
        "hosts.update_all",
        |c| shown(c.old().update_host("h")),
        r#"POST /mgmt/hosts/h/instances/action {"update":""}"#,
    ),
    ("storage.index", |c| shown(c.old().storage()), "GET /mgmt/storage"),
    (
        "mgmt_flavor.create",
        |c| shown(c.old().create_flavor(&json!({"name": "f"}))),
        r#"POST /mgmt/flavors {"flavor":{"name":"f"}}"#,
    ),
];
