//! The shapes of a subscription, an invoice and an invoice payment (the link between an invoice and its payment).

use serde_json::{Value, json};

use crate::state::{Line, number, text};
use crate::{ids, objects};

/// A period of a subscription. Times are in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// The fields of a new subscription.
pub(crate) struct NewSubscription<'a> {
    pub(crate) customer: &'a str,
    pub(crate) currency: &'a str,
    pub(crate) lines: &'a [Line],
    pub(crate) metadata: Value,
    pub(crate) description: Value,
    pub(crate) payment_method: &'a str,
    pub(crate) period: Period,
    pub(crate) now: i64,
}

/// A new subscription, which waits for its first payment.
pub(crate) fn subscription(new: &NewSubscription<'_>) -> Value {
    let id = ids::new("sub_");
    let items = new.lines.iter().map(|line| item(line, &id, new.period, new.now)).collect();
    json!({
        "items": objects::list(&format!("/v1/subscription_items?subscription={id}"), items, false),
        "id": id,
        "object": "subscription",
        "application": null,
        "application_fee_percent": null,
        "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
        "billing_cycle_anchor": new.period.start,
        "billing_cycle_anchor_config": null,
        "billing_mode": { "type": "flexible", "flexible": { "proration_discounts": "included" }, "updated_at": new.now },
        "billing_schedules": [],
        "billing_thresholds": null,
        "cancel_at": null,
        "cancel_at_period_end": false,
        "canceled_at": null,
        "cancellation_details": { "comment": null, "feedback": null, "reason": null },
        "collection_method": "charge_automatically",
        "created": new.now,
        "currency": new.currency,
        "customer": new.customer,
        "customer_account": null,
        "days_until_due": null,
        "default_payment_method": new.payment_method,
        "default_source": null,
        "default_tax_rates": [],
        "description": new.description,
        "discounts": [],
        "ended_at": null,
        "invoice_settings": {
            "account_tax_ids": null,
            "custom_fields": null,
            "description": null,
            "footer": null,
            "issuer": { "type": "self" },
        },
        "latest_invoice": null,
        "livemode": false,
        "managed_payments": { "enabled": false },
        "metadata": new.metadata,
        "next_pending_invoice_item_invoice": null,
        "on_behalf_of": null,
        "pause_collection": null,
        "payment_settings": {
            "payment_method_options": null,
            "payment_method_types": null,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": null,
        "pending_setup_intent": null,
        "pending_update": null,
        "schedule": null,
        "start_date": new.period.start,
        "status": "incomplete",
        "test_clock": null,
        "transfer_data": null,
        "trial_end": null,
        "trial_settings": { "end_behavior": { "missing_payment_method": "create_invoice" } },
        "trial_start": null,
    })
}

fn item(line: &Line, subscription: &str, period: Period, now: i64) -> Value {
    let price = &line.price;
    json!({
        "id": ids::new("si_"),
        "object": "subscription_item",
        "billing_thresholds": null,
        "created": now,
        "current_period_end": period.end,
        "current_period_start": period.start,
        "discounts": [],
        "metadata": {},
        "plan": {
            "id": price["id"],
            "object": "plan",
            "active": false,
            "amount": price["unit_amount"],
            "amount_decimal": price["unit_amount_decimal"],
            "billing_scheme": "per_unit",
            "created": price["created"],
            "currency": price["currency"],
            "interval": price["recurring"]["interval"],
            "interval_count": price["recurring"]["interval_count"],
            "livemode": false,
            "metadata": {},
            "meter": null,
            "nickname": null,
            "product": price["product"],
            "tiers_mode": null,
            "transform_usage": null,
            "trial_period_days": null,
            "usage_type": "licensed",
        },
        "price": price,
        "quantity": line.quantity,
        "subscription": subscription,
        "tax_rates": [],
    })
}

/// The fields of a new invoice. The other fields come from the subscription.
pub(crate) struct NewInvoice<'a> {
    pub(crate) subscription: &'a Value,
    pub(crate) customer: &'a Value,
    /// The billing reason: `subscription_create`, `subscription_cycle` or `upcoming`.
    pub(crate) reason: &'a str,
    pub(crate) period: Period,
    pub(crate) number: String,
    pub(crate) account_name: &'a str,
    pub(crate) now: i64,
}

/// A new invoice, which is a draft.
pub(crate) fn invoice(new: &NewInvoice<'_>) -> Value {
    let id = ids::new("in_");
    let sub = new.subscription;
    let no_items = Vec::new();
    let items = sub["items"]["data"].as_array().unwrap_or(&no_items);
    let lines: Vec<Value> = items.iter().map(|item| line(&id, sub, item, new.period)).collect();
    let total_minor: i64 = lines.iter().map(|line| number(line, "amount")).sum();
    json!({
        "lines": objects::list(&format!("/v1/invoices/{id}/lines"), lines, false),
        "id": id,
        "object": "invoice",
        "account_country": "IE",
        "account_name": new.account_name,
        "account_tax_ids": null,
        "amount_due": total_minor,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": total_minor,
        "amount_shipping": 0,
        "application": null,
        "attempt_count": 0,
        "attempted": false,
        "auto_advance": true,
        "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null, "provider": null, "status": null },
        "automatically_finalizes_at": null,
        "billing_reason": new.reason,
        "collection_method": "charge_automatically",
        "created": new.now,
        "currency": sub["currency"],
        "custom_fields": null,
        "customer": sub["customer"],
        "customer_account": null,
        "customer_address": null,
        "customer_email": new.customer["email"],
        "customer_name": new.customer["name"],
        "customer_phone": null,
        "customer_shipping": null,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": null,
        "default_source": null,
        "default_tax_rates": [],
        "description": sub["description"],
        "discounts": [],
        "due_date": null,
        "effective_at": null,
        "ending_balance": null,
        "footer": null,
        "from_invoice": null,
        "hosted_invoice_url": null,
        "invoice_pdf": null,
        "issuer": { "type": "self" },
        "last_finalization_error": null,
        "latest_revision": null,
        "livemode": false,
        "metadata": {},
        "next_payment_attempt": null,
        "number": new.number,
        "on_behalf_of": null,
        "parent": {
            "quote_details": null,
            "subscription_details": { "metadata": sub["metadata"], "subscription": sub["id"] },
            "type": "subscription_details",
        },
        "payment_settings": { "default_mandate": null, "payment_method_options": null, "payment_method_types": null },
        "period_end": if new.reason == "subscription_create" { new.now } else { new.period.start },
        "period_start": new.now,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": null,
        "rendering": null,
        "shipping_cost": null,
        "shipping_details": null,
        "starting_balance": 0,
        "statement_descriptor": null,
        "status": "draft",
        "status_transitions": { "finalized_at": null, "marked_uncollectible_at": null, "paid_at": null, "voided_at": null },
        "subtotal": total_minor,
        "subtotal_excluding_tax": total_minor,
        "test_clock": null,
        "total": total_minor,
        "total_discount_amounts": [],
        "total_excluding_tax": total_minor,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": null,
    })
}

fn line(invoice: &str, sub: &Value, item: &Value, period: Period) -> Value {
    let amount_minor = number(&item["price"], "unit_amount") * number(item, "quantity");
    json!({
        "id": ids::new("il_"),
        "object": "line_item",
        "amount": amount_minor,
        "currency": sub["currency"],
        "description": format!("{} × contribution", number(item, "quantity")),
        "discount_amounts": [],
        "discountable": true,
        "discounts": [],
        "invoice": invoice,
        "livemode": false,
        "metadata": sub["metadata"],
        "parent": {
            "invoice_item_details": null,
            "subscription_item_details": {
                "invoice_item": null,
                "proration": false,
                "proration_details": { "credited_items": null },
                "subscription": sub["id"],
                "subscription_item": item["id"],
            },
            "type": "subscription_item_details",
        },
        "period": { "end": period.end, "start": period.start },
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": { "price": item["price"]["id"], "product": item["price"]["product"] },
            "type": "price_details",
            "unit_amount_decimal": item["price"]["unit_amount_decimal"],
        },
        "quantity": item["quantity"],
        "quantity_decimal": number(item, "quantity").to_string(),
        "subtotal": amount_minor,
        "taxes": [],
    })
}

/// The invoice payment that records a payment outside Stripe.
pub(crate) fn payment_record(invoice: &Value, now: i64) -> Value {
    json!({
        "id": ids::new("inpay_"),
        "object": "invoice_payment",
        "amount_paid": invoice["amount_due"],
        "amount_requested": invoice["amount_due"],
        "created": now,
        "currency": invoice["currency"],
        "invoice": text(invoice, "id"),
        "is_default": false,
        "livemode": false,
        "payment": { "payment_record": ids::new("pr_"), "type": "payment_record" },
        "status": "paid",
        "status_transitions": { "canceled_at": null, "paid_at": now },
    })
}

/// The invoice payment that links an invoice to the payment intent that will pay it.
pub(crate) fn invoice_payment(invoice: &Value, intent: &str, now: i64) -> Value {
    json!({
        "id": ids::new("inpay_"),
        "object": "invoice_payment",
        "amount_paid": null,
        "amount_requested": invoice["amount_due"],
        "created": now,
        "currency": invoice["currency"],
        "invoice": text(invoice, "id"),
        "is_default": true,
        "livemode": false,
        "payment": { "payment_intent": intent, "type": "payment_intent" },
        "status": "open",
        "status_transitions": { "canceled_at": null, "paid_at": null },
    })
}
