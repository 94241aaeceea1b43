//! The web kit: what every HTTP door is built from.
//!
//! **Owns** the shape of a route registry with what is derived from it, problem bodies, and the frame of every page.
//! **Never** names a route of its own: each door has its table of them.
//! **Start at** [`Route`].
//! **Tested in** the files here, `tests/api/routes.rs`, `tests/api/pages.rs`.

mod cors;
mod formats;
mod known_tags;
mod page;
pub mod problem;
mod registry;

use actix_web::web::Data;

use crate::app::App;

pub use cors::{CrossOrigin, SiteOrigins, answer_preflight, is_preflight};
pub use formats::{Formats, Time};
pub use known_tags::knows;
pub use page::{Frame, PageProblem, page, security_headers};
pub use registry::{Audience, Cors, Rate, Registry, Route, methods};

/// The state that every handler gets.
pub type State = Data<App>;
