//! Chooses among the appeals that passed their rules, and among an appeal's variants.
//!
//! **Owns** how readers are split: shares, holdouts (readers who see nothing, for comparison), variants and sequences.
//! **Never** checks whether an appeal matches; `rules/` does that.
//! **Start at** `tiers.rs` for appeals, `variants.rs` for variants and `weights.rs` for their weights. `buckets.rs`
//! contains the recipe of the hash.
//! **Tested in** `cases/allocation.json`, `cases/holdout.json`, `cases/assignment.json`, `cases/weights_by_country.json`, `tests/decision/properties/shares.rs`.

mod tiers;
mod variants;
mod weights;

pub(crate) use tiers::{Candidate, choose, reader_fractions};
pub(crate) use variants::Variants;
