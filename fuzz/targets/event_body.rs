//! Runs `keepopen_fuzz::event_body` on mutated input.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keepopen_fuzz::event_body(data));
