//! Tests the decision through its public API.
//!
//! **Owns** the runner of the cases, and the tests of explanations, of parsing rules and questions, and of properties.
//! All of them are one program, so that it is linked once.
//! **Never** counts allocations. Counting needs a separate program, `tests/allocations.rs`.
//! **Start at** `cases.rs`, which runs `cases/`.
//! **Tested in** itself: each test was seen to fail once when the code that it guards was broken.

mod bandit;
mod behaviours;
mod cases;
mod contract;
mod evidence;
mod explain;
mod fast;
mod given;
mod labels;
mod near_misses;
mod properties;
mod reading;
