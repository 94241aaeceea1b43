//! Events that do not arrive.

use crate::{Loss, PracticeStripe};

impl PracticeStripe {
    /// Lets some of the coming events go undelivered though the API shows them, as when every try failed;
    /// `None` ends it. `deliver_again` delivers one after all.
    pub fn lose_deliveries(&self, loss: Option<Loss>) {
        self.books.open().losing.deliveries = loss;
    }

    /// Lets some of the coming events be neither delivered nor shown by the API; `None` ends it. `events` here still
    /// has them.
    pub fn lose_events(&self, loss: Option<Loss>) {
        self.books.open().losing.events = loss;
    }

    /// The ids of the events that got lost in either way, oldest first.
    #[must_use]
    pub fn lost(&self) -> Vec<String> {
        self.books.open().lost.clone()
    }
}
