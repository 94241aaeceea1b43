//! The shapes of a balance transaction and a payout.

use serde_json::{Value, json};

use crate::ids;

/// The fields of a new balance transaction. Amounts are in the minor units of its currency.
pub(crate) struct NewEntry<'a> {
    /// The type at Stripe, such as `charge`, `refund`, `adjustment` or `payout`.
    pub(crate) kind: &'a str,
    pub(crate) amount_minor: i64,
    pub(crate) fee_minor: i64,
    /// The description of the fee in `fee_details`.
    pub(crate) fee_description: &'a str,
    pub(crate) currency: &'a str,
    /// The exchange rate, or null.
    pub(crate) exchange_rate: Value,
    pub(crate) source: &'a str,
    pub(crate) description: Value,
    pub(crate) available_on: i64,
    pub(crate) now: i64,
}

pub(crate) fn balance_transaction(new: &NewEntry<'_>) -> Value {
    let fee_details = if new.fee_minor == 0 {
        json!([])
    } else {
        json!([{
            "amount": new.fee_minor,
            "application": null,
            "currency": new.currency,
            "description": new.fee_description,
            "type": "stripe_fee",
        }])
    };
    json!({
        "id": ids::new("txn_"),
        "object": "balance_transaction",
        "amount": new.amount_minor,
        "available_on": new.available_on,
        "balance_type": "payments",
        "created": new.now,
        "currency": new.currency,
        "description": new.description,
        "exchange_rate": new.exchange_rate,
        "fee": new.fee_minor,
        "fee_details": fee_details,
        "net": new.amount_minor - new.fee_minor,
        "reporting_category": reporting_category(new.kind, new.amount_minor),
        "source": new.source,
        "status": if new.available_on <= new.now { "available" } else { "pending" },
        "type": new.kind,
    })
}

/// The category in which Stripe's reports count this type. In the practice Stripe, only disputes create adjustments.
fn reporting_category(kind: &str, amount_minor: i64) -> &str {
    match kind {
        "charge" | "payment" => "charge",
        "refund" | "payment_refund" => "refund",
        "adjustment" if amount_minor < 0 => "dispute",
        "adjustment" => "dispute_reversal",
        "payout_failure" => "payout_reversal",
        other => other,
    }
}

/// A new automatic payout. It is on its way to the bank.
pub(crate) fn payout(amount_minor: i64, currency: &str, now: i64) -> Value {
    json!({
        "id": ids::new("po_"),
        "object": "payout",
        "amount": amount_minor,
        "application_fee": null,
        "application_fee_amount": null,
        // Stripe gives only the day of arrival, as midnight UTC.
        "arrival_date": now - now.rem_euclid(86_400),
        "automatic": true,
        "balance_transaction": null,
        "created": now,
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": "ba_practice",
        "failure_balance_transaction": null,
        "failure_code": null,
        "failure_message": null,
        "livemode": false,
        "metadata": {},
        "method": "standard",
        "original_payout": null,
        "payout_method": null,
        "reconciliation_status": "in_progress",
        "reversed_by": null,
        "source_type": "card",
        "statement_descriptor": null,
        "status": "in_transit",
        "trace_id": { "status": "pending", "value": null },
        "type": "bank_account",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_the_reporting_category_of_stripe() {
        for (kind, amount_minor, expected) in [
            ("payment", 1, "charge"),
            ("payment_refund", -1, "refund"),
            ("refund_failure", 1, "refund_failure"),
            ("adjustment", -1, "dispute"),
            ("adjustment", 1, "dispute_reversal"),
            ("payout", -1, "payout"),
            ("payout_failure", 1, "payout_reversal"),
        ] {
            assert_eq!(reporting_category(kind, amount_minor), expected, "{kind}");
        }
    }
}
