//! Two servers on one database: each task is done once, and the ledger is the same as with one server.

use std::sync::Arc;

use keepopen::actions::{self, Precondition};
use keepopen::app::App;
use keepopen::clock::Clock;
use keepopen::keys::Scope;
use keepopen::store::inbox::EventRow;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::helpers::{TestApp, folder, settings};
use crate::story::{create_story, process_and_read_ledger, receive};
use keepopen_testkit::Database;

/// The number of stories: histories that [`create_story`] creates, with about 150 events each. To use more, set the
/// environment variable `KEEPOPEN_TEST_STORIES`.
fn story_count() -> usize {
    std::env::var("KEEPOPEN_TEST_STORIES").map_or(2, |text| text.parse().unwrap())
}

#[tokio::test]
async fn two_servers_with_one_database_make_the_same_entries_as_one_server() {
    let reference = TestApp::start().await;
    for _ in 0..story_count() {
        create_story(&reference).await;
    }
    let events = reference.stripe.events();
    for event in &events {
        receive(&reference.app, event).await;
    }
    let expected = process_and_read_ledger(&reference.app).await;

    let folder = folder();
    std::fs::copy(reference.folder().join("keepopen.key"), folder.path().join("keepopen.key")).unwrap();
    let database = Database::make(folder.path());
    let settings = settings(folder.path(), &database, &reference.stripe, "");
    let clock = || Clock::movable(jiff::Timestamp::from_millisecond(reference.app.now_ms()).unwrap());
    let start = || actions::start(settings.clone(), clock());
    // Both servers start at the same time on an empty database. One of them creates the tables and the key that signs
    // tokens.
    let (one, other) = tokio::join!(start(), start());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.tokens.jwks(), other.tokens.jwks());
    let mut random = fastrand::Rng::with_seed(7);
    let mut deliveries: Vec<&Value> =
        events.iter().flat_map(|event| std::iter::repeat_n(event, random.usize(1..=3))).collect();
    random.shuffle(&mut deliveries);
    println!("{} deliveries of {} events", deliveries.len(), events.len());
    let half = deliveries.len() / 2;
    tokio::join!(deliver(&one, &deliveries[..half], 1), deliver(&other, &deliveries[half..], 2),);
    tokio::join!(process_and_read_ledger(&one), process_and_read_ledger(&other));
    assert_eq!(process_and_read_ledger(&one).await, expected);
    // Each event was processed once, by one of the servers, without an error.
    let is_processed_once = |it: &EventRow| it.attempts == 1 && it.error.is_none();
    assert!(one.store.events().await.unwrap().iter().all(is_processed_once));
    one.store.close().await;
    other.store.close().await;
    reference.finish().await;
}

/// Delivers events to one server. The server also processes the inbox, which both servers share. `seed` gives each
/// server its own order of processing. With the same order, the servers would not conflict.
async fn deliver(app: &Arc<App>, events: &[&Value], seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    for (index, event) in events.iter().enumerate() {
        receive(app, event).await;
        if index % 20 == 0 {
            let mut due = app.store.due_events(app.now_ms(), 1000).await.unwrap();
            random.shuffle(&mut due);
            for id in due {
                actions::process_event::<actions::Recording>(app, &app.as_job("inbox"), &id).await.unwrap();
            }
        }
    }
}

/// The number of calls that run at the same time in the tests below.
const CONCURRENCY: usize = 8;

fn appeal(heading: &str) -> Value {
    json!({"sites": ["journal"], "kind": "ask", "surface": ["banner"],
        "variants": [{"id": "a", "copy": {"heading": heading}}]})
}

#[tokio::test]
async fn simultaneous_publications_and_switches_on_two_servers_all_take_effect() {
    let one = TestApp::start_without_appeals().await;
    let other = actions::start(one.app.settings.clone(), one.app.clock.clone()).await.unwrap();
    let mut work = JoinSet::new();
    for index in 0..CONCURRENCY {
        let app = if index % 2 == 0 { Arc::clone(&one.app) } else { Arc::clone(&other) };
        work.spawn(async move {
            let editor = &app.as_operator();
            let id = format!("appeal-{index}");
            let Value::Object(fields) = appeal("Help") else { panic!("an appeal must be an object") };
            actions::save_appeal(editor, &id, fields, Precondition::NONE).await.unwrap();
            for _ in 0..3 {
                actions::publish_appeal(editor, &id, None, Precondition::NONE).await.unwrap();
                let surface = keepopen_decision::Surface::ALL[index % 3];
                let toggle = |it: &mut keepopen::appeals::Switches| {
                    let is_off = it.get(Some(surface)) == keepopen::appeals::Switch::Off;
                    let new_state =
                        if is_off { keepopen::appeals::Switch::On } else { keepopen::appeals::Switch::Off };
                    it.set(Some(surface), new_state);
                };
                actions::set_switches(editor, "journal", toggle).await.unwrap();
            }
        });
    }
    while let Some(done) = work.join_next().await {
        done.unwrap();
    }
    let expected_changes = i64::try_from(CONCURRENCY * 3).unwrap();
    assert_eq!(one.app.store.changes().await.unwrap(), (expected_changes, expected_changes));
    assert_eq!(one.app.store.published_appeals().await.unwrap().len(), CONCURRENCY);
    other.store.close().await;
    one.finish().await;
}

#[tokio::test]
async fn if_several_editors_save_the_same_version_at_the_same_time_only_one_succeeds() {
    let app = TestApp::start_without_appeals().await;
    let scopes = [Scope::AppealsWrite];
    let key = actions::create_api_key(&app.app.as_operator(), "desk", &scopes).await.unwrap().secret;
    let url = format!("{}/v1/appeals/summer", app.url);
    let call = |method, path: &str, body: &Value| {
        app.client.request(method, format!("{url}{path}")).bearer_auth(&key).json(body)
    };
    assert_eq!(app.send(call(Method::PUT, "", &appeal("First"))).await.status, 201);
    for (method, path) in [(Method::PUT, ""), (Method::POST, "/publish")] {
        let newest = app.send(call(Method::GET, "", &json!({}))).await.headers["etag"].clone();
        let mut work = JoinSet::new();
        for index in 0..CONCURRENCY {
            let body = if path.is_empty() { appeal(&format!("By {index}")) } else { json!({}) };
            let request = call(method.clone(), path, &body).header("if-match", &newest);
            work.spawn(async move { request.send().await.unwrap().status().as_u16() });
        }
        let mut statuses = work.join_all().await;
        statuses.sort_unstable();
        // Publishing a version that is already published changes nothing, so every request succeeds.
        let other_status = if path.is_empty() { 412 } else { 200 };
        let expected: Vec<u16> = std::iter::once(200).chain(vec![other_status; CONCURRENCY - 1]).collect();
        assert_eq!(statuses, expected, "{method} {path}");
    }
    app.finish().await;
}
