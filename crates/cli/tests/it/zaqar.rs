//! Messages of Zaqar: posted from lines, followed, claimed in a loop; and the columns of the original command line.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};

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
    house.ok(&["zaqar", "flavor", "create", "gold", "--pool-list", "p1"]);
    for column in ["name", "pool_list", "capabilities"] {
        assert!(columns(&ok(&["flavor", "show", "gold"])).contains(&column), "{column}");
    }
    assert_eq!(ok(&["ping"]), json!({"pingable": true}));
}
