//! The ledger depends on the facts (what Stripe reported), but not on their order. One history is delivered in many
//! orders and with repeats.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use keepopen::actions;
use keepopen::app::{Actor, App};
use keepopen::clock::Clock;
use keepopen::contributions::{Contribution, Entry, Fact, Payment};
use keepopen::store::accounts::gifts_after;
use keepopen_practice::{Outcome, PaymentChoice, PracticeStripe};
use serde_json::{Value, json};

use crate::helpers::{TestApp, folder, is_payment_or_reversal, settings};
use keepopen_testkit::Database;

/// The part of the ledger that must be equal for every order of events: everything but the time of booking.
#[derive(Debug, PartialEq)]
pub struct LedgerState {
    pub entries: Vec<Entry>,
    pub contributions: Vec<Contribution>,
    pub payments: Vec<Payment>,
    /// The id and the token epoch of each supporter. The epoch increases with each reversed payment.
    supporters: Vec<(String, i64)>,
    facts: Vec<Fact>,
}

/// Creates one history at the practice Stripe (a story) with everything that can happen to a gift.
pub async fn create_story(app: &TestApp) {
    let stripe = &app.stripe;
    let monthly = app.give(1000, "month").await;
    let subscription = stripe.payments(&monthly.session).subscription.unwrap();
    app.advance_days(31);
    let second = stripe.next_period(&subscription, true).unwrap().unwrap();
    app.advance_days(30);
    stripe.next_period(&subscription, false).unwrap();
    app.advance_days(3);
    stripe.replace_card(&subscription).unwrap();
    let first = stripe.payments(&monthly.session).charge.unwrap();
    stripe.refund(&first, Some(400)).unwrap();
    let once = app.give(1500, "once").await;
    let charge = stripe.payments(&once.session).charge.unwrap();
    let dispute = stripe.dispute(&charge, None).unwrap();
    app.advance_days(2);
    stripe.close_dispute(&dispute, Outcome::Won).unwrap();
    let returned = app.give(600, "once").await;
    let charge = stripe.payments(&returned.session).charge.unwrap();
    let failed_refund = stripe.refund(&charge, None).unwrap();
    app.advance_days(1);
    stripe.fail_refund(&failed_refund).unwrap();
    let debit = app.start_gift(700, "once").await;
    stripe.pay(&debit.session, PaymentChoice::BankDebit).unwrap();
    let bad_debit = app.start_gift(800, "once").await;
    stripe.pay(&bad_debit.session, PaymentChoice::BankDebit).unwrap();
    let abandoned = app.start_gift(900, "month").await;
    stripe.pay(&abandoned.session, PaymentChoice::Decline).unwrap();
    stripe.expire(&abandoned.session).unwrap();
    app.advance_days(5);
    stripe.settle_bank_debit(&debit.session, true).unwrap();
    stripe.settle_bank_debit(&bad_debit.session, false).unwrap();
    let lost = app.give(2500, "once").await;
    let charge = stripe.payments(&lost.session).charge.unwrap();
    let dispute = stripe.dispute(&charge, Some(1200)).unwrap();
    stripe.close_dispute(&dispute, Outcome::Lost).unwrap();
    let yearly = app.give(5000, "year").await;
    let paid = stripe.payments(&yearly.session);
    stripe.refund(&paid.charge.unwrap(), None).unwrap();
    stripe.cancel(&paid.subscription.unwrap(), false).unwrap();
    stripe.cancel(&subscription, true).unwrap();
    app.advance_days(31);
    stripe.end_period(&subscription).unwrap();
    assert!(second.starts_with("in_"));
}

/// Delivers `events` to a new server, which processes the inbox at random times. Returns the server's ledger.
pub async fn ledger_after(source: &TestApp, events: &[&Value], random: &mut fastrand::Rng) -> LedgerState {
    let folder = folder();
    std::fs::copy(source.folder().join("keepopen.key"), folder.path().join("keepopen.key")).unwrap();
    let clock = Clock::movable(jiff::Timestamp::from_millisecond(source.app.now_ms()).unwrap());
    let database = Database::make(folder.path());
    let app = actions::start(settings(folder.path(), &database, &source.stripe, ""), clock).await.unwrap();
    for event in events {
        receive(&app, event).await;
        if random.u8(0..4) == 0 {
            actions::process_due_events(&app, &app.as_job("inbox")).await.unwrap();
        }
        app.clock.advance(random.i64(0..5000));
    }
    let ledger = process_and_read_ledger(&app).await;
    app.store.close().await;
    ledger
}

/// Processes the events that are left, checks the ledger, and returns it.
pub async fn process_and_read_ledger(app: &App) -> LedgerState {
    actions::process_due_events(app, &app.as_job("inbox")).await.unwrap();
    let events = app.store.events().await.unwrap();
    let waiting: Vec<_> = events.into_iter().filter(|it| it.state != "done").collect();
    assert!(waiting.is_empty(), "{waiting:?}");
    assert_eq!(crate::helpers::ledger_problems(app).await, Vec::<String>::new());
    let mut tx = app.store.snapshot().await.unwrap();
    let payments = gifts_after(&mut tx, "", 1_000).await.unwrap().payments;
    drop(tx);
    LedgerState {
        payments,
        entries: app.store.entries().await.unwrap(),
        contributions: app.store.contributions().await.unwrap(),
        supporters: app.store.supporters().await.unwrap(),
        facts: app.store.facts().await.unwrap(),
    }
}

/// Receives an event as the webhook route does, with a valid signature.
pub async fn receive(app: &Arc<App>, event: &Value) {
    let body = event.to_string();
    let signature = keepopen_practice::sign(body.as_bytes(), "whsec_practice", app.now_ms().div_euclid(1000));
    actions::receive_stripe_event(app, &app.context(Actor::Stripe), Some(&signature), body.as_bytes())
        .await
        .unwrap();
}

#[tokio::test]
async fn one_history_gives_the_same_ledger_in_any_order_and_with_repeats() {
    let source = TestApp::start().await;
    create_story(&source).await;
    let events = source.stripe.events();
    let in_order: Vec<&Value> = events.iter().collect();
    let mut random = fastrand::Rng::with_seed(1);
    let expected = ledger_after(&source, &in_order, &mut random).await;
    // The expected result, computed by hand: 3 months of 10.00 minus a refund of 4.00; 15.00 after a won dispute; 6.00
    // after a failed refund; 7.00 by bank debit; 25.00 minus a lost dispute of 12.00; and 0 of the refunded 50.00.
    let clearing: i64 = expected
        .entries
        .iter()
        .filter(|it| is_payment_or_reversal(it))
        .map(|it| it.kind.sign() * it.money.amount_minor)
        .sum();
    assert_eq!(clearing, 3000 - 400 + 1500 + 600 + 700 + 2500 - 1200);
    assert_eq!((expected.contributions.len(), expected.supporters.len()), (8, 1));

    let reversed: Vec<&Value> = events.iter().rev().collect();
    assert_eq!(ledger_after(&source, &reversed, &mut random).await, expected, "reversed");
    // On PostgreSQL, each order needs its own database, which takes a while.
    let shuffles = if std::env::var_os("KEEPOPEN_TEST_POSTGRES").is_some() { 10 } else { 100 };
    for seed in 0..shuffles {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut shuffled: Vec<&Value> =
            events.iter().flat_map(|event| std::iter::repeat_n(event, random.usize(1..=3))).collect();
        random.shuffle(&mut shuffled);
        assert_eq!(ledger_after(&source, &shuffled, &mut random).await, expected, "seed {seed}");
    }
    source.finish().await;
}

/// Links between objects. Older API versions store them in the objects themselves.
pub struct ObjectLinks {
    /// The payment intent of each invoice.
    intents: HashMap<String, Value>,
    /// The refunds of each charge.
    refunds: HashMap<String, Vec<Value>>,
    /// The ids of the invoices that were paid outside Stripe.
    outside: HashSet<String>,
}

impl ObjectLinks {
    /// Reads the links from the objects at the practice Stripe.
    pub fn read_from(stripe: &PracticeStripe) -> Self {
        let id_in = |object: &Value, field: &str| object[field].as_str().unwrap().to_owned();
        let invoice_payments = stripe.objects("invoice_payment");
        let outside = invoice_payments.iter().filter(|it| it["payment"]["type"] == "payment_record");
        let outside = outside.map(|it| id_in(it, "invoice")).collect();
        let intents = invoice_payments
            .iter()
            .rev()
            .map(|it| (id_in(it, "invoice"), it["payment"]["payment_intent"].clone()));
        let mut refunds: HashMap<String, Vec<Value>> = HashMap::new();
        for refund in stripe.objects("refund") {
            refunds.entry(id_in(&refund, "charge")).or_default().push(refund);
        }
        Self { intents: intents.collect(), refunds, outside }
    }
}

/// Returns the event in an older API version. There, an invoice names its subscription and its payment intent, and a
/// charge lists its refunds. `None` if the older version has no such event.
pub fn in_older_shape(links: &ObjectLinks, event: &Value) -> Option<Value> {
    let kind = event["type"].as_str().unwrap();
    if kind.starts_with("invoice_payment.") || kind.starts_with("refund.") {
        return None;
    }
    let mut event = event.clone();
    event["api_version"] = "2020-08-27".into();
    let object = &mut event["data"]["object"];
    match object["object"].as_str().unwrap() {
        "invoice" => {
            let parent = object.as_object_mut().unwrap().remove("parent").unwrap();
            let details = &parent["subscription_details"];
            object["subscription"] = details["subscription"].clone();
            for line in object["lines"]["data"].as_array_mut().unwrap() {
                let (amount, period) = (line["amount"].take(), line["period"].take());
                *line = json!({"object": "line_item", "amount": amount, "period": period,
                    "metadata": details["metadata"]});
            }
            let intent = object["id"].as_str().and_then(|id| links.intents.get(id));
            object["payment_intent"] = intent.cloned().unwrap_or(Value::Null);
            let outside = object["id"].as_str().is_some_and(|id| links.outside.contains(id));
            object["paid_out_of_band"] = (outside && object["status"] == "paid").into();
        }
        // In the older version, the subscription has the period, and its items don't.
        "subscription" => {
            for field in ["current_period_start", "current_period_end"] {
                object[field] = object["items"]["data"][0][field].clone();
                for item in object["items"]["data"].as_array_mut().unwrap() {
                    item.as_object_mut().unwrap().remove(field);
                }
            }
        }
        "charge" => {
            let refunds = object["id"].as_str().and_then(|id| links.refunds.get(id));
            object["refunds"] = json!({"object": "list", "data": refunds.cloned().unwrap_or_default()});
        }
        _ => {}
    }
    Some(event)
}

#[tokio::test]
async fn one_history_books_the_same_entries_in_the_shapes_of_2020() {
    let source = TestApp::start().await;
    create_story(&source).await;
    let events = source.stripe.events();
    let mut random = fastrand::Rng::with_seed(1);
    let in_order: Vec<&Value> = events.iter().collect();
    let expected = ledger_after(&source, &in_order, &mut random).await;
    let links = ObjectLinks::read_from(&source.stripe);
    let older: Vec<Value> = events.iter().filter_map(|event| in_older_shape(&links, event)).collect();
    assert!(older.len() < events.len(), "the older version must lack some events");
    for seed in 0..5 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut shuffled: Vec<&Value> = older.iter().collect();
        random.shuffle(&mut shuffled);
        let ledger = ledger_after(&source, &shuffled, &mut random).await;
        assert_eq!(ledger.entries, expected.entries, "seed {seed}");
        assert_eq!(ledger.contributions, expected.contributions, "seed {seed}");
    }
    source.finish().await;
}
