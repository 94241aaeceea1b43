//! Thin events. They name the object that changed, and do not contain it.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::state::{State, text};
use crate::{Refused, api, ids};

/// Delivers a thin event about an object. Returns the event's id.
pub(crate) fn notify(state: &mut State, kind: &str, object_id: &str) -> Result<String, Refused> {
    let Some(object) = state.get(object_id) else {
        return Err(Refused::missing("object", "id", object_id));
    };
    let object_kind = text(object, "object").to_owned();
    let path = api::resource_path(&object_kind).ok_or_else(|| {
        let sentence = format!("The API has no call that reads an object of kind {object_kind}.");
        Refused::invalid(None, sentence)
    })?;
    let event = json!({
        "id": ids::new("evt_test_"),
        "object": "v2.core.event",
        "context": null,
        "created": rfc3339(state.now()),
        "livemode": false,
        "reason": reason(state),
        "related_object": {
            "id": object_id,
            "type": object_kind,
            "url": format!("/v1/{path}/{object_id}"),
        },
        "type": kind,
    });
    Ok(state.send_thin(event))
}

/// The API call that caused the event, as the event shows it. Null if no API call is in progress.
fn reason(state: &State) -> Value {
    match &state.request {
        Some((id, key)) => json!({ "type": "request", "request": { "id": id, "idempotency_key": key } }),
        None => Value::Null,
    }
}

/// Formats a time with milliseconds, like the times in Stripe's v2 API.
fn rfc3339(seconds: i64) -> String {
    let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    time.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}
