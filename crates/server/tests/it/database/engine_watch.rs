//! Real databases that end without being asked to, and what does not let them start. Skipped where PostgreSQL is not
//! installed.

use http::Method;
use serde_json::{Value, json};

use super::engine::{is_installed, one, open, wanted, world, world_with};
use super::world::{ANN, ROOT, World, states};

impl World {
    /// Kills the first process of a database, as the system does that is short of memory.
    fn kill(&self, id: &str) {
        let lock = self.folder_of("instances", id).join("data/postmaster.pid");
        let text = std::fs::read_to_string(lock).unwrap();
        let number: i32 = text.lines().next().unwrap().trim().parse().unwrap();
        let process = rustix::process::Pid::from_raw(number).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
        while std::path::Path::new("/proc").join(number.to_string()).join("cwd").read_link().is_ok() {
            std::thread::yield_now();
        }
    }

    async fn group_of(&self, values: Value) -> super::world::Answer {
        self.post("/configurations", json!({"configuration": {"name": "g", "values": values}})).await
    }

    async fn restart(&self, id: &str) {
        self.post(&format!("/instances/{id}/action"), json!({"restart": {}})).await.ok();
        self.time.settle().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_says_when_its_database_has_ended_and_a_restart_brings_it_back() {
    if !is_installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (world, engine) = open(folder.path()).await;
    let id = world.real(wanted("pg")).await;
    world.app(&id).await.batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)").await.unwrap();
    world.kill(&id);
    world.time.settle().await;
    assert_eq!(world.states(&id).await, states("ACTIVE", "SHUTDOWN"));
    assert!(
        world.fault_of(&id).await.starts_with("The database ended without"),
        "{}",
        world.fault_of(&id).await
    );
    let got = world.call(ROOT, Method::GET, &format!("/mgmt/instances/{id}"), Value::Null).await.ok();
    assert_eq!(got["instance"]["guest_status"]["state_description"], "crashed");
    let got = world.get(&format!("/instances/{id}/databases")).await.fault();
    assert_eq!((got.0, got.2), (422, format!("Instance {id} is not ready, status: crashed.")));
    world.restart(&id).await;
    assert_eq!(world.states(&id).await, states("ACTIVE", "HEALTHY"), "{}", world.fault_of(&id).await);
    assert_eq!(world.fault_of(&id).await, "");
    assert_eq!(one(&world.app(&id).await, "SELECT count(*) FROM t").await, "1");
    // The next server starts one that ended so.
    world.kill(&id);
    world.time.settle().await;
    world.close().await;
    engine.close().await;
    let (world, _engine) = open(folder.path()).await;
    world.time.settle().await;
    assert_eq!(world.states(&id).await, states("ACTIVE", "HEALTHY"));
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_takes_over_from_a_source_that_died() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let source = world.real(wanted("pg")).await;
    let replica = world.real(json!({"name": "copy", "replica_of": source})).await;
    let app = world.app(&source).await;
    app.batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)").await.unwrap();
    let got = world.post(&format!("/instances/{source}/action"), json!({"eject_replica_source": {}})).await;
    assert!(got.fault().2.ends_with("cannot be ejected as it has a current heartbeat"));
    while one(&world.app(&replica).await, "SELECT to_regclass('t')").await != "t" {
        tokio::task::yield_now().await;
    }
    world.kill(&source);
    // A promotion is none of a source that nobody asked: it fails, and everybody is free.
    world.promote(&replica).await;
    assert!(
        world.fault_of(&replica).await.contains("eject_replica_source"),
        "{}",
        world.fault_of(&replica).await
    );
    assert_eq!(world.states(&replica).await, states("ACTIVE", "HEALTHY"));
    assert_eq!(world.states(&source).await, states("ACTIVE", "SHUTDOWN"));
    world.advance(100).await;
    world.post(&format!("/instances/{source}/action"), json!({"eject_replica_source": {}})).await.ok();
    world.time.settle().await;
    assert_eq!(world.states(&replica).await, states("ACTIVE", "HEALTHY"));
    let new = world.app(&replica).await;
    assert_eq!(one(&new, "SELECT pg_is_in_recovery()").await, "f");
    new.batch_execute("INSERT INTO t VALUES (2)").await.unwrap();
    let got = world.get(&format!("/instances/{replica}")).await.ok();
    assert!(got["instance"].get("replica_of").is_none(), "{got}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_real_instance_is_what_its_process_is() {
    if !is_installed() {
        return;
    }
    let options = json!({"engine": "postgres", "default_datastore": "postgresql", "task_seconds": 2});
    let world = world_with(options).await;
    let got = world.post("/instances", json!({"instance": wanted("pg")})).await.ok();
    let id = got["instance"]["id"].as_str().unwrap().to_owned();
    world.advance(2).await;
    let act = format!("/instances/{id}/action");
    for (alive, word) in [(true, "HEALTHY"), (false, "SHUTDOWN")] {
        if !alive {
            world.kill(&id);
        }
        world.call(ROOT, Method::POST, &act, json!({"reset_status": {}})).await.ok();
        assert_eq!(world.states(&id).await, states("ACTIVE", "ERROR"));
        world.advance(2).await;
        assert_eq!(world.states(&id).await, states("ACTIVE", word));
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_postgresql_refuses_are_in_no_group() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    for (values, why) in [
        (json!({"timezone": "Mars/X"}), "invalid value for parameter \"TimeZone\": \"Mars/X\""),
        (json!({"datestyle": "nonsense"}), "invalid value for parameter \"DateStyle\": \"nonsense\""),
        (
            json!({"work_mem": 64, "log_statement": "al'l"}),
            "invalid value for parameter \"log_statement\": \"al'l\". Available values: none, ddl, mod, all.",
        ),
    ] {
        let got = world.group_of(values.clone()).await.fault();
        let text = format!("The database does not take the values of the configuration group: {why}");
        assert_eq!((got.0, got.2), (422, text), "{values}");
    }
    let values = json!({"max_connections": 10, "superuser_reserved_connections": 50});
    let got = world.group_of(values).await.fault();
    assert!(
        got.2.ends_with("superuser_reserved_connections (50) must be less than max_connections (10)"),
        "{}",
        got.2
    );
    let group = world.group_of(json!({"work_mem": 64})).await.ok()["configuration"]["id"].clone();
    let path = format!("/configurations/{}", group.as_str().unwrap());
    let body = json!({"configuration": {"name": "g", "values": {"timezone": "Mars/X"}}});
    for method in [Method::PUT, Method::PATCH] {
        assert_eq!(world.call(ANN, method, &path, body.clone()).await.fault().0, 422);
    }
    assert_eq!(world.get(&path).await.ok()["configuration"]["values"], json!({"work_mem": 64}));
    let mysql = json!({"name": "m", "values": {"character_set_server": "x"}, "datastore": {"type": "mysql"}});
    world.post("/configurations", json!({"configuration": mysql})).await.ok();
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_with_which_a_database_does_not_start_are_taken_back_and_told() {
    if !is_installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (world, engine) = open(folder.path()).await;
    let id = world.real(wanted("pg")).await;
    let path = format!("/instances/{id}");
    // No machine has so much memory.
    let values =
        json!({"max_connections": 100_000, "max_locks_per_transaction": 2_147_483_647, "work_mem": 8192});
    let group = world.group_of(values).await.ok()["configuration"]["id"].clone();
    world.put(&path, json!({"instance": {"configuration": group}})).await.ok();
    world.time.settle().await;
    assert_eq!(world.states(&id).await.0, "RESTART_REQUIRED");
    world.restart(&id).await;
    assert_eq!(world.states(&id).await, states("ACTIVE", "HEALTHY"));
    let fault = world.fault_of(&id).await;
    assert!(fault.contains("memory"), "{fault}");
    assert_eq!(one(&world.app(&id).await, "SHOW max_connections").await, "100");
    world.close().await;
    engine.close().await;
    let (world, _engine) = open(folder.path()).await;
    world.time.settle().await;
    assert_eq!(world.states(&id).await, states("ACTIVE", "HEALTHY"), "{}", world.fault_of(&id).await);
    world.put(&path, json!({"instance": {}})).await.ok();
    world.time.settle().await;
    assert_eq!(world.fault_of(&id).await, "", "what was wrong is gone");
    world.restart(&id).await;
    assert_eq!(world.states(&id).await, states("ACTIVE", "HEALTHY"));
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_is_not_disturbed_by_one_of_a_server_that_was_killed() {
    if !is_installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let options = json!({"engine": "postgres", "default_datastore": "postgresql", "task_seconds": 5});
    let (world, engine) = super::engine::open_with(folder.path(), options.clone(), Value::Null).await;
    let got = world.post("/instances", json!({"instance": wanted("pg")})).await.ok();
    let id = got["instance"]["id"].as_str().unwrap().to_owned();
    world.close().await;
    engine.close().await;
    // What a build leaves that was cut off, and a program of it that goes on writing.
    let instances = folder.path().join("instances.database/instances");
    let left = instances.join(format!("{id}.new.0123"));
    for path in [instances.join(&id).join("data/base"), left.join("data")] {
        std::fs::create_dir_all(path).unwrap();
    }
    let goes_on = format!(
        "while [ -d {0} ]; do echo x > {0}/{1}/data/base/file; echo x > {0}/{1}/data/file; sleep 0.01; done",
        instances.display(),
        id
    );
    let mut writer = std::process::Command::new("sh").arg("-c").arg(goes_on).spawn().unwrap();
    let (world, _engine) = super::engine::open_with(folder.path(), options, Value::Null).await;
    world.advance(6).await;
    assert_eq!(world.states(&id).await, states("ACTIVE", "HEALTHY"), "{}", world.fault_of(&id).await);
    assert!(!left.exists(), "what was left is removed");
    world.app(&id).await;
    writer.kill().unwrap();
    writer.wait().unwrap();
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_stays_while_an_instance_waits_for_its_files() {
    if !is_installed() {
        return;
    }
    let options = json!({"engine": "postgres", "default_datastore": "postgresql", "task_seconds": 1});
    let world = world_with(options).await;
    let got = world.post("/instances", json!({"instance": wanted("pg")})).await.ok();
    let id = got["instance"]["id"].as_str().unwrap().to_owned();
    world.advance(1).await;
    let backup = world.saved(&id).await;
    world.advance(1).await;
    let mut body = super::world::small("again");
    body["restorePoint"] = json!({"backupRef": backup});
    world.post("/instances", json!({"instance": body})).await.ok();
    let got = world.delete(&format!("/backups/{backup}")).await.fault();
    assert_eq!(
        (got.0, got.2),
        (422, format!("Backup {backup} cannot be deleted because an instance is made of it."))
    );
    world.advance(1).await;
    assert_eq!(world.delete(&format!("/backups/{backup}")).await.status, 202);
    world.close().await;
}
