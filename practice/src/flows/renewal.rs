//! The later periods of a subscription: a renewal is paid or fails, or the subscription ends as scheduled.

use serde_json::{Value, json};

use crate::flows::{billing, calendar, invoices, pausing, payments};
use crate::objects::billing::Period;
use crate::objects::payment::NewIntent;
use crate::state::{State, number, text};
use crate::{Refused, Renewal};

/// The billing reason of every invoice of a subscription except the first.
pub(crate) const CYCLE: &str = "subscription_cycle";

/// Moves a subscription forward by one period. Returns the invoice's id, or `None` if the subscription ended as
/// scheduled.
pub(crate) fn next_period(
    state: &mut State,
    subscription: &str,
    how: Renewal,
) -> Result<Option<String>, Refused> {
    let sub = billing::ongoing_subscription(state, subscription)?;
    if text(&sub, "status") == "paused" {
        let sentence = format!(
            "The subscription '{subscription}' is paused. It has no new periods until it is resumed."
        );
        return Err(Refused::invalid(None, sentence));
    }
    if !sub["cancel_at"].is_null() {
        billing::end_subscription(state, subscription);
        return Ok(None);
    }
    let period = period_after(&sub);
    if let Some(behavior) = pausing::pause_behavior(state, subscription) {
        set_period(state, &sub, period);
        return pausing::renew(state, subscription, period, &behavior).map(Some);
    }
    if how == Renewal::NotFinalized {
        set_period(state, &sub, period);
        let invoice = invoices::create_draft(state, subscription, CYCLE, period);
        invoices::fail_to_finalize(state, &invoice);
        return Ok(Some(invoice));
    }
    if how == Renewal::PaidOutside {
        set_period(state, &sub, period);
        let invoice = invoices::create_draft(state, subscription, CYCLE, period);
        invoices::finalize(state, &invoice, None);
        invoices::pay_outside(state, &invoice)?;
        return Ok(Some(invoice));
    }
    let intent = intent_for(state, &sub);
    set_period(state, &sub, period);
    let invoice = billing::issue_invoice(state, subscription, CYCLE, period, &intent);
    let method = text(&sub, "default_payment_method");
    match how {
        Renewal::Paid => {
            payments::succeed(state, &intent, method);
            billing::invoice_paid(state, &invoice);
        }
        Renewal::NeedsAction => {
            payments::require_action(state, &intent, method);
            state.emit("invoice.payment_action_required", &invoice);
            billing::invoice_failed(state, &invoice);
        }
        // `NotFinalized` and `PaidOutside` have already returned above.
        Renewal::CardFails | Renewal::NotFinalized | Renewal::PaidOutside => {
            payments::fail(state, &intent, method);
            billing::invoice_failed(state, &invoice);
        }
    }
    Ok(Some(invoice))
}

fn intent_for(state: &mut State, sub: &Value) -> String {
    payments::create_intent(
        state,
        &NewIntent {
            amount_minor: total_minor(sub),
            currency: text(sub, "currency"),
            customer: sub["customer"].clone(),
            metadata: json!({}),
            description: json!("Subscription update"),
            now: state.now(),
        },
    )
}

/// Finalizes an invoice that stayed a draft, and pays it.
pub(crate) fn finalize_and_pay(state: &mut State, invoice: &str) -> Result<(), Refused> {
    let object = state.require("invoice", invoice)?;
    let subscription = billing::subscription_of(&object).unwrap_or_default();
    let sub = billing::ongoing_subscription(state, &subscription)?;
    if text(&object, "status") != "draft" {
        let sentence = "This invoice is already finalized, you can't re-finalize a non-draft invoice.";
        return Err(Refused::invalid(Some("invoice_not_editable"), sentence));
    }
    let intent = intent_for(state, &sub);
    invoices::finalize(state, invoice, Some(&intent));
    payments::succeed(state, &intent, text(&sub, "default_payment_method"));
    billing::invoice_paid(state, invoice);
    Ok(())
}

/// Announces the invoice of the next period, as Stripe does some days before the period begins.
pub(crate) fn announce(state: &mut State, subscription: &str) -> Result<(), Refused> {
    let sub = billing::ongoing_subscription(state, subscription)?;
    invoices::announce(state, subscription, period_after(&sub));
    Ok(())
}

/// Pays the newest invoice of a subscription. The invoice must be open, and no payment of it may be pending.
pub(crate) fn pay_open_invoice(state: &mut State, subscription: &str) -> Result<(), Refused> {
    let sub = billing::ongoing_subscription(state, subscription)?;
    let invoice = text(&sub, "latest_invoice").to_owned();
    let intent = billing::intent_of(state, &invoice);
    let is_open = text(&state.copy_of(&invoice), "status") == "open";
    let Some(intent) = intent.filter(|intent| is_open && payments::pending_charge(state, intent).is_none())
    else {
        return Err(Refused::invalid(
            None,
            "This subscription's newest invoice can't be paid: it is not open or its payment is pending.",
        ));
    };
    payments::succeed(state, &intent, text(&sub, "default_payment_method"));
    billing::invoice_paid(state, &invoice);
    Ok(())
}

/// The period that follows the subscription's current period.
fn period_after(sub: &Value) -> Period {
    let item = &sub["items"]["data"][0];
    let recurring = &item["price"]["recurring"];
    let start = number(item, "current_period_end");
    let count = number(recurring, "interval_count").max(1);
    let end =
        calendar::next_end(number(sub, "billing_cycle_anchor"), start, text(recurring, "interval"), count);
    Period { start, end }
}

fn total_minor(sub: &Value) -> i64 {
    let items = sub["items"]["data"].as_array();
    items
        .into_iter()
        .flatten()
        .map(|item| number(&item["price"], "unit_amount") * number(item, "quantity"))
        .sum()
}

/// Sets the current period of a subscription. As with Stripe, the period is stored in the subscription's items, not in
/// the subscription itself.
fn set_period(state: &mut State, sub: &Value, period: Period) {
    let mut items = sub["items"].clone();
    for item in items["data"].as_array_mut().into_iter().flatten() {
        item["current_period_start"] = json!(period.start);
        item["current_period_end"] = json!(period.end);
    }
    let id = text(sub, "id");
    let before = state.set(id, json!({ "items": items }));
    state.emit_change("customer.subscription.updated", id, before);
}
