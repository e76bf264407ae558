//! What root and users of a real database may do, and what of the server they cannot reach. Skipped where PostgreSQL is not
//! installed.

use serde_json::{Value, json};

use super::engine::{is_installed, one, wanted, world};
use super::world::World;

const PROGRAM: &str = "CREATE TEMP TABLE o (t text); COPY o FROM PROGRAM 'id'";

async fn root(world: &World, id: &str, database: &str) -> tokio_postgres::Client {
    let got = world.post(&format!("/instances/{id}/root"), Value::Null).await.ok();
    let password = got["user"]["password"].as_str().unwrap().to_owned();
    world.connect(id, "postgres", &password, database).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_files_and_programs_of_the_server() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let id = world.real(wanted("pg")).await;
    let root = root(&world, &id, "shop").await;
    let app = world.app(&id).await;
    for sql in [
        PROGRAM,
        "COPY (SELECT 1) TO '/tmp/pentad-must-not-be'",
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT pg_ls_dir('.')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT pg_reload_conf()",
        "GRANT pg_execute_server_program TO CURRENT_USER",
        "GRANT pg_read_server_files TO CURRENT_USER",
        "GRANT pg_write_server_files TO CURRENT_USER",
        "GRANT os_admin TO CURRENT_USER",
        "SET ROLE os_admin",
        "SET ROLE pg_execute_server_program",
        "CREATE ROLE evil SUPERUSER",
        "CREATE ROLE evil REPLICATION",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "ALTER ROLE os_admin PASSWORD 'x'",
        "ALTER SYSTEM SET work_mem = 64",
        "CREATE EXTENSION file_fdw",
        "CREATE EXTENSION dblink",
        "CREATE FUNCTION f() RETURNS void LANGUAGE c AS 'libc', 'abort'",
        "CREATE TABLESPACE t LOCATION '/tmp'",
        "CREATE SUBSCRIPTION s CONNECTION 'user=os_admin' PUBLICATION p",
        "UPDATE pg_authid SET rolsuper = true",
    ] {
        for client in [&root, &app] {
            let error = client.batch_execute(sql).await.err().map(|error| format!("{error:?}"));
            let error = error.unwrap_or_else(|| panic!("{sql} was done"));
            // Extensions that are not installed are out of reach, too.
            assert!(
                ["permission denied", "must be", "not available", "superuser", "only roles with"]
                    .iter()
                    .any(|word| error.to_lowercase().contains(word)),
                "{sql}: {error}"
            );
        }
    }
    for (user, password) in [("os_admin", ""), ("os_admin", "os_admin")] {
        assert!(world.connect(&id, user, password, "shop").await.is_err(), "the service comes another way");
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn root_makes_and_manages_what_belongs_to_the_instance() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let id = world.real(wanted("pg")).await;
    world.app(&id).await.batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)").await.unwrap();
    let root = root(&world, &id, "shop").await;
    assert_eq!(one(&root, "SELECT count(*) FROM t").await, "1", "what users made is root's to read");
    root.batch_execute("CREATE DATABASE mine").await.unwrap();
    root.batch_execute("CREATE ROLE worker LOGIN PASSWORD 'w'; GRANT app TO worker").await.unwrap();
    root.batch_execute("ALTER ROLE app CONNECTION LIMIT 7; CREATE SCHEMA s; DROP TABLE t").await.unwrap();
    assert_ne!(one(&root, "SELECT count(*) FROM pg_stat_activity WHERE query <> ''").await, "0");
    let path = format!("/instances/{id}");
    let names = world.get(&format!("{path}/databases")).await.ok();
    assert_eq!(names["databases"], json!([{"name": "mine"}, {"name": "shop"}]));
    drop(root);
    assert_eq!(world.delete(&format!("{path}/databases/mine")).await.status, 202);
    assert_eq!(world.delete(&format!("{path}/users/worker")).await.status, 202);
    assert_eq!(world.delete(&format!("{path}/root")).await.status, 204);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_removed_user_left_runs_with_no_more_rights_than_roots() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let id = world.real(wanted("pg")).await;
    let body = "CREATE FUNCTION trap() RETURNS text SECURITY DEFINER LANGUAGE plpgsql AS $f$ BEGIN \
                CREATE TEMP TABLE o (t text); COPY o FROM PROGRAM 'id'; RETURN (SELECT t FROM o); END $f$";
    let app = world.app(&id).await;
    app.batch_execute(body).await.unwrap();
    drop(app);
    let path = format!("/instances/{id}/users");
    assert_eq!(world.delete(&format!("{path}/app")).await.status, 202);
    let user = json!({"name": "next", "password": "n", "databases": [{"name": "shop"}]});
    world.post(&path, json!({"users": [user]})).await.ok();
    let next = world.connect(&id, "next", "n", "shop").await.unwrap();
    let owner = "SELECT rolname::text || rolsuper::text FROM pg_proc p JOIN pg_roles r ON r.oid = proowner WHERE proname = 'trap'";
    assert_eq!(one(&next, owner).await, "postgresfalse");
    let error = next.batch_execute("SELECT trap()").await.unwrap_err();
    assert_eq!(error.code(), Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE), "{error:?}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_granted_nothing_is_let_in_nowhere_and_a_grant_is_given_whole_or_not() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let id = world.real(wanted("pg")).await;
    let path = format!("/instances/{id}/users");
    world.post(&path, json!({"users": [{"name": "two", "password": "p"}]})).await.ok();
    for database in ["postgres", "template1", "shop"] {
        let error = world.connect(&id, "two", "p", database).await.unwrap_err();
        assert!(error.contains("permission denied"), "{database}: {error}");
    }
    let grants = format!("{path}/two/databases");
    let got = world.put(&grants, json!({"databases": [{"name": "shop"}, {"name": "nope"}]})).await.fault();
    assert_eq!((got.0, got.2.as_str()), (400, "database \"nope\" does not exist"));
    assert_eq!(world.get(&grants).await.ok(), json!({"databases": []}));
    let got = world.put(&grants, json!({"databases": [{"name": "postgres"}]})).await;
    assert_eq!(got.status, 400, "the datastore's own is nobody's");
    let user = json!({"name": "three", "password": "p", "databases": [{"name": "nope"}]});
    assert_eq!(world.post(&path, json!({"users": [user]})).await.status, 400);
    assert_eq!(world.get(&format!("{path}/three")).await.status, 404, "nor is the user made");
    let databases = json!({"databases": [{"name": "one"}, {"name": "odd", "character_set": "klingon"}]});
    assert_eq!(world.post(&format!("/instances/{id}/databases"), databases).await.status, 400);
    let names = world.get(&format!("/instances/{id}/databases")).await.ok();
    assert_eq!(names["databases"], json!([{"name": "shop"}]));
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_holds_a_password_and_no_replica_tells_one() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let id = world.real(wanted("pg")).await;
    let replica = world.real(json!({"name": "copy", "replica_of": id})).await;
    let root = world.post(&format!("/instances/{id}/root"), json!({"password": "canary"})).await.ok();
    assert_eq!(root["user"]["password"], "canary");
    let follow =
        std::fs::read_to_string(world.folder_of("instances", &replica).join("data/follow.conf")).unwrap();
    assert!(follow.contains("primary_conninfo") && !follow.contains("password"), "{follow}");
    assert!(!world.folder_of("instances", &id).join("password").exists());
    // Replay has come so far when the password counts.
    let mut copy = world.connect(&replica, "postgres", "canary", "shop").await;
    for _ in 0..1000 {
        if copy.is_ok() {
            break;
        }
        tokio::task::yield_now().await;
        copy = world.connect(&replica, "postgres", "canary", "shop").await;
    }
    let told = one(&copy.unwrap(), "SHOW primary_conninfo").await;
    assert!(told.contains("port=") && !told.contains("password"), "{told}");
    world.close().await;
}
