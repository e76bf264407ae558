//! Exit codes and what to do: the table of the documentation, code by code.

use crate::house::House;

/// Words that reach an endpoint of ours.
fn at<'a>(endpoint: &'a str, words: &[&'a str]) -> Vec<&'a str> {
    [words, &["--endpoint", endpoint, "--project", "p"]].concat()
}

#[test]
fn the_documented_table_is_the_one_that_is_printed() {
    let printed = House::new().ok(&["exit-codes"]).out;
    let page = include_str!("../../../../docs/src/cli.md");
    let section = page.split("## Exit codes").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut documented = Vec::new();
    for row in section.lines().filter(|line| line.starts_with("| ") && !line.contains("---")).skip(1) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        documented.extend(cells[0].split(", ").map(str::to_owned));
    }
    let codes: Vec<_> = printed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(codes, documented);
}

#[test]
fn a_configuration_error_is_2_wherever_it_shows() {
    let house = House::new().env("PENTAD_AMS_TOKEN", "t");
    let topic = ["ams", "topic", "list"];
    for more in [&["--ca-file", "missing.pem"][..], &["--context", "nowhere"], &["--timeout", "soon"]] {
        let run = house.run(&[&at("https://127.0.0.1:9", &topic), more].concat());
        assert_eq!(run.code, 2, "{more:?}: {}", run.err);
    }
    let certificate = house.file("cert.pem", "not a certificate", 0o600);
    let path = certificate.to_str().unwrap();
    let house = House::new();
    let run = house.run(&[&at("https://127.0.0.1:9", &topic), &["--certificate", path][..]].concat());
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("--key"), "{}", run.err);
    let run = house
        .run(&[&at("https://127.0.0.1:9", &topic), &["--certificate", path, "--key", path][..]].concat());
    assert_eq!(run.code, 2, "{}", run.err);
}

#[test]
fn an_untrusted_certificate_is_8_like_everything_about_the_connection() {
    let house = House::new().env("PENTAD_AMS_TOKEN", "t");
    let served = house.serve(&["--tls", "auto", "--tls-listen", "127.0.0.1:0"]);
    let endpoint = served.announcement["endpoints"]["ams"].as_str().unwrap().to_owned();
    let run = house.run(&at(&endpoint, &["ams", "topic", "list"]));
    assert_eq!(run.code, 8, "{}", run.err);
    assert_eq!(served.stop().code, 0);
}

#[test]
fn no_time_at_all_is_refused_with_what_to_do() {
    let house = House::new();
    let run = house.run(&["ams", "topic", "list", "--timeout", "0s"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("leave it out"), "{}", run.err);
    let run = House::new().env("PENTAD_TIMEOUT", "0").run(&["ams", "topic", "list"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("PENTAD_TIMEOUT"), "{}", run.err);
}

#[test]
fn an_unknown_context_names_the_nearest() {
    let house = House::new();
    house.ok(&["context", "add", "production"]);
    let run = house.run(&["ams", "topic", "list", "--context", "prodution"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("try: `production`"), "{}", run.err);
    let run = house.run(&["context", "use", "prodution"]);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("try: `production`"), "{}", run.err);
}

#[test]
fn an_unknown_operation_names_the_nearest() {
    let run = House::new().run(&["ams", "call", "ams.topic.gte", "topic=t"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("try: `ams.topic.get`"), "{}", run.err);
}

#[test]
fn a_refused_acknowledgement_leaves_no_doubt() {
    let house = House::new();
    house.ok(&["ams", "topic", "create", "t"]);
    house.ok(&["ams", "subscription", "create", "s", "-t", "t"]);
    house.ok(&["ams", "publish", "t", "one"]);
    house.ok(&["ams", "pull", "s"]);
    let run = house.run(&["ams", "ack", "s", "99"]);
    assert_eq!(run.code, 5, "{}", run.err);
    assert!(run.err.contains("wrong ack"), "{}", run.err);
    assert!(!run.err.contains("all the same"), "{}", run.err);
}
