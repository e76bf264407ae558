//! What is left of a result: queries, templates, order.

use serde_json::json;

use crate::house::House;

/// A home with three contexts.
fn three() -> House {
    let house = House::new();
    for (name, project) in [("b", "p2"), ("a", "p10"), ("c", "p1")] {
        house.ok(&["context", "add", name, "--ams-endpoint", "h.example.org", "--ams-project", project]);
    }
    house
}

#[test]
fn jmespath_sees_the_whole_list() {
    let house = three();
    let found = house.ok(&["context", "list", "--query", "[?ams.project=='p10'].name", "-o", "json"]);
    assert_eq!(found.json(), json!(["a"]));
    assert_eq!(house.ok(&["context", "list", "--query", "length(@)"]).out, "3\n");
    let table = house.ok(&["context", "list", "--query", "[].{who: name, where: ams.endpoint}"]);
    assert_eq!(table.out.lines().count(), 4, "{}", table.out);
    assert!(table.out.starts_with("WHO") || table.out.starts_with("WHERE"), "{}", table.out);
}

#[test]
fn jq_filters_give_any_number_of_results() {
    let house = three();
    assert_eq!(house.ok(&["context", "list", "--jq", ".[].name", "-o", "value"]).out, "a\nb\nc\n");
    assert_eq!(house.ok(&["context", "list", "--jq", "map(.name) | join(\"+\")"]).out, "a+b+c\n");
    let picked = house.ok(&["context", "list", "--jq", "map({n: .name})", "-o", "ndjson"]);
    assert_eq!(picked.lines(), [json!({"n": "a"}), json!({"n": "b"}), json!({"n": "c"})]);
}

#[test]
fn a_query_that_is_none_is_refused_before_anything_is_done() {
    let house = House::new();
    for words in [
        ["ams", "topic", "list", "--query", "[?"],
        ["ams", "topic", "list", "--jq", ".["],
        ["ams", "topic", "list", "--jq", "no_such_filter"],
        ["ams", "topic", "list", "-o", "template={{ name"],
        ["ams", "topic", "list", "-o", "pdf"],
    ] {
        let run = house.run(&words);
        assert_eq!(run.code, 2, "{words:?}: {}", run.err);
    }
    assert!(!house.data().exists(), "nothing was opened");
}

#[test]
fn a_template_is_applied_to_each_result() {
    let house = three();
    let run = house.ok(&["context", "list", "-o", "template={{ name }}={{ ams.project | upper }}"]);
    assert_eq!(run.out, "a=P10\nb=P2\nc=P1\n");
    let one = house.ok(&["context", "show", "a", "-o", "template=<{{ it.name }}>"]);
    assert_eq!(one.out, "<a>\n");
    let kept = House::new().env("PENTAD_OUTPUT", "template={{ key }}");
    assert!(kept.ok(&["config", "explain"]).out.contains("\nams.endpoint\n"));
}

#[test]
fn lists_are_sorted_by_a_column_in_both_orders() {
    let house = three();
    let by = |column: &str| house.ok(&["context", "list", "--sort", column, "-o", "value"]).out;
    assert_eq!(by("ams.project"), "c\na\nb\n");
    assert_eq!(by("-name"), "c\nb\na\n");
}

#[test]
fn headers_can_be_left_out() {
    let house = three();
    for flag in ["--no-header", "--no-headers"] {
        let run = house.ok(&["context", "list", flag, "--columns", "name"]);
        assert_eq!(run.out, "a\nb\nc\n");
    }
}

#[test]
fn a_pager_is_for_terminals_only() {
    let house = three().env("PAGER", "echo paged; cat");
    assert_eq!(house.ok(&["context", "list", "--pager", "-o", "value"]).out, "a\nb\nc\n");
}

#[test]
fn a_long_list_arrives_in_pages_and_reads_as_one_table() {
    let house = House::new();
    for n in 0..12 {
        house.ok(&["ams", "topic", "create", &format!("t{n}")]);
    }
    let all = house.ok(&["ams", "topic", "list", "--page-size", "5", "-o", "ndjson"]);
    assert_eq!(all.lines().len(), 12);
    assert_eq!(
        house.ok(&["ams", "topic", "list", "--page-size", "5", "--limit", "7", "-o", "ndjson"]).lines().len(),
        7
    );
    let table = house.ok(&["ams", "topic", "list", "--page-size", "5"]);
    assert_eq!(table.out.lines().count(), 13, "{}", table.out);
    assert_eq!(table.out.matches("NAME").count(), 1);
    let count = house.ok(&["ams", "topic", "list", "--page-size", "5", "--query", "length(@)"]);
    assert_eq!(count.out, "12\n");
}

#[test]
fn a_stream_is_queried_message_by_message() {
    let house = House::new();
    house.ok(&["ams", "topic", "create", "t"]);
    house.ok(&["ams", "subscription", "create", "s", "-t", "t"]);
    house.ok(&["ams", "publish", "t", "one", "two"]);
    let run =
        house.ok(&["ams", "consume", "s", "--jq", "select(.text == \"two\") | .messageId", "-o", "value"]);
    assert_eq!(run.out, "1\n");
}
