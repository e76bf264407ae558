//! Schemas are refused, or judge any payload.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pentad_server::ams::parse;

fuzz_target!(|input: (bool, &str, &[u8])| {
    let (avro, body, payload) = input;
    parse::schema(if avro { "avro" } else { "json" }, body, payload);
});
