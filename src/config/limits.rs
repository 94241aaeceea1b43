//! `[limits]`: rate limits of expensive routes.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::some;

/// `[limits]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// `POST /v1/checkout` from one address.
    pub checkout_address_per_minute: NonZeroU32,
    /// `POST /v1/checkout` for one site.
    pub checkout_site_per_minute: NonZeroU32,
    /// `POST /v1/checkout` with one attempt.
    pub checkout_attempt_per_minute: NonZeroU32,
    /// `POST /v1/tokens` from one address.
    pub token_address_per_minute: NonZeroU32,
    /// `POST /v1/tokens` for one site.
    pub token_site_per_minute: NonZeroU32,
    /// `POST /v1/tokens` with one attempt.
    pub token_attempt_per_minute: NonZeroU32,
    /// How many seconds must pass before Stripe is asked again about the same attempt; 0 asks each time.
    pub stripe_read_seconds: u64,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            checkout_address_per_minute: some(30),
            checkout_site_per_minute: some(600),
            checkout_attempt_per_minute: some(10),
            token_address_per_minute: some(120),
            token_site_per_minute: some(2400),
            token_attempt_per_minute: some(20),
            stripe_read_seconds: 5,
        }
    }
}
