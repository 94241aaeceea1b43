//! How often something may happen: in total, per key, or per client address.
//!
//! **Owns** rate limits with bounded memory, and the address that identifies a client.
//! **Never** knows what it limits, and answers no request.
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

/// How many keys a limit remembers. The least recently used keys are dropped first, and start afresh.
const KEYS: usize = 50_000;
