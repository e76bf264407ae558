//! Only the very text of an acknowledgement identifier is one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pentad_server::ams::parse;

fuzz_target!(|id: &str| parse::ack_id(id));
