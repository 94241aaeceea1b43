//! `[limits]`: rate limits of expensive routes.
//!
//! An attempt is one time that a reader tries to give. The reader's page chooses the attempt's id.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::non_zero;

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
            checkout_address_per_minute: non_zero(30),
            checkout_site_per_minute: non_zero(600),
            checkout_attempt_per_minute: non_zero(10),
            token_address_per_minute: non_zero(120),
            token_site_per_minute: non_zero(2400),
            token_attempt_per_minute: non_zero(20),
            stripe_read_seconds: 5,
        }
    }
}
