//! Checks properties that must hold for any input from outside.
//!
//! **Owns** one function for each kind of input. The function takes any bytes, and panics if a property does not hold.
//! **Never** asks for the time or a random number, so that the same bytes always have the same result.
//! **Start at** [`event_body`].
//! **Tested in** `tests/fuzz/main.rs`, with a stable compiler. `scripts/fuzz` searches deeper with a nightly compiler.

mod appeals_file;
mod event_body;
mod reader_context;
mod signature_header;
mod token;

pub use appeals_file::appeals_file;
pub use event_body::event_body;
pub use reader_context::reader_context;
pub use signature_header::signature_header;
pub use token::token;

/// The time that every check uses as the current time, in seconds since 1970.
const NOW_S: i64 = 1_700_000_000;
