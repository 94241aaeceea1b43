//! Simulates events that are not delivered, and wrong data in the API.

use serde_json::Value;

use crate::{Loss, PracticeStripe, Refused};

impl PracticeStripe {
    /// From now on, does not deliver the events that `loss` selects. The API shows them as if every attempt had failed.
    /// With `None`, delivers new events again. To deliver a lost event, call `deliver_again`.
    pub fn lose_deliveries(&self, loss: Option<Loss>) {
        self.state.open().loss_rules.deliveries = loss;
    }

    /// From now on, does not deliver the events that `loss` selects, and hides them from the API. With `None`,
    /// delivers and shows new events again. [`Self::events`] contains all events.
    pub fn lose_events(&self, loss: Option<Loss>) {
        self.state.open().loss_rules.events = loss;
    }

    /// Overwrites fields of an object or an event, to simulate wrong data at Stripe. No event reports the change.
    pub fn override_fields(&self, id: &str, fields: &Value) -> Result<(), Refused> {
        let mut state = self.state.open();
        if let Some(event) = state.events.iter_mut().find(|event| event["id"] == id) {
            for (name, value) in fields.as_object().into_iter().flatten() {
                event[name] = value.clone();
            }
            return Ok(());
        }
        let exists = state.get(id).is_some();
        state.set(id, fields.clone());
        if exists { Ok(()) } else { Err(Refused::missing("object", "id", id)) }
    }

    /// The ids of all lost events, oldest first.
    #[must_use]
    pub fn lost_event_ids(&self) -> Vec<String> {
        self.state.open().lost.clone()
    }
}
