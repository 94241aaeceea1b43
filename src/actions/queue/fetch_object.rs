//! Fetches the object that a thin event names.

use serde::{Deserialize, Serialize};

use super::run_tasks::{Task, TaskError};
use crate::actions::inbox::ingest_fetched::{FetchedObject, insert_fetched};
use crate::app::App;
use crate::store::inbox;
use crate::store::{StoreError, Tx};
use crate::stripe::CallError;

/// The task of fetching the object of a thin event, which names its object but does not contain it. The object is
/// stored in the inbox before it is booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchObject {
    /// The event's id.
    pub event: String,
    /// Stripe's name for the type of object, such as `charge`.
    pub object: String,
    /// The object's id.
    pub id: String,
    /// Whether the object may belong to an account other than ours.
    pub may_be_elsewhere: bool,
}

impl FetchObject {
    /// Returns the key of the task that fetches the object of this event.
    pub fn key_of(event: &str) -> String {
        format!("{}/{event}", Self::KIND)
    }
}

/// What Stripe returned for an object.
pub enum Fetched {
    /// The object in JSON, and when it was fetched, in milliseconds since 1970.
    Object(String, i64),
    /// The object is of a type that is never booked.
    Nothing,
    /// The object belongs to another account.
    Elsewhere,
}

impl Task for FetchObject {
    const KIND: &'static str = "fetch_object";
    type Done = Fetched;

    fn cause(&self) -> String {
        self.event.clone()
    }

    async fn perform(&self, app: &App) -> Result<Fetched, TaskError> {
        match app.stripe.fetch(&self.object, &self.id).await {
            Ok(Some(body)) => Ok(Fetched::Object(body, app.now_ms())),
            Ok(None) => Ok(Fetched::Nothing),
            Err(CallError::NotFound) if self.may_be_elsewhere => Ok(Fetched::Elsewhere),
            Err(error) => {
                Err(TaskError::Failed(format!("the object that the event names can't be fetched ({error})")))
            }
        }
    }

    async fn commit(&self, app: &App, tx: &mut Tx, done: Fetched) -> Result<(), StoreError> {
        let outcome = match done {
            Fetched::Object(body, fetched_at_ms) => {
                let (id, what) = (self.id.as_str(), self.object.as_str());
                let object = FetchedObject { id, what, body: &body, fetched_at_ms };
                insert_fetched(app, tx, object, &self.event).await?;
                // The worker checks the inbox every second anyway; the notification only saves time.
                app.inbox_notify.notify_one();
                "its object was fetched"
            }
            Fetched::Nothing => "nothing to book",
            Fetched::Elsewhere => "not ours: its object is on another account",
        };
        inbox::set_outcome(tx, &self.event, outcome).await
    }
}
