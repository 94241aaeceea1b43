//! The parts that all payments have in common: the payment intent and its charge.

use serde_json::{Value, json};

use crate::Refused;
use crate::flows::balance;
use crate::objects::payment::{self, Method, NewIntent, Payer};
use crate::state::{State, text};

/// Creates a payment intent and emits the event `payment_intent.created`.
pub(crate) fn create_intent(state: &mut State, new: &NewIntent<'_>) -> String {
    let id = state.put(payment::payment_intent(new));
    state.emit("payment_intent.created", &id);
    id
}

/// Creates the payment method that the payer chose on the hosted page.
pub(crate) fn create_method(state: &mut State, method: Method, payer: &Payer, customer: &Value) -> String {
    let now = state.now();
    let id = state.put(payment::payment_method(method, payer, customer, now));
    if method == Method::BankDebit {
        state.put(payment::mandate(&id, now));
    }
    id
}

/// The mandate of a bank debit, if this method has one.
pub(crate) fn mandate_of(state: &State, method: &str) -> Option<String> {
    let mandate = state.all("mandate").find(|mandate| text(mandate, "payment_method") == method)?;
    Some(text(mandate, "id").to_owned())
}

/// Makes a payment succeed. Settles the pending charge if there is one, and otherwise creates a charge.
pub(crate) fn succeed(state: &mut State, intent: &str, method: &str) {
    let charge = match pending_charge(state, intent) {
        Some(charge) => {
            state.set(&charge, json!({ "status": "succeeded", "paid": true, "captured": true }));
            charge
        }
        None => new_charge(state, intent, method, "succeeded"),
    };
    let amount = state.copy_of(intent)["amount"].clone();
    state.set(
        intent,
        json!({
            "amount_received": amount,
            "last_payment_error": null,
            "latest_charge": charge,
            "next_action": null,
            "payment_method": method,
            "processing": null,
            "status": "succeeded",
        }),
    );
    state.emit("payment_intent.succeeded", intent);
    state.emit("charge.succeeded", &charge);
    balance::charge_succeeded(state, &charge);
}

/// Starts a bank debit. Its charge is pending at first.
pub(crate) fn begin_bank_debit(state: &mut State, intent: &str, method: &str) {
    let charge = new_charge(state, intent, method, "pending");
    state.set(
        intent,
        json!({
            "last_payment_error": null,
            "latest_charge": charge,
            "payment_method": method,
            "status": "processing",
        }),
    );
    state.emit("payment_intent.processing", intent);
    state.emit("charge.pending", &charge);
}

/// Makes a payment fail, because the card was declined or the bank returned the debit.
pub(crate) fn fail(state: &mut State, intent: &str, method: &str) {
    let charge = match pending_charge(state, intent) {
        Some(charge) => {
            let outcome = json!({
                "advice_code": null,
                "network_advice_code": null,
                "network_decline_code": null,
                "network_status": "declined_by_network",
                "reason": "insufficient_funds",
                "risk_level": "normal",
                "seller_message": "The bank returned the payment.",
                "type": "issuer_declined",
            });
            let fields = json!({
                "status": "failed",
                "paid": false,
                "captured": false,
                "amount_captured": 0,
                "outcome": outcome,
                "failure_code": "insufficient_funds",
                "failure_message": "The customer's account has insufficient funds to cover this payment.",
            });
            state.set(&charge, fields);
            charge
        }
        None => new_charge(state, intent, method, "failed"),
    };
    let failed_charge = state.copy_of(&charge);
    let is_card = failed_charge["failure_code"] == "card_declined";
    let error = json!({
        "charge": charge,
        "code": if is_card { "card_declined" } else { "payment_intent_payment_attempt_failed" },
        "decline_code": if is_card { "generic_decline" } else { text(&failed_charge, "failure_code") },
        "doc_url": "https://docs.stripe.com/error-codes",
        "message": failed_charge["failure_message"],
        "payment_method": state.copy_of(method),
        "type": if is_card { "card_error" } else { "invalid_request_error" },
    });
    state.set(
        intent,
        json!({
            "last_payment_error": error,
            "latest_charge": charge,
            "payment_method": null,
            "processing": null,
            "status": "requires_payment_method",
        }),
    );
    state.emit("payment_intent.payment_failed", intent);
    state.emit("charge.failed", &charge);
}

/// Makes a payment wait for an action by the payer that the bank requires.
pub(crate) fn require_action(state: &mut State, intent: &str, method: &str) {
    let fields = json!({
        "next_action": { "type": "use_stripe_sdk", "use_stripe_sdk": { "type": "three_d_secure_redirect" } },
        "payment_method": method,
        "status": "requires_action",
    });
    state.set(intent, fields);
    state.emit("payment_intent.requires_action", intent);
}

/// Cancels a payment that did not succeed.
pub(crate) fn cancel(state: &mut State, intent: &str, reason: &str) -> Result<(), Refused> {
    let object = state.require("payment_intent", intent)?;
    let status = text(&object, "status");
    if !matches!(status, "requires_payment_method" | "requires_action") {
        let sentence = format!("You cannot cancel this PaymentIntent because it has a status of {status}.");
        return Err(Refused::invalid(Some("payment_intent_unexpected_state"), sentence));
    }
    let fields = json!({
        "canceled_at": state.now(),
        "cancellation_reason": reason,
        "next_action": null,
        "status": "canceled",
    });
    state.set(intent, fields);
    state.emit("payment_intent.canceled", intent);
    Ok(())
}

/// The pending charge of a payment intent, if there is one.
pub(crate) fn pending_charge(state: &State, intent: &str) -> Option<String> {
    let charge = state.copy_of(text(&state.copy_of(intent), "latest_charge"));
    (text(&charge, "status") == "pending").then(|| text(&charge, "id").to_owned())
}

fn new_charge(state: &mut State, intent: &str, method: &str, status: &str) -> String {
    let now = state.now();
    let mut charge = payment::charge(&state.copy_of(intent), &state.copy_of(method), status, now);
    if let Some(mandate) = mandate_of(state, method) {
        charge["payment_method_details"]["sepa_debit"]["mandate"] = json!(mandate);
    }
    state.put(charge)
}
