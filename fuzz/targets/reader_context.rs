//! Mutates what `keepopen_fuzz::reader_context` checks.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keepopen_fuzz::reader_context(data));
