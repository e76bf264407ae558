//! What else a project has.

use std::collections::BTreeMap;

use pentad_core::Cursor;
use pentad_trove::{
    BackupQuery, ConfigurationUpdate, Locality, ModuleInstances, ModuleUpdate, NewBackup, NewCluster,
    NewConfiguration, NewMember, NewModule, NewSchedule, Nic, Reapply, RestoreFrom,
};
use serde_json::{Map, json};

use super::{Row, shown};
use crate::ID;

pub(super) const BACKUPS: &[Row] = &[
    (
        "backups.list",
        |c| {
            let query = BackupQuery::new().datastore("mysql").instance("i").all_projects(true).project("p");
            shown(c.backups(query).page_size(2).start_at(Cursor::Offset(2)))
        },
        "GET /backups?datastore=mysql&instance_id=i&all_projects=True&project_id=p&limit=2&marker=2",
    ),
    ("backups.get", |c| shown(c.backup("b").get()), "GET /backups/b"),
    ("backups.delete", |c| shown(c.backup("b").delete()), "DELETE /backups/b"),
    (
        "backups.create",
        |c| {
            let new = NewBackup::new("b1", "i").description("d").parent(ID).incremental(true);
            shown(c.create_backup(&new.container("box").storage_driver("cinder")))
        },
        r#"POST /backups {"backup":{"name":"b1","instance":"i","description":"d","parent_id":"44b277eb-39be-4921-be31-3d61b43651d7","storage_driver":"cinder","swift_container":"box","incremental":1}}"#,
    ),
    (
        "backups.create(restore_from)",
        |c| shown(c.create_backup(&NewBackup::restored("b1", RestoreFrom::new("http://store/x", ID, 3)))),
        r#"POST /backups {"backup":{"name":"b1","restore_from":{"remote_location":"http://store/x","local_datastore_version_id":"44b277eb-39be-4921-be31-3d61b43651d7","size":3}}}"#,
    ),
    (
        "backups.schedule_create",
        |c| shown(c.create_schedule("s1", &NewSchedule::new("i", "0 3 * * *", "nightly").incremental(true))),
        r#"POST /cron_triggers {"name":"s1","workflow_name":"trove.backup_create","pattern":"0 3 * * *","workflow_input":"{\"instance\":\"i\",\"name\":\"nightly\",\"description\":null,\"incremental\":true}"}"#,
    ),
    ("backups.schedule_list", |c| shown(c.schedules("i")), "GET /cron_triggers"),
    ("backups.schedule_show", |c| shown(c.schedule("s1")), "GET /cron_triggers/s1"),
    ("backups.schedule_delete", |c| shown(c.delete_schedule("s1")), "DELETE /cron_triggers/s1"),
    ("backups.execution_list", |c| shown(c.executions("s1")), "GET /cron_triggers/s1"),
    ("backups.execution_delete", |c| shown(c.delete_execution("e")), "DELETE /executions/e"),
    (
        "backup_strategies.list",
        |c| shown(c.backup_strategies(Some("i"), Some("p"))),
        "GET /backup_strategies?instance_id=i&project_id=p",
    ),
    (
        "backup_strategies.create",
        |c| shown(c.set_backup_strategy(Some("i"), "box")),
        r#"POST /backup_strategies {"backup_strategy":{"instance_id":"i","swift_container":"box"}}"#,
    ),
    (
        "backup_strategies.delete",
        |c| shown(c.delete_backup_strategy(None, Some("p"))),
        "DELETE /backup_strategies?project_id=p",
    ),
];

pub(super) const DATASTORES: &[Row] = &[
    ("datastores.list", |c| shown(c.datastores()), "GET /datastores"),
    ("datastores.get", |c| shown(c.datastore("mysql").get()), "GET /datastores/mysql"),
    ("datastores.delete", |c| shown(c.datastore("mysql").delete()), "DELETE /datastores/mysql"),
    ("datastore_versions.list", |c| shown(c.datastore("mysql").versions()), "GET /datastores/mysql/versions"),
    (
        "datastore_versions.get",
        |c| shown(c.datastore("mysql").version("8.0").get()),
        "GET /datastores/mysql/versions/8.0",
    ),
    ("datastore_versions.get_by_uuid", |c| shown(c.datastore_version("v")), "GET /datastores/versions/v"),
    (
        "flavors.list_datastore_version_associated_flavors",
        |c| shown(c.datastore("d").version("v").flavors()),
        "GET /datastores/d/versions/v/flavors",
    ),
    (
        "volume_types.list_datastore_version_associated_volume_types",
        |c| shown(c.datastore("d").version("v").volume_types()),
        "GET /datastores/d/versions/v/volume-types",
    ),
    (
        "configuration_parameters.parameters",
        |c| shown(c.datastore("d").version("v").parameters()),
        "GET /datastores/d/versions/v/parameters",
    ),
    (
        "configuration_parameters.get_parameter",
        |c| shown(c.datastore("d").version("v").parameter("k")),
        "GET /datastores/d/versions/v/parameters/k",
    ),
    (
        "configuration_parameters.parameters_by_version",
        |c| shown(c.parameters("v")),
        "GET /datastores/versions/v/parameters",
    ),
    (
        "configuration_parameters.get_parameter_by_version",
        |c| shown(c.parameter("v", "k")),
        "GET /datastores/versions/v/parameters/k",
    ),
    ("configurations.list", |c| shown(c.configurations()), "GET /configurations"),
    ("configurations.get", |c| shown(c.configuration("g").get()), "GET /configurations/g"),
    (
        "configurations.instances",
        |c| shown(c.configuration("g").instances().page_size(3)),
        "GET /configurations/g/instances?limit=3",
    ),
    (
        "configurations.create",
        |c| {
            let new = NewConfiguration::new("g").set("max_connections", 200).description("d");
            shown(c.create_configuration(&new.datastore("mysql").datastore_version("8.0")))
        },
        r#"POST /configurations {"configuration":{"name":"g","values":{"max_connections":200},"datastore":{"type":"mysql","version":"8.0"},"description":"d"}}"#,
    ),
    (
        "configurations.update",
        |c| {
            let values = Map::from_iter([("a".to_owned(), json!(1))]);
            let change = ConfigurationUpdate::new().name("n").description("d").values(values);
            shown(c.configuration("g").update(&change))
        },
        r#"PUT /configurations/g {"configuration":{"name":"n","description":"d","values":{"a":1}}}"#,
    ),
    (
        "configurations.edit",
        |c| shown(c.configuration("g").set(&Map::from_iter([("a".to_owned(), json!(1))]))),
        r#"PATCH /configurations/g {"configuration":{"values":{"a":1}}}"#,
    ),
    ("configurations.delete", |c| shown(c.configuration("g").delete()), "DELETE /configurations/g"),
    ("flavors.list", |c| shown(c.flavors()), "GET /flavors"),
    ("flavors.get", |c| shown(c.flavor("2")), "GET /flavors/2"),
    ("limits.list", |c| shown(c.limits()), "GET /limits"),
    ("quota.show", |c| shown(c.quotas("p")), "GET /mgmt/quotas/p"),
    (
        "quota.update",
        |c| shown(c.set_quotas("p", &BTreeMap::from([("instances".to_owned(), 20), ("ram".to_owned(), -1)]))),
        r#"PUT /mgmt/quotas/p {"quotas":{"instances":20,"ram":-1}}"#,
    ),
    ("versions", |c| shown(c.versions()), "GET /"),
];

pub(super) const MODULES: &[Row] = &[
    (
        "modules.create",
        |c| {
            let say =
                |m: ModuleUpdate| m.description("d").datastore("mysql").all_projects(true).apply_order(9);
            let say = move |m| say(m).auto_apply(false).visible(true).live_update(true).priority_apply(false);
            shown(
                c.create_module(
                    &NewModule::new("m", "ping", "message=hi").with(|m| say(m).full_access(true)),
                ),
            )
        },
        r#"POST /modules {"module":{"name":"m","module_type":"ping","contents":"bWVzc2FnZT1oaQ==","description":"d","all_tenants":1,"apply_order":9,"auto_apply":0,"visible":1,"live_update":1,"priority_apply":0,"full_access":1,"datastore":{"type":"mysql"}}}"#,
    ),
    (
        "modules.update",
        |c| {
            shown(
                c.module("m")
                    .update(&ModuleUpdate::new().kind("ping").all_datastores().all_datastore_versions()),
            )
        },
        r#"PUT /modules/m {"module":{"module_type":"ping","all_datastores":1,"all_datastore_versions":1}}"#,
    ),
    ("modules.list", |c| shown(c.modules(Some("d"))), "GET /modules?datastore=d"),
    ("modules.get", |c| shown(c.module("m").get()), "GET /modules/m"),
    ("modules.delete", |c| shown(c.module("m").delete()), "DELETE /modules/m"),
    (
        "modules.instances",
        |c| shown(c.module("m").instances(ModuleInstances::new().include_clustered(true))),
        "GET /modules/m/instances?include_clustered=true",
    ),
    (
        "modules.instances(count_only)",
        |c| shown(c.module("m").instance_counts(ModuleInstances::new())),
        "GET /modules/m/instances?count_only=true",
    ),
    (
        "modules.reapply",
        |c| {
            let how = Reapply::new().md5("f").include_clustered(true).batch(5, 2).force(true);
            shown(c.module("m").reapply(&how))
        },
        r#"PUT /modules/m/instances {"reapply":{"md5":"f","include_clustered":1,"batch_size":5,"batch_delay":2,"force":1}}"#,
    ),
];

pub(super) const CLUSTERS: &[Row] = &[
    (
        "clusters.create",
        |c| {
            let member = NewMember::new("2").volume(2).nic(Nic::network("n")).availability_zone("z");
            let new = NewCluster::new("c", "mongodb", "4.0").member(member.modules([ID]).region("r"));
            let new = new.locality(Locality::AntiAffinity).property("num_mongos", 1).configuration(ID);
            shown(c.create_cluster(&new))
        },
        r#"POST /clusters {"cluster":{"name":"c","datastore":{"type":"mongodb","version":"4.0"},"instances":[{"flavorRef":"2","volume":{"size":2},"nics":[{"network_id":"n"}],"availability_zone":"z","modules":[{"id":"44b277eb-39be-4921-be31-3d61b43651d7"}],"region_name":"r"}],"locality":"anti-affinity","extended_properties":{"num_mongos":1},"configuration":"44b277eb-39be-4921-be31-3d61b43651d7"}}"#,
    ),
    ("clusters.list", |c| shown(c.clusters()), "GET /clusters"),
    ("clusters.get", |c| shown(c.cluster("c").get()), "GET /clusters/c"),
    ("clusters.instance", |c| shown(c.cluster("c").instance("i")), "GET /clusters/c/instances/i"),
    ("clusters.delete", |c| shown(c.cluster("c").delete()), "DELETE /clusters/c"),
    (
        "clusters.grow",
        |c| {
            let member =
                NewMember::new("2").volume_of_type(1, "ssd").name("m").kind("replica").related_to("x");
            shown(c.cluster("c").grow(&[member]))
        },
        r#"POST /clusters/c {"grow":[{"flavorRef":"2","volume":{"size":1,"type":"ssd"},"name":"m","type":"replica","related_to":"x"}]}"#,
    ),
    (
        "clusters.shrink",
        |c| shown(c.cluster("c").shrink(&["i"])),
        r#"POST /clusters/c {"shrink":[{"id":"i"}]}"#,
    ),
    (
        "clusters.upgrade",
        |c| shown(c.cluster("c").upgrade("5")),
        r#"POST /clusters/c {"upgrade":{"datastore_version":"5"}}"#,
    ),
    ("clusters.add_shard", |c| shown(c.cluster("c").add_shard()), r#"POST /clusters/c {"add_shard":{}}"#),
    ("clusters.restart", |c| shown(c.cluster("c").restart()), r#"POST /clusters/c {"restart":{}}"#),
    (
        "clusters.configuration_attach",
        |c| shown(c.cluster("c").attach_configuration("g")),
        r#"POST /clusters/c {"configuration_attach":{"configuration_id":"g"}}"#,
    ),
    (
        "clusters.configuration_detach",
        |c| shown(c.cluster("c").detach_configuration()),
        r#"POST /clusters/c {"configuration_detach":{}}"#,
    ),
    (
        "clusters.reset_status, force_delete",
        |c| shown(c.cluster("c").force_delete()),
        r#"POST /clusters/c {"reset-status":{}}"#,
    ),
];
