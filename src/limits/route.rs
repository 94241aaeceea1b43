//! The rate limits of an expensive route.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use uuid::Uuid;

use super::{Address, KeyedLimit, Limit, Wait};
use crate::clock::Clock;

/// How often one route may be called: per client address, per checkout attempt, and per site. An attempt is one try of
/// a reader to give. The browser creates an id for it.
pub struct RouteLimits {
    addresses: KeyedLimit<Address>,
    attempts: KeyedLimit<Uuid>,
    sites: BTreeMap<String, Limit>,
}

/// The numbers of calls that are allowed per minute.
#[derive(Clone, Copy, Debug)]
pub struct PerMinute {
    /// The calls from one address.
    pub address: NonZeroU32,
    /// The calls with one attempt id.
    pub attempt: NonZeroU32,
    /// The calls for one site.
    pub site: NonZeroU32,
}

impl RouteLimits {
    /// Creates the limits of a route for these sites.
    pub fn new<'a>(limits: PerMinute, sites: impl Iterator<Item = &'a String>, clock: &Clock) -> Self {
        Self {
            addresses: KeyedLimit::per_minute(limits.address, clock),
            attempts: KeyedLimit::per_minute(limits.attempt, clock),
            sites: sites.map(|id| (id.clone(), Limit::per_minute(limits.site, clock))).collect(),
        }
    }

    /// Counts a call from an address.
    ///
    /// # Errors
    /// The limit is exceeded.
    pub fn take_address(&self, address: &Address) -> Result<(), Wait> {
        self.addresses.take(address)
    }

    /// Counts a call with an attempt id.
    ///
    /// # Errors
    /// The limit is exceeded.
    pub fn take_attempt(&self, attempt: &Uuid) -> Result<(), Wait> {
        self.attempts.take(attempt)
    }

    /// Counts a call for a site. Call this after [`Self::take_address`] and [`Self::take_attempt`], because calls that
    /// they reject must not count against the site's limit.
    ///
    /// # Errors
    /// The limit is exceeded.
    pub fn take_site(&self, site: &str) -> Result<(), Wait> {
        self.sites.get(site).map_or(Ok(()), Limit::take)
    }
}
