//! Changes to customers, their payment methods and their mandates.

use serde_json::json;

use crate::flows::customers;
use crate::{PracticeStripe, Refused};

impl PracticeStripe {
    /// Changes a customer's e-mail address.
    pub fn change_email(&self, customer_id: &str, email: &str) -> Result<(), Refused> {
        customers::update(&mut self.state.open(), customer_id, json!({ "email": email }))
    }

    /// Deletes a customer and ends their subscriptions.
    pub fn delete_customer(&self, customer_id: &str) -> Result<(), Refused> {
        customers::delete(&mut self.state.open(), customer_id).map(drop)
    }

    /// Detaches a payment method from its customer.
    pub fn detach(&self, payment_method_id: &str) -> Result<(), Refused> {
        customers::detach(&mut self.state.open(), payment_method_id)
    }

    /// Replaces the details of a card, as happens when the card network reports that the payer has a new card.
    pub fn renew_card(&self, payment_method_id: &str) -> Result<(), Refused> {
        customers::renew_card(&mut self.state.open(), payment_method_id)
    }

    /// Withdraws the mandate (the payer's permission) of a bank debit. Takes the id of the mandate or of its payment
    /// method.
    pub fn withdraw_mandate(&self, id: &str) -> Result<(), Refused> {
        customers::withdraw_mandate(&mut self.state.open(), id)
    }
}
