//! Tests the parser of Stripe's payloads with the shapes of every generation of Stripe's API (API versions whose
//! objects have the same shape), and with wrong shapes that Stripe never sends.

#![expect(clippy::unwrap_used, reason = "a test that can't continue should panic")]

mod files;
mod random_shapes;
mod table;
mod wrong_types;
