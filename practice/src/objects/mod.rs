//! The shapes of Stripe's objects in the API version of the practice Stripe.
//!
//! **Owns**: every field of a new object, with the value that it has in an ordinary test account.
//! **Never**: changes an existing object, creates an event, or decides the effects of an action.
//! **Start at**: `session.rs`, `payment.rs`, `billing.rs`, `money_back.rs`, `balance.rs`.
//! **Tested in**: `practice/tests/practice/`.

pub(crate) mod balance;
pub(crate) mod billing;
pub(crate) mod money_back;
pub(crate) mod payment;
pub(crate) mod session;

use serde_json::{Value, json};

/// An address without any values.
pub(crate) fn no_address() -> Value {
    json!({ "city": null, "country": null, "line1": null, "line2": null, "postal_code": null, "state": null })
}

/// A list of objects in Stripe's form.
pub(crate) fn list(url: &str, data: Vec<Value>, has_more: bool) -> Value {
    json!({ "object": "list", "data": data, "has_more": has_more, "url": url })
}
