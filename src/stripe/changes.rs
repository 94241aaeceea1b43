//! Reads the changes of a subscription that an event reports in its `previous_attributes`
//! (<https://docs.stripe.com/api/events/object#event_object-data-previous_attributes>).

use serde_json::Value;

use super::field::Object;
use super::subscriptions::{is_cancel_scheduled, terms};
use crate::contributions::{ChangeKind, SubscriptionChange};

/// Returns the changes of the subscription `it` that an event of type `event` reports. `previous` contains the previous
/// values of the changed fields.
///
/// If a value can't be read, no change is reported, because no money depends on a change.
pub fn read_changes(it: Object<'_>, previous: Value, event: &str, at_s: i64) -> Vec<SubscriptionChange> {
    let mut kinds = match event {
        "customer.subscription.paused" => vec![ChangeKind::Paused],
        "customer.subscription.resumed" => vec![ChangeKind::Resumed],
        "customer.subscription.updated" => changes_of_update(it, previous),
        _ => Vec::new(),
    };
    // A change's key contains the event's time, so an event without a creation time (`at_s` is 0) reports no change.
    kinds.retain(|_| at_s > 0);
    kinds.sort_unstable();
    kinds.dedup();
    kinds.into_iter().map(|kind| SubscriptionChange { at_s, kind }).collect()
}

fn changes_of_update(it: Object<'_>, previous: Value) -> Vec<ChangeKind> {
    let (Value::Object(previous_fields), Value::Object(now)) = (previous, it.value) else {
        return Vec::new();
    };
    let mut before = now.clone();
    before.extend(previous_fields);
    let before = Value::Object(before);
    let before = Object { name: it.name, value: &before };
    // Returns `on` if a state begins with this update, and `off` if the state ends with it.
    let switched = |was: bool, is: bool, on: ChangeKind, off: ChangeKind| match (was, is) {
        (false, true) => Some(on),
        (true, false) => Some(off),
        _ => None,
    };
    let paused = switched(is_paused(before), is_paused(it), ChangeKind::Paused, ChangeKind::Resumed);
    let (was, is) = (is_cancel_scheduled(before), is_cancel_scheduled(it));
    let cancel = switched(was, is, ChangeKind::CancelScheduled, ChangeKind::CancelWithdrawn);
    let known_terms = |it| terms(it).ok().flatten();
    let have_terms_changed =
        known_terms(before).zip(known_terms(it)).is_some_and(|(before, now)| before != now);
    paused.into_iter().chain(cancel).chain(have_terms_changed.then_some(ChangeKind::Terms)).collect()
}

fn is_paused(it: Object<'_>) -> bool {
    let field = |name| it.value.get(name).unwrap_or(&Value::Null);
    !field("pause_collection").is_null() || field("status") == "paused"
}
