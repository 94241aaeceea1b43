//! A comparison with Stripe finds what no webhook reported. The ledger check finds entries and payments that were
//! changed or removed in the database.

use std::cell::Cell;
use std::sync::Arc;

use keepopen::actions;
use keepopen::app::App;
use keepopen::clock::Clock;
use keepopen::contributions::{ContributionState as State, EntryKind as Kind};
use keepopen::reports::{self, SealKey, SealState};
use keepopen::store::sweeps::Finding;
use keepopen_practice::{Loss, PaymentChoice};
use serde_json::Value;

use crate::helpers::{TestApp, folder, ledger_problems, settings};
use crate::settling::{payments, reconcile};
use crate::story::{create_story, process_and_read_ledger, receive};
use keepopen_testkit::Database;

/// Returns what comparisons with Stripe recorded as missed or wrong.
async fn findings(app: &TestApp) -> Vec<Finding> {
    app.app.store.findings(100).await.unwrap()
}

fn advance_minutes(app: &TestApp, minutes: i64) {
    app.app.clock.advance(minutes * 60_000);
}

/// Delivers all events except those of one type, and processes the inbox.
async fn deliver_and_process_all_but(app: &TestApp, kind: &str) {
    for event in app.stripe.events() {
        if event["type"] != kind {
            assert_eq!(app.deliver(&event).await.status, 200);
        }
    }
    app.process_inbox().await;
}

#[tokio::test]
async fn a_lost_event_is_found_in_stripes_list_and_recorded_once() {
    let app = TestApp::start().await;
    reconcile(&app).await;
    app.give(1000, "once").await;
    deliver_and_process_all_but(&app, "checkout.session.completed").await;
    assert!(app.ledger().await.is_empty());
    advance_minutes(&app, 15);
    reconcile(&app).await;
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000)]);
    let found = findings(&app).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].what.as_str(), found[0].sweep.as_str()), ("checkout.session.completed", "events"));
    app.advance_days(2);
    reconcile(&app).await;
    assert_eq!(findings(&app).await, found);
    app.finish().await;
}

#[tokio::test]
async fn an_object_younger_than_ten_minutes_is_not_recorded_as_missed() {
    let app = TestApp::start().await;
    app.give(1000, "once").await;
    advance_minutes(&app, 9);
    reconcile(&app).await;
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000)]);
    assert_eq!(findings(&app).await, []);
    app.finish().await;
}

#[tokio::test]
async fn a_gift_whose_events_are_all_lost_is_found_by_its_objects() {
    let app = TestApp::start().await;
    app.stripe.lose_events(Some(Loss::Next(u32::MAX)));
    app.give(1000, "once").await;
    app.give(700, "month").await;
    advance_minutes(&app, 15);
    reconcile(&app).await;
    assert_eq!(app.ledger().await.len(), 2);
    assert_eq!(app.clearing().await, 1700);
    let found = findings(&app).await;
    assert!(!found.is_empty() && found.iter().all(|it| it.sweep == "objects"), "{found:?}");
    assert!(found.iter().any(|it| it.what == "Checkout Session"), "{found:?}");
    // The fees of the gifts are known, too.
    assert!(payments(&app).await.iter().all(|it| it.settled.is_some() && it.unsettled_minor == 0));
    app.advance_days(1);
    reconcile(&app).await;
    assert_eq!(findings(&app).await, found);
    app.finish().await;
}

#[tokio::test]
async fn a_gift_that_is_found_late_is_settled_and_paid_out_like_any_other() {
    let app = TestApp::start().await;
    reconcile(&app).await;
    app.stripe.lose_events(Some(Loss::Next(u32::MAX)));
    app.give(1000, "once").await;
    // Events and Stripe's balance are compared several times before the objects are compared again.
    for _ in 0..3 {
        advance_minutes(&app, 120);
        app.stripe.pay_out(true);
        reconcile(&app).await;
    }
    assert!(app.ledger().await.is_empty(), "objects must be compared only once a day");
    app.advance_days(1);
    reconcile(&app).await;
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000)]);
    let payment = payments(&app).await.remove(0);
    assert_eq!((payment.unsettled_minor, payment.settled.map(|it| it.net_minor)), (0, Some(960)));
    assert!(payment.payout.is_some());
    app.finish().await;
}

#[tokio::test]
async fn one_comparison_settles_everything_after_hours_without_webhooks() {
    let app = TestApp::start().await;
    reconcile(&app).await;
    app.give(1000, "once").await;
    advance_minutes(&app, 5 * 60);
    reconcile(&app).await;
    assert_eq!(payments(&app).await.remove(0).settled.map(|it| it.net_minor), Some(960));
    app.finish().await;
}

#[tokio::test]
async fn a_monthly_gift_whose_first_bank_debit_failed_is_found_to_have_failed() {
    let app = TestApp::start().await;
    app.stripe.lose_events(Some(Loss::Next(u32::MAX)));
    let gift = app.start_gift(1000, "month").await;
    app.stripe.pay(&gift.session, PaymentChoice::BankDebit).unwrap();
    reconcile(&app).await;
    assert_eq!(app.state().await, State::Processing);
    app.stripe.settle_bank_debit(&gift.session, false).unwrap();
    app.stripe.void_invoice(&app.stripe.payments(&gift.session).invoice.unwrap()).unwrap();
    app.advance_days(1);
    reconcile(&app).await;
    assert_eq!(app.state().await, State::Failed);
    app.finish().await;
}

/// Simulates a sale by other software on the same Stripe account. Returns the charge.
pub async fn sell_with_other_software(app: &TestApp) -> String {
    let form = [
        ("mode", "payment"),
        ("success_url", "https://shop.example.org/"),
        ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", "eur"),
        ("line_items[0][price_data][unit_amount]", "2000"),
        ("line_items[0][price_data][product_data][name]", "A mug"),
    ];
    let url = format!("{}/v1/checkout/sessions", app.stripe.url());
    let answer = app.send(app.client.post(url).bearer_auth("sk_test_practice").form(&form)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let session = answer.text("id").to_owned();
    app.stripe.pay(&session, PaymentChoice::Card).unwrap();
    app.stripe.payments(&session).charge.unwrap()
}

#[tokio::test]
async fn objects_of_other_software_are_neither_stored_nor_booked() {
    let app = TestApp::start().await;
    app.stripe.lose_events(Some(Loss::Next(u32::MAX)));
    let charge = sell_with_other_software(&app).await;
    app.stripe.refund(&charge, Some(500)).unwrap();
    app.stripe.dispute(&charge, Some(100)).unwrap();
    advance_minutes(&app, 15);
    reconcile(&app).await;
    assert!(app.app.store.events().await.unwrap().is_empty());
    assert!(app.app.store.facts().await.unwrap().is_empty());

    // Delivered or listed events of other software are stored like any event, but not booked.
    app.stripe.lose_events(None);
    sell_with_other_software(&app).await;
    app.give(1000, "once").await;
    app.stripe.pay_out(true);
    advance_minutes(&app, 15);
    reconcile(&app).await;
    app.advance_days(1);
    reconcile(&app).await;
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000)]);
    assert_eq!(app.app.store.contributions().await.unwrap().len(), 1);
    let line = reports::compare_with_stripe(&app.app.store, app.app.now_ms()).await.unwrap().lines.remove(0);
    assert_eq!((line.stripe_net_minor, line.ledger_net_minor, line.paid_out_minor), (960, 960, 960));
    app.finish().await;
}

#[tokio::test]
async fn the_object_of_a_thin_event_is_fetched_and_stored_before_it_is_booked() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "once").await;
    let id = app.stripe.notify_thin("v1.checkout.session.completed", &gift.session).unwrap();
    // A thin event names its object, but does not contain it.
    let thin = app.stripe.thin_events().remove(0);
    assert_eq!(thin["id"], id.as_str());
    for _ in 0..2 {
        assert_eq!(app.deliver(&thin).await.status, 200);
        app.process_inbox().await;
    }
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000)]);
    let rows: Vec<_> = app.app.store.events().await.unwrap().into_iter().map(|it| it.id).collect();
    assert_eq!(rows, [id.clone(), format!("fetched_{}_{id}", gift.session)]);
    let body = app.app.store.event(&rows[1]).await.unwrap().unwrap().1;
    let object: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(object["id"], gift.session.as_str());
    app.finish().await;
}

#[tokio::test]
async fn an_event_of_the_other_mode_stays_quarantined_after_a_comparison() {
    let app = TestApp::start().await;
    app.give(1000, "once").await;
    let mut foreign = app.stripe.events();
    for event in &mut foreign {
        event["livemode"] = true.into();
        assert_eq!(app.deliver(event).await.status, 200);
    }
    app.process_inbox().await;
    reconcile(&app).await;
    let rows = app.app.store.events().await.unwrap();
    let quarantined = rows.iter().filter(|it| it.state == "quarantined").count();
    assert_eq!(quarantined, foreign.len());
    assert_eq!(
        app.ledger().await,
        [(Kind::Payment, 1000)],
        "the comparison must book the object, which has the configured mode"
    );
    app.finish().await;
}

/// Starts another server with its own database, and with the keys and the time of `source`.
async fn start_another_server(source: &TestApp, folder: &std::path::Path, database: &Database) -> Arc<App> {
    std::fs::copy(source.folder().join("keepopen.key"), folder.join("keepopen.key")).unwrap();
    let clock = Clock::movable(jiff::Timestamp::from_millisecond(source.app.now_ms()).unwrap());
    actions::start(settings(folder, database, &source.stripe, ""), clock).await.unwrap()
}

#[tokio::test]
async fn a_comparison_with_an_empty_database_books_the_same_entries() {
    let source = TestApp::start().await;
    create_story(&source).await;
    source.stripe.pay_out(true);
    for event in source.stripe.events() {
        receive(&source.app, &event).await;
    }
    reconcile(&source).await;
    // Only a full comparison finds old payouts.
    actions::reconcile_since(&source.app, &source.app.as_job("reconcile"), 0, false).await.unwrap();
    let original = process_and_read_ledger(&source.app).await;

    let folder = folder();
    let database = Database::make(folder.path());
    let app = start_another_server(&source, folder.path(), &database).await;
    actions::reconcile_since(&app, &app.as_job("reconcile"), 0, false).await.unwrap();
    let rebuilt = process_and_read_ledger(&app).await;
    assert!(rebuilt.entries.iter().any(|it| it.kind == Kind::Payout));
    assert_eq!(rebuilt.entries, original.entries);
    assert_eq!(rebuilt.contributions, original.contributions);
    assert_eq!(
        app.store.findings(10).await.unwrap(),
        [],
        "a new database must not record anything as missed"
    );
    app.store.close().await;
    source.finish().await;
}

/// Removes the triggers that protect a table from changes.
async fn unlock(app: &TestApp, table: &str, triggers: &[&str]) {
    if std::env::var_os("KEEPOPEN_TEST_POSTGRES").is_some() {
        let sql = format!("ALTER TABLE {table} DISABLE TRIGGER USER");
        app.app.store.run_sql(&sql).await.unwrap();
        return;
    }
    for trigger in triggers {
        app.app.store.run_sql(&format!("DROP TRIGGER {trigger}")).await.unwrap();
    }
}

/// Runs a statement that must change exactly one row.
async fn change(app: &TestApp, sql: &str) {
    assert_eq!(app.app.store.run_sql(sql).await.unwrap(), 1, "{sql}");
}

/// Returns the problem that the ledger check finds. There must be exactly one.
async fn only_problem(app: &TestApp) -> String {
    let wrong = ledger_problems(&app.app).await;
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    wrong.into_iter().next().unwrap()
}

#[tokio::test]
async fn the_ledger_check_finds_changed_or_removed_entries_and_payments() {
    let app = TestApp::start().await;
    app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    reconcile(&app).await;
    let update_amount = "UPDATE ledger_entries SET amount_minor = amount_minor";
    for sql in [update_amount, "DELETE FROM ledger_entries"] {
        assert!(app.app.store.run_sql(sql).await.is_err(), "the database must refuse this change");
    }
    unlock(&app, "ledger_entries", &["ledger_entries_stay", "ledger_entries_never_change"]).await;
    change(&app, &format!("{update_amount} + 1 WHERE kind = 'payment'")).await;
    let wrong = ledger_problems(&app.app).await;
    assert!(wrong.iter().any(|it| it.starts_with("entry payment:pi_")), "{wrong:?}");
    assert!(wrong.iter().any(|it| it.contains("the account clearing holds 961 EUR")), "{wrong:?}");
    change(&app, &format!("{update_amount} - 1 WHERE kind = 'payment'")).await;
    assert_eq!(ledger_problems(&app.app).await, Vec::<String>::new());

    change(&app, "UPDATE payments SET refunded_minor = 1").await;
    assert!(only_problem(&app).await.starts_with("payment pi_"));
    change(&app, "UPDATE contributions SET state = 'failed'").await;
    assert_eq!(ledger_problems(&app.app).await.len(), 2);
    // `rebuild_projections` computes payments and contributions again from the stored facts (what Stripe reported), and
    // books missing entries.
    actions::rebuild_projections(&app.app, &app.app.as_operator()).await.unwrap();
    assert_eq!(app.state().await, State::Paid);
    assert_eq!(ledger_problems(&app.app).await, Vec::<String>::new());
    change(&app, "DELETE FROM ledger_entries WHERE kind = 'fee'").await;
    let wrong = ledger_problems(&app.app).await;
    assert!(
        wrong.iter().any(|it| it.starts_with("entry fee:txn_") && it.contains("stored None")),
        "{wrong:?}"
    );
    actions::rebuild_projections(&app.app, &app.app.as_operator()).await.unwrap();
    app.finish().await;
}

#[tokio::test]
async fn a_seal_shows_changes_of_the_entries_that_it_covers() {
    let app = TestApp::start().await;
    let (store, key) = (&app.app.store, SealKey::of(&app.app.vault));
    app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    // The seal is a signed digest of the entries that are booked now.
    actions::seal_ledger(&app.app.as_operator(), &key).await.unwrap();
    let sealed = reports::check_ledger(store, &key).await.unwrap();
    assert!(matches!(sealed.seal, SealState::Matches(_)), "{:?}", sealed.seal);
    // Later entries do not break the seal.
    app.give(500, "once").await;
    app.deliver_and_process_all_events().await;
    let later = reports::check_ledger(store, &key).await.unwrap();
    assert_eq!(later.seal, sealed.seal);

    unlock(&app, "ledger_entries", &["ledger_entries_stay", "ledger_entries_never_change"]).await;
    change(&app, "UPDATE ledger_entries SET occurred_at_ms = occurred_at_ms + 1 WHERE seq = 1").await;
    let wrong = ledger_problems(&app.app).await;
    assert!(
        wrong.iter().any(|it| it.contains("have changed since they were sealed: 1 entries then, 1 now")),
        "{wrong:?}"
    );
    change(&app, "UPDATE ledger_entries SET occurred_at_ms = occurred_at_ms - 1 WHERE seq = 1").await;
    assert_eq!(ledger_problems(&app.app).await, Vec::<String>::new());
    unlock(&app, "seals", &["seals_never_change"]).await;
    change(&app, "UPDATE seals SET entries = entries + 1").await;
    assert!(
        only_problem(&app).await.contains("was not created with this deployment's key, or was changed since")
    );
    change(&app, "UPDATE seals SET entries = entries - 1").await;
    app.finish().await;
}

#[tokio::test]
async fn a_ledger_that_was_sealed_today_is_checked_again_only_tomorrow_even_after_a_restart() {
    let app = TestApp::start().await;
    app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    let checked_at_ms = Cell::new(None);
    // Runs the job that watches the ledger. Returns the number of problems that its metric shows.
    let watched_problems = async || {
        let mut at_ms = checked_at_ms.get();
        actions::watch_ledger(&app.app, &app.app.as_job("books"), &mut at_ms).await.unwrap();
        checked_at_ms.set(at_ms);
        let text = app.app.metrics.render();
        let line = text.lines().find_map(|line| line.strip_prefix("keepopen_books_wrong "));
        line.map(|number| number.parse::<f64>().unwrap())
    };
    assert_eq!(watched_problems().await, Some(0.0));
    unlock(&app, "ledger_entries", &["ledger_entries_stay", "ledger_entries_never_change"]).await;
    change(&app, "UPDATE ledger_entries SET occurred_at_ms = occurred_at_ms + 1 WHERE seq = 1").await;
    // After a restart, the job does not know when the ledger was last checked.
    let simulate_restart = || checked_at_ms.set(None);
    simulate_restart();
    assert_eq!(
        watched_problems().await,
        Some(0.0),
        "a ledger that was sealed today must not be checked again today"
    );
    // A seal that was not created with this deployment's key does not count, so the ledger is checked.
    unlock(&app, "seals", &["seals_never_change"]).await;
    change(&app, "UPDATE seals SET entries = entries + 1").await;
    simulate_restart();
    assert!(watched_problems().await > Some(0.0));
    change(&app, "UPDATE seals SET entries = entries - 1").await;
    simulate_restart();
    assert_eq!(watched_problems().await, Some(0.0));
    app.advance_days(1);
    assert!(watched_problems().await > Some(0.0));
    change(&app, "UPDATE ledger_entries SET occurred_at_ms = occurred_at_ms - 1 WHERE seq = 1").await;
    app.finish().await;
}
