//! The `keepopen` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    keepopen::cli::main()
}
