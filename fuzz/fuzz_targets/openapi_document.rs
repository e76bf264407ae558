//! An OpenAPI document is refused or can be walked, asked for help and for checks, within bounds of memory and time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pentad_openapi::Document;
use serde_json::json;

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = Document::parse(bytes) else { return };
    let body = json!({"id": 1, "name": ["x"]});
    for item in document.paths().take(100) {
        let _ = document.place(item.path()).map(|place| (place.role(), place.help()));
        for operation in item.operations() {
            let _ = (operation.parameters(), operation.request_body(), operation.responses());
            let _ = operation.check_query(&[("limit", "x")]);
            let _ = operation.check_body("application/json", Some(&body));
        }
    }
});
