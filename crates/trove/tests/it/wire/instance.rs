//! Instances, their databases and users.

use pentad_core::{Cursor, Secret};
use pentad_trove::{
    Access, InstanceQuery, InstanceUpdate, Locality, LogChange, NewDatabase, NewInstance, NewUser, Nic,
    TlsChange, UserName, UserUpdate,
};

use super::{Row, UUID, shown};
use crate::ID;

pub(super) const INSTANCES: &[Row] = &[
    ("instances.list", |c| shown(c.instances(InstanceQuery::new())), "GET /instances"),
    (
        "instances.list(limit, marker, include_clustered, detailed)",
        |c| {
            let query = InstanceQuery::new().include_clustered(true).detailed(true);
            shown(c.instances(query).page_size(5).start_at(Cursor::Marker("a@%".into())))
        },
        "GET /instances/detail?include_clustered=true&limit=5&marker=a%40%25",
    ),
    ("instances.get", |c| shown(c.instance("i").get()), "GET /instances/i"),
    (
        "instances.create",
        |c| {
            let user = NewUser::new("appuser", "pw").host("%").database("shop");
            let shop = NewDatabase::new("shop").character_set("utf8").collate("utf8_general_ci");
            let new = NewInstance::new("db1", "2").volume_of_type(2, "ssd").database(shop).user(user);
            let new = new.datastore("mysql").datastore_version("8.0").datastore_version_number("8.0.29");
            let new = new.nic(Nic::network(UUID).subnet("s").address("10.0.0.9")).configuration(ID);
            let access = Access::new().public(false).allowed_cidrs(["10.0.0.0/8"]);
            let new = new.access(access).availability_zone("nova").locality(Locality::Affinity);
            shown(c.create_instance(&new.region("RegionOne").module(ID).from_backup(ID).replica_count(1)))
        },
        r#"POST /instances {"instance":{"name":"db1","flavorRef":"2","volume":{"size":2,"type":"ssd"},"databases":[{"name":"shop","character_set":"utf8","collate":"utf8_general_ci"}],"users":[{"name":"appuser","password":"pw","host":"%","databases":[{"name":"shop"}]}],"restorePoint":{"backupRef":"44b277eb-39be-4921-be31-3d61b43651d7"},"availability_zone":"nova","datastore":{"type":"mysql","version":"8.0","version_number":"8.0.29"},"nics":[{"network_id":"b19b5da0-d2f6-11e9-9382-00224d6b7bc1","subnet_id":"s","ip_address":"10.0.0.9"}],"configuration":"44b277eb-39be-4921-be31-3d61b43651d7","replica_count":1,"modules":[{"id":"44b277eb-39be-4921-be31-3d61b43651d7"}],"locality":"affinity","region_name":"RegionOne","access":{"is_public":false,"allowed_cidrs":["10.0.0.0/8"]}}}"#,
    ),
    (
        "instances.create(replica_of)",
        |c| shown(c.create_instance(&NewInstance::replica_of("r", ID).replica_count(2))),
        r#"POST /instances {"instance":{"name":"r","replica_of":"44b277eb-39be-4921-be31-3d61b43651d7","replica_count":2}}"#,
    ),
    (
        "instances.update(name, configuration)",
        |c| shown(c.instance("i").update(&InstanceUpdate::new().name("x").configuration(ID))),
        r#"PUT /instances/i {"instance":{"configuration":"44b277eb-39be-4921-be31-3d61b43651d7","name":"x"}}"#,
    ),
    (
        "instances.update(remove_configuration)",
        |c| shown(c.instance("i").update(&InstanceUpdate::new().no_configuration())),
        r#"PUT /instances/i {"instance":{"configuration":null}}"#,
    ),
    (
        "instances.update(detach_replica_source)",
        |c| shown(c.instance("i").detach_replica()),
        r#"PUT /instances/i {"instance":{"replica_of":null}}"#,
    ),
    (
        "instances.update(is_public, allowed_cidrs)",
        |c| {
            let access = Access::new().public(true).allowed_cidrs(["1.2.3.4"]);
            shown(c.instance("i").update(&InstanceUpdate::new().access(access)))
        },
        r#"PUT /instances/i {"instance":{"access":{"is_public":true,"allowed_cidrs":["1.2.3.4"]}}}"#,
    ),
    (
        "instances.edit",
        |c| shown(c.instance("i").edit(&InstanceUpdate::new().name("x"))),
        r#"PATCH /instances/i {"instance":{"name":"x"}}"#,
    ),
    (
        "instances.upgrade",
        |c| shown(c.instance("i").upgrade("8.0.30")),
        r#"PATCH /instances/i {"instance":{"datastore_version":"8.0.30"}}"#,
    ),
    ("instances.delete", |c| shown(c.instance("i").delete()), "DELETE /instances/i"),
    ("instances.restart", |c| shown(c.instance("i").restart()), r#"POST /instances/i/action {"restart":{}}"#),
    (
        "instances.resize_volume",
        |c| shown(c.instance("i").resize_volume(5)),
        r#"POST /instances/i/action {"resize":{"volume":{"size":5}}}"#,
    ),
    (
        "instances.resize_instance",
        |c| shown(c.instance("i").resize("3")),
        r#"POST /instances/i/action {"resize":{"flavorRef":"3"}}"#,
    ),
    (
        "instances.promote_to_replica_source",
        |c| shown(c.instance("i").promote_to_replica_source()),
        r#"POST /instances/i/action {"promote_to_replica_source":{}}"#,
    ),
    (
        "instances.eject_replica_source",
        |c| shown(c.instance("i").eject_replica_source()),
        r#"POST /instances/i/action {"eject_replica_source":{}}"#,
    ),
    (
        "instances.reset_status, force_delete",
        |c| shown(c.instance("i").force_delete()),
        r#"POST /instances/i/action {"reset_status":{}}"#,
    ),
    ("instances.configuration", |c| shown(c.instance("i").defaults()), "GET /instances/i/configuration"),
    (
        "instances.backups",
        |c| shown(c.instance("i").backups().page_size(2)),
        "GET /instances/i/backups?limit=2",
    ),
    ("instances.modules", |c| shown(c.instance("i").modules()), "GET /instances/i/modules"),
    (
        "instances.module_query",
        |c| shown(c.instance("i").modules_from_guest(false)),
        "GET /instances/i/modules?from_guest=True",
    ),
    (
        "instances.module_retrieve",
        |c| shown(c.instance("i").modules_from_guest(true)),
        "GET /instances/i/modules?from_guest=True&include_contents=True",
    ),
    (
        "instances.module_apply",
        |c| shown(c.instance("i").apply_modules(&[ID])),
        r#"POST /instances/i/modules {"modules":[{"id":"44b277eb-39be-4921-be31-3d61b43651d7"}]}"#,
    ),
    (
        "instances.module_remove",
        |c| shown(c.instance("i").remove_module("m")),
        "DELETE /instances/i/modules/m",
    ),
    ("instances.log_list", |c| shown(c.instance("i").logs()), "GET /instances/i/log"),
    (
        "instances.log_show, log_generator, log_save",
        |c| shown(c.instance("i").log("general").content(Some(50))),
        r#"POST /instances/i/log {"name":"general"}"#,
    ),
    (
        "instances.log_action",
        |c| shown(c.instance("i").log("general").change(LogChange::new().enable().publish().discard())),
        r#"POST /instances/i/log {"name":"general","enable":1,"publish":1,"discard":1}"#,
    ),
    (
        "instances.log_action(disable)",
        |c| shown(c.instance("i").log("general").change(LogChange::new().disable())),
        r#"POST /instances/i/log {"name":"general","disable":1}"#,
    ),
    (
        "instances.ssl_show",
        |c| shown(c.instance("i").tls(true)),
        "GET /instances/i/ssl?include_certificate=true",
    ),
    (
        "instances.ssl_enable",
        |c| shown(c.instance("i").set_tls(&TlsChange::enable("basic", "ref"))),
        r#"POST /instances/i/ssl {"ssl":{"enable":1,"mode":"basic","container_ref":"ref"}}"#,
    ),
    (
        "instances.ssl_disable",
        |c| shown(c.instance("i").set_tls(&TlsChange::Disable)),
        r#"POST /instances/i/ssl {"ssl":{"disable":1}}"#,
    ),
    (
        "instances.ssl_rollback",
        |c| shown(c.instance("i").set_tls(&TlsChange::Rollback)),
        r#"POST /instances/i/ssl {"ssl":{"rollback":1}}"#,
    ),
];

pub(super) const USERS: &[Row] = &[
    (
        "databases.create",
        |c| {
            shown(
                c.instance("i").create_databases(&["a".into(), NewDatabase::new("b").character_set("utf8")]),
            )
        },
        r#"POST /instances/i/databases {"databases":[{"name":"a"},{"name":"b","character_set":"utf8"}]}"#,
    ),
    ("databases.list", |c| shown(c.instance("i").databases()), "GET /instances/i/databases"),
    (
        "databases.delete",
        |c| shown(c.instance("i").delete_database("a/b c")),
        "DELETE /instances/i/databases/a%2Fb%20c",
    ),
    (
        "users.create",
        |c| shown(c.instance("i").create_users(&[NewUser::new("u", "pw")])),
        r#"POST /instances/i/users {"users":[{"name":"u","password":"pw"}]}"#,
    ),
    ("users.list", |c| shown(c.instance("i").users().page_size(1)), "GET /instances/i/users?limit=1"),
    (
        "users.get",
        |c| shown(c.instance("i").user(UserName::new("app.x", Some("10.0.0.%"))).get()),
        "GET /instances/i/users/app.x%4010.0.0.%25",
    ),
    ("users.delete", |c| shown(c.instance("i").user("a/b").delete()), "DELETE /instances/i/users/a%2Fb"),
    (
        "users.update_attributes",
        |c| {
            let change = UserUpdate::new().name("v").password("pw2").host("%");
            shown(c.instance("i").user("u@%").update(&change))
        },
        r#"PUT /instances/i/users/u%40%25 {"user":{"name":"v","password":"pw2","host":"%"}}"#,
    ),
    (
        "users.change_passwords",
        |c| shown(c.instance("i").set_passwords(&[NewUser::new("u", "pw2").host("%")])),
        r#"PUT /instances/i/users {"users":[{"name":"u","password":"pw2","host":"%"}]}"#,
    ),
    (
        "users.list_access",
        |c| shown(c.instance("i").user("u").databases()),
        "GET /instances/i/users/u/databases",
    ),
    (
        "users.grant",
        |c| shown(c.instance("i").user("u").grant(&["a", "b"])),
        r#"PUT /instances/i/users/u/databases {"databases":[{"name":"a"},{"name":"b"}]}"#,
    ),
    (
        "users.revoke",
        |c| shown(c.instance("i").user("u").revoke("a")),
        "DELETE /instances/i/users/u/databases/a",
    ),
    ("root.create", |c| shown(c.instance("i").enable_root(None)), "POST /instances/i/root"),
    (
        "root.create_instance_root",
        |c| shown(c.instance("i").enable_root(Some(&Secret::new("pw")))),
        r#"POST /instances/i/root {"password":"pw"}"#,
    ),
    ("root.create_cluster_root", |c| shown(c.cluster("c").enable_root(None)), "POST /clusters/c/root"),
    ("root.delete", |c| shown(c.instance("i").disable_root()), "DELETE /instances/i/root"),
    ("root.is_instance_root_enabled", |c| shown(c.instance("i").is_root_enabled()), "GET /instances/i/root"),
    ("root.is_cluster_root_enabled", |c| shown(c.cluster("c").is_root_enabled()), "GET /clusters/c/root"),
];
