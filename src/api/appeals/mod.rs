//! Appeals and their versions: save, publish, pause, end, roll back.
//!
//! **Owns** the routes below `/v1/appeals`, and the schemas of their responses.
//! **Never** decides what may be published: `actions/appeals/edit_appeals.rs` does.
//! **Start at** `editing.rs`.
//! **Tested in** `tests/api/appeals.rs`.

mod editing;
mod reading;
mod shapes;

pub use editing::{end, pause, publish, save};
pub use reading::{list, read, read_version};
