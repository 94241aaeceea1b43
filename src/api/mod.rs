//! The public HTTP server, for browsers, site back ends and Stripe.
//!
//! **Owns** the routes, the identification of callers, and the shape of every response.
//! **Never** writes to the store: `actions/` does.
//! **Start at** `routes.rs`, the table of all routes.
//! **Tested in** `tests/api/`.

mod appeals;
mod audit;
mod banner;
mod banner_events;
mod caller;
mod checkout;
mod contract;
mod docs;
mod embed;
mod explain;
mod fallback;
mod jwks;
mod known;
mod money;
mod ofrep;
mod previews;
mod question;
mod recent;
mod results;
mod routes;
mod server;
mod stated;
mod supporters;
mod switches;
mod tokens;
mod verdict_body;
mod webhooks;
mod words;

#[cfg(feature = "test-support")]
pub use banner::verdict_json;
pub use contract::openapi_yaml;
pub use routes::ROUTES;
pub use server::serve;
