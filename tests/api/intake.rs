//! The intake stores the events that Stripe delivers. Deliveries that arrive at the same time share one commit. After
//! the commit, each delivery gets its own response.

use keepopen_testkit::wait_until;
use std::time::Duration;

use keepopen::actions::process_due_events;
use keepopen::app::Actor;
use keepopen::store::Tx;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::helpers::TestApp;

/// Returns an event that moves no money, so it is stored but not booked.
fn event(id: &str) -> Value {
    json!({
        "id": id, "object": "event", "type": "customer.created", "created": 1_795_000_000, "livemode": false,
        "api_version": "2026-09-30.endive", "data": {"object": {"id": "cus_1", "object": "customer"}},
    })
}

/// Blocks inserts into the inbox until the returned transaction is dropped.
async fn block_inbox(app: &TestApp) -> Tx {
    let mut tx = app.app.store.begin().await.unwrap();
    // On PostgreSQL, an open transaction does not block the intake, so the table is locked.
    if let Tx::Postgres(tx) = &mut tx {
        sqlx::query("LOCK TABLE stripe_events IN SHARE MODE").execute(&mut **tx).await.unwrap();
    }
    tx
}

/// Returns the signed request with which Stripe delivers an event.
fn request(app: &TestApp, event: &Value) -> reqwest::RequestBuilder {
    let body = event.to_string();
    let signature = app.stripe.sign(body.as_bytes(), app.app.now_ms().div_euclid(1000));
    app.client.post(format!("{}/webhooks/stripe", app.url)).header("stripe-signature", signature).body(body)
}

/// Starts to deliver an event in the background. The returned task ends with the response's status.
fn start_delivery(app: &TestApp, event: &Value) -> JoinHandle<u16> {
    let request = request(app, event);
    tokio::spawn(async move { request.send().await.unwrap().status().as_u16() })
}

/// Waits until exactly this many slots of the intake are in use. Each delivery that has no result yet uses a slot.
async fn wait_for_used_slots(app: &TestApp, count: usize) {
    let is_reached = async || app.app.intake.unstored() == count;
    wait_until(Duration::from_secs(60), &format!("{count} slots of the intake are in use"), is_reached).await;
}

/// Delivers `evt_first` and then `events` while the inbox is blocked. Returns the statuses of `events`.
async fn deliver_while_blocked(app: &TestApp, events: &[Value]) -> Vec<u16> {
    let inbox_block = block_inbox(app).await;
    let mut answers = vec![start_delivery(app, &event("evt_first"))];
    wait_for_used_slots(app, 1).await;
    for (index, event) in events.iter().enumerate() {
        answers.push(start_delivery(app, event));
        wait_for_used_slots(app, index + 2).await;
    }
    assert!(
        answers.iter().all(|answer| !answer.is_finished()),
        "a delivery must not be answered before the commit"
    );
    drop(inbox_block);
    let mut statuses = Vec::new();
    for answer in answers {
        statuses.push(answer.await.unwrap());
    }
    assert_eq!(statuses.remove(0), 200, "evt_first");
    statuses
}

/// Returns the value of the metric with this name and these labels.
fn metric(app: &TestApp, series: &str) -> u64 {
    let text = app.app.metrics.render();
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in {text}")).parse().unwrap()
}

/// Returns how many deliveries had this outcome, as the metrics report it.
fn deliveries(app: &TestApp, outcome: &str) -> u64 {
    metric(app, &format!("keepopen_webhook_deliveries_total{{outcome=\"{outcome}\"}}"))
}

/// Returns the ids of all stored events.
async fn ids(app: &TestApp) -> Vec<String> {
    app.app.store.events().await.unwrap().into_iter().map(|row| row.id).collect()
}

#[tokio::test]
async fn deliveries_that_wait_together_share_a_commit_and_each_event_is_stored_once() {
    let app = TestApp::start().await;
    assert_eq!(app.deliver(&event("evt_old")).await.status, 200);
    assert_eq!(metric(&app, "keepopen_webhook_commits_total"), 1);
    // 30 new events, one of which is delivered three times. Another event is already stored, and one is in live mode.
    let mut events: Vec<Value> = (0..30).map(|n| event(&format!("evt_{n:02}"))).collect();
    let mut other_mode = event("evt_live");
    other_mode["livemode"] = true.into();
    events.extend([event("evt_07"), event("evt_old"), other_mode, event("evt_07")]);
    assert_eq!(deliver_while_blocked(&app, &events).await, vec![200; events.len()]);
    assert_eq!(
        metric(&app, "keepopen_webhook_commits_total"),
        3,
        "expected one commit for evt_old, one for evt_first, and one for all others"
    );
    assert_eq!(["stored", "duplicate", "quarantined"].map(|outcome| deliveries(&app, outcome)), [32, 3, 1]);
    assert_eq!(ids(&app).await.len(), 33);
    assert_eq!(process_due_events(&app.app, &app.app.as_job("inbox")).await.unwrap(), 32);
    app.finish().await;
}

#[tokio::test]
async fn the_first_of_two_deliveries_with_the_same_id_in_one_commit_is_kept() {
    let app = TestApp::start().await;
    let (first, mut second) = (event("evt_a"), event("evt_a"));
    second["created"] = 1_795_000_001.into();
    assert_eq!(deliver_while_blocked(&app, &[event("evt_b"), first.clone(), second]).await, [200, 200, 200]);
    assert_eq!(app.app.store.event("evt_a").await.unwrap().unwrap().1, first.to_string());
    app.process_inbox().await;
    app.finish().await;
}

/// Makes the database reject an event with this id.
async fn reject_event(app: &TestApp, id: &str) {
    let sql = if is_on_postgres(app).await {
        format!("ALTER TABLE stripe_events ADD CONSTRAINT refused CHECK (id <> '{id}')")
    } else {
        format!(
            "CREATE TRIGGER refused BEFORE INSERT ON stripe_events WHEN NEW.id = '{id}' \
             BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    };
    app.app.store.run_sql(&sql).await.unwrap();
}

async fn is_on_postgres(app: &TestApp) -> bool {
    matches!(app.app.store.begin().await.unwrap(), Tx::Postgres(_))
}

#[tokio::test]
async fn a_delivery_that_the_database_rejects_does_not_affect_the_others() {
    let app = TestApp::start().await;
    reject_event(&app, "evt_05").await;
    let events: Vec<Value> = (0..20).map(|n| event(&format!("evt_{n:02}"))).collect();
    let mut wanted = vec![200; 20];
    wanted[5] = 500;
    assert_eq!(deliver_while_blocked(&app, &events).await, wanted);
    assert_eq!(ids(&app).await.len(), 20, "expected 19 of the 20 events, and evt_first");
    assert_eq!(["stored", "store_failed"].map(|outcome| deliveries(&app, outcome)), [20, 1]);
    app.process_inbox().await;
    app.finish().await;
}

#[tokio::test]
async fn a_failed_commit_acknowledges_no_delivery() {
    let app = TestApp::start().await;
    // Every insert succeeds, and then the commit fails on a deferred constraint.
    let (break_commits, repair) = if is_on_postgres(&app).await {
        (
            vec![
                "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'the commit fails'; END $$",
                "CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON stripe_events DEFERRABLE INITIALLY DEFERRED \
                 FOR EACH ROW EXECUTE FUNCTION fail()",
            ],
            "DROP TRIGGER fail ON stripe_events",
        )
    } else {
        (
            vec![
                "CREATE TABLE parents (id TEXT PRIMARY KEY) STRICT",
                "CREATE TABLE children (id TEXT REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED) STRICT",
                "CREATE TRIGGER fail AFTER INSERT ON stripe_events BEGIN INSERT INTO children VALUES (NEW.id); END",
            ],
            "DROP TRIGGER fail",
        )
    };
    for sql in break_commits {
        app.app.store.run_sql(sql).await.unwrap();
    }
    let events: Vec<Value> = (0..5).map(|n| event(&format!("evt_{n}"))).collect();
    for answer in events.iter().map(|event| start_delivery(&app, event)).collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap(), 500);
    }
    assert_eq!(ids(&app).await, Vec::<String>::new());
    assert_eq!(deliveries(&app, "store_failed"), 5);
    app.app.store.run_sql(repair).await.unwrap();
    assert_eq!(deliver_while_blocked(&app, &events).await, [200; 5]);
    app.process_inbox().await;
    app.finish().await;
}

#[tokio::test]
async fn a_client_that_disconnects_does_not_affect_the_others() {
    let app = TestApp::start().await;
    let inbox_block = block_inbox(&app).await;
    let mut answers = Vec::new();
    for n in 0..12 {
        let event = event(&format!("evt_{n:02}"));
        if n % 3 == 0 {
            // This client sends the whole request and disconnects before the response.
            let body = event.to_string();
            let signature = app.stripe.sign(body.as_bytes(), app.app.now_ms().div_euclid(1000));
            let head = format!(
                "POST /webhooks/stripe HTTP/1.1\r\nHost: a\r\nStripe-Signature: {signature}\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
            stream.write_all((head + &body).as_bytes()).await.unwrap();
            wait_for_used_slots(&app, n + 1).await;
            drop(stream);
        } else {
            answers.push(start_delivery(&app, &event));
            wait_for_used_slots(&app, n + 1).await;
        }
    }
    // When a client disconnects, the server drops the future of `receive_stripe_event`. The test does the same here.
    // The intake answers deliveries in the order of their event ids. The id `evt_` comes first in that order, so the
    // abandoned delivery is answered before the others.
    let abandoned = tokio::spawn({
        let (app, body) = (std::sync::Arc::clone(&app.app), event("evt_").to_string());
        let signature =
            keepopen_practice::sign(body.as_bytes(), "whsec_practice", app.now_ms().div_euclid(1000));
        async move {
            drop(
                keepopen::actions::receive_stripe_event(
                    &app,
                    &app.context(Actor::Stripe),
                    Some(&signature),
                    body.as_bytes(),
                )
                .await,
            );
        }
    });
    wait_for_used_slots(&app, 13).await;
    abandoned.abort();
    assert!(abandoned.await.unwrap_err().is_cancelled());
    drop(inbox_block);
    for answer in answers {
        assert_eq!(answer.await.unwrap(), 200);
    }
    wait_for_used_slots(&app, 0).await;
    assert_eq!(
        ids(&app).await.len(),
        13,
        "an accepted delivery must be stored even if its client has disconnected"
    );
    assert_eq!(
        app.deliver(&event("evt_00")).await.status,
        200,
        "Stripe delivers the event again because it received no response"
    );
    assert_eq!(deliveries(&app, "duplicate"), 1);
    app.process_inbox().await;
    app.finish().await;
}

#[tokio::test]
async fn a_stop_finishes_accepted_deliveries_and_accepts_no_more() {
    let app = TestApp::start().await;
    let inbox_block = block_inbox(&app).await;
    let answers: Vec<_> = (0..3).map(|n| start_delivery(&app, &event(&format!("evt_{n}")))).collect();
    wait_for_used_slots(&app, 3).await;
    let stopping = tokio::spawn({
        let app = std::sync::Arc::clone(&app.app);
        async move { app.intake.finish().await }
    });
    // A stopping intake takes all 2,048 slots itself, so that it accepts nothing more.
    wait_for_used_slots(&app, 2048).await;
    assert_eq!(start_delivery(&app, &event("evt_late")).await.unwrap(), 503);
    assert!(!stopping.is_finished(), "the stop must wait for the accepted deliveries");
    drop(inbox_block);
    for answer in answers {
        assert_eq!(answer.await.unwrap(), 200);
    }
    stopping.await.unwrap();
    assert_eq!(start_delivery(&app, &event("evt_late")).await.unwrap(), 503);
    assert_eq!(ids(&app).await, ["evt_0", "evt_1", "evt_2"]);
    app.process_inbox().await;
    app.finish().await;
}

#[tokio::test]
async fn deliveries_above_the_limit_are_refused_and_the_rest_is_stored() {
    let app = TestApp::start().await;
    let inbox_block = block_inbox(&app).await;
    let mut answers = Vec::new();
    for n in 0..2048 {
        let delivered = keepopen::store::intake::Delivered {
            id: format!("evt_{n}"),
            kind: "customer.created".to_owned(),
            api_version: String::new(),
            mode: keepopen::config::Mode::Test,
            created_at_ms: 0,
            received_at_ms: app.app.now_ms(),
            body: event(&format!("evt_{n}")).to_string(),
            state: keepopen::store::inbox::EventState::Waiting,
        };
        let app = std::sync::Arc::clone(&app.app);
        answers.push(tokio::spawn(async move { app.intake.store(delivered).await }));
    }
    wait_for_used_slots(&app, 2048).await;
    let answer = app.deliver(&event("evt_late")).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, "store_unavailable"));
    drop(inbox_block);
    for answer in answers {
        assert!(answer.await.unwrap().unwrap());
    }
    assert!(
        metric(&app, "keepopen_webhook_commits_total") <= 6,
        "2,048 deliveries must need at most 6 commits"
    );
    assert_eq!(app.deliver(&event("evt_late")).await.status, 200);
    assert_eq!(ids(&app).await.len(), 2049);
    let done = "UPDATE stripe_events SET state = 'done'";
    app.app.store.run_sql(done).await.unwrap();
    app.finish().await;
}
