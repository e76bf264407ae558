//! Paths match within themselves; names keep to their alphabet.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pentad_server::ams::parse;

fuzz_target!(|raw: &str| parse::path(raw));
