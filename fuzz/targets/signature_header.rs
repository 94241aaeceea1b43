//! Mutates what `keepopen_fuzz::signature_header` checks.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keepopen_fuzz::signature_header(data));
