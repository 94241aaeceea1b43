//! If a field about money has a type that no API version has, the parser must report an error and must not ignore the
//! field.

use serde_json::{Value, json};

use crate::files::facts_of;

/// Makes an event of this type about an object.
fn event(kind: &str, object: Value) -> Value {
    json!({"id": "evt_1", "type": kind, "created": 1_700_000_000, "data": {"object": object}})
}

fn session() -> Value {
    json!({"id": "cs_1", "object": "checkout.session", "status": "complete", "payment_status": "paid", "mode": "payment",
        "amount_total": 1500, "currency": "eur", "created": 1, "payment_intent": "pi_1", "subscription": null,
        "invoice": null, "customer": "cus_1", "customer_details": {"email": "reader@example.org"},
        "metadata": {"keepopen_contribution": "con_00000000000000000000000001", "keepopen_site": "journal"}})
}

fn subscription() -> Value {
    json!({"id": "sub_1", "object": "subscription", "status": "active", "created": 1, "customer": "cus_1", "metadata": {},
        "items": {"data": [{"quantity": 2, "price": {"unit_amount": 500, "currency": "eur",
            "recurring": {"interval": "month", "interval_count": 1}}}]}})
}

fn invoice() -> Value {
    json!({"id": "in_1", "object": "invoice", "status": "paid", "amount_paid": 1000, "currency": "eur", "created": 1,
        "customer": "cus_1", "customer_email": "reader@example.org", "paid_out_of_band": false,
        "status_transitions": {"paid_at": 2}, "lines": {"data": [{"metadata": {}}]},
        "parent": {"subscription_details": {"subscription": "sub_1", "metadata": {}}},
        "payments": {"data": [{"payment": {"payment_intent": "pi_1"}}]}})
}

fn charge() -> Value {
    json!({"id": "ch_1", "object": "charge", "amount_refunded": 400, "currency": "eur", "payment_intent": "pi_1",
        "invoice": null, "metadata": {}, "refunds": {"data": [refund()]}})
}

fn refund() -> Value {
    json!({"id": "re_1", "object": "refund", "status": "succeeded", "amount": 400, "currency": "eur", "created": 1,
        "charge": "ch_1", "payment_intent": "pi_1"})
}

fn dispute() -> Value {
    json!({"id": "du_1", "object": "dispute", "status": "lost", "amount": 400, "currency": "eur", "created": 1,
        "charge": "ch_1", "payment_intent": "pi_1"})
}

/// One object of each kind that is about money, with the type of an event about it.
fn every_object() -> [(&'static str, Value); 6] {
    [
        ("checkout.session.completed", session()),
        ("customer.subscription.updated", subscription()),
        ("invoice.paid", invoice()),
        ("charge.refunded", charge()),
        ("refund.created", refund()),
        ("charge.dispute.closed", dispute()),
    ]
}

/// Adds the JSON pointers of all values below `value`, whose own pointer is `at`.
fn collect_pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, child)| (name.clone(), child)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, child)| (index.to_string(), child)).collect()
        }
        _ => return,
    };
    for (name, child) in children {
        let pointer = format!("{at}/{name}");
        collect_pointers(child, &pointer, found);
        found.push(pointer);
    }
}

#[test]
fn a_field_of_a_wrong_type_is_never_ignored() {
    let mut tried = 0;
    for (kind, object) in every_object() {
        assert!(
            facts_of(&event(kind, object.clone())).is_ok_and(|facts| !facts.is_empty()),
            "{kind}: the unchanged event must be parsed"
        );
        let mut pointers = Vec::new();
        collect_pointers(&object, "", &mut pointers);
        // The entries of a list need not name their kind, because they all have the same kind.
        for pointer in pointers.iter().filter(|pointer| !pointer.ends_with("0/object")) {
            // The wrong value has a type that no API version has for this field.
            let wrong = match object.pointer(pointer).unwrap() {
                Value::String(_) => json!([7]),
                Value::Number(_) => json!("7"),
                Value::Bool(_) => json!("true"),
                Value::Null => json!(7.5),
                Value::Array(_) | Value::Object(_) => json!(7),
            };
            let mut changed = object.clone();
            *changed.pointer_mut(pointer).unwrap() = wrong.clone();
            let read = facts_of(&event(kind, changed));
            assert!(read.is_err(), "{kind}: {pointer} = {wrong} is read as {read:?}");
            tried += 1;
        }
    }
    assert!(tried >= 70, "only {tried} fields were tried");
}

#[test]
fn an_event_about_money_without_its_object_is_an_error() {
    for (kind, object) in every_object() {
        for nothing in [Value::Null, json!({}), json!([object]), json!("cs_1"), json!({"id": "x"})] {
            assert!(
                facts_of(&event(kind, nothing.clone())).is_err(),
                "{kind} is read with the object {nothing}"
            );
        }
        assert!(facts_of(&json!({"id": "evt_1", "type": kind})).is_err(), "{kind} is read without an object");
    }
    for kind in ["customer.updated", "invoice.upcoming", "invoice.deleted", "v2.core.account.updated"] {
        assert_eq!(facts_of(&json!({"id": "evt_1", "type": kind})), Ok(Vec::new()), "{kind} needs no object");
    }
}

#[test]
fn impossible_amounts_are_rejected() {
    let amounts = [
        ("checkout.session.completed", session(), "/amount_total"),
        ("customer.subscription.updated", subscription(), "/items/data/0/price/unit_amount"),
        ("customer.subscription.updated", subscription(), "/items/data/0/quantity"),
        ("invoice.paid", invoice(), "/amount_paid"),
        ("charge.refunded", charge(), "/amount_refunded"),
        ("charge.refunded", charge(), "/refunds/data/0/amount"),
        ("refund.created", refund(), "/amount"),
        ("charge.dispute.closed", dispute(), "/amount"),
    ];
    for (kind, object, pointer) in amounts {
        for wrong in [
            json!(-1),
            json!(i64::MIN),
            json!(i64::MAX),
            json!(1_000_000_000_000_000_i64),
            json!(u64::MAX),
            json!(1e3),
            json!(1e300),
        ] {
            let mut changed = object.clone();
            *changed.pointer_mut(pointer).unwrap() = wrong.clone();
            let read = facts_of(&event(kind, changed));
            assert!(read.is_err(), "{kind}: {pointer} = {wrong} is read as {read:?}");
        }
    }
}

#[test]
fn impossible_times_are_rejected() {
    for (kind, object) in every_object() {
        for pointer in ["/created", "/status_transitions/paid_at"] {
            if object.pointer(pointer).is_none() {
                continue;
            }
            for wrong in [-1, i64::MIN, i64::MAX, 253_402_300_800] {
                let mut changed = object.clone();
                *changed.pointer_mut(pointer).unwrap() = wrong.into();
                assert!(facts_of(&event(kind, changed)).is_err(), "{kind} is read with {pointer} = {wrong}");
            }
        }
    }
}

#[test]
fn an_expanded_object_is_read_like_its_id() {
    for (kind, object) in every_object() {
        let plain = facts_of(&event(kind, object.clone())).unwrap();
        for field in ["payment_intent", "customer", "charge", "subscription", "invoice"] {
            let Some(id) = object.get(field).filter(|id| id.is_string()).cloned() else { continue };
            let mut expanded = object.clone();
            expanded[field] = json!({"id": id, "object": "some.other.object", "amount": 1});
            assert_eq!(facts_of(&event(kind, expanded)).unwrap(), plain, "{kind}: the expanded {field}");
        }
    }
}

#[test]
fn unknown_labels_book_no_money() {
    for (kind, object) in every_object() {
        for field in ["status", "payment_status"] {
            if object.get(field).is_none() {
                continue;
            }
            let mut changed = object.clone();
            changed[field] = "a_future_label".into();
            let facts = serde_json::to_value(facts_of(&event(kind, changed)).unwrap()).unwrap();
            let fact = &facts[0];
            assert!(fact["paid"].is_null() && fact["left"] != true, "{kind}: an unknown {field}: {fact}");
            let state = fact["latest"]["state"].as_str().unwrap();
            // With an unknown `status`, a session still counts as paid, because its `payment_status` says so.
            let is_still_paid = kind.starts_with("checkout") && field == "status" && state == "paid";
            assert!(is_still_paid || ["other", "processing"].contains(&state), "{kind}: {field}: {fact}");
        }
    }
}
