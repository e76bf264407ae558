//! Publish bodies are refused or kept whole.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pentad_server::ams::parse;

fuzz_target!(|body: &[u8]| parse::publish_body(body));
