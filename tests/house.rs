//! The house rules: what the map in `docs/architecture.md` says, held by reading the source.
//!
//! Each rule is a function from files to complaints. A test gives it the real
//! files and wants silence; another gives it a file that breaks the rule.

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
