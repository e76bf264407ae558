//! Formats, printed calls, dry runs.

use crate::house::House;

#[test]
fn a_dry_run_shows_the_request_and_sends_nothing() {
    let house = House::new();
    let run = house.ok(&["ams", "topic", "create", "orders", "--dry-run", "-o", "json"]);
    let shown = run.json();
    assert_eq!(shown["method"], "PUT");
    assert!(shown["url"].as_str().unwrap().ends_with("/v1/projects/demo/topics/orders"), "{shown}");
    assert!(!house.data().exists(), "nothing was opened");
    house.ok(&["ams", "topic", "delete", "orders", "--dry-run"]);
    house.ok(&["ams", "publish", "orders", "x", "--dry-run"]);
    assert!(!house.data().exists(), "nothing was opened");
}

#[test]
fn a_printed_call_hides_the_token_and_is_not_sent() {
    let house = House::new().env("PENTAD_AMS_TOKEN", "canary-token-1");
    for language in ["curl", "python", "rust"] {
        let words = [
            "ams",
            "publish",
            "orders",
            "hello",
            "--print",
            language,
            "--endpoint",
            "http://127.0.0.1:9/ams",
            "--project",
            "p",
        ];
        let run = house.ok(&words);
        assert!(!run.out.contains("canary"), "{}", run.out);
        assert!(run.out.contains("127.0.0.1:9"), "{}", run.out);
    }
    let curl = house.ok(&[
        "ams",
        "topic",
        "get",
        "t",
        "--curl",
        "--endpoint",
        "http://127.0.0.1:9/ams",
        "--project",
        "p",
    ]);
    assert!(curl.out.starts_with("curl "), "{}", curl.out);
}

#[test]
fn a_printed_call_to_the_embedded_server_names_its_socket() {
    let house = House::new();
    let run = house.ok(&["ams", "topic", "get", "t", "--curl"]);
    assert!(run.out.contains("--unix-socket") && run.out.contains("pentad.sock"), "{}", run.out);
}

#[test]
fn nothing_is_destroyed_without_a_yes() {
    let house = House::new();
    let run = house.run(&["ams", "topic", "delete", "orders"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("--yes"), "{}", run.err);
}

#[test]
fn every_format_says_the_same() {
    let house = House::new();
    house.ok(&["context", "add", "a", "--ams-endpoint", "a,b.example.org", "--ams-project", "p"]);
    house.ok(&["context", "add", "b"]);
    let columns = ["--columns", "name,ams.endpoint"];
    let with = |format: &str| house.ok(&[&["context", "list", "-o", format][..], &columns].concat()).out;
    assert_eq!(with("csv"), "name,ams.endpoint\na,\"a,b.example.org\"\nb,\n");
    assert_eq!(with("value"), "a\ta,b.example.org\nb\t\n");
    assert_eq!(with("table"), "NAME  AMS.ENDPOINT\na     a,b.example.org\nb\n");
    assert_eq!(with("ndjson").lines().count(), 2);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&with("json")).unwrap()[1]["name"], "b");
    assert!(with("yaml").contains("endpoint: a,b.example.org"), "{}", with("yaml"));
}

#[test]
fn an_empty_list_is_still_a_document() {
    let house = House::new();
    assert_eq!(house.ok(&["context", "list", "-o", "json"]).out, "[]\n");
    assert_eq!(house.ok(&["context", "list", "-o", "table"]).out, "");
    assert_eq!(
        house.ok(&["context", "list", "-o", "csv"]).out,
        "name,current,ams.endpoint,ams.project,data\n"
    );
}
