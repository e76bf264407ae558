//! Seed sections are refused or read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pentad_server::ams::parse;

fuzz_target!(|text: &str| parse::seed(text));
