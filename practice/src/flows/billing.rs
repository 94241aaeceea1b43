//! Subscriptions: the first payment, the invoices and the end.

use serde_json::{Value, json};

use crate::Refused;
use crate::books::{Books, number, text};
use crate::flows::{calendar, checkout, invoices, payments};
use crate::objects::billing::{self, NewSubscription, Period};
use crate::objects::payment::{Method, Payer};

pub(crate) use crate::flows::renewal::{next_period, pay_open_invoice};

/// The first payment of a subscription; what the session shows of it.
pub(crate) fn begin(
    books: &mut Books,
    session: &Value,
    customer: &Value,
    payer: &Payer,
    method: Method,
) -> Value {
    let session_id = text(session, "id");
    let plan = books.plans.get(session_id).cloned().unwrap_or_default();
    let (unit, count) = plan.interval.clone().unwrap_or(("month".to_owned(), 1));
    let now = books.now();
    let period = Period { start: now, end: calendar::next_end(now, now, &unit, count) };
    let method_id = payments::create_method(books, method, payer, customer);
    books.emit("payment_method.attached", &method_id);
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
    let subscription = books.put(object);
    books.emit("customer.subscription.created", &subscription);
    let intent = checkout::intent_for(books, session);
    books.set(&intent, json!({ "customer": customer }));
    let invoice = issue_invoice(books, &subscription, "subscription_create", period, &intent);
    if let Some(plan) = books.plans.get_mut(session_id) {
        plan.invoice = Some(invoice.clone());
    }
    match method {
        Method::Card => {
            payments::succeed(books, &intent, &method_id);
            invoice_paid(books, &invoice);
        }
        Method::BankDebit => {
            payments::begin_debit(books, &intent, &method_id);
            // While the bank takes its time the subscription counts as active and its invoice stays open.
            change_status(books, &subscription, "active");
        }
    }
    json!({ "invoice": invoice, "subscription": subscription })
}

/// Writes an invoice, makes it final, and ties it to the payment intent that is to pay it.
pub(crate) fn issue_invoice(
    books: &mut Books,
    subscription: &str,
    reason: &str,
    period: Period,
    intent: &str,
) -> String {
    let invoice = invoices::draft(books, subscription, reason, period);
    invoices::finalize(books, &invoice, Some(intent));
    invoice
}

/// The payment intent that is to pay an invoice.
pub(crate) fn intent_of(books: &Books, invoice: &str) -> Option<String> {
    let tie = tie_of(books, invoice)?;
    tie["payment"]["payment_intent"].as_str().map(str::to_owned)
}

pub(crate) fn tie_of<'a>(books: &'a Books, invoice: &str) -> Option<&'a Value> {
    books.all("invoice_payment").find(|tie| text(tie, "invoice") == invoice)
}

/// The invoice's money came.
pub(crate) fn invoice_paid(books: &mut Books, invoice: &str) {
    let now = books.now();
    let object = books.see(invoice);
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
    books.set(invoice, fields);
    books.emit("invoice.paid", invoice);
    books.emit("invoice.payment_succeeded", invoice);
    if let Some(tie) = tie_of(books, invoice).map(|tie| text(tie, "id").to_owned()) {
        let fields = json!({
            "amount_paid": object["amount_due"],
            "status": "paid",
            "status_transitions": { "canceled_at": null, "paid_at": now },
        });
        books.set(&tie, fields);
        books.emit("invoice_payment.paid", &tie);
    }
    if let Some(subscription) = subscription_of(&object) {
        change_status(books, &subscription, "active");
    }
}

/// The invoice's money did not come; the subscription is past due.
pub(crate) fn invoice_failed(books: &mut Books, invoice: &str) {
    let object = books.see(invoice);
    let next_try = books.now() + 3 * 86_400;
    let fields = json!({
        "attempt_count": number(&object, "attempt_count") + 1,
        "attempted": true,
        "auto_advance": true,
        "next_payment_attempt": next_try,
    });
    books.set(invoice, fields);
    books.emit("invoice.payment_failed", invoice);
    if let Some(subscription) = subscription_of(&object) {
        change_status(books, &subscription, "past_due");
    }
}

pub(crate) fn subscription_of(invoice: &Value) -> Option<String> {
    invoice["parent"]["subscription_details"]["subscription"].as_str().map(str::to_owned)
}

/// Sets a living subscription's status and tells of it if that is news.
pub(crate) fn change_status(books: &mut Books, subscription: &str, status: &str) {
    if text(&books.see(subscription), "status") == "canceled" {
        return;
    }
    books.change("customer.subscription.updated", subscription, json!({ "status": status }));
}

/// Ends a subscription at once.
pub(crate) fn cancel_now(books: &mut Books, subscription: &str) -> Result<(), Refused> {
    living(books, subscription)?;
    end(books, subscription);
    Ok(())
}

/// Ends a subscription and tells of it.
pub(crate) fn end(books: &mut Books, subscription: &str) {
    let now = books.now();
    let canceled_at = match books.see(subscription)["canceled_at"].as_i64() {
        Some(asked_at) => asked_at,
        None => now,
    };
    let details = json!({ "comment": null, "feedback": null, "reason": "cancellation_requested" });
    let fields = json!({ "canceled_at": canceled_at, "cancellation_details": details, "ended_at": now, "status": "canceled" });
    books.set(subscription, fields);
    books.emit("customer.subscription.deleted", subscription);
}

/// Asks for the end of a subscription when its period is over. `flagged` also sets `cancel_at_period_end`.
pub(crate) fn cancel_later(books: &mut Books, subscription: &str, flagged: bool) -> Result<(), Refused> {
    let sub = living(books, subscription)?;
    let details = json!({ "comment": null, "feedback": null, "reason": "cancellation_requested" });
    let fields = json!({
        "cancel_at": sub["items"]["data"][0]["current_period_end"],
        "cancel_at_period_end": flagged,
        "canceled_at": books.now(),
        "cancellation_details": details,
    });
    let before = books.set(subscription, fields);
    books.emit_change("customer.subscription.updated", subscription, before);
    Ok(())
}

/// Takes a scheduled end back.
pub(crate) fn keep(books: &mut Books, subscription: &str) -> Result<(), Refused> {
    living(books, subscription)?;
    let details = json!({ "comment": null, "feedback": null, "reason": null });
    let fields = json!({ "cancel_at": null, "cancel_at_period_end": false, "canceled_at": null, "cancellation_details": details });
    let before = books.set(subscription, fields);
    books.emit_change("customer.subscription.updated", subscription, before);
    Ok(())
}

/// A subscription that has not ended.
pub(crate) fn living(books: &Books, subscription: &str) -> Result<Value, Refused> {
    let sub = books.want("subscription", subscription)?;
    match text(&sub, "status") {
        "canceled" | "incomplete_expired" => Err(Refused::invalid(
            None,
            format!("The subscription '{subscription}' has ended and can't be changed."),
        )),
        _ => Ok(sub),
    }
}

/// Adds to a subscription's metadata and tells of it.
pub(crate) fn add_metadata(books: &mut Books, subscription: &str, more: Value) {
    let mut metadata = books.see(subscription)["metadata"].clone();
    if let (Value::Object(metadata), Value::Object(more)) = (&mut metadata, more) {
        metadata.extend(more);
    }
    books.change("customer.subscription.updated", subscription, json!({ "metadata": metadata }));
}
