//! Thin events, which name an object and do not contain it.

use serde_json::Value;

use crate::flows::thin;
use crate::{PracticeStripe, Refused};

impl PracticeStripe {
    /// Delivers a thin event of this type about an object. The delivery is signed like that of any other event.
    /// Returns the event's id.
    pub fn notify_thin(&self, kind: &str, object_id: &str) -> Result<String, Refused> {
        thin::notify(&mut self.state.open(), kind, object_id)
    }

    /// All thin events so far, oldest first, exactly as they are delivered.
    #[must_use]
    pub fn thin_events(&self) -> Vec<Value> {
        self.state.open().thin_events()
    }
}
