//! Tests that every acknowledged event survives when the service is stopped, killed, or loses power.
//!
//! **Owns** tests that end services while they work, and check the properties of their databases afterwards.
//! **Never** times anything, except the recovery after a kill in long runs; `CONTRIBUTING.md` says how to run those.
//! **Start at** `kills.rs` and `power_cuts.rs`, then `full_disk.rs` and `silence.rs`; the properties are in `proof.rs`.
//! **Tested in** itself: some tests run a faulty service, such as one that acknowledges before it stores or never
//! syncs. They check that the fault is detected.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that can't continue should panic")]

mod answers_first;
mod deliveries;
mod full_disk;
mod gifts;
mod kills;
mod long_run;
mod power_cuts;
mod program;
mod proof;
mod proxy;
mod queue;
mod silence;
mod stops;
