//! Mutates what `keepopen_fuzz::token` checks.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keepopen_fuzz::token(data));
