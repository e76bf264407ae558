//! `pentad bench`.

use crate::house::House;

#[test]
fn publishing_and_pulling_are_measured_and_nothing_is_left() {
    let house = House::new();
    let run = house.ok(&["bench", "ams", "-d", "1s", "-c", "4", "--size", "200", "-o", "json"]);
    let rows = run.json();
    assert_eq!(rows[0]["operation"], "publish");
    assert_eq!(rows[1]["operation"], "pull+ack");
    for row in rows.as_array().unwrap() {
        assert_eq!(row["errors"], 0, "{row}");
        assert!(row["items"].as_u64().unwrap() > 0, "{row}");
        let (p50, p99) = (row["p50_ms"].as_f64().unwrap(), row["p99_ms"].as_f64().unwrap());
        assert!(0.0 < p50 && p50 <= p99 && p99 <= row["max_ms"].as_f64().unwrap() * 1.01, "{row}");
    }
    assert!(run.err.contains("embedded server"), "{}", run.err);
    assert_eq!(house.ok(&["ams", "topic", "list", "-o", "json"]).out, "[]\n");
    assert_eq!(house.ok(&["ams", "subscription", "list", "-o", "json"]).out, "[]\n");
}

#[test]
fn an_endpoint_that_refuses_everything_is_a_failure_not_a_result() {
    let house = House::new().env("PENTAD_AMS_TOKEN", "t");
    let run = house.run(&["bench", "ams", "-d", "1s", "--endpoint", "http://127.0.0.1:9", "--project", "p"]);
    assert_eq!(run.code, 8, "{}", run.err);
    assert_eq!(run.out, "");
}
