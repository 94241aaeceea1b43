//! Ids that look like Stripe's, different in every run.

use uuid::Uuid;

/// A new id with the given prefix, such as `pi_`.
pub(crate) fn new(prefix: &str) -> String {
    format!("{prefix}{}", random())
}

/// A new Checkout Session id.
pub(crate) fn session() -> String {
    format!("cs_test_{}{}", random(), random())
}

/// This crate depends on nothing of the service, so it can't use the service's source of randomness.
#[allow(clippy::disallowed_methods, reason = "the stand-in has its own one place for randomness")]
fn random() -> String {
    Uuid::new_v4().simple().to_string()
}
