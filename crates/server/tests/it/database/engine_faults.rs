//! Real databases when something goes wrong: servers that ended badly, copies that fail, clients that leave. Skipped where
//! PostgreSQL is not installed.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::Arc;

use http::Method;
use pentad_server::database::Trove;
use pentad_server::{Context, Service, ServiceTime};
use pentad_store::{Engine, StoreOptions};
use serde_json::{Value, json};

use super::engine::{is_installed, one, open, open_with, wanted, world, world_with};
use super::world::{ANN, ROOT, World, small, states};

impl World {
    /// The folder of an instance, or of a backup.
    pub(crate) fn folder_of(&self, kind: &str, id: &str) -> PathBuf {
        self.engine.dir().unwrap().join("instances.database").join(kind).join(id)
    }

    pub(crate) async fn saved(&self, id: &str) -> String {
        let got = self.post("/backups", json!({"backup": {"name": "b", "instance": id}})).await.ok();
        self.time.settle().await;
        got["backup"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn promote(&self, id: &str) {
        let act = format!("/instances/{id}/action");
        self.call(ANN, Method::POST, &act, json!({"promote_to_replica_source": {}})).await.ok();
        self.time.settle().await;
    }
}

/// A process that does nothing, of the user as whom the databases run.
fn stranger(of: &std::path::Path) -> Child {
    use std::os::unix::fs::MetadataExt;
    let owner = std::fs::metadata(of).unwrap();
    let mut command = Command::new("sleep");
    command.arg("600").current_dir("/");
    if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
        command.uid(owner.uid()).gid(owner.gid());
    }
    command.spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_got_the_number_of_a_dead_database_is_left_alone() {
    if !is_installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (world, engine) = open(folder.path()).await;
    let id = world.real(wanted("pg")).await;
    let data = world.folder_of("instances", &id).join("data");
    let lock = std::fs::read_to_string(data.join("postmaster.pid")).unwrap();
    world.close().await;
    engine.close().await;

    let mut process = stranger(&data);
    let first = lock.lines().next().unwrap();
    std::fs::write(data.join("postmaster.pid"), lock.replacen(first, &process.id().to_string(), 1)).unwrap();
    let (world, _engine) = open(folder.path()).await;
    world.time.settle().await;
    assert_eq!(process.try_wait().unwrap(), None, "it was signalled");
    assert_eq!(one(&world.app(&id).await, "SELECT 1").await, "1", "the database runs again");
    // Nor when the instance is stopped and its lock is a stranger's.
    std::fs::write(data.join("postmaster.pid"), format!("{}\n", process.id())).unwrap();
    world.delete(&format!("/instances/{id}")).await.ok();
    world.time.settle().await;
    assert_eq!(process.try_wait().unwrap(), None, "it was signalled");
    process.kill().unwrap();
    process.wait().unwrap();
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_follow_their_source_to_another_port_and_one_is_promoted_without_a_lost_row() {
    if !is_installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (world, engine) = open(folder.path()).await;
    let source = world.real(wanted("pg")).await;
    let leader = world.real(json!({"name": "copy", "replica_of": source})).await;
    let other = world.real(json!({"name": "other", "replica_of": source})).await;
    world.app(&source).await.batch_execute("CREATE TABLE t (n int)").await.unwrap();
    let port = world.port(&source).await;
    world.close().await;
    engine.close().await;

    let _taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let (world, _engine) = open(folder.path()).await;
    world.time.settle().await;
    assert_ne!(world.port(&source).await, port);
    let app = world.app(&source).await;
    app.batch_execute("INSERT INTO t SELECT generate_series(1, 1000)").await.unwrap();
    drop(app);
    world.promote(&leader).await;
    assert_eq!(world.states(&leader).await, states("ACTIVE", "HEALTHY"), "{}", world.fault_of(&leader).await);
    assert_eq!(one(&world.app(&leader).await, "SELECT count(*) FROM t").await, "1000");
    for follower in [&source, &other] {
        assert_eq!(world.states(follower).await, states("ACTIVE", "HEALTHY"));
        let got = world.get(&format!("/instances/{follower}")).await.ok();
        assert_eq!(got["instance"]["replica_of"]["id"], json!(leader));
        assert_eq!(one(&world.app(follower).await, "SELECT pg_is_in_recovery()").await, "t");
        assert_eq!(one(&world.app(follower).await, "SELECT count(*) FROM t").await, "1000");
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_lacks_rows_is_not_promoted_and_nobody_stays_busy() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let source = world.real(wanted("pg")).await;
    let replica = world.real(json!({"name": "copy", "replica_of": source})).await;
    let other = world.real(json!({"name": "other", "replica_of": source})).await;
    let follow = world.folder_of("instances", &replica).join("data/follow.conf");
    let text = std::fs::read_to_string(&follow).unwrap();
    std::fs::write(&follow, text.replace("port=", "port=1 connect_timeout=")).unwrap();
    world.post(&format!("/instances/{replica}/action"), json!({"restart": {}})).await.ok();
    world.time.settle().await;
    let app = world.app(&source).await;
    app.batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)").await.unwrap();
    world.promote(&replica).await;
    assert_eq!(world.states(&replica).await, states("ACTIVE", "HEALTHY"), "everything is as it was");
    assert!(world.fault_of(&replica).await.contains("would be lost"), "{}", world.fault_of(&replica).await);
    for one in [&source, &other] {
        assert_eq!(world.states(one).await, states("ACTIVE", "HEALTHY"));
        world.post(&format!("/instances/{one}/action"), json!({"restart": {}})).await.ok();
    }
    world.time.settle().await;
    assert_eq!(one(&world.app(&source).await, "SELECT count(*) FROM t").await, "1");
    world.promote(&other).await;
    assert_eq!(one(&world.app(&other).await, "SELECT count(*) FROM t").await, "1");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_replica_that_got_most_takes_over_from_a_source_that_went() {
    if !is_installed() {
        return;
    }
    let options = json!({
        "engine": "postgres", "default_datastore": "postgresql", "task_seconds": 0, "agent_heartbeat_expiry": 0,
    });
    let world = world_with(options).await;
    let source = world.real(wanted("pg")).await;
    let oldest = world.real(json!({"name": "a", "replica_of": source})).await;
    let ahead = world.real(json!({"name": "b", "replica_of": source})).await;
    let follow = world.folder_of("instances", &oldest).join("data/follow.conf");
    let text = std::fs::read_to_string(&follow).unwrap();
    std::fs::write(&follow, text.replace("port=", "port=1 connect_timeout=")).unwrap();
    world.post(&format!("/instances/{oldest}/action"), json!({"restart": {}})).await.ok();
    world.time.settle().await;
    let app = world.app(&source).await;
    app.batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)").await.unwrap();
    drop(app);
    let stop = format!("/mgmt/instances/{source}/action");
    world.call(ROOT, Method::POST, &stop, json!({"stop": {}})).await.ok();
    world.time.settle().await;
    world.advance(1).await;
    world.post(&format!("/instances/{source}/action"), json!({"eject_replica_source": {}})).await.ok();
    world.time.settle().await;
    let got = world.get(&format!("/instances/{oldest}")).await.ok();
    assert_eq!(got["instance"]["replica_of"]["id"], json!(ahead), "{got}");
    for one_of in [&ahead, &oldest] {
        assert_eq!(one(&world.app(one_of).await, "SELECT count(*) FROM t").await, "1");
    }
    world.close().await;
}

#[tokio::test]
async fn real_databases_and_a_store_of_several_servers_do_not_go_together() {
    let folder = tempfile::tempdir().unwrap();
    let time = Arc::new(ServiceTime::new());
    let store = StoreOptions::postgres("postgres://nobody@127.0.0.1:1/none", folder.path());
    let engine = Engine::open(store, Arc::clone(&time) as _).unwrap();
    let mut context = Context::new(engine, time);
    context.options = json!({"engine": "postgres"});
    let error = Trove::open(&context).unwrap_err();
    assert_eq!(error.place, "database.options.engine");
    assert!(error.why.contains("--database-engine"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_of_an_instance_outlive_a_server_that_ended_before_it_was_built() {
    if !is_installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let options = json!({
        "engine": "postgres", "default_datastore": "postgresql", "task_seconds": 5, "root_on_create": true,
    });
    let (world, engine) = open_with(folder.path(), options.clone(), Value::Null).await;
    let got = world.post("/instances", json!({"instance": wanted("pg")})).await.ok();
    let id = got["instance"]["id"].as_str().unwrap().to_owned();
    let root = got["instance"]["password"].as_str().unwrap().to_owned();
    world.time.settle().await;
    assert_eq!(world.states(&id).await.0, "BUILD");
    world.close().await;
    engine.close().await;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let has = |secret: &str| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!has(&root) && !has("\\ a pw"), "{} holds a password", path.display());
        }
    }
    let (world, _engine) = open_with(folder.path(), options, Value::Null).await;
    world.advance(6).await;
    assert_eq!(world.states(&id).await, states("ACTIVE", "HEALTHY"));
    assert_eq!(one(&world.app(&id).await, "SELECT 1").await, "1");
    world.connect(&id, "postgres", &root, "shop").await.unwrap();
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_without_its_files_makes_no_empty_database() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let id = world.real(wanted("pg")).await;
    let backup = world.saved(&id).await;
    std::fs::remove_dir_all(world.folder_of("backups", &backup)).unwrap();
    let mut body = small("again");
    body["restorePoint"] = json!({"backupRef": backup});
    let got = world.post("/instances", json!({"instance": body})).await.ok();
    let again = got["instance"]["id"].as_str().unwrap();
    world.time.settle().await;
    assert_eq!(world.states(again).await, states("ERROR", ""));
    assert_eq!(world.fault_of(again).await, format!("the files of the backup {backup} are not there"));
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_instance_gets_the_users_of_the_request_too() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let id = world.real(wanted("pg")).await;
    let backup = world.saved(&id).await;
    let mut body = wanted("again");
    body["restorePoint"] = json!({"backupRef": backup});
    body["databases"] = json!([{"name": "shop"}, {"name": "books"}]);
    body["users"] = json!([{"name": "new", "password": "fresh", "databases": [{"name": "books"}]}]);
    let again = world.real(body).await;
    world.connect(&again, "new", "fresh", "books").await.unwrap();
    world.app(&again).await;
    world.close().await;
}

/// An installation whose `initdb` does not come to an end.
fn endless() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let initdb = folder.path().join("initdb");
    std::fs::write(&initdb, "#!/bin/sh\nexec sleep 600\n").unwrap();
    for path in [folder.path(), &initdb] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn others_do_not_wait_for_a_database_that_is_built_and_neither_does_the_end_of_the_server() {
    let programs = endless();
    let options = json!({"engine": "postgres", "postgres_bin": programs.path(), "task_seconds": 0});
    let world = World::with(options, Value::Null).await;
    let mut body = wanted("pg");
    body["datastore"] = json!({"type": "postgresql"});
    let slow = world.post("/instances", json!({"instance": body})).await.ok();
    let slow = slow["instance"]["id"].as_str().unwrap().to_owned();
    let simulated = world.begun("other").await;
    while world.states(&simulated).await.0 == "BUILD" {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.states(&simulated).await, states("ACTIVE", "HEALTHY"));
    assert_eq!(world.states(&slow).await.0, "BUILD");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_of_a_project_ends_its_databases() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let id = world.real(wanted("pg")).await;
    let backup = world.saved(&id).await;
    let port = world.port(&id).await;
    world.trove.reset_tenant("shop").await.unwrap();
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "it still listens");
    assert!(!world.folder_of("instances", &id).exists());
    assert!(!world.folder_of("backups", &backup).exists());
    assert_eq!(world.get(&format!("/instances/{id}")).await.status, 404);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_in_no_log_and_the_log_is_published() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let values = json!({"log_statement": "all", "log_min_duration_statement": 0});
    let group =
        world.post("/configurations", json!({"configuration": {"name": "g", "values": values}})).await;
    let mut body = wanted("pg");
    body["configuration"] = group.ok()["configuration"]["id"].clone();
    body["users"] = json!([{"name": "app", "password": "canary-one", "databases": [{"name": "shop"}]}]);
    let id = world.real(body).await;
    let path = format!("/instances/{id}");
    let users =
        json!({"users": [{"name": "two", "password": "canary-two", "databases": [{"name": "shop"}]}]});
    world.post(&format!("{path}/users"), users).await.ok();
    let users = json!({"users": [{"name": "two", "password": "canary-three"}]});
    world.put(&format!("{path}/users"), users).await.ok();
    world.post(&format!("{path}/root"), json!({"password": "canary-four"})).await.ok();
    let app = world.connect(&id, "app", "canary-one", "shop").await.unwrap();
    world.connect(&id, "two", "canary-three", "shop").await.unwrap();
    world.connect(&id, "postgres", "canary-four", "shop").await.unwrap();
    assert_eq!(one(&app, "SELECT 'of the caller'").await, "of the caller");
    let log = std::fs::read_to_string(world.folder_of("instances", &id).join("log")).unwrap();
    assert!(log.contains("of the caller"), "statements are logged: {log}");
    assert!(!log.contains("canary"), "{log}");

    let got = world.post(&format!("{path}/log"), json!({"name": "general", "publish": 1})).await.ok();
    assert!(got["log"]["published"].as_u64().unwrap() > 0, "{got}");
    let prefix = got["log"]["prefix"].as_str().unwrap();
    let list = format!("/object-store/v1/AUTH_shop/database_logs?prefix={prefix}");
    let names = world.bare(Method::GET, &list, &[("x-auth-token", ANN)], "").await.text;
    let part = format!("/object-store/v1/AUTH_shop/database_logs/{}", names.lines().next().unwrap());
    let text = world.bare(Method::GET, &part, &[("x-auth-token", ANN)], "").await.text;
    assert!(text.contains("of the caller"), "{text}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_a_seed_log_in_with_their_passwords() {
    if !is_installed() {
        return;
    }
    let section = json!({"instances": [{
        "project": "shop", "name": "seeded", "datastore": "postgresql", "databases": ["shop"],
        "users": [{"name": "app", "password": "it's \\ a pw", "databases": ["shop"]}],
    }]});
    let world = World::with(json!({"engine": "postgres", "task_seconds": 0}), section).await;
    world.time.settle().await;
    let got = world.get("/instances").await.ok();
    let id = got["instances"][0]["id"].as_str().unwrap();
    assert_eq!(one(&world.app(id).await, "SELECT 1").await, "1");
    let told = world.trove.beside_snapshots().await.unwrap();
    assert!(told.starts_with("the files of 1 real databases"), "{told}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_given_up_while_it_was_built_has_its_port_and_one_that_failed_is_started_again() {
    if !is_installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (world, engine) = open(folder.path()).await;
    let got = world.post("/instances", json!({"instance": wanted("pg")})).await.ok();
    let id = got["instance"]["id"].as_str().unwrap().to_owned();
    let act = format!("/instances/{id}/action");
    world.call(ROOT, Method::POST, &act, json!({"reset_status": {}})).await.ok();
    world.time.settle().await;
    assert_eq!(world.states(&id).await, states("ACTIVE", "HEALTHY"));
    world.app(&id).await;
    let version = world.folder_of("instances", &id).join("data/PG_VERSION");
    world.close().await;
    engine.close().await;
    std::fs::rename(&version, version.with_extension("away")).unwrap();
    let (world, engine) = open(folder.path()).await;
    world.time.settle().await;
    assert_eq!(world.states(&id).await, states("ACTIVE", "SHUTDOWN"));
    assert_eq!(world.fault_of(&id).await, "the files of the database are not there");
    world.close().await;
    engine.close().await;
    std::fs::rename(version.with_extension("away"), &version).unwrap();
    let (world, _engine) = open(folder.path()).await;
    world.time.settle().await;
    assert_eq!(world.states(&id).await, states("ACTIVE", "HEALTHY"));
    assert_eq!(world.fault_of(&id).await, "");
    world.app(&id).await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_data_directory_may_be_named_from_where_the_server_is_started() {
    if !is_installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let here = std::env::current_dir().unwrap();
    let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
    let (world, _engine) = open(&up.join(folder.path().strip_prefix("/").unwrap())).await;
    let id = world.real(wanted("pg")).await;
    world.app(&id).await;
    world.close().await;
}
