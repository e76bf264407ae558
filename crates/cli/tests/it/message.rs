//! Messages that flow: commands per message, signals, what is acknowledged and what comes again.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::house::{House, Run};

/// A home with a topic `t`, a subscription `s` and these messages.
fn with(messages: &[&str]) -> House {
    let house = House::new();
    house.ok(&["ams", "topic", "create", "t"]);
    house.ok(&["ams", "subscription", "create", "s", "-t", "t"]);
    house.ok(&[&["ams", "publish", "t"], messages].concat());
    house
}

fn current(house: &House) -> i64 {
    house.ok(&["ams", "subscription", "offsets", "s", "-o", "json"]).json()["current"].as_i64().unwrap()
}

fn interrupt(child: &Child) {
    kill_process(Pid::from_child(child), Signal::INT).unwrap();
}

#[test]
fn a_command_gets_each_message_and_success_acknowledges_it() {
    let house = with(&["one", "two"]);
    let run = house.ok(&["ams", "consume", "s", "--exec", "cat; echo \" $PENTAD_MESSAGE_ID\""]);
    assert_eq!(run.out, "one 0\ntwo 1\n");
    assert_eq!(current(&house), 2);
}

#[test]
fn what_a_command_did_not_handle_is_not_acknowledged() {
    let house = with(&["one", "two", "three"]);
    let run = house.run(&["ams", "consume", "s", "--exec", "test \"$(cat)\" != two"]);
    assert_eq!(run.code, 10, "{}", run.err);
    assert!(run.err.contains("message 1 was not handled"), "{}", run.err);
    // The service acknowledges prefixes: what lies behind the failure comes again with it.
    assert_eq!(current(&house), 1);
    let again = house.ok(&["ams", "consume", "s", "-o", "value"]);
    assert_eq!(again.out, "two\nthree\n");
    assert_eq!(current(&house), 3);
}

#[test]
fn a_run_in_which_everything_fails_tries_each_message_once() {
    let house = with(&["one", "two", "three", "four", "five"]);
    let run = house.run(&["ams", "consume", "s", "--exec", "cat; echo; exit 1"]);
    assert_eq!((run.code, run.out.as_str()), (10, "one\ntwo\nthree\nfour\nfive\n"), "{}", run.err);
    assert_eq!(current(&house), 0);
}

#[test]
fn commands_run_side_by_side_and_each_message_is_handled_once() {
    let messages: Vec<_> = (0..20).map(|n| format!("m{n}")).collect();
    let house = with(&messages.iter().map(String::as_str).collect::<Vec<_>>());
    let words = ["ams", "consume", "s", "--parallel", "8", "--exec", "echo \"$(cat)\""];
    let run = house.ok(&words);
    let mut seen: Vec<_> = run.out.lines().map(str::to_owned).collect();
    seen.sort();
    let mut expected = messages;
    expected.sort();
    assert_eq!(seen, expected);
    assert_eq!(current(&house), 20);
}

#[test]
fn a_command_that_runs_at_the_signal_may_end_its_message() {
    let house = with(&["one", "two"]);
    let script = "echo begun; while [ ! -e go ]; do sleep 0.02; done; echo ended";
    let mut child = house.command(&["ams", "consume", "s", "--follow", "--exec", script]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "begun");
    interrupt(&child);
    std::fs::write(house.path().join("go"), "").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "ended");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(lines.next().is_none(), "the second message was not begun");
    assert_eq!(current(&house), 1);
}

#[test]
fn a_released_message_comes_again_while_one_follows() {
    let house = with(&["one"]);
    let script = "if [ -e tried ]; then echo second; else touch tried; exit 1; fi";
    let mut child = house.command(&["ams", "consume", "s", "--follow", "--exec", script]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "second");
    // The acknowledgement is sent at the end at the latest.
    interrupt(&child);
    let end = child.wait().unwrap().code();
    assert_eq!(end, Some(130));
    assert_eq!(current(&house), 1);
}

#[test]
fn consuming_stops_after_so_many() {
    let house = with(&["one", "two", "three"]);
    assert_eq!(house.ok(&["ams", "consume", "s", "-n", "2", "-o", "value"]).out, "one\ntwo\n");
    assert_eq!(current(&house), 2);
}

#[test]
fn nothing_is_acknowledged_that_no_reader_took() {
    let house = with(&["one", "two"]);
    let mut child = house.command(&["ams", "consume", "s", "-o", "value"]).spawn().unwrap();
    drop(child.stdout.take());
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_eq!(current(&house), 0);
}

#[test]
fn lines_leave_while_they_are_typed_and_ctrl_c_sends_what_was_read() {
    let house = with(&["zero"]);
    let mut child =
        house.command(&["ams", "publish", "t", "-o", "value"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut ids = BufReader::new(child.stdout.take().unwrap()).lines();
    for n in 1..4 {
        writeln!(input, "line {n}").unwrap();
        assert_eq!(ids.next().unwrap().unwrap(), n.to_string());
    }
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(house.ok(&["ams", "tail", "t", "-o", "value"]).out, "zero\nline 1\nline 2\nline 3\n");
}
