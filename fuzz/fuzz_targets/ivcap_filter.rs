//! A filter is refused or keeps what it says.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| pentad_server::ivcap::parse::filter(bytes));
