//! Messages of Zaqar: posted from lines, followed, claimed in a loop; and the columns of the original command line.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::sync::mpsc;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::house::{House, Run};

/// A home with these messages in the queue `jobs`.
fn with(bodies: &[&str]) -> House {
    let house = House::new();
    house.ok(&["zaqar", "queue", "create", "jobs"]);
    house.ok(&[&["zaqar", "message", "post", "jobs"], bodies].concat());
    house
}

fn stats(house: &House) -> (i64, i64) {
    let stats = house.ok(&["zaqar", "queue", "stats", "jobs", "-o", "json"]).json();
    let stats = stats.get("messages").cloned().unwrap_or(stats);
    (stats["free"].as_i64().unwrap(), stats["claimed"].as_i64().unwrap())
}

fn interrupt(child: &Child) {
    kill_process(Pid::from_child(child), Signal::INT).unwrap();
}

fn columns(row: &Value) -> Vec<&str> {
    row.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn lines_of_json_are_posted_with_what_each_says_and_a_bad_one_is_named() {
    let house = House::new();
    let lines = "{\"body\": {\"n\": 1}, \"ttl\": 60}\n\n{\"body\": \"two\"}\n{\"body\": null}\n";
    let post = ["zaqar", "message", "post", "jobs", "--ndjson", "--ttl", "120", "-o", "ndjson"];
    let run = house.feed(&post, lines);
    assert_eq!((run.code, run.lines().len()), (0, 3), "{}", run.err);
    let list = ["zaqar", "message", "list", "jobs", "-o", "ndjson"];
    let listed = house.ok(&list).lines();
    let told: Vec<_> = listed.iter().map(|row| (row["body"].clone(), row["ttl"].clone())).collect();
    assert_eq!(told, [(json!({"n": 1}), json!(60)), (json!("two"), json!(120)), (Value::Null, json!(120))]);
    let run = house.feed(&post, "{\"ttl\": 60}\n");
    assert_ne!(run.code, 0);
    assert!(run.err.contains("line 1"), "{}", run.err);
    assert_eq!(house.ok(&list).lines().len(), 3, "nothing of it was posted");
}

#[test]
fn what_is_listed_can_be_posted_again() {
    let house = with(&["{\"a\": [1, \"ü\"]}", "text"]);
    let listed = house.ok(&["zaqar", "message", "list", "jobs", "-o", "ndjson"]).out;
    let run = house.feed(&["zaqar", "message", "post", "copy", "--ndjson"], &listed);
    assert_eq!(run.code, 0, "{}", run.err);
    let copy = house.ok(&["zaqar", "message", "list", "copy", "-o", "value"]).out;
    assert_eq!(copy, house.ok(&["zaqar", "message", "list", "jobs", "-o", "value"]).out);
}

#[test]
fn a_follower_shows_each_message_once_and_takes_none() {
    let house = with(&["one", "two"]);
    let words = ["zaqar", "message", "follow", "jobs", "-o", "value"];
    let mut child = house.command(&words).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!([lines.next().unwrap().unwrap(), lines.next().unwrap().unwrap()], ["one", "two"]);
    house.ok(&["zaqar", "message", "post", "jobs", "three"]);
    assert_eq!(lines.next().unwrap().unwrap(), "three");
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(stats(&house), (3, 0));
}

#[test]
fn a_command_gets_each_claimed_message_and_success_deletes_it() {
    let house = with(&["one", "two"]);
    let script = "echo \"$(cat) $PENTAD_MESSAGE_TTL $PENTAD_MESSAGE_ATTEMPT\"";
    let run = house.ok(&["zaqar", "claim", "run", "jobs", "--exec", script]);
    assert_eq!(run.out, "one 3600 1\ntwo 3600 1\n");
    assert_eq!(stats(&house), (0, 0));
}

#[test]
fn what_a_command_did_not_handle_is_free_again() {
    let house = with(&["one", "two", "three"]);
    let words = ["zaqar", "claim", "run", "jobs", "-n", "3", "--exec", "test \"$(cat)\" != two"];
    let run = house.run(&words);
    assert_eq!(run.code, 10, "{}", run.err);
    assert_eq!(stats(&house), (1, 0), "{}", run.err);
    assert_eq!(house.ok(&["zaqar", "message", "list", "jobs", "-o", "value"]).out, "two\n");
}

#[test]
fn a_run_in_which_everything_fails_tries_each_message_once_and_frees_all_at_its_end() {
    let bodies: Vec<_> = (0..23).map(|n| n.to_string()).collect();
    let house = with(&bodies.iter().map(String::as_str).collect::<Vec<_>>());
    let script = "echo \"$(cat) $PENTAD_MESSAGE_ATTEMPT\"; exit 1";
    let run = house.run(&["zaqar", "claim", "run", "jobs", "--parallel", "2", "--exec", script]);
    assert_eq!(run.code, 10, "{}", run.err);
    let mut tried: Vec<_> = run.out.lines().map(str::to_owned).collect();
    tried.sort_by_key(|line| line.split(' ').next().unwrap().parse::<u32>().unwrap());
    let expected: Vec<_> = (0..23).map(|n| format!("{n} 1")).collect();
    assert_eq!(tried, expected, "{}", run.err);
    assert_eq!(stats(&house), (23, 0));
}

#[test]
fn what_fails_too_often_is_moved_also_when_nobody_follows() {
    let house = with(&["good", "bad", "fine"]);
    let script = "test \"$(cat)\" != bad";
    let words =
        ["zaqar", "claim", "run", "jobs", "--dead-letter", "dead", "--attempts", "2", "--exec", script];
    let run = house.run(&words);
    assert_eq!(run.code, 10, "{}", run.err);
    assert_eq!(run.err.matches("was not handled").count(), 2, "{}", run.err);
    assert_eq!(stats(&house), (0, 0), "{}", run.err);
    assert_eq!(house.ok(&["zaqar", "message", "list", "dead", "-o", "value"]).out, "bad\n");
}

/// A service that lets each post wait for a word, and then answers with one id.
fn slow_service(word: mpsc::Receiver<()>) -> (String, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (came, arrivals) = mpsc::channel();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut writer = stream;
        loop {
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 {
                    return;
                }
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            came.send(()).unwrap();
            let Ok(()) = word.recv() else { return };
            let body = "{\"resources\": [\"/v2/queues/jobs/messages/ID-1\"]}";
            let head = "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length";
            write!(writer, "{head}: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    (url, arrivals)
}

#[test]
fn ctrl_c_waits_for_the_post_that_is_under_way_and_tells_its_ids() {
    let house = House::new();
    let (go, word) = mpsc::channel();
    let (url, arrivals) = slow_service(word);
    let words = ["zaqar", "--endpoint", url.as_str(), "message", "post", "jobs", "-o", "value"];
    let mut child = house.command(&words).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut ids = BufReader::new(child.stdout.take().unwrap()).lines();
    writeln!(input, "one").unwrap();
    arrivals.recv().unwrap();
    interrupt(&child);
    // What is typed after the signal is not posted; a short while lets the signal arrive first.
    writeln!(input, "two").unwrap();
    std::process::Command::new("sleep").arg("0.3").status().unwrap();
    go.send(()).unwrap();
    assert_eq!(ids.next().unwrap().unwrap(), "ID-1");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(ids.next().is_none());
    assert!(arrivals.try_recv().is_err(), "nothing else was posted");
}

#[test]
fn at_ctrl_c_the_running_command_may_end_and_the_rest_is_free_again() {
    let house = with(&["one", "two", "three"]);
    let script = "echo begun; while [ ! -e go ]; do sleep 0.02; done; echo ended";
    let words = ["zaqar", "claim", "run", "jobs", "--follow", "--exec", script];
    let mut child = house.command(&words).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "begun");
    interrupt(&child);
    std::fs::write(house.path().join("go"), "").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "ended");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(lines.next().is_none(), "the second message was not begun");
    assert_eq!(stats(&house), (2, 0), "handled: deleted; the others: no longer claimed");
}

#[test]
fn lines_are_posted_while_they_are_typed_and_ctrl_c_ends_in_order() {
    let house = with(&["zero"]);
    let words = ["zaqar", "message", "post", "jobs", "-o", "value"];
    let mut child = house.command(&words).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut ids = BufReader::new(child.stdout.take().unwrap()).lines();
    for n in 1..4 {
        writeln!(input, "line {n}").unwrap();
        assert!(!ids.next().unwrap().unwrap().is_empty());
    }
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let list = house.ok(&["zaqar", "message", "list", "jobs", "-o", "value"]);
    assert_eq!(list.out, "zero\nline 1\nline 2\nline 3\n");
}

#[test]
fn nothing_is_deleted_that_no_reader_took() {
    let house = with(&["one", "two"]);
    let mut child = house.command(&["zaqar", "message", "consume", "jobs", "-o", "value"]).spawn().unwrap();
    drop(child.stdout.take());
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_eq!(stats(&house), (2, 0));
}

#[test]
fn results_have_the_columns_of_the_original_command_line() {
    let house = with(&["one", "two"]);
    let ok = |words: &[&str]| house.ok(&[&["zaqar"], words, &["-o", "json"]].concat()).json();
    assert_eq!(ok(&["queue", "create", "other"]), json!({"name": "other"}));
    assert_eq!(ok(&["queue", "create", "other"]), json!({"name": "other"}), "an existing one, too");
    assert_eq!(columns(&ok(&["queue", "list"])[0])[0], "name");
    let detailed = ok(&["queue", "list", "--detailed"]);
    for column in ["name", "metadata", "href"] {
        assert!(columns(&detailed[0]).contains(&column), "{detailed}");
    }
    for column in ["id", "body", "ttl", "age"] {
        assert!(columns(&ok(&["message", "list", "jobs"])[0]).contains(&column), "{column}");
    }
    let claimed = ok(&["claim", "create", "jobs", "--ttl", "300", "--grace", "60", "--limit", "1"]);
    assert_eq!(columns(&claimed[0]), ["claim_id", "message_id", "ttl", "age", "messages"]);
    let claim = claimed[0]["claim_id"].as_str().unwrap().to_owned();
    for verb in ["query", "renew"] {
        let held = ok(&["claim", verb, "jobs", &claim]);
        assert_eq!(held[0]["message_id"], claimed[0]["message_id"], "{verb}");
    }
    house.ok(&["zaqar", "claim", "release", "jobs", &claim]);
    let made =
        ok(&["subscription", "create", "jobs", "http://127.0.0.1:1/hook", "600", "--options", "{\"k\": 1}"]);
    let id = made["id"].as_str().or_else(|| made["subscription_id"].as_str()).unwrap().to_owned();
    let shown = ok(&["subscription", "show", "jobs", &id]);
    for column in ["id", "subscriber", "ttl", "age", "confirmed", "options"] {
        assert!(columns(&shown).contains(&column), "{shown}");
    }
    let signed = ok(&["queue", "signed-url", "jobs", "--paths", "messages", "--methods", "GET"]);
    for column in ["paths", "methods", "expires", "signature", "project"] {
        assert!(columns(&signed).contains(&column), "{signed}");
    }
    house.ok(&["zaqar", "pool", "create", "p1", "mongodb://db1", "100"]);
    for column in ["name", "weight", "uri", "flavor"] {
        assert!(columns(&ok(&["pool", "list"])[0]).contains(&column), "{column}");
    }
    house.ok(&["zaqar", "pool", "create", "p2", "mongodb://db2", "100"]);
    let made = ok(&["flavor", "create", "gold", "--pool-list", "p1"]);
    let changed = ok(&["flavor", "update", "gold", "--pool-list", "p1,p2"]);
    for row in [&made, &changed, &ok(&["flavor", "show", "gold"])] {
        for column in ["name", "pool_list", "capabilities"] {
            assert!(columns(row).contains(&column), "{column} of {row}");
        }
    }
    assert_eq!(changed["pool_list"], json!(["p1", "p2"]));
    assert_eq!(ok(&["ping"]), json!({"pingable": true}));
}

#[test]
fn every_list_goes_on_behind_a_marker() {
    let house = with(&["one"]);
    let run = |words: &[&str]| house.ok(&[&["zaqar"], words].concat());
    let ids = |words: &[&str], column: &str| -> Vec<String> {
        let rows = house.ok(&[&["zaqar"], words, &["-o", "json"]].concat()).json();
        let text = |row: &Value| row[column].as_str().unwrap().to_owned();
        rows.as_array().unwrap().iter().map(text).collect()
    };
    for name in ["a", "b", "c"] {
        let uri = format!("mongodb://{name}");
        run(&["pool", "create", name, &uri, "1"]);
        run(&["flavor", "create", &format!("f{name}"), "--pool-list", name]);
        run(&["subscription", "create", "jobs", &format!("http://127.0.0.1:1/{name}"), "600"]);
    }
    assert_eq!(ids(&["pool", "list", "--marker", "a"], "name"), ["b", "c"]);
    assert_eq!(ids(&["flavor", "list", "--marker", "fb"], "name"), ["fc"]);
    let all = ids(&["subscription", "list", "jobs"], "id");
    assert_eq!(ids(&["subscription", "list", "jobs", "--marker", &all[0]], "id"), all[1..]);
}

#[test]
fn capabilities_of_a_flavor_are_changed_in_version_1_1_only() {
    let house = House::new();
    let update = ["flavor", "update", "gold", "--capabilities", "{\"FIFO\": true}", "--curl"];
    let shown = house.ok(&[&["zaqar", "--api-version", "1.1"], &update[..]].concat());
    assert!(shown.out.contains("/v1.1/flavors/gold"), "{}", shown.out);
    assert!(shown.out.contains("{\"capabilities\":{\"FIFO\":true}}"), "{}", shown.out);
    let refused = house.run(&[&["zaqar"], &update[..]].concat());
    assert_ne!(refused.code, 0);
    assert!(refused.err.contains("v1.1"), "{}", refused.err);
}

#[test]
fn a_printed_program_has_the_headers_of_the_call_and_no_credential_that_it_does_not_need() {
    let house = House::new().env("PENTAD_ZAQAR_ENDPOINT", "http://127.0.0.1:9");
    let shown = house.ok(&["zaqar", "queue", "list", "--project", "acme", "--print", "python"]).out;
    assert!(shown.contains("\"x-project-id\": \"acme\"") && shown.contains("\"client-id\": "), "{shown}");
    assert!(!shown.contains("x-auth-token"), "{shown}");
}

#[test]
fn the_variables_of_a_cloud_are_a_login_and_not_passed_over() {
    let house = House::new()
        .env("OS_AUTH_URL", "http://127.0.0.1:1/v3")
        .env("OS_USERNAME", "ann")
        .env("OS_PASSWORD", "secret")
        .env("OS_PROJECT_NAME", "shop");
    let run = house.run(&["zaqar", "queue", "list"]);
    assert_ne!(run.code, 0);
    assert!(run.err.contains("127.0.0.1:1"), "{}", run.err);
    assert!(!house.data().exists(), "the user's own data was worked on");
    let rust = house.ok(&["zaqar", "queue", "list", "--print", "rust"]).out;
    assert!(rust.contains("Clouds::of_process()?.cloud(None)?"), "{rust}");
}

#[test]
fn a_login_in_the_environment_is_used_and_its_catalog_tells_where_zaqar_is() {
    let house = House::new();
    let server = house.serve(&[]);
    let login = &server.announcement["credentials"]["openstack"];
    let text = |key: &str| login[key].as_str().unwrap().to_owned();
    let cloud = House::new()
        .env("OS_AUTH_URL", &text("auth_url"))
        .env("OS_USERNAME", &text("username"))
        .env("OS_PASSWORD", &text("password"))
        .env("OS_PROJECT_NAME", &text("project_name"))
        .env("OS_USER_DOMAIN_NAME", &text("user_domain_name"))
        .env("OS_PROJECT_DOMAIN_NAME", &text("project_domain_name"));
    cloud.ok(&["zaqar", "queue", "create", "there"]);
    let listed = cloud.ok(&["zaqar", "queue", "list", "-o", "json"]).json();
    assert_eq!(listed[0]["name"], "there");
    assert!(!cloud.data().exists(), "nothing was opened here");
    let rust = cloud.ok(&["zaqar", "queue", "list", "--print", "rust"]).out;
    assert!(rust.contains("of_process") && !rust.contains("pentad.local"), "{rust}");
}

#[test]
fn a_printed_program_says_who_it_is_and_asks_for_no_token_that_is_not_needed() {
    let house = House::new().env("PENTAD_ZAQAR_CLIENT_ID", "5b0f6c1e-4f0a-4d0e-9a55-0c1d2e3f4a5b");
    let words = ["zaqar", "--endpoint", "http://127.0.0.1:9", "--project", "acme"];
    let python =
        house.ok(&[&words, &["message", "list", "jobs", "--limit", "5", "--print", "python"][..]].concat());
    for part in ["\"client-id\": \"5b0f6c1e", "\"x-project-id\": \"acme\"", "limit=5"] {
        assert!(python.out.contains(part), "{part} in {}", python.out);
    }
    assert!(!python.out.contains("environ"), "{}", python.out);
    let with = House::new().env("PENTAD_ZAQAR_TOKEN", "canary-token-1");
    let python = with.ok(&[&words, &["queue", "stats", "jobs", "--print", "python"][..]].concat()).out;
    assert!(python.contains("\"x-auth-token\": os.environ[\"PENTAD_ZAQAR_TOKEN\"]"), "{python}");
    assert!(!python.contains("canary"), "{python}");
}

#[test]
fn sizes_names_and_operations_are_checked_before_anything_is_opened() {
    let house = House::new();
    for words in [
        &["message", "list", "jobs", "--page-size", "21"][..],
        &["queue", "list", "--page-size", "0"],
        &["claim", "run", "jobs", "--batch", "50"],
    ] {
        assert_eq!(house.run(&[&["zaqar"], words].concat()).code, 2, "{words:?}");
    }
    let shown = house.ok(&["zaqar", "call", "queue_list", "--curl"]).out;
    assert!(shown.contains("/v2/queues"), "the original's name: {shown}");
    assert!(!house.data().exists());
    assert_ne!(house.run(&["zaqar", "queue", "create", "a b"]).code, 0);
    let home = house.ok(&["zaqar", "home"]).out;
    assert!(home.starts_with("{\n    \"resources\": {\n        \"rel/"), "{home}");
}
