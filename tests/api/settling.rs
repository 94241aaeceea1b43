//! How gifts are settled in Stripe's balance: fees, settlement in other currencies, and payouts.

use std::collections::BTreeMap;

use keepopen::actions;
use keepopen::contributions::{EntryKind as Kind, Payment};
use keepopen::reports;
use keepopen::store::accounts::gifts_after;
use keepopen::store::sweeps;
use keepopen_practice::{Outcome, Settlement};
use serde_json::json;

use crate::helpers::TestApp;

/// Returns every payment, ordered by gift id.
pub async fn payments(app: &TestApp) -> Vec<Payment> {
    let mut tx = app.app.store.snapshot().await.unwrap();
    gifts_after(&mut tx, "", 1_000).await.unwrap().payments
}

/// Returns the payment. There must be exactly one.
async fn payment(app: &TestApp) -> Payment {
    let all = payments(app).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.into_iter().next().unwrap()
}

/// Makes the comparisons with Stripe that are due, and processes the inbox.
pub async fn reconcile(app: &TestApp) {
    actions::reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    app.process_inbox().await;
}

/// Returns the balance of an account of the site `journal`, in the currency's minor unit.
async fn account(app: &TestApp, currency: &str, name: &str) -> i64 {
    let key = ("journal".to_owned(), currency.to_owned(), name.to_owned());
    app.app.store.accounts().await.unwrap().get(&key).copied().unwrap_or(0)
}

/// Returns the sum of Stripe's balance transactions without payouts, by currency.
fn net_at_stripe(app: &TestApp) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for it in app.stripe.objects("balance_transaction") {
        if !it["type"].as_str().unwrap().starts_with("payout") {
            let currency = it["currency"].as_str().unwrap().to_uppercase();
            *sums.entry(currency).or_default() += it["net"].as_i64().unwrap();
        }
    }
    sums
}

/// Asserts that the ledger equals Stripe's balance to the cent, and that nothing is unsettled.
async fn assert_equals_stripe(app: &TestApp) {
    let compared = reports::compare_with_stripe(&app.app.store, app.app.now_ms()).await.unwrap();
    let mut ours = BTreeMap::new();
    for line in &compared.lines {
        assert_eq!((line.difference_minor(), line.unsettled_minor), (0, 0), "{line:?}");
        *ours.entry(line.currency.clone()).or_default() += line.ledger_net_minor;
    }
    ours.retain(|_, minor| *minor != 0);
    assert_eq!(ours, net_at_stripe(app));
}

#[tokio::test]
async fn a_comparison_of_stripes_balance_books_the_fee_and_net_of_a_gift() {
    let app = TestApp::start().await;
    app.give(1000, "month").await;
    app.deliver_and_process_all_events().await;
    let before = payment(&app).await;
    assert_eq!((before.settled, before.unsettled_minor), (None, 1000));
    reconcile(&app).await;
    let after = payment(&app).await;
    let settled = after.settled.unwrap();
    assert_eq!((settled.currency.code(), settled.fee_minor, settled.net_minor), ("EUR", 40, 960));
    assert_eq!((after.unsettled_minor, after.discrepancy_minor), (0, 0));
    assert_eq!((account(&app, "EUR", "fees").await, account(&app, "EUR", "clearing").await), (40, 960));
    assert_equals_stripe(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn a_payment_shows_its_payout_and_is_paid_out_again_if_the_payout_fails() {
    let app = TestApp::start().await;
    app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    let first = app.stripe.pay_out(true).remove(0);
    reconcile(&app).await;
    let paid = payment(&app).await;
    let day_ms = 86_400_000;
    assert_eq!(paid.payout.as_deref(), Some(first.as_str()));
    assert_eq!(paid.payout_arrives_at_ms, Some(app.app.now_ms().div_euclid(day_ms) * day_ms));
    assert_eq!((account(&app, "EUR", "bank").await, account(&app, "EUR", "clearing").await), (960, 0));

    app.advance_days(2);
    app.stripe.fail_payout(&first).unwrap();
    reconcile(&app).await;
    assert_eq!(payment(&app).await.payout, None, "a payment of a returned payout must have no payout");
    assert_eq!((account(&app, "EUR", "bank").await, account(&app, "EUR", "clearing").await), (0, 960));

    // The returned money is paid out together with another gift. That payout fails, too. A third payout
    // contains both gifts.
    app.advance_days(1);
    app.give(500, "once").await;
    app.deliver_and_process_all_events().await;
    let second = app.stripe.pay_out(true).remove(0);
    reconcile(&app).await;
    let payouts: Vec<_> = payments(&app).await.into_iter().map(|it| it.payout).collect();
    assert_eq!(payouts, [Some(second.clone()), Some(second.clone())]);
    let net = 960 + 500 - 33;
    assert_eq!((account(&app, "EUR", "bank").await, account(&app, "EUR", "clearing").await), (net, 0));
    app.advance_days(1);
    app.stripe.fail_payout(&second).unwrap();
    let third = app.stripe.pay_out(true).remove(0);
    reconcile(&app).await;
    let payouts: Vec<_> = payments(&app).await.into_iter().map(|it| it.payout).collect();
    assert_eq!(payouts, [Some(third.clone()), Some(third.clone())]);
    assert_eq!((account(&app, "EUR", "bank").await, account(&app, "EUR", "clearing").await), (net, 0));
    app.finish().await;
}

#[tokio::test]
async fn the_next_comparison_finds_a_returned_payout_that_a_webhook_has_already_reported() {
    let app = TestApp::start().await;
    app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    reconcile(&app).await;
    for weeks in [0, 6] {
        app.app.clock.advance(300_000);
        let payout = app.stripe.pay_out(true).remove(0);
        app.deliver_and_process_all_events().await;
        reconcile(&app).await;
        assert_eq!(account(&app, "EUR", "bank").await, 960);
        app.advance_days(7 * weeks);
        app.app.clock.advance(300_000);
        app.stripe.fail_payout(&payout).unwrap();
        app.deliver_and_process_all_events().await;
        reconcile(&app).await;
        assert_eq!(
            (account(&app, "EUR", "bank").await, payment(&app).await.payout),
            (0, None),
            "{weeks} weeks"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn the_contents_of_a_payout_are_read_again_until_stripe_has_reconciled_it() {
    let app = TestApp::start().await;
    app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    app.stripe.reconcile_late(true);
    let payout = app.stripe.pay_out(true).remove(0);
    reconcile(&app).await;
    app.advance_days(2);
    reconcile(&app).await;
    assert_eq!(payment(&app).await.payout, None);
    assert_eq!(
        app.app.store.findings(10).await.unwrap(),
        [],
        "a payout that is not reconciled yet must not be recorded as wrong"
    );
    app.stripe.reconcile_payouts();
    reconcile(&app).await;
    assert_eq!(payment(&app).await.payout, Some(payout));
    assert_equals_stripe(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn a_payout_that_differs_from_its_listed_contents_is_recorded_once() {
    let app = TestApp::start().await;
    app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    let payout = app.stripe.pay_out(true).remove(0);
    app.stripe.override_fields(&payout, &json!({"amount": 961})).unwrap();
    reconcile(&app).await;
    let found = app.app.store.findings(10).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].object.as_str(), found[0].booked), (payout.as_str(), false));
    assert_eq!(found[0].what, "payout that is not what Stripe lists of it");
    app.advance_days(1);
    actions::reconcile_since(&app.app, &app.app.as_job("reconcile"), 0, true).await.unwrap();
    assert_eq!(app.app.store.findings(10).await.unwrap(), found);
    app.stripe.override_fields(&payout, &json!({"amount": 960})).unwrap();
    app.finish().await;
}

#[tokio::test]
async fn an_unreadable_object_in_stripes_list_is_reported_once_and_delays_nothing() {
    let app = TestApp::start().await;
    app.give(1000, "once").await;
    app.give(2000, "once").await;
    let event = app.stripe.events()[0]["id"].as_str().unwrap().to_owned();
    app.stripe.override_fields(&event, &json!({"livemode": "no"})).unwrap();
    reconcile(&app).await;
    let payout = app.stripe.pay_out(true).remove(0);
    let transaction = app.stripe.objects("balance_transaction")[0]["id"].as_str().unwrap().to_owned();
    app.stripe.override_fields(&transaction, &json!({"amount": "ten"})).unwrap();
    app.advance_days(1);
    reconcile(&app).await;
    let found = app.app.store.findings(10).await.unwrap();
    let assert_recorded_once = |object: &str, what: &str| {
        let same = |it: &&sweeps::Finding| it.object == object && it.what == what && !it.booked;
        assert_eq!(found.iter().filter(same).count(), 1, "{object}, {what}: {found:?}");
    };
    assert_recorded_once(&event, "event that can't be read");
    assert_recorded_once(&transaction, "balance transaction that can't be read");
    assert_recorded_once(&payout, "payout that is not what Stripe lists of it");
    assert_eq!(payments(&app).await.iter().map(|it| it.money.amount_minor).sum::<i64>(), 3000);
    app.advance_days(1);
    actions::reconcile_since(&app.app, &app.app.as_job("reconcile"), 0, true).await.unwrap();
    assert_eq!(app.app.store.findings(10).await.unwrap(), found);
    // The unreadable transaction is also stored and retried, in case a later version can read it.
    let mark_done = "UPDATE stripe_events SET state = 'done', error = NULL \
         WHERE state = 'waiting' AND error LIKE 'balance_transaction.amount %'";
    assert_eq!(app.app.store.run_sql(mark_done).await.unwrap(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_fee_that_stripe_posts_late_is_booked_late() {
    let app = TestApp::start().await;
    app.stripe.settle_late(true);
    app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    reconcile(&app).await;
    assert_eq!(payment(&app).await.unsettled_minor, 1000);
    app.advance_days(2);
    app.stripe.post_fees();
    reconcile(&app).await;
    let payment = payment(&app).await;
    assert_eq!((payment.settled.unwrap().fee_minor, payment.unsettled_minor), (40, 0));
    assert_equals_stripe(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn a_gift_in_euros_that_stripe_settles_in_dollars_leaves_no_euros_in_clearing() {
    let app = TestApp::start().await;
    app.stripe.set_settlement(Some(Settlement::new("usd", &[("eur", "1.10")]).unwrap()));
    let gift = app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    reconcile(&app).await;
    let settled = payment(&app).await.settled.unwrap();
    assert_eq!((settled.currency.code(), settled.fee_minor, settled.net_minor), ("USD", 42, 1058));
    assert_eq!((account(&app, "EUR", "clearing").await, account(&app, "USD", "clearing").await), (0, 1058));
    assert_eq!(
        (account(&app, "EUR", "exchange").await, account(&app, "USD", "exchange").await),
        (1000, -1100)
    );
    assert_eq!(account(&app, "EUR", "contributions").await, -1000);
    let kinds: Vec<_> = app.app.store.entries().await.unwrap().iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [Kind::ExchangeIn, Kind::ExchangeOut, Kind::Fee, Kind::Payment]);

    let charge = app.stripe.payments(&gift.session).charge.unwrap();
    app.stripe.refund(&charge, Some(300)).unwrap();
    app.stripe.dispute(&charge, Some(500)).unwrap();
    reconcile(&app).await;
    assert_eq!((account(&app, "EUR", "clearing").await, account(&app, "EUR", "exchange").await), (0, 200));
    // A fifth of the dollars is left, minus Stripe's fees for the charge and the dispute.
    assert_eq!(account(&app, "USD", "clearing").await, 1100 - 330 - 550 - 42 - 1500);
    assert_equals_stripe(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn refunds_disputes_and_their_fees_equal_stripes_balance() {
    let app = TestApp::start().await;
    let mut charges = Vec::new();
    for amount_minor in [1000, 1100, 1200, 1300, 1400] {
        let gift = app.give(amount_minor, "once").await;
        charges.push(app.stripe.payments(&gift.session).charge.unwrap());
    }
    app.stripe.refund(&charges[0], Some(400)).unwrap();
    let failed = app.stripe.refund(&charges[1], None).unwrap();
    app.advance_days(1);
    app.stripe.fail_refund(&failed).unwrap();
    let won = app.stripe.dispute(&charges[2], None).unwrap();
    let lost = app.stripe.dispute(&charges[3], Some(700)).unwrap();
    let inquiry = app.stripe.open_inquiry(&charges[4], None).unwrap();
    app.advance_days(1);
    app.stripe.close_dispute(&won, Outcome::Won).unwrap();
    app.stripe.close_dispute(&lost, Outcome::Lost).unwrap();
    app.stripe.close_dispute(&inquiry, Outcome::WarningClosed).unwrap();
    app.deliver_and_process_all_events().await;
    reconcile(&app).await;
    let expected = 1000 - 400 + 1100 + 1200 + 1300 - 700 + 1400;
    assert_eq!(app.clearing().await, expected);
    let fees = [1000, 1100, 1200, 1300, 1400].map(|minor| (minor * 15 + 500) / 1000 + 25).iter().sum::<i64>();
    assert_eq!(account(&app, "EUR", "fees").await, fees + 2 * 1500);
    assert_equals_stripe(&app).await;
    app.finish().await;
}
