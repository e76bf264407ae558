//! With nothing configured: the user's own data, no port, no daemon.

use serde_json::json;

use crate::house::{House, Run};

#[test]
fn what_one_process_publishes_the_next_one_pulls_and_acknowledges() {
    let house = House::new();
    house.ok(&["ams", "topic", "create", "orders"]);
    house.ok(&["ams", "subscription", "create", "billing", "--topic", "orders"]);
    let ids = house.ok(&["ams", "publish", "orders", "one", "two", "--attr", "k=v", "-o", "value"]);
    assert_eq!(ids.out, "0\n1\n");
    let pulled = house.ok(&["ams", "pull", "billing", "-n", "5", "-o", "ndjson"]).lines();
    assert_eq!(pulled.len(), 2);
    assert_eq!(pulled[1]["text"], "two");
    assert_eq!(pulled[1]["attributes"], json!({"k": "v"}));
    house.ok(&["ams", "ack", "billing", pulled[1]["ackId"].as_str().unwrap()]);
    assert_eq!(house.ok(&["ams", "pull", "billing", "-o", "json"]).json(), json!([]));
    let offsets = house.ok(&["ams", "subscription", "offsets", "billing", "-o", "json"]).json();
    assert_eq!(offsets, json!({"max": 2, "min": 0, "current": 2}));
}

#[test]
fn processes_that_meet_on_one_directory_all_do_their_work() {
    let house = House::new();
    house.ok(&["ams", "topic", "create", "t"]);
    let children: Vec<_> =
        (0..8).map(|n| house.command(&["ams", "publish", "t", &format!("m{n}")]).spawn().unwrap()).collect();
    for child in children {
        let run = Run::from(child.wait_with_output().unwrap());
        assert_eq!(run.code, 0, "{}", run.err);
    }
    assert_eq!(house.ok(&["ams", "tail", "t", "-n", "20", "-o", "ndjson"]).lines().len(), 8);
}

#[test]
fn an_interrupted_follower_has_acknowledged_what_it_wrote() {
    use std::io::{BufRead, BufReader};
    let house = House::new();
    house.ok(&["ams", "topic", "create", "t"]);
    house.ok(&["ams", "subscription", "create", "s", "-t", "t"]);
    house.ok(&["ams", "publish", "t", "one", "two"]);
    let mut child = house.command(&["ams", "consume", "s", "--follow", "-o", "value"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "one");
    assert_eq!(lines.next().unwrap().unwrap(), "two");
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(house.ok(&["ams", "subscription", "offsets", "s", "-o", "json"]).json()["current"], 2);
}

#[test]
fn lines_and_ndjson_stream_in_and_out() {
    let house = House::new();
    house.ok(&["ams", "topic", "create", "t"]);
    house.ok(&["ams", "subscription", "create", "s", "-t", "t"]);
    let lines: String = (0..1500).map(|n| format!("line {n}\n")).collect();
    let run = house.feed(&["ams", "publish", "t", "-o", "value"], &lines);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(run.out.lines().last(), Some("1499"));
    let all = house.ok(&["ams", "consume", "s", "-o", "ndjson"]);
    assert_eq!(all.lines().len(), 1500);
    assert_eq!(all.lines()[1499]["text"], "line 1499");
    // What consume writes, publish reads.
    let back = house.feed(&["ams", "publish", "t", "--ndjson", "--file", "-", "-o", "json"], &all.out);
    assert_eq!(back.code, 0, "{}", back.err);
    assert_eq!(back.json().as_array().unwrap().len(), 1500);
}

#[test]
fn a_bad_line_stops_the_stream_and_says_which() {
    let house = House::new();
    house.ok(&["ams", "topic", "create", "t"]);
    let run = house.feed(&["ams", "publish", "t", "--ndjson"], "nonsense\n");
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("line 1"), "{}", run.err);
}

#[test]
fn the_raw_bytes_of_a_file_are_one_message() {
    let house = House::new();
    house.file("blob", "a\nb\n", 0o644);
    house.ok(&["ams", "topic", "create", "t"]);
    house.ok(&["ams", "publish", "t", "--raw", "--file", "blob"]);
    let run = house.ok(&["ams", "tail", "t", "-o", "json"]);
    assert_eq!(run.json()[0]["text"], "a\nb\n");
    assert_eq!(house.ok(&["ams", "subscription", "list", "-o", "json"]).json(), json!([]), "tail tidied up");
}

#[test]
fn seek_goes_to_offsets_ends_and_times() {
    let house = House::new();
    house.ok(&["ams", "topic", "create", "t"]);
    house.ok(&["ams", "subscription", "create", "s", "-t", "t"]);
    house.ok(&["ams", "publish", "t", "a", "b", "c"]);
    let text = |words: &[&str]| house.ok(words).out;
    for (to, next) in [("1", "b\n"), ("begin", "a\n"), ("2000-01-01T00:00:00Z", "a\n"), ("end", "")] {
        house.ok(&["ams", "seek", "s", to]);
        assert_eq!(text(&["ams", "pull", "s", "-o", "value"]), next, "{to}");
    }
}

#[test]
fn failures_have_their_codes() {
    let house = House::new();
    house.ok(&["ams", "topic", "create", "t"]);
    assert_eq!(house.run(&["ams", "topic", "get", "missing"]).code, 3);
    assert_eq!(house.run(&["ams", "topic", "create", "t"]).code, 5);
    assert_eq!(house.run(&["ams", "topic", "delete", "t", "--as", "consumer", "--yes"]).code, 4);
    house.ok(&["ams", "topic", "ensure", "t"]);
    house.ok(&["ams", "topic", "delete", "t", "--yes"]);
}

#[test]
fn the_administrators_nouns_work() {
    let house = House::new();
    house.ok(&["ams", "project", "create", "lab", "--description", "experiments"]);
    assert!(house.ok(&["ams", "project", "list", "-o", "value"]).out.contains("lab"));
    house.ok(&[
        "ams",
        "user",
        "create",
        "ann",
        "--email",
        "ann@example.org",
        "--member",
        "lab=publisher,consumer",
    ]);
    let members = house.ok(&[
        "ams",
        "member",
        "list",
        "--project",
        "lab",
        "--details",
        "-o",
        "json",
        "--as",
        "service_admin",
    ]);
    assert_eq!(members.json()[0]["name"], "ann");
    house.ok(&["ams", "status"]);
    house.ok(&["ams", "version"]);
    house.ok(&["ams", "metrics", "va"]);
    house.ok(&["ams", "project", "delete", "lab", "--yes"]);
}

#[test]
fn the_tour_runs_and_leaves_nothing() {
    let house = House::new();
    let run = house.ok(&["tour"]);
    assert!(run.out.contains("$ pentad ams publish greetings hello bonjour"), "{}", run.out);
    assert!(run.out.contains("καλημέρα"), "{}", run.out);
    // Later steps use what earlier ones showed.
    assert!(run.out.contains("$ pentad ams ack inbox 2\n"), "{}", run.out);
    assert!(house.ok(&["tour", "ams"]).out.contains("steps in"));
    let left: Vec<_> = std::fs::read_dir(house.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_command_whose_holder_leaves_goes_on_with_the_next() {
    let house = House::new();
    house.ok(&["ams", "topic", "create", "t"]);
    for round in 0..6 {
        let publish = |n: usize| house.command(&["ams", "publish", "t", &format!("{round}-{n}")]).spawn();
        let children: Vec<_> = (0..6).map(|n| publish(n).unwrap()).collect();
        for child in children {
            let run = Run::from(child.wait_with_output().unwrap());
            assert_eq!(run.code, 0, "{}", run.err);
        }
    }
    assert_eq!(house.ok(&["ams", "tail", "t", "-n", "99", "-o", "ndjson"]).lines().len(), 36);
}

#[test]
fn commands_that_take_turns_at_the_data_lose_no_message_and_no_page() {
    let house = House::new();
    house.ok(&["zaqar", "queue", "create", "jobs"]);
    let lines: String = (0..50).map(|n| format!("{n}\n")).collect();
    let (mut posted, mut listed) = (0, Vec::new());
    for _ in 0..3 {
        let children: Vec<_> = (0..10)
            .map(|n| {
                let lines = std::fs::File::open(house.file(&format!("lines-{n}"), &lines, 0o600)).unwrap();
                let mut post = house.command(&["zaqar", "message", "post", "jobs", "-q"]);
                let post = post.stdin(lines).spawn().unwrap();
                let list = house.command(&["zaqar", "message", "list", "jobs", "-o", "ndjson"]);
                (post, { list }.spawn().unwrap())
            })
            .collect();
        for (post, list) in children {
            let run = Run::from(post.wait_with_output().unwrap());
            assert_eq!(run.code, 0, "{}", run.err);
            posted += 50;
            let run = Run::from(list.wait_with_output().unwrap());
            assert_eq!(run.code, 0, "{}", run.err);
            listed.push(run.lines().len());
        }
    }
    assert_eq!(house.ok(&["zaqar", "message", "list", "jobs", "-o", "ndjson"]).lines().len(), posted);
    assert!(listed.iter().all(|seen| *seen <= posted), "{listed:?}");
}

#[test]
fn a_command_whose_output_nobody_reads_does_not_hold_up_the_others() {
    use std::io::{BufRead, BufReader};
    let house = House::new();
    house.ok(&["ams", "topic", "create", "t"]);
    let lines: String = (0..3000).map(|n| format!("a line of some length, number {n}\n")).collect();
    house.feed(&["ams", "publish", "t", "-q"], &lines);
    let mut holder = house.command(&["ams", "tail", "t", "-n", "3000", "-o", "ndjson"]).spawn().unwrap();
    let mut out = BufReader::new(holder.stdout.take().unwrap());
    // From here on it writes more than a pipe takes, and waits.
    out.read_line(&mut String::new()).unwrap();
    assert_eq!(house.ok(&["ams", "topic", "list", "-o", "json"]).json().as_array().unwrap().len(), 1);
    assert_eq!(out.lines().count(), 2999);
    assert!(holder.wait().unwrap().success());
}

#[test]
fn a_command_goes_on_where_a_killed_server_left_off() {
    let house = House::new();
    let data = house.data();
    let served = house.serve(&["--data", data.to_str().unwrap()]);
    house.ok(&["ams", "topic", "create", "t"]);
    house.ok(&["ams", "publish", "t", "one"]);
    // Dropping it kills it; what it had answered stays.
    drop(served);
    house.ok(&["ams", "publish", "t", "two"]);
    assert_eq!(house.ok(&["ams", "tail", "t", "-n", "9", "-o", "ndjson"]).lines().len(), 2);
}

#[test]
fn a_data_directory_that_cannot_be_written_says_what_to_do() {
    let house = House::new();
    house.file("data/pentad/lock", "", 0o400);
    let run = house.run(&["ams", "topic", "list"]);
    if run.code == 0 {
        eprintln!("skipped: this user may write everywhere");
        return;
    }
    assert!(run.err.contains("must be writable") && run.err.contains("PENTAD_DATA"), "{}", run.err);
}

#[test]
fn an_address_that_others_reach_is_refused_with_the_flag_that_allows_it() {
    let house = House::new();
    let run = house.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_ne!(run.code, 0);
    assert!(run.err.contains("--insecure-no-auth") && run.err.contains("--seed"), "{}", run.err);
}
