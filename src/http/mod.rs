//! The door for browsers, site back ends and Stripe.
//!
//! **Owns** the routes, who is asking, and the shape of every answer.
//! **Never** writes to the store: that is `actions/`.
//! **Start at** `routes.rs`, the table of all routes.
//! **Tested in** `tests/api/`.

mod appeals;
mod audit;
mod banner;
mod banner_events;
mod body;
mod caller;
mod checkout;
mod contract;
mod docs;
mod embed;
mod explain;
mod fallback;
mod json_object;
mod jwks;
mod known;
mod limited;
mod management;
mod money;
mod ofrep;
mod open_files;
mod previews;
mod question;
mod request_counts;
mod results;
mod routes;
mod second_look;
mod server;
mod stated;
mod supporters;
mod switches;
mod tokens;
mod unread;
mod verdict_body;
mod watch;
mod webhooks;
mod words;

use crate::web::{State, problem};

pub use banner::verdict_json;
pub use contract::openapi_yaml;
pub use management::serve_management;
pub use open_files::raise_open_files;
pub use problem::{Code, Problem};
pub use routes::ROUTES;
pub use server::{Running, serve};
