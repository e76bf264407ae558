//! An OpenAPI document is refused or can be walked, within bounds of memory and time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pentad_openapi::Document;

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = Document::parse(bytes) else { return };
    for item in document.paths().take(100) {
        let _ = document.place(item.path()).map(|place| place.role());
        for operation in item.operations() {
            let _ = (operation.parameters(), operation.request_body(), operation.responses());
        }
    }
});
