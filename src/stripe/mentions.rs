//! Finds the ids that an event names, whatever the shape of its JSON. This is used for events that can't be parsed.

use serde_json::Value;

use super::Envelope;
use super::metadata::{CONTRIBUTION, SITE};

/// The prefixes (before the `_`) of the ids of a gift's objects.
const PREFIXES: [&str; 16] = [
    "cs", "sub", "in", "inpay", "ch", "py", "re", "pyr", "du", "dp", "txn", "pi", "prv", "issfr", "po", "con",
];
/// The maximum number of ids that are read from one event.
const MAX_IDS: usize = 100;

/// The ids in an event, and the sites in our metadata.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// The ids of a gift's objects, and of gifts.
    pub ids: Vec<String>,
    /// The sites that our metadata names.
    pub sites: Vec<String>,
    /// Whether our metadata is present but not a text.
    pub has_malformed_metadata: bool,
}

/// Finds the ids and sites that an event or a fetched object names.
pub fn mentions(body: &str) -> Mentions {
    let mut found = Mentions::default();
    let object = object_of(body);
    if let Ok(value) = serde_json::from_str(object.as_deref().unwrap_or(body)) {
        found.add(&value);
    }
    found
}

/// Returns the id of the object that an event is about, or of a fetched object.
pub fn subject(body: &str) -> Option<String> {
    let object = object_of(body);
    let value: Value = serde_json::from_str(object.as_deref().unwrap_or(body)).ok()?;
    value.get("id").and_then(Value::as_str).map(str::to_owned)
}

/// Returns the object in an event, or `None` if `event` is not an event.
fn object_of(event: &str) -> Option<String> {
    Some(Envelope::read(event).ok()?.object()?.to_owned())
}

impl Mentions {
    fn add(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match (name.as_str(), value) {
                        (SITE, Value::String(site)) => {
                            self.sites.push(super::field::clean(site).trim().to_owned())
                        }
                        (CONTRIBUTION | SITE, Value::String(_) | Value::Null) => self.add(value),
                        (CONTRIBUTION | SITE, _) => self.has_malformed_metadata = true,
                        _ => self.add(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            Value::String(text) if self.ids.len() < MAX_IDS && is_id(text) => self.ids.push(text.clone()),
            _ => {}
        }
    }
}

fn is_id(text: &str) -> bool {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || char == '_';
    text.len() <= 255
        && text.chars().all(is_plain)
        && text.split_once('_').is_some_and(|(prefix, rest)| PREFIXES.contains(&prefix) && !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_sites_are_found_at_any_depth() {
        let body = r#"{"id":"evt_1","type":"a","data":{"object":{"id":"re_1","charge":["ch_1"],"amount":"ten",
            "text":"in the morning","x":{"metadata":{"keepopen_site":"journal\u0000","keepopen_contribution":"con_1"}}}}}"#;
        let found = mentions(body);
        assert_eq!(found.ids, ["re_1", "ch_1", "con_1"]);
        assert_eq!((found.sites, found.has_malformed_metadata), (vec!["journal".to_owned()], false));
        assert_eq!(subject(body).as_deref(), Some("re_1"));
        assert!(mentions(r#"{"metadata":{"keepopen_site":7}}"#).has_malformed_metadata);
        assert_eq!(mentions("no json"), Mentions::default());
    }
}
