//! Events that are not delivered, and wrong data in the API.

use serde_json::Value;

use crate::{Loss, PracticeStripe, Refused};

impl PracticeStripe {
    /// Does not deliver some of the next events, although the API shows them, as if every attempt had failed. `None` stops
    /// this. `deliver_again` delivers one after all.
    pub fn lose_deliveries(&self, loss: Option<Loss>) {
        self.state.open().losing.deliveries = loss;
    }

    /// Does not deliver some of the next events and hides them from the API. `None` stops this. [`Self::events`] still
    /// contains them.
    pub fn lose_events(&self, loss: Option<Loss>) {
        self.state.open().losing.events = loss;
    }

    /// Overwrites fields of an object or an event, like an error at Stripe. No event reports it.
    pub fn override_fields(&self, id: &str, fields: &Value) -> Result<(), Refused> {
        let mut state = self.state.open();
        if let Some(event) = state.events.iter_mut().find(|event| event["id"] == id) {
            for (name, value) in fields.as_object().into_iter().flatten() {
                event[name] = value.clone();
            }
            return Ok(());
        }
        let known = state.get(id).is_some();
        state.set(id, fields.clone());
        if known { Ok(()) } else { Err(Refused::missing("object", "id", id)) }
    }

    /// The ids of all lost events, oldest first.
    #[must_use]
    pub fn lost(&self) -> Vec<String> {
        self.state.open().lost.clone()
    }
}
