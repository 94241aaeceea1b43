//! The worker processes the inbox. These tests check what it does when something goes wrong: retries, dead events
//! (events that have used all their tries), a stop of the service, and a database that goes down.

use std::sync::Arc;
use std::time::Duration;

use keepopen::actions::{self, MAX_TRIES, process_due_events, replay_event};
use keepopen::app::App;
use keepopen::clock::Clock;
use keepopen::store::Tx;
use keepopen::store::inbox::EventRow;
use keepopen::{api, jobs};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::helpers::{Answer, TestApp, folder, settings};
use crate::story::{create_story, process_and_read_ledger, receive};
use keepopen_testkit::{Database, wait_until};

/// Returns an event that the worker can't read.
fn unreadable() -> Value {
    json!({
        "id": "evt_bad", "object": "event", "type": "refund.created", "created": 1_795_000_000,
        "livemode": false, "api_version": "2026-09-30.endive",
        "data": {"object": {"id": "re_1", "object": "refund", "amount": "ten", "metadata": {"keepopen_site": "journal"}}},
    })
}

/// Returns the inbox row of the unreadable event.
async fn row(app: &TestApp) -> EventRow {
    app.app.store.event("evt_bad").await.unwrap().unwrap().0
}

/// Marks the event that failed on purpose as done, because `finish` rejects waiting and dead events.
async fn mark_bad_event_done(app: &TestApp) {
    let done = "UPDATE stripe_events SET state = 'done', error = NULL WHERE id = 'evt_bad'";
    app.app.store.run_sql(done).await.unwrap();
}

#[tokio::test]
async fn a_failing_event_waits_four_times_as_long_after_each_try_and_at_most_an_hour() {
    let app = TestApp::start().await;
    assert_eq!(app.deliver(&unreadable()).await.status, 200);
    assert_eq!(process_due_events(&app.app, &app.app.as_job("inbox")).await.unwrap(), 1);
    for wait_s in [1, 4, 16, 64, 256, 1024, 3600, 3600, 3600, 3600, 3600] {
        assert_eq!(row(&app).await.state, "waiting");
        app.app.clock.advance(wait_s * 1000 - 1);
        assert_eq!(
            process_due_events(&app.app, &app.app.as_job("inbox")).await.unwrap(),
            0,
            "the event must not be retried before {wait_s} s"
        );
        app.app.clock.advance(1);
        assert_eq!(
            process_due_events(&app.app, &app.app.as_job("inbox")).await.unwrap(),
            1,
            "the event must be retried after {wait_s} s"
        );
    }
    let last = row(&app).await;
    assert_eq!((last.state.as_str(), last.attempts), ("dead", MAX_TRIES));
    mark_bad_event_done(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn a_replayed_dead_event_gets_all_its_tries_again_and_starts_with_the_shortest_wait() {
    let app = TestApp::start().await;
    assert_eq!(app.deliver(&unreadable()).await.status, 200);
    for _ in 0..MAX_TRIES {
        assert_eq!(process_due_events(&app.app, &app.app.as_job("inbox")).await.unwrap(), 1);
        app.app.clock.advance(3_600_000);
    }
    assert_eq!(row(&app).await.state, "dead");
    assert_eq!(process_due_events(&app.app, &app.app.as_job("inbox")).await.unwrap(), 0);
    assert!(replay_event(&app.app.as_operator(), "evt_bad").await.unwrap());
    assert_eq!(process_due_events(&app.app, &app.app.as_job("inbox")).await.unwrap(), 1);
    let again = row(&app).await;
    assert_eq!((again.state.as_str(), again.attempts), ("waiting", 1));
    app.app.clock.advance(999);
    assert_eq!(process_due_events(&app.app, &app.app.as_job("inbox")).await.unwrap(), 0);
    app.app.clock.advance(1);
    assert_eq!(process_due_events(&app.app, &app.app.as_job("inbox")).await.unwrap(), 1);
    mark_bad_event_done(&app).await;
    app.finish().await;
}

/// Starts another server on `database`, with the keys and the time of `source`.
async fn start_another_server(source: &TestApp, folder: &std::path::Path, database: &Database) -> Arc<App> {
    std::fs::copy(source.folder().join("keepopen.key"), folder.join("keepopen.key")).unwrap();
    let clock = Clock::movable(jiff::Timestamp::from_millisecond(source.app.now_ms()).unwrap());
    actions::start(settings(folder, database, &source.stripe, ""), clock).await.unwrap()
}

#[tokio::test]
async fn a_stopping_service_processes_no_further_event_and_the_next_service_does() {
    let source = TestApp::start().await;
    // A story is one history at the practice Stripe with everything that can happen to a gift.
    create_story(&source).await;
    let events = source.stripe.events();
    for event in &events {
        receive(&source.app, event).await;
    }
    let expected = process_and_read_ledger(&source.app).await;

    let folder = folder();
    let database = Database::make(folder.path());
    let first = start_another_server(&source, folder.path(), &database).await;
    for event in &events {
        receive(&first, event).await;
    }
    first.begin_stopping();
    assert_eq!(process_due_events(&first, &first.as_job("inbox")).await.unwrap(), 0);
    first.store.close().await;
    let next = start_another_server(&source, folder.path(), &database).await;
    assert_eq!(process_due_events(&next, &next.as_job("inbox")).await.unwrap(), events.len());
    assert_eq!(process_and_read_ledger(&next).await, expected);
    next.store.close().await;
    source.finish().await;
}

#[tokio::test]
async fn a_caller_that_stops_waiting_for_a_write_transaction_leaves_no_lock() {
    let app = TestApp::start().await;
    let open_transaction = app.app.store.begin().await.unwrap();
    for _ in 0..20 {
        let waiting = app.app.store.begin();
        // The transaction can't begin, because another one is open. The call is dropped after a random time.
        let given_up = tokio::time::timeout(Duration::from_millis(fastrand::u64(0..20)), waiting).await;
        assert!(given_up.is_err());
    }
    drop(open_transaction);
    for _ in 0..20 {
        app.app.store.begin().await.unwrap().commit().await.unwrap();
    }
    app.finish().await;
}

/// A connection to the PostgreSQL server in `KEEPOPEN_TEST_POSTGRES`, as its administrator.
struct Administrator(PgConnection);

impl Administrator {
    async fn connect() -> Option<Self> {
        let server = std::env::var("KEEPOPEN_TEST_POSTGRES").ok()?;
        Some(Self(PgConnection::connect(&server).await.unwrap()))
    }

    async fn execute(&mut self, sql: &str) {
        sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut self.0).await.unwrap();
    }

    /// Cuts every connection to a database, even in the middle of a statement.
    async fn cut_connections(&mut self, database: &str) {
        let name = database.rsplit_once('/').unwrap().1;
        self.execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .await;
    }

    /// Sets whether a database accepts new connections.
    async fn set_accepts_connections(&mut self, database: &str, accepts: bool) {
        let name = database.rsplit_once('/').unwrap().1;
        self.execute(&format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {accepts}")).await;
    }
}

#[tokio::test]
async fn an_open_transaction_does_not_delay_deliveries_and_a_locked_inbox_delays_them_for_a_limited_time() {
    let Some(_) = Administrator::connect().await else {
        println!("SKIPPED: KEEPOPEN_TEST_POSTGRES names no server");
        return;
    };
    let app = TestApp::start().await;
    let event = unreadable();
    let mut open_transaction = app.app.store.begin().await.unwrap();
    assert_eq!(app.deliver(&event).await.status, 200, "an open write transaction must not block a delivery");
    if let Tx::Postgres(tx) = &mut open_transaction {
        sqlx::query("LOCK TABLE stripe_events IN SHARE MODE").execute(&mut **tx).await.unwrap();
    }
    let answer = app.deliver(&event);
    let answer = tokio::time::timeout(Duration::from_secs(60), answer)
        .await
        .expect("a locked inbox must not block a delivery forever");
    assert_eq!((answer.status.as_u16(), answer.code()), (503, "store_unavailable"));
    drop(open_transaction);
    assert_eq!(app.deliver(&event).await.status, 200);
    assert_eq!(process_due_events(&app.app, &app.app.as_job("inbox")).await.unwrap(), 1);
    mark_bad_event_done(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn an_event_is_not_acknowledged_if_the_connection_is_cut_during_its_commit() {
    let Some(_) = Administrator::connect().await else {
        println!("SKIPPED: KEEPOPEN_TEST_POSTGRES names no server");
        return;
    };
    let app = TestApp::start().await;
    for sql in [
        "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END $$",
        "CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON stripe_events DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION cut()",
    ] {
        app.app.store.run_sql(sql).await.unwrap();
    }
    let answer = app.deliver(&unreadable()).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, "store_unavailable"));
    assert!(app.app.store.events().await.unwrap().is_empty());
    app.app.store.run_sql("DROP TRIGGER cut ON stripe_events").await.unwrap();
    assert_eq!(app.deliver(&unreadable()).await.status, 200);
    mark_bad_event_done(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn deliveries_use_a_dedicated_connection_and_survive_its_loss() {
    let Some(mut administrator) = Administrator::connect().await else {
        println!("SKIPPED: KEEPOPEN_TEST_POSTGRES names no server");
        return;
    };
    let app = TestApp::start().await;
    let event = unreadable();
    for round in 0..3 {
        // The pool sends a check on each of its connections after each use. A connection whose last statement is an
        // insert into the inbox is therefore the dedicated one.
        let dedicated_connection = "SELECT query FROM pg_stat_activity \
             WHERE datname = current_database() AND state = 'idle' \
             AND query LIKE 'INSERT INTO stripe_events%'";
        let mut tries = 0;
        while app.app.store.read_sql(dedicated_connection).await.unwrap().is_empty() {
            assert_eq!(app.deliver(&event).await.status, 200);
            tries += 1;
            assert!(tries < 1000, "deliveries must use a dedicated connection");
        }
        // A restart of the database server, or of a proxy in front of it, cuts the connection in the same way.
        administrator.cut_connections(app.database.url()).await;
        assert_eq!(app.deliver(&event).await.status, 200, "after cut {round}");
    }
    assert_eq!(process_due_events(&app.app, &app.app.as_job("inbox")).await.unwrap(), 1);
    mark_bad_event_done(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn no_event_is_acknowledged_while_postgresql_is_down_and_the_worker_continues_afterwards() {
    let Some(mut administrator) = Administrator::connect().await else {
        println!("SKIPPED: KEEPOPEN_TEST_POSTGRES names no server");
        return;
    };
    let source = TestApp::start().await;
    create_story(&source).await;
    let events = source.stripe.events();
    for event in &events {
        receive(&source.app, event).await;
    }
    let expected = process_and_read_ledger(&source.app).await;

    let folder = folder();
    let database = Database::make(folder.path());
    let app = start_another_server(&source, folder.path(), &database).await;
    let running = api::serve(&app).unwrap();
    let url = format!("http://{}", running.address);
    tokio::spawn(running.server);
    let jobs = jobs::run(&app);
    let mut refused = 0;
    for (index, event) in events.iter().enumerate() {
        let is_down = index % 40 == 20;
        if is_down {
            administrator.set_accepts_connections(database.url(), false).await;
            administrator.cut_connections(database.url()).await;
        }
        // For every fifth event, all connections are cut while the event is delivered and other events are processed.
        let cut = async {
            if index % 5 == 0 {
                administrator.cut_connections(database.url()).await;
            }
        };
        let (answer, ()) = tokio::join!(deliver(&source, &url, event), cut);
        if is_down {
            assert_eq!(answer.status, 503);
            let question = json!({"site": "journal", "history": {}});
            let request = source.client.post(format!("{url}/v1/banner")).json(&question);
            assert_eq!(
                source.send(request).await.json["reason"],
                "matched",
                "banner requests must still be answered"
            );
            administrator.set_accepts_connections(database.url(), true).await;
        }
        if answer.status != 200 {
            assert_eq!((answer.status.as_u16(), answer.code()), (503, "store_unavailable"));
            refused += 1;
            // Stripe would deliver the event again later.
            assert_eq!(deliver(&source, &url, event).await.status, 200);
        }
    }
    assert!(refused >= events.len() / 40, "only {refused} deliveries were refused");
    let is_all_done = async || {
        // An interrupted try is repeated after a while.
        app.clock.advance(60_000);
        app.store.events().await.unwrap().iter().all(|it| it.state == "done")
    };
    wait_until(Duration::from_secs(60), "everything is booked", is_all_done).await;
    jobs.stop(&app).await;
    assert_eq!(app.store.events().await.unwrap().len(), events.len());
    assert_eq!(process_and_read_ledger(&app).await, expected);
    running.handle.stop(false).await;
    app.store.close().await;
    source.finish().await;
}

/// Delivers an event to the server at this URL.
async fn deliver(source: &TestApp, url: &str, event: &Value) -> Answer {
    let body = event.to_string();
    let signature = source.stripe.sign(body.as_bytes(), source.app.now_ms().div_euclid(1000));
    let request = source.client.post(format!("{url}/webhooks/stripe"));
    source.send(request.header("stripe-signature", signature).body(body)).await
}
