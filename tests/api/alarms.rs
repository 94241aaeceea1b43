//! Alarms: what raises them, what they contain, and what closes them.

use keepopen::actions;
use keepopen::contributions::{Alarm, RaisedAlarm};
use keepopen::keys::Scope;
use keepopen::reports;
use keepopen_practice::Renewal;
use serde_json::{Value, json};

use crate::helpers::{Answer, TestApp};
use crate::replays::{app_after, case_events, orders};

/// Returns the open alarms.
async fn open_alarms(app: &TestApp) -> Vec<RaisedAlarm> {
    let all = app.app.store.open_alarms(100).await.unwrap();
    all.into_iter().map(|(_, alarm)| alarm).collect()
}

/// Returns how many contributions have an alarm, and how many alarms the ledger check finds.
async fn alarm_counts(app: &TestApp) -> (i64, usize) {
    let key = reports::SealKey::of(&app.app.vault);
    let report = reports::check_ledger(&app.app.store, &key).await.unwrap();
    (app.app.store.contributions_with_alarms().await.unwrap(), report.alarms.len())
}

/// Creates an API key with this scope. Returns its secret.
async fn create_key(app: &TestApp, scope: Scope) -> String {
    actions::create_api_key(&app.app.as_operator(), "test", &[scope]).await.unwrap().secret
}

/// Acknowledges an alarm over HTTP, with an API key that has the scope for it. Returns the response.
async fn acknowledge(app: &TestApp, id: &str, body: &Value) -> Answer {
    let request = app.client.post(format!("{}/v1/alarms/{id}/acknowledge", app.url));
    let key = create_key(app, Scope::AlarmsWrite).await;
    app.send(request.bearer_auth(key).json(body)).await
}

#[tokio::test]
async fn a_fraud_warning_names_its_objects_and_a_refund_closes_it_in_any_order_of_events() {
    let case = case_events("16-alarm-for-ever");
    // The first two events report the gift and the warning. The third one reports the refund.
    let app = app_after(&case[..2]).await;
    let [alarm] = open_alarms(&app).await.try_into().unwrap();
    let warning = "issfr_1162nhcThBazEBd6BBUYz2SyW".to_owned();
    assert_eq!(alarm.alarm, Alarm::FraudWarning { warning: warning.clone() });
    assert_eq!(alarm.objects, ["ch_36ATGSxDQDggU7Hy5fU1LvD84", &warning, "pi_33r3FhX4UgmdLmvLRaCv7eLTQ"]);
    assert_eq!(alarm_counts(&app).await, (1, 1));
    app.finish().await;
    for (order, events) in orders(&case) {
        let app = app_after(&events).await;
        assert_eq!((open_alarms(&app).await, alarm_counts(&app).await), (vec![], (0, 0)), "{order}");
        app.finish().await;
    }
}

#[tokio::test]
async fn a_fraud_warning_stays_after_a_partial_refund_and_returns_when_the_refund_fails() {
    for is_recurring in [false, true] {
        let app = TestApp::start().await;
        let gift = app.give(1000, if is_recurring { "month" } else { "once" }).await;
        let charge = app.stripe.payments(&gift.session).charge.unwrap();
        app.stripe.warn_of_fraud(&charge).unwrap();
        app.stripe.refund(&charge, Some(400)).unwrap();
        app.deliver_and_process_all_events().await;
        assert_eq!(open_alarms(&app).await.len(), 1, "recurring: {is_recurring}");
        let refund = app.stripe.refund(&charge, Some(600)).unwrap();
        app.deliver_and_process_all_events().await;
        assert_eq!(alarm_counts(&app).await, (0, 0), "recurring: {is_recurring}");
        app.stripe.fail_refund(&refund).unwrap();
        app.deliver_and_process_all_events().await;
        assert_eq!(open_alarms(&app).await.len(), 1, "recurring: {is_recurring}");
        app.finish().await;
    }
}

#[tokio::test]
async fn a_fraud_warning_closes_when_the_charge_is_disputed_or_stripe_withdraws_the_warning() {
    let app = TestApp::start().await;
    let disputed = app.stripe.payments(&app.give(1000, "once").await.session).charge.unwrap();
    let other = app.stripe.payments(&app.give(700, "once").await.session).charge.unwrap();
    app.stripe.warn_of_fraud(&disputed).unwrap();
    app.stripe.warn_of_fraud(&other).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!(open_alarms(&app).await.len(), 2);
    app.stripe.dispute(&disputed, Some(300)).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!(open_alarms(&app).await.len(), 1);
    let created =
        app.stripe.events().into_iter().rfind(|it| it["type"] == "radar.early_fraud_warning.created");
    let mut event = created.unwrap();
    event["id"] = "evt_withdrawn".into();
    event["type"] = "radar.early_fraud_warning.updated".into();
    event["created"] = json!(event["created"].as_i64().unwrap() + 60);
    event["data"]["object"]["actionable"] = false.into();
    assert_eq!(app.deliver(&event).await.status, 200);
    app.process_inbox().await;
    assert_eq!(alarm_counts(&app).await, (0, 0));
    app.finish().await;
}

#[tokio::test]
async fn a_fraud_warning_that_is_withdrawn_within_a_second_is_closed_in_any_order_of_events() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "once").await;
    let charge = app.stripe.payments(&gift.session).charge.unwrap();
    app.stripe.warn_of_fraud(&charge).unwrap();
    app.deliver_and_process_all_events().await;
    let all = app.stripe.events();
    let raised = all.iter().rfind(|it| it["type"] == "radar.early_fraud_warning.created").unwrap();
    let mut withdrawn = raised.clone();
    withdrawn["id"] = "evt_withdrawn".into();
    withdrawn["type"] = "radar.early_fraud_warning.updated".into();
    withdrawn["data"]["object"]["actionable"] = false.into();
    app.finish().await;
    for order in [[raised, &withdrawn], [&withdrawn, raised]] {
        let before = all.iter().filter(|it| it["id"] != raised["id"]);
        let app = app_after(&before.chain(order).cloned().collect::<Vec<_>>()).await;
        assert_eq!((open_alarms(&app).await, alarm_counts(&app).await), (vec![], (0, 0)), "{order:?}");
        app.finish().await;
    }
}

#[test]
fn the_endpoint_subscribes_to_every_event_that_raises_or_closes_an_alarm() {
    for event in [
        "invoice.deleted",
        "invoice.finalization_failed",
        "radar.early_fraud_warning.created",
        "radar.early_fraud_warning.updated",
        "review.closed",
        "review.opened",
    ] {
        assert!(keepopen::stripe::EVENTS.contains(&event), "{event}");
    }
}

#[tokio::test]
async fn a_review_alarm_closes_when_the_review_is_closed_or_the_payment_is_refunded() {
    let app = TestApp::start().await;
    let closed = app.stripe.payments(&app.give(1000, "once").await.session).charge.unwrap();
    let refunded = app.stripe.payments(&app.give(700, "once").await.session).charge.unwrap();
    let review = app.stripe.open_review(&closed).unwrap();
    app.stripe.open_review(&refunded).unwrap();
    app.deliver_and_process_all_events().await;
    let objects = open_alarms(&app).await.into_iter().flat_map(|alarm| alarm.objects).collect::<Vec<_>>();
    assert!(
        objects.contains(&review) && objects.contains(&closed) && objects.contains(&refunded),
        "{objects:?}"
    );
    app.stripe.close_review(&review, "approved").unwrap();
    // The refund closes the other review. The `review.closed` events are delivered after all other events.
    let before = app.stripe.events().len();
    app.stripe.refund(&refunded, None).unwrap();
    for event in app.stripe.events_after(before) {
        if event["type"] != "review.closed" {
            assert_eq!(app.deliver(&event).await.status, 200);
        }
    }
    app.process_inbox().await;
    let objects = open_alarms(&app).await.into_iter().flat_map(|alarm| alarm.objects).collect::<Vec<_>>();
    assert!(objects.contains(&closed) && !objects.contains(&refunded), "{objects:?}");
    app.deliver_and_process_all_events().await;
    assert_eq!(alarm_counts(&app).await, (0, 0));
    app.finish().await;
}

#[tokio::test]
async fn the_alarm_for_an_unfinalized_invoice_closes_when_the_invoice_is_deleted_or_its_subscription_ends() {
    for is_deleted in [false, true] {
        let app = TestApp::start().await;
        let subscription = app.stripe.payments(&app.give(1000, "month").await.session).subscription.unwrap();
        app.advance_days(31);
        let invoice = app.stripe.renew(&subscription, Renewal::NotFinalized).unwrap().unwrap();
        app.deliver_and_process_all_events().await;
        let [alarm] = open_alarms(&app).await.try_into().unwrap();
        assert_eq!(alarm.alarm, Alarm::InvoiceStuck { invoice: invoice.clone() });
        assert!(alarm.objects.contains(&subscription), "{alarm}");
        if is_deleted {
            let mut events = app.stripe.events().into_iter();
            let mut event = events.rfind(|it| it["type"] == "invoice.finalization_failed").unwrap();
            event["id"] = "evt_deleted".into();
            event["type"] = "invoice.deleted".into();
            assert_eq!(app.deliver(&event).await.status, 200);
            app.process_inbox().await;
        } else {
            app.stripe.cancel(&subscription, false).unwrap();
            app.deliver_and_process_all_events().await;
        }
        assert_eq!(alarm_counts(&app).await, (0, 0), "deleted: {is_deleted}");
        app.finish().await;
    }
}

#[tokio::test]
async fn a_fully_reversed_payment_leaves_no_alarm_even_if_no_event_reports_its_session() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "once").await;
    let charge = app.stripe.payments(&gift.session).charge.unwrap();
    let deliver_all_but_sessions = async || {
        for event in app.stripe.events() {
            if !event["type"].as_str().unwrap().starts_with("checkout.session") {
                assert_eq!(app.deliver(&event).await.status, 200);
            }
        }
        app.process_inbox().await;
    };
    deliver_all_but_sessions().await;
    assert!(matches!(open_alarms(&app).await[0].alarm, Alarm::Unbooked { paid_minor: 1000, .. }));
    app.stripe.refund(&charge, None).unwrap();
    deliver_all_but_sessions().await;
    assert_eq!(alarm_counts(&app).await, (0, 0));
    app.finish().await;
}

/// Returns the event by which Stripe reports how much of a charge was refunded. The refunds themselves are missing.
fn charge_refunded_event(app: &TestApp, charge: &str, refunded_minor: i64) -> Value {
    let mut object = app.stripe.object(charge).unwrap();
    object["amount_refunded"] = refunded_minor.into();
    json!({"id": format!("evt_{refunded_minor}"), "object": "event", "api_version": "2026-09-30.endive", "livemode": false,
        "type": "charge.refunded", "created": 1_800_000_000 + refunded_minor, "data": {"object": object}})
}

#[tokio::test]
async fn an_acknowledged_alarm_is_not_counted_until_stripe_reports_a_change() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    let charge = app.stripe.payments(&gift.session).charge.unwrap();
    assert_eq!(app.deliver(&charge_refunded_event(&app, &charge, 100)).await.status, 200);
    app.process_inbox().await;

    let read_key = create_key(&app, Scope::MoneyRead).await;
    let listed = app.get("/v1/alarms", Some(&read_key)).await;
    assert_eq!(listed.json["contributions_total"], 1, "{listed:?}");
    let alarm = &listed.json["alarms"][0];
    assert_eq!(alarm["alarm"]["alarm"], "refunds_unknown");
    assert!(alarm["objects"].as_array().unwrap().contains(&json!(charge)), "{alarm}");
    let id = alarm["id"].as_str().unwrap();
    let body = json!({"name": " Finance desk ", "reason": "Refunded in the dashboard of 2019."});
    let done = acknowledge(&app, id, &body).await;
    assert_eq!((done.text("name"), done.text("acknowledged_at")), ("Finance desk", "2026-11-24T09:00:00Z"));
    assert!(done.text("via").starts_with("key_"), "{done:?}");
    assert_eq!((open_alarms(&app).await, alarm_counts(&app).await), (vec![], (0, 0)));

    // A second acknowledgement changes nothing. Rebuilding the projections (the tables that are computed from Stripe's
    // objects) changes nothing either.
    app.advance_days(1);
    let again = acknowledge(&app, id, &json!({"name": "Somebody", "reason": "Other"})).await;
    assert_eq!(again.json, done.json);
    actions::rebuild_projections(&app.app, &app.app.as_operator()).await.unwrap();
    assert_eq!(alarm_counts(&app).await, (0, 0));
    let listed = app.get("/v1/alarms", Some(&read_key)).await.json;
    assert_eq!((&listed["alarms"], &listed["acknowledgements"][0]), (&json!([]), &done.json));

    // Stripe now reports a larger refunded amount, whose refunds are missing. That raises a different alarm.
    assert_eq!(app.deliver(&charge_refunded_event(&app, &charge, 300)).await.status, 200);
    app.process_inbox().await;
    let [larger] = open_alarms(&app).await.try_into().unwrap();
    assert!(
        matches!(larger.alarm, Alarm::RefundsUnknown { missing_minor: 300, .. }) && larger.id.as_str() != id
    );
    assert_eq!(acknowledge(&app, larger.id.as_str(), &body).await.status, 200);
    assert_eq!(alarm_counts(&app).await, (0, 0));
    app.finish().await;
}

#[tokio::test]
async fn an_acknowledgement_needs_a_name_and_a_reason_and_can_not_be_changed() {
    let app = TestApp::start().await;
    let charge = app.stripe.payments(&app.give(1000, "once").await.session).charge.unwrap();
    app.stripe.warn_of_fraud(&charge).unwrap();
    app.deliver_and_process_all_events().await;
    let id = open_alarms(&app).await[0].id.as_str().to_owned();
    for body in [
        json!({"name": "", "reason": "x"}),
        json!({"name": "a\nb", "reason": "x"}),
        json!({"name": "x".repeat(101), "reason": "x"}),
        json!({"name": "x", "reason": " "}),
        json!({"name": "x", "reason": "y".repeat(1_001)}),
        json!({"name": "x"}),
        json!({"name": "x", "reason": "y", "until": "2027-01-01"}),
    ] {
        assert_eq!(acknowledge(&app, &id, &body).await.code(), "invalid_request", "{body}");
    }
    let good = json!({"name": "x", "reason": "y"});
    for other in ["alm_0000000000000000000000000v", "con_0000000000000000000000000v", "%00"] {
        assert_eq!(acknowledge(&app, other, &good).await.code(), "alarm_not_found", "{other}");
    }
    let path = format!("/v1/alarms/{id}/acknowledge");
    assert_eq!(app.post(&path, &good).await.code(), "api_key_missing");
    let read_key = create_key(&app, Scope::MoneyRead).await;
    let request = app.client.post(format!("{}{path}", app.url)).bearer_auth(read_key).json(&good);
    assert_eq!(app.send(request).await.code(), "scope_missing");
    assert_eq!(open_alarms(&app).await.len(), 1);
    assert_eq!(acknowledge(&app, &id, &good).await.status, 200);
    for sql in ["DELETE FROM alarm_acknowledgements", "UPDATE alarm_acknowledgements SET reason = 'z'"] {
        let refused = app.app.store.run_sql(sql).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{refused}");
    }
    app.finish().await;
}
