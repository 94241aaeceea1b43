//! The shapes of a customer, a payment method, a mandate, a payment intent and a charge.

use serde_json::{Value, json};

use crate::{ids, objects};

/// The kind of a payment method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Card,
    BankDebit,
}

impl Method {
    /// Stripe's name for this kind.
    pub(crate) fn stripe_name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::BankDebit => "sepa_debit",
        }
    }
}

/// The payer's details, as a person entered them on the hosted page.
#[derive(Debug, Clone)]
pub(crate) struct Payer {
    pub(crate) email: String,
    pub(crate) name: String,
}

impl Payer {
    fn billing_details(&self) -> Value {
        json!({ "address": objects::no_address(), "email": self.email, "name": self.name, "phone": null, "tax_id": null })
    }
}

pub(crate) fn customer(payer: &Payer, currency: &str, now: i64) -> Value {
    let id = ids::new("cus_");
    json!({
        "invoice_prefix": id[4..12].to_ascii_uppercase(),
        "id": id,
        "object": "customer",
        "address": null,
        "balance": 0,
        "created": now,
        "currency": currency,
        "customer_account": null,
        "default_source": null,
        "delinquent": false,
        "description": null,
        "discount": null,
        "email": payer.email,
        "invoice_settings": {
            "custom_fields": null,
            "default_payment_method": null,
            "footer": null,
            "rendering_options": null,
        },
        "livemode": false,
        "metadata": {},
        "name": payer.name,
        "next_invoice_sequence": 1,
        "phone": null,
        "preferred_locales": [],
        "shipping": null,
        "tax_exempt": "none",
        "test_clock": null,
    })
}

pub(crate) fn payment_method(method: Method, payer: &Payer, customer: &Value, now: i64) -> Value {
    let mut object = json!({
        "id": ids::new("pm_"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": payer.billing_details(),
        "created": now,
        "customer": customer,
        "customer_account": null,
        "livemode": false,
        "metadata": {},
        "type": method.stripe_name(),
    });
    object[method.stripe_name()] = match method {
        Method::Card => json!({
            "brand": "visa",
            "checks": { "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass" },
            "country": "IE",
            "display_brand": "visa",
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": "PracticeCard0001",
            "funding": "debit",
            "generated_from": null,
            "last4": "4242",
            "networks": { "available": ["visa"], "preferred": null },
            "regulated_status": "unregulated",
            "three_d_secure_usage": { "supported": true },
            "wallet": null,
        }),
        Method::BankDebit => json!({
            "bank_code": "37040044",
            "branch_code": "",
            "country": "DE",
            "fingerprint": "PracticeBank0001",
            "generated_from": { "charge": null, "setup_attempt": null },
            "last4": "3000",
        }),
    };
    object
}

/// The mandate of a bank debit, which is the payer's permission to debit the account.
pub(crate) fn mandate(method: &str, now: i64) -> Value {
    let id = ids::new("mandate_");
    json!({
        "customer_acceptance": {
            "accepted_at": now,
            "online": { "ip_address": "127.0.0.1", "user_agent": "Practice" },
            "type": "online",
        },
        "livemode": false,
        "multi_use": {},
        "object": "mandate",
        "payment_method": method,
        "payment_method_details": {
            "sepa_debit": { "reference": id[8..24].to_ascii_uppercase(), "url": "" },
            "type": "sepa_debit",
        },
        "status": "active",
        "type": "multi_use",
        "id": id,
    })
}

/// The fields of a new payment intent.
pub(crate) struct NewIntent<'a> {
    pub(crate) amount_minor: i64,
    pub(crate) currency: &'a str,
    pub(crate) customer: Value,
    pub(crate) metadata: Value,
    pub(crate) description: Value,
    pub(crate) now: i64,
}

pub(crate) fn payment_intent(new: &NewIntent<'_>) -> Value {
    let id = ids::new("pi_");
    json!({
        "client_secret": format!("{id}_secret_{}", ids::new("")),
        "id": id,
        "object": "payment_intent",
        "amount": new.amount_minor,
        "amount_capturable": 0,
        "amount_details": { "tip": {} },
        "amount_received": 0,
        "application": null,
        "application_fee_amount": null,
        "automatic_payment_methods": null,
        "canceled_at": null,
        "cancellation_reason": null,
        "capture_method": "automatic_async",
        "confirmation_method": "automatic",
        "created": new.now,
        "currency": new.currency,
        "customer": new.customer,
        "customer_account": null,
        "description": new.description,
        "excluded_payment_method_types": null,
        "last_payment_error": null,
        "latest_charge": null,
        "livemode": false,
        "managed_payments": { "enabled": false },
        "metadata": new.metadata,
        "next_action": null,
        "on_behalf_of": null,
        "payment_method": null,
        "payment_method_configuration_details": null,
        "payment_method_options": { "card": {
            "installments": null,
            "mandate_options": null,
            "network": null,
            "request_three_d_secure": "automatic",
        } },
        "payment_method_types": ["card", "sepa_debit"],
        "processing": null,
        "receipt_email": null,
        "review": null,
        "setup_future_usage": null,
        "shipping": null,
        "source": null,
        "statement_descriptor": null,
        "statement_descriptor_suffix": null,
        "status": "requires_payment_method",
        "transfer_data": null,
        "transfer_group": null,
    })
}

/// A new charge of this payment intent. `status` is `succeeded`, `pending` or `failed`.
pub(crate) fn charge(intent: &Value, method: &Value, status: &str, now: i64) -> Value {
    let failed = status == "failed";
    let succeeded = status == "succeeded";
    let kind = method["type"].as_str().unwrap_or("card");
    let mut details = json!({ "type": kind });
    details[kind] = method_details(kind, method, &intent["amount"]);
    json!({
        "id": ids::new("ch_"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": if failed { json!(0) } else { intent["amount"].clone() },
        "amount_refunded": 0,
        "application": null,
        "application_fee": null,
        "application_fee_amount": null,
        "balance_transaction": null,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "PRACTICE",
        "captured": succeeded,
        "created": now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "customer_account": null,
        "description": intent["description"],
        "disputed": false,
        "failure_balance_transaction": null,
        "failure_code": if failed { json!("card_declined") } else { json!(null) },
        "failure_message": if failed { json!("Your card was declined.") } else { json!(null) },
        "fraud_details": {},
        "livemode": false,
        "metadata": intent["metadata"],
        "on_behalf_of": null,
        "outcome": {
            "advice_code": null,
            "network_advice_code": null,
            "network_decline_code": if failed { json!("05") } else { json!(null) },
            "network_status": if failed { "declined_by_network" } else { "approved_by_network" },
            "reason": if failed { json!("generic_decline") } else { json!(null) },
            "risk_level": "normal",
            "seller_message": if failed { "The bank declined the payment." } else { "Payment complete." },
            "type": if failed { "issuer_declined" } else { "authorized" },
        },
        "paid": succeeded,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": details,
        "presentment_details": null,
        "receipt_email": intent["receipt_email"],
        "receipt_number": null,
        "receipt_url": null,
        "refunded": false,
        "review": null,
        "shipping": null,
        "source": null,
        "source_transfer": null,
        "statement_descriptor": null,
        "statement_descriptor_suffix": null,
        "status": status,
        "transfer_data": null,
        "transfer_group": null,
    })
}

fn method_details(kind: &str, method: &Value, amount: &Value) -> Value {
    let fields = &method[kind];
    if kind != "card" {
        return json!({
            "bank_code": fields["bank_code"],
            "branch_code": fields["branch_code"],
            "country": fields["country"],
            "fingerprint": fields["fingerprint"],
            "last4": fields["last4"],
            "mandate": null,
        });
    }
    json!({
        "amount_authorized": amount,
        "authorization_code": "000000",
        "brand": fields["brand"],
        "checks": fields["checks"],
        "country": fields["country"],
        "exp_month": fields["exp_month"],
        "exp_year": fields["exp_year"],
        "extended_authorization": { "status": "disabled" },
        "fingerprint": fields["fingerprint"],
        "funding": fields["funding"],
        "incremental_authorization": { "status": "unavailable" },
        "installments": null,
        "last4": fields["last4"],
        "mandate": null,
        "multicapture": { "status": "unavailable" },
        "network": "visa",
        "network_token": { "used": false },
        "network_transaction_id": null,
        "overcapture": { "maximum_amount_capturable": amount, "status": "unavailable" },
        "regulated_status": fields["regulated_status"],
        "three_d_secure": null,
        "transaction_link_id": null,
        "wallet": null,
    })
}
