//! `pentad db` and the login that it shares with `pentad openstack`, on the user's own data.

use serde_json::{Value, json};

use crate::house::House;

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|thing| thing["name"].as_str().unwrap()).collect()
}

#[test]
fn an_instance_lives_by_its_name() {
    let house = House::new();
    let words = ["db", "instance", "create", "db1", "--flavor", "2", "--size", "2", "--database", "shop"];
    let made = house.ok(&[&words[..], &["--wait", "-o", "json"]].concat()).json();
    assert_eq!((&made["status"], &made["operating_status"]), (&json!("ACTIVE"), &json!("HEALTHY")));
    assert_eq!(
        (&made["flavor_id"], &made["size"], &made["datastore"]),
        (&json!("2"), &json!(2), &json!("mysql"))
    );
    let table = house.ok(&["db", "instance", "list", "-o", "table"]).out;
    for heading in ["OPERATING_STATUS", "DATASTORE_VERSION", "FLAVOR_ID", "ROLE", "db1"] {
        assert!(table.contains(heading), "{heading}: {table}");
    }
    house.ok(&["db", "database", "create", "db1", "stock"]);
    assert_eq!(names(&house.ok(&["db", "database", "list", "db1", "-o", "json"]).json()), ["shop", "stock"]);
    let user = ["db", "user", "create", "db1", "app", "--database", "shop"];
    let fed = house.feed(&user, "a-canary-password\n");
    assert_eq!(fed.code, 0, "{}", fed.err);
    house.ok(&["db", "user", "grant", "db1", "app", "stock"]);
    let users = house.ok(&["db", "user", "list", "db1", "-o", "json"]).json();
    assert_eq!(users[0], json!({"name": "app", "host": "%", "databases": ["shop", "stock"]}));
    let root = house.ok(&["db", "root", "enable", "db1", "-o", "json"]).json();
    assert_eq!(root["name"], "root");
    let grown = house.ok(&["db", "instance", "resize-volume", "db1", "3", "--wait", "-o", "json"]).json();
    assert_eq!(grown["size"], 3);
    let refused = house.run(&["db", "instance", "delete", "db1"]);
    assert_eq!(refused.code, 2, "nobody agreed: {}", refused.err);
    house.ok(&["db", "instance", "delete", "db1", "--wait", "--yes"]);
    let gone = house.run(&["db", "instance", "show", "db1"]);
    assert_eq!(gone.code, 3, "{}", gone.err);
}

#[test]
fn backups_groups_quotas_and_what_there_is_to_choose_are_shown() {
    let house = House::new();
    assert!(names(&house.ok(&["db", "datastore", "list", "-o", "json"]).json()).contains(&"mysql"));
    assert!(!names(&house.ok(&["db", "flavor", "list", "-o", "json"]).json()).is_empty());
    let limits = house.ok(&["db", "limit", "list", "-o", "json"]).json();
    assert!(limits.as_array().unwrap().iter().any(|limit| limit["verb"] == "GET"));
    let group = ["db", "configuration", "create", "tuned", "max_connections=200", "-o", "json"];
    assert_eq!(house.ok(&group).json()["values"], json!({"max_connections": 200}));
    house.ok(&["db", "configuration", "set", "tuned", "connect_timeout=20"]);
    let shown = house.ok(&["db", "configuration", "show", "tuned", "-o", "json"]).json();
    assert_eq!(shown["values"].as_object().unwrap().len(), 2);
    let wrong = house.run(&["db", "configuration", "set", "tuned", "max_connections=many"]);
    assert_ne!(wrong.code, 0);
    house.ok(&["db", "configuration", "delete", "tuned", "--yes"]);
    house.ok(&["db", "instance", "create", "saved", "--flavor", "1", "--size", "1", "--wait"]);
    let words = ["db", "backup", "create", "nightly", "--instance", "saved", "--wait", "-o", "json"];
    assert_eq!(house.ok(&words).json()["status"], "COMPLETED");
    let listed = house.ok(&["db", "backup", "list", "--instance", "saved", "-o", "json"]).json();
    assert_eq!(names(&listed), ["nightly"]);
    house.ok(&["db", "backup", "delete", "nightly", "--wait", "--yes"]);
}

#[test]
fn calls_are_shown_without_secrets_and_without_a_server() {
    let house = House::new().env("OS_TOKEN", "token-canary");
    let endpoint = ["--endpoint", "http://127.0.0.1:9/v1.0/p"];
    let shown = |words: &[&str]| house.ok(&[words, &endpoint[..]].concat());
    let curl = shown(&["db", "instance", "restart", "db1", "--curl"]).out;
    assert!(curl.contains("/v1.0/p/instances/db1/action") && curl.contains("restart"), "{curl}");
    let dry = shown(&["db", "user", "create", "db1", "app", "--dry-run", "-o", "json"]).out;
    assert!(dry.contains("http://127.0.0.1:9/v1.0/p/instances/db1/users"), "{dry}");
    let file = house.file("secret", "pw-canary", 0o600);
    let words = [
        "db",
        "user",
        "create",
        "db1",
        "app",
        "--password-file",
        file.to_str().unwrap(),
        "--print",
        "python",
    ];
    let python = shown(&words).out;
    assert!(python.contains("os.environ[\"PASSWORD\"]"), "{python}");
    let rust = shown(&[&words[..8], &["rust"]].concat()).out;
    assert!(rust.contains("std::env::var(\"PASSWORD\")?"), "{rust}");
    for text in [&curl, &dry, &python, &rust] {
        assert!(!text.contains("canary") && !text.contains("unread"), "{text}");
    }
    let down = house.run(&[&["db", "instance", "list"][..], &endpoint[..]].concat());
    assert_ne!(down.code, 0);
    assert!(!down.err.contains("canary"), "{}", down.err);
}

#[test]
fn a_wrong_argument_is_refused_before_anything_is_sent() {
    let house = House::new().env("OS_TOKEN", "t").env("PENTAD_DB_ENDPOINT", "http://127.0.0.1:9/v1.0/p");
    let id = "44b277eb-39be-4921-be31-3d61b43651d7";
    for words in [
        &["db", "instance", "resize-volume", id, "0"][..],
        &["db", "instance", "create", "---", "--flavor", "2"],
        &["db", "instance", "update", id],
        &["db", "instance", "update", id, "--remove-configuration", "--detach-replica-source"],
        &["db", "user", "access", id, "a", "--host", "not a host"],
        &["db", "quota", "set", "p", "instances=lots"],
        &["db", "backup", "schedule", "create", id, "soon", "nightly"],
    ] {
        let run = house.run(words);
        assert_eq!(run.code, 2, "{words:?}: {}", run.err);
    }
}

#[test]
fn one_login_serves_both_commands() {
    let house = House::new();
    let token = house.ok(&["openstack", "token", "issue", "-o", "value"]).out;
    house.ok(&["db", "flavor", "list"]);
    assert_eq!(house.ok(&["openstack", "token", "issue", "-o", "value"]).out, token, "kept between commands");
}

#[test]
fn a_removal_by_force_waits_too_if_asked_to() {
    let house = House::new();
    house.ok(&["db", "instance", "create", "db1", "--flavor", "2", "--size", "2", "--wait"]);
    let shown =
        house.ok(&["db", "instance", "delete", "db1", "--force", "--wait", "--dry-run", "-o", "json"]);
    assert_eq!(shown.json()["operation"], "trove.instance.action");
    house.ok(&["db", "instance", "delete", "db1", "--force", "--wait", "--yes"]);
    assert_eq!(house.ok(&["db", "instance", "list", "-o", "json"]).json(), json!([]));
    house.ok(&["db", "instance", "create", "db2", "--flavor", "2", "--size", "2", "--wait"]);
    house.ok(&["db", "instance", "force-delete", "db2", "--wait", "--yes"]);
    assert_eq!(house.ok(&["db", "instance", "list", "-o", "json"]).json(), json!([]));
}

#[test]
fn a_name_of_several_is_refused_with_the_way_out() {
    let house = House::new();
    for _ in 0..2 {
        house.ok(&["db", "instance", "create", "twin", "--flavor", "1", "--size", "1"]);
    }
    let refused = house.run(&["db", "instance", "restart", "twin"]);
    assert_ne!(refused.code, 0);
    assert!(refused.err.contains("use an ID to be more specific"), "{}", refused.err);
}

#[test]
fn what_a_command_was_given_in_secret_is_not_in_the_list_of_processes() {
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let house = House::new().env("OS_TOKEN", "token-canary");
    let file = house.file("pw", "password-canary", 0o600);
    let endpoint = format!("http://{}/v1.0/p", busy.local_addr().unwrap());
    let id = "44b277eb-39be-4921-be31-3d61b43651d7";
    let words = ["db", "user", "create", id, "app", "--password-file", file.to_str().unwrap()];
    let mut child = house.command(&[&words[..], &["--endpoint", &endpoint]].concat()).spawn().unwrap();
    // It is in the middle of its call, which nobody answers.
    let connection = busy.accept().unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
    let listed: Vec<String> = processes
        .filter_map(|path| std::fs::read(path.join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains("--password-file") && line.contains(id))
        .collect();
    assert!(!listed.is_empty() && listed.iter().all(|line| !line.contains("canary")), "{listed:?}");
    child.kill().unwrap();
    child.wait().unwrap();
    drop(connection);
    // There is no way to say a secret as an argument, and one that was said is not repeated.
    for flag in ["--os-password", "--os-token", "--os-application-credential-secret", "--password"] {
        let refused = house.run(&["db", "instance", "list", flag, "spoken-canary"]);
        assert_eq!(refused.code, 2, "{flag}");
        assert!(!refused.err.contains("canary"), "{flag}: {}", refused.err);
    }
}
