//! Disputes: opened, with the money taken at once; won, with it given back; or lost.

use serde_json::{Value, json};

use crate::books::{Books, number, text};
use crate::flows::balance::{self, Fee, Move};
use crate::flows::refunds::charge_of;
use crate::objects::money_back;
use crate::{Outcome, Refused};

/// Opens a dispute; its id. It may go above what refunds have left, as at Stripe.
pub(crate) fn open(
    books: &mut Books,
    payment_id: &str,
    amount_minor: Option<i64>,
) -> Result<String, Refused> {
    let charge = charge_of(books, payment_id)?;
    let charge_id = text(&charge, "id").to_owned();
    let amount_minor = amount_minor.unwrap_or_else(|| number(&charge, "amount"));
    if text(&charge, "status") != "succeeded" {
        return Err(Refused::invalid(
            None,
            format!("Charge {charge_id} did not succeed, so nobody can dispute it."),
        ));
    }
    if charge["disputed"] == true {
        return Err(Refused::invalid(
            Some("charge_disputed"),
            format!("Charge {charge_id} is disputed already."),
        ));
    }
    if amount_minor < 1 || amount_minor > number(&charge, "amount") {
        let sentence = "The disputed amount must be between 1 and the charge's amount.";
        return Err(Refused::param("parameter_invalid_integer", "amount", sentence));
    }
    let now = books.now();
    let dispute = books.put(money_back::dispute(&charge, amount_minor, now));
    books.set(&charge_id, json!({ "disputed": true }));
    book(books, &dispute, -amount_minor);
    books.emit("charge.dispute.created", &dispute);
    books.emit("charge.dispute.funds_withdrawn", &dispute);
    Ok(dispute)
}

/// Ends a dispute that is still open.
pub(crate) fn close(books: &mut Books, dispute_id: &str, outcome: Outcome) -> Result<(), Refused> {
    let dispute = books.want("dispute", dispute_id)?;
    if matches!(text(&dispute, "status"), "won" | "lost") {
        return Err(Refused::invalid(None, format!("Dispute {dispute_id} is closed already.")));
    }
    match outcome {
        Outcome::Lost => {
            books.set(dispute_id, json!({ "status": "lost" }));
            books.emit("charge.dispute.closed", dispute_id);
        }
        Outcome::Won => {
            books.set(dispute_id, json!({ "status": "won" }));
            book(books, dispute_id, number(&dispute, "amount"));
            books.emit("charge.dispute.closed", dispute_id);
            books.emit("charge.dispute.funds_reinstated", dispute_id);
        }
    }
    Ok(())
}

/// Writes a dispute's money into the balance and into the dispute.
fn book(books: &mut Books, dispute_id: &str, amount_minor: i64) {
    let dispute = books.see(dispute_id);
    let entry = balance::book(
        books,
        &Move {
            kind: "adjustment",
            amount_minor,
            fee: if amount_minor < 0 { Fee::Dispute } else { Fee::None },
            currency: text(&dispute, "currency"),
            source: dispute_id,
            description: json!(format!("Dispute for {}", text(&dispute, "charge"))),
            available_on: books.now(),
        },
    );
    let mut entries = dispute["balance_transactions"].clone();
    if let Value::Array(entries) = &mut entries {
        entries.push(books.see(&entry));
    }
    books.set(dispute_id, json!({ "balance_transactions": entries }));
}
