//! Runs `keepopen_fuzz::token` on mutated input.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keepopen_fuzz::token(data));
