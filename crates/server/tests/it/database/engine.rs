//! Instances that are real PostgreSQL clusters. Skipped where PostgreSQL is not installed.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use pentad_server::{Mode, ServiceTime};
use pentad_store::{Durability, Engine, StoreOptions};
use serde_json::{Value, json};
use tokio_postgres::{Client, Config, NoTls};

use super::world::{ANN, World, fault, states};

/// Whether PostgreSQL is installed; says so if it is not.
pub(crate) fn is_installed() -> bool {
    let on_path = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join("initdb").is_file()));
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = on_path || versions.into_iter().any(|entry| entry.path().join("bin/initdb").is_file());
    if !found {
        eprintln!("skipped: no PostgreSQL is installed");
    }
    found
}

pub(crate) async fn world() -> World {
    world_with(json!({"engine": "postgres", "default_datastore": "postgresql", "task_seconds": 0})).await
}

/// A server on a folder of its own.
pub(crate) async fn world_with(options: Value) -> World {
    let folder = tempfile::tempdir().unwrap();
    let (mut world, _) = open_with(folder.path(), options, Value::Null).await;
    world.folder = Some(folder);
    world
}

/// A server on a folder, whose clock stands still.
pub(crate) async fn open(folder: &std::path::Path) -> (World, Engine) {
    let options = json!({"engine": "postgres", "default_datastore": "postgresql", "task_seconds": 0});
    open_with(folder, options, Value::Null).await
}

pub(crate) async fn open_with(folder: &std::path::Path, options: Value, section: Value) -> (World, Engine) {
    let time = Arc::new(ServiceTime::new());
    time.freeze(Some("2030-01-01T12:00:00Z".parse().unwrap()));
    let store = StoreOptions::sqlite(folder).durability(Durability::Memory);
    let engine = Engine::open(store, Arc::clone(&time) as _).unwrap();
    (World::on(engine.clone(), time, options, section, Mode::Relaxed).await, engine)
}

pub(crate) fn wanted(name: &str) -> Value {
    json!({
        "name": name, "flavorRef": "1", "volume": {"size": 1}, "databases": [{"name": "shop"}],
        "users": [{"name": "app", "password": "it's \\ a pw", "databases": [{"name": "shop"}]}],
    })
}

impl World {
    pub(crate) async fn real(&self, wanted: Value) -> String {
        let got = self.post("/instances", json!({"instance": wanted})).await.ok();
        let id = got["instance"]["id"].as_str().unwrap().to_owned();
        self.time.settle().await;
        let got = self.get(&format!("/instances/{id}")).await.ok();
        assert_eq!(got["instance"]["status"], "ACTIVE", "{got}");
        id
    }

    pub(crate) async fn port(&self, id: &str) -> u16 {
        let got = self.get(&format!("/instances/{id}")).await.ok();
        let address = &got["instance"]["addresses"][0];
        assert_eq!(address["address"], "127.0.0.1");
        u16::try_from(address["port"].as_u64().unwrap()).unwrap()
    }

    pub(crate) async fn connect(
        &self,
        id: &str,
        user: &str,
        password: &str,
        database: &str,
    ) -> Result<Client, String> {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port(id).await).user(user).password(password).dbname(database);
        config.connect_timeout(Duration::from_secs(10));
        let (client, connection) = config.connect(NoTls).await.map_err(|error| format!("{error:?}"))?;
        tokio::spawn(connection);
        Ok(client)
    }

    pub(crate) async fn app(&self, id: &str) -> Client {
        self.connect(id, "app", "it's \\ a pw", "shop").await.unwrap()
    }

    pub(crate) async fn close(self) {
        self.tasks.shutdown().await;
    }

    pub(crate) async fn fault_of(&self, id: &str) -> String {
        let got = self.get(&format!("/instances/{id}")).await.ok();
        got["instance"]["fault"]["message"].as_str().unwrap_or_default().to_owned()
    }
}

pub(crate) async fn one(client: &Client, sql: &str) -> String {
    let rows = client.simple_query(sql).await.unwrap();
    rows.iter()
        .find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        })
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_connects_to_what_was_created() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let id = world.real(wanted("pg")).await;
    let app = world.app(&id).await;
    app.batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (41), (42)").await.unwrap();
    assert_eq!(one(&app, "SELECT sum(n) FROM t").await, "83");
    let path = format!("/instances/{id}");
    assert_eq!(world.get(&format!("{path}/databases")).await.ok(), json!({"databases": [{"name": "shop"}]}));
    let users = world.get(&format!("{path}/users")).await.ok();
    assert_eq!(users["users"], json!([{"name": "app", "host": "%", "databases": [{"name": "shop"}]}]));

    world.post(&format!("{path}/databases"), json!({"databases": [{"name": "books"}]})).await.ok();
    assert!(
        world.connect(&id, "app", "it's \\ a pw", "books").await.unwrap_err().contains("permission denied")
    );
    world.put(&format!("{path}/users/app/databases"), json!({"databases": [{"name": "books"}]})).await.ok();
    world.connect(&id, "app", "it's \\ a pw", "books").await.unwrap();
    assert_eq!(world.delete(&format!("{path}/users/app/databases/books")).await.status, 202);
    assert!(world.connect(&id, "app", "it's \\ a pw", "books").await.is_err());

    world.put(&format!("{path}/users"), json!({"users": [{"name": "app", "password": "new"}]})).await.ok();
    assert!(world.connect(&id, "app", "it's \\ a pw", "shop").await.is_err());
    world.connect(&id, "app", "new", "shop").await.unwrap();
    assert_eq!(world.delete(&format!("{path}/users/app")).await.status, 202);
    assert!(world.connect(&id, "app", "new", "shop").await.is_err());
    let got = world.post(&format!("{path}/databases"), json!({"databases": [{"name": "books"}]})).await;
    assert_eq!(got.fault().2, "A database with the name \"books\" already exists.");
    let body = json!({"databases": [{"name": "odd", "character_set": "klingon"}]});
    assert_eq!(world.post(&format!("{path}/databases"), body).await.fault().0, 400);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn root_configuration_and_restart_are_real() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let id = world.real(wanted("pg")).await;
    let path = format!("/instances/{id}");
    let got = world.post(&format!("{path}/root"), Value::Null).await.ok();
    assert_eq!(got["user"]["name"], "postgres");
    let password = got["user"]["password"].as_str().unwrap().to_owned();
    let root = world.connect(&id, "postgres", &password, "shop").await.unwrap();
    assert_eq!(one(&root, "SHOW is_superuser").await, "off");

    let values = json!({"max_connections": 57, "work_mem": 8192});
    let body = json!({"configuration": {"name": "g", "values": values}});
    let group = world.post("/configurations", body).await.ok()["configuration"]["id"].clone();
    world.put(&path, json!({"instance": {"configuration": group}})).await.ok();
    world.time.settle().await;
    assert_eq!(world.states(&id).await, states("RESTART_REQUIRED", ""));
    assert_eq!(one(&world.app(&id).await, "SHOW work_mem").await, "8MB", "dynamic values count at once");
    assert_ne!(one(&world.app(&id).await, "SHOW max_connections").await, "57");
    world.post(&format!("{path}/action"), json!({"restart": {}})).await.ok();
    world.time.settle().await;
    assert_eq!(world.states(&id).await, states("ACTIVE", "HEALTHY"));
    assert_eq!(one(&world.app(&id).await, "SHOW max_connections").await, "57");

    assert_eq!(world.delete(&format!("{path}/root")).await.status, 204);
    assert!(world.connect(&id, "postgres", &password, "shop").await.is_err());
    assert_eq!(world.delete(&path).await.status, 202);
    world.time.settle().await;
    assert_eq!(world.get(&path).await.status, 404);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn root_does_what_all_users_can_and_nothing_on_the_machine() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let id = world.real(wanted("pg")).await;
    let path = format!("/instances/{id}");
    let made = "CREATE TABLE t (n int); INSERT INTO t VALUES (7); CREATE FUNCTION who() RETURNS text \
                LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text'";
    world.app(&id).await.batch_execute(made).await.unwrap();
    let got = world.post(&format!("{path}/root"), Value::Null).await.ok();
    let password = got["user"]["password"].as_str().unwrap().to_owned();
    let root = world.connect(&id, "postgres", &password, "shop").await.unwrap();
    for refused in [
        "COPY t FROM PROGRAM 'echo 1'",
        "COPY t TO '/tmp/pentad-root'",
        "SELECT pg_read_file('postgresql.conf')",
        "CREATE ROLE own SUPERUSER",
        "GRANT pg_execute_server_program TO postgres",
        "GRANT os_admin TO postgres",
        "ALTER ROLE os_admin PASSWORD 'mine'",
        "ALTER SYSTEM SET archive_command = 'true'",
    ] {
        assert!(root.batch_execute(refused).await.is_err(), "{refused}");
    }
    assert_eq!(one(&root, "SELECT n FROM t").await, "7");
    for allowed in ["CREATE TABLE own (n int)", "CREATE DATABASE more", "DROP DATABASE more"] {
        root.batch_execute(allowed).await.unwrap();
    }
    // What a user leaves behind becomes no way to more rights.
    assert_eq!(world.delete(&format!("{path}/users/app")).await.status, 202);
    assert_eq!(one(&root, "SELECT who()").await, "postgres");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_restored_with_its_rows() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let id = world.real(wanted("pg")).await;
    let app = world.app(&id).await;
    app.batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)").await.unwrap();
    let got = world.post("/backups", json!({"backup": {"name": "b", "instance": id}})).await.ok();
    let backup = got["backup"]["id"].as_str().unwrap().to_owned();
    world.time.settle().await;
    let got = world.get(&format!("/backups/{backup}")).await.ok();
    assert_eq!(got["backup"]["status"], "COMPLETED", "{got}");
    assert!(got["backup"]["size"].as_f64().unwrap() > 0.0);
    app.batch_execute("INSERT INTO t VALUES (2)").await.unwrap();
    let again = json!({"name": "again", "flavorRef": "1", "volume": {"size": 1}, "restorePoint": {"backupRef": backup}});
    let again = world.real(again).await;
    assert_ne!(world.port(&again).await, world.port(&id).await);
    assert_eq!(one(&world.app(&again).await, "SELECT count(*) FROM t").await, "1");
    assert_eq!(one(&app, "SELECT count(*) FROM t").await, "2");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_follows_and_is_promoted() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let source = world.real(wanted("pg")).await;
    let replica = world.real(json!({"name": "copy", "replica_of": source})).await;
    world.app(&source).await.batch_execute("CREATE TABLE t (n int)").await.unwrap();
    let copy = world.app(&replica).await;
    assert_eq!(one(&copy, "SELECT pg_is_in_recovery()").await, "t");
    let act = format!("/instances/{replica}/action");
    world.call(ANN, Method::POST, &act, json!({"promote_to_replica_source": {}})).await.ok();
    world.time.settle().await;
    assert_eq!(world.states(&replica).await, states("ACTIVE", "HEALTHY"));
    let new = world.app(&replica).await;
    assert_eq!(one(&new, "SELECT pg_is_in_recovery()").await, "f");
    new.batch_execute("INSERT INTO t VALUES (1)").await.unwrap();
    assert_eq!(one(&world.app(&source).await, "SELECT pg_is_in_recovery()").await, "t");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_stop_with_the_server_and_start_with_it() {
    if !is_installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (world, engine) = open(folder.path()).await;
    let id = world.real(wanted("pg")).await;
    world.app(&id).await.batch_execute("CREATE TABLE t (n int)").await.unwrap();
    let port = world.port(&id).await;
    world.close().await;
    engine.close().await;
    drop(engine);
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "it stopped with the server");
    let (world, _engine) = open(folder.path()).await;
    world.time.settle().await;
    assert_eq!(one(&world.app(&id).await, "SELECT count(*) FROM t").await, "0");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_data_directory_clusters_are_where_temporary_files_are_and_go_away() {
    if !is_installed() {
        return;
    }
    let options = json!({"engine": "postgres", "default_datastore": "postgresql", "task_seconds": 0});
    let world = World::with(options, Value::Null).await;
    let id = world.real(wanted("pg")).await;
    let base = std::env::temp_dir();
    let folders = || -> Vec<_> {
        let all = std::fs::read_dir(&base).unwrap().flatten().map(|entry| entry.path());
        all.filter(|path| path.join("database/instances").join(&id).exists()).collect()
    };
    assert_eq!(folders().len(), 1);
    world.close().await;
    assert_eq!(folders(), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn without_the_programs_an_instance_is_an_error_that_says_so() {
    let options = json!({"engine": "postgres", "postgres_bin": "/nowhere", "task_seconds": 0});
    let world = World::with(options, Value::Null).await;
    let mut body = wanted("pg");
    body["datastore"] = json!({"type": "postgresql"});
    let got = world.post("/instances", json!({"instance": body})).await.ok();
    let id = got["instance"]["id"].as_str().unwrap();
    world.time.settle().await;
    assert_eq!(world.states(id).await, states("ERROR", ""));
    let got = world.get(&format!("/instances/{id}")).await.ok();
    assert_eq!(got["instance"]["fault"]["message"], "there is no initdb in /nowhere");
    assert_eq!(got["instance"]["fault"]["details"], Value::Null);
    let got = world.get(&format!("/instances/{id}/databases")).await.fault();
    assert_eq!(got, fault(422, "unprocessableEntity", &format!("Instance {id} is not ready.")));
    assert_eq!(world.delete(&format!("/instances/{id}")).await.status, 202);
}
