//! What the public API remembers about recent requests.

use actix_web::web::Data;

use crate::keys::RecentKeys;
use crate::limits::Seen;

/// The minimum number of recent banner events that are remembered, so that none of them is counted twice. At most twice
/// as many are remembered, which takes about 5 MiB.
const REMEMBERED_EVENTS: usize = 100_000;

/// The recent requests. All workers of the server share them.
pub struct Recent {
    /// The API keys that recently made banner requests.
    pub keys: RecentKeys,
    /// The banner events that were already counted: the verdict's id and the kind of event.
    pub counted_events: Seen<(u64, u8)>,
}

/// The recent requests, as a parameter of a handler.
pub type RecentRequests = Data<Recent>;

impl Default for Recent {
    fn default() -> Self {
        Self { keys: RecentKeys::default(), counted_events: Seen::at_least(REMEMBERED_EVENTS) }
    }
}
