//! Compares the parsed values of each object about money, in each generation of Stripe's API, with the values in the
//! recorded files.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::files::{facts_of, recorded};

/// How the file writes a field's value.
#[derive(Clone, Copy)]
enum Notation {
    /// The value itself.
    Same,
    /// An id, or an object that contains the id.
    Id,
    /// The value in lowercase.
    Currency,
    /// A number; 0 means that there is no value.
    Positive,
}
use Notation::{Currency, Id, Positive, Same};

/// A field of a fact (what the parser reads from an object), the notation of its value, and two lists of the value's
/// paths in the file. The first list is for API versions before basil, and the second for basil and later versions. With
/// an empty list, the file does not have the value.
type Row = (&'static str, Notation, &'static [&'static str], &'static [&'static str]);

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

/// The first value that the file has at one of these paths, in the form that the parser returns.
fn value_in_file(object: &Value, notation: Notation, paths: &[&str]) -> Value {
    let found = paths.iter().filter_map(|path| object.pointer(path)).find(|value| !value.is_null());
    let value = found.cloned().unwrap_or(Value::Null);
    match notation {
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
        let kind = it.object();
        if rows(kind).is_empty() || object.get("id").is_none() {
            continue;
        }
        let fact =
            serde_json::to_value(&facts_of(&it.event).unwrap_or_else(|bad| panic!("{}: {bad}", it.name))[0]);
        let fact = fact.unwrap();
        let folder = it.name.split('/').next().unwrap().to_owned();
        let counts = compared.entry((folder, kind.to_owned())).or_default();
        for (field, notation, old, new) in rows(kind) {
            let expected = value_in_file(object, *notation, if it.since_basil { new } else { old });
            let read = fact.pointer(field).cloned().unwrap_or(Value::Null);
            // A currency is parsed only together with its amount. Conflicting terms are not parsed at all.
            let is_not_parsed = *field == "/total/currency" && object["amount_total"].is_null()
                || field.starts_with("/terms") && fact["terms"].is_null();
            if !is_not_parsed {
                assert_eq!(read, expected, "{}: {field}", it.name);
                counts.0 += 1;
                counts.1 += usize::from(!expected.is_null());
            }
        }
    }
    let folders = 7;
    // One folder has no payouts. Another folder has neither warnings nor reviews.
    for (kind, expected_folders) in [
        ("payment_intent", 7),
        ("payout", 6),
        ("radar.early_fraud_warning", 6),
        ("review", 6),
        ("customer", 7),
    ] {
        let found: Vec<_> = compared.iter().filter(|((_, other), _)| other == kind).collect();
        assert_eq!(found.len(), expected_folders, "the number of folders with the kind {kind}: {found:?}");
        assert!(found.iter().all(|(_, (_, with_value))| *with_value >= 1), "no field has a value: {found:?}");
    }
    for kind in ["checkout.session", "subscription", "invoice", "charge", "refund", "dispute"] {
        let found: Vec<_> = compared.iter().filter(|((_, other), _)| other == kind).collect();
        assert_eq!(found.len(), folders, "every generation must have an object of the kind {kind}");
        assert!(found.iter().all(|(_, (_, with_value))| *with_value >= 1), "no field has a value: {found:?}");
    }
    let payment_folders = compared.keys().filter(|(_, kind)| kind == "invoice_payment").count();
    assert_eq!(
        payment_folders, 5,
        "the recorded folder and the folders since basil must have invoice payments"
    );
}

/// Since basil, an invoice lists its payments. Before basil, it has a payment intent.
#[test]
fn a_paid_invoice_of_any_generation_has_its_amount_and_payment() {
    let mut checked = 0;
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
        checked += 1;
    }
    assert!(checked >= 12, "only {checked} invoices were checked");
}

/// An invoice has our metadata at different paths in different generations.
#[test]
fn metadata_is_read_from_each_generations_path() {
    let our_metadata =
        json!({"keepopen_contribution": "con_00000000000000000000000001", "keepopen_site": "journal"});
    for it in recorded() {
        let kind = it.object();
        if !["checkout.session", "subscription", "invoice", "charge"].contains(&kind) {
            continue;
        }
        let mut paths = vec!["/metadata"];
        if kind == "invoice" {
            paths.push(if it.since_basil { "/parent/subscription_details" } else { "/subscription_details" });
            paths.push("/lines/data/0/metadata");
        }
        for path in paths {
            let mut event = it.event.clone();
            let object = &mut event["data"]["object"];
            match (path, object.pointer_mut(path)) {
                ("/metadata" | "/lines/data/0/metadata", Some(metadata)) => *metadata = our_metadata.clone(),
                (_, Some(details)) if details.is_object() => details["metadata"] = our_metadata.clone(),
                _ => continue,
            }
            let facts = facts_of(&event).unwrap();
            let origin = facts[0]
                .origin()
                .unwrap_or_else(|| panic!("{}: the metadata at {path} were not read", it.name));
            assert_eq!(origin.site, "journal");
        }
    }
}
