//! `keepopen demo` in a program that was built without the demo.

use super::CommandError;
use crate::sites::Settings;

/// Accepts all arguments of the demo.
#[derive(clap::Args)]
pub struct Options {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _any: Vec<String>,
}

/// Fails with a message that says how to get a program with the demo.
pub fn demo(_: &Options, _: &Settings) -> Result<(), CommandError> {
    Err("this program was built without the demo; build it with `cargo build --release --features demo`, or use one that has it".into())
}
