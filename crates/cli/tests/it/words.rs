//! Words that need no service: version, help, exit codes, completion, manual.

use crate::house::House;

#[test]
fn version_is_one_line_on_stdout() {
    let run = House::new().ok(&["--version"]);
    assert_eq!(run.out, format!("pentad {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(run.err, "");
}

#[test]
fn version_and_help_read_no_configuration() {
    let house = House::new();
    let pipe = house.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Whoever reads a pipe into which nobody writes waits for ever.
    let house = house.env("PENTAD_CONFIG", pipe.to_str().unwrap());
    for words in [&["--version"][..], &["-V"], &["--help"], &["ams", "--help"], &["completion", "bash"]] {
        house.ok(words);
    }
}

#[test]
fn a_wrong_word_is_a_usage_error_on_stderr() {
    let run = House::new().run(&["ams", "topik", "list"]);
    assert_eq!(run.code, 2);
    assert_eq!(run.out, "");
    assert!(run.err.contains("topik"));
}

#[test]
fn help_lists_every_exit_code() {
    let run = House::new().ok(&["help", "exit-codes"]);
    for code in [
        "0  success",
        "2  usage or configuration error",
        "3  not found",
        "10  partial",
        "129  hung up",
        "130  interrupted",
        "143  terminated",
    ] {
        assert!(run.out.contains(code), "{code} in {}", run.out);
    }
}

#[test]
fn every_command_has_help() {
    let house = House::new();
    for noun in
        ["topic", "subscription", "message", "user", "project", "member", "schema", "registration", "metrics"]
    {
        let run = house.ok(&["ams", noun, "--help"]);
        assert!(run.out.contains("Usage: pentad ams"), "{noun}: {}", run.out);
    }
}

#[test]
fn words_that_need_no_configuration_survive_a_broken_one() {
    let house = House::new();
    house.file("config/pentad/config.toml", "contexts = \"no\"\n", 0o600);
    for words in [
        &["--version"][..],
        &["--help"],
        &["completion", "bash"],
        &["man"],
        &["exit-codes"],
        &["config", "path"],
    ] {
        house.ok(words);
    }
    let run = house.run(&["doctor"]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("line 1"), "{}", run.out);
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let house = House::new();
    house.ok(&["man", "--dir", "pages"]);
    for page in ["pentad.1", "pentad-serve.1", "pentad-ams-topic-create.1", "pentad-ams-publish.1"] {
        assert!(house.path().join("pages").join(page).exists(), "{page}");
    }
}

#[test]
fn a_reader_that_left_is_no_failure() {
    let house = House::new();
    let mut child = house.command(&["completion", "bash"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
