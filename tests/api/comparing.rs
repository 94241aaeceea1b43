//! A comparison with Stripe reads Stripe's lists of events and objects, and books what the ledger lacks. It does not
//! report success if it is killed, if another comparison is running, or if a list can't be read.

use std::collections::HashSet;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use keepopen::actions::{self, MAX_TRIES, ReconcileError};
use keepopen::contributions::EntryKind as Kind;
use keepopen::reports::{self, Comparison};
use keepopen::store::comparisons::hold_lease;
use keepopen::store::other_money::OtherMoney;
use keepopen_practice::{Loss, Renewal, Trouble};
use serde_json::{Value, json};

use crate::helpers::TestApp;
use crate::reconciling::sell_with_other_software;
use crate::settling::payments;

/// Returns the report of the comparison with Stripe.
async fn comparison_report(app: &TestApp) -> Comparison {
    reports::compare_with_stripe(&app.app.store, app.app.now_ms()).await.unwrap()
}

/// Makes the practice Stripe (a local stand-in for Stripe) neither deliver nor list any later event.
fn lose_all_events(app: &TestApp) {
    app.stripe.lose_events(Some(Loss::Next(u32::MAX)));
}

/// Polls `work` at most this many times, as if its process were killed then. Returns the result if `work` finished
/// before that.
async fn run_until_killed<T>(steps: usize, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut steps_left) = (pin!(work), steps);
    poll_fn(|context| {
        if steps_left == 0 {
            return Poll::Ready(None);
        }
        steps_left -= 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn a_comparison_fails_while_another_one_is_running_and_gives_that_reason() {
    let app = TestApp::start().await;
    lose_all_events(&app);
    app.give(1000, "once").await;
    let now_ms = app.app.now_ms();
    let mut tx = app.app.store.begin().await.unwrap();
    assert!(hold_lease(&mut tx, "another process", now_ms, now_ms + 10_000).await.unwrap());
    tx.commit().await.unwrap();
    for outcome in [
        actions::reconcile_due(&app.app, &app.app.as_job("reconcile")).await,
        actions::reconcile_since(&app.app, &app.app.as_job("reconcile"), 0, true).await,
    ] {
        let error = outcome.unwrap_err();
        assert!(matches!(error, ReconcileError::Busy { .. }), "{error:?}");
        assert!(error.to_string().starts_with("another comparison is running"), "{error}");
    }
    assert!(app.ledger().await.is_empty() && comparison_report(&app).await.checked_at_ms.is_none());
    // The other process has died, so it does not renew its lease (a lock that expires). The lease ends now.
    app.app.clock.advance(10_000);
    actions::reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000)]);
    actions::reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    app.finish().await;
}

#[tokio::test]
async fn a_comparison_that_is_killed_at_any_point_is_resumed_and_skips_nothing() {
    let app = TestApp::start().await;
    lose_all_events(&app);
    // With this many gifts, the lists of sessions, payment intents, charges and balance transactions have two pages.
    let gifts = 105;
    for _ in 0..gifts {
        app.give(1000, "once").await;
    }
    let (mut kills, mut steps) = (0, 50);
    let stats = loop {
        let context = app.app.as_job("reconcile");
        let work = actions::reconcile_since(&app.app, &context, 0, true);
        if let Some(stats) = run_until_killed(steps, work).await {
            break stats.unwrap();
        }
        kills += 1;
        steps *= 3;
        // Another reader gives while no comparison runs.
        app.give(1000, "once").await;
        // Wait until the lease of the killed process ends.
        app.app.clock.advance(10_000);
    };
    assert!(kills >= 3, "the comparison must be killed several times, not {kills} times");
    assert!(stats.resumed && stats.failed.is_empty(), "{stats:?}");
    // The resumed comparison reads the newest part of each list again, so it also finds the gifts made in between.
    assert_eq!(app.ledger().await.len(), gifts + kills);
    assert!(payments(&app).await.iter().all(|it| it.settled.is_some() && it.unsettled_minor == 0));
    let again = actions::reconcile_since(&app.app, &app.app.as_job("reconcile"), 0, true).await.unwrap();
    assert!(!again.resumed && again.objects_read > 0 && again.stored == 0, "{again:?}");
    app.finish().await;
}

#[tokio::test]
async fn a_comparison_names_a_list_that_it_can_not_read_and_reads_the_others() {
    let app = TestApp::start().await;
    lose_all_events(&app);
    app.give(1000, "once").await;
    // The list of events is read first. All three tries fail.
    app.stripe.break_next_calls(Trouble::Status(500), 3);
    let stats = actions::reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    assert_eq!(stats.failed.iter().map(|it| it.list.as_str()).collect::<Vec<_>>(), ["events"]);
    assert!(stats.complete().unwrap_err().to_string().contains("the list of events could not be read"));
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000)], "the lists of objects must be read");
    let report = comparison_report(&app).await;
    assert_eq!(report.incomplete.iter().map(|it| it.list.as_str()).collect::<Vec<_>>(), ["events"]);
    assert!(report.checked_at_ms.is_some() && !report.agrees());
    // Once the list can be read, no list is reported.
    let stats = actions::reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    assert!(stats.failed.is_empty() && comparison_report(&app).await.incomplete.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn a_list_that_fails_twice_is_read_at_the_third_try() {
    let app = TestApp::start().await;
    lose_all_events(&app);
    app.give(1000, "once").await;
    app.stripe.break_next_calls(Trouble::Status(500), 2);
    let stats = actions::reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    assert_eq!((stats.failed, stats.resumed), (vec![], false));
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000)]);
    app.finish().await;
}

#[tokio::test]
async fn if_no_list_can_be_read_the_comparison_is_incomplete_and_the_next_one_reads_all_lists() {
    let app = TestApp::start().await;
    lose_all_events(&app);
    app.give(1000, "month").await;
    app.stripe.break_api(Some(Trouble::Status(403)));
    let stats = actions::reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    assert_eq!(stats.failed.len(), 10, "{:?}", stats.failed);
    assert!(comparison_report(&app).await.checked_at_ms.is_none());
    app.stripe.break_api(None);
    let stats = actions::reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    assert_eq!(stats.failed, []);
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000)]);
    assert!(comparison_report(&app).await.incomplete.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn a_comparison_of_recent_objects_does_not_replace_the_daily_comparison() {
    let app = TestApp::start().await;
    actions::reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    app.app.clock.advance(3_600_000);
    lose_all_events(&app);
    app.give(1000, "once").await;
    app.app.clock.advance(2 * 3_600_000);
    let since_s = app.app.now_ms() / 1000 - 600;
    actions::reconcile_since(&app.app, &app.app.as_job("reconcile"), since_s, true).await.unwrap();
    assert!(app.ledger().await.is_empty());
    app.app.clock.advance(22 * 3_600_000);
    actions::reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000)]);
    app.finish().await;
}

#[tokio::test]
async fn a_comparison_of_recent_events_does_not_replace_the_comparison_of_older_events() {
    let app = TestApp::start().await;
    actions::reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    app.app.clock.advance(600_000);
    app.give(1000, "once").await;
    app.app.clock.advance(3 * 3_600_000);
    let since_s = app.app.now_ms() / 1000 - 600;
    actions::reconcile_since(&app.app, &app.app.as_job("reconcile"), since_s, true).await.unwrap();
    assert!(app.ledger().await.is_empty());
    // The lists of objects are not due for a day, so the events must report the gift.
    actions::reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    app.process_inbox().await;
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000)]);
    app.finish().await;
}

#[tokio::test]
async fn a_comparison_that_is_interrupted_by_a_stop_does_not_count_as_complete() {
    let app = TestApp::start().await;
    app.app.begin_stopping();
    let stats = actions::reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    assert_eq!(stats.objects_read, 0);
    assert_eq!(comparison_report(&app).await.checked_at_ms, None);
    app.finish().await;
}

#[tokio::test]
async fn a_comparison_that_can_not_read_an_invoices_payments_reports_it_and_reads_the_lists() {
    // Each round makes a later call to Stripe fail, until the failing call is the one that lists an invoice's payments.
    for calls in 0..4 {
        let app = TestApp::start().await;
        let monthly = app.give(1000, "month").await;
        let subscription = app.stripe.payments(&monthly.session).subscription.unwrap();
        app.deliver_and_process_all_events().await;
        actions::reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
        app.advance_days(31);
        let invoice = app.stripe.renew(&subscription, Renewal::CardFails).unwrap().unwrap();
        app.advance_days(7);
        let events_before = app.stripe.events().len();
        lose_all_events(&app);
        app.stripe.mark_paid_outside(&invoice).unwrap();
        for event in app.stripe.events_after(events_before).iter().filter(|it| it["type"] == "invoice.paid") {
            assert_eq!(app.deliver(event).await.status, 200);
        }
        app.process_inbox().await;
        app.app.clock.advance(900_000);
        app.stripe.break_call_after(Trouble::Status(403), calls);
        let stats = actions::reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
        assert_eq!(stats.failed.len(), 1, "{stats:?}");
        if stats.failed.iter().any(|it| it.list == "payments of invoices") {
            assert!(
                stats.complete().is_err()
                    && comparison_report(&app).await.objects_checked_at_ms == Some(app.app.now_ms())
            );
            return app.finish().await;
        }
        app.finish().await;
    }
    panic!("no comparison failed at the list of an invoice's payments");
}

#[tokio::test]
async fn the_next_comparison_finds_the_objects_of_a_list_that_could_not_be_read() {
    let mut failed_lists = HashSet::new();
    // Each round makes a later call to Stripe fail.
    for calls in 0..14 {
        let app = TestApp::start().await;
        lose_all_events(&app);
        app.give(1000, "month").await;
        // The gift is older than the part of each list that every comparison reads again.
        app.app.clock.advance(2 * 3_600_000);
        app.stripe.break_call_after(Trouble::Status(403), calls);
        let first = actions::reconcile_since(&app.app, &app.app.as_job("reconcile"), 0, true).await.unwrap();
        app.stripe.break_api(None);
        let failed = first.failed.first().map(|it| it.list.clone());
        if failed.is_some_and(|list| failed_lists.insert(list)) {
            let second =
                actions::reconcile_since(&app.app, &app.app.as_job("reconcile"), 0, true).await.unwrap();
            assert_eq!(second.failed, [], "after {:?}", first.failed);
            assert_eq!(app.ledger().await, [(Kind::Payment, 1000)], "after {:?}", first.failed);
            let settled = payments(&app).await.iter().all(|it| it.settled.is_some());
            assert!(settled, "after {:?}", first.failed);
        }
        app.finish().await;
    }
    // The loop must include invoices: without its invoice, a monthly gift's balance transaction can't be assigned.
    assert!(failed_lists.contains("invoices") && failed_lists.len() > 8, "{failed_lists:?}");
}

/// Returns the lines of this kind from a report's lines about other money (money at Stripe that does not come from
/// Keepopen's gifts).
fn lines_of_kind<'a>(all: &'a [OtherMoney], kind: &str) -> Vec<&'a OtherMoney> {
    all.iter().filter(|it| it.kind == kind).collect()
}

#[tokio::test]
async fn other_money_at_stripe_is_counted_by_kind_and_currency() {
    let app = TestApp::start().await;
    lose_all_events(&app);
    app.give(1000, "once").await;
    let charge = sell_with_other_software(&app).await;
    sell_with_other_software(&app).await;
    app.stripe.refund(&charge, Some(500)).unwrap();
    for _ in 0..2 {
        actions::reconcile_since(&app.app, &app.app.as_job("reconcile"), 0, true).await.unwrap();
        let other = comparison_report(&app).await.other_money;
        for kind in ["Checkout Session", "payment intent", "charge"] {
            let [line] = lines_of_kind(&other, kind)[..] else { panic!("{kind}: {other:?}") };
            assert_eq!((line.count, line.amount_minor, line.currency.as_str()), (2, 4000, "EUR"), "{kind}");
            assert_eq!(line.site, None);
        }
        let [refund] = lines_of_kind(&other, "refund")[..] else { panic!("{other:?}") };
        assert_eq!((refund.count, refund.amount_minor), (1, 500));
        let [balance_line] = lines_of_kind(&other, "balance transaction (charge)")[..] else {
            panic!("{other:?}")
        };
        assert_eq!(balance_line.count, 2);
        assert!(balance_line.amount_minor < 4000, "Stripe's fees must be subtracted from the amount");
    }
    let answer = app.get("/v1/reconciliation", Some(&crate::money::key(&app).await)).await;
    let kinds = answer.json["other_money"].as_array().unwrap();
    assert!(kinds.iter().any(|it| it["kind"] == "charge" && it["count"] == 2), "{answer:?}");
    assert_eq!(answer.json["incomplete"], json!([]));
    app.finish().await;
}

#[tokio::test]
async fn gifts_of_an_unknown_site_are_counted_by_site_until_the_site_is_configured() {
    let app = TestApp::start().await;
    app.give(1000, "once").await;
    // A second installation uses the same Stripe account, but only has the other site.
    let folder = crate::helpers::folder();
    let database = keepopen_testkit::Database::make(folder.path());
    let clock =
        || keepopen::clock::Clock::movable(jiff::Timestamp::from_millisecond(app.app.now_ms()).unwrap());
    let mut settings = crate::helpers::settings(folder.path(), &database, &app.stripe, "");
    let with_both_sites = settings.clone();
    settings.sites.remove("journal");
    settings.appeals.file = None;
    let other = actions::start(settings, clock()).await.unwrap();
    actions::reconcile_since(&other, &other.as_job("reconcile"), 0, true).await.unwrap();
    let report = reports::compare_with_stripe(&other.store, other.now_ms()).await.unwrap();
    assert!(report.lines.is_empty() && other.store.contributions().await.unwrap().is_empty());
    let [charge] = lines_of_kind(&report.other_money, "charge")[..] else { panic!("{report:?}") };
    assert_eq!((charge.count, charge.amount_minor, charge.site.as_deref()), (1, 1000, Some("journal")));
    let [balance_line] = lines_of_kind(&report.other_money, "balance transaction (charge)")[..] else {
        panic!("{report:?}")
    };
    assert_eq!(balance_line.site.as_deref(), Some("journal"));
    other.store.close().await;
    let reconfigured = actions::start(with_both_sites, clock()).await.unwrap();
    actions::requeue_unbooked(&reconfigured, &reconfigured.as_job("start"), "1").await.unwrap();
    actions::reconcile_since(&reconfigured, &reconfigured.as_job("reconcile"), 0, true).await.unwrap();
    let report = reports::compare_with_stripe(&reconfigured.store, reconfigured.now_ms()).await.unwrap();
    assert_eq!((report.other_money, report.lines.len()), (vec![], 1));
    reconfigured.store.close().await;
    app.deliver_and_process_all_events().await;
    app.finish().await;
}

#[tokio::test]
async fn a_dead_event_is_closed_once_a_comparison_has_booked_its_object() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    let events_before = app.stripe.events().len();
    app.stripe.refund(&app.stripe.payments(&gift.session).charge.unwrap(), Some(300)).unwrap();
    let is_refund = |event: &&Value| event["type"] == "refund.created";
    let mut bad = app.stripe.events_after(events_before).iter().find(is_refund).unwrap().clone();
    (bad["id"], bad["data"]["object"]["amount"]) = ("evt_bad".into(), "ten".into());
    lose_all_events(&app);
    assert_eq!(app.deliver(&bad).await.status, 200);
    for _ in 0..MAX_TRIES {
        app.process_inbox().await;
        app.app.clock.advance(3_600_000);
    }
    let row = async || app.app.store.event("evt_bad").await.unwrap().unwrap().0;
    assert_eq!(row().await.state, "dead");
    actions::reconcile_since(&app.app, &app.app.as_job("reconcile"), 0, true).await.unwrap();
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000), (Kind::Refund, 300)]);
    let closed = row().await;
    assert_eq!((closed.state.as_str(), closed.error), ("done", None));
    assert_eq!(closed.outcome.as_deref(), Some("booked by a comparison with Stripe"));
    app.finish().await;
}
