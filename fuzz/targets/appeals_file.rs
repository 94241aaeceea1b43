//! Mutates what `keepopen_fuzz::appeals_file` checks.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keepopen_fuzz::appeals_file(data));
