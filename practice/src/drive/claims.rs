//! Disputes, inquiries, fraud warnings and reviews.

use serde_json::json;

use crate::flows::{disputes, reviews};
use crate::{Outcome, PracticeStripe, Refused};

impl PracticeStripe {
    /// Disputes an amount of a payment intent or charge, in minor units. With `None`, disputes everything that is not
    /// disputed yet. Returns the dispute's id.
    pub fn dispute(&self, payment_id: &str, amount_minor: Option<i64>) -> Result<String, Refused> {
        disputes::open(&mut self.state.open(), payment_id, amount_minor)
    }

    /// Opens an inquiry by the bank, which moves no money. Returns its id. At Stripe, an inquiry is a dispute.
    pub fn open_inquiry(&self, payment_id: &str, amount_minor: Option<i64>) -> Result<String, Refused> {
        disputes::open_inquiry(&mut self.state.open(), payment_id, amount_minor)
    }

    /// Turns an inquiry into a dispute, which withdraws the money.
    pub fn escalate(&self, dispute_id: &str) -> Result<(), Refused> {
        disputes::escalate(&mut self.state.open(), dispute_id)
    }

    /// Refunds an amount, which prevents a dispute of this amount. Returns the id of that dispute, whose status is
    /// `prevented`.
    pub fn prevent_dispute(&self, payment_id: &str, amount_minor: Option<i64>) -> Result<String, Refused> {
        disputes::prevent(&mut self.state.open(), payment_id, amount_minor)
    }

    /// Submits evidence for a dispute or inquiry, which is then under review.
    pub fn answer_dispute(&self, dispute_id: &str) -> Result<(), Refused> {
        let evidence = json!({ "uncategorized_text": "The reader asked for it." });
        disputes::answer(&mut self.state.open(), dispute_id, &evidence, json!({}), true)
    }

    /// Closes a dispute. With `Outcome::WarningClosed`, closes an inquiry.
    pub fn close_dispute(&self, dispute_id: &str, outcome: Outcome) -> Result<(), Refused> {
        disputes::close(&mut self.state.open(), dispute_id, outcome)
    }

    /// Creates a fraud warning from the card network, and emits its event. Returns the warning's id.
    pub fn warn_of_fraud(&self, payment_id: &str) -> Result<String, Refused> {
        reviews::create_warning(&mut self.state.open(), payment_id)
    }

    /// Opens a review of a payment. Returns the review's id.
    pub fn open_review(&self, payment_id: &str) -> Result<String, Refused> {
        reviews::open(&mut self.state.open(), payment_id)
    }

    /// Closes a review for one of Stripe's reasons, such as `approved` or `refunded_as_fraud`.
    pub fn close_review(&self, review_id: &str, reason: &str) -> Result<(), Refused> {
        reviews::close(&mut self.state.open(), review_id, reason)
    }
}
