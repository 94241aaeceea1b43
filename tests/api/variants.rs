//! Short histories of one gift: an event is missing, events arrive in an unusual order, or they have the shape of an
//! older API version. Each history is delivered in order, reversed, twice and shuffled.

use keepopen::contributions::{ContributionState as State, EntryKind as Kind};
use serde_json::{Value, json};

use crate::cases::deliver_in_all_orders;
use crate::helpers::{TestApp, is_payment_or_reversal};
use crate::story::LedgerState;

// Times in October 2026 to January 2027, in seconds since 1970.
const OCT_30: i64 = 1_793_354_400;
pub const NOV_5: i64 = 1_793_869_200;
pub const DEC_3: i64 = 1_796_288_400;
pub const JAN_4: i64 = 1_799_053_200;
const GIFT: &str = "con_7v8jx575915hrkx8bc2xztnd4a";

/// Returns the metadata by which Keepopen recognises its own objects.
fn our_metadata() -> Value {
    json!({"keepopen_contribution": GIFT, "keepopen_site": "journal"})
}

/// Returns an event with this object. The time is in seconds since 1970.
pub fn event(id: &str, kind: &str, created_s: i64, object: Value) -> Value {
    json!({"id": format!("evt_{id}"), "object": "event", "api_version": "2026-10-28.endive", "type": kind,
        "created": created_s, "livemode": false, "account": null, "data": {"object": object}})
}

/// Returns the checkout session of a one-off gift of 30.00.
fn session(id: &str, status: &str, payment_status: &str) -> Value {
    json!({"id": format!("cs_test_{id}"), "object": "checkout.session", "created": OCT_30, "currency": "eur",
        "amount_total": 3000, "mode": "payment", "status": status, "payment_status": payment_status,
        "payment_intent": format!("pi_{id}"), "metadata": our_metadata(),
        "customer_details": {"email": "reader@example.org"}})
}

/// Returns the event that reports the session `id` of a one-off gift as paid.
fn paid_event(id: &str, created_s: i64) -> Value {
    event(&format!("paid_{id}"), "checkout.session.completed", created_s, session(id, "complete", "paid"))
}

/// Returns a full refund of the gift `a`.
fn refund(status: &str) -> Value {
    json!({"id": "re_1", "object": "refund", "amount": 3000, "currency": "eur", "created": DEC_3, "status": status,
        "payment_intent": "pi_a", "charge": "ch_a"})
}

/// Returns a dispute of the gift `a`. `moved` has the amount and time of each of its balance transactions.
fn dispute(status: &str, moved: &[(i64, i64)]) -> Value {
    let moved: Vec<Value> = moved
        .iter()
        .map(|(minor, created_s)| {
            json!({"id": format!("txn_{minor}_{created_s}"), "object": "balance_transaction", "amount": minor,
                "fee": 0, "net": minor, "currency": "eur", "created": created_s, "source": "du_1", "type": "adjustment"})
        })
        .collect();
    json!({"id": "du_1", "object": "dispute", "amount": 3000, "currency": "eur", "created": NOV_5, "status": status,
        "payment_intent": "pi_a", "charge": "ch_a", "balance_transactions": moved})
}

/// Returns the kind and date of each payment and reversal.
fn entry_dates(ledger: &LedgerState) -> Vec<(Kind, i64)> {
    let entries = ledger.entries.iter().filter(|it| is_payment_or_reversal(it));
    let mut dated: Vec<_> = entries.map(|it| (it.kind, it.occurred_at_ms / 1000)).collect();
    dated.sort_by_key(|it| it.1);
    dated
}

#[tokio::test]
async fn a_bank_debit_is_dated_by_its_success_event_if_no_other_event_arrived() {
    let source = TestApp::start().await;
    let succeeded =
        event("a", "checkout.session.async_payment_succeeded", NOV_5, session("a", "complete", "paid"));
    let ledger = deliver_in_all_orders(&source, &[succeeded]).await;
    assert_eq!(entry_dates(&ledger), [(Kind::Payment, NOV_5)]);
    source.finish().await;
}

#[tokio::test]
async fn a_refund_that_fails_months_later_has_the_same_dates_whichever_events_report_it() {
    let source = TestApp::start().await;
    let charge = json!({"id": "ch_a", "object": "charge", "amount": 3000, "currency": "eur", "status": "succeeded",
        "captured": true, "created": NOV_5, "payment_intent": "pi_a", "amount_refunded": 3000,
        "refunds": {"object": "list", "data": [refund("succeeded")], "has_more": false}});
    for (description, events) in [
        (
            "API of 2020: in its charge, then in its own event",
            vec![
                event("r", "charge.refunded", DEC_3, charge),
                event("f", "charge.refund.updated", JAN_4, refund("failed")),
            ],
        ),
        ("only the failure", vec![event("f", "refund.failed", JAN_4, refund("failed"))]),
        (
            "succeeded, then failed",
            vec![
                event("r", "refund.created", DEC_3, refund("pending")),
                event("s", "refund.updated", DEC_3 + 60, refund("succeeded")),
                event("f", "refund.failed", JAN_4, refund("failed")),
            ],
        ),
        (
            "pending, then canceled",
            vec![
                event("r", "refund.created", DEC_3, refund("pending")),
                event("f", "refund.updated", JAN_4, refund("canceled")),
            ],
        ),
    ] {
        let events = [vec![paid_event("a", NOV_5)], events].concat();
        let expected = [(Kind::Payment, NOV_5), (Kind::Refund, DEC_3), (Kind::RefundReversal, JAN_4)];
        assert_eq!(entry_dates(&deliver_in_all_orders(&source, &events).await), expected, "{description}");
    }
    source.finish().await;
}

#[tokio::test]
async fn a_dispute_has_the_same_dates_whichever_events_are_missing() {
    let source = TestApp::start().await;
    let disputed_at_once = [(Kind::Payment, OCT_30), (Kind::Dispute, NOV_5), (Kind::DisputeReversal, JAN_4)];
    let escalated = [(Kind::Payment, OCT_30), (Kind::Dispute, DEC_3), (Kind::DisputeReversal, JAN_4)];
    for (description, events, expected) in [
        (
            "only the event that reports the win",
            vec![event("w", "charge.dispute.closed", JAN_4, dispute("won", &[]))],
            disputed_at_once,
        ),
        (
            "only the event that reports the returned money",
            vec![event(
                "w",
                "charge.dispute.funds_reinstated",
                JAN_4,
                dispute("won", &[(-3000, NOV_5), (3000, JAN_4)]),
            )],
            disputed_at_once,
        ),
        (
            "reported twice as won",
            vec![
                event("c", "charge.dispute.created", NOV_5, dispute("needs_response", &[(-3000, NOV_5)])),
                event("w", "charge.dispute.closed", JAN_4, dispute("won", &[(-3000, NOV_5), (3000, JAN_4)])),
                event(
                    "v",
                    "charge.dispute.funds_reinstated",
                    JAN_4,
                    dispute("won", &[(-3000, NOV_5), (3000, JAN_4)]),
                ),
                event(
                    "u",
                    "charge.dispute.updated",
                    JAN_4 + 500,
                    dispute("won", &[(-3000, NOV_5), (3000, JAN_4)]),
                ),
            ],
            disputed_at_once,
        ),
        (
            "only the event that reports the win, a day after the money was returned",
            vec![event(
                "w",
                "charge.dispute.closed",
                JAN_4 + 86_400,
                dispute("won", &[(-3000, NOV_5), (3000, JAN_4)]),
            )],
            disputed_at_once,
        ),
        (
            "an inquiry that became a dispute a month later",
            vec![
                event("c", "charge.dispute.created", NOV_5, dispute("warning_needs_response", &[])),
                event("d", "charge.dispute.updated", DEC_3, dispute("needs_response", &[(-3000, DEC_3)])),
                event("w", "charge.dispute.closed", JAN_4, dispute("won", &[(-3000, DEC_3), (3000, JAN_4)])),
            ],
            escalated,
        ),
    ] {
        let events = [vec![paid_event("a", OCT_30)], events].concat();
        assert_eq!(entry_dates(&deliver_in_all_orders(&source, &events).await), expected, "{description}");
    }
    source.finish().await;
}

#[tokio::test]
async fn an_inquiry_that_becomes_a_dispute_is_dated_by_the_event_that_reports_the_change() {
    let source = TestApp::start().await;
    let mut updated = event("d", "charge.dispute.updated", DEC_3, dispute("needs_response", &[]));
    updated["data"]["previous_attributes"] = json!({"status": "warning_needs_response"});
    let inquiry = event("c", "charge.dispute.created", NOV_5, dispute("warning_needs_response", &[]));
    let expected = [(Kind::Payment, OCT_30), (Kind::Dispute, DEC_3)];
    for (description, events) in [
        ("both events", vec![inquiry, updated.clone()]),
        ("the event of the inquiry is missing", vec![updated]),
    ] {
        let events = [vec![paid_event("a", OCT_30)], events].concat();
        assert_eq!(entry_dates(&deliver_in_all_orders(&source, &events).await), expected, "{description}");
    }
    source.finish().await;
}

#[tokio::test]
async fn an_expired_or_failed_session_next_to_a_paid_one_changes_nothing() {
    let source = TestApp::start().await;
    for (kind, status, payment_status) in [
        ("checkout.session.expired", "expired", "unpaid"),
        ("checkout.session.async_payment_failed", "complete", "unpaid"),
        ("checkout.session.completed", "complete", "unpaid"),
        ("checkout.session.completed", "complete", "no_payment_required"),
    ] {
        for (sibling, seconds_later) in [("0", -50), ("z", -50), ("0", 50), ("z", 50)] {
            let mut other = session(sibling, status, payment_status);
            other["amount_total"] = 9900.into();
            other["created"] = (OCT_30 + seconds_later).into();
            other["customer_details"] = Value::Null;
            let events = [event("o", kind, DEC_3, other), paid_event("a", NOV_5)];
            let ledger = deliver_in_all_orders(&source, &events).await;
            let [gift] = ledger.contributions.as_slice() else { panic!("{:?}", ledger.contributions) };
            assert_eq!((gift.state, gift.supporter.is_some()), (State::Paid, true), "{kind} {status}");
            assert_eq!(gift.money.map(|it| it.amount_minor), Some(3000), "{kind} {status}");
            assert_eq!(entry_dates(&ledger), [(Kind::Payment, NOV_5)], "{kind} {status}");
        }
    }
    source.finish().await;
}

/// Returns the subscription of a monthly gift of 10.00.
pub fn subscription(id: &str, status: &str, created_s: i64) -> Value {
    json!({"id": id, "object": "subscription", "status": status, "created": created_s, "customer": "cus_1",
        "metadata": our_metadata(), "currency": "eur", "items": {"object": "list", "data": [{
            "id": "si_1", "object": "subscription_item", "quantity": 1,
            "price": {"id": "price_1", "object": "price", "currency": "eur", "unit_amount": 1000,
                "recurring": {"interval": "month", "interval_count": 1}}}]}})
}

/// Returns an invoice of that gift, with the fields of older API versions.
pub fn invoice(id: &str, subscription: &str, status: &str, created_s: i64) -> Value {
    let paid = if status == "paid" { 1000 } else { 0 };
    json!({"id": id, "object": "invoice", "status": status, "created": created_s, "currency": "eur", "customer": "cus_1",
        "customer_email": "reader@example.org", "amount_due": 1000, "amount_paid": paid, "attempt_count": 1,
        "charge": format!("ch_{id}"), "subscription": subscription, "paid_out_of_band": false,
        "subscription_details": {"metadata": our_metadata()},
        "status_transitions": {"finalized_at": created_s, "paid_at": if paid > 0 { json!(created_s) } else { json!(null) }},
        "lines": {"object": "list", "data": []}})
}

#[tokio::test]
async fn an_invoice_has_the_date_of_its_payment_whichever_event_reports_it() {
    let source = TestApp::start().await;
    let started = event("s", "customer.subscription.created", NOV_5, subscription("sub_m", "active", NOV_5));
    let paid_later = |paid_at: Value| {
        let mut it = invoice("in_1", "sub_m", "paid", NOV_5);
        it["status_transitions"]["paid_at"] = paid_at;
        it
    };
    for (description, events) in [
        ("the invoice's own time", vec![event("p", "invoice.paid", JAN_4, paid_later(DEC_3.into()))]),
        (
            "the invoice's own time, in another event",
            vec![event("p", "invoice.updated", JAN_4, paid_later(DEC_3.into()))],
        ),
        (
            "the time of the event",
            vec![event("p", "invoice.payment_succeeded", DEC_3, paid_later(Value::Null))],
        ),
        (
            "the time of the earlier event",
            vec![
                event("p", "invoice.paid", DEC_3, paid_later(Value::Null)),
                event("q", "invoice.updated", JAN_4, paid_later(Value::Null)),
            ],
        ),
    ] {
        let ledger = deliver_in_all_orders(&source, &[vec![started.clone()], events].concat()).await;
        assert_eq!(entry_dates(&ledger), [(Kind::Payment, DEC_3)], "{description}");
        assert_eq!(ledger.payments[0].paid_at_ms, DEC_3 * 1000, "{description}");
    }
    source.finish().await;
}

#[tokio::test]
async fn the_paid_subscription_decides_the_state_whatever_happens_to_other_subscriptions_of_the_gift() {
    let source = TestApp::start().await;
    let sub = |evt_id: &str, id: &str, status: &str, created_s: i64, reported_s: i64| {
        event(evt_id, "customer.subscription.updated", reported_s, subscription(id, status, created_s))
    };
    let inv =
        |evt_id: &str, kind: &str, id: &str, of: &str, status: &str, created_s: i64, reported_s: i64| {
            event(evt_id, kind, reported_s, invoice(id, of, status, created_s))
        };
    let paid_subscription = || {
        vec![
            sub("s", "sub_m", "active", NOV_5, DEC_3),
            inv("p", "invoice.paid", "in_1", "sub_m", "paid", NOV_5, NOV_5),
            inv("q", "invoice.paid", "in_2", "sub_m", "paid", DEC_3, DEC_3),
        ]
    };
    for other in ["sub_a", "sub_z"] {
        for (description, more) in [
            ("never begun", vec![sub("x", other, "incomplete_expired", DEC_3 + 9, JAN_4)]),
            ("not begun yet", vec![sub("x", other, "incomplete", DEC_3 + 9, JAN_4)]),
            ("canceled without any payment", vec![sub("x", other, "canceled", DEC_3 + 9, JAN_4)]),
            (
                "canceled and paid before",
                vec![
                    sub("x", other, "canceled", OCT_30, NOV_5),
                    inv("y", "invoice.paid", "in_0", other, "paid", OCT_30, OCT_30),
                ],
            ),
            (
                "never begun, with a failed invoice",
                vec![
                    sub("x", other, "incomplete_expired", DEC_3 + 9, JAN_4),
                    inv("y", "invoice.payment_failed", "in_9", other, "open", DEC_3 + 9, DEC_3 + 10),
                ],
            ),
            (
                "an invoice of the paid subscription was voided",
                vec![
                    inv("y", "invoice.payment_failed", "in_9", "sub_m", "open", DEC_3 + 9, DEC_3 + 10),
                    inv("z", "invoice.voided", "in_9", "sub_m", "void", DEC_3 + 9, DEC_3 + 99),
                ],
            ),
            (
                "an invoice was marked as uncollectible and then paid",
                vec![
                    inv(
                        "y",
                        "invoice.marked_uncollectible",
                        "in_9",
                        "sub_m",
                        "uncollectible",
                        DEC_3 + 9,
                        DEC_3 + 10,
                    ),
                    inv("z", "invoice.paid", "in_9", "sub_m", "paid", DEC_3 + 9, DEC_3 + 99),
                ],
            ),
            (
                "an older invoice failed",
                vec![inv("y", "invoice.payment_failed", "in_9", "sub_m", "open", NOV_5 + 9, NOV_5 + 10)],
            ),
        ] {
            let ledger = deliver_in_all_orders(&source, &[paid_subscription(), more].concat()).await;
            let [gift] = ledger.contributions.as_slice() else { panic!("{:?}", ledger.contributions) };
            assert_eq!(
                (gift.state, gift.subscription.as_deref()),
                (State::Active, Some("sub_m")),
                "{other}: {description}"
            );
        }
    }
    source.finish().await;
}

#[tokio::test]
async fn a_refund_stays_booked_if_its_invoice_is_later_reported_as_paid_outside_stripe() {
    let source = TestApp::start().await;
    let mut outside = invoice("in_1", "sub_m", "paid", NOV_5);
    outside["paid_out_of_band"] = true.into();
    let mut partial_refund = refund("succeeded");
    partial_refund["payment_intent"] = Value::Null;
    partial_refund["charge"] = "ch_in_1".into();
    partial_refund["amount"] = 400.into();
    let events = [
        event("s", "customer.subscription.created", NOV_5, subscription("sub_m", "active", NOV_5)),
        event("p", "invoice.paid", NOV_5, invoice("in_1", "sub_m", "paid", NOV_5)),
        event("r", "refund.created", DEC_3, partial_refund),
        event("o", "invoice.updated", DEC_3 + 9, outside),
    ];
    let ledger = deliver_in_all_orders(&source, &events).await;
    assert_eq!(entry_dates(&ledger), [(Kind::Payment, NOV_5), (Kind::Refund, DEC_3)]);
    source.finish().await;
}

#[tokio::test]
async fn of_two_paid_sessions_the_one_with_an_email_address_names_the_supporter() {
    let source = TestApp::start().await;
    for nameless in ["a", "b"] {
        let mut events = [paid_event("a", NOV_5), paid_event("b", NOV_5 + 9)];
        for event in &mut events {
            if event["id"] == format!("evt_paid_{nameless}") {
                event["data"]["object"]["customer_details"] = Value::Null;
            }
        }
        let ledger = deliver_in_all_orders(&source, &events).await;
        assert!(ledger.contributions[0].supporter.is_some(), "{nameless}");
        assert_eq!(entry_dates(&ledger), [(Kind::Payment, NOV_5), (Kind::Payment, NOV_5 + 9)]);
    }
    source.finish().await;
}
