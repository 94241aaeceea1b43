//! Refuses requests that exceed the rate limits in the table of routes.

use actix_web::HttpRequest;
use uuid::Uuid;

use super::client_address::address_of;
use super::problem::Problem;
use super::registry::{Rate, Registry};
use super::state::ServerState;
use crate::limits::{RouteLimits, Wait};
use crate::telemetry::{Counts, LimitedBy};

/// The rate limits of one route, and the counters of refused requests. `None` if the table of routes sets no limit.
pub struct Limited<'a>(Option<(&'a RouteLimits, &'a Counts<LimitedBy>)>);

impl<'a> Limited<'a> {
    /// The limits of the request's route.
    pub fn for_request(routes: Registry, app: &'a ServerState, request: &HttpRequest) -> Self {
        // The pattern, not the path: the router also accepts another spelling of a path, such as `/v1/%63heckout`.
        let pattern = request.match_pattern();
        let routes = routes.routes_at(pattern.as_deref().unwrap_or(request.path()));
        let rate = routes.iter().find(|route| route.method == *request.method()).map(|route| route.rate);
        Self(match rate.unwrap_or(Rate::Unlimited) {
            Rate::Unlimited => None,
            Rate::Checkouts => Some((&app.checkout_limits, &app.metrics.limited_checkouts)),
            Rate::Tokens => Some((&app.token_limits, &app.metrics.limited_tokens)),
        })
    }

    /// Counts the request against the limit of its client's address. This is the first check, before the body is read.
    ///
    /// # Errors
    /// The limit is exceeded.
    pub fn check_address(&self, app: &ServerState, request: &HttpRequest) -> Result<(), Problem> {
        let address = address_of(app, request);
        self.take(LimitedBy::Address, |limits| {
            address.map_or(Ok(()), |address| limits.take_address(&address))
        })
    }

    /// Counts the request against the limit of its attempt, then against that of its site.
    ///
    /// # Errors
    /// A limit is exceeded.
    pub fn check_attempt_and_site(&self, attempt: &Uuid, site: &str) -> Result<(), Problem> {
        self.take(LimitedBy::Attempt, |limits| limits.take_attempt(attempt))?;
        self.take(LimitedBy::Site, |limits| limits.take_site(site))
    }

    fn take(
        &self,
        by: LimitedBy,
        take: impl FnOnce(&RouteLimits) -> Result<(), Wait>,
    ) -> Result<(), Problem> {
        let Some((limits, counts)) = self.0 else { return Ok(()) };
        take(limits).map_err(|wait| {
            counts.count(by);
            Problem::rate_limited(wait)
        })
    }
}
