//! What the decision must do, seen from outside.
//!
//! **Owns** the runner of the cases, and the tests of explanations, of reading rules and of properties. It is one program, so that it is linked once.
//! **Never** counts allocations: that needs a separate program, `tests/allocations.rs`.
//! **Start at** `cases.rs`, which runs `cases/`.
//! **Tested in** itself: each test was seen to fail once with the code it guards broken.

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
