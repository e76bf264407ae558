//! Segments give back what was packed; damaged ones end early.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pentad_server::ams::parse;

fuzz_target!(|input: (Vec<(String, String, String)>, &[u8])| {
    parse::segment(&input.0);
    parse::damaged_segment(input.1);
});
