//! Events that do not arrive, and what the API says wrongly.

use serde_json::Value;

use crate::{Loss, PracticeStripe, Refused};

impl PracticeStripe {
    /// Lets some of the coming events go undelivered though the API shows them, as when every try failed;
    /// `None` ends it. `deliver_again` delivers one after all.
    pub fn lose_deliveries(&self, loss: Option<Loss>) {
        self.state.open().losing.deliveries = loss;
    }

    /// Lets some of the coming events be neither delivered nor shown by the API; `None` ends it. `events` here still
    /// has them.
    pub fn lose_events(&self, loss: Option<Loss>) {
        self.state.open().losing.events = loss;
    }

    /// Overwrites fields of an object or an event with whatever they are given, as after a mistake at Stripe's; no event
    /// tells of it.
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

    /// The ids of the events that got lost in either way, oldest first.
    #[must_use]
    pub fn lost(&self) -> Vec<String> {
        self.state.open().lost.clone()
    }
}
