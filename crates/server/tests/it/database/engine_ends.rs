//! Real databases that end by themselves, and what is left where they were made. Skipped where PostgreSQL is not installed.

use std::process::Command;

use http::Method;
use serde_json::json;

use super::engine::{is_installed, one, wanted, world};
use super::world::{ANN, states};

/// Ends the server of an instance as the kernel does when memory is short.
fn kill(data: &std::path::Path) {
    let lock = std::fs::read_to_string(data.join("postmaster.pid")).unwrap();
    let process = lock.lines().next().unwrap().to_owned();
    assert!(Command::new("kill").args(["-9", &process]).status().unwrap().success());
    while std::path::Path::new("/proc").join(&process).join("cwd").read_link().is_ok() {
        std::thread::yield_now();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_ended_by_itself_is_told_and_starts_again_and_its_replica_takes_over() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let source = world.real(wanted("pg")).await;
    let replica = world.real(json!({"name": "copy", "replica_of": source})).await;
    let data = world.folder_of("instances", &source).join("data");
    kill(&data);
    world.time.settle().await;
    assert_eq!(world.states(&source).await, states("ACTIVE", "SHUTDOWN"));
    assert_eq!(world.fault_of(&source).await, "The database ended without being asked to.");
    assert_eq!(world.states(&replica).await, states("ACTIVE", "HEALTHY"));
    world.post(&format!("/instances/{source}/action"), json!({"restart": {}})).await.ok();
    world.time.settle().await;
    assert_eq!(world.states(&source).await, states("ACTIVE", "HEALTHY"));
    world.app(&source).await.batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)").await.unwrap();
    kill(&data);
    world.time.settle().await;
    world.advance(100).await;
    let act = format!("/instances/{source}/action");
    world.call(ANN, Method::POST, &act, json!({"eject_replica_source": {}})).await.ok();
    world.time.settle().await;
    assert_eq!(
        world.states(&replica).await,
        states("ACTIVE", "HEALTHY"),
        "{}",
        world.fault_of(&replica).await
    );
    assert_eq!(one(&world.app(&replica).await, "SELECT pg_is_in_recovery()").await, "f");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_database_that_runs_does_not_grow_without_end() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let id = world.real(wanted("pg")).await;
    let folder = world.folder_of("instances", &id);
    let log = std::fs::File::options().append(true).open(folder.join("log")).unwrap();
    std::io::Write::write_all(&mut { log }, &vec![b'x'; 17 << 20]).unwrap();
    world.time.settle().await;
    assert!(std::fs::metadata(folder.join("log")).unwrap().len() < 1 << 20);
    assert!(std::fs::metadata(folder.join("log.before")).unwrap().len() > 16 << 20);
    let app = world.app(&id).await;
    assert!(app.batch_execute("SELECT nothing").await.is_err());
    let text = std::fs::read_to_string(folder.join("log")).unwrap();
    assert!(text.starts_with(|c: char| c.is_ascii_digit()) && text.contains("nothing"), "{text}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_server_left_half_made_is_in_nobodys_way() {
    if !is_installed() {
        return;
    }
    let world = world().await;
    let got = world.post("/instances", json!({"instance": wanted("pg")})).await.ok();
    let id = got["instance"]["id"].as_str().unwrap().to_owned();
    // A program of another server still writes where that one began.
    let left = world.folder_of("instances", &format!("{id}.new.left/data"));
    std::fs::create_dir_all(&left).unwrap();
    let mut writer = Command::new("sh")
        .args(["-c", "while mkdir -p \"$0/base\" && : > \"$0/base/x\"; do :; done"])
        .arg(&left)
        .spawn()
        .unwrap();
    world.time.settle().await;
    writer.kill().unwrap();
    writer.wait().unwrap();
    assert_eq!(world.states(&id).await, states("ACTIVE", "HEALTHY"), "{}", world.fault_of(&id).await);
    world.app(&id).await;
    world.close().await;
}
