//! Subscriptions: the first payment, the payment of invoices, and the end.

use serde_json::{Value, json};

use crate::Refused;
use crate::flows::{calendar, checkout, invoices, payments};
use crate::objects::billing::{self, NewSubscription, Period};
use crate::objects::payment::{Method, Payer};
use crate::state::{State, number, text};

pub(crate) use crate::flows::renewal::{next_period, pay_open_invoice};

/// Creates a subscription with its first payment. Returns fields for the session: the ids of the subscription and its
/// first invoice.
pub(crate) fn begin_subscription(
    state: &mut State,
    session: &Value,
    customer: &Value,
    payer: &Payer,
    method: Method,
) -> Value {
    let session_id = text(session, "id");
    let plan = state.plans.get(session_id).cloned().unwrap_or_default();
    let (unit, count) = plan.interval.clone().unwrap_or(("month".to_owned(), 1));
    let now = state.now();
    let period = Period { start: now, end: calendar::next_end(now, now, &unit, count) };
    let method_id = payments::create_method(state, method, payer, customer);
    state.emit("payment_method.attached", &method_id);
    let object = billing::subscription(&NewSubscription {
        customer: customer.as_str().unwrap_or_default(),
        currency: text(session, "currency"),
        lines: &plan.lines,
        metadata: plan.subscription_metadata,
        description: plan.subscription_description,
        payment_method: &method_id,
        period,
        now,
    });
    let subscription = state.put(object);
    state.emit("customer.subscription.created", &subscription);
    let intent = checkout::intent_for(state, session);
    state.set(&intent, json!({ "customer": customer }));
    let invoice = issue_invoice(state, &subscription, "subscription_create", period, &intent);
    if let Some(plan) = state.plans.get_mut(session_id) {
        plan.invoice = Some(invoice.clone());
    }
    match method {
        Method::Card => {
            payments::succeed(state, &intent, &method_id);
            invoice_paid(state, &invoice);
        }
        Method::BankDebit => {
            payments::begin_bank_debit(state, &intent, &method_id);
            // While the bank debit is pending, the subscription counts as active and its invoice stays open.
            change_status(state, &subscription, "active");
        }
    }
    json!({ "invoice": invoice, "subscription": subscription })
}

/// Creates and finalizes an invoice, and links it to the payment intent that will pay it.
pub(crate) fn issue_invoice(
    state: &mut State,
    subscription: &str,
    reason: &str,
    period: Period,
    intent: &str,
) -> String {
    let invoice = invoices::create_draft(state, subscription, reason, period);
    invoices::finalize(state, &invoice, Some(intent));
    invoice
}

/// The payment intent that will pay an invoice, or that has paid it.
pub(crate) fn intent_of(state: &State, invoice: &str) -> Option<String> {
    let invoice_payment = invoice_payment_of(state, invoice)?;
    invoice_payment["payment"]["payment_intent"].as_str().map(str::to_owned)
}

/// The object that links an invoice to its payment intent.
pub(crate) fn invoice_payment_of<'a>(state: &'a State, invoice: &str) -> Option<&'a Value> {
    state.all("invoice_payment").find(|invoice_payment| text(invoice_payment, "invoice") == invoice)
}

/// Marks an invoice as paid. The subscription is then active.
pub(crate) fn invoice_paid(state: &mut State, invoice: &str) {
    let now = state.now();
    let object = state.copy_of(invoice);
    let mut transitions = object["status_transitions"].clone();
    transitions["paid_at"] = json!(now);
    let fields = json!({
        "amount_paid": object["amount_due"],
        "amount_remaining": 0,
        "attempt_count": number(&object, "attempt_count") + 1,
        "attempted": true,
        "next_payment_attempt": null,
        "status": "paid",
        "status_transitions": transitions,
    });
    state.set(invoice, fields);
    state.emit("invoice.paid", invoice);
    state.emit("invoice.payment_succeeded", invoice);
    if let Some(payment) = invoice_payment_of(state, invoice).map(|payment| text(payment, "id").to_owned()) {
        let fields = json!({
            "amount_paid": object["amount_due"],
            "status": "paid",
            "status_transitions": { "canceled_at": null, "paid_at": now },
        });
        state.set(&payment, fields);
        state.emit("invoice_payment.paid", &payment);
    }
    if let Some(subscription) = subscription_of(&object) {
        change_status(state, &subscription, "active");
    }
}

/// Marks the payment of an invoice as failed. The subscription is then past due.
pub(crate) fn invoice_failed(state: &mut State, invoice: &str) {
    let object = state.copy_of(invoice);
    let next_try = state.now() + 3 * 86_400;
    let fields = json!({
        "attempt_count": number(&object, "attempt_count") + 1,
        "attempted": true,
        "auto_advance": true,
        "next_payment_attempt": next_try,
    });
    state.set(invoice, fields);
    state.emit("invoice.payment_failed", invoice);
    if let Some(subscription) = subscription_of(&object) {
        change_status(state, &subscription, "past_due");
    }
}

/// The id of the subscription to which an invoice belongs.
pub(crate) fn subscription_of(invoice: &Value) -> Option<String> {
    invoice["parent"]["subscription_details"]["subscription"].as_str().map(str::to_owned)
}

/// Sets the status of a subscription and emits an event if it changed. Does nothing if the subscription has ended.
pub(crate) fn change_status(state: &mut State, subscription: &str, status: &str) {
    if text(&state.copy_of(subscription), "status") == "canceled" {
        return;
    }
    state.change("customer.subscription.updated", subscription, json!({ "status": status }));
}

/// Ends a subscription now. Returns an error if it has already ended.
pub(crate) fn cancel_now(state: &mut State, subscription: &str) -> Result<(), Refused> {
    ongoing_subscription(state, subscription)?;
    end_subscription(state, subscription);
    Ok(())
}

/// Ends a subscription and emits `customer.subscription.deleted`.
pub(crate) fn end_subscription(state: &mut State, subscription: &str) {
    let now = state.now();
    // A scheduled cancellation has already set the time.
    let canceled_at = state.copy_of(subscription)["canceled_at"].as_i64().unwrap_or(now);
    let details = json!({ "comment": null, "feedback": null, "reason": "cancellation_requested" });
    let fields = json!({ "canceled_at": canceled_at, "cancellation_details": details, "ended_at": now, "status": "canceled" });
    state.set(subscription, fields);
    state.emit("customer.subscription.deleted", subscription);
}

/// Schedules a cancellation for the end of the subscription's period. If `set_flag` is true, also sets
/// `cancel_at_period_end`.
pub(crate) fn cancel_later(state: &mut State, subscription: &str, set_flag: bool) -> Result<(), Refused> {
    let sub = ongoing_subscription(state, subscription)?;
    let details = json!({ "comment": null, "feedback": null, "reason": "cancellation_requested" });
    let fields = json!({
        "cancel_at": sub["items"]["data"][0]["current_period_end"],
        "cancel_at_period_end": set_flag,
        "canceled_at": state.now(),
        "cancellation_details": details,
    });
    let before = state.set(subscription, fields);
    state.emit_change("customer.subscription.updated", subscription, before);
    Ok(())
}

/// Withdraws a scheduled cancellation.
pub(crate) fn withdraw_cancellation(state: &mut State, subscription: &str) -> Result<(), Refused> {
    ongoing_subscription(state, subscription)?;
    let details = json!({ "comment": null, "feedback": null, "reason": null });
    let fields = json!({ "cancel_at": null, "cancel_at_period_end": false, "canceled_at": null, "cancellation_details": details });
    let before = state.set(subscription, fields);
    state.emit_change("customer.subscription.updated", subscription, before);
    Ok(())
}

/// Returns a subscription, or an error if it has ended.
pub(crate) fn ongoing_subscription(state: &State, subscription: &str) -> Result<Value, Refused> {
    let sub = state.require("subscription", subscription)?;
    match text(&sub, "status") {
        "canceled" | "incomplete_expired" => Err(Refused::invalid(
            None,
            format!("The subscription '{subscription}' has ended and can't be changed."),
        )),
        _ => Ok(sub),
    }
}

/// Adds metadata to a subscription and emits the event.
pub(crate) fn add_metadata(state: &mut State, subscription: &str, more: Value) {
    let mut metadata = state.copy_of(subscription)["metadata"].clone();
    if let (Value::Object(metadata), Value::Object(more)) = (&mut metadata, more) {
        metadata.extend(more);
    }
    state.change("customer.subscription.updated", subscription, json!({ "metadata": metadata }));
}
