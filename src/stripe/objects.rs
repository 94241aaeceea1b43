//! Turns Stripe's objects into facts (what Stripe said about an object), with one parser for events and fetched
//! objects.
//!
//! The parser reads every shape since 2020. An expandable field contains either an id or an object. Since API version
//! basil (2025), an invoice names its subscription under `parent`, and no longer names its payment intent.

use serde_json::Value;

use super::field::{BadShape, Object};
use super::invoices::{Collection, payment_references, read_collection, read_invoice_payment};
use super::{Envelope, balance, changes, charges, currencies, metadata, signals, subscriptions};
use crate::contributions::{
    Fact, InvoiceFact, InvoiceState, Latest, Origin, SessionFact, SessionMode, SessionState,
    SubscriptionState,
};
use crate::money::Money;

/// The content of an event or of a fetched object.
#[derive(Debug, PartialEq, Eq)]
pub enum Report {
    /// At least one fact.
    Facts(Vec<Fact>),
    /// The event names an object without containing it, so the object must be fetched.
    Named {
        /// Stripe's name for the type of object, such as `charge`.
        object: String,
        /// The object's id.
        id: String,
        /// Whether the object may belong to an account other than ours.
        may_be_elsewhere: bool,
    },
    /// The event is from a connected account, which is not ours.
    ConnectedAccount,
    /// The object is of a kind that is never booked.
    Nothing,
}

/// Reads an event's object.
///
/// # Errors
/// The object is of a kind that is booked, and a required field has an unknown form.
pub fn read_event(envelope: &Envelope<'_>) -> Result<Report, BadShape> {
    if envelope.is_of_connected_account() {
        return Ok(Report::ConnectedAccount);
    }
    // Upcoming invoices have no id.
    if envelope.kind == "invoice.upcoming" {
        return Ok(Report::Nothing);
    }
    // A deleted invoice was a draft: no money follows from it, so its shape does not matter.
    if envelope.kind == "invoice.deleted" {
        let report = read(envelope.object().unwrap_or("null"), &envelope.kind, envelope.created_s());
        return Ok(report.unwrap_or(Report::Nothing));
    }
    if let Some((object, id)) = envelope.related() {
        let may_be_elsewhere = envelope.has_context();
        return Ok(Report::Named { object: object.to_owned(), id: id.to_owned(), may_be_elsewhere });
    }
    let object = envelope.object().unwrap_or("null");
    let mut report = read(object, &envelope.kind, envelope.created_s())?;
    if let Report::Facts(facts) = &mut report {
        add_changes(facts, object, envelope);
    }
    Ok(report)
}

/// Adds the changes that the event reports and that its object does not show.
fn add_changes(facts: &mut [Fact], object: &str, envelope: &Envelope<'_>) {
    match facts {
        [Fact::Subscription(fact), ..] => {
            let Ok(value) = serde_json::from_str(object) else { return };
            let subscription = Object { name: "subscription", value: &value };
            let (kind, at_s) = (envelope.kind.as_str(), envelope.created_s());
            fact.changes = changes::read_changes(subscription, envelope.previous(), kind, at_s);
        }
        [Fact::Dispute(fact), ..] => {
            let previous = envelope.previous();
            fact.inquired |= charges::is_inquiry(previous.get("status").and_then(Value::as_str));
        }
        _ => {}
    }
}

/// The families of events about money. If the object of one of these events has no readable type, that is an error.
const MONEY_EVENTS: [&str; 8] = [
    "checkout.session.",
    "customer.subscription.",
    "invoice.",
    "invoice_payment.",
    "charge.",
    "refund.",
    "payment_intent.",
    "payout.",
];
/// The other families of events that we use.
const OTHER_USED_EVENTS: [&str; 6] =
    ["customer.", "payment_method.", "mandate.", "radar.early_fraud_warning.", "review.", "v2.core."];

/// Whether we use events of this type. If an event of such a type is in Stripe's list of events but was not delivered,
/// the comparison with Stripe stores it.
pub fn is_used_event(event: &str) -> bool {
    MONEY_EVENTS.iter().chain(&OTHER_USED_EVENTS).any(|family| event.starts_with(family))
}

/// Our own type name for the fetched contents of one payout: the payout, and its transactions.
pub const PAYOUT_CONTENTS: &str = "keepopen.payout_contents";
const PAYMENT_FAILED: &str = "invoice.payment_failed";
const ACTION_REQUIRED: &str = "invoice.payment_action_required";
const NO_OBJECT: BadShape = BadShape { object: "event", field: "data.object" };

/// Reads an object that was fetched at `at_s`.
///
/// # Errors
/// See [`read_event`].
pub fn read_fetched(object: &str, at_s: i64) -> Result<Report, BadShape> {
    read(object, "", at_s)
}

/// Reads an object in JSON. `event` is the type of the event that reported the object, and is empty for a fetched one.
/// `at_s` is when the object was reported or fetched, in seconds since 1970.
fn read(text: &str, event: &str, at_s: i64) -> Result<Report, BadShape> {
    let value: Value = serde_json::from_str(text).map_err(|_| NO_OBJECT)?;
    let has_no_type = value.get("object").and_then(Value::as_str).is_none();
    if has_no_type && MONEY_EVENTS.iter().any(|family| event.starts_with(family)) {
        return Err(NO_OBJECT);
    }
    let mut facts = Vec::new();
    add(&mut facts, &value, event, at_s)?;
    Ok(if facts.is_empty() { Report::Nothing } else { Report::Facts(facts) })
}

/// Adds the facts of an object, and of the objects that it contains. `event` and `at_s` are as in [`read`].
fn add(facts: &mut Vec<Fact>, value: &Value, event: &str, at_s: i64) -> Result<(), BadShape> {
    let named = |name| Object { name, value };
    match value.get("object").and_then(Value::as_str) {
        Some("checkout.session") => {
            let session = named("checkout.session");
            let fact = read_session(session, event, at_s)?;
            let paid = fact.latest.state == SessionState::Paid;
            facts.push(Fact::Session(fact));
            facts.extend(currencies::unknown_currency(session, "amount_total", paid)?);
            // A fetched session contains these objects instead of their ids. So the invoice of the first monthly
            // payment can be read here before the invoice's own event arrives.
            for expanded in ["invoice", "subscription", "payment_intent"] {
                if let Some(child) = session.expanded(expanded)? {
                    add(facts, child.value, "", at_s)?;
                }
            }
        }
        Some("subscription") => {
            let subscription = named("subscription");
            let fact = subscriptions::read_subscription(subscription, at_s)?;
            let is_running =
                matches!(fact.latest.state, SubscriptionState::Active | SubscriptionState::PastDue);
            facts.push(Fact::Subscription(fact));
            facts.extend(currencies::unknown_currency_of_subscription(subscription, is_running)?);
        }
        Some("invoice") => {
            let fact = read_invoice(named("invoice"), event, at_s)?;
            let paid = fact.latest.state == InvoiceState::Paid;
            facts.push(Fact::Invoice(fact));
            facts.extend(currencies::unknown_currency(named("invoice"), "amount_paid", paid)?);
        }
        Some("invoice_payment") => {
            facts.push(Fact::InvoicePayment(read_invoice_payment(named("invoice_payment"), event)?));
        }
        Some("charge") => facts.extend(charges::charge_facts(named("charge"), event, at_s)?),
        Some("refund") => facts.extend(charges::refund_facts(named("refund"), event, at_s)?),
        Some("dispute") => facts.extend(charges::dispute_facts(named("dispute"), event, at_s)?),
        Some(other) => facts.extend(other_facts(other, value, at_s)?),
        None => {}
    }
    Ok(())
}

/// Reads an object that is not itself a gift, payment, refund or dispute. Returns nothing for a type that we don't use.
fn other_facts(object: &str, value: &Value, at_s: i64) -> Result<Vec<Fact>, BadShape> {
    let named = |name| Object { name, value };
    Ok(match object {
        "balance_transaction" => balance::transaction_facts(named("balance_transaction"))?,
        "payout" => vec![Fact::Payout(balance::read_payout(named("payout"), at_s)?)],
        PAYOUT_CONTENTS => balance::read_contents(named("payout"), at_s)?,
        "payment_intent" => signals::read_intent(named("payment_intent"), at_s)?,
        "radar.early_fraud_warning" => {
            vec![Fact::Warning(signals::read_warning(named("radar.early_fraud_warning"), at_s)?)]
        }
        "review" => vec![Fact::Review(signals::read_review(named("review"), at_s)?)],
        "customer" => vec![Fact::Customer(signals::read_customer(named("customer"), at_s)?)],
        _ => Vec::new(),
    })
}

fn read_session(it: Object<'_>, event: &str, at_s: i64) -> Result<SessionFact, BadShape> {
    let total = it.money("amount_total")?;
    let state = session_state(it, event)?;
    if state == SessionState::Paid {
        it.required_money("amount_total")?;
    }
    let details = it.child("customer_details")?;
    let entered_email = details.map(|details| details.clean("email")).transpose()?.flatten();
    Ok(SessionFact {
        id: it.id()?,
        latest: Latest { state, reported_at_s: at_s },
        finished: !matches!(state, SessionState::Open | SessionState::Expired),
        mode: it.text("mode")?.map(|mode| match mode {
            "payment" => SessionMode::Payment,
            "subscription" => SessionMode::Subscription,
            _ => SessionMode::Other,
        }),
        total,
        presented: presented_amount(it)?,
        // Sessions have had a creation time only since 2022. For older ones, the event's time replaces it.
        created_at_s: it.time("created")?.or(Some(at_s)),
        origin: metadata::read(it)?,
        customer: it.reference("customer")?,
        email: entered_email.or(it.clean("customer_email")?),
        payment_intent: it.reference("payment_intent")?,
        subscription: it.reference("subscription")?,
        invoice: it.reference("invoice")?,
        paid_events_s: event_times(
            state == SessionState::Paid && event.starts_with("checkout.session."),
            at_s,
        ),
        failed: state == SessionState::Failed,
    })
}

/// Returns a list with the event's time if the event reports a certain change, such as a payment that succeeded. If
/// the event does not report the change, or has no creation time, the list is empty.
pub(super) fn event_times(reports_change: bool, at_s: i64) -> Vec<i64> {
    if reports_change && at_s > 0 { vec![at_s] } else { Vec::new() }
}

/// Returns the amount that the reader saw and paid, if Stripe showed it in the reader's own currency
/// (<https://docs.stripe.com/payments/checkout/adaptive-pricing>).
fn presented_amount(it: Object<'_>) -> Result<Option<Money>, BadShape> {
    let Some(details) = it.child("presentment_details")? else { return Ok(None) };
    details.money_in("presentment_amount", "presentment_currency")
}

fn session_state(it: Object<'_>, event: &str) -> Result<SessionState, BadShape> {
    let status = it.text("status")?;
    if event == "checkout.session.async_payment_failed" || has_payment_failed(it)? {
        return Ok(SessionState::Failed);
    }
    if event == "checkout.session.expired" || status == Some("expired") {
        return Ok(SessionState::Expired);
    }
    // Sessions have had a `status` only since 2021. For older ones, the event's type shows whether they are complete.
    let is_complete = status == Some("complete") || event == "checkout.session.completed";
    Ok(match it.text("payment_status")? {
        Some("paid") => SessionState::Paid,
        Some("no_payment_required") if is_complete => SessionState::NothingToPay,
        // The status is `unpaid`, unknown or missing: in each case, the session is not paid yet.
        _ if is_complete => SessionState::Processing,
        _ => SessionState::Open,
    })
}

/// Whether the payment of a completed session failed. A fetched session of a failed bank debit is still `complete`
/// and `unpaid`; only its expanded payment intent shows the failure.
fn has_payment_failed(it: Object<'_>) -> Result<bool, BadShape> {
    if it.text("status")? != Some("complete") || it.text("payment_status")? != Some("unpaid") {
        return Ok(false);
    }
    let intent = it.expanded("payment_intent")?.map(|intent| intent.text("status")).transpose()?.flatten();
    Ok(matches!(intent, Some("requires_payment_method" | "canceled")))
}

fn read_invoice(it: Object<'_>, event: &str, at_s: i64) -> Result<InvoiceFact, BadShape> {
    let state = match it.text("status")? {
        _ if event == "invoice.deleted" => InvoiceState::Void,
        Some("paid") => InvoiceState::Paid,
        // An invoice whose payment waits for the reader is not paid, and will not be without the reader's action.
        Some("open") if matches!(event, PAYMENT_FAILED | ACTION_REQUIRED) => InvoiceState::Failing,
        Some("open") => InvoiceState::Open,
        Some("draft")
            if event == "invoice.finalization_failed" || it.child("last_finalization_error")?.is_some() =>
        {
            InvoiceState::Stuck
        }
        Some("draft") => InvoiceState::Draft,
        Some("uncollectible") => InvoiceState::Uncollectible,
        Some("void") => InvoiceState::Void,
        _ if it.is_true("paid")? => InvoiceState::Paid,
        _ => InvoiceState::Other,
    };
    let collection = if state == InvoiceState::Paid { read_collection(it)? } else { Collection::default() };
    let parent =
        it.child("parent")?.map(|parent| parent.child("subscription_details")).transpose()?.flatten();
    let details = parent.or(it.child("subscription_details")?);
    let mut paid_by: Vec<String> =
        [it.reference("payment_intent")?, it.reference("charge")?].into_iter().flatten().collect();
    for payment in it.list("payments")? {
        paid_by.extend(payment_references(payment)?);
    }
    // The list is sorted and has no duplicates, like the list of a merged fact, so that repeating a report changes
    // nothing.
    paid_by.sort();
    paid_by.dedup();
    Ok(InvoiceFact {
        id: it.id()?,
        latest: Latest { state, reported_at_s: at_s },
        created_at_s: Some(it.time("created")?.ok_or(it.bad("created"))?),
        paid_at_s: it.child("status_transitions")?.map(|at| at.time("paid_at")).transpose()?.flatten(),
        paid: collection.paid,
        outside: collection.outside,
        through_stripe: collection.through_stripe,
        marked_outside: collection.marked_outside,
        collected_at_once: collection.collected_at_once,
        never_attempted: collection.never_attempted,
        origin: invoice_origin(it, details)?,
        customer: it.reference("customer")?,
        email: it.clean("customer_email")?,
        subscription: match it.reference("subscription")? {
            Some(id) => Some(id),
            None => parent.map(|parent| parent.reference("subscription")).transpose()?.flatten(),
        },
        period: subscriptions::invoice_period(it)?,
        paid_by,
        paid_events_s: event_times(
            state == InvoiceState::Paid && matches!(event, "invoice.paid" | "invoice.payment_succeeded"),
            at_s,
        ),
        failed_events_s: event_times(matches!(event, PAYMENT_FAILED | ACTION_REQUIRED), at_s),
        renews: it.value.get("billing_reason").is_some_and(|reason| reason == "subscription_cycle"),
    })
}

/// Returns our metadata: from the subscription's details, or else from the invoice itself, or else from the first
/// line that has it.
fn invoice_origin(it: Object<'_>, details: Option<Object<'_>>) -> Result<Option<Origin>, BadShape> {
    for holder in details.into_iter().chain([it]).chain(it.list("lines")?) {
        if let Some(origin) = metadata::read(holder)? {
            return Ok(Some(origin));
        }
    }
    Ok(None)
}
