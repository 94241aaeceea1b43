//! Runs `keepopen_fuzz::signature_header` on mutated input.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keepopen_fuzz::signature_header(data));
