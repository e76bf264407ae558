//! A JSON path is refused or selects the same things twice.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| pentad_server::ivcap::parse::json_path(bytes));
