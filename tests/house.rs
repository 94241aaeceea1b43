//! The house rules: the map in `docs/architecture.md` and more, enforced by reading the source.
//!
//! Each rule is a function from files to findings. One test runs it on the real files and expects none; another runs it on
//! a file that breaks the rule.

#![expect(clippy::unwrap_used, reason = "a test that can't go on stops")]

#[path = "house/changes.rs"]
mod changes;
#[path = "house/files.rs"]
mod files;
#[path = "house/folders.rs"]
mod folders;
#[path = "house/layers.rs"]
mod layers;
#[path = "house/neighbours.rs"]
mod neighbours;
#[path = "house/problems.rs"]
mod problems;
#[path = "house/settings.rs"]
mod settings;
#[path = "house/words.rs"]
mod words;
