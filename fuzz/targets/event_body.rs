//! Mutates what `keepopen_fuzz::event_body` checks.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keepopen_fuzz::event_body(data));
