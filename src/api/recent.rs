//! What the public API remembers about recent requests.

use std::time::Duration;

use actix_web::web::Data;
use uuid::Uuid;

use crate::app::App;
use crate::keys::RecentKeys;
use crate::limits::{OncePerInterval, Seen};

/// The minimum number of recent banner events that are remembered, so that none of them is counted twice. At most twice
/// as many are remembered, which takes about 5 MiB.
const REMEMBERED_EVENTS: usize = 100_000;

/// The recent requests. All workers of the server share them.
pub struct Recent {
    /// The API keys that recently made banner requests.
    pub keys: RecentKeys,
    /// The banner events that were already counted: the verdict's id and the kind of event.
    pub counted_events: Seen<(u64, u8)>,
    /// Limits how often the Checkout Session of one checkout attempt is fetched from Stripe.
    pub session_reads: OncePerInterval<Uuid>,
}

/// The recent requests, as a parameter of a handler.
pub type RecentRequests = Data<Recent>;

impl Recent {
    /// Starts without any request.
    pub fn new(app: &App) -> Self {
        let session_interval = Duration::from_secs(app.settings.limits.stripe_read_seconds);
        Self {
            keys: RecentKeys::default(),
            counted_events: Seen::at_least(REMEMBERED_EVENTS),
            session_reads: OncePerInterval::new(session_interval, &app.clock),
        }
    }
}
