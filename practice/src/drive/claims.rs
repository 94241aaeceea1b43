//! Disputes, inquiries, warnings and reviews.

use serde_json::json;

use crate::flows::{disputes, reviews};
use crate::{Outcome, PracticeStripe, Refused};

impl PracticeStripe {
    /// Disputes a payment intent or charge, all that is not disputed of it yet or an amount in minor units; the
    /// dispute's id.
    pub fn dispute(&self, payment_id: &str, amount_minor: Option<i64>) -> Result<String, Refused> {
        disputes::open(&mut self.state.open(), payment_id, amount_minor)
    }

    /// Lets the bank ask about a payment before it disputes it; no money moves. The dispute's id.
    pub fn open_inquiry(&self, payment_id: &str, amount_minor: Option<i64>) -> Result<String, Refused> {
        disputes::open_inquiry(&mut self.state.open(), payment_id, amount_minor)
    }

    /// Turns an inquiry into a dispute, which takes the money.
    pub fn escalate(&self, dispute_id: &str) -> Result<(), Refused> {
        disputes::escalate(&mut self.state.open(), dispute_id)
    }

    /// Heads a dispute off by a refund; the id of the dispute, which is `prevented`.
    pub fn prevent_dispute(&self, payment_id: &str, amount_minor: Option<i64>) -> Result<String, Refused> {
        disputes::prevent(&mut self.state.open(), payment_id, amount_minor)
    }

    /// Answers a dispute or inquiry: it is under review.
    pub fn answer_dispute(&self, dispute_id: &str) -> Result<(), Refused> {
        let evidence = json!({ "uncategorized_text": "The reader asked for it." });
        disputes::answer(&mut self.state.open(), dispute_id, &evidence, json!({}), true)
    }

    /// Ends a dispute, or with `Outcome::WarningClosed` an inquiry.
    pub fn close_dispute(&self, dispute_id: &str, outcome: Outcome) -> Result<(), Refused> {
        disputes::close(&mut self.state.open(), dispute_id, outcome)
    }

    /// Lets the card's bank warn of fraud; the warning's id.
    pub fn warn_of_fraud(&self, payment_id: &str) -> Result<String, Refused> {
        reviews::warn(&mut self.state.open(), payment_id)
    }

    /// Puts a payment up for review; the review's id.
    pub fn open_review(&self, payment_id: &str) -> Result<String, Refused> {
        reviews::open(&mut self.state.open(), payment_id)
    }

    /// Ends a review for one of Stripe's reasons, such as `approved` or `refunded_as_fraud`.
    pub fn close_review(&self, review_id: &str, reason: &str) -> Result<(), Refused> {
        reviews::close(&mut self.state.open(), review_id, reason)
    }
}
