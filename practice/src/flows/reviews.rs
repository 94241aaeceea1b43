//! Suspected fraud: early warnings by the card network, and reviews.

use serde_json::{Value, json};

use crate::Refused;
use crate::flows::refunds::charge_of;
use crate::objects::money_back;
use crate::state::{State, text};

/// The reasons that Stripe has for closing a review.
pub(crate) const REASONS: &[&str] =
    &["approved", "canceled", "disputed", "redacted", "refunded", "refunded_as_fraud"];

/// Creates a fraud warning for a charge and emits its event. Returns the warning's id.
pub(crate) fn create_warning(state: &mut State, payment_id: &str) -> Result<String, Refused> {
    let charge = charge_of(state, payment_id)?;
    let now = state.now();
    let warning = state.put(money_back::early_fraud_warning(&charge, now));
    state.emit("radar.early_fraud_warning.created", &warning);
    Ok(warning)
}

/// Opens a review of a payment, as one of the account's fraud rules would. Returns the review's id.
pub(crate) fn open(state: &mut State, payment_id: &str) -> Result<String, Refused> {
    let charge = charge_of(state, payment_id)?;
    if !charge["review"].is_null() {
        return Err(Refused::invalid(None, format!("Charge {} is already in review.", text(&charge, "id"))));
    }
    let now = state.now();
    let review = state.put(money_back::review(&charge, now));
    set_review(state, &charge, json!(review));
    state.emit("review.opened", &review);
    Ok(review)
}

/// Closes an open review for one of [`REASONS`].
pub(crate) fn close(state: &mut State, review: &str, reason: &str) -> Result<(), Refused> {
    let object = state.require("review", review)?;
    if object["open"] == false {
        return Err(Refused::invalid(None, format!("The review {review} is already closed.")));
    }
    if !REASONS.contains(&reason) {
        let sentence = format!("Invalid reason: must be one of {}", REASONS.join(", "));
        return Err(Refused::invalid(None, sentence));
    }
    let charge = state.copy_of(text(&object, "charge"));
    set_review(state, &charge, Value::Null);
    state.set(review, json!({ "closed_reason": reason, "open": false, "reason": reason }));
    state.emit("review.closed", review);
    Ok(())
}

/// Closes the open review of a charge, if it has one. The reason says that the charge was refunded or disputed.
pub(crate) fn close_review_of(state: &mut State, charge: &Value, reason: &str) -> Result<(), Refused> {
    match charge["review"].as_str() {
        Some(review) => close(state, review, reason),
        None => Ok(()),
    }
}

/// Sets the review of a charge and its payment intent. Both name their review only while it is open.
fn set_review(state: &mut State, charge: &Value, review: Value) {
    state.set(text(charge, "id"), json!({ "review": review }));
    state.set(text(charge, "payment_intent"), json!({ "review": review }));
}
