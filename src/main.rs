//! The `keepopen` program.

use std::process::ExitCode;

/// Many small texts are made and dropped for each request; this allocator does that in fewer steps than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keepopen::cli::main()
}
