//! What looks like fraud: early warnings of the card network, and reviews.

use serde_json::{Value, json};

use crate::Refused;
use crate::books::{Books, text};
use crate::flows::refunds::charge_of;
use crate::objects::money_back;

/// Why a review ends.
pub(crate) const REASONS: &[&str] =
    &["approved", "canceled", "disputed", "redacted", "refunded", "refunded_as_fraud"];

/// The card's bank warns of a charge; the warning's id.
pub(crate) fn warn(books: &mut Books, payment_id: &str) -> Result<String, Refused> {
    let charge = charge_of(books, payment_id)?;
    let now = books.now();
    let warning = books.put(money_back::early_fraud_warning(&charge, now));
    books.emit("radar.early_fraud_warning.created", &warning);
    Ok(warning)
}

/// A rule puts a payment up for review; the review's id.
pub(crate) fn open(books: &mut Books, payment_id: &str) -> Result<String, Refused> {
    let charge = charge_of(books, payment_id)?;
    if !charge["review"].is_null() {
        return Err(Refused::invalid(None, format!("Charge {} is in review already.", text(&charge, "id"))));
    }
    let now = books.now();
    let review = books.put(money_back::review(&charge, now));
    tie(books, &charge, json!(review));
    books.emit("review.opened", &review);
    Ok(review)
}

/// Ends a review.
pub(crate) fn close(books: &mut Books, review: &str, reason: &str) -> Result<(), Refused> {
    let object = books.want("review", review)?;
    if object["open"] == false {
        return Err(Refused::invalid(None, format!("The review {review} is closed already.")));
    }
    if !REASONS.contains(&reason) {
        let sentence = format!("Invalid reason: must be one of {}", REASONS.join(", "));
        return Err(Refused::invalid(None, sentence));
    }
    let charge = books.see(text(&object, "charge"));
    tie(books, &charge, Value::Null);
    books.set(review, json!({ "closed_reason": reason, "open": false, "reason": reason }));
    books.emit("review.closed", review);
    Ok(())
}

/// Ends the review that a charge is in, since something else became of the charge.
pub(crate) fn overtaken(books: &mut Books, charge: &Value, reason: &str) -> Result<(), Refused> {
    match charge["review"].as_str() {
        Some(review) => close(books, review, reason),
        None => Ok(()),
    }
}

/// A charge and its payment intent name their review as long as it is open.
fn tie(books: &mut Books, charge: &Value, review: Value) {
    books.set(text(charge, "id"), json!({ "review": review }));
    books.set(text(charge, "payment_intent"), json!({ "review": review }));
}
