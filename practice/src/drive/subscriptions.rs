//! Renews, pauses and changes subscriptions, and changes their invoices and payments. `mod.rs` has the functions that
//! tests need most.

use crate::flows::{billing, checkout, invoices, pausing, renewal};
use crate::{PracticeStripe, Refused, Renewal};

impl PracticeStripe {
    /// Moves a subscription forward by one interval. Returns the invoice's id. If a cancellation is scheduled, the
    /// subscription ends instead, and `None` is returned.
    pub fn renew(&self, subscription_id: &str, how: Renewal) -> Result<Option<String>, Refused> {
        billing::next_period(&mut self.state.open(), subscription_id, how)
    }

    /// Announces the invoice of the next period with the event `invoice.upcoming`.
    pub fn announce_renewal(&self, subscription_id: &str) -> Result<(), Refused> {
        renewal::announce(&mut self.state.open(), subscription_id)
    }

    /// Finalizes an invoice that stayed a draft, and pays it.
    pub fn finalize_invoice(&self, invoice_id: &str) -> Result<(), Refused> {
        renewal::finalize_and_pay(&mut self.state.open(), invoice_id)
    }

    /// Voids an unpaid invoice and cancels its payment.
    pub fn void_invoice(&self, invoice_id: &str) -> Result<(), Refused> {
        invoices::void(&mut self.state.open(), invoice_id)
    }

    /// Marks an unpaid invoice as paid outside Stripe, and cancels its payment.
    pub fn mark_paid_outside(&self, invoice_id: &str) -> Result<(), Refused> {
        invoices::pay_outside(&mut self.state.open(), invoice_id)
    }

    /// Marks an open invoice as uncollectible.
    pub fn mark_uncollectible(&self, invoice_id: &str) -> Result<(), Refused> {
        invoices::mark_uncollectible(&mut self.state.open(), invoice_id)
    }

    /// Cancels a payment that did not succeed. Its session must no longer be open.
    pub fn cancel_payment(&self, payment_intent_id: &str) -> Result<(), Refused> {
        checkout::cancel_payment(&mut self.state.open(), payment_intent_id, "requested_by_customer")
    }

    /// Pauses the collection of payments. The subscription stays active. `behavior` says what happens to its invoices:
    /// `keep_as_draft`, `mark_uncollectible` or `void`. With `None`, resumes the collection.
    pub fn pause_collection(&self, subscription_id: &str, behavior: Option<&str>) -> Result<(), Refused> {
        let pause = behavior.map(|behavior| (behavior, None));
        pausing::pause_collection(&mut self.state.open(), subscription_id, pause)
    }

    /// Pauses a whole subscription, whose status is then `paused`.
    pub fn pause(&self, subscription_id: &str) -> Result<(), Refused> {
        pausing::pause(&mut self.state.open(), subscription_id)
    }

    /// Resumes a paused subscription.
    pub fn resume(&self, subscription_id: &str) -> Result<(), Refused> {
        pausing::resume(&mut self.state.open(), subscription_id)
    }

    /// Changes the amount of a subscription from the next period on. Uses a pending update (a change that waits for its
    /// payment), and applies it at once.
    pub fn apply_update(&self, subscription_id: &str, unit_amount_minor: i64) -> Result<(), Refused> {
        pausing::apply_update(&mut self.state.open(), subscription_id, unit_amount_minor)
    }
}
