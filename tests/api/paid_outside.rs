//! Payments outside Stripe, and payments that Stripe does not settle in time. An API generation is a range of Stripe's
//! API versions whose objects have the same fields.

use std::collections::BTreeMap;

use keepopen::contributions::{ContributionState as State, EntryKind as Kind, PaymentKind};
use keepopen_practice::{Loss, Renewal};
use serde_json::{Value, json};

use crate::cases::{case, deliver_case_in_all_orders, deliver_in_all_orders, deliver_in_every_shape};
use crate::helpers::TestApp;
use crate::settling::{payments, reconcile};
use crate::story::LedgerState;

/// Returns the balance of each account. `clearing` has the money that moved through Stripe, and `offline` has the money
/// that was paid outside Stripe.
fn accounts(ledger: &LedgerState) -> BTreeMap<&'static str, i64> {
    let mut accounts = BTreeMap::new();
    for entry in &ledger.entries {
        let (debit, credit) = entry.kind.accounts();
        *accounts.entry(debit.as_str()).or_default() += entry.money.amount_minor;
        *accounts.entry(credit.as_str()).or_default() -= entry.money.amount_minor;
    }
    accounts.retain(|_, minor| *minor != 0);
    accounts
}

#[tokio::test]
async fn an_invoice_paid_outside_stripe_counts_but_is_not_booked_to_clearing() {
    let ledger = deliver_case_in_all_orders("paid-outside-stripe-booked").await;
    let offline = "in_16i65V2WyJ4hEAKCieCa4PfKr";
    let offline_kinds: Vec<_> =
        ledger.entries.iter().filter(|it| it.object == offline).map(|it| it.kind).collect();
    assert_eq!(offline_kinds, [Kind::OfflinePayment]);
    assert_eq!(accounts(&ledger), [("clearing", 700), ("contributions", -1400), ("offline", 700)].into());
    let [gift] = ledger.contributions.as_slice() else { panic!("{:?}", ledger.contributions) };
    assert_eq!((gift.state, gift.last_retained_payment_at_ms), (State::Active, Some(1_796_879_119_000)));
    let kinds: Vec<_> = ledger.payments.iter().map(|it| (it.kind, it.money.amount_minor)).collect();
    assert_eq!(kinds, [(PaymentKind::Payment, 700), (PaymentKind::OfflinePayment, 700)]);
}

#[tokio::test]
async fn an_offline_payment_within_a_subscription_is_recognised_in_every_api_generation() {
    let source = TestApp::start().await;
    let monthly = source.give(1000, "month").await;
    let subscription = source.stripe.payments(&monthly.session).subscription.unwrap();
    source.advance_days(31);
    // Stripe does not try to charge the card for this invoice.
    source.stripe.renew(&subscription, Renewal::PaidOutside).unwrap();
    source.advance_days(31);
    source.stripe.renew(&subscription, Renewal::Paid).unwrap();
    source.advance_days(31);
    // The card fails, and the reader pays this invoice in cash a week later.
    let failed = source.stripe.renew(&subscription, Renewal::CardFails).unwrap().unwrap();
    source.advance_days(7);
    source.stripe.mark_paid_outside(&failed).unwrap();
    source.advance_days(24);
    source.stripe.renew(&subscription, Renewal::Paid).unwrap();
    deliver_in_every_shape(&source, |ledger, shape| {
        let expected = [("clearing", 3000), ("contributions", -5000), ("offline", 2000)].into();
        assert_eq!(accounts(ledger), expected, "{shape}");
        assert!(ledger.entries.iter().all(|it| it.kind != Kind::PaymentReversal), "{shape}");
        assert_eq!(ledger.contributions[0].state, State::Active, "{shape}");
        assert_eq!(ledger.payments.len(), 5, "{shape}");
    })
    .await;
    source.finish().await;
}

/// Returns the events of the case `paid-outside-stripe-booked`, with `change` applied to its paid invoice.
fn events_with_invoice(change: impl FnOnce(&mut Value)) -> Vec<Value> {
    let mut events = case("paid-outside-stripe-booked");
    change(&mut events[3]["data"]["object"]);
    events
}

/// Returns an event that reports a payment of the paid invoice in that case.
fn invoice_payment(id: &str, amount_minor: i64, payment: &Value) -> Value {
    json!({
        "id": format!("evt_{id}"), "object": "event", "api_version": "2026-10-28.endive", "type": "invoice_payment.paid",
        "created": 1_796_879_120, "livemode": false,
        "data": {"object": {
            "id": id, "object": "invoice_payment", "amount_paid": amount_minor, "currency": "eur", "status": "paid",
            "invoice": "in_16i65V2WyJ4hEAKCieCa4PfKr", "payment": payment,
        }},
    })
}

#[tokio::test]
async fn every_field_and_event_that_shows_how_an_invoice_was_paid_is_used() {
    let source = TestApp::start().await;
    // Makes the invoice look as if a payment of it had failed before.
    let attempted = |it: &mut Value| {
        it["attempt_count"] = 1.into();
        it["attempted"] = true.into();
        it["status_transitions"]["finalized_at"] = 1_796_000_000.into();
    };
    let [intent, record] = [
        json!({"type": "payment_intent", "payment_intent": "pi_later"}),
        json!({"type": "payment_record", "payment_record": "pr_cash"}),
    ];
    let listed_payment = |amount_minor: i64, payment: &Value| {
        json!({"id": format!("inpay_{amount_minor}"), "object": "invoice_payment", "amount_paid": amount_minor,
            "currency": "eur", "status": "paid", "payment": payment})
    };
    let list = |parts: Vec<Value>| json!({"object": "list", "data": parts, "has_more": false});
    // Each case has a description, events, the balance of `clearing`, and the balance of `offline`.
    let mut cases = vec![
        // The invoice was paid after a failed attempt. Only a later object about the payment (a payment
        // intent or a payment record) can show how it was paid.
        ("no information yet", events_with_invoice(attempted), 700, 0),
        (
            "an empty list of payments",
            events_with_invoice(|it| {
                attempted(it);
                it["payments"] = list(vec![]);
            }),
            700,
            700,
        ),
        (
            "a list with two partial payments",
            events_with_invoice(|it| {
                attempted(it);
                it["payments"] = list(vec![listed_payment(300, &intent), listed_payment(400, &record)]);
            }),
            1000,
            400,
        ),
        (
            "the amount paid outside Stripe",
            events_with_invoice(|it| {
                attempted(it);
                it["amount_paid_off_stripe"] = 500.into();
            }),
            900,
            500,
        ),
        (
            "the flag paid_out_of_band of older versions",
            events_with_invoice(|it| {
                attempted(it);
                it["paid_out_of_band"] = true.into();
                it["charge"] = "ch_declined".into();
            }),
            700,
            700,
        ),
        (
            "the flag paid_out_of_band, and a paid amount of 0",
            events_with_invoice(|it| {
                it["paid_out_of_band"] = true.into();
                it["amount_paid"] = 0.into();
            }),
            700,
            700,
        ),
        (
            "the flag paid_out_of_band is false",
            events_with_invoice(|it| it["paid_out_of_band"] = false.into()),
            1400,
            0,
        ),
        ("a charge", events_with_invoice(|it| it["charge"] = "ch_good".into()), 1400, 0),
    ];
    for (description, is_attempted, payments, clearing, offline) in [
        ("a payment record", true, vec![invoice_payment("inpay_a", 700, &record)], 700, 700),
        ("a payment intent", true, vec![invoice_payment("inpay_a", 700, &intent)], 1400, 0),
        (
            "a payment intent and a payment record",
            true,
            vec![invoice_payment("inpay_a", 300, &intent), invoice_payment("inpay_b", 400, &record)],
            1000,
            400,
        ),
        // The invoice first seemed to be paid outside Stripe. A later event shows that it was paid through Stripe.
        (
            "a payment intent that is reported late",
            false,
            vec![invoice_payment("inpay_a", 700, &intent)],
            1400,
            0,
        ),
    ] {
        let mut events = events_with_invoice(|it| {
            if is_attempted {
                attempted(it)
            }
        });
        events.extend(payments);
        cases.push((description, events, clearing, offline));
    }
    let mut looks_collected = events_with_invoice(attempted);
    looks_collected[3]["data"]["object"]["status_transitions"]["finalized_at"] = 1_796_879_100.into();
    cases.push(("an attempt right after finalization", looks_collected.clone(), 1400, 0));
    looks_collected.push(invoice_payment("inpay_a", 700, &record));
    cases.push(("an attempt right after finalization, and a payment record", looks_collected, 700, 700));
    // The invoice of each case is paid at this time: 2026-12-10T05:05:19Z.
    let paid_at_ms = 1_796_879_119_000;
    for (description, events, clearing, offline) in cases {
        let ledger = deliver_in_all_orders(&source, &events).await;
        let mut expected = BTreeMap::from([
            ("clearing", clearing),
            ("contributions", -clearing - offline),
            ("offline", offline),
        ]);
        expected.retain(|_, minor| *minor != 0);
        assert_eq!(accounts(&ledger), expected, "{description}");
        // The whole amount counts as paid, even while it is not booked.
        assert_eq!(
            ledger.payments.iter().map(|it| it.money.amount_minor).sum::<i64>(),
            1400,
            "{description}"
        );
        let gift = &ledger.contributions[0];
        assert_eq!(
            (gift.state, gift.last_retained_payment_at_ms),
            (State::Active, Some(paid_at_ms)),
            "{description}"
        );
    }
    source.finish().await;
}

#[tokio::test]
async fn a_payment_that_stripe_does_not_settle_in_time_raises_an_alarm_and_the_ledger_does_not_agree() {
    let app = TestApp::start().await;
    app.stripe.settle_late(true);
    app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    let key = keepopen::keys::Scope::MoneyRead;
    let key = keepopen::actions::create_api_key(&app.app.as_operator(), "test", &[key]).await.unwrap().secret;
    let reconciliation = async || app.get("/v1/reconciliation", Some(&key)).await.json;
    app.advance_days(2);
    reconcile(&app).await;
    let in_time = reconciliation().await;
    assert_eq!((&in_time["agrees"], &in_time["needs_review_total"]), (&json!(true), &json!(0)), "{in_time}");
    app.advance_days(2);
    reconcile(&app).await;
    let late = reconciliation().await;
    assert_eq!((&late["agrees"], &late["needs_review_total"]), (&json!(false), &json!(1)), "{late}");
    let line = &late["lines"][0];
    assert_eq!(
        (&line["overdue"], &line["overdue_minor"], &line["difference_minor"]),
        (&json!(1), &json!(1000), &json!(0))
    );
    assert_eq!(late["needs_review"][0]["alarms"][0]["alarm"], "not_settled_in_time");
    app.stripe.post_fees();
    reconcile(&app).await;
    let settled = reconciliation().await;
    assert_eq!((&settled["agrees"], &settled["needs_review_total"]), (&json!(true), &json!(0)), "{settled}");
    app.finish().await;
}

#[tokio::test]
async fn a_comparison_asks_stripe_how_an_invoice_was_paid_if_no_event_reported_it() {
    let app = TestApp::start().await;
    let monthly = app.give(1000, "month").await;
    let subscription = app.stripe.payments(&monthly.session).subscription.unwrap();
    app.deliver_and_process_all_events().await;
    reconcile(&app).await;
    app.advance_days(31);
    let invoice = app.stripe.renew(&subscription, Renewal::CardFails).unwrap().unwrap();
    app.advance_days(7);
    reconcile(&app).await;
    let events_before = app.stripe.events().len();
    app.stripe.lose_events(Some(Loss::Next(u32::MAX)));
    app.stripe.mark_paid_outside(&invoice).unwrap();
    app.stripe.lose_events(None);
    for event in app.stripe.events_after(events_before).iter().filter(|it| it["type"] == "invoice.paid") {
        assert_eq!(app.deliver(event).await.status, 200);
    }
    app.process_inbox().await;
    let kind = async || payments(&app).await.into_iter().find(|it| it.object == invoice).map(|it| it.kind);
    assert_eq!(kind().await, Some(PaymentKind::Unconfirmed));
    app.app.clock.advance(900_000);
    reconcile(&app).await;
    assert_eq!(kind().await, Some(PaymentKind::OfflinePayment));
    app.finish().await;
}
