//! RQL is refused or read; what was read prints as itself, simplifies to the same meaning and evaluates.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pentad_rql::{Plan, Schema, parse};
use serde_json::json;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let Ok(expr) = parse(&text) else { return };
    let Ok(plan) = Plan::new(&expr, &Schema::open()) else { return };
    let object = json!({"a": [1, "x", {"b": null}], "id": "X-1", "at": "2024-01-02T03:04:05Z"});
    let matches = plan.matches(&object);
    if let Ok(printed) = expr.to_rql() {
        let again = parse(&printed).expect("what was printed can be read");
        let plan = Plan::new(&again, &Schema::open()).expect("and means something");
        assert_eq!(plan.matches(&object), matches);
    }
});
