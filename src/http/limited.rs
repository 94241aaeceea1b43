//! Refuses calls that are too many.

use actix_web::HttpRequest;
use uuid::Uuid;

use super::caller::address_of;
use super::problem::Problem;
use crate::app::App;
use crate::limits::{RouteLimits, Wait};
use crate::telemetry::{Counts, LimitedBy};

/// The limits of one route, and where refusals are counted.
pub struct Limited<'a> {
    /// The limits.
    pub limits: &'a RouteLimits,
    /// The counters.
    pub counts: &'a Counts<LimitedBy>,
}

impl Limited<'_> {
    /// Counts a call from its client's address. It comes first, before anything is read.
    ///
    /// # Errors
    /// There were too many.
    pub fn by_address(&self, app: &App, request: &HttpRequest) -> Result<(), Problem> {
        let taken = address_of(app, request).map_or(Ok(()), |address| self.limits.take_address(&address));
        self.answer(LimitedBy::Address, taken)
    }

    /// Counts a call for its attempt, then for its site.
    ///
    /// # Errors
    /// There were too many.
    pub fn by_attempt_and_site(&self, attempt: &Uuid, site: &str) -> Result<(), Problem> {
        self.answer(LimitedBy::Attempt, self.limits.take_attempt(attempt))?;
        self.answer(LimitedBy::Site, self.limits.take_site(site))
    }

    fn answer(&self, by: LimitedBy, taken: Result<(), Wait>) -> Result<(), Problem> {
        taken.map_err(|wait| {
            self.counts.count(by);
            Problem::rate_limited(wait)
        })
    }
}
