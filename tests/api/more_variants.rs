//! Short histories with unusual payments, unusual ends of gifts, and objects of other software. As in `variants.rs`,
//! the events are delivered in several orders.

use std::collections::BTreeMap;
use std::path::Path;

use keepopen::contributions::{ContributionState as State, EntryKind as Kind, PaymentKind};
use keepopen_practice::Settlement;
use serde_json::{Value, json};

use crate::cases::deliver_in_all_orders;
use crate::helpers::TestApp;
use crate::replays::{app_after, orders};
use crate::settling::reconcile;
use crate::standing::standing;
use crate::story::{LedgerState, receive};
use crate::variants::{DEC_3, JAN_4, NOV_5, event, invoice, subscription};

/// Returns the balance of each account, without `contributions` and without empty accounts. `offline` has the money
/// that was paid outside Stripe.
fn accounts(ledger: &LedgerState) -> BTreeMap<&'static str, i64> {
    let mut accounts = BTreeMap::new();
    for entry in &ledger.entries {
        let (debit, credit) = entry.kind.accounts();
        *accounts.entry(debit.as_str()).or_default() += entry.money.amount_minor;
        *accounts.entry(credit.as_str()).or_default() -= entry.money.amount_minor;
    }
    accounts.retain(|account, minor| *minor != 0 && *account != "contributions");
    accounts
}

/// Returns a charge by card that paid an invoice on 3 December.
fn charge(id: &str, amount_minor: i64, invoice: &str) -> Value {
    json!({"id": id, "object": "charge", "amount": amount_minor, "currency": "eur", "status": "succeeded",
        "captured": true, "created": DEC_3, "invoice": invoice, "payment_intent": format!("pi_{id}"),
        "payment_method_details": {"type": "card"}})
}

/// Returns the event that reports a partial payment of the invoice `in_2`.
fn partial_payment(id: &str, amount_minor: i64, payment: &Value) -> Value {
    let object = json!({"id": id, "object": "invoice_payment", "amount_paid": amount_minor, "currency": "eur",
        "status": "paid", "invoice": "in_2", "payment": payment});
    event(id, "invoice_payment.paid", DEC_3, object)
}

#[tokio::test]
async fn the_clearing_account_has_only_money_that_moved_through_stripe() {
    let app = TestApp::start().await;
    // The invoice of the second month, paid on 3 December. As in the API of 2023, its fields say how it was paid.
    let second_invoice = |change: &dyn Fn(&mut Value)| {
        let mut it = invoice("in_2", "sub_m", "paid", DEC_3 - 86_400);
        it["status_transitions"]["paid_at"] = DEC_3.into();
        change(&mut it);
        event("second", "invoice.paid", DEC_3, it)
    };
    // Removes the fields that say how the invoice was paid.
    let hide_payment = |it: &mut Value| {
        for field in ["charge", "paid_out_of_band"] {
            it.as_object_mut().unwrap().remove(field);
        }
    };
    let intent = json!({"type": "payment_intent", "payment_intent": "pi_part"});
    let other = json!({"type": "out_of_band_payment", "out_of_band_payment": {"method": "cash"}});
    for (description, events, expected) in [
        (
            "API of 2023: a part paid by card, then marked as paid outside Stripe",
            vec![
                event("c", "charge.succeeded", DEC_3, charge("ch_part", 400, "in_2")),
                second_invoice(&|it| {
                    it["paid_out_of_band"] = true.into();
                    it["charge"] = Value::Null;
                }),
            ],
            vec![("clearing", 1400), ("offline", 600)],
        ),
        (
            "API version basil: a part paid by card, the rest by an unknown type of payment",
            vec![
                partial_payment("inpay_1", 400, &intent),
                partial_payment("inpay_2", 600, &other),
                second_invoice(&hide_payment),
            ],
            vec![("clearing", 1400), ("offline", 600)],
        ),
        (
            "API version basil: paid with two cards",
            vec![
                partial_payment("inpay_1", 400, &intent),
                partial_payment(
                    "inpay_2",
                    600,
                    &json!({"type": "payment_intent", "payment_intent": {"id": "pi_other"}}),
                ),
                second_invoice(&hide_payment),
            ],
            vec![("clearing", 2000)],
        ),
        (
            "a part paid from the customer's credit balance",
            vec![second_invoice(&|it| {
                (it["total"], it["starting_balance"]) = (1000.into(), (-300).into());
                (it["amount_due"], it["amount_paid"]) = (700.into(), 700.into());
            })],
            vec![("clearing", 1700)],
        ),
        (
            "all of it paid from the customer's credit balance",
            vec![second_invoice(&|it| {
                (it["total"], it["starting_balance"]) = (1000.into(), (-1000).into());
                (it["amount_due"], it["amount_paid"]) = (0.into(), 0.into());
                (it["charge"], it["attempt_count"]) = (Value::Null, 0.into());
            })],
            vec![("clearing", 1000)],
        ),
        (
            "an incomplete list of payments, and the amount paid outside Stripe",
            vec![second_invoice(&|it| {
                hide_payment(it);
                it["payments"] = json!({"object": "list", "data": [], "has_more": true});
                it["amount_paid_off_stripe"] = 250.into();
            })],
            vec![("clearing", 1750), ("offline", 250)],
        ),
        (
            "API version basil: the amount due is not counted as paid",
            vec![second_invoice(&|it| {
                hide_payment(it);
                it["amount_paid"] = 0.into();
            })],
            vec![("clearing", 1000), ("offline", 1000)],
        ),
        (
            "an incomplete list of payments",
            vec![second_invoice(&|it| {
                hide_payment(it);
                it["payments"] = json!({"object": "list", "data": [], "has_more": true});
            })],
            vec![("clearing", 1000)],
        ),
        (
            "an invoice sent to the customer, and paid by hand within a minute",
            vec![second_invoice(&|it| {
                hide_payment(it);
                it["collection_method"] = "send_invoice".into();
                it["status_transitions"]["finalized_at"] = (DEC_3 - 5).into();
            })],
            vec![("clearing", 1000)],
        ),
    ] {
        let first_month = [
            event("s", "customer.subscription.created", NOV_5, subscription("sub_m", "active", NOV_5)),
            event("first", "invoice.paid", NOV_5, invoice("in_1", "sub_m", "paid", NOV_5)),
        ];
        let ledger = deliver_in_all_orders(&app, &[first_month.to_vec(), events].concat()).await;
        assert_eq!(accounts(&ledger), expected.into_iter().collect(), "{description}");
        assert_eq!(ledger.contributions[0].state, State::Active, "{description}");
    }
    app.finish().await;
}

#[tokio::test]
async fn the_first_invoice_counts_as_paid_through_stripe_if_the_payment_page_was_paid() {
    let app = TestApp::start().await;
    // This invoice does not say how it was paid.
    let mut unclear = invoice("in_1", "sub_m", "paid", NOV_5);
    for field in ["charge", "paid_out_of_band"] {
        unclear.as_object_mut().unwrap().remove(field);
    }
    // The reader took an hour to confirm the payment.
    unclear["status_transitions"]["finalized_at"] = (NOV_5 - 3600).into();
    let page = json!({"id": "cs_test_a", "object": "checkout.session", "created": NOV_5 - 3600, "currency": "eur",
        "amount_total": 1000, "mode": "subscription", "status": "complete", "payment_status": "paid",
        "subscription": "sub_m", "invoice": "in_1", "metadata": unclear["subscription_details"]["metadata"]});
    let events =
        [event("p", "invoice.paid", NOV_5, unclear), event("c", "checkout.session.completed", NOV_5, page)];
    assert_eq!(accounts(&deliver_in_all_orders(&app, &events).await), [("clearing", 1000)].into());
    app.finish().await;
}

#[tokio::test]
async fn the_time_limit_for_settling_a_payment_depends_on_its_method() {
    let app = TestApp::start().await;
    for (method, days) in [
        (Some("card"), 3),
        (Some("link"), 3),
        (Some("sepa_debit"), 14),
        (Some("customer_balance"), 14),
        (None, 7),
    ] {
        let mut events = vec![
            event("s", "customer.subscription.created", NOV_5, subscription("sub_m", "active", NOV_5)),
            event("p", "invoice.paid", NOV_5, invoice("in_1", "sub_m", "paid", NOV_5)),
        ];
        if let Some(method) = method {
            let mut charge = charge("ch_in_1", 1000, "in_1");
            charge["payment_method_details"]["type"] = method.into();
            events.push(event("c", "charge.succeeded", NOV_5, charge));
        }
        let ledger = deliver_in_all_orders(&app, &events).await;
        let [payment] = ledger.payments.as_slice() else { panic!("{:?}", ledger.payments) };
        assert_eq!(payment.settle_by_ms, Some((NOV_5 + days * 86_400) * 1000), "{method:?}");
    }
    app.finish().await;
}

#[tokio::test]
async fn entries_from_stripes_balance_have_the_dates_of_the_balance() {
    let app = TestApp::start().await;
    app.stripe.set_settlement(Some(Settlement::new("usd", &[("eur", "1.10")]).unwrap()));
    app.give(1000, "once").await;
    app.advance_days(1);
    app.deliver_and_process_all_events().await;
    app.advance_days(1);
    let payout = app.stripe.pay_out(true).remove(0);
    app.advance_days(3);
    app.stripe.fail_payout(&payout).unwrap();
    app.advance_days(1);
    reconcile(&app).await;
    let created_ms = |id: &str| app.stripe.object(id).unwrap()["created"].as_i64().unwrap() * 1000;
    let mut kinds = Vec::new();
    for entry in app.app.store.entries().await.unwrap() {
        let expected = match entry.kind {
            Kind::Fee | Kind::ExchangeIn | Kind::ExchangeOut => created_ms(&entry.object),
            Kind::Payout => app.stripe.object(&payout).unwrap()["arrival_date"].as_i64().unwrap() * 1000,
            Kind::PayoutReversal => {
                let reversal = app.stripe.object(&payout).unwrap()["failure_balance_transaction"].clone();
                created_ms(reversal.as_str().unwrap_or_else(|| reversal["id"].as_str().unwrap()))
            }
            _ => continue,
        };
        assert_eq!(entry.occurred_at_ms, expected, "{entry:?}");
        kinds.push(entry.kind);
    }
    kinds.sort();
    let expected = [Kind::Fee, Kind::ExchangeOut, Kind::ExchangeIn, Kind::Payout, Kind::PayoutReversal];
    assert_eq!(kinds, expected);
    app.finish().await;
}

#[tokio::test]
async fn a_gift_that_is_cancelled_at_once_keeps_its_standing_to_the_end_of_the_paid_period() {
    const DAY_S: i64 = 86_400;
    for (unit, count, end_s) in [
        ("day", 10, DEC_3 + 10 * DAY_S),
        ("week", 2, DEC_3 + 14 * DAY_S),
        // From 3 December to 3 March.
        ("month", 3, DEC_3 + 90 * DAY_S),
        ("year", 1, DEC_3 + 365 * DAY_S),
    ] {
        let subscription_with = |status: &str| {
            let mut it = subscription("sub_m", status, DEC_3);
            it["items"]["data"][0]["price"]["recurring"] = json!({"interval": unit, "interval_count": count});
            it
        };
        let mut canceled = subscription_with("canceled");
        canceled["ended_at"] = (DEC_3 + DAY_S).into();
        let events = [
            event("s", "customer.subscription.created", DEC_3, subscription_with("active")),
            event("p", "invoice.paid", DEC_3, invoice("in_1", "sub_m", "paid", DEC_3)),
            event("c", "customer.subscription.deleted", DEC_3 + DAY_S, canceled),
        ];
        for (order, events) in orders(&events) {
            let app = app_after(&events).await;
            let gift = app.contribution().await;
            assert_eq!(
                (gift.state, gift.paid_until_ms),
                (State::Ended, Some(end_s * 1000)),
                "{unit}, {order}"
            );
            app.app.clock.advance(end_s * 1000 - 1 - app.app.now_ms());
            assert_eq!(app.standing().await, "recurring", "{unit}, {order}");
            app.app.clock.advance(1);
            assert_eq!(app.standing().await, "lapsed", "{unit}, {order}");
            app.finish().await;
        }
    }
}

#[tokio::test]
async fn the_paid_period_comes_from_the_invoice_or_else_from_the_subscription() {
    const DAY_S: i64 = 86_400;
    let app = TestApp::start().await;
    let line = |amount: i64, days: i64| json!({"amount": amount, "period": {"start": NOV_5, "end": NOV_5 + days * DAY_S}});
    let (start, end) = ("current_period_start", "current_period_end");
    // Each case has the lines of the invoice, the number of days in the period of the subscription and in the period of
    // its item (0 for no period), and the expected number of days.
    for (description, lines, on_subscription, on_item, days) in [
        ("an invoice line", vec![line(1000, 45)], 40, 40, 45),
        ("an invoice line, and a credit with a later end", vec![line(-100, 90), line(1100, 45)], 40, 40, 45),
        ("the subscription's period", vec![], 40, 0, 40),
        ("the period of the subscription's item", vec![], 0, 40, 40),
        ("only a credit line", vec![line(-100, 90)], 40, 0, 40),
    ] {
        let mut running = subscription("sub_m", "active", NOV_5);
        for (period_days, pointer) in [(on_subscription, ""), (on_item, "/items/data/0")] {
            if period_days > 0 {
                let holder = running.pointer_mut(pointer).unwrap();
                (holder[start], holder[end]) = (NOV_5.into(), (NOV_5 + period_days * DAY_S).into());
            }
        }
        let mut paid = invoice("in_1", "sub_m", "paid", NOV_5);
        paid["lines"]["data"] = lines.into();
        let events = [
            event("s", "customer.subscription.updated", NOV_5, running),
            event("p", "invoice.paid", NOV_5, paid),
        ];
        let ledger = deliver_in_all_orders(&app, &events).await;
        assert_eq!(
            ledger.contributions[0].paid_until_ms,
            Some((NOV_5 + days * DAY_S) * 1000),
            "{description}"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn the_standing_of_a_cancelled_yearly_gift_returns_if_its_refund_fails() {
    let (begun, ended) = (NOV_5, DEC_3);
    let subscription_with = |status: &str| {
        let mut it = subscription("sub_m", status, begun);
        it["items"]["data"][0]["price"]["recurring"] = json!({"interval": "year"});
        it
    };
    let mut canceled = subscription_with("canceled");
    canceled["ended_at"] = ended.into();
    let refund_with = |status: &str| {
        json!({"id": "re_1", "object": "refund", "amount": 1000, "currency": "eur", "created": ended,
            "status": status, "charge": "ch_in_1"})
    };
    let events = [
        event("s", "customer.subscription.created", begun, subscription_with("active")),
        event("p", "invoice.paid", begun, invoice("in_1", "sub_m", "paid", begun)),
        event("c", "customer.subscription.deleted", ended, canceled),
        event("r", "refund.created", ended, refund_with("pending")),
        event("f", "refund.failed", JAN_4, refund_with("failed")),
    ];
    for (order, events) in orders(&events) {
        let app = app_after(&events).await;
        assert_eq!(standing(&app, "reader@example.org").await, "recurring", "{order}");
        assert_eq!(app.contribution().await.paid_until_ms, Some((begun + 365 * 86_400) * 1000), "{order}");
        app.finish().await;
    }
}

#[tokio::test]
async fn an_object_of_other_software_with_odd_values_neither_fails_nor_is_booked() {
    let app = TestApp::start().await;
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stripe/openapi_objects_2026-07_dahlia");
    let odd = [json!(null), json!("x"), json!(-1), json!([]), json!({}), json!(1.5), json!(true), json!([1])];
    let mut number = 0_usize;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let original: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let Value::Object(fields) = &original["data"]["object"] else { continue };
        for field in fields.keys() {
            number += 1;
            let mut event = original.clone();
            event["id"] = format!("evt_odd_{number}").into();
            event["livemode"] = false.into();
            event["data"]["object"]["metadata"] = json!({"order_id": "6735"});
            event["data"]["object"][field] = odd[number % odd.len()].clone();
            receive(&app.app, &event).await;
        }
    }
    assert!(number > 100, "only {number} fields were changed");
    app.process_inbox().await;
    for event in app.app.store.events().await.unwrap() {
        assert_eq!((event.state.as_str(), event.attempts), ("done", 1), "{event:?}");
    }
    assert!(app.app.store.entries().await.unwrap().is_empty());
    assert!(app.app.store.contributions().await.unwrap().is_empty());
    app.finish().await;
}

#[tokio::test]
async fn a_paid_invoice_without_a_known_payment_also_has_a_time_limit_for_settling() {
    let app = TestApp::start().await;
    // This invoice does not say how it was paid.
    let mut unclear = invoice("in_1", "sub_m", "paid", NOV_5);
    for field in ["charge", "paid_out_of_band"] {
        unclear.as_object_mut().unwrap().remove(field);
    }
    unclear["status_transitions"]["finalized_at"] = (NOV_5 - 86_400).into();
    let begun = event("s", "customer.subscription.created", NOV_5, subscription("sub_m", "active", NOV_5));
    let ledger = deliver_in_all_orders(&app, &[begun, event("p", "invoice.paid", NOV_5, unclear)]).await;
    let [payment] = ledger.payments.as_slice() else { panic!("{:?}", ledger.payments) };
    // The payment method is unknown, so the limit is a week.
    assert_eq!(
        (payment.kind, payment.settle_by_ms),
        (PaymentKind::Unconfirmed, Some((NOV_5 + 7 * 86_400) * 1000))
    );
    app.finish().await;
}
