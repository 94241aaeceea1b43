//! Creates random ids that look like Stripe's.

use uuid::Uuid;

/// Creates an id with the given prefix, such as `pi_`.
pub(crate) fn new(prefix: &str) -> String {
    format!("{prefix}{}", random())
}

/// Creates the id of a Checkout Session.
pub(crate) fn session() -> String {
    format!("cs_test_{}{}", random(), random())
}

/// Creates the random part of an id. The crate does not depend on the service, so it can't use the service's source of
/// randomness.
#[allow(clippy::disallowed_methods, reason = "this crate has one random source of its own")]
fn random() -> String {
    Uuid::new_v4().simple().to_string()
}
