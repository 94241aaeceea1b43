//! The life of a dispute. An inquiry may precede it, and a refund may prevent it. A dispute withdraws the money, is
//! answered with evidence, and is won or lost.

use serde_json::{Value, json};

use crate::flows::balance::{self, Fee, Movement};
use crate::flows::refunds::{self, charge_of};
use crate::flows::reviews;
use crate::objects::money_back;
use crate::state::{State, number, text};
use crate::{Outcome, Refused};

/// Opens a dispute and returns its id. As with Stripe, the dispute may exceed the part of the charge that is not
/// refunded. A charge may have several disputes, whose sum must not exceed the charge. This sum does not include won
/// disputes, prevented disputes and closed inquiries.
pub(crate) fn open(
    state: &mut State,
    payment_id: &str,
    amount_minor: Option<i64>,
) -> Result<String, Refused> {
    let (charge, dispute) = create_dispute(state, payment_id, amount_minor, "needs_response")?;
    let amount_minor = number(&state.copy_of(&dispute), "amount");
    book(state, &dispute, -amount_minor);
    state.emit("charge.dispute.created", &dispute);
    state.emit("charge.dispute.funds_withdrawn", &dispute);
    reviews::close_review_of(state, &charge, "disputed")?;
    Ok(dispute)
}

/// Opens an inquiry, which moves no money. Returns its id. At Stripe, an inquiry is a dispute with its own statuses.
pub(crate) fn open_inquiry(
    state: &mut State,
    payment_id: &str,
    amount_minor: Option<i64>,
) -> Result<String, Refused> {
    let (_, dispute) = create_dispute(state, payment_id, amount_minor, "warning_needs_response")?;
    state.emit("charge.dispute.created", &dispute);
    Ok(dispute)
}

/// Refunds the charge and creates a dispute that this refund prevented. Returns the dispute's id.
pub(crate) fn prevent(
    state: &mut State,
    payment_id: &str,
    amount_minor: Option<i64>,
) -> Result<String, Refused> {
    let refund = refunds::refund(state, payment_id, amount_minor, &refunds::RefundDetails::default())?;
    let refunded_minor = number(&state.copy_of(&refund), "amount");
    let (_, dispute) = create_dispute(state, payment_id, Some(refunded_minor), "prevented")?;
    state.emit("charge.dispute.created", &dispute);
    state.emit("charge.dispute.closed", &dispute);
    Ok(dispute)
}

/// Turns an open inquiry into a dispute, which withdraws the money.
pub(crate) fn escalate(state: &mut State, dispute_id: &str) -> Result<(), Refused> {
    let dispute = state.require("dispute", dispute_id)?;
    if !is_inquiry(&dispute) {
        return Err(Refused::invalid(None, format!("Dispute {dispute_id} is not an open inquiry.")));
    }
    let mut details = dispute["payment_method_details"].clone();
    details["card"]["case_type"] = json!("chargeback");
    let fields = json!({
        "is_charge_refundable": false,
        "payment_method_details": details,
        "status": "needs_response",
    });
    let before = state.set(dispute_id, fields);
    book(state, dispute_id, -number(&dispute, "amount"));
    state.emit_change("charge.dispute.updated", dispute_id, before);
    state.emit("charge.dispute.funds_withdrawn", dispute_id);
    Ok(())
}

/// Adds evidence to an open dispute. If `submit` is true, submits the evidence to the bank.
pub(crate) fn answer(
    state: &mut State,
    dispute_id: &str,
    evidence: &Value,
    metadata: Value,
    submit: bool,
) -> Result<(), Refused> {
    let dispute = require_open(state, dispute_id)?;
    let mut fields = json!({ "evidence": dispute["evidence"], "metadata": dispute["metadata"] });
    for (name, more) in [("evidence", evidence), ("metadata", &metadata)] {
        if let (Value::Object(own), Value::Object(more)) = (&mut fields[name], more) {
            own.extend(more.clone());
        }
    }
    if evidence.as_object().is_some_and(|evidence| !evidence.is_empty()) {
        fields["evidence_details"] = dispute["evidence_details"].clone();
        fields["evidence_details"]["has_evidence"] = json!(true);
        if submit {
            let count = number(&dispute["evidence_details"], "submission_count");
            fields["evidence_details"]["submission_count"] = json!(count + 1);
            fields["status"] =
                json!(if is_inquiry(&dispute) { "warning_under_review" } else { "under_review" });
        }
    }
    state.change("charge.dispute.updated", dispute_id, fields);
    Ok(())
}

/// Closes an open dispute or inquiry with this outcome.
pub(crate) fn close(state: &mut State, dispute_id: &str, outcome: Outcome) -> Result<(), Refused> {
    let dispute = require_open(state, dispute_id)?;
    if is_inquiry(&dispute) != (outcome == Outcome::WarningClosed) {
        let sentence = format!(
            "Dispute {dispute_id} has the status {} and can't be closed with this outcome.",
            text(&dispute, "status")
        );
        return Err(Refused::invalid(None, sentence));
    }
    match outcome {
        Outcome::Lost => {
            state.set(dispute_id, json!({ "status": "lost" }));
            state.emit("charge.dispute.closed", dispute_id);
        }
        Outcome::Won => {
            state.set(dispute_id, json!({ "status": "won" }));
            book(state, dispute_id, number(&dispute, "amount"));
            state.emit("charge.dispute.closed", dispute_id);
            state.emit("charge.dispute.funds_reinstated", dispute_id);
        }
        Outcome::WarningClosed => {
            state.set(dispute_id, json!({ "is_charge_refundable": false, "status": "warning_closed" }));
            state.emit("charge.dispute.closed", dispute_id);
        }
    }
    Ok(())
}

/// Closes the open inquiries of a fully refunded charge.
pub(crate) fn close_inquiries(state: &mut State, charge_id: &str) -> Result<(), Refused> {
    let inquiries = disputes_of(state, charge_id).filter(|dispute| is_inquiry(dispute));
    let ids: Vec<String> = inquiries.map(|dispute| text(dispute, "id").to_owned()).collect();
    ids.iter().try_for_each(|id| close(state, id, Outcome::WarningClosed))
}

/// Whether a dispute makes a refund of this charge impossible. Inquiries and prevented disputes allow a refund.
pub(crate) fn forbids_refund(state: &State, charge_id: &str) -> bool {
    disputes_of(state, charge_id).any(|dispute| !is_inquiry(dispute) && !never_withdrew_money(dispute))
}

/// Whether a dispute is still an open inquiry.
pub(crate) fn is_inquiry(dispute: &Value) -> bool {
    matches!(text(dispute, "status"), "warning_needs_response" | "warning_under_review")
}

/// Whether a dispute is open. An open dispute is either an inquiry, or has withdrawn the money and may still return it.
pub(crate) fn is_open(dispute: &Value) -> bool {
    is_inquiry(dispute) || matches!(text(dispute, "status"), "needs_response" | "under_review")
}

fn never_withdrew_money(dispute: &Value) -> bool {
    matches!(text(dispute, "status"), "warning_closed" | "prevented")
}

/// Returns a dispute, or an error if it is closed.
fn require_open(state: &State, dispute_id: &str) -> Result<Value, Refused> {
    let dispute = state.require("dispute", dispute_id)?;
    if is_open(&dispute) {
        return Ok(dispute);
    }
    Err(Refused::invalid(None, format!("Dispute {dispute_id} is already closed.")))
}

fn disputes_of<'a>(state: &'a State, charge_id: &'a str) -> impl Iterator<Item = &'a Value> {
    state.all("dispute").filter(move |dispute| text(dispute, "charge") == charge_id)
}

/// Creates a dispute. Returns an error if the amount exceeds the part of the charge that is not disputed yet.
/// Otherwise, returns the charge in its state before the dispute, and the dispute's id.
fn create_dispute(
    state: &mut State,
    payment_id: &str,
    amount_minor: Option<i64>,
    status: &str,
) -> Result<(Value, String), Refused> {
    let charge = charge_of(state, payment_id)?;
    let charge_id = text(&charge, "id").to_owned();
    if text(&charge, "status") != "succeeded" {
        let sentence = format!("Charge {charge_id} did not succeed, so nobody can dispute it.");
        return Err(Refused::invalid(None, sentence));
    }
    // A won dispute returned its money. A closed inquiry and a prevented dispute never withdrew money.
    let withdrawn = disputes_of(state, &charge_id)
        .filter(|dispute| !never_withdrew_money(dispute) && text(dispute, "status") != "won");
    let withdrawn_minor: i64 = withdrawn.map(|dispute| number(dispute, "amount")).sum();
    let undisputed_minor = number(&charge, "amount") - withdrawn_minor;
    if undisputed_minor <= 0 {
        let sentence = format!("Charge {charge_id} is already disputed.");
        return Err(Refused::invalid(Some("charge_disputed"), sentence));
    }
    let amount_minor = amount_minor.unwrap_or(undisputed_minor);
    if amount_minor < 1 || amount_minor > undisputed_minor {
        let sentence =
            "The disputed amount must be between 1 and the part of the charge that is not yet disputed.";
        return Err(Refused::param("parameter_invalid_integer", "amount", sentence));
    }
    let now = state.now();
    let dispute = state.put(money_back::dispute(&charge, amount_minor, status, now));
    state.set(&charge_id, json!({ "disputed": true }));
    Ok((charge, dispute))
}

/// Creates the balance entry of a dispute, and adds a copy of the entry to the dispute. A negative amount withdraws the
/// money. A positive amount returns it.
fn book(state: &mut State, dispute_id: &str, amount_minor: i64) {
    let dispute = state.copy_of(dispute_id);
    let entry = balance::book(
        state,
        &Movement {
            kind: "adjustment",
            amount_minor,
            fee: if amount_minor < 0 { Fee::Dispute } else { Fee::None },
            currency: text(&dispute, "currency"),
            source: dispute_id,
            description: json!(format!("Dispute for {}", text(&dispute, "charge"))),
            available_on: state.now(),
        },
    );
    let mut entries = dispute["balance_transactions"].clone();
    if let Value::Array(entries) = &mut entries {
        entries.push(state.copy_of(&entry));
    }
    state.set(dispute_id, json!({ "balance_transactions": entries }));
}
