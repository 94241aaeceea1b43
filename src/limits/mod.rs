//! Rate limits: how often something may happen in total, per key, or per client address. A key is any value whose uses
//! are counted separately, such as a supporter or an attempt.
//!
//! **Owns** rate limits with bounded memory, and the address that identifies a client.
//! **Never** knows what is limited, and never answers a request.
//! **Start at** [`Limit`] and [`KeyedLimit`].
//! **Tested in** the files here and `tests/api/floods.rs`.

mod address;
mod bodies;
mod once_in;
mod penalty;
mod rate;
mod route;
mod seen;

pub use address::{Address, Proxies};
pub use bodies::{ArrivingBody, Bodies};
pub use once_in::OncePerInterval;
pub use penalty::Penalty;
pub use rate::{KeyedLimit, Limit, Wait};
pub use route::{PerMinute, RouteLimits};
pub use seen::Seen;

/// How many keys each limit remembers. The least recently used keys are dropped first. A dropped key starts again with
/// its full limit.
const MAX_KEYS: usize = 50_000;
