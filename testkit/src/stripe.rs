//! Starts a practice Stripe, which is a local stand-in for Stripe.

use std::sync::Arc;

use keepopen_practice::{PracticeStripe, Settings};

/// The key for the practice Stripe's API.
pub const STRIPE_KEY: &str = "sk_test_practice";
/// The secret with which the practice Stripe signs webhook deliveries.
pub const WEBHOOK_SECRET: &str = "whsec_practice";

/// Starts a practice Stripe that does not deliver events by itself. `now` returns the time, in seconds since 1970.
pub async fn practice_stripe(now: impl Fn() -> i64 + Send + Sync + 'static) -> PracticeStripe {
    practice_stripe_with(now, |_| {}).await
}

/// Starts a practice Stripe like [`practice_stripe`], with changed settings.
pub async fn practice_stripe_with(
    now: impl Fn() -> i64 + Send + Sync + 'static,
    change: impl FnOnce(&mut Settings),
) -> PracticeStripe {
    let mut settings = Settings {
        bind: "127.0.0.1:0".parse().unwrap(),
        secret_key: STRIPE_KEY.to_owned(),
        webhook_secret: WEBHOOK_SECRET.to_owned(),
        webhook_url: None,
        now: Arc::new(now),
        retry_after: Vec::new(),
        account_name: "The Journal".to_owned(),
    };
    change(&mut settings);
    PracticeStripe::start(settings).await.unwrap()
}
