//! Recorded events of every API generation (a range of API versions whose objects have the same fields). The service
//! acknowledges, stores and processes each of them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::helpers::TestApp;

const FOLDERS: [&str; 7] = [
    "mock_objects_2025-10_clover",
    "openapi_objects_2023-08-16",
    "openapi_objects_2026-07_dahlia",
    "ruby_mock_events_2020-08-27",
    "sync_engine_events_2020-03-02",
    "synthesised_2025-03_basil",
    "synthesised_2026-09_endive",
];

/// Recordings whose object lacks the id that every object at Stripe has. The worker can't read these events, but they
/// stay stored.
const WITHOUT_ID: [&str; 2] = [
    "ruby_mock_events_2020-08-27/charge.dispute.closed.json",
    "ruby_mock_events_2020-08-27/charge.dispute.updated.json",
];

/// The types of objects that the worker reads to book entries.
const BOOKED_FROM: [&str; 7] =
    ["charge", "checkout.session", "dispute", "invoice", "invoice_payment", "refund", "subscription"];

/// Returns every recorded event by file name. Each gets a new id, because some recordings share one.
fn recorded() -> BTreeMap<String, Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stripe");
    let mut events = BTreeMap::new();
    for folder in FOLDERS {
        for file in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
            let mut event: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            event["id"] = format!("evt_{:04}", events.len()).into();
            event["livemode"] = false.into();
            events.insert(name, event);
        }
    }
    events
}

#[tokio::test]
async fn every_recorded_event_is_acknowledged_stored_and_processed() {
    let app = TestApp::start().await;
    let events = recorded();
    assert_eq!(events.len(), 18 + 17 + 18 + 46 + 71 + 12 + 12, "every folder must have all its recordings");
    for (name, event) in &events {
        let answer = app.deliver(event).await;
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
    }
    app.process_inbox().await;
    let stored: BTreeMap<_, _> =
        app.app.store.events().await.unwrap().into_iter().map(|row| (row.id.clone(), row)).collect();
    assert_eq!(stored.len(), events.len());
    let mut not_read = BTreeMap::new();
    for (name, event) in &events {
        let row = &stored[event["id"].as_str().unwrap()];
        assert_eq!(row.state, "done", "{name}");
        let outcome = row.outcome.as_deref().unwrap();
        if let Some(reason) = outcome.strip_prefix("not ours: it can't be read ") {
            not_read.insert(name.as_str(), reason);
        }
    }
    let reason = "(dispute.id does not have the form of any known API version)";
    assert_eq!(
        not_read,
        WITHOUT_ID.map(|name| (name, reason)).into(),
        "exactly these events can't be read, for this reason"
    );
    // No recording has Keepopen's metadata, so nothing is booked.
    assert!(app.ledger().await.is_empty());
    app.finish().await;
}

/// Adds Keepopen's metadata to every recorded object. The events are then like those that an endpoint with an older API
/// version sends for Keepopen's gifts.
#[tokio::test]
async fn recorded_payments_with_our_metadata_are_booked_from_their_older_shapes() {
    let mut booked = BTreeMap::new();
    for (name, mut event) in recorded() {
        let object_type = event["data"]["object"]["object"].as_str().unwrap_or_default();
        if WITHOUT_ID.contains(&name.as_str()) || !BOOKED_FROM.contains(&object_type) {
            continue;
        }
        let app = TestApp::start().await;
        let object = &mut event["data"]["object"];
        object["metadata"] =
            json!({"keepopen_contribution": "con_00000000000000000000000001", "keepopen_site": "journal"});
        assert_eq!(app.deliver(&event).await.status, 200, "{name}");
        app.process_inbox().await;
        let ledger = app.ledger().await;
        if !ledger.is_empty() {
            booked.insert(name, ledger);
        }
        app.finish().await;
    }
    let booked: Vec<String> =
        booked.into_iter().map(|(name, ledger)| format!("{name}: {ledger:?}")).collect();
    // One-off gifts are booked from their paid sessions. An invoice only counts if it names a subscription.
    let expected = [
        "ruby_mock_events_2020-08-27/checkout.session.completed.json: [(Payment, 3000)]",
        "ruby_mock_events_2020-08-27/checkout.session.completed.payment_mode.json: [(Payment, 25000)]",
        "sync_engine_events_2020-03-02/checkout_session_completed.json: [(Payment, 999)]",
        "synthesised_2025-03_basil/checkout.session.completed.json: [(Payment, 1500)]",
        "synthesised_2025-03_basil/invoice.paid.json: [(Payment, 2000)]",
        "synthesised_2026-09_endive/checkout.session.completed.json: [(Payment, 1500)]",
        "synthesised_2026-09_endive/invoice.paid.json: [(Payment, 2000)]",
    ];
    assert_eq!(booked, expected);
}
