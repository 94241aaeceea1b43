//! The `keepopen` program.

use std::process::ExitCode;

/// The memory allocator. Each request allocates and frees many small texts, and this allocator does so in fewer steps
/// than the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keepopen::cli::main()
}
