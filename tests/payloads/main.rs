//! Parsing Stripe's payloads, of every generation and of shapes that no generation has.

#![expect(clippy::unwrap_used, reason = "a test that can't go on stops")]

mod files;
mod random_shapes;
mod table;
mod wrong_types;
