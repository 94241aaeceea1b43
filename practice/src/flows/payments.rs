//! What every payment has in common: the payment intent and its charge.

use serde_json::{Value, json};

use crate::Refused;
use crate::books::{Books, text};
use crate::flows::balance;
use crate::objects::payment::{self, Method, NewIntent, Payer};

/// Makes a payment intent and tells of it.
pub(crate) fn create_intent(books: &mut Books, new: &NewIntent<'_>) -> String {
    let id = books.put(payment::payment_intent(new));
    books.emit("payment_intent.created", &id);
    id
}

/// Makes the payment method that somebody typed into the hosted page.
pub(crate) fn create_method(books: &mut Books, method: Method, payer: &Payer, customer: &Value) -> String {
    let now = books.now();
    let id = books.put(payment::payment_method(method, payer, customer, now));
    if method == Method::BankDebit {
        books.put(payment::mandate(&id, now));
    }
    id
}

/// The mandate that lets a bank debit be taken, if this method has one.
pub(crate) fn mandate_of(books: &Books, method: &str) -> Option<String> {
    let mandate = books.all("mandate").find(|mandate| text(mandate, "payment_method") == method)?;
    Some(text(mandate, "id").to_owned())
}

/// The payment went through: the charge is made, or the pending one settles.
pub(crate) fn succeed(books: &mut Books, intent: &str, method: &str) {
    let charge = match pending_charge(books, intent) {
        Some(charge) => {
            books.set(&charge, json!({ "status": "succeeded", "paid": true, "captured": true }));
            charge
        }
        None => new_charge(books, intent, method, "succeeded"),
    };
    let amount = books.see(intent)["amount"].clone();
    books.set(
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
    books.emit("payment_intent.succeeded", intent);
    books.emit("charge.succeeded", &charge);
    balance::charge_succeeded(books, &charge);
}

/// The bank was asked for the money and takes its time.
pub(crate) fn begin_debit(books: &mut Books, intent: &str, method: &str) {
    let charge = new_charge(books, intent, method, "pending");
    books.set(
        intent,
        json!({
            "last_payment_error": null,
            "latest_charge": charge,
            "payment_method": method,
            "status": "processing",
        }),
    );
    books.emit("payment_intent.processing", intent);
    books.emit("charge.pending", &charge);
}

/// The payment failed: a card was declined, or the bank sent the debit back.
pub(crate) fn fail(books: &mut Books, intent: &str, method: &str) {
    let charge = match pending_charge(books, intent) {
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
            books.set(&charge, fields);
            charge
        }
        None => new_charge(books, intent, method, "failed"),
    };
    let failed = books.see(&charge);
    let card = failed["failure_code"] == "card_declined";
    let error = json!({
        "charge": charge,
        "code": if card { "card_declined" } else { "payment_intent_payment_attempt_failed" },
        "decline_code": if card { json!("generic_decline") } else { failed["failure_code"].clone() },
        "doc_url": "https://docs.stripe.com/error-codes",
        "message": failed["failure_message"],
        "payment_method": books.see(method),
        "type": if card { "card_error" } else { "invalid_request_error" },
    });
    books.set(
        intent,
        json!({
            "last_payment_error": error,
            "latest_charge": charge,
            "payment_method": null,
            "processing": null,
            "status": "requires_payment_method",
        }),
    );
    books.emit("payment_intent.payment_failed", intent);
    books.emit("charge.failed", &charge);
}

/// The bank wants to hear from the payer first.
pub(crate) fn ask_for_action(books: &mut Books, intent: &str, method: &str) {
    let fields = json!({
        "next_action": { "type": "use_stripe_sdk", "use_stripe_sdk": { "type": "three_d_secure_redirect" } },
        "payment_method": method,
        "status": "requires_action",
    });
    books.set(intent, fields);
    books.emit("payment_intent.requires_action", intent);
}

/// Calls a payment off that did not go through.
pub(crate) fn cancel(books: &mut Books, intent: &str, reason: &str) -> Result<(), Refused> {
    let object = books.want("payment_intent", intent)?;
    let status = text(&object, "status");
    if !matches!(status, "requires_payment_method" | "requires_action") {
        let sentence = format!("You cannot cancel this PaymentIntent because it has a status of {status}.");
        return Err(Refused::invalid(Some("payment_intent_unexpected_state"), sentence));
    }
    let fields = json!({
        "canceled_at": books.now(),
        "cancellation_reason": reason,
        "next_action": null,
        "status": "canceled",
    });
    books.set(intent, fields);
    books.emit("payment_intent.canceled", intent);
    Ok(())
}

/// The charge that still waits for the bank, if there is one.
pub(crate) fn pending_charge(books: &Books, intent: &str) -> Option<String> {
    let charge = books.see(text(&books.see(intent), "latest_charge"));
    (text(&charge, "status") == "pending").then(|| text(&charge, "id").to_owned())
}

fn new_charge(books: &mut Books, intent: &str, method: &str, status: &str) -> String {
    let now = books.now();
    let mut charge = payment::charge(&books.see(intent), &books.see(method), status, now);
    if let Some(mandate) = mandate_of(books, method) {
        charge["payment_method_details"]["sepa_debit"]["mandate"] = json!(mandate);
    }
    books.put(charge)
}
