//! What the decision must do, seen from outside.
//!
//! **Owns** the cases' player, what an explanation tells, how rules are read, and the properties: one program, so that it is linked once.
//! **Never** counts allocations: that needs a program of its own, `tests/allocations.rs`.
//! **Start at** `cases.rs`, which plays `cases/`.
//! **Tested in** itself: each test was seen to fail once with the code it guards broken.

mod bandit;
mod behaviours;
mod cases;
mod contract;
mod explain;
mod fast;
mod given;
mod near_misses;
mod properties;
mod reading;
mod told;

mod words;
