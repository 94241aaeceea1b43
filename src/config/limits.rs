//! `[limits]`: rate limits of expensive routes.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::some;

/// `[limits]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// How many `POST /v1/checkout` requests one address may send per minute.
    pub checkout_address_per_minute: NonZeroU32,
    /// How many `POST /v1/checkout` requests are accepted for one site per minute.
    pub checkout_site_per_minute: NonZeroU32,
    /// How many `POST /v1/checkout` requests are accepted with one attempt id per minute.
    pub checkout_attempt_per_minute: NonZeroU32,
    /// How many `POST /v1/tokens` requests one address may send per minute.
    pub token_address_per_minute: NonZeroU32,
    /// How many `POST /v1/tokens` requests are accepted for one site per minute.
    pub token_site_per_minute: NonZeroU32,
    /// How many `POST /v1/tokens` requests are accepted with one attempt id per minute.
    pub token_attempt_per_minute: NonZeroU32,
    /// How many seconds must pass before Stripe is asked again about the same attempt. With 0, Stripe is asked each
    /// time.
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
