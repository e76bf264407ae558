//! The query of a list and the body of an upload are refused or read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pentad_server::connect::parse;

fuzz_target!(|bytes: &[u8]| {
    parse::raw_query(bytes);
    parse::form_body(bytes);
});
