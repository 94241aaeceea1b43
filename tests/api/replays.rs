//! Delivers sequences of Stripe events from `tests/fixtures/money/` in several orders.

use std::path::Path;

use serde_json::Value;

use crate::helpers::TestApp;

/// Returns the events in one folder of `tests/fixtures/money/`.
pub fn case_events(folder: &str) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/money");
    let text = std::fs::read_to_string(root.join(folder).join("events.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Returns the orders in which every case is delivered: as given, reversed, twice, and shuffled with repeats.
pub fn orders(events: &[Value]) -> Vec<(&'static str, Vec<Value>)> {
    let given = events.to_vec();
    let reversed: Vec<Value> = events.iter().rev().cloned().collect();
    let twice = [events, events].concat();
    let mut shuffled = twice.clone();
    fastrand::Rng::with_seed(7).shuffle(&mut shuffled);
    vec![("given", given), ("reversed", reversed), ("twice", twice), ("shuffled", shuffled)]
}

/// Starts a new installation, and delivers these events one after the other.
pub async fn app_after(events: &[Value]) -> TestApp {
    let app = TestApp::start().await;
    for event in events {
        assert_eq!(app.deliver(event).await.status, 200, "{event}");
        app.process_inbox().await;
    }
    app
}
