//! The web kit: what every HTTP server is built from.
//!
//! **Owns** the shape of a route registry and what is derived from it, the reading of bodies, the
//! id, span and count of each request, error responses, the layout of every page, session
//! cookies, and the protection of forms.
//! **Never** defines a route: each server has its own table.
//! **Start at** [`Route`].
//! **Tested in** the files here, `tests/api/routes.rs`, `tests/api/pages.rs`, `tests/api/slow_bodies.rs`.

pub mod body;
mod client_address;
mod cors;
mod fallback;
mod form;
mod formats;
pub mod json_object;
mod known_tags;
mod limited;
mod listen;
mod open_files;
mod page;
mod poll_twice;
pub mod problem;
mod registry;
mod request_counts;
mod session;
mod state;
mod unread;
mod watch;

pub use client_address::address_of;
pub use cors::SiteOrigins;
pub use fallback::answer_other_method;
pub use form::{FORM_TOKEN, read_form};
pub use formats::{Formats, Time};
pub use known_tags::has_cached;
pub use limited::Limited;
pub use listen::{ListenError, Running, listen, max_connections};
pub use open_files::raise_open_files;
pub use page::{Frame, PageProblem, page, security_headers};
pub use registry::{Audience, Cors, Rate, Registry, Route};
pub use request_counts::RequestCounts;
pub use session::SessionCookie;
pub use state::{ServerState, State};
pub use watch::{REQUEST_ID, Watch, head_as_get};
