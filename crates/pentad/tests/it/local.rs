//! Several openers of one data directory: the first holds it, the others join, and one of those follows it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use pentad::ErrorKind;
use pentad::ams::{Message, NewSubscription, Pull};
use pentad::local::{self, Local};

async fn publish(local: &Local, text: &str) -> pentad::Result<Vec<String>> {
    local.ams("project_admin")?.topic("t").publish(vec![Message::new(text.to_owned())]).await
}

async fn texts(local: &Local) -> Vec<String> {
    let client = local.ams("project_admin").unwrap();
    let pulled = client.subscription("s").pull(Pull::new(100)).await.unwrap();
    pulled
        .iter()
        .map(|received| String::from_utf8_lossy(received.message.data().unwrap()).into_owned())
        .collect()
}

async fn prepare(local: &Local) {
    let client = local.ams("project_admin").unwrap();
    client.topic("t").create().await.unwrap();
    client.subscription("s").create(&NewSubscription::new("t")).await.unwrap();
}

#[tokio::test]
async fn the_second_opener_joins_the_first_and_sees_its_data() {
    let dir = tempfile::tempdir().unwrap();
    let first = local::open(dir.path()).await.unwrap();
    prepare(&first).await;
    let second = local::open(dir.path()).await.unwrap();
    assert!(first.server().is_some() && second.server().is_none());
    assert_eq!(first.credentials()["ams"], second.credentials()["ams"]);
    publish(&second, "by the second").await.unwrap();
    assert_eq!(texts(&first).await, ["by the second"]);
    second.close().await;
    publish(&first, "the holder goes on").await.unwrap();
    first.close().await;
}

#[tokio::test]
async fn those_who_joined_go_on_when_the_holder_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let first = local::open(dir.path()).await.unwrap();
    prepare(&first).await;
    let second = local::open(dir.path()).await.unwrap();
    let third = local::open(dir.path()).await.unwrap();
    publish(&second, "one").await.unwrap();
    first.close().await;
    publish(&second, "two").await.unwrap();
    publish(&third, "three").await.unwrap();
    second.close().await;
    publish(&third, "four").await.unwrap();
    assert_eq!(texts(&third).await, ["one", "two", "three", "four"]);
    third.close().await;
}

#[tokio::test]
async fn a_directory_that_is_held_refuses_a_server_that_will_not_join() {
    let dir = tempfile::tempdir().unwrap();
    let first = local::open(dir.path()).await.unwrap();
    let options = pentad_server::ServerOptions::dir(dir.path());
    let error = local::open_with(options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("holds the data directory"), "{error}");
    first.close().await;
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_says_so() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o500)).unwrap();
    if std::fs::write(dir.path().join("probe"), "").is_ok() {
        eprintln!("skipped: this user may write everywhere");
        return;
    }
    let error = local::open(dir.path()).await.unwrap_err();
    assert!(error.to_string().contains("must be writable"), "{error}");
}

/// Not a test: the holder that the next one kills, in a process of its own.
#[tokio::test]
#[ignore = "started by another test"]
async fn holder_in_another_process() {
    let Some(dir) = std::env::var_os("PENTAD_TEST_DIR") else { return };
    let held = local::open(Path::new(&dir)).await.unwrap();
    prepare(&held).await;
    publish(&held, "before").await.unwrap();
    println!("\nholding");
    std::future::pending::<()>().await;
}

fn start_holder(dir: &Path) -> Child {
    let words = ["--exact", "local::holder_in_another_process", "--ignored", "--nocapture"];
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(words)
        .env("PENTAD_TEST_DIR", dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "holding"), "the holder ended early");
    child
}

#[tokio::test]
async fn those_who_joined_take_over_when_the_holder_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let mut holder = start_holder(dir.path());
    let second = local::open(dir.path()).await.unwrap();
    let third = local::open(dir.path()).await.unwrap();
    assert!(second.server().is_none() && third.server().is_none());
    publish(&second, "joined").await.unwrap();
    holder.kill().unwrap();
    holder.wait().unwrap();
    // What nobody may send twice may fail once; after that the successor answers.
    let after = publish(&second, "after").await;
    assert!(after.as_ref().map_or_else(|error| error.is_transient(), |_| true), "{after:?}");
    assert_eq!(texts(&third).await[..2], ["before", "joined"]);
    publish(&third, "the end").await.unwrap();
    assert_eq!(texts(&second).await.last().unwrap(), "the end");
    second.close().await;
    publish(&third, "alone").await.unwrap();
    third.close().await;
}
