//! Runs `keepopen_fuzz::appeals_file` on mutated input.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keepopen_fuzz::appeals_file(data));
