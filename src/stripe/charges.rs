//! Reads charges, refunds and disputes. Returns facts (what Stripe said about an object). In each function, `event` is
//! the type of the event that reported the object. `event` is empty if the object was fetched, or if it is part of
//! another object. `at_s` is when the object was reported, in seconds since 1970.

use super::field::{BadShape, Object};
use super::objects::event_times;
use super::{balance, currencies, metadata};
use crate::contributions::{
    ChargeFact, DisputeFact, DisputeState, Fact, Latest, Newest, RefundFact, RefundState,
};
use crate::money::Money;

/// Reads a charge and the objects that it contains. These are its refunds (before API version 2022-11-15), and its
/// balance transaction if the request asked Stripe to include it.
pub fn charge_facts(charge: Object<'_>, event: &str, at_s: i64) -> Result<Vec<Fact>, BadShape> {
    let mut facts = vec![Fact::Charge(read_charge(charge, event, at_s)?)];
    facts.extend(currencies::unknown_currency(charge, "amount", is_collected(charge)?)?);
    for refund in charge.list("refunds")? {
        // The event is about the charge, not about the refund, so the event's time is not the time of the refund.
        facts.extend(refund_facts(refund, "", at_s)?);
    }
    if let Some(transaction) = charge.expanded("balance_transaction")? {
        facts.extend(balance::transaction_facts(transaction)?);
    }
    Ok(facts)
}

/// Reads a refund.
pub fn refund_facts(refund: Object<'_>, event: &str, at_s: i64) -> Result<Vec<Fact>, BadShape> {
    let fact = read_refund(refund, event, at_s)?;
    let unknown_currency = currencies::unknown_currency(refund, "amount", fact.left)?;
    Ok([Fact::Refund(fact)].into_iter().chain(unknown_currency).collect())
}

/// Reads a dispute, and the balance transactions that it contains.
pub fn dispute_facts(dispute: Object<'_>, event: &str, at_s: i64) -> Result<Vec<Fact>, BadShape> {
    let fact = read_dispute(dispute, event, at_s)?;
    let unknown_currency = currencies::unknown_currency(dispute, "amount", fact.left)?;
    let mut facts: Vec<Fact> = [Fact::Dispute(fact)].into_iter().chain(unknown_currency).collect();
    for transaction in dispute.array("balance_transactions")? {
        facts.extend(balance::transaction_facts(transaction)?);
    }
    Ok(facts)
}

fn read_charge(it: Object<'_>, event: &str, at_s: i64) -> Result<ChargeFact, BadShape> {
    let paid = collected_amount(it)?;
    let refunded = it.money("amount_refunded")?.filter(|money| money.amount_minor > 0);
    Ok(ChargeFact {
        id: it.id()?,
        origin: metadata::read(it)?,
        payment_intent: it.reference("payment_intent")?,
        invoice: it.reference("invoice")?,
        succeeded_events_s: event_times(paid.is_some() && event == "charge.succeeded", at_s),
        paid,
        refunded: refunded.map(|value| Newest { reported_at_s: at_s, value }),
        created_at_s: it.time("created")?,
        method: it
            .child("payment_method_details")?
            .map(|details| details.text("type"))
            .transpose()?
            .flatten()
            .map(str::to_owned),
    })
}

/// Returns the amount of a paid charge. If only a part of the amount was captured, returns that part.
fn collected_amount(it: Object<'_>) -> Result<Option<Money>, BadShape> {
    if !is_collected(it)? {
        return Ok(None);
    }
    let captured = it.money("amount_captured")?.filter(|money| money.amount_minor > 0);
    Ok(captured.or(it.money("amount")?).filter(|money| money.amount_minor > 0))
}

/// Whether the charge succeeded and was captured, so that its money was taken.
fn is_collected(it: Object<'_>) -> Result<bool, BadShape> {
    Ok(it.text("status")? == Some("succeeded") && it.is_true("captured")?)
}

fn read_refund(it: Object<'_>, event: &str, at_s: i64) -> Result<RefundFact, BadShape> {
    let state = match it.text("status")? {
        Some("pending") => RefundState::Pending,
        Some("requires_action") => RefundState::RequiresAction,
        Some("succeeded") => RefundState::Succeeded,
        Some("failed") => RefundState::Failed,
        Some("canceled") => RefundState::Canceled,
        _ => RefundState::Other,
    };
    Ok(RefundFact {
        id: it.id()?,
        latest: Latest { state, reported_at_s: at_s },
        left: matches!(state, RefundState::Pending | RefundState::Succeeded | RefundState::Failed),
        amount: it.required_money("amount")?,
        created_at_s: Some(it.time("created")?.ok_or(it.bad("created"))?),
        payment_intent: it.reference("payment_intent")?,
        charge: it.reference("charge")?,
        reversed_events_s: event_times(
            matches!(state, RefundState::Failed | RefundState::Canceled)
                && (event.starts_with("refund.") || event == "charge.refund.updated"),
            at_s,
        ),
    })
}

fn read_dispute(it: Object<'_>, event: &str, at_s: i64) -> Result<DisputeFact, BadShape> {
    let state = match it.text("status")?.ok_or(it.bad("status"))? {
        "warning_needs_response" | "warning_under_review" => DisputeState::Warning,
        "needs_response" | "under_review" => DisputeState::Open,
        "warning_closed" | "prevented" | "charge_refunded" => DisputeState::Dropped,
        "won" => DisputeState::Won,
        "lost" => DisputeState::Lost,
        _ => DisputeState::Other,
    };
    // The balance transactions show most reliably whether money moved.
    let has_transaction_with_sign = |sign: i64| -> Result<bool, BadShape> {
        let mut is_found = false;
        for transaction in it.array("balance_transactions")? {
            let amount_minor = transaction.integer("amount")?;
            is_found |= amount_minor.is_some_and(|amount_minor| amount_minor.signum() == sign);
        }
        Ok(is_found)
    };
    let returned =
        matches!(state, DisputeState::Won | DisputeState::Dropped) || has_transaction_with_sign(1)?;
    let left = matches!(state, DisputeState::Open | DisputeState::Won | DisputeState::Lost)
        || has_transaction_with_sign(-1)?;
    let is_dispute_event = event.starts_with("charge.dispute.");
    Ok(DisputeFact {
        id: it.id()?,
        latest: Latest { state, reported_at_s: at_s },
        left,
        returned,
        amount: it.required_money("amount")?,
        created_at_s: Some(it.time("created")?.ok_or(it.bad("created"))?),
        payment_intent: it.reference("payment_intent")?,
        charge: it.reference("charge")?,
        reversed_events_s: event_times(returned && is_dispute_event, at_s),
        inquired: is_inquiry(it.text("status")?),
        left_events_s: event_times(left && is_dispute_event, at_s),
    })
}

/// Whether the status is that of an inquiry: the bank only asks for information, and has not withdrawn money.
pub(super) fn is_inquiry(status: Option<&str>) -> bool {
    status.is_some_and(|status| status.starts_with("warning_"))
}
