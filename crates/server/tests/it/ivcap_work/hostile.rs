//! Services that mean harm.

use std::fs;
use std::path::Path;

use jiff::SignedDuration;
use pentad_server::confined::holds;
use serde_json::json;

use super::world::{World, get};

fn held(what: &str) -> bool {
    holds().iter().any(|hold| hold.what == what && hold.holds)
}

fn alive(pid: &str) -> bool {
    Path::new("/proc").join(pid.trim()).exists()
}

#[tokio::test]
async fn a_service_that_outlives_its_limit_and_will_not_listen_is_ended_with_all_it_started() {
    let script = "trap '' TERM; (trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$; exec sleep 1000') & \
                  echo $$; while :; do sleep 0.1; done";
    let world = World::running(&[("stubborn", script)], json!({"time": 60})).await;
    let order = world.order("stubborn", json!([])).await;
    let pids = loop {
        let log = world.logs(&order).await;
        if log.lines().count() == 2 {
            break log;
        }
        tokio::task::yield_now().await;
    };
    assert!(pids.lines().all(alive));
    world.time.advance(SignedDuration::from_secs(61));
    assert_eq!(world.ended(&order).await["status"], "error");
    if held("leftovers") {
        assert!(!pids.lines().any(alive), "{pids}");
    }
}

#[tokio::test]
async fn a_service_that_multiplies_is_held_down() {
    let script = "f() { f & f & wait; }; f 2>/dev/null; wait; sleep 1000";
    let world = World::running(&[("bomb", script), ("echo", "echo alive")], json!({"processes": 32})).await;
    let order = world.order("bomb", json!([])).await;
    world.until(&format!("/1/orders/{order}"), &["executing"]).await;
    let other = world.run("echo", json!([])).await;
    assert_eq!(other["status"], "succeeded", "others run beside it");
    world.time.advance(SignedDuration::from_secs(3601));
    world.ended(&order).await;
}

#[tokio::test]
async fn a_service_that_fills_the_disk_is_ended() {
    let script = "i=0; while :; do head -c 500000 /dev/zero > f$i; i=$((i+1)); done";
    let world = World::running(&[("fill", script)], json!({"disk": 3_000_000})).await;
    let ended = world.run("fill", json!([])).await;
    assert_eq!(ended["status"], "error");
    assert_eq!(ended["products"]["items"], json!([]));
    assert!(world.logs(ended["id"].as_str().unwrap()).await.contains("more than 3000000 bytes"));
}

#[tokio::test]
async fn a_service_that_makes_too_many_files_is_ended() {
    let script = "i=0; while :; do : > f$i; i=$((i+1)); done";
    let world = World::running(&[("litter", script)], json!({"files": 100})).await;
    assert_eq!(world.run("litter", json!([])).await["status"], "error");
}

#[tokio::test]
async fn a_service_that_writes_one_endless_file_is_ended() {
    let script = "exec cat /dev/zero > big";
    let world = World::running(&[("endless", script)], json!({"file-size": 100_000})).await;
    assert_eq!(world.run("endless", json!([])).await["status"], "error");
}

#[tokio::test]
async fn a_service_that_burns_the_processor_is_ended() {
    let world = World::running(&[("burn", "while :; do :; done")], json!({"cpu": 1})).await;
    assert_eq!(world.run("burn", json!([])).await["status"], "error");
}

#[tokio::test]
async fn a_service_cannot_look_at_the_server_nor_at_others() {
    let script = "id -u; kill -KILL $PPID && echo killed; cat /proc/$PPID/environ > /dev/null && echo read; ls ../.. && echo listed; true";
    let world = World::running(&[("nosy", script)], json!({})).await;
    let order = world.order("nosy", json!([])).await;
    let ended = world.ended(&order).await;
    if held("user") {
        let log = world.logs(&order).await;
        assert_eq!(ended["status"], "succeeded", "{log}");
        assert!(!log.starts_with("0\n"), "{log}");
        assert!(!log.contains("killed") && !log.contains("read") && !log.contains("listed"), "{log}");
    }
}

#[tokio::test]
async fn nothing_of_the_servers_environment_reaches_a_service() {
    let world = World::running(&[("env", "env")], json!({})).await;
    let order = world.order("env", json!([])).await;
    world.ended(&order).await;
    let log = world.logs(&order).await;
    let allowed = ["PATH", "LANG", "HOME", "TMPDIR", "PWD", "SHLVL", "OLDPWD", "_"];
    for line in log.lines() {
        let name = line.split('=').next().unwrap();
        assert!(name.starts_with("IVCAP_") || allowed.contains(&name), "{line}");
    }
}

#[tokio::test]
async fn values_are_never_read_by_a_shell() {
    let world = World::running(&[("echo", "printf '%s' \"$IVCAP_PARAM_MSG\"")], json!({})).await;
    let hostile = "$(touch /tmp/pentad-was-here); `id`; ' \" \\ \n ../../x";
    let order = world.order("echo", json!([{"name": "msg", "value": hostile}])).await;
    world.ended(&order).await;
    assert_eq!(world.logs(&order).await, hostile);
    assert!(fs::metadata("/tmp/pentad-was-here").is_err());
}

#[tokio::test]
async fn a_result_that_is_a_link_or_a_device_is_none() {
    let world = World::running(
        &[("link", "ln -s /etc/passwd \"$IVCAP_RESULT\""), ("pipe", "mkfifo \"$IVCAP_RESULT\"")],
        json!({}),
    )
    .await;
    for service in ["link", "pipe"] {
        let jobs = format!("/1/services2/{}/jobs", world.service(service).await);
        let placed = super::world::post(&jobs).json(&json!({})).on(&world).await.is(202);
        let path = format!("{jobs}/{}", placed["job-id"].as_str().unwrap());
        let ended = world.until(&path, &["succeeded", "failed", "error"]).await;
        assert!(ended.get("result-content").is_none(), "{ended}");
        assert_eq!(get(&format!("{path}/output")).on(&world).await.status, 204);
    }
}

#[tokio::test]
async fn what_cannot_be_taken_over_as_a_whole_is_an_error_and_not_lost_in_silence() {
    let many = "i=0; while [ $i -lt 1001 ]; do : > $IVCAP_OUT_DIR/$i; i=$((i+1)); done";
    let long = "cd $IVCAP_OUT_DIR; d=$(printf 'd%.0s' $(seq 250)); for i in 1 2 3 4 5; do mkdir $d; cd $d; done; : > x";
    let large = "head -c 17000000 /dev/zero > $IVCAP_RESULT";
    let sparse = "cd $IVCAP_OUT_DIR; for i in 1 2 3; do truncate -s 900M $i; done";
    let scripts = [("many", many), ("long", long), ("large", large), ("sparse", sparse)];
    let world = World::running(&scripts, json!({})).await;
    for (service, why) in [("many", "1000 files"), ("long", "name"), ("large", "result"), ("sparse", "bytes")]
    {
        let ended = world.run(service, json!([])).await;
        assert_eq!(ended["status"], "error", "{service}");
        let path = format!("/1/orders/{}/products", ended["id"].as_str().unwrap());
        assert_eq!(get(&path).on(&world).await.is(200)["items"], json!([]), "{service}");
        let rows = format!(
            "/1/aspects?entity={}&schema=urn:ivcap:schema:order-finished.1&include-content=true",
            ended["id"].as_str().unwrap()
        );
        let finished = get(&rows).on(&world).await.is(200)["items"][0]["content"].clone();
        assert_eq!(finished["status"], "error", "{service}");
        assert!(finished["error-message"].as_str().unwrap().contains(why), "{finished}");
        let log = world.logs(ended["id"].as_str().unwrap()).await;
        assert!(log.contains("ended as an error") && log.contains(why), "{log}");
    }
}

#[tokio::test]
async fn a_value_that_no_variable_can_hold_is_refused_before_anything_runs() {
    let world = World::running(&[("echo", "true")], json!({})).await;
    let body = json!({
        "service": world.service("echo").await,
        "parameters": [{"name": "msg", "value": "x".repeat((64 << 10) + 1)}],
    });
    let refused = super::world::post("/1/orders").json(&body).on(&world).await.is(422);
    assert_eq!(refused["name"], "msg");
    let tags: Vec<String> = (0..101).map(|number| number.to_string()).collect();
    let body = json!({"service": world.service("echo").await, "parameters": [], "tags": tags});
    assert_eq!(super::world::post("/1/orders").json(&body).on(&world).await.is(422)["name"], "tags");
}

#[tokio::test]
async fn a_clock_of_the_service_that_stands_lets_no_process_run_for_ever() {
    let world = World::running(&[("slow", "sleep 1000")], json!({"time": 1})).await;
    world.time.freeze(None);
    assert_eq!(world.run("slow", json!([])).await["status"], "error");
}

#[tokio::test]
async fn what_the_server_was_started_with_is_not_open_to_a_service() {
    use std::os::fd::AsRawFd;
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("root.key");
    fs::write(&secret, "ROOTSECRET").unwrap();
    let file = fs::File::open(&secret).unwrap();
    // As a supervisor hands it down: it stays open in what is started.
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
    let script =
        format!("cat /proc/self/fd/{0}; cat <&{0}; echo; ls /proc/self/fd | tr '\\n' ' '", file.as_raw_fd());
    let world = World::running(&[("curious", &script)], json!({})).await;
    let order = world.order("curious", json!([])).await;
    world.ended(&order).await;
    let log = world.logs(&order).await;
    assert!(!log.contains("ROOTSECRET"), "{log}");
}
