//! Contexts, precedence, origins, secrets.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::house::{House, Run};

fn explained(run: &Run, key: &str) -> (Value, String) {
    let rows = run.json();
    let row = rows.as_array().unwrap().iter().find(|row| row["key"] == key).unwrap();
    (row["value"].clone(), row["origin"].as_str().unwrap().to_owned())
}

#[test]
fn a_context_is_added_used_shown_listed_and_removed() {
    let house = House::new();
    house.ok(&["context", "add", "dev", "--ams-endpoint", "ams.example.org", "--ams-project", "p1", "--use"]);
    assert_eq!(house.ok(&["context", "show", "-o", "json"]).json()["ams"]["endpoint"], "ams.example.org");
    assert_eq!(house.ok(&["context", "list", "-o", "value"]).out, "dev\n");
    // It does not say of which service; ignoring it would send commands to local data.
    let run = house.run(&["--endpoint", "other.example.org", "context", "add", "other"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("--ams-endpoint"), "{}", run.err);
    let again = house.run(&["context", "add", "dev"]);
    assert_eq!(again.code, 5);
    house.ok(&["context", "remove", "dev"]);
    assert_eq!(house.run(&["context", "show", "dev"]).code, 3);
}

#[test]
fn flag_beats_environment_beats_file_and_each_says_where_it_is_from() {
    let house = House::new().env("PENTAD_AMS_PROJECT", "from-env");
    house.ok(&[
        "context",
        "add",
        "dev",
        "--ams-endpoint",
        "file.example.org",
        "--ams-project",
        "p1",
        "--use",
    ]);
    let run = house.ok(&["config", "explain", "-o", "json", "--timeout", "90s"]);
    assert_eq!(
        explained(&run, "ams.project"),
        ("from-env".into(), "environment PENTAD_AMS_PROJECT".to_owned())
    );
    let (endpoint, origin) = explained(&run, "ams.endpoint");
    assert_eq!(endpoint, "file.example.org");
    assert!(origin.ends_with("(contexts.dev.ams.endpoint)"), "{origin}");
    assert_eq!(explained(&run, "timeout").1, "flag --timeout");
    assert_eq!(explained(&run, "data").1, "built-in default");
    let flag = house.ok(&["config", "explain", "-o", "json", "--endpoint", "flag.example.org"]);
    assert_eq!(explained(&flag, "ams.endpoint"), ("flag.example.org".into(), "flag --endpoint".to_owned()));
}

#[test]
fn what_an_endpoint_holds_beside_a_place_is_not_shown() {
    let house = House::new().env("PENTAD_AMS_ENDPOINT", "https://u:canary@ams.example.org/a?key=canary");
    for line in [&["config", "explain"][..], &["doctor"], &["ams", "topic", "list"]] {
        let run = house.run(line);
        assert!(
            !run.out.contains("canary") && !run.err.contains("canary"),
            "{line:?}: {} {}",
            run.out,
            run.err
        );
    }
    let (endpoint, _) = explained(&house.ok(&["config", "explain", "-o", "json"]), "ams.endpoint");
    assert!(endpoint.as_str().unwrap().contains("ams.example.org/a"), "{endpoint}");
}

#[test]
fn a_token_from_standard_input_is_kept_in_a_private_file_and_never_shown() {
    let house = House::new();
    let canary = "canary-0123456789";
    let words = ["context", "add", "dev", "--ams-endpoint", "x.example.org", "--ams-token-stdin", "--use"];
    let run = house.feed(&words, &format!("{canary}\n"));
    assert_eq!(run.code, 0, "{}", run.err);
    let secret = house.config().parent().unwrap().join("secrets/dev.ams-token");
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), canary);
    assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(house.config()).unwrap().permissions().mode() & 0o777, 0o600);
    for words in [
        &["context", "show", "-o", "json"][..],
        &["config", "explain"],
        &["ams", "topic", "create", "t", "--project", "p", "--curl"],
    ] {
        let shown = house.run(words);
        assert!(!shown.out.contains(canary) && !shown.err.contains(canary), "{words:?}");
    }
    house.ok(&["context", "remove", "dev"]);
    assert!(!secret.exists());
}

#[test]
fn a_token_file_that_others_can_read_is_refused_with_the_remedy() {
    let house = House::new();
    let path = house.file("token", "t", 0o644);
    let words = [
        "ams",
        "topic",
        "list",
        "--endpoint",
        "127.0.0.1:9",
        "--project",
        "p",
        "--token-file",
        path.to_str().unwrap(),
    ];
    let run = house.run(&words);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("0644") && run.err.contains("chmod 600"), "{}", run.err);
}

#[test]
fn an_unknown_context_is_named_with_its_origin() {
    let run = House::new().env("PENTAD_CONTEXT", "nowhere").run(&["ams", "topic", "list"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("nowhere") && run.err.contains("PENTAD_CONTEXT"), "{}", run.err);
}

#[test]
fn a_remote_service_needs_a_project_by_name() {
    let run =
        House::new().env("PENTAD_AMS_TOKEN", "t").run(&["ams", "topic", "list", "--endpoint", "127.0.0.1:9"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("--project"), "{}", run.err);
}

#[test]
fn an_endpoint_that_nobody_serves_is_a_network_failure_and_json_errors_are_json() {
    let house = House::new().env("PENTAD_AMS_TOKEN", "t");
    let words = [
        "ams",
        "topic",
        "get",
        "x",
        "--endpoint",
        "http://127.0.0.1:9",
        "--project",
        "p",
        "-o",
        "json",
        "--timeout",
        "2s",
    ];
    let run = house.run(&words);
    assert_eq!(run.code, 8, "{}", run.err);
    let error: Value = serde_json::from_str(&run.err).unwrap();
    assert_eq!(error["error"]["code"], "connection");
    assert_eq!(error["error"]["exit"], 8);
}
