//! Faults of the machine: a full or failing disk, a missing data folder, and booking that has stopped.

use keepopen_testkit::wait_until;
use std::sync::Arc;
use std::time::Duration;

use keepopen::{jobs, management};
use keepopen_powercut::{Recording, Refusal, Syncs};
use keepopen_practice::PaymentChoice;
use serde_json::Value;

use crate::helpers::{TestApp, folder};

const MANAGEMENT: &str = "[management]\nbind = \"127.0.0.1:0\"";

/// Starts the management server. Returns the URL of the readiness check.
fn start_management(app: &TestApp) -> String {
    let running = management::serve(&app.app).unwrap().unwrap();
    tokio::spawn(running.server);
    format!("http://{}/readyz", running.address)
}

/// Returns the parts that the readiness check reports as not ready.
async fn not_ready_parts(url: &str) -> Vec<String> {
    let answer = reqwest::get(url).await.unwrap();
    if answer.status() == 200 {
        return Vec::new();
    }
    assert_eq!(answer.status(), 503);
    let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    problem["not_ready"].as_array().unwrap().iter().map(|part| part.as_str().unwrap().to_owned()).collect()
}

/// Waits until exactly these parts are not ready. If `parts` is empty, waits until everything is ready. Advances the
/// clock, so that each run of the write probe (the job that tests whether the database accepts writes) writes a new
/// time.
async fn wait_until_not_ready(app: &TestApp, url: &str, parts: &[&str], timeout: Duration) {
    let wait = async {
        while not_ready_parts(url).await != parts {
            app.app.clock.advance(1);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(timeout, wait).await.is_err() {
        panic!("expected {parts:?} not to be ready, but {:?} are not ready", not_ready_parts(url).await);
    }
}

/// Makes the disk reject writes while gifts are booked, and then accept them again. Checks that no event is
/// acknowledged unless it is stored, and that everything is booked without a restart.
async fn check_recovery_from_disk_fault(fault: Refusal) {
    let files = folder();
    let recording = Arc::new(Recording::start(files.path(), Syncs::Kept).unwrap());
    let url = recording.url("keepopen.db");
    let app = TestApp::start_changed(MANAGEMENT, |settings| settings.database.url = url).await;
    let readiness_url = start_management(&app);
    let jobs = jobs::run(&app.app);
    wait_until_not_ready(&app, &readiness_url, &[], Duration::from_secs(10)).await;

    let first = app.start_gift(1000, "once").await;
    let second = app.start_gift(2000, "once").await;
    app.stripe.pay(&first.session, PaymentChoice::Card).unwrap();
    let events_before = app.stripe.events();
    app.deliver_all_events().await;
    app.stripe.pay(&second.session, PaymentChoice::Card).unwrap();
    recording.refuse(Some(fault));
    let later: Vec<Value> =
        app.stripe.events().into_iter().filter(|it| !events_before.contains(it)).collect();
    assert!(!later.is_empty(), "the second payment must create events");
    // From here on, the disk rejects writes: single statements as well as those inside a transaction.
    wait_until_not_ready(&app, &readiness_url, &["database_writes"], Duration::from_secs(10)).await;
    for event in &later {
        let answer = app.deliver(event).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (503, "store_unavailable"));
    }
    assert_eq!(app.banner(None).await["show"], true, "banner requests must still be answered");

    recording.refuse(None);
    wait_until_not_ready(&app, &readiness_url, &[], Duration::from_secs(15)).await;
    for event in &later {
        assert_eq!(app.deliver(event).await.status, 200);
    }
    let all_booked =
        async || app.ledger().await.len() >= 2 && app.app.store.due_since_ms().await.unwrap().is_none();
    wait_until(Duration::from_secs(15), "everything is booked without a restart", all_booked).await;
    assert_eq!(app.clearing().await, 3000);
    for event in app.app.store.events().await.unwrap() {
        assert_eq!(
            (event.attempts, event.error),
            (1, None),
            "a disk fault must not count as a failed try of an event"
        );
    }
    jobs.stop(&app.app).await;
    app.finish().await;
}

#[tokio::test]
async fn the_service_recovers_from_a_full_disk_without_a_restart() {
    check_recovery_from_disk_fault(Refusal::Full).await;
}

#[tokio::test]
async fn the_service_recovers_from_a_failing_disk_without_a_restart() {
    check_recovery_from_disk_fault(Refusal::Fails).await;
}

#[tokio::test]
async fn the_readiness_check_reports_booking_that_has_stopped_but_not_an_event_that_waits_for_a_retry() {
    let app = TestApp::start_with(MANAGEMENT).await;
    let readiness_url = start_management(&app);
    app.give(1000, "once").await;
    app.deliver_all_events().await;
    app.app.clock.advance(119_000);
    assert_eq!(not_ready_parts(&readiness_url).await, Vec::<String>::new());
    app.app.clock.advance(2_000);
    assert_eq!(not_ready_parts(&readiness_url).await, ["booking"]);
    app.process_inbox().await;
    assert_eq!(not_ready_parts(&readiness_url).await, Vec::<String>::new());

    // This event can't be read. It is retried later, and does not delay other events.
    let mut bad = app.stripe.events()[0].clone();
    bad["id"] = "evt_bad".into();
    bad["type"] = "refund.created".into();
    bad["data"]["object"] = serde_json::json!({"id": "re_1", "object": "refund", "amount": "ten"});
    app.deliver(&bad).await;
    for _ in 0..5 {
        app.process_inbox().await;
        app.app.clock.advance(119_000);
    }
    assert_eq!(not_ready_parts(&readiness_url).await, Vec::<String>::new());
    let done = "UPDATE stripe_events SET state = 'done', error = NULL WHERE id = 'evt_bad'";
    app.app.store.run_sql(done).await.unwrap();
    app.finish().await;
}

#[cfg(unix)]
#[tokio::test]
async fn no_event_is_acknowledged_while_the_data_folder_is_missing_or_replaced() {
    let files = folder();
    let (data, aside) = (files.path().join("data"), files.path().join("aside"));
    std::fs::create_dir(&data).unwrap();
    let url = format!("sqlite:{}", data.join("keepopen.db").display());
    let app = TestApp::start_changed(MANAGEMENT, |settings| {
        settings.database.url = url;
        settings.data_dir = data.clone();
    })
    .await;
    let readiness_url = start_management(&app);
    let jobs = jobs::run(&app.app);
    wait_until_not_ready(&app, &readiness_url, &[], Duration::from_secs(10)).await;
    app.give(1000, "once").await;
    let check_deliveries_refused = async || {
        for event in app.stripe.events() {
            let answer = app.deliver(&event).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (503, "store_unavailable"));
        }
        assert!(not_ready_parts(&readiness_url).await.contains(&"data_folder".to_owned()));
        assert_eq!(app.banner(None).await["show"], true, "banner requests must still be answered");
    };
    std::fs::rename(&data, &aside).unwrap();
    check_deliveries_refused().await;
    // Another folder with its own database takes the place of the data folder, as when a backup is restored.
    std::fs::create_dir(&data).unwrap();
    std::fs::copy(aside.join("keepopen.db"), data.join("keepopen.db")).unwrap();
    check_deliveries_refused().await;
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::rename(&aside, &data).unwrap();
    wait_until_not_ready(&app, &readiness_url, &[], Duration::from_secs(15)).await;
    // Only the write-ahead log is missing. A commit into it would be lost at the next start.
    let log = data.join("keepopen.db-wal");
    std::fs::rename(&log, files.path().join("log")).unwrap();
    check_deliveries_refused().await;
    std::fs::rename(files.path().join("log"), &log).unwrap();
    wait_until_not_ready(&app, &readiness_url, &[], Duration::from_secs(15)).await;
    app.deliver_all_events().await;
    let all_booked = async || app.app.store.due_since_ms().await.unwrap().is_none();
    wait_until(Duration::from_secs(15), "everything is booked without a restart", all_booked).await;
    assert_eq!(app.clearing().await, 1000);
    jobs.stop(&app.app).await;
    app.finish().await;
}

/// The service reports the database as unavailable only while it can't be used. A missing table is a different fault,
/// because a retry does not help.
#[actix_web::test]
async fn a_missing_table_is_not_reported_as_an_unavailable_database() {
    let app = TestApp::start_without_appeals().await;
    let scopes = [keepopen::keys::Scope::AppealsWrite];
    let operator = app.app.as_operator();
    let key = keepopen::actions::create_api_key(&operator, "test", &scopes).await.unwrap().secret;
    let sql = "ALTER TABLE appeal_versions RENAME TO appeal_versions_aside";
    app.app.store.run_sql(sql).await.unwrap();
    let answer = app.get("/v1/appeals/help/versions/1", Some(&key)).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (500, "internal"));
    app.app.store.run_sql("ALTER TABLE appeal_versions_aside RENAME TO appeal_versions").await.unwrap();
    app.finish().await;
}
