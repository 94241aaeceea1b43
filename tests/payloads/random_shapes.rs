//! Tests the parser with random JSON in place of an event's object, and with random changes of a valid object. The
//! parser must accept or reject each of them, and must never panic.

use keepopen::contributions::{fold, join_all};
use keepopen::stripe::{Envelope, read_event, read_fetched};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::files::{facts_of, recorded};

/// Random JSON up to three levels deep, with field names that the parser looks for.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(vec!["paid", "eur", "month", "in_1", "pi_1", "", "\u{0}", "charge", "complete"])
            .prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let names = select(vec![
        "id",
        "object",
        "data",
        "status",
        "amount",
        "amount_total",
        "amount_paid",
        "currency",
        "created",
        "metadata",
        "payment_intent",
        "subscription",
        "invoice",
        "items",
        "price",
        "plan",
        "quantity",
        "refunds",
        "lines",
        "parent",
        "payments",
        "payment",
        "charge",
        "customer_details",
        "status_transitions",
        "recurring",
    ]);
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((names.clone(), inner), 0..6).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

/// One change of a value somewhere in an object.
#[derive(Clone, Debug)]
enum Change {
    Remove,
    Replace(Value),
    /// Replaces an id by an object that contains the id, as in an expanded field.
    Expand,
}

/// A random change, and an index that selects the value to change.
fn change() -> impl Strategy<Value = (Index, Change)> {
    let change =
        prop_oneof![Just(Change::Remove), any_json().prop_map(Change::Replace), Just(Change::Expand)];
    (any::<Index>(), change)
}

/// Changes one of the values below `value`.
fn apply(value: &mut Value, (at, change): &(Index, Change)) {
    let mut pointers = Vec::new();
    collect_pointers(value, String::new(), &mut pointers);
    if pointers.is_empty() {
        return;
    }
    let pointer = &pointers[at.index(pointers.len())];
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match change {
        Change::Replace(new) => *value.pointer_mut(pointer).unwrap() = new.clone(),
        Change::Expand => {
            let id = value.pointer_mut(pointer).unwrap();
            *id = json!({"id": id.take(), "object": "expanded"});
        }
        Change::Remove => match value.pointer_mut(parent) {
            Some(Value::Object(fields)) => drop(fields.remove(name)),
            Some(Value::Array(items)) => drop(items.pop()),
            _ => {}
        },
    }
}

/// Adds the JSON pointers of all values below `value`, whose own pointer is `at`.
fn collect_pointers(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, child) in fields.iter().filter(|(name, _)| !name.contains(['/', '~'])) {
                pointers.push(format!("{at}/{name}"));
                collect_pointers(child, format!("{at}/{name}"), pointers);
            }
        }
        Value::Array(items) => {
            for (index, child) in items.iter().enumerate() {
                pointers.push(format!("{at}/{index}"));
                collect_pointers(child, format!("{at}/{index}"), pointers);
            }
        }
        _ => {}
    }
}

/// An event about an object that the service can book, from any generation of Stripe's API. Its metadata say that
/// Keepopen started the contribution.
fn valid_event() -> impl Strategy<Value = Value> {
    let our_metadata =
        json!({"keepopen_contribution": "con_00000000000000000000000001", "keepopen_site": "journal"});
    let kinds =
        ["checkout.session", "subscription", "invoice", "invoice_payment", "charge", "refund", "dispute"];
    let mut events: Vec<Value> = recorded().into_iter().map(|it| it.event).collect();
    events.retain(|event| kinds.contains(&event["data"]["object"]["object"].as_str().unwrap_or_default()));
    events.iter_mut().for_each(|event| event["data"]["object"]["metadata"] = our_metadata.clone());
    select(events)
}

/// Parses an event and folds its facts into a contribution with ledger entries. Checks that all amounts and dates are
/// valid.
fn read_and_fold(event: &Value) -> Result<(), TestCaseError> {
    let Ok(facts) = facts_of(event) else { return Ok(()) };
    let stored = serde_json::to_string(&facts).unwrap();
    let read: Vec<keepopen::contributions::Fact> = serde_json::from_str(&stored).unwrap();
    prop_assert_eq!(&read, &facts, "facts must not change when they are stored and read");
    let Some(folded) = fold(&join_all(facts)) else { return Ok(()) };
    for entry in folded.entries {
        prop_assert!(
            (1..=999_999_999_999_999).contains(&entry.money.amount_minor),
            "the amount of {:?}",
            entry
        );
        prop_assert!(entry.occurred_at_ms >= 0, "the date of {:?}", entry);
    }
    if let Some(money) = folded.contribution.money {
        prop_assert!(
            (0..=999_999_999_999_999).contains(&money.amount_minor),
            "the contribution's amount {:?}",
            money
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_valid_object_with_removed_replaced_or_expanded_fields_is_accepted_or_rejected(
        event in valid_event(),
        changes in proptest::collection::vec(change(), 1..6),
    ) {
        let mut event = event;
        let mut object = event["data"]["object"].take();
        changes.iter().for_each(|change| apply(&mut object, change));
        event["data"]["object"] = object;
        read_and_fold(&event)?;
    }

    #[test]
    fn any_object_of_any_kind_is_accepted_or_rejected(
        object in any_json(),
        kind in select(vec!["checkout.session", "subscription", "invoice", "invoice_payment", "charge", "refund", "dispute", "x"]),
        event_type in select(vec!["invoice.paid", "checkout.session.completed", "checkout.session.expired", "charge.refunded", "x"]),
    ) {
        let mut object = object;
        if let Some(fields) = object.as_object_mut() {
            fields.insert("object".to_owned(), kind.into());
        }
        let _ = read_fetched(&object.to_string(), i64::MAX);
        read_and_fold(&json!({"id": "evt_1", "type": event_type, "created": 7, "data": {"object": object}}))?;
    }

    #[test]
    fn any_json_is_accepted_as_an_event_or_rejected(body in any_json(), text in ".{0,40}") {
        for body in [body.to_string(), text] {
            if let Ok(envelope) = Envelope::read(&body) {
                prop_assert!(!envelope.id.is_empty() && envelope.created_s() >= 0);
                let _ = read_event(&envelope);
            }
        }
    }

    #[test]
    fn any_creation_time_is_read_as_a_time_that_can_be_stored(created in any_json()) {
        let body = json!({"id": "evt_1", "type": "x", "created": created}).to_string();
        let created_s = Envelope::read(&body).unwrap().created_s();
        prop_assert!((0..=253_402_300_799).contains(&created_s), "{} can't be stored", created_s);
    }
}
