//! `pentad config`: values by name, the editor, a file that keeps its comments.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::house::House;

#[test]
fn values_are_set_shown_and_removed_and_comments_stay() {
    let house = House::new();
    house.file("config/pentad/config.toml", "# by hand\ntimeout = \"30s\" # long enough\n", 0o600);
    house.ok(&["config", "set", "timeout", "40s"]);
    house.ok(&["config", "set", "contexts.dev.ams.endpoint", "ams.example.org"]);
    house.ok(&["config", "set", "contexts.dev.ams.authn_port", "8443"]);
    let text = std::fs::read_to_string(house.config()).unwrap();
    assert!(text.starts_with("# by hand\ntimeout = \"40s\" # long enough\n"), "{text}");
    assert_eq!(house.ok(&["config", "get", "timeout"]).out, "40s\n");
    let all = house.ok(&["config", "get", "-o", "json"]).json();
    assert_eq!(all["contexts"]["dev"]["ams"], json!({"endpoint": "ams.example.org", "authn_port": 8443}));
    house.ok(&["context", "use", "dev"]);
    house.ok(&["config", "unset", "contexts.dev.ams.authn_port"]);
    assert_eq!(house.run(&["config", "get", "contexts.dev.ams.authn_port"]).code, 3);
    assert_eq!(house.run(&["config", "unset", "output"]).code, 3);
    assert!(std::fs::read_to_string(house.config()).unwrap().contains("# by hand"));
}

#[test]
fn what_cannot_hold_is_not_written() {
    let house = House::new();
    for (key, value, near) in [
        ("outptu", "json", "output"),
        ("output", "pdf", "json"),
        ("timeout", "0s", "leave it out"),
        ("contexts.dev.ams.endpiont", "x", "endpoint"),
        ("contexts.dev.amz.endpoint", "x", "ams"),
        ("contexts.dev.ams.authn_port", "http", "port"),
    ] {
        let run = house.run(&["config", "set", key, value]);
        assert_eq!(run.code, 2, "{key}: {}", run.err);
        assert!(run.err.contains(near), "{key}: {}", run.err);
    }
    assert!(!house.config().exists());
}

#[test]
fn the_editor_s_text_is_kept_only_if_it_can_be_understood() {
    let editor = "sh -c 'printf \"output = \\\"%s\\\"\\n\" \"$FORMAT\" > \"$0\"'";
    let house = House::new().env("EDITOR", editor).env("FORMAT", "yaml");
    house.ok(&["config", "edit"]);
    assert_eq!(std::fs::read_to_string(house.config()).unwrap(), "output = \"yaml\"\n");
    let mode = std::fs::metadata(house.config()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let house = house.env("FORMAT", "pdf").env("TMPDIR", "/tmp");
    let run = house.run(&["config", "edit"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("line 1") && run.err.contains("your text is in"), "{}", run.err);
    assert_eq!(std::fs::read_to_string(house.config()).unwrap(), "output = \"yaml\"\n");
}

#[test]
fn a_broken_file_can_be_edited_back_to_health() {
    let house = House::new().env("EDITOR", "sh -c ': > \"$0\"'");
    house.file("config/pentad/config.toml", "contexts = \"no\"\n", 0o600);
    house.ok(&["config", "edit"]);
    assert_eq!(house.ok(&["context", "list", "-o", "json"]).json(), json!([]));
}

#[test]
fn a_directory_that_cannot_be_written_is_named_with_the_way_out() {
    let house = House::new().env("PENTAD_CONFIG", "/proc/nowhere/config.toml");
    let run = house.run(&["context", "add", "dev"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("/proc/nowhere/config.toml"), "{}", run.err);
    assert!(run.err.contains("PENTAD_CONFIG"), "{}", run.err);
}
