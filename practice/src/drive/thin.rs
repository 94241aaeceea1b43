//! Thin events.

use serde_json::Value;

use crate::flows::thin;
use crate::{PracticeStripe, Refused};

impl PracticeStripe {
    /// Delivers a thin event of this type about an object, signed like any other. Returns the event's id.
    pub fn notify_thin(&self, kind: &str, object_id: &str) -> Result<String, Refused> {
        thin::notify(&mut self.state.open(), kind, object_id)
    }

    /// Every thin event so far, oldest first, exactly as delivered.
    #[must_use]
    pub fn thin_events(&self) -> Vec<Value> {
        self.state.open().thin_events()
    }
}
