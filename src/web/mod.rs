//! The web kit: what every HTTP door is built from.
//!
//! **Owns** the shape of a route registry, and what is derived from it: CORS headers and `Allow`.
//! **Never** names a route of its own: each door has its table of them.
//! **Start at** [`Route`].
//! **Tested in** the files here, `tests/api/routes.rs`.

mod cors;
mod registry;

pub use cors::{CrossOrigin, SiteOrigins, answer_preflight, is_preflight};
pub use registry::{Audience, Cors, Rate, Registry, Route, methods};
