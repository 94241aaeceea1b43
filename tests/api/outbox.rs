//! Domain events, which the outbox stores for other systems. Each is written once, whatever the order of Stripe's
//! events.

use std::collections::BTreeMap;
use std::sync::Arc;

use keepopen::actions::{self, Silent};
use keepopen::app::App;
use keepopen::clock::Clock;
use keepopen::store::outbox::OutboxRow;
use serde_json::Value;
use tempfile::TempDir;

use crate::helpers::{TestApp, folder, settings};
use crate::story::{create_story, receive};
use keepopen_testkit::Database;

/// Another server with a new database and the same practice Stripe.
struct OtherServer {
    app: Arc<App>,
    _folder: TempDir,
    _database: Database,
}

impl OtherServer {
    /// Starts a server with the keys and the time of `source`.
    async fn start_like(source: &TestApp) -> Self {
        let folder = folder();
        std::fs::copy(source.folder().join("keepopen.key"), folder.path().join("keepopen.key")).unwrap();
        let clock = Clock::movable(jiff::Timestamp::from_millisecond(source.app.now_ms()).unwrap());
        let database = Database::make(folder.path());
        let settings = settings(folder.path(), &database, &source.stripe, "");
        let app = actions::start(settings, clock).await.unwrap();
        Self { app, _folder: folder, _database: database }
    }

    /// Delivers the events one by one, and processes each before it delivers the next. Returns the rows of the outbox.
    async fn outbox_after(&self, events: &[&Value]) -> Vec<OutboxRow> {
        for event in events {
            receive(&self.app, event).await;
            actions::process_due_events(&self.app, &self.app.as_job("inbox")).await.unwrap();
        }
        outbox(&self.app).await
    }

    async fn close_store(self) {
        self.app.store.close().await;
    }
}

/// Returns all rows of the outbox.
async fn outbox(app: &App) -> Vec<OutboxRow> {
    app.store.outbox(0, i64::MAX).await.unwrap()
}

/// Returns the sorted keys of the rows.
fn keys(rows: &[OutboxRow]) -> Vec<&str> {
    let mut keys: Vec<&str> = rows.iter().map(|it| it.key.as_str()).collect();
    keys.sort_unstable();
    keys
}

/// Returns the states of the rows of this kind. `overtaken` means that a later event had already been reported.
fn states<'a>(rows: &'a [OutboxRow], kind: &str) -> Vec<&'a str> {
    rows.iter().filter(|it| it.kind == kind).map(|it| it.state.as_str()).collect()
}

#[tokio::test]
async fn one_history_emits_the_same_domain_events_in_any_order_and_with_repeats() {
    let source = TestApp::start().await;
    // A story is one history at the practice Stripe with everything that can happen to a gift.
    create_story(&source).await;
    let events = source.stripe.events();
    let in_order: Vec<&Value> = events.iter().collect();
    let first = OtherServer::start_like(&source).await;
    let expected = first.outbox_after(&in_order).await;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &expected {
        *counts.entry(&row.kind).or_default() += 1;
    }
    let counts: Vec<(&str, usize)> = counts.into_iter().collect();
    assert_eq!(
        counts,
        [
            ("contribution.cancel_scheduled", 1),
            ("contribution.cancelled", 2),
            ("contribution.dispute_closed", 2),
            ("contribution.disputed", 2),
            ("contribution.ended", 2),
            ("contribution.paid", 8),
            ("contribution.payment_failed", 2),
            ("contribution.refund_failed", 1),
            ("contribution.refunded", 3),
            ("contribution.renewed", 2),
            ("contribution.started", 6),
            ("supporter.changed", 19),
        ]
    );
    assert!(
        expected.iter().all(|it| it.state == "current"),
        "no domain event is overtaken if events arrive in order"
    );
    assert!(expected.iter().all(|it| it.supporter_id.is_some()), "{expected:?}");
    first.close_store().await;
    for seed in 0..4 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut order: Vec<&Value> = in_order.iter().chain(&in_order).copied().collect();
        random.shuffle(&mut order);
        let other = OtherServer::start_like(&source).await;
        assert_eq!(keys(&other.outbox_after(&order).await), keys(&expected), "seed {seed}");
        other.close_store().await;
    }
    source.finish().await;
}

#[tokio::test]
async fn a_failed_payment_that_is_reported_after_the_successful_retry_is_written_as_overtaken() {
    let source = TestApp::start().await;
    let gift = source.give(1000, "month").await;
    let subscription = source.stripe.payments(&gift.session).subscription.unwrap();
    source.advance_days(31);
    source.stripe.next_period(&subscription, false).unwrap();
    source.advance_days(1);
    source.stripe.replace_card(&subscription).unwrap();
    let events = source.stripe.events();
    let (failed, others): (Vec<&Value>, Vec<&Value>) =
        events.iter().partition(|it| it["type"] == "invoice.payment_failed");
    assert_eq!(failed.len(), 1);
    let late = OtherServer::start_like(&source).await;
    late.outbox_after(&others).await;
    let rows = late.outbox_after(&failed).await;
    assert_eq!(states(&rows, "contribution.payment_failed"), ["overtaken"]);
    assert_eq!(states(&rows, "contribution.paid"), ["current", "current"]);
    late.close_store().await;
    let in_time = OtherServer::start_like(&source).await;
    let rows = in_time.outbox_after(&events.iter().collect::<Vec<_>>()).await;
    assert_eq!(states(&rows, "contribution.payment_failed"), ["current"]);
    in_time.close_store().await;
    source.finish().await;
}

#[tokio::test]
async fn every_pause_and_every_scheduled_cancellation_emits_an_event() {
    let source = TestApp::start().await;
    let gift = source.give(1000, "month").await;
    let subscription = source.stripe.payments(&gift.session).subscription.unwrap();
    for _ in 0..2 {
        source.advance_days(1);
        source.stripe.pause_collection(&subscription, Some("void")).unwrap();
        source.advance_days(1);
        source.stripe.pause_collection(&subscription, None).unwrap();
    }
    source.advance_days(1);
    source.stripe.apply_update(&subscription, 1500).unwrap();
    source.stripe.cancel(&subscription, true).unwrap();
    let events = source.stripe.events();
    let in_order = OtherServer::start_like(&source).await;
    let rows = in_order.outbox_after(&events.iter().collect::<Vec<_>>()).await;
    for (kind, times) in [("paused", 2), ("resumed", 2), ("changed", 1), ("cancel_scheduled", 1)] {
        let expected = vec!["current"; times];
        assert_eq!(states(&rows, &format!("contribution.{kind}")), expected, "{kind}");
    }
    in_order.close_store().await;
    let backwards = OtherServer::start_like(&source).await;
    let rows = backwards.outbox_after(&events.iter().rev().collect::<Vec<_>>()).await;
    assert_eq!(states(&rows, "contribution.paused"), ["overtaken", "overtaken"]);
    backwards.close_store().await;
    source.finish().await;
}

#[tokio::test]
async fn rebuilding_emits_no_domain_events_and_afterwards_only_new_ones_are_emitted() {
    let source = TestApp::start().await;
    create_story(&source).await;
    let events_before = source.stripe.events().len();

    // `rebuild` books everything that Stripe has. `rebuild_projections` computes tables again from what is stored.
    let rebuilt = OtherServer::start_like(&source).await;
    actions::rebuild(&rebuilt.app, &rebuilt.app.as_operator()).await.unwrap();
    assert_eq!(rebuilt.app.store.contributions().await.unwrap().len(), 8);
    assert_eq!(outbox(&rebuilt.app).await, []);
    actions::rebuild_projections(&rebuilt.app, &rebuilt.app.as_operator()).await.unwrap();
    assert_eq!(outbox(&rebuilt.app).await, []);

    // Simulates a database from before the outbox existed. A rebuild emits nothing for its earlier events either.
    let older = OtherServer::start_like(&source).await;
    for event in &source.stripe.events() {
        receive(&older.app, event).await;
    }
    actions::process_events_with::<Silent>(&older.app, &older.app.as_job("inbox")).await.unwrap();
    actions::rebuild_projections(&older.app, &older.app.as_operator()).await.unwrap();
    assert_eq!(outbox(&older.app).await, []);

    let charge = source.stripe.objects("charge").into_iter().find(|it| it["amount"] == 700).unwrap();
    source.stripe.refund(charge["id"].as_str().unwrap(), Some(100)).unwrap();
    let new_events = source.stripe.events_after(events_before);
    let new_events: Vec<&Value> = new_events.iter().collect();
    for server in [rebuilt, older] {
        let rows = server.outbox_after(&new_events).await;
        let kinds: Vec<&str> = rows.iter().map(|it| it.kind.as_str()).collect();
        assert_eq!(kinds, ["contribution.refunded", "supporter.changed"]);
        server.close_store().await;
    }
    source.finish().await;
}

#[tokio::test]
async fn rows_of_the_outbox_can_not_be_changed_or_removed() {
    let app = TestApp::start().await;
    app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    let before = outbox(&app.app).await;
    assert_eq!(before.len(), 3, "{before:?}");
    for sql in ["DELETE FROM outbox", "UPDATE outbox SET state = 'overtaken'"] {
        assert!(app.app.store.run_sql(sql).await.is_err(), "the database must refuse this change");
    }
    // A second row with the same key is refused or ignored. On SQLite, `INSERT OR REPLACE` must not replace the first.
    let columns = "key, seq + 9, kind, cause, contribution_id, supporter_id, site, 1, 1, payload, state";
    let is_on_postgres = std::env::var_os("KEEPOPEN_TEST_POSTGRES").is_some();
    let replace = if is_on_postgres { "" } else { "OR REPLACE" };
    let again = format!("INSERT {replace} INTO outbox SELECT {columns} FROM outbox");
    let _ = app.app.store.run_sql(&again).await;
    assert_eq!(outbox(&app.app).await, before);
    app.finish().await;
}
