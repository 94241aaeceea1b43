//! Events about objects of other software never fail, and are never booked. For Keepopen's own gifts, nothing
//! unreadable is booked, and nothing is lost.

use std::path::Path;

use keepopen::actions;
use keepopen::contributions::{ContributionState as State, EntryKind as Kind};
use keepopen::store::inbox::EventRow;
use keepopen_practice::Outcome;
use serde_json::{Value, json};

use crate::helpers::{EMAIL, TestApp};
use crate::reconciling::sell_with_other_software;

/// Currency codes that Keepopen does not know.
const UNKNOWN_CURRENCIES: [&str; 3] = ["ang", "std", "usdc"];

/// Returns the row of an event in the inbox.
pub async fn row(app: &TestApp, id: &str) -> EventRow {
    app.app.store.event(id).await.unwrap().unwrap().0
}

/// Returns the distinct outcomes of all events, sorted.
pub async fn outcomes(app: &TestApp) -> Vec<String> {
    let mut all: Vec<String> =
        app.app.store.events().await.unwrap().into_iter().filter_map(|it| it.outcome).collect();
    all.sort();
    all.dedup();
    all
}

/// Delivers the events, and then processes the inbox.
pub async fn deliver_all<'a>(app: &TestApp, events: impl IntoIterator<Item = &'a Value>) {
    for event in events {
        assert_eq!(app.deliver(event).await.status, 200, "{event}");
    }
    app.process_inbox().await;
}

/// Asserts that every event was processed at the first try.
async fn assert_nothing_failed(app: &TestApp) {
    for event in app.app.store.events().await.unwrap() {
        assert_eq!((event.state.as_str(), event.attempts, &event.error), ("done", 1, &None), "{event:?}");
    }
}

/// Returns the value with `code` in place of every currency.
pub fn in_currency(value: &Value, code: &str) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match value {
                Value::String(_) if name == "currency" => (name.clone(), code.into()),
                value => (name.clone(), in_currency(value, code)),
            })
            .collect(),
        Value::Array(items) => items.iter().map(|item| in_currency(item, code)).collect(),
        other => other.clone(),
    }
}

/// Returns the alarms of all contributions as JSON text.
async fn alarms(app: &TestApp) -> String {
    app.app.store.alarms(100).await.unwrap().into_iter().map(|(_, alarms)| alarms).collect()
}

/// Returns the events of the case in the folder `name`.
fn case(name: &str) -> Vec<Value> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/money").join(name).join("events.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[tokio::test]
async fn events_of_other_software_in_unknown_currencies_are_processed_at_the_first_try() {
    let events = case("09-currencies-not-read");
    let reversed: Vec<Value> = events.iter().rev().cloned().collect();
    let twice: Vec<Value> = events.iter().chain(&events).cloned().collect();
    for order in [events, reversed, twice] {
        let app = TestApp::start().await;
        deliver_all(&app, &order).await;
        assert_nothing_failed(&app).await;
        assert_eq!(outcomes(&app).await, ["not ours"]);
        assert!(app.app.store.contributions().await.unwrap().is_empty() && app.ledger().await.is_empty());
        app.finish().await;
    }
}

#[tokio::test]
async fn no_object_of_other_software_fails_whatever_its_currency() {
    for code in UNKNOWN_CURRENCIES {
        let app = TestApp::start().await;
        let charge = sell_with_other_software(&app).await;
        app.stripe.refund(&charge, Some(500)).unwrap();
        let dispute = app.stripe.dispute(&charge, Some(100)).unwrap();
        app.stripe.close_dispute(&dispute, Outcome::Lost).unwrap();
        app.stripe.pay_out(true);
        let gift = app.give(700, "month").await;
        let subscription = app.stripe.payments(&gift.session).subscription.unwrap();
        app.stripe.next_period(&subscription, true).unwrap();
        let as_other_software = |event: &Value| {
            let text = in_currency(event, code).to_string();
            serde_json::from_str::<Value>(&text.replace("keepopen_", "another_")).unwrap()
        };
        let mut events: Vec<Value> = app.stripe.events().iter().map(as_other_software).collect();
        let transaction = json!({"id": "txn_1", "object": "balance_transaction", "amount": 5, "fee": 1, "net": 4,
            "currency": code, "created": 1, "source": "ch_elsewhere"});
        events.push(json!({"id": "evt_txn", "type": "balance.transaction", "created": 1, "livemode": false,
            "data": {"object": transaction}}));
        deliver_all(&app, &events).await;
        assert_nothing_failed(&app).await;
        assert_eq!(outcomes(&app).await, ["not ours", "nothing to book"], "{code}");
        assert!(app.app.store.contributions().await.unwrap().is_empty() && app.ledger().await.is_empty());
        app.finish().await;
    }
}

#[tokio::test]
async fn a_gift_in_an_unknown_currency_raises_an_alarm_with_the_code_and_is_not_booked() {
    for code in UNKNOWN_CURRENCIES {
        for interval in ["once", "month"] {
            let app = TestApp::start().await;
            let gift = app.give(1000, interval).await;
            let charge = app.stripe.payments(&gift.session).charge.unwrap();
            app.stripe.refund(&charge, Some(200)).unwrap();
            app.stripe.dispute(&charge, Some(100)).unwrap();
            let mut events: Vec<Value> =
                app.stripe.events().iter().map(|event| in_currency(event, code)).collect();
            deliver_all(&app, &events).await;
            assert_nothing_failed(&app).await;
            assert!(app.ledger().await.is_empty());
            assert_eq!((app.state().await, app.contribution().await.money), (State::Processing, None));
            assert_eq!(app.standing().await, "unknown");
            let raised = alarms(&app).await;
            let expected = format!(
                r#""alarm":"unknown_currency","object":"{}","currency":"{}","amount_minor":1000"#,
                gift.session,
                code.to_uppercase()
            );
            assert!(interval != "once" || raised.contains(&expected), "{raised}");
            assert!(raised.contains("unknown_currency") && raised.contains(&charge), "{raised}");
            let not_booked = format!("not booked: unknown currency {}", code.to_uppercase());
            assert!(outcomes(&app).await.contains(&not_booked));

            // If the events are delivered again in reverse order, the facts (what Stripe reported) and the alarms stay
            // the same.
            let facts_before = app.app.store.facts().await.unwrap();
            events.reverse();
            for (index, event) in events.iter_mut().enumerate() {
                event["id"] = format!("evt_again_{index}").into();
            }
            deliver_all(&app, &events).await;
            assert_eq!(app.app.store.facts().await.unwrap(), facts_before);
            assert_eq!(alarms(&app).await, raised);
            app.finish().await;
        }
    }
}

#[tokio::test]
async fn a_reversal_in_an_unknown_currency_raises_an_alarm_and_the_rest_is_booked() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "once").await;
    let charge = app.stripe.payments(&gift.session).charge.unwrap();
    let paid = app.stripe.events();
    let refund = app.stripe.refund(&charge, Some(200)).unwrap();
    let refund_events = app.stripe.events_after(paid.len());
    let refund_events = refund_events.iter().map(|event| in_currency(event, "usdc")).collect::<Vec<_>>();
    deliver_all(&app, paid.iter().chain(&refund_events)).await;
    assert_nothing_failed(&app).await;
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000)]);
    assert!(alarms(&app).await.contains(&refund), "{}", alarms(&app).await);
    app.finish().await;
}

#[tokio::test]
async fn a_gift_is_booked_despite_control_characters_in_texts_from_stripe() {
    let keys =
        ["keepopen_contribution", "keepopen_site", "keepopen_appeal", "keepopen_variant", "keepopen_surface"];
    for control in ["\\u0000", "\\u0007", "\\n", "\\u007f", "\\u0085"] {
        let app = TestApp::start().await;
        app.give(1000, "month").await;
        // Insert the control character at the end of each value with one of these names.
        let with_control_character = |event: &Value| {
            let mut text = event.to_string();
            for key in keys {
                let start = format!("\"{key}\":\"");
                let mut from = 0;
                while let Some(at) = text[from..].find(&start) {
                    let value = from + at + start.len();
                    let end = value + text[value..].find('"').unwrap();
                    text.insert_str(end, control);
                    from = end;
                }
            }
            serde_json::from_str::<Value>(&text).unwrap()
        };
        let events: Vec<Value> = app.stripe.events().iter().map(with_control_character).collect();
        deliver_all(&app, &events).await;
        assert_nothing_failed(&app).await;
        assert_eq!(app.ledger().await, [(Kind::Payment, 1000)], "{control}");
        let gift = app.contribution().await;
        assert_eq!((gift.site.as_str(), gift.state), ("journal", State::Active), "{control}");
        assert_eq!(app.standing().await, "recurring", "{control}");
        app.finish().await;
    }
}

#[tokio::test]
async fn a_gift_is_booked_despite_overlong_texts_and_ids_from_stripe() {
    let app = TestApp::start().await;
    app.give(1000, "once").await;
    let long = "x".repeat(20_000);
    let with_long_texts = |event: &Value| {
        let text =
            event.to_string().replace(&format!("\"email\":\"{EMAIL}\""), &format!("\"email\":\"{long}\""));
        let mut event: Value = serde_json::from_str(&text).unwrap();
        if let Some(metadata) = event["data"]["object"]["metadata"].as_object_mut() {
            metadata.insert("keepopen_appeal".to_owned(), long.clone().into());
        }
        event["data"]["object"]["customer"] = long.clone().into();
        event
    };
    let events: Vec<Value> = app.stripe.events().iter().map(with_long_texts).collect();
    deliver_all(&app, &events).await;
    assert_nothing_failed(&app).await;
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000)]);
    let gift = app.contribution().await;
    assert_eq!(
        gift.appeal.map(|text| text.len()),
        Some(512),
        "the text must be cut to the length that Stripe allows in metadata"
    );
    assert_eq!(gift.customer.map(|id| id.len()), Some(255));
    app.finish().await;
}

#[tokio::test]
async fn an_unpaid_payment_page_in_an_unknown_currency_raises_no_alarm() {
    let app = TestApp::start().await;
    let gift = app.start_gift(1000, "once").await;
    app.stripe.expire(&gift.session).unwrap();
    let events: Vec<Value> = app.stripe.events().iter().map(|event| in_currency(event, "std")).collect();
    deliver_all(&app, &events).await;
    assert_nothing_failed(&app).await;
    assert_eq!((app.state().await, alarms(&app).await), (State::Expired, String::new()));
    app.finish().await;
}

#[tokio::test]
async fn events_of_a_connected_account_are_not_booked_even_with_our_metadata() {
    let app = TestApp::start().await;
    app.give(1000, "once").await;
    let mut events = app.stripe.events();
    for event in &mut events {
        event["account"] = "acct_other".into();
    }
    let mut bad = events[0].clone();
    (bad["id"], bad["data"]["object"]["created"]) = ("evt_bad".into(), "never".into());
    deliver_all(&app, events.iter().chain([&bad])).await;
    assert_nothing_failed(&app).await;
    assert_eq!(outcomes(&app).await, ["not ours: from a connected account"]);
    assert!(app.app.store.contributions().await.unwrap().is_empty() && app.ledger().await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn a_thin_event_of_another_account_is_not_ours_if_our_account_does_not_have_its_object() {
    let app = TestApp::start().await;
    // A thin event names its object, but does not contain it.
    let thin = json!({"id": "evt_thin", "object": "v2.core.event", "type": "v1.charge.succeeded", "livemode": false,
        "created": "2026-11-24T09:00:00Z", "context": "acct_other",
        "related_object": {"id": "ch_elsewhere", "type": "charge", "url": "/v1/charges/ch_elsewhere"}});
    deliver_all(&app, [&thin]).await;
    assert_nothing_failed(&app).await;
    assert_eq!(outcomes(&app).await, ["not ours: its object is on another account"]);
    app.finish().await;
}

#[tokio::test]
async fn gifts_of_a_site_are_not_booked_until_the_site_is_configured() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "once").await;
    let charge = app.stripe.payments(&gift.session).charge.unwrap();
    app.stripe.refund(&charge, Some(200)).unwrap();
    // The events are changed: they name another site, and a contribution that did not begin in this installation.
    let other_id = "con_00000000000000000000000001";
    let own_id = app.app.store.read_sql("SELECT contribution_id FROM checkouts").await.unwrap().remove(0);
    let as_other_gift = |event: &Value| {
        let text = event
            .to_string()
            .replace(&own_id, other_id)
            .replace("\"keepopen_site\":\"journal\"", "\"keepopen_site\":\"courier\"");
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let events: Vec<Value> = app.stripe.events().iter().map(as_other_gift).collect();
    deliver_all(&app, &events).await;
    assert_nothing_failed(&app).await;
    assert!(app.app.store.contributions().await.unwrap().is_empty() && app.ledger().await.is_empty());
    assert!(outcomes(&app).await.contains(&"not ours: the site courier is not configured here".to_owned()));
    assert_eq!(app.app.store.other_gifts().await.unwrap(), [(other_id.to_owned(), "courier".to_owned())]);
    actions::rebuild_projections(&app.app, &app.app.as_operator()).await.unwrap();
    actions::requeue_unbooked(&app.app, &app.app.as_job("start"), "1").await.unwrap();
    assert!(app.app.store.contributions().await.unwrap().is_empty());

    // Once the site is configured, the gift is booked.
    let mut settings = crate::helpers::settings(app.folder(), &app.database, &app.stripe, "");
    settings.sites.insert("courier".to_owned(), settings.sites["journal"].clone());
    let clock = keepopen::clock::Clock::movable(jiff::Timestamp::from_millisecond(app.app.now_ms()).unwrap());
    let reconfigured = actions::start(settings, clock).await.unwrap();
    actions::requeue_unbooked(&reconfigured, &reconfigured.as_job("start"), "1").await.unwrap();
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000), (Kind::Refund, 200)]);
    assert_eq!(app.contribution().await.site, "courier");
    assert!(outcomes(&app).await.contains(&"tied later".to_owned()));
    assert!(reconfigured.store.other_gifts().await.unwrap().is_empty());
    reconfigured.store.close().await;
    // The first server's settings lack the site, as if the site had been removed. The site's gift stays, and later
    // refunds of that gift are booked.
    app.stripe.refund(&charge, Some(300)).unwrap();
    let more: Vec<Value> = app.stripe.events_after(events.len()).iter().map(as_other_gift).collect();
    deliver_all(&app, &more).await;
    assert_eq!(app.ledger().await.len(), 3);
    app.finish().await;
}
