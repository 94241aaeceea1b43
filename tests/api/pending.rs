//! Pending objects, such as a bank debit or a dispute. Their outcome may be known only weeks later. A comparison with
//! Stripe finds the outcome even if all events are lost.

use keepopen::actions::reconcile_due;
use keepopen::contributions::{ContributionState as State, EntryKind as Kind};
use keepopen_practice::{Loss, Outcome, PaymentChoice, Renewal, Trouble};

use crate::helpers::{Gift, TestApp};

/// Delivers all events, compares with Stripe, waits 40 days, and compares again. All later events are lost.
async fn lose_events_after_40_days(app: &TestApp) {
    app.deliver_and_process_all_events().await;
    reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    app.advance_days(40);
    reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    app.stripe.lose_events(Some(Loss::Next(u32::MAX)));
}

/// Waits a day and compares with Stripe. Panics unless the comparison succeeds.
async fn compare_a_day_later(app: &TestApp) {
    app.advance_days(1);
    let stats = reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    assert!(stats.failed.is_empty(), "{stats:?}");
}

/// Makes a gift by bank debit. Stripe has not settled the debit yet.
async fn pay_by_debit(app: &TestApp) -> Gift {
    let gift = app.start_gift(1000, "once").await;
    app.stripe.pay(&gift.session, PaymentChoice::BankDebit).unwrap();
    gift
}

#[tokio::test]
async fn the_failure_of_a_bank_debit_after_40_days_is_found() {
    let app = TestApp::start().await;
    let gift = pay_by_debit(&app).await;
    lose_events_after_40_days(&app).await;
    app.stripe.settle_bank_debit(&gift.session, false).unwrap();
    compare_a_day_later(&app).await;
    assert_eq!(app.state().await, State::Failed);
    app.finish().await;
}

#[tokio::test]
async fn a_bank_debit_that_succeeds_after_40_days_is_booked_once() {
    let app = TestApp::start().await;
    let gift = pay_by_debit(&app).await;
    lose_events_after_40_days(&app).await;
    app.stripe.settle_bank_debit(&gift.session, true).unwrap();
    compare_a_day_later(&app).await;
    compare_a_day_later(&app).await;
    assert_eq!((app.state().await, app.ledger().await), (State::Paid, vec![(Kind::Payment, 1000)]));
    app.finish().await;
}

#[tokio::test]
async fn the_outcome_of_a_dispute_after_40_days_is_found() {
    for (outcome, entries) in [
        (Outcome::Won, [Kind::Dispute, Kind::DisputeReversal, Kind::Payment].as_slice()),
        (Outcome::Lost, &[Kind::Dispute, Kind::Payment]),
    ] {
        let app = TestApp::start().await;
        let gift = app.give(1000, "once").await;
        let dispute = app.stripe.dispute(&app.stripe.payments(&gift.session).charge.unwrap(), None).unwrap();
        lose_events_after_40_days(&app).await;
        app.stripe.close_dispute(&dispute, outcome).unwrap();
        compare_a_day_later(&app).await;
        let kinds: Vec<Kind> = app.ledger().await.into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, entries);
        assert_eq!(app.app.store.pending_objects(i64::MAX, None, 9).await.unwrap(), []);
        app.finish().await;
    }
}

#[tokio::test]
async fn an_invoice_that_is_paid_after_40_days_is_booked() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "month").await;
    let subscription = app.stripe.payments(&gift.session).subscription.unwrap();
    app.advance_days(31);
    app.stripe.renew(&subscription, Renewal::CardFails).unwrap().unwrap();
    lose_events_after_40_days(&app).await;
    assert_eq!(app.state().await, State::PastDue);
    app.stripe.replace_card(&subscription).unwrap();
    compare_a_day_later(&app).await;
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000), (Kind::Payment, 1000)]);
    assert_eq!(app.state().await, State::Active);
    app.finish().await;
}

#[tokio::test]
async fn a_comparison_that_can_not_fetch_pending_objects_reports_it_and_the_next_one_fetches_them() {
    // Each round makes a later call to Stripe fail, until the failing call is the one that fetches a pending object.
    for calls in 0..20 {
        let app = TestApp::start().await;
        let gift = pay_by_debit(&app).await;
        lose_events_after_40_days(&app).await;
        app.stripe.settle_bank_debit(&gift.session, false).unwrap();
        app.advance_days(1);
        app.stripe.break_call_after(Trouble::Status(403), calls);
        let stats = reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
        let is_reported = stats.failed.iter().any(|it| it.list == "pending objects");
        if is_reported {
            assert!(stats.complete().is_err());
            assert_eq!(app.state().await, State::Processing);
            reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
            assert_eq!(app.state().await, State::Failed);
        }
        app.finish().await;
        if is_reported {
            return;
        }
    }
    panic!("no comparison failed to fetch a pending object");
}

#[tokio::test]
async fn after_60_days_of_downtime_the_first_comparison_finds_all_payments() {
    let app = TestApp::start().await;
    reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    let unpaid = app.start_gift(700, "once").await;
    app.deliver_and_process_all_events().await;
    reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    app.stripe.lose_events(Some(Loss::Next(u32::MAX)));
    app.stripe.pay(&unpaid.session, PaymentChoice::Card).unwrap();
    app.advance_days(1);
    app.give(1000, "once").await;
    app.advance_days(60);
    compare_a_day_later(&app).await;
    let mut ledger = app.ledger().await;
    ledger.sort_by_key(|(_, minor)| *minor);
    assert_eq!(ledger, [(Kind::Payment, 700), (Kind::Payment, 1000)]);
    app.finish().await;
}

#[tokio::test]
async fn a_pending_object_is_fetched_once_a_month_after_half_a_year() {
    let app = TestApp::start().await;
    pay_by_debit(&app).await;
    app.deliver_and_process_all_events().await;
    app.advance_days(200);
    assert_eq!(
        reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap().objects_read,
        1,
        "the first comparison must fetch the pending object"
    );
    let mut fetched = 0;
    for _ in 0..60 {
        app.advance_days(1);
        fetched += reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap().objects_read;
    }
    assert_eq!(fetched, 2, "in 60 days, the object must be fetched twice");
    app.finish().await;
}

#[tokio::test]
async fn a_pending_object_is_fetched_late_if_the_server_was_off_on_the_day_it_was_due() {
    let app = TestApp::start().await;
    pay_by_debit(&app).await;
    app.deliver_and_process_all_events().await;
    app.advance_days(200);
    reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    app.advance_days(8);
    reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    // The object is due 210 days after its creation. The server is off from day 208 to day 213.
    app.advance_days(5);
    assert_eq!(reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap().objects_read, 1);
    app.advance_days(1);
    assert_eq!(reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap().objects_read, 0);
    app.finish().await;
}
