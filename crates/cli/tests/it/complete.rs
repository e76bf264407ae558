//! Completion as a shell asks for it.

use crate::house::{House, Run};

/// What bash would offer for the last of these words.
fn offered(house: &House, words: &[&str]) -> Vec<String> {
    let index = (words.len() - 1).to_string();
    let mut command = house.command(&[&["--"], words].concat());
    command.env("PENTAD_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", index).env("_CLAP_IFS", "\n");
    let run = Run::from(command.output().unwrap());
    assert_eq!(run.code, 0, "{}", run.err);
    run.out.lines().map(str::to_owned).collect()
}

#[test]
fn words_names_of_contexts_and_formats_are_offered() {
    let house = House::new();
    house.ok(&["context", "add", "staging"]);
    assert!(offered(&house, &["pentad", "ams", "subs"]).contains(&"subscription".to_owned()));
    assert_eq!(offered(&house, &["pentad", "context", "use", "st"]), ["staging"]);
    assert_eq!(offered(&house, &["pentad", "ams", "topic", "list", "-o", "nd"]), ["ndjson"]);
}

#[test]
fn names_of_topics_come_from_the_service_in_use() {
    let house = House::new();
    assert!(offered(&house, &["pentad", "ams", "publish", ""]).iter().all(|word| word.starts_with('-')));
    assert!(!house.data().exists(), "completion creates nothing");
    house.ok(&["ams", "topic", "create", "orders"]);
    house.ok(&["ams", "topic", "create", "other"]);
    house.ok(&["ams", "subscription", "create", "billing", "-t", "orders"]);
    assert_eq!(offered(&house, &["pentad", "ams", "publish", "ord"]), ["orders"]);
    assert_eq!(offered(&house, &["pentad", "ams", "consume", "b"]), ["billing"]);
    assert_eq!(offered(&house, &["pentad", "ams", "topic", "get", "ot"]), ["other"]);
}

#[test]
fn a_service_that_does_not_answer_offers_nothing_and_no_noise() {
    let house = House::new().env("PENTAD_AMS_ENDPOINT", "http://127.0.0.1:9").env("PENTAD_AMS_TOKEN", "t");
    let words = offered(&house, &["pentad", "ams", "publish", "x"]);
    assert!(words.is_empty(), "{words:?}");
}

#[test]
fn a_script_for_every_shell_asks_the_binary_itself() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = House::new().ok(&["completion", shell]);
        assert!(run.out.contains("PENTAD_COMPLETE"), "{shell}: {}", run.out);
    }
}
