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
