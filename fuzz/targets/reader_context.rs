//! Runs `keepopen_fuzz::reader_context` on mutated input.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keepopen_fuzz::reader_context(data));
