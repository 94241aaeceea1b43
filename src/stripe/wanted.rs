//! Lists what we require from Stripe: the events, the API version, and the permissions of a key.

/// The API version of our webhook endpoints. The client sends the same version with every call, so that an event and
/// a fetched object have the same shape. A test compares the two versions.
pub const API_VERSION: &str = "2026-09-30.endive";

/// Every event that we subscribe to, in alphabetical order. An endpoint that we create delivers exactly these.
pub const EVENTS: &[&str] = &[
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "charge.failed",
    "charge.refunded",
    "charge.succeeded",
    "charge.updated",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.pending_update_applied",
    "customer.subscription.resumed",
    "customer.subscription.updated",
    "customer.updated",
    "invoice.deleted",
    "invoice.finalization_failed",
    "invoice.marked_uncollectible",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.upcoming",
    "invoice.voided",
    "invoice_payment.paid",
    "mandate.updated",
    "payment_intent.canceled",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.succeeded",
    "payment_method.attached",
    "payment_method.automatically_updated",
    "payment_method.detached",
    "payment_method.updated",
    "payout.failed",
    "payout.paid",
    "payout.updated",
    "radar.early_fraud_warning.created",
    "radar.early_fraud_warning.updated",
    "refund.created",
    "refund.failed",
    "refund.updated",
    "review.closed",
    "review.opened",
];

/// A permission that a restricted key needs.
#[derive(Clone, Copy, Debug)]
pub struct Permission {
    /// The permission's name in the dashboard.
    pub name: &'static str,
    /// The level: `read` or `write`.
    pub level: &'static str,
    /// Why we need the permission.
    pub why: &'static str,
}

/// Every permission that our calls need.
pub const PERMISSIONS: &[Permission] = &[
    needs("Checkout Sessions", "write", "to create payment pages, and to read their results"),
    needs("PaymentIntents", "read", "to read a payment's state with its Checkout Session, and to compare it"),
    needs("Invoices", "read", "to read and compare the invoices of recurring gifts"),
    needs(
        "Webhook Endpoints",
        "write",
        "to create and change the endpoint; read is enough for the running service",
    ),
    needs("Accounts", "read", "the checklist checks whether the account can accept payments"),
    needs("Events", "read", "reconciliation looks for events that did not arrive"),
    needs("Charges and Refunds", "read", "reconciliation compares payments and refunds"),
    needs("Disputes", "read", "reconciliation compares disputes"),
    needs("Subscriptions", "read", "reconciliation compares recurring gifts"),
    needs("Balance", "read", "reconciliation compares settled amounts and fees"),
    needs("Payouts", "read", "reconciliation compares payouts to the bank"),
];

const fn needs(name: &'static str, level: &'static str, why: &'static str) -> Permission {
    Permission { name, level, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_api_version_is_the_one_that_the_client_sends() {
        assert_eq!(API_VERSION, stripe_client_core::VERSION.as_str());
    }

    #[test]
    fn the_events_are_sorted_and_without_duplicates() {
        assert!(EVENTS.is_sorted_by(|a, b| a < b), "{EVENTS:?}");
    }
}
