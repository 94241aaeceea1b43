//! Two servers on one database: work is taken once, and the books are as from one.

use std::sync::Arc;

use keepopen::actions;
use keepopen::app::App;
use keepopen::clock::Clock;
use keepopen::store::inbox::EventRow;
use serde_json::Value;

use crate::databases::Database;
use crate::helpers::{TestApp, folder, settings};
use crate::story::{books_of, receive, tell};

/// How many stories are told (about 150 events each); `KEEPOPEN_TEST_STORIES` asks for more.
fn stories() -> usize {
    std::env::var("KEEPOPEN_TEST_STORIES").map_or(2, |text| text.parse().unwrap())
}

#[tokio::test]
async fn two_servers_that_share_a_database_book_as_one_would() {
    let told = TestApp::start().await;
    for _ in 0..stories() {
        tell(&told).await;
    }
    let events = told.stripe.events();
    for event in &events {
        receive(&told.app, event).await;
    }
    let expected = books_of(&told.app).await;

    let folder = folder();
    std::fs::copy(told.folder().join("keepopen.key"), folder.path().join("keepopen.key")).unwrap();
    let database = Database::make(folder.path());
    let settings = settings(folder.path(), &database, &told.stripe, "");
    let clock = || Clock::movable(jiff::Timestamp::from_millisecond(told.app.now_ms()).unwrap());
    let start = || actions::start(settings.clone(), clock());
    // Both at once, on an empty database: one makes the tables and the key.
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
    tokio::join!(books_of(&one), books_of(&other));
    assert_eq!(books_of(&one).await, expected);
    // Each event was taken up once, by one of the two, and neither got in the other's way.
    let once = |it: &EventRow| it.attempts == 1 && it.error.is_none();
    assert!(one.store.events().await.unwrap().iter().all(once));
    one.store.close().await;
    other.store.close().await;
    told.finish().await;
}

/// Delivers to one server, which works through the inbox (also what the other received) as it goes.
/// Each in an order of its own: two that do the same thing at the same time would not get in each
/// other's way.
async fn deliver(app: &Arc<App>, events: &[&Value], seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    for (place, event) in events.iter().enumerate() {
        receive(app, event).await;
        if place % 20 == 0 {
            let mut due = app.store.due_events(app.now_ms(), 1000).await.unwrap();
            random.shuffle(&mut due);
            for id in due {
                actions::process_event(app, &id).await.unwrap();
            }
        }
    }
}
