//! Header fields of an upload are refused or understood.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| pentad_server::ivcap::parse::upload(bytes));
