//! Invoices: drawn up, made final, announced, and given up.

use serde_json::{Value, json};

use crate::Refused;
use crate::books::{Books, number, text};
use crate::flows::{billing, payments};
use crate::ids;
use crate::objects::billing::{self as objects, NewInvoice, Period};

/// Draws an invoice up; it is still a draft.
pub(crate) fn draft(books: &mut Books, subscription: &str, reason: &str, period: Period) -> String {
    let object = drawn_up(books, subscription, reason, period);
    let customer = text(&object, "customer").to_owned();
    let sequence = number(&books.see(&customer), "next_invoice_sequence");
    let invoice = books.put(object);
    books.set(&customer, json!({ "next_invoice_sequence": sequence + 1 }));
    books.set(subscription, json!({ "latest_invoice": invoice }));
    books.emit("invoice.created", &invoice);
    invoice
}

fn drawn_up(books: &Books, subscription: &str, reason: &str, period: Period) -> Value {
    let sub = books.see(subscription);
    let customer = books.see(text(&sub, "customer"));
    let sequence = number(&customer, "next_invoice_sequence");
    objects::invoice(&NewInvoice {
        subscription: &sub,
        customer: &customer,
        reason,
        period,
        number: format!("{}-{sequence:04}", text(&customer, "invoice_prefix")),
        account_name: &books.account_name,
        now: books.now(),
    })
}

/// Makes an invoice final and ties it to the payment intent that is to pay it, if one is.
pub(crate) fn finalize(books: &mut Books, invoice: &str, intent: Option<&str>) {
    let now = books.now();
    let fields = json!({
        "auto_advance": false,
        "effective_at": now,
        "last_finalization_error": null,
        "status": "open",
        "status_transitions": transition(books, invoice, "finalized_at"),
    });
    books.set(invoice, fields);
    if let Some(intent) = intent {
        let tie = objects::invoice_payment(&books.see(invoice), intent, now);
        books.put(tie);
    }
    books.emit("invoice.finalized", invoice);
}

/// Stripe can't make the invoice final, as when it can't tell the tax; it stays a draft.
pub(crate) fn fail_to_finalize(books: &mut Books, invoice: &str) {
    let error = json!({
        "code": "customer_tax_location_invalid",
        "doc_url": "https://docs.stripe.com/error-codes#customer-tax-location-invalid",
        "message": "The customer's location isn't recognized.",
        "type": "invalid_request_error",
    });
    books.set(invoice, json!({ "last_finalization_error": error }));
    books.emit("invoice.finalization_failed", invoice);
}

/// Tells of the invoice that a subscription's next period will bring. It is not kept.
pub(crate) fn announce(books: &mut Books, subscription: &str, period: Period) {
    let mut invoice = drawn_up(books, subscription, "upcoming", period);
    invoice["id"] = json!(ids::new("upcoming_in_"));
    invoice["number"] = Value::Null;
    invoice["next_payment_attempt"] = json!(period.start);
    books.emit_object("invoice.upcoming", &invoice, Value::Null);
}

/// Takes an invoice back: nobody owes it, and its payment is called off.
pub(crate) fn void(books: &mut Books, invoice: &str) -> Result<(), Refused> {
    unpaid(books, invoice, &["open", "uncollectible"])?;
    let now = books.now();
    let fields = json!({
        "auto_advance": false,
        "next_payment_attempt": null,
        "status": "void",
        "status_transitions": transition(books, invoice, "voided_at"),
    });
    books.set(invoice, fields);
    if let Some(intent) = billing::intent_of(books, invoice) {
        payments::cancel(books, &intent, "void_invoice")?;
    }
    if let Some(tie) = billing::tie_of(books, invoice).map(|tie| text(tie, "id").to_owned()) {
        let transitions = json!({ "canceled_at": now, "paid_at": null });
        books.set(&tie, json!({ "status": "canceled", "status_transitions": transitions }));
    }
    books.emit("invoice.voided", invoice);
    forgive(books, invoice);
    Ok(())
}

/// Writes an invoice off as one that nobody will pay.
pub(crate) fn mark_uncollectible(books: &mut Books, invoice: &str) -> Result<(), Refused> {
    unpaid(books, invoice, &["open"])?;
    let fields = json!({
        "auto_advance": false,
        "next_payment_attempt": null,
        "status": "uncollectible",
        "status_transitions": transition(books, invoice, "marked_uncollectible_at"),
    });
    books.set(invoice, fields);
    books.emit("invoice.marked_uncollectible", invoice);
    forgive(books, invoice);
    Ok(())
}

/// Somebody marks an invoice as paid outside Stripe: in cash, or by a transfer to the account's own bank.
pub(crate) fn pay_outside(books: &mut Books, invoice: &str) -> Result<(), Refused> {
    unpaid(books, invoice, &["open", "uncollectible"])?;
    let now = books.now();
    let object = books.see(invoice);
    let fields = json!({
        "amount_paid": object["amount_due"],
        "amount_remaining": 0,
        "auto_advance": false,
        "next_payment_attempt": null,
        "status": "paid",
        "status_transitions": transition(books, invoice, "paid_at"),
    });
    books.set(invoice, fields);
    if let Some(intent) = billing::intent_of(books, invoice) {
        payments::cancel(books, &intent, "void_invoice")?;
    }
    if let Some(tie) = billing::tie_of(books, invoice).map(|tie| text(tie, "id").to_owned()) {
        let transitions = json!({ "canceled_at": now, "paid_at": null });
        books.set(&tie, json!({ "status": "canceled", "status_transitions": transitions }));
    }
    let record = books.put(objects::payment_record(&object, now));
    books.emit("invoice.paid", invoice);
    books.emit("invoice.payment_succeeded", invoice);
    books.emit("invoice_payment.paid", &record);
    if let Some(subscription) = billing::subscription_of(&object) {
        billing::change_status(books, &subscription, "active");
    }
    Ok(())
}

/// A subscription whose newest invoice is off the table is not past due any more.
fn forgive(books: &mut Books, invoice: &str) {
    let Some(subscription) = billing::subscription_of(&books.see(invoice)) else {
        return;
    };
    let sub = books.see(&subscription);
    if text(&sub, "status") == "past_due" && text(&sub, "latest_invoice") == invoice {
        billing::change_status(books, &subscription, "active");
    }
}

fn unpaid(books: &Books, invoice: &str, states: &[&str]) -> Result<(), Refused> {
    let object = books.want("invoice", invoice)?;
    let status = text(&object, "status");
    if states.contains(&status) {
        return Ok(());
    }
    let sentence = format!("This invoice is {status}; only one that is {} can be.", states.join(" or "));
    Err(Refused::invalid(Some("invoice_not_editable"), sentence))
}

/// The invoice's transitions with this one made now.
fn transition(books: &Books, invoice: &str, name: &str) -> Value {
    let mut transitions = books.see(invoice)["status_transitions"].clone();
    transitions[name] = json!(books.now());
    transitions
}
