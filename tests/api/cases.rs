//! Short sequences of events that Keepopen once booked incorrectly, from `tests/fixtures/money/`. Each is delivered in
//! several orders and with repeats.

use std::path::Path;

use keepopen::contributions::{ContributionState as State, EntryKind as Kind};
use keepopen_practice::{Outcome, PaymentChoice};
use serde_json::Value;

use crate::generations::{GENERATIONS, add_missing_fields, templates};
use crate::helpers::{TestApp, is_payment_or_reversal};
use crate::story::{LedgerState, ObjectLinks, ledger_after};

/// Converts a date such as `2026-10-31T23:50:00Z` to milliseconds since 1970.
fn ms(date: &str) -> i64 {
    date.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

/// Returns the events of a case.
pub fn case(name: &str) -> Vec<Value> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/money").join(format!("{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Delivers the events to new servers: in order, reversed, twice, and shuffled with repeats. Panics unless every server
/// has the same ledger. Returns the ledger.
pub async fn deliver_in_all_orders(source: &TestApp, events: &[Value]) -> LedgerState {
    let in_order: Vec<&Value> = events.iter().collect();
    let mut random = fastrand::Rng::with_seed(1);
    let expected = ledger_after(source, &in_order, &mut random).await;
    let reversed: Vec<&Value> = events.iter().rev().collect();
    assert_eq!(ledger_after(source, &reversed, &mut random).await, expected, "in reverse order");
    let twice: Vec<&Value> = in_order.iter().chain(&in_order).copied().collect();
    assert_eq!(ledger_after(source, &twice, &mut random).await, expected, "delivered twice");
    for seed in 0..4 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut shuffled = twice.clone();
        random.shuffle(&mut shuffled);
        assert_eq!(ledger_after(source, &shuffled, &mut random).await, expected, "seed {seed}");
    }
    expected
}

/// Delivers the events of a case as [`deliver_in_all_orders`] does. Returns the ledger.
pub async fn deliver_case_in_all_orders(name: &str) -> LedgerState {
    let source = TestApp::start().await;
    let ledger = deliver_in_all_orders(&source, &case(name)).await;
    source.finish().await;
    ledger
}

/// Returns the kind, amount and date of each payment and reversal.
fn payments_and_reversals(ledger: &LedgerState) -> Vec<(Kind, i64, i64)> {
    let entries = ledger.entries.iter().filter(|it| is_payment_or_reversal(it));
    entries.map(|it| (it.kind, it.money.amount_minor, it.occurred_at_ms)).collect()
}

/// Delivers all events of the practice Stripe in the shape of each API generation (a range of API versions whose
/// objects have the same fields). Calls `check` with each resulting ledger and the name of the shape.
pub async fn deliver_in_every_shape(source: &TestApp, mut check: impl FnMut(&LedgerState, &str)) {
    let (events, links) = (source.stripe.events(), ObjectLinks::read_from(&source.stripe));
    check(&deliver_in_all_orders(source, &events).await, "in the practice Stripe's shape");
    for generation in &GENERATIONS {
        let templates = templates(generation.folder);
        let mut shaped: Vec<Value> = events.iter().filter_map(|it| generation.shape(&links, it)).collect();
        for event in &mut shaped {
            add_missing_fields(event, &templates);
        }
        for order in [shaped.iter().collect::<Vec<_>>(), shaped.iter().rev().collect()] {
            let ledger = ledger_after(source, &order, &mut fastrand::Rng::with_seed(1)).await;
            check(&ledger, generation.folder);
        }
    }
}

#[tokio::test]
async fn a_bank_debit_is_dated_by_the_day_on_which_it_succeeded() {
    let ledger = deliver_case_in_all_orders("sepa-in-the-wrong-month").await;
    let at_ms = ms("2026-11-05T09:00:00Z");
    assert_eq!(payments_and_reversals(&ledger), [(Kind::Payment, 3000, at_ms)]);
    assert_eq!(ledger.payments[0].paid_at_ms, at_ms, "the payment must have the same date in the export");
    assert_eq!(ledger.contributions[0].last_retained_payment_at_ms, Some(at_ms));
}

#[tokio::test]
async fn payments_are_dated_by_their_success_and_reversals_by_their_own_date_in_every_generation() {
    let source = TestApp::start().await;
    let advance_to = |date: &str| source.app.clock.advance(ms(date) - source.app.now_ms());
    advance_to("2026-12-31T23:50:00Z");
    let card = source.start_gift(1000, "once").await;
    let debit = source.start_gift(700, "once").await;
    let monthly = source.start_gift(500, "month").await;
    source.stripe.pay(&debit.session, PaymentChoice::BankDebit).unwrap();
    source.stripe.pay(&monthly.session, PaymentChoice::BankDebit).unwrap();
    advance_to("2027-01-01T00:10:00Z");
    source.stripe.pay(&card.session, PaymentChoice::Card).unwrap();
    advance_to("2027-02-05T12:00:00Z");
    source.stripe.settle_bank_debit(&debit.session, true).unwrap();
    source.stripe.settle_bank_debit(&monthly.session, true).unwrap();
    advance_to("2027-03-01T12:00:00Z");
    let charge = |session: &str| source.stripe.payments(session).charge.unwrap();
    let refund = source.stripe.refund(&charge(&card.session), Some(300)).unwrap();
    let inquiry = source.stripe.open_inquiry(&charge(&debit.session), None).unwrap();
    advance_to("2027-04-01T12:00:00Z");
    source.stripe.fail_refund(&refund).unwrap();
    source.stripe.escalate(&inquiry).unwrap();
    advance_to("2027-05-01T12:00:00Z");
    source.stripe.close_dispute(&inquiry, Outcome::Won).unwrap();
    let mut expected = vec![
        (Kind::Dispute, 700, ms("2027-04-01T12:00:00Z")),
        (Kind::DisputeReversal, 700, ms("2027-05-01T12:00:00Z")),
        (Kind::Payment, 500, ms("2027-02-05T12:00:00Z")),
        (Kind::Payment, 700, ms("2027-02-05T12:00:00Z")),
        (Kind::Payment, 1000, ms("2027-01-01T00:10:00Z")),
        (Kind::Refund, 300, ms("2027-03-01T12:00:00Z")),
        (Kind::RefundReversal, 300, ms("2027-04-01T12:00:00Z")),
    ];
    expected.sort();
    deliver_in_every_shape(&source, |ledger, shape| {
        let mut booked = payments_and_reversals(ledger);
        booked.sort();
        assert_eq!(booked, expected, "{shape}");
        let mut paid: Vec<i64> = ledger.payments.iter().map(|it| it.paid_at_ms).collect();
        paid.sort_unstable();
        let dates = ["2027-01-01T00:10:00Z", "2027-02-05T12:00:00Z", "2027-02-05T12:00:00Z"];
        assert_eq!(paid, dates.map(ms), "{shape}");
    })
    .await;
    source.finish().await;
}

#[tokio::test]
async fn an_expired_session_next_to_a_paid_one_does_not_remove_the_supporter() {
    let ledger = deliver_case_in_all_orders("orphan-session-hides-the-giver").await;
    let [gift] = ledger.contributions.as_slice() else { panic!("{:?}", ledger.contributions) };
    assert_eq!((gift.state, gift.supporter.is_some()), (State::Paid, true));
    assert!(gift.session.as_deref().unwrap().starts_with("cs_test_q3x0"), "{gift:?}");
    assert_eq!(payments_and_reversals(&ledger), [(Kind::Payment, 2500, ms("2026-11-30T05:12:44Z"))]);
}

#[tokio::test]
async fn a_contribution_continues_with_a_recreated_subscription_and_shows_both() {
    let mut events = case("recreated-subscription");
    let source = TestApp::start().await;
    let ledger = deliver_in_all_orders(&source, &events).await;
    let [gift] = ledger.contributions.as_slice() else { panic!("{:?}", ledger.contributions) };
    let [old, new] = ["sub_1w02ww8sF4sHtp5aBYaQn3wJ0", "sub_1wzzzz8sF4sHtp5aBYaQn3wJ0"];
    assert_eq!((gift.state, gift.subscription.as_deref()), (State::Active, Some(new)));
    assert_eq!(gift.subscriptions, [old, new]);
    assert_eq!(payments_and_reversals(&ledger).iter().map(|it| it.1).sum::<i64>(), 1400);

    // The new subscription is canceled, too.
    let mut canceled = events[3].clone();
    canceled["id"] = "evt_canceled_again".into();
    canceled["created"] = 1_795_000_000.into();
    canceled["data"]["object"]["id"] = new.into();
    canceled["data"]["object"]["created"] = 1_794_287_239.into();
    events.push(canceled);
    let gift = deliver_in_all_orders(&source, &events).await.contributions.remove(0);
    assert_eq!((gift.state, gift.subscription.as_deref()), (State::Ended, Some(new)));
    source.finish().await;
}
