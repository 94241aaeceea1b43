//! The shapes of a Checkout Session, its lines and their prices.

use serde_json::{Value, json};

use crate::state::Line;
use crate::{ids, objects};

/// The fields of a new Checkout Session. Amounts are in minor units, and times in seconds since 1970.
pub(crate) struct NewSession<'a> {
    pub(crate) id: &'a str,
    pub(crate) url: &'a str,
    pub(crate) now: i64,
    pub(crate) expires_at: i64,
    pub(crate) mode: &'a str,
    pub(crate) currency: &'a str,
    pub(crate) amount_minor: i64,
    /// The caller's fields that the session shows unchanged.
    pub(crate) caller_fields: &'a Value,
}

/// A new Checkout Session, which is open.
pub(crate) fn session(new: &NewSession<'_>) -> Value {
    let caller = new.caller_fields;
    let one_off = new.mode == "payment";
    let customer_creation = caller["customer_creation"].as_str();
    let customer_creation = match (one_off, caller["customer"].is_null(), customer_creation) {
        (true, true, Some(choice)) => json!(choice),
        (true, true, None) => json!("if_required"),
        _ => json!(null),
    };
    json!({
        "id": new.id,
        "object": "checkout.session",
        "adaptive_pricing": { "enabled": false },
        "after_expiration": null,
        "allow_promotion_codes": null,
        "amount_subtotal": new.amount_minor,
        "amount_total": new.amount_minor,
        "automatic_tax": { "enabled": false, "liability": null, "provider": null, "status": null },
        "billing_address_collection": null,
        "cancel_url": caller["cancel_url"],
        "client_reference_id": caller["client_reference_id"],
        "client_secret": null,
        "collected_information": null,
        "consent": null,
        "consent_collection": null,
        "created": new.now,
        "currency": new.currency,
        "currency_conversion": null,
        "custom_fields": [],
        "custom_text": {
            "after_submit": null,
            "shipping_address": null,
            "submit": null,
            "terms_of_service_acceptance": null,
        },
        "customer": caller["customer"],
        "customer_account": null,
        "customer_creation": customer_creation,
        "customer_details": null,
        "customer_email": caller["customer_email"],
        "discounts": [],
        "expires_at": new.expires_at,
        "integration_identifier": null,
        "invoice": null,
        "invoice_creation": if one_off { no_invoice() } else { Value::Null },
        "livemode": false,
        "locale": caller["locale"],
        "managed_payments": { "enabled": false },
        "metadata": caller["metadata"],
        "mode": new.mode,
        "origin_context": null,
        "payment_intent": null,
        "payment_link": null,
        "payment_method_collection": if one_off { "if_required" } else { "always" },
        "payment_method_configuration_details": null,
        "payment_method_options": { "card": { "request_three_d_secure": "automatic" } },
        "payment_method_types": ["card", "sepa_debit"],
        "payment_status": "unpaid",
        "permissions": null,
        "phone_number_collection": { "enabled": false },
        "recovered_from": null,
        "saved_payment_method_options": null,
        "setup_intent": null,
        "shipping_address_collection": null,
        "shipping_cost": null,
        "shipping_options": [],
        "status": "open",
        "submit_type": caller["submit_type"],
        "subscription": null,
        "success_url": caller["success_url"],
        "total_details": { "amount_discount": 0, "amount_shipping": 0, "amount_tax": 0 },
        "ui_mode": "hosted_page",
        "url": new.url,
        "wallet_options": null,
    })
}

fn no_invoice() -> Value {
    json!({
        "enabled": false,
        "invoice_data": {
            "account_tax_ids": null,
            "custom_fields": null,
            "description": null,
            "footer": null,
            "issuer": null,
            "metadata": {},
            "rendering_options": null,
        },
    })
}

/// The payer's details that a session shows after it is paid.
pub(crate) fn customer_details(email: &str, name: &str) -> Value {
    json!({
        "address": objects::no_address(),
        "business_name": null,
        "email": email,
        "individual_name": null,
        "name": name,
        "phone": null,
        "tax_exempt": "none",
        "tax_ids": [],
    })
}

/// A line of a session, as it appears in `line_items`.
pub(crate) fn line_item(line: &Line) -> Value {
    let amount_minor = line.amount_minor();
    json!({
        "id": line.id,
        "object": "item",
        "adjustable_quantity": null,
        "amount_discount": 0,
        "amount_subtotal": amount_minor,
        "amount_tax": 0,
        "amount_total": amount_minor,
        "currency": line.price["currency"],
        "description": line.name,
        "metadata": {},
        "price": line.price,
        "quantity": line.quantity,
    })
}

/// The price that `price_data` describes. A price with an interval is recurring.
pub(crate) fn price(
    currency: &str,
    amount_minor: i64,
    interval: Option<&(String, i64)>,
    product: &str,
    now: i64,
) -> Value {
    json!({
        "id": ids::new("price_"),
        "object": "price",
        "active": false,
        "billing_scheme": "per_unit",
        "created": now,
        "currency": currency,
        "custom_unit_amount": null,
        "livemode": false,
        "lookup_key": null,
        "metadata": {},
        "nickname": null,
        "product": product,
        "recurring": interval.map(|(unit, count)| json!({
            "interval": unit,
            "interval_count": count,
            "meter": null,
            "trial_period_days": null,
            "usage_type": "licensed",
        })),
        "tax_behavior": "unspecified",
        "tiers_mode": null,
        "transform_quantity": null,
        "type": if interval.is_some() { "recurring" } else { "one_time" },
        "unit_amount": amount_minor,
        "unit_amount_decimal": amount_minor.to_string(),
    })
}
