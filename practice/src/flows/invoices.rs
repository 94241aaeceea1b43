//! The life of an invoice: it is announced, created and finalized. It may be voided or marked as uncollectible.

use serde_json::{Value, json};

use crate::Refused;
use crate::flows::{billing, payments};
use crate::ids;
use crate::objects::billing::{self as objects, NewInvoice, Period};
use crate::state::{State, number, text};

/// Creates a draft invoice.
pub(crate) fn create_draft(state: &mut State, subscription: &str, reason: &str, period: Period) -> String {
    let object = new_invoice(state, subscription, reason, period);
    let customer = text(&object, "customer").to_owned();
    let sequence = number(&state.copy_of(&customer), "next_invoice_sequence");
    let invoice = state.put(object);
    state.set(&customer, json!({ "next_invoice_sequence": sequence + 1 }));
    state.set(subscription, json!({ "latest_invoice": invoice }));
    state.emit("invoice.created", &invoice);
    invoice
}

/// An invoice that is not stored yet.
fn new_invoice(state: &State, subscription: &str, reason: &str, period: Period) -> Value {
    let sub = state.copy_of(subscription);
    let customer = state.copy_of(text(&sub, "customer"));
    let sequence = number(&customer, "next_invoice_sequence");
    objects::invoice(&NewInvoice {
        subscription: &sub,
        customer: &customer,
        reason,
        period,
        number: format!("{}-{sequence:04}", text(&customer, "invoice_prefix")),
        account_name: &state.account_name,
        now: state.now(),
    })
}

/// Finalizes an invoice. If `intent` is given, links the invoice to this payment intent, which will pay it.
pub(crate) fn finalize(state: &mut State, invoice: &str, intent: Option<&str>) {
    let now = state.now();
    let fields = json!({
        "auto_advance": false,
        "effective_at": now,
        "last_finalization_error": null,
        "status": "open",
        "status_transitions": transition(state, invoice, "finalized_at"),
    });
    state.set(invoice, fields);
    if let Some(intent) = intent {
        let invoice_payment = objects::invoice_payment(&state.copy_of(invoice), intent, now);
        state.put(invoice_payment);
    }
    state.emit("invoice.finalized", invoice);
}

/// Makes the finalization of an invoice fail, as if Stripe could not compute its tax. The invoice stays a draft.
pub(crate) fn fail_to_finalize(state: &mut State, invoice: &str) {
    let error = json!({
        "code": "customer_tax_location_invalid",
        "doc_url": "https://docs.stripe.com/error-codes#customer-tax-location-invalid",
        "message": "The customer's location isn't recognized.",
        "type": "invalid_request_error",
    });
    state.set(invoice, json!({ "last_finalization_error": error }));
    state.emit("invoice.finalization_failed", invoice);
}

/// Announces the invoice of a subscription's next period with an event. The announced invoice is not stored.
pub(crate) fn announce(state: &mut State, subscription: &str, period: Period) {
    let mut invoice = new_invoice(state, subscription, "upcoming", period);
    invoice["id"] = json!(ids::new("upcoming_in_"));
    invoice["number"] = Value::Null;
    invoice["next_payment_attempt"] = json!(period.start);
    state.emit_object("invoice.upcoming", &invoice, Value::Null);
}

/// Voids an unpaid invoice and cancels its payment.
pub(crate) fn void(state: &mut State, invoice: &str) -> Result<(), Refused> {
    require_status(state, invoice, &["open", "uncollectible"])?;
    let now = state.now();
    let fields = json!({
        "auto_advance": false,
        "next_payment_attempt": null,
        "status": "void",
        "status_transitions": transition(state, invoice, "voided_at"),
    });
    state.set(invoice, fields);
    if let Some(intent) = billing::intent_of(state, invoice) {
        payments::cancel(state, &intent, "void_invoice")?;
    }
    let payment = billing::invoice_payment_of(state, invoice).map(|payment| text(payment, "id").to_owned());
    if let Some(payment) = payment {
        let transitions = json!({ "canceled_at": now, "paid_at": null });
        state.set(&payment, json!({ "status": "canceled", "status_transitions": transitions }));
    }
    state.emit("invoice.voided", invoice);
    reactivate_subscription(state, invoice);
    Ok(())
}

/// Marks an open invoice as uncollectible.
pub(crate) fn mark_uncollectible(state: &mut State, invoice: &str) -> Result<(), Refused> {
    require_status(state, invoice, &["open"])?;
    let fields = json!({
        "auto_advance": false,
        "next_payment_attempt": null,
        "status": "uncollectible",
        "status_transitions": transition(state, invoice, "marked_uncollectible_at"),
    });
    state.set(invoice, fields);
    state.emit("invoice.marked_uncollectible", invoice);
    reactivate_subscription(state, invoice);
    Ok(())
}

/// Marks an invoice as paid outside Stripe, such as in cash or by a transfer to the newsroom's bank account.
pub(crate) fn pay_outside(state: &mut State, invoice: &str) -> Result<(), Refused> {
    require_status(state, invoice, &["open", "uncollectible"])?;
    let now = state.now();
    let object = state.copy_of(invoice);
    let fields = json!({
        "amount_paid": object["amount_due"],
        "amount_remaining": 0,
        "auto_advance": false,
        "next_payment_attempt": null,
        "status": "paid",
        "status_transitions": transition(state, invoice, "paid_at"),
    });
    state.set(invoice, fields);
    if let Some(intent) = billing::intent_of(state, invoice) {
        payments::cancel(state, &intent, "void_invoice")?;
    }
    let payment = billing::invoice_payment_of(state, invoice).map(|payment| text(payment, "id").to_owned());
    if let Some(payment) = payment {
        let transitions = json!({ "canceled_at": now, "paid_at": null });
        state.set(&payment, json!({ "status": "canceled", "status_transitions": transitions }));
    }
    let record = state.put(objects::payment_record(&object, now));
    state.emit("invoice.paid", invoice);
    state.emit("invoice.payment_succeeded", invoice);
    state.emit("invoice_payment.paid", &record);
    if let Some(subscription) = billing::subscription_of(&object) {
        billing::change_status(state, &subscription, "active");
    }
    Ok(())
}

/// Makes a past-due subscription active again, after this invoice was voided or marked as uncollectible. Does nothing
/// if the subscription has a newer invoice.
fn reactivate_subscription(state: &mut State, invoice: &str) {
    let Some(subscription) = billing::subscription_of(&state.copy_of(invoice)) else {
        return;
    };
    let sub = state.copy_of(&subscription);
    if text(&sub, "status") == "past_due" && text(&sub, "latest_invoice") == invoice {
        billing::change_status(state, &subscription, "active");
    }
}

/// Returns an error if the invoice's status is not one of these.
fn require_status(state: &State, invoice: &str, statuses: &[&str]) -> Result<(), Refused> {
    let object = state.require("invoice", invoice)?;
    let status = text(&object, "status");
    if statuses.contains(&status) {
        return Ok(());
    }
    let wanted = statuses.join(" or ");
    let sentence = format!("This invoice is {status}. This call needs an invoice that is {wanted}.");
    Err(Refused::invalid(Some("invoice_not_editable"), sentence))
}

/// The invoice's `status_transitions`, in which this transition has the current time.
fn transition(state: &State, invoice: &str, name: &str) -> Value {
    let mut transitions = state.copy_of(invoice)["status_transitions"].clone();
    transitions[name] = json!(state.now());
    transitions
}
