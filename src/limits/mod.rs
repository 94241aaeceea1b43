//! How often something may happen: in all, for each key, or for each client's address.
//!
//! **Owns** rate limits whose memory is bounded, and what counts as one address.
//! **Never** knows what it limits, and answers nobody.
//! **Start at** [`Limit`] and [`KeyedLimit`].
//! **Tested in** the files here, `tests/api/floods.rs`.

mod address;
mod bodies;
mod once_in;
mod penalty;
mod rate;
mod route;
mod seen;

pub use address::{Address, Proxies};
pub use bodies::{ArrivingBody, Bodies};
pub use once_in::OnceIn;
pub use penalty::Penalty;
pub use rate::{KeyedLimit, Limit, Wait};
pub use route::{PerMinute, RouteLimits};
pub use seen::Seen;

/// How many keys a limit remembers. The keys that were used least recently are forgotten first, and start afresh.
const KEYS: usize = 50_000;
