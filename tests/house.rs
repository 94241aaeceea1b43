//! The house rules for the source code, such as the layers in `docs/architecture.md`. These tests read the source
//! files to enforce the rules.
//!
//! Each rule is a function that takes files and returns findings. One test runs the rule on the real files and expects
//! no findings. Another test runs it on a made-up file that breaks the rule.

#![expect(clippy::unwrap_used, reason = "a test that can't continue should panic")]

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
