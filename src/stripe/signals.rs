//! Reads objects that are never booked. They can show that something is missing or needs manual review.

use std::cmp::Reverse;

use super::charges::charge_facts;
use super::field::{BadShape, Object};
use super::{currencies, metadata};
use crate::contributions::{
    CustomerFact, Fact, IntentFact, IntentState, Latest, Newest, ReviewFact, WarningFact,
};

/// Reads a payment intent and the charges that it contains. Before API version 2022-11-15, a payment intent contains a
/// list of charges. Since then, it contains the latest charge if the request asked Stripe to include that charge.
pub fn read_intent(it: Object<'_>, at_s: i64) -> Result<Vec<Fact>, BadShape> {
    let failed = it.child("last_payment_error")?.is_some();
    let state = match it.text("status")?.ok_or(it.bad("status"))? {
        "succeeded" => IntentState::Succeeded,
        "processing" => IntentState::Processing,
        "canceled" => IntentState::Canceled,
        "requires_payment_method" | "requires_source" if failed => IntentState::Failing,
        _ => IntentState::Other,
    };
    let received = it.money("amount_received")?.filter(|money| money.amount_minor > 0);
    let mut facts = vec![Fact::Intent(IntentFact {
        id: it.id()?,
        latest: Latest { state, reported_at_s: at_s },
        origin: metadata::read(it)?,
        received: received.filter(|_| state == IntentState::Succeeded),
        charge: it.reference("latest_charge")?,
        invoice: it.reference("invoice")?,
    })];
    facts.extend(currencies::unknown_currency(it, "amount_received", state == IntentState::Succeeded)?);
    for charge in it.list("charges")?.chain(it.expanded("latest_charge")?) {
        facts.extend(charge_facts(charge, "", at_s)?);
    }
    Ok(facts)
}

/// Reads a bank's early fraud warning.
pub fn read_warning(it: Object<'_>, at_s: i64) -> Result<WarningFact, BadShape> {
    Ok(WarningFact {
        id: it.id()?,
        payment_intent: it.reference("payment_intent")?,
        charge: it.reference("charge")?,
        // A warning without this field counts as one that needs action.
        actionable: it.flag("actionable")?.map(|value| Newest { reported_at_s: at_s, value: Reverse(value) }),
    })
}

/// Reads a review, which is a payment that Stripe's fraud rules ask a person to check.
pub fn read_review(it: Object<'_>, at_s: i64) -> Result<ReviewFact, BadShape> {
    let open = it.is_true("open")?;
    Ok(ReviewFact {
        id: it.id()?,
        payment_intent: it.reference("payment_intent")?,
        charge: it.reference("charge")?,
        open: Some(Newest { reported_at_s: at_s, value: open }),
        closed: !open,
    })
}

/// Reads a customer.
pub fn read_customer(it: Object<'_>, at_s: i64) -> Result<CustomerFact, BadShape> {
    let email = it.clean("email")?.map(|value| Newest { reported_at_s: at_s, value });
    Ok(CustomerFact { id: it.id()?, email, deleted: it.is_true("deleted")? })
}
