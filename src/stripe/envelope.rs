//! Reads the envelope of an event: the fields that are needed to store it.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::field::{LATEST_S, is_one_line};
use crate::config::Mode;

/// The envelope of an event. The event's object is left unparsed.
#[derive(Debug, Deserialize)]
pub struct Envelope<'a> {
    /// Stripe's id of the event (`evt_…`).
    pub id: String,
    /// The event's type, such as `invoice.paid`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The API version of the event's object.
    #[serde(default)]
    pub api_version: Option<String>,
    #[serde(default)]
    livemode: Option<bool>,
    #[serde(default)]
    created: Value,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    related_object: Option<Value>,
    #[serde(default)]
    account: Option<Value>,
    #[serde(default)]
    context: Option<Value>,
    #[serde(skip)]
    object: Option<&'a str>,
    #[serde(skip)]
    previous: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
struct Data<'a> {
    #[serde(borrow, default)]
    object: Option<&'a RawValue>,
    #[serde(borrow, default)]
    previous_attributes: Option<&'a RawValue>,
}

/// A signed body that is not an event.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the body is not a Stripe event; expected an object with `id` and `type`, each a single line")]
pub struct NotAnEvent;

impl<'a> Envelope<'a> {
    /// Parses an envelope.
    ///
    /// # Errors
    /// The text is not a JSON object with an id and a type.
    pub fn read(body: &'a str) -> Result<Self, NotAnEvent> {
        let mut envelope: Self = read_object(body)?;
        if let Some(data) = envelope.data {
            let data: Data<'_> = read_object(data.get())?;
            envelope.object = data.object.map(RawValue::get);
            envelope.previous = data.previous_attributes.map(RawValue::get);
        }
        let version = envelope.api_version.as_deref().unwrap_or_default();
        let is_short_line = |text: &str| text.chars().count() <= 255 && is_one_line(&text);
        let is_name = |text: &str| !text.is_empty() && is_short_line(text);
        if is_name(&envelope.id) && is_name(&envelope.kind) && is_short_line(version) {
            Ok(envelope)
        } else {
            Err(NotAnEvent)
        }
    }

    /// Returns the event's mode. An event without a mode counts as a test event.
    pub fn mode(&self) -> Mode {
        if self.livemode == Some(true) { Mode::Live } else { Mode::Test }
    }

    /// Returns when Stripe created the event, in seconds since 1970. The field is a number in v1 events, and RFC 3339
    /// in v2 events. Returns 0 if the field is missing, or if the time is not between 1970 and 9999.
    pub fn created_s(&self) -> i64 {
        let rfc3339 = self.created.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let at_s = self.created.as_i64().or(rfc3339.map(jiff::Timestamp::as_second));
        at_s.filter(|at_s| (0..=LATEST_S).contains(at_s)).unwrap_or(0)
    }

    /// Returns the type and id of the object that a thin event is about. A thin event names its object, but does not
    /// contain it (<https://docs.stripe.com/event-destinations#thin-events>). Returns `None` for other events.
    pub fn related(&self) -> Option<(&str, &str)> {
        let related = self.related_object.as_ref().filter(|_| self.object.is_none())?;
        let text = |field| related.get(field).and_then(Value::as_str).filter(is_one_line);
        text("type").zip(text("id").filter(|id| !id.is_empty()))
    }

    /// Whether the event is about a connected account
    /// (<https://docs.stripe.com/api/events/object#event_object-account>), not about the account whose key we have.
    pub fn is_of_connected_account(&self) -> bool {
        self.account.is_some()
    }

    /// Whether the event has a context. Events of an organisation have one, and their objects can be on an account
    /// other than ours.
    pub fn has_context(&self) -> bool {
        self.context.is_some()
    }

    /// Returns the previous values of the changed fields, or null if the event has none.
    pub fn previous(&self) -> Value {
        self.previous.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// Returns the object that the event reports, unparsed.
    pub fn object(&self) -> Option<&'a str> {
        self.object
    }
}

/// Reads a JSON object, and rejects a list. (serde alone would also accept a list that contains the struct's fields in
/// their order.)
fn read_object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, NotAnEvent> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|_| NotAnEvent)
    } else {
        Err(NotAnEvent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v1_and_v2_events_are_read() {
        let v1 = Envelope::read(
            r#"{"id":"evt_1","type":"a.b","created":7,"livemode":true,"data":{"object":{"x":1}}}"#,
        )
        .unwrap();
        assert_eq!((v1.created_s(), v1.mode(), v1.object()), (7, Mode::Live, Some(r#"{"x":1}"#)));
        let v2 = Envelope::read(
            r#"{"id":"evt_2","type":"v2.core.x","created":"1970-01-01T00:00:09Z","object":"v2.core.event"}"#,
        )
        .unwrap();
        assert_eq!((v2.created_s(), v2.mode(), v2.object()), (9, Mode::Test, None));
    }

    #[test]
    fn a_body_that_is_not_an_event_is_rejected() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"id":"evt_1"}"#,
            r#"{"id":"","type":"a"}"#,
            r#"{"id":5,"type":"a"}"#,
            r#"["evt_1","a"]"#,
            r#"{"id":"evt_1","type":"a","data":[]}"#,
            r#"{"id":"evt_1","type":"a","data":[{"object":"refund"}]}"#,
            r#"{"id":"evt_1","type":"a","data":"b"}"#,
            r#"{"id":"evt\u0000","type":"a"}"#,
            r#"{"id":"evt_1","type":"a\n"}"#,
            r#"{"id":"evt_1","type":"a","api_version":"\u0000"}"#,
        ] {
            assert_eq!(Envelope::read(body).err(), Some(NotAnEvent), "{body}");
        }
    }
}
