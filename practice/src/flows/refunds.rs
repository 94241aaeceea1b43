//! Refunds, whole and in parts, and those that fail after all.

use serde_json::{Value, json};

use crate::Refused;
use crate::books::{Books, number, text};
use crate::flows::balance::{self, Fee, Move};
use crate::flows::{disputes, reviews};
use crate::money;
use crate::objects::money_back;

/// What the caller says of a refund beside its amount.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    pub(crate) metadata: Value,
    pub(crate) reason: Value,
}

/// The charge behind a charge's or payment intent's id.
pub(crate) fn charge_of(books: &Books, payment_id: &str) -> Result<Value, Refused> {
    if payment_id.starts_with("pi_") {
        let intent = books.want("payment_intent", payment_id)?;
        if intent["latest_charge"].is_null() {
            return Err(Refused::invalid(
                None,
                format!("This PaymentIntent ({payment_id}) does not have a successful charge to refund."),
            ));
        }
        return books.want("charge", text(&intent, "latest_charge"));
    }
    books.want("charge", payment_id)
}

/// Gives money back; the refund's id.
pub(crate) fn refund(
    books: &mut Books,
    payment_id: &str,
    amount_minor: Option<i64>,
    wish: &Wish,
) -> Result<String, Refused> {
    let charge = charge_of(books, payment_id)?;
    let charge_id = text(&charge, "id").to_owned();
    let left_minor = number(&charge, "amount") - number(&charge, "amount_refunded");
    let amount_minor = amount_minor.unwrap_or(left_minor);
    check(books, &charge, amount_minor, left_minor)?;
    let metadata = if wish.metadata.is_null() { json!({}) } else { wish.metadata.clone() };
    let now = books.now();
    let refund = books.put(money_back::refund(&charge, amount_minor, &metadata, &wish.reason, now));
    let entry = book(books, &refund, &charge, -amount_minor);
    books.set(&refund, json!({ "balance_transaction": entry }));
    let refunded_minor = number(&charge, "amount_refunded") + amount_minor;
    let fields =
        json!({ "amount_refunded": refunded_minor, "refunded": refunded_minor == number(&charge, "amount") });
    let before = books.set(&charge_id, fields);
    books.emit_change("charge.refunded", &charge_id, before);
    books.emit("refund.created", &refund);
    reference_arrives(books, &refund);
    if refunded_minor == number(&charge, "amount") {
        reviews::overtaken(books, &charge, "refunded")?;
        disputes::close_inquiries(books, &charge_id)?;
    }
    Ok(refund)
}

fn check(books: &Books, charge: &Value, amount_minor: i64, left_minor: i64) -> Result<(), Refused> {
    let id = text(charge, "id");
    let currency = text(charge, "currency");
    if text(charge, "status") != "succeeded" {
        return Err(Refused::invalid(
            None,
            format!("Charge {id} did not succeed, so there is nothing to refund."),
        ));
    }
    if disputes::forbids_refund(books, id) {
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
        let (asked, left) = (money::format(amount_minor, currency), money::format(left_minor, currency));
        let sentence =
            format!("Refund amount ({asked}) is greater than unrefunded amount on charge ({left})");
        return Err(Refused { param: Some("amount".to_owned()), ..Refused::invalid(None, sentence) });
    }
    Ok(())
}

/// The card network names the refund a little later, which is what `refund.updated` usually tells.
fn reference_arrives(books: &mut Books, refund: &str) {
    let mut details = books.see(refund)["destination_details"].clone();
    if details["type"] != "card" {
        return;
    }
    details["card"]["reference"] = json!("00000000000000000000000");
    details["card"]["reference_status"] = json!("available");
    let before = books.set(refund, json!({ "destination_details": details }));
    books.emit_change("refund.updated", refund, before);
}

/// A refund that had succeeded fails: the money is back with the account.
pub(crate) fn fail(books: &mut Books, refund_id: &str) -> Result<(), Refused> {
    let refund = books.want("refund", refund_id)?;
    if text(&refund, "status") == "failed" {
        return Err(Refused::invalid(None, format!("Refund {refund_id} has failed already.")));
    }
    let charge = books.want("charge", text(&refund, "charge"))?;
    let amount_minor = number(&refund, "amount");
    let entry = book(books, refund_id, &charge, amount_minor);
    let fields = json!({
        "failure_balance_transaction": entry,
        "failure_reason": "expired_or_canceled_card",
        "status": "failed",
    });
    let before = books.set(refund_id, fields);
    let refunded_minor = number(&charge, "amount_refunded") - amount_minor;
    books.set(text(&charge, "id"), json!({ "amount_refunded": refunded_minor, "refunded": false }));
    books.emit_change("charge.refund.updated", refund_id, before.clone());
    books.emit_change("refund.updated", refund_id, before);
    books.emit("refund.failed", refund_id);
    Ok(())
}

/// Adds to a refund's metadata; two events tell of it, as at Stripe.
pub(crate) fn add_metadata(books: &mut Books, refund: &str, more: Value) -> Result<(), Refused> {
    let mut metadata = books.want("refund", refund)?["metadata"].clone();
    if let (Value::Object(metadata), Value::Object(more)) = (&mut metadata, more) {
        metadata.extend(more);
    }
    let before = books.set(refund, json!({ "metadata": metadata }));
    if before.as_object().is_some_and(|fields| !fields.is_empty()) {
        books.emit_change("charge.refund.updated", refund, before.clone());
        books.emit_change("refund.updated", refund, before);
    }
    Ok(())
}

fn book(books: &mut Books, refund_id: &str, charge: &Value, amount_minor: i64) -> String {
    let refund = books.see(refund_id);
    let kind = match amount_minor {
        1.. => "refund_failure",
        _ if balance::is_card(charge) => "refund",
        _ => "payment_refund",
    };
    balance::book(
        books,
        &Move {
            kind,
            amount_minor,
            fee: Fee::None,
            currency: text(&refund, "currency"),
            source: refund_id,
            description: json!("REFUND FOR CHARGE"),
            available_on: balance::available_with(books, charge),
        },
    )
}
