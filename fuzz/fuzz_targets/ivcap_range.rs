//! A range gives bytes that are there.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| pentad_server::ivcap::parse::range(bytes));
