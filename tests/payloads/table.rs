//! Compares the parsed values of each object about money, in each generation of Stripe's API, with the values in the
//! recorded files.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::files::{facts_of, recorded};

/// How a field's value is written in the file.
#[derive(Clone, Copy)]
enum Says {
    /// The value itself.
    Same,
    /// An id, or an object that contains the id.
    Id,
    /// The value in lowercase.
    Currency,
    /// A number; 0 means that there is no value.
    Positive,
}
use Says::{Currency, Id, Positive, Same};

/// A field of a fact (what the parser reads from an object), how its value is written, and the value's paths in the
/// file: first those before API version basil, then those since. An empty list means that the file has no such value.
type Row = (&'static str, Says, &'static [&'static str], &'static [&'static str]);

const SESSION: &[Row] = &[
    ("/id", Same, &["/id"], &["/id"]),
    ("/total/amount_minor", Same, &["/amount_total"], &["/amount_total"]),
    ("/total/currency", Currency, &["/currency"], &["/currency"]),
    ("/customer", Id, &["/customer"], &["/customer"]),
    (
        "/email",
        Same,
        &["/customer_details/email", "/customer_email"],
        &["/customer_details/email", "/customer_email"],
    ),
    ("/payment_intent", Id, &["/payment_intent"], &["/payment_intent"]),
    ("/subscription", Id, &["/subscription"], &["/subscription"]),
    ("/invoice", Id, &["/invoice"], &["/invoice"]),
];
const SUBSCRIPTION: &[Row] = &[
    ("/id", Same, &["/id"], &["/id"]),
    ("/created_at_s", Same, &["/created"], &["/created"]),
    ("/customer", Id, &["/customer"], &["/customer"]),
    ("/latest/state", Same, &["/status"], &["/status"]),
    ("/terms/value/price/currency", Currency, ITEM_CURRENCY, ITEM_CURRENCY),
    ("/terms/value/interval", Same, ITEM_INTERVAL, ITEM_INTERVAL),
];
const ITEM_CURRENCY: &[&str] = &["/items/data/0/price/currency", "/items/data/0/plan/currency"];
const ITEM_INTERVAL: &[&str] = &["/items/data/0/price/recurring/interval", "/items/data/0/plan/interval"];
const INVOICE: &[Row] = &[
    ("/id", Same, &["/id"], &["/id"]),
    ("/created_at_s", Same, &["/created"], &["/created"]),
    ("/paid_at_s", Same, &["/status_transitions/paid_at"], &["/status_transitions/paid_at"]),
    ("/customer", Id, &["/customer"], &["/customer"]),
    ("/email", Same, &["/customer_email"], &["/customer_email"]),
    ("/subscription", Id, &["/subscription"], &["/parent/subscription_details/subscription"]),
];
const INVOICE_PAYMENT: &[Row] = &[
    ("/id", Same, &["/id"], &["/id"]),
    ("/invoice", Id, &["/invoice"], &["/invoice"]),
    ("/paid_by/0", Id, &["/payment/payment_intent"], &["/payment/payment_intent"]),
];
const CHARGE: &[Row] = &[
    ("/id", Same, &["/id"], &["/id"]),
    ("/payment_intent", Id, &["/payment_intent"], &["/payment_intent"]),
    ("/invoice", Id, &["/invoice"], &[]),
    ("/refunded/value/amount_minor", Positive, &["/amount_refunded"], &["/amount_refunded"]),
];
const MONEY_BACK: &[Row] = &[
    ("/id", Same, &["/id"], &["/id"]),
    ("/amount/amount_minor", Same, &["/amount"], &["/amount"]),
    ("/amount/currency", Currency, &["/currency"], &["/currency"]),
    ("/created_at_s", Same, &["/created"], &["/created"]),
    ("/payment_intent", Id, &["/payment_intent"], &["/payment_intent"]),
    ("/charge", Id, &["/charge"], &["/charge"]),
];

const INTENT: &[Row] = &[
    ("/id", Same, &["/id"], &["/id"]),
    ("/received/amount_minor", Positive, &["/amount_received"], &["/amount_received"]),
    ("/charge", Id, &["/latest_charge"], &["/latest_charge"]),
    ("/invoice", Id, &["/invoice"], &[]),
];
const PAYOUT: &[Row] = &[
    ("/id", Same, &["/id"], &["/id"]),
    ("/amount_minor", Same, &["/amount"], &["/amount"]),
    ("/currency", Currency, &["/currency"], &["/currency"]),
    ("/created_at_s", Same, &["/created"], &["/created"]),
    ("/mark/arrives_at_s", Same, &["/arrival_date"], &["/arrival_date"]),
    ("/mark/latest/state", Same, &["/status"], &["/status"]),
];
const WARNING: &[Row] = &[
    ("/id", Same, &["/id"], &["/id"]),
    ("/charge", Id, &["/charge"], &["/charge"]),
    ("/payment_intent", Id, &["/payment_intent"], &["/payment_intent"]),
    ("/actionable/value", Same, &["/actionable"], &["/actionable"]),
];
const REVIEW: &[Row] = &[
    ("/id", Same, &["/id"], &["/id"]),
    ("/charge", Id, &["/charge"], &["/charge"]),
    ("/payment_intent", Id, &["/payment_intent"], &["/payment_intent"]),
    ("/open/value", Same, &["/open"], &["/open"]),
];
const CUSTOMER: &[Row] =
    &[("/id", Same, &["/id"], &["/id"]), ("/email/value", Same, &["/email"], &["/email"])];

fn rows(object: &str) -> &'static [Row] {
    match object {
        "checkout.session" => SESSION,
        "subscription" => SUBSCRIPTION,
        "invoice" => INVOICE,
        "invoice_payment" => INVOICE_PAYMENT,
        "charge" => CHARGE,
        "refund" | "dispute" => MONEY_BACK,
        "payment_intent" => INTENT,
        "payout" => PAYOUT,
        "radar.early_fraud_warning" => WARNING,
        "review" => REVIEW,
        "customer" => CUSTOMER,
        _ => &[],
    }
}

/// The value that the file has at the first of these paths, in the form that the parser returns.
fn value_in_file(object: &Value, says: Says, places: &[&str]) -> Value {
    let found = places.iter().filter_map(|place| object.pointer(place)).find(|value| !value.is_null());
    let value = found.cloned().unwrap_or(Value::Null);
    match says {
        Same => value,
        Id => {
            if value.is_object() {
                value["id"].clone()
            } else {
                value
            }
        }
        Currency => value.as_str().map_or(Value::Null, |code| code.to_uppercase().into()),
        Positive => {
            if value == 0 {
                Value::Null
            } else {
                value
            }
        }
    }
}

/// Compares every field. Also counts, for each kind of object in each folder, how many fields were compared and how
/// many had a value, so that no comparison is skipped.
#[test]
fn each_generation_is_parsed_to_the_values_in_its_files() {
    let mut compared: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
    for it in recorded() {
        let object = &it.event["data"]["object"];
        let word = it.object();
        if rows(word).is_empty() || object.get("id").is_none() {
            continue;
        }
        let fact =
            serde_json::to_value(&facts_of(&it.event).unwrap_or_else(|bad| panic!("{}: {bad}", it.name))[0]);
        let fact = fact.unwrap();
        let folder = it.name.split('/').next().unwrap().to_owned();
        let counts = compared.entry((folder, word.to_owned())).or_default();
        for (field, says, old, new) in rows(word) {
            let expected = value_in_file(object, *says, if it.since_basil { new } else { old });
            let read = fact.pointer(field).cloned().unwrap_or(Value::Null);
            // A currency is parsed only together with its amount. Conflicting terms are not parsed at all.
            let silent = *field == "/total/currency" && object["amount_total"].is_null()
                || field.starts_with("/terms") && fact["terms"].is_null();
            if !silent {
                assert_eq!(read, expected, "{}: {field}", it.name);
                counts.0 += 1;
                counts.1 += usize::from(!expected.is_null());
            }
        }
    }
    let folders = 7;
    // Two folders are incomplete: one has no payouts, and the other has no warnings and reviews.
    for (word, least) in [
        ("payment_intent", 7),
        ("payout", 6),
        ("radar.early_fraud_warning", 6),
        ("review", 6),
        ("customer", 7),
    ] {
        let found: Vec<_> = compared.iter().filter(|((_, of), _)| of == word).collect();
        assert_eq!(found.len(), least, "{word}: {found:?}");
        assert!(found.iter().all(|(_, (_, said))| *said >= 1), "{found:?}");
    }
    for word in ["checkout.session", "subscription", "invoice", "charge", "refund", "dispute"] {
        let found: Vec<_> = compared.iter().filter(|((_, of), _)| of == word).collect();
        assert_eq!(found.len(), folders, "every generation must have an object of the kind {word}");
        assert!(found.iter().all(|(_, (_, said))| *said >= 1), "{found:?}");
    }
    let of_payments = compared.keys().filter(|(_, of)| of == "invoice_payment").count();
    assert_eq!(of_payments, 5, "the recorded folder and the folders since basil must have invoice payments");
}

/// Each generation has the paid period in a different field.
#[test]
fn a_paid_invoice_of_any_generation_has_its_amount_and_payment() {
    let mut seen = 0;
    for mut it in recorded() {
        if it.object() != "invoice" {
            continue;
        }
        let object = &mut it.event["data"]["object"];
        object["status"] = "paid".into();
        object["amount_paid"] = 1234.into();
        object["paid_out_of_band"] = false.into();
        if it.since_basil {
            let payment =
                json!({"id": "inpay_1", "payment": {"type": "payment_intent", "payment_intent": "pi_own"}});
            object["payments"] = json!({"object": "list", "data": [payment]});
        } else {
            object["payment_intent"] = "pi_own".into();
            object["charge"] = Value::Null;
        }
        let currency = object["currency"].as_str().unwrap().to_uppercase();
        let fact = serde_json::to_value(&facts_of(&it.event).unwrap()[0]).unwrap();
        assert_eq!(fact["paid"], json!({"amount_minor": 1234, "currency": currency}), "{}", it.name);
        assert_eq!(fact["paid_by"], json!(["pi_own"]), "{}", it.name);
        seen += 1;
    }
    assert!(seen >= 12, "{seen}");
}

/// Each generation has our metadata at a different path.
#[test]
fn metadata_is_read_from_each_generations_path() {
    let mark = json!({"keepopen_contribution": "con_00000000000000000000000001", "keepopen_site": "journal"});
    for it in recorded() {
        let word = it.object();
        if !["checkout.session", "subscription", "invoice", "charge"].contains(&word) {
            continue;
        }
        let mut places = vec!["/metadata"];
        if word == "invoice" {
            places.push(if it.since_basil {
                "/parent/subscription_details"
            } else {
                "/subscription_details"
            });
            places.push("/lines/data/0/metadata");
        }
        for place in places {
            let mut event = it.event.clone();
            let object = &mut event["data"]["object"];
            match (place, object.pointer_mut(place)) {
                ("/metadata" | "/lines/data/0/metadata", Some(held)) => *held = mark.clone(),
                (_, Some(details)) if details.is_object() => details["metadata"] = mark.clone(),
                _ => continue,
            }
            let facts = facts_of(&event).unwrap();
            let origin = facts[0]
                .origin()
                .unwrap_or_else(|| panic!("{}: the metadata at {place} were not read", it.name));
            assert_eq!(origin.site, "journal");
        }
    }
}
