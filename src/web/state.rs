//! The state of a public HTTP server.

use std::ops::Deref;
use std::sync::Arc;

use actix_web::web::Data;

use crate::app::App;
use crate::limits::{Bodies, PerMinute, Proxies, RouteLimits};

/// The maximum number of request bodies that may be arriving at the same time. Most bodies arrive in one piece and
/// don't count.
const MAX_BODIES: usize = 512;
/// The maximum number of bytes that these bodies may occupy in memory.
const MAX_BODY_BYTES: usize = 33_554_432;

/// The state that the whole service shares ([`App`]), and the state that only the web kit needs. This type dereferences
/// to [`App`].
pub struct ServerState {
    app: Arc<App>,
    /// The proxies that are trusted to state a client's address.
    pub(super) proxies: Proxies,
    /// Request bodies that are still arriving.
    pub(super) bodies: Bodies,
    /// Rate limits for starting checkouts.
    pub(super) checkout_limits: RouteLimits,
    /// Rate limits for fetching tokens.
    pub(super) token_limits: RouteLimits,
}

/// The state that every handler of the server gets.
pub type State = Data<ServerState>;

impl ServerState {
    /// Creates the state of a server of this service.
    pub fn new(app: &Arc<App>) -> Self {
        let limits = &app.settings.limits;
        let checkouts = PerMinute {
            address: limits.checkout_address_per_minute,
            attempt: limits.checkout_attempt_per_minute,
            site: limits.checkout_site_per_minute,
        };
        let token_calls = PerMinute {
            address: limits.token_address_per_minute,
            attempt: limits.token_attempt_per_minute,
            site: limits.token_site_per_minute,
        };
        let max_body_bytes = MAX_BODY_BYTES.max(4 * app.settings.stripe.webhook_max_bytes);
        Self {
            proxies: Proxies::new(app.settings.server.trusted_proxies.clone()),
            bodies: Bodies::at_most(MAX_BODIES, max_body_bytes),
            checkout_limits: RouteLimits::new(checkouts, app.settings.sites.keys(), &app.clock),
            token_limits: RouteLimits::new(token_calls, app.settings.sites.keys(), &app.clock),
            app: Arc::clone(app),
        }
    }
}

impl Deref for ServerState {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}
