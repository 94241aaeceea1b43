//! Full, partial and failed refunds.

use serde_json::{Value, json};

use crate::Refused;
use crate::flows::balance::{self, Fee, Movement};
use crate::flows::{disputes, reviews};
use crate::money;
use crate::objects::money_back;
use crate::state::{State, number, text};

/// The details that the caller gave for a refund, apart from its amount.
#[derive(Debug, Default)]
pub(crate) struct RefundDetails {
    pub(crate) metadata: Value,
    pub(crate) reason: Value,
}

/// The charge with this id, or the latest charge of the payment intent with this id.
pub(crate) fn charge_of(state: &State, payment_id: &str) -> Result<Value, Refused> {
    if payment_id.starts_with("pi_") {
        let intent = state.require("payment_intent", payment_id)?;
        if intent["latest_charge"].is_null() {
            return Err(Refused::invalid(
                None,
                format!("This PaymentIntent ({payment_id}) does not have a successful charge to refund."),
            ));
        }
        return state.require("charge", text(&intent, "latest_charge"));
    }
    state.require("charge", payment_id)
}

/// Refunds an amount of a charge, or with `None` everything that is not refunded yet. Returns the refund's id.
pub(crate) fn refund(
    state: &mut State,
    payment_id: &str,
    amount_minor: Option<i64>,
    details: &RefundDetails,
) -> Result<String, Refused> {
    let charge = charge_of(state, payment_id)?;
    let charge_id = text(&charge, "id").to_owned();
    let left_minor = number(&charge, "amount") - number(&charge, "amount_refunded");
    let amount_minor = amount_minor.unwrap_or(left_minor);
    check_refund(state, &charge, amount_minor, left_minor)?;
    let metadata = if details.metadata.is_null() { json!({}) } else { details.metadata.clone() };
    let now = state.now();
    let refund = state.put(money_back::refund(&charge, amount_minor, &metadata, &details.reason, now));
    let entry = book(state, &refund, &charge, -amount_minor);
    state.set(&refund, json!({ "balance_transaction": entry }));
    let refunded_minor = number(&charge, "amount_refunded") + amount_minor;
    let fields =
        json!({ "amount_refunded": refunded_minor, "refunded": refunded_minor == number(&charge, "amount") });
    let before = state.set(&charge_id, fields);
    state.emit_change("charge.refunded", &charge_id, before);
    state.emit("refund.created", &refund);
    set_reference(state, &refund);
    if refunded_minor == number(&charge, "amount") {
        reviews::close_review_of(state, &charge, "refunded")?;
        disputes::close_inquiries(state, &charge_id)?;
    }
    Ok(refund)
}

fn check_refund(state: &State, charge: &Value, amount_minor: i64, left_minor: i64) -> Result<(), Refused> {
    let id = text(charge, "id");
    let currency = text(charge, "currency");
    if text(charge, "status") != "succeeded" {
        return Err(Refused::invalid(
            None,
            format!("Charge {id} did not succeed, so there is nothing to refund."),
        ));
    }
    if disputes::forbids_refund(state, id) {
        let sentence = format!("Charge {id} has been charged back; cannot issue a refund.");
        return Err(Refused::invalid(Some("charge_disputed"), sentence));
    }
    if left_minor == 0 {
        let sentence = format!("Charge {id} has already been refunded.");
        return Err(Refused::invalid(Some("charge_already_refunded"), sentence));
    }
    if amount_minor <= 0 {
        return Err(Refused::param(
            "parameter_invalid_integer",
            "amount",
            "This value must be greater than or equal to 1.",
        ));
    }
    if amount_minor > left_minor {
        let (requested, left) = (money::format(amount_minor, currency), money::format(left_minor, currency));
        let sentence =
            format!("Refund amount ({requested}) is greater than unrefunded amount on charge ({left})");
        return Err(Refused { param: Some("amount".to_owned()), ..Refused::invalid(None, sentence) });
    }
    Ok(())
}

/// Sets the reference that a card network assigns to a refund, and emits `refund.updated`. At Stripe, this happens
/// shortly after the refund; here it happens at once.
fn set_reference(state: &mut State, refund: &str) {
    let mut details = state.copy_of(refund)["destination_details"].clone();
    if details["type"] != "card" {
        return;
    }
    details["card"]["reference"] = json!("00000000000000000000000");
    details["card"]["reference_status"] = json!("available");
    let before = state.set(refund, json!({ "destination_details": details }));
    state.emit_change("refund.updated", refund, before);
}

/// Makes a refund fail after it succeeded. The money returns to the account's balance.
pub(crate) fn fail(state: &mut State, refund_id: &str) -> Result<(), Refused> {
    let refund = state.require("refund", refund_id)?;
    if text(&refund, "status") == "failed" {
        return Err(Refused::invalid(None, format!("Refund {refund_id} has already failed.")));
    }
    let charge = state.require("charge", text(&refund, "charge"))?;
    let amount_minor = number(&refund, "amount");
    let entry = book(state, refund_id, &charge, amount_minor);
    let fields = json!({
        "failure_balance_transaction": entry,
        "failure_reason": "expired_or_canceled_card",
        "status": "failed",
    });
    let before = state.set(refund_id, fields);
    let refunded_minor = number(&charge, "amount_refunded") - amount_minor;
    state.set(text(&charge, "id"), json!({ "amount_refunded": refunded_minor, "refunded": false }));
    state.emit_change("charge.refund.updated", refund_id, before.clone());
    state.emit_change("refund.updated", refund_id, before);
    state.emit("refund.failed", refund_id);
    Ok(())
}

/// Adds metadata to a refund. As with Stripe, two events report the change.
pub(crate) fn add_metadata(state: &mut State, refund: &str, more: Value) -> Result<(), Refused> {
    let mut metadata = state.require("refund", refund)?["metadata"].clone();
    if let (Value::Object(metadata), Value::Object(more)) = (&mut metadata, more) {
        metadata.extend(more);
    }
    let before = state.set(refund, json!({ "metadata": metadata }));
    if before.as_object().is_some_and(|fields| !fields.is_empty()) {
        state.emit_change("charge.refund.updated", refund, before.clone());
        state.emit_change("refund.updated", refund, before);
    }
    Ok(())
}

/// Creates the balance entry of a refund. A positive amount is that of a failed refund, whose money returns.
fn book(state: &mut State, refund_id: &str, charge: &Value, amount_minor: i64) -> String {
    let refund = state.copy_of(refund_id);
    let kind = match amount_minor {
        1.. => "refund_failure",
        _ if balance::is_card(charge) => "refund",
        _ => "payment_refund",
    };
    balance::book(
        state,
        &Movement {
            kind,
            amount_minor,
            fee: Fee::None,
            currency: text(&refund, "currency"),
            source: refund_id,
            description: json!("REFUND FOR CHARGE"),
            available_on: balance::reversal_available_on(state, charge),
        },
    )
}
