//! `pentad ivcap` on the user's own data, and over TCP.

use serde_json::{Value, json};

use crate::house::House;

fn id(house: &House, words: &[&str]) -> String {
    house.ok(&[words, &["-o", "json"]].concat()).json()["id"].as_str().unwrap().to_owned()
}

fn service(house: &House, name: &str) -> String {
    id(house, &["ivcap", "service", "find", name])
}

#[test]
fn an_order_is_placed_waited_for_and_its_product_saved() {
    let house = House::new();
    let greeting = service(&house, "greeting");
    let listed = house.ok(&["ivcap", "service", "list"]);
    for column in ["ID", "NAME", "DESCRIPTION", "greeting"] {
        assert!(listed.out.to_uppercase().contains(&column.to_uppercase()), "{}", listed.out);
    }
    let order = house.ok(&[
        "ivcap",
        "order",
        "create",
        &greeting,
        "name=Ada",
        "times=2",
        "--wait",
        "--follow-logs",
        "-o",
        "json",
    ]);
    assert!(order.err.contains("wrote greeting.txt"), "{}", order.err);
    let order = order.json();
    assert_eq!(order["status"], "succeeded");
    let id = order["id"].as_str().unwrap();
    let products = house.ok(&["ivcap", "order", "products", id, "-o", "json"]).json();
    let product = products[0]["id"].as_str().unwrap();
    let piped = house.ok(&["ivcap", "artifact", "download", product, "-"]);
    assert_eq!(piped.out, "Hello, Ada!\nHello, Ada!\n");
    let part = house.ok(&["ivcap", "artifact", "download", product, "-", "--range", "7-9"]);
    assert_eq!(part.out, "Ada");
    house.ok(&["ivcap", "artifact", "download", product, "out.txt"]);
    assert_eq!(std::fs::read_to_string(house.path().join("out.txt")).unwrap(), piped.out);
    assert_eq!(house.run(&["ivcap", "artifact", "download", product, "out.txt"]).code, 5);
    let logs = house.ok(&["ivcap", "order", "logs", id]);
    assert!(logs.out.contains("wrote greeting.txt"), "{}", logs.out);
}

#[test]
fn an_order_that_fails_or_cannot_be_placed_is_a_failure() {
    let house = House::new();
    let greeting = service(&house, "greeting");
    let missing = house.run(&["ivcap", "order", "create", &greeting]);
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains("name"), "{}", missing.err);
    let wrong = house.run(&["ivcap", "order", "create", &greeting, "name=Ada", "times=two"]);
    assert!(wrong.err.contains("times"), "{}", wrong.err);
    let failing = service(&house, "failing");
    let failed = house.run(&["ivcap", "order", "create", &failing, "--wait", "-o", "json"]);
    assert_eq!(failed.code, 1);
    assert_eq!(failed.json()["status"], "failed");
}

#[test]
fn contents_go_in_and_out_through_pipes_and_files() {
    let house = House::new();
    house.file("data.csv", "a,b\n1,2\n", 0o644);
    let file = house.ok(&["ivcap", "artifact", "upload", "data.csv", "-o", "json"]).json();
    assert_eq!(
        (&file["mime-type"], &file["name"], &file["size"]),
        (&json!("text/csv"), &json!("data.csv"), &json!(8))
    );
    let piped =
        house.feed(&["ivcap", "artifact", "upload", "-", "--name", "piped", "-o", "json"], "from a pipe");
    assert_eq!(piped.code, 0, "{}", piped.err);
    let piped = piped.json();
    assert_eq!((&piped["status"], &piped["size"]), (&json!("ready"), &json!(11)));
    let back = house.ok(&["ivcap", "artifact", "download", piped["id"].as_str().unwrap(), "-"]);
    assert_eq!(back.out, "from a pipe");
    for dialect in ["l23", "l28"] {
        let old =
            house.ok(&["ivcap", "--dialect", dialect, "artifact", "upload", "data.csv", "-o", "json"]).json();
        assert_eq!(old["status"], "ready", "{dialect}");
    }
    let list = house.ok(&["ivcap", "artifact", "list", "-o", "json"]).json();
    assert!(list.as_array().unwrap().len() >= 4);
}

#[test]
fn metadata_is_added_from_a_file_and_found_as_of_a_past_moment() {
    let house = House::new();
    house.file("label.json", r#"{"$schema": "urn:x:schema:label.1", "label": "cat"}"#, 0o644);
    let record = id(&house, &["ivcap", "metadata", "add", "urn:x:thing:1", "-f", "label.json"]);
    let then = house.ok(&["ivcap", "metadata", "get", &record, "-o", "json"]).json();
    let moment = then["valid-from"].as_str().unwrap().to_owned();
    house.ok(&["ivcap", "metadata", "retract", &record, "--yes"]);
    let found = |words: &[&str]| -> Vec<Value> {
        let all =
            [&["ivcap", "metadata", "search", "--entity", "urn:x:thing:1", "-o", "json"], words].concat();
        house.ok(&all).json().as_array().unwrap().clone()
    };
    assert!(found(&[]).is_empty());
    assert_eq!(found(&["--at", &moment])[0]["content"]["label"], "cat");
    assert!(found(&["--at", "2024-05-01"]).is_empty());
    let bad = house.run(&["ivcap", "metadata", "search", "--at", "last week"]);
    assert_eq!(bad.code, 2);
    let refused = house.run(&["ivcap", "metadata", "add", "urn:x:thing:1", "{}"]);
    assert!(refused.err.contains("schema"), "{}", refused.err);
    let shown = house.ok(&["ivcap", "metadata", "search", "--at", "2024-05-01", "--curl"]);
    assert!(shown.out.contains("at-time=2024-05-01T00%3A00%3A00Z"), "{}", shown.out);
    assert!(!shown.out.contains("eyJ"), "no token is printed");
}

#[test]
fn the_originals_variables_are_honoured() {
    let house = House::new();
    let served = house.serve(&[]);
    let announced = &served.announcement;
    let text = |pointer: &str| announced.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let user = House::new()
        .env("IVCAP_URL", &text("/endpoints/ivcap_l28"))
        .env("IVCAP_JWT", &text("/credentials/ivcap/jwt"))
        .env("IVCAP_ACCOUNT_ID", &text("/credentials/ivcap/account_id"));
    let found = user.ok(&["ivcap", "--dialect", "l28", "service", "list", "-o", "json"]).json();
    assert!(found.as_array().unwrap().len() >= 3);
    assert_eq!(user.ok(&["ivcap", "detect", "-o", "json"]).json()["dialect"], "l28");
    let stranger = House::new().env("IVCAP_URL", &text("/endpoints/ivcap")).env("IVCAP_JWT", "nonsense");
    assert_eq!(stranger.run(&["ivcap", "service", "list"]).code, 4);
    let shown = |house: &House, words: &[&str]| house.ok(&[&["ivcap"], words, &["--curl"]].concat()).out;
    let inside = House::new().env("IVCAP_BASE_URL", "http://sidecar").env("IVCAP_JWT", "secret");
    let asked = shown(&inside, &["service", "list"]);
    assert!(asked.contains("http://sidecar/") && !asked.to_lowercase().contains("authorization"), "{asked}");
    let token = House::new().env("IVCAP_JWT", "secret").env("IVCAP_ACCOUNT_ID", "urn:ivcap:account:1");
    let alone = token.run(&["ivcap", "service", "list"]);
    assert!(alone.code == 2 && alone.err.contains("IVCAP_URL"), "{}", alone.err);
    let old = shown(&token, &["--dialect", "l28", "service", "list"]);
    assert!(
        old.contains("https://api.ivcap.net/1/services"),
        "the first packages know where the platform is: {old}"
    );
}

#[test]
fn a_login_is_kept_between_commands_until_it_is_forgotten() {
    let house = House::new();
    let seed = house.file("seed.yaml", "ivcap:\n  options:\n    auto_approve: true\n", 0o600);
    let served = house.serve(&["--seed", seed.to_str().unwrap()]);
    let url = served.announcement.pointer("/endpoints/ivcap").unwrap().as_str().unwrap().to_owned();
    let user = House::new().env("PENTAD_IVCAP_ENDPOINT", &url);
    assert_eq!(user.run(&["ivcap", "service", "list"]).code, 4);
    let login = user.ok(&["ivcap", "login", "-o", "json"]);
    assert!(login.err.contains("enter"), "{}", login.err);
    user.ok(&["ivcap", "service", "list"]);
    user.ok(&["ivcap", "logout"]);
    assert_eq!(user.run(&["ivcap", "service", "list"]).code, 4);
}

#[test]
fn a_job_that_fails_is_a_failure_of_who_waits_for_it() {
    let house = House::new();
    // A job lives as long as its server.
    let served = house.serve(&[]);
    let text = |pointer: &str| served.announcement.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let user = House::new().env("IVCAP_URL", &text("/endpoints/ivcap"));
    let user = user.env("IVCAP_JWT", &text("/credentials/ivcap/jwt"));
    let job = |name: &str| {
        let service = service(&user, name);
        let id = id(&user, &["ivcap", "job", "create", &service, r#"{"name": "Ada"}"#]);
        user.run(&["ivcap", "job", "wait", &service, &id, "-o", "json"])
    };
    let done = job("echo");
    assert_eq!((done.code, &done.json()["status"]), (0, &json!("succeeded")), "{}", done.err);
    let failed = job("failing");
    assert_eq!((failed.code, &failed.json()["status"]), (1, &json!("failed")), "{}", failed.err);
    assert!(failed.err.contains("did not succeed"), "{}", failed.err);
}

#[test]
fn several_files_go_up_and_come_back_and_one_that_fails_stops_no_other() {
    let house = House::new();
    house.file("a.csv", "a", 0o644);
    house.file("b.csv", "bb", 0o644);
    let sent = house.run(&["ivcap", "artifact", "upload", "a.csv", "none.csv", "b.csv", "-o", "json"]);
    assert_eq!(sent.code, 10, "{}", sent.err);
    assert!(sent.err.contains("none.csv"), "{}", sent.err);
    let sent = sent.json();
    let ids: Vec<_> = sent.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2);
    house.ok(&["ivcap", "artifact", "download", ids[0], ids[1], "--into", "back"]);
    assert_eq!(std::fs::read_to_string(house.path().join("back/a.csv")).unwrap(), "a");
    assert_eq!(std::fs::read_to_string(house.path().join("back/b.csv")).unwrap(), "bb");
    assert_eq!(house.run(&["ivcap", "artifact", "download", ids[0], ids[1], "x"]).code, 2);
    assert_eq!(house.run(&["ivcap", "artifact", "upload", "a.csv", "b.csv", "--name", "x"]).code, 2);
}

#[test]
fn logs_of_a_span_are_asked_for_and_old_dialects_have_none() {
    let house = House::new();
    let span = ["ivcap", "order", "logs", "urn:x:1", "--from", "2024-05-01", "--to", "2024-05-02", "--curl"];
    let shown = house.ok(&span).out;
    assert!(shown.contains("from=1714521600&to=1714608000"), "{shown}");
    let words = ["ivcap", "--dialect", "l28", "order", "create", "urn:x:1", "--follow-logs"];
    let refused = house.run(&words);
    assert!(refused.code != 0 && refused.err.contains("ivcap.order.logs"), "{}", refused.err);
}

/// A service that takes a while, in the data of this house.
fn slow(house: &House, seconds: &str) -> String {
    let command = format!("sleep {seconds}; echo '{{\"slept\": true}}' > \"$IVCAP_RESULT\"");
    let services =
        json!([{"name": "slow", "description": "Takes its time", "command": ["/bin/sh", "-c", command]}]);
    house.file("seed.json", &json!({"ivcap": {"services": services}}).to_string(), 0o600);
    let data = house.data();
    house.serve(&["--data", data.to_str().unwrap(), "--seed", "seed.json"]).stop();
    service(house, "slow")
}

#[test]
fn a_job_that_nobody_waits_for_runs_to_its_end_in_the_process_of_its_command() {
    let house = House::new();
    let slow = slow(&house, "1");
    let made = house.ok(&["ivcap", "job", "create", &slow, "{}", "-o", "json"]);
    let job = made.json()["id"].as_str().unwrap().to_owned();
    assert!(made.err.contains(&job) && made.err.contains("stays until"), "{}", made.err);
    let ended = house.ok(&["ivcap", "job", "get", &slow, &job, "-o", "json"]);
    assert_eq!(ended.json()["status"], "succeeded");
    assert!(!ended.err.contains("stays until"), "{}", ended.err);
    let order = house.ok(&["ivcap", "order", "create", &slow, "-o", "json", "--quiet"]);
    assert_eq!(order.err, "");
    let order = order.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(house.ok(&["ivcap", "order", "get", &order, "-o", "json"]).json()["status"], "succeeded");
}

#[test]
fn who_does_not_want_to_stay_for_an_order_cuts_it_short_and_it_says_so() {
    let house = House::new();
    let slow = slow(&house, "60");
    let mut child = house.command(&["ivcap", "order", "create", &slow, "-o", "json"]).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    let said = lines.find_map(|line| line.ok().filter(|line| line.contains("stays until"))).unwrap();
    let order = said.split(' ').next().unwrap().to_owned();
    // Another command reaches it through the one that holds the data.
    while house.ok(&["ivcap", "order", "get", &order, "-o", "json"]).json()["status"] != "executing" {}
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let placed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(placed["id"], order);
    let cut = house.ok(&["ivcap", "order", "get", &order, "-o", "json"]).json();
    assert_eq!(cut["status"], "error", "{cut}");
    // A limit is a limit: nobody stays beyond it.
    let limited = house.run(&["ivcap", "--timeout", "1", "order", "create", &slow, "--wait"]);
    assert_eq!(limited.code, 9, "{}", limited.err);
}

#[test]
fn parts_of_an_image_are_pushed_looked_after_and_pulled() {
    let house = House::new();
    let layer = vec![7_u8; 300_000];
    std::fs::write(house.path().join("layer.tar"), &layer).unwrap();
    let push = |file: &str, kind: &str| {
        let words = ["ivcap", "package", "push", "reef:1", file, "--type", kind, "-o", "json"];
        house.ok(&words).json()["digest"].as_str().unwrap().to_owned()
    };
    let layer_digest = push("layer.tar", "layer");
    house.file("config.json", r#"{"architecture": "amd64"}"#, 0o644);
    let config = push("config.json", "config");
    let manifest = json!({"config": {"digest": config}, "layers": [{"digest": layer_digest}]});
    house.file("manifest.json", &manifest.to_string(), 0o644);
    let status = |digest: &str| {
        house.ok(&["ivcap", "package", "status", "reef:1", digest, "-o", "json"]).json()["status"].clone()
    };
    assert_eq!(status(&layer_digest), "complete");
    assert_eq!(status(&format!("sha256:{}", "0".repeat(64))), "unknown");
    push("manifest.json", "manifest");
    assert_eq!(house.ok(&["ivcap", "package", "list", "-o", "value"]).out, "reef:1\n");
    let pulled = house.ok(&["ivcap", "package", "pull", "reef:1", "--type", "manifest"]);
    assert_eq!(pulled.json(), manifest);
    let words =
        ["ivcap", "package", "pull", &layer_digest, "out.tar", "--type", "layer", "--offset", "299990"];
    house.ok(&words);
    assert_eq!(std::fs::read(house.path().join("out.tar")).unwrap(), layer[299_990..]);
    assert_eq!(house.run(&["ivcap", "package", "pull", "nothing", "--type", "manifest"]).code, 1);
    house.ok(&["ivcap", "package", "remove", "reef:1", "--yes"]);
    assert_eq!(house.ok(&["ivcap", "package", "list", "-o", "json"]).json(), json!([]));
    assert_eq!(status(&layer_digest), "unknown", "nothing else needs it");
}

#[test]
fn an_artifact_is_deleted_with_or_without_its_content() {
    let house = House::new();
    house.file("a.txt", "kept", 0o644);
    let upload = || id(&house, &["ivcap", "artifact", "upload", "a.txt"]);
    let (one, other) = (upload(), upload());
    assert_eq!(house.run(&["ivcap", "artifact", "delete", &one]).code, 2, "nobody agreed");
    house.ok(&["ivcap", "artifact", "delete", &one, "--yes"]);
    house.ok(&["ivcap", "artifact", "delete", &other, "--content", "--yes"]);
    assert_eq!(house.ok(&["ivcap", "artifact", "list", "-o", "json"]).json(), json!([]));
    assert_eq!(house.ok(&["ivcap", "artifact", "download", &one, "-"]).out, "kept");
    assert_eq!(house.run(&["ivcap", "artifact", "download", &other, "-"]).code, 3);
    assert_eq!(house.run(&["ivcap", "artifact", "delete", &other, "--yes"]).code, 3);
}

#[test]
fn services_go_by_their_names_and_what_would_be_ordered_is_shown() {
    let house = House::new();
    let order = house.ok(&["ivcap", "order", "create", "greeting", "name=Ada", "--wait", "-o", "json"]);
    assert_eq!(order.json()["status"], "succeeded");
    assert_eq!(
        house.ok(&["ivcap", "job", "create", "echo", r#"{"msg": "x"}"#, "--wait"]).out,
        r#"{"msg":"x"}"#
    );
    let parameters = house.ok(&["ivcap", "service", "parameters", "greeting", "-o", "value"]);
    assert_eq!(parameters.out, "name\ntimes\n");
    let unknown = house.run(&["ivcap", "order", "create", "greetings"]);
    assert_eq!(unknown.code, 3, "{}", unknown.err);
    let dry =
        house.ok(&["ivcap", "order", "create", "greeting", "name=Ada", "times=2", "--dry-run", "-o", "json"]);
    let dry = dry.json();
    assert_eq!((&dry["operation"], &dry["method"]), (&json!("ivcap.order.create"), &json!("POST")));
    assert_eq!(dry["body"]["parameters"][1], json!({"name": "times", "value": 2}));
    let wrong = house.run(&["ivcap", "order", "create", "greeting", "times=2", "--dry-run"]);
    assert_eq!(wrong.code, 2, "{}", wrong.err);
    let curl = house.ok(&["ivcap", "order", "create", "urn:ivcap:service:7b", "name=Ada", "--curl"]);
    assert!(curl.out.contains("POST") && curl.out.contains("/1/orders"), "{}", curl.out);
    assert_eq!(house.ok(&["ivcap", "order", "list", "-o", "json"]).json().as_array().unwrap().len(), 1);
}

#[test]
fn rules_are_asked_as_the_help_says() {
    let house = House::new();
    let found = house.ok(&["ivcap", "search", "ivcap_service(Id, Name)", "--query", "[].Name", "-o", "json"]);
    let mut names: Vec<String> = serde_json::from_value(found.json()).unwrap();
    names.sort();
    assert_eq!(names, ["echo", "failing", "greeting"]);
}

#[test]
fn what_cannot_be_uploaded_or_checked_is_refused() {
    let house = House::new();
    let device = house.run(&["ivcap", "artifact", "upload", "/dev/zero"]);
    assert_eq!(device.code, 2, "{}", device.err);
    assert!(device.err.contains("device"), "{}", device.err);
    house.file("a.txt", "a", 0o644);
    let made = id(&house, &["ivcap", "artifact", "upload", "a.txt"]);
    let sum = "0".repeat(64);
    let unchecked = house.run(&["ivcap", "artifact", "download", &made, "-", "--sha256", &sum]);
    assert_eq!((unchecked.code, unchecked.out.as_str()), (2, ""), "{}", unchecked.err);
    assert_eq!(house.run(&["ivcap", "artifact", "download", &made, "b.txt", "--sha256", "00"]).code, 2);
    let nowhere = house.run(&["ivcap", "artifact", "download", &made, "nowhere/b.txt"]);
    assert_eq!(nowhere.code, 2);
    assert!(nowhere.err.contains("nowhere"), "{}", nowhere.err);
    house.ok(&["ivcap", "artifact", "download", &made, &made, "--into", "all"]);
    assert_eq!(std::fs::read_dir(house.path().join("all")).unwrap().count(), 1);
}

#[test]
fn a_pipe_that_nobody_writes_into_holds_no_signal_back() {
    let house = House::new();
    let pipe = house.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut child = house.command(&["ivcap", "artifact", "upload", "pipe", "-v"]).spawn().unwrap();
    // From when on it listens to signals it waits for a writer.
    let listens = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(mask.trim(), 16).unwrap() & (1 << 14) != 0
    };
    while !listens() {
        std::thread::yield_now();
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
}
