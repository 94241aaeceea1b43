//! The shapes of a refund, a dispute, a fraud warning and a review.

use serde_json::{Value, json};

use crate::ids;

/// The time in which the account must answer a dispute, in seconds.
const ANSWER_TIME_S: i64 = 20 * 86_400;

/// A new refund of all or part of a charge.
pub(crate) fn refund(charge: &Value, amount_minor: i64, metadata: &Value, reason: &Value, now: i64) -> Value {
    let kind = charge["payment_method_details"]["type"].as_str().unwrap_or("card");
    let mut details = json!({ "type": kind });
    details[kind] = if kind == "card" {
        json!({ "reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund" })
    } else {
        json!({})
    };
    json!({
        "id": ids::new("re_"),
        "object": "refund",
        "amount": amount_minor,
        "balance_transaction": null,
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": null,
        "destination_details": details,
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": null,
        "source_transfer_reversal": null,
        "status": "succeeded",
        "transfer_reversal": null,
    })
}

/// A new dispute of all or part of a charge. Its status says whether it is only an inquiry.
pub(crate) fn dispute(charge: &Value, amount_minor: i64, status: &str, now: i64) -> Value {
    let is_inquiry = status == "warning_needs_response";
    json!({
        "id": ids::new("du_"),
        "object": "dispute",
        "amount": amount_minor,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": no_evidence(charge),
        "evidence_details": {
            "due_by": now + ANSWER_TIME_S,
            "enhanced_eligibility": {},
            "has_evidence": false,
            "past_due": false,
            "submission_count": 0,
        },
        "is_charge_refundable": is_inquiry,
        "livemode": false,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": { "brand": "visa", "case_type": if is_inquiry { "inquiry" } else { "chargeback" }, "network": "visa", "network_reason_code": "10.4" },
            "type": "card",
        },
        "reason": "fraudulent",
        "status": status,
    })
}

/// A warning by the card network that a charge may be fraud.
pub(crate) fn early_fraud_warning(charge: &Value, now: i64) -> Value {
    json!({
        "id": ids::new("issfr_"),
        "object": "radar.early_fraud_warning",
        "actionable": charge["refunded"] == false && charge["disputed"] == false,
        "charge": charge["id"],
        "created": now,
        "fraud_type": "unauthorized_use_of_card",
        "livemode": false,
        "payment_intent": charge["payment_intent"],
    })
}

/// A new review, which is open.
pub(crate) fn review(charge: &Value, now: i64) -> Value {
    json!({
        "id": ids::new("prv_"),
        "object": "review",
        "billing_zip": null,
        "charge": charge["id"],
        "closed_reason": null,
        "created": now,
        "ip_address": null,
        "ip_address_location": null,
        "livemode": false,
        "open": true,
        "opened_reason": "rule",
        "payment_intent": charge["payment_intent"],
        "reason": "rule",
        "session": null,
    })
}

fn no_evidence(charge: &Value) -> Value {
    json!({
        "access_activity_log": null,
        "billing_address": null,
        "cancellation_policy": null,
        "cancellation_policy_disclosure": null,
        "cancellation_rebuttal": null,
        "customer_communication": null,
        "customer_email_address": charge["billing_details"]["email"],
        "customer_name": charge["billing_details"]["name"],
        "customer_purchase_ip": null,
        "customer_signature": null,
        "duplicate_charge_documentation": null,
        "duplicate_charge_explanation": null,
        "duplicate_charge_id": null,
        "enhanced_evidence": {},
        "product_description": null,
        "receipt": null,
        "refund_policy": null,
        "refund_policy_disclosure": null,
        "refund_refusal_explanation": null,
        "service_date": null,
        "service_documentation": null,
        "shipping_address": null,
        "shipping_carrier": null,
        "shipping_date": null,
        "shipping_documentation": null,
        "shipping_tracking_number": null,
        "uncategorized_file": null,
        "uncategorized_text": null,
    })
}
