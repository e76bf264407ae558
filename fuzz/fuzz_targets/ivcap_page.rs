//! A cursor is refused or read as it was written.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| pentad_server::ivcap::parse::page(bytes));
