//! Webhook deliveries. Each is stored before it is acknowledged. An event that fails is retried a limited number of
//! times, and is then dead. Failed events can be seen and replayed.

use keepopen::actions::{MAX_TRIES, process_due_events};
use serde_json::{Value, json};

use crate::helpers::{Answer, TestApp};

fn event(id: &str, kind: &str, object: Value) -> Value {
    json!({
        "id": id, "object": "event", "type": kind, "created": 1_795_000_000, "livemode": false,
        "api_version": "2026-09-30.endive", "data": {"object": object},
    })
}

/// Sends these bytes to the webhook route, with this signature.
async fn deliver_raw(app: &TestApp, signature: Option<&str>, body: Vec<u8>) -> Answer {
    let request = app.client.post(format!("{}/webhooks/stripe", app.url)).body(body);
    app.send(match signature {
        Some(signature) => request.header("stripe-signature", signature),
        None => request,
    })
    .await
}

#[tokio::test]
async fn only_an_event_with_a_valid_signature_is_stored() {
    let app = TestApp::start().await;
    let body = event("evt_1", "customer.created", json!({"id": "cus_1", "object": "customer"})).to_string();
    let now_s = app.app.now_ms() / 1000;
    let good = app.stripe.sign(body.as_bytes(), now_s);
    let stale = app.stripe.sign(body.as_bytes(), now_s - 301);
    for (signature, altered) in [
        (None, body.clone()),
        (Some("t=1,v1=00"), body.clone()),
        (Some(stale.as_str()), body.clone()),
        (Some(good.as_str()), body.replace("cus_1", "cus_2")),
    ] {
        let answer = deliver_raw(&app, signature, altered.into_bytes()).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "invalid_signature"));
    }
    assert!(app.app.store.events().await.unwrap().is_empty());
    assert_eq!(deliver_raw(&app, Some(&good), body.into_bytes()).await.status, 200);
    assert_eq!(app.app.store.events().await.unwrap().len(), 1);
    app.process_inbox().await;
    app.finish().await;
}

#[tokio::test]
async fn a_delivery_with_signatures_of_an_old_and_a_new_secret_is_accepted() {
    let app = TestApp::start().await;
    let body = event("evt_1", "customer.created", json!({"id": "cus_1", "object": "customer"})).to_string();
    let now_s = app.app.now_ms() / 1000;
    let old = keepopen_practice::sign(body.as_bytes(), "whsec_old", now_s);
    assert_eq!(deliver_raw(&app, Some(&old), body.clone().into_bytes()).await.code(), "invalid_signature");
    let both = format!("{old},{}", app.stripe.sign(body.as_bytes(), now_s).split_once(',').unwrap().1);
    assert_eq!(deliver_raw(&app, Some(&both), body.into_bytes()).await.status, 200);
    app.process_inbox().await;
    app.finish().await;
}

#[tokio::test]
async fn a_signed_body_that_is_not_an_event_or_is_too_large_is_refused() {
    let app = TestApp::start().await;
    let now_s = app.app.now_ms() / 1000;
    for body in [b"not json".to_vec(), b"{}".to_vec(), b"\xff\xfe".to_vec(), Vec::new()] {
        let signature = app.stripe.sign(&body, now_s);
        assert_eq!(deliver_raw(&app, Some(&signature), body).await.code(), "invalid_event");
    }
    let large = vec![b' '; app.app.settings.stripe.webhook_max_bytes + 1];
    let signature = app.stripe.sign(&large, now_s);
    let answer = deliver_raw(&app, Some(&signature), large).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (413, "body_too_large"));
    app.finish().await;
}

#[tokio::test]
async fn a_second_delivery_of_the_same_event_changes_nothing() {
    let app = TestApp::start().await;
    app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    let before = (app.ledger().await, app.app.store.events().await.unwrap().len());
    app.deliver_and_process_all_events().await;
    assert_eq!((app.ledger().await, app.app.store.events().await.unwrap().len()), before);
    app.finish().await;
}

#[tokio::test]
async fn an_event_of_an_unknown_type_is_stored_and_acknowledged() {
    let app = TestApp::start().await;
    let unknown = event("evt_new", "moon.eclipsed", json!({"id": "moon_1", "object": "moon"}));
    let thin = json!({"id": "evt_thin", "object": "v2.core.event", "type": "v2.core.account.updated", "created": "2026-11-24T09:00:00Z"});
    for event in [unknown, thin] {
        assert_eq!(app.deliver(&event).await.status, 200);
    }
    app.process_inbox().await;
    let outcomes: Vec<_> = app.app.store.events().await.unwrap().into_iter().map(|it| it.outcome).collect();
    assert_eq!(outcomes, [Some("nothing to book".to_owned()), Some("nothing to book".to_owned())]);
    app.finish().await;
}

#[tokio::test]
async fn an_event_of_the_other_mode_is_stored_and_quarantined() {
    let app = TestApp::start().await;
    app.give(1000, "once").await;
    for mut event in app.stripe.events() {
        event["livemode"] = true.into();
        assert_eq!(app.deliver(&event).await.status, 200);
    }
    app.process_inbox().await;
    let events = app.app.store.events().await.unwrap();
    assert!(!events.is_empty() && events.iter().all(|it| it.state == "quarantined"), "{events:?}");
    assert!(app.ledger().await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn an_unreadable_event_is_retried_and_then_stays_dead_until_it_is_replayed() {
    let app = TestApp::start().await;
    let bad = event(
        "evt_bad",
        "refund.created",
        json!({"id": "re_1", "object": "refund", "amount": "ten", "metadata": {"keepopen_site": "journal"}}),
    );
    assert_eq!(app.deliver(&bad).await.status, 200);
    app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    assert_eq!(app.ledger().await.len(), 1, "an unreadable event must not delay others");
    let bad_event = |events: Vec<keepopen::store::inbox::EventRow>| {
        events.into_iter().find(|it| it.id == "evt_bad").unwrap()
    };
    let first = bad_event(app.app.store.events().await.unwrap());
    assert_eq!((first.state.as_str(), first.attempts), ("waiting", 1));
    assert!(first.error.unwrap().contains("refund.amount"));
    assert_eq!(
        process_due_events(&app.app, &app.app.as_job("inbox")).await.unwrap(),
        0,
        "the event must not be retried before it is due"
    );
    for _ in 1..MAX_TRIES {
        app.app.clock.advance(3_600_000);
        assert_eq!(process_due_events(&app.app, &app.app.as_job("inbox")).await.unwrap(), 1);
    }
    let last = bad_event(app.app.store.events().await.unwrap());
    assert_eq!((last.state.as_str(), last.attempts), ("dead", MAX_TRIES));
    app.advance_days(30);
    assert_eq!(process_due_events(&app.app, &app.app.as_job("inbox")).await.unwrap(), 0);
    // After a replay, the event is processed as if it had just arrived.
    let store = &app.app.store;
    let dead = store.newest_events(Some(keepopen::store::inbox::EventState::Dead), 10).await.unwrap();
    assert_eq!(dead.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["evt_bad"]);
    assert!(keepopen::actions::replay_event(&app.app.as_operator(), "evt_bad").await.unwrap());
    assert!(!keepopen::actions::replay_event(&app.app.as_operator(), "evt_nothing").await.unwrap());
    assert_eq!(process_due_events(&app.app, &app.app.as_job("inbox")).await.unwrap(), 1);
    let again = bad_event(store.events().await.unwrap());
    assert_eq!((again.state.as_str(), again.attempts), ("waiting", 1));
    // The event fails on purpose. Mark it as done, because `finish` rejects waiting and dead events.
    app.app
        .store
        .run_sql("UPDATE stripe_events SET state = 'done', error = NULL WHERE id = 'evt_bad'")
        .await
        .unwrap();
    app.finish().await;
}

#[tokio::test]
async fn a_replayed_event_is_not_booked_twice_and_a_quarantined_one_can_not_be_replayed() {
    let app = TestApp::start().await;
    app.give(1000, "month").await;
    app.deliver_and_process_all_events().await;
    let before = app.ledger().await;
    let mut foreign = app.stripe.events()[0].clone();
    (foreign["id"], foreign["livemode"]) = ("evt_live".into(), true.into());
    assert_eq!(app.deliver(&foreign).await.status, 200);
    for event in app.app.store.events().await.unwrap() {
        let is_replayed = keepopen::actions::replay_event(&app.app.as_operator(), &event.id).await.unwrap();
        assert_eq!(is_replayed, event.id != "evt_live");
    }
    app.process_inbox().await;
    assert_eq!(app.ledger().await, before);
    app.finish().await;
}

#[tokio::test]
async fn deliveries_get_an_internal_error_while_the_inbox_is_missing() {
    let app = TestApp::start().await;
    let body = event("evt_1", "customer.created", json!({"id": "cus_1", "object": "customer"})).to_string();
    let signature = app.stripe.sign(body.as_bytes(), app.app.now_ms() / 1000);
    let hide_inbox = "ALTER TABLE stripe_events RENAME TO away";
    app.app.store.run_sql(hide_inbox).await.unwrap();
    let answer = deliver_raw(&app, Some(&signature), body.clone().into_bytes()).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (500, "internal"));
    assert_eq!(app.banner(None).await["reason"], "matched", "banner requests must still be answered");
    let restore_inbox = "ALTER TABLE away RENAME TO stripe_events";
    app.app.store.run_sql(restore_inbox).await.unwrap();
    assert_eq!(deliver_raw(&app, Some(&signature), body.into_bytes()).await.status, 200);
    app.process_inbox().await;
    app.finish().await;
}

#[tokio::test]
async fn common_variants_of_the_webhook_path_are_accepted_and_misdirected_webhooks_are_counted() {
    let change = |settings: &mut keepopen::sites::Settings| {
        settings.server.public_url = "https://www.example.org/give/".parse().unwrap();
    };
    let app = TestApp::start_changed("", change).await;
    let misdirected = || {
        let text = app.app.metrics.render();
        let line = text.lines().find_map(|line| line.strip_prefix("keepopen_misdirected_webhooks_total "));
        line.unwrap().parse::<f64>().unwrap()
    };
    let deliver = async |path: &str, id: &str| {
        let body = event(id, "customer.created", json!({"id": "cus_1", "object": "customer"})).to_string();
        let signature = app.stripe.sign(body.as_bytes(), app.app.now_ms() / 1000);
        let request = app.client.post(format!("{}{path}", app.url)).body(body);
        app.send(request.header("stripe-signature", signature)).await.status.as_u16()
    };
    let paths = [
        "/webhooks/stripe",
        "/webhooks/stripe/",
        "//webhooks/stripe",
        "/give/webhooks/stripe",
        "/give/webhooks/stripe/",
    ];
    for (index, path) in paths.into_iter().enumerate() {
        assert_eq!(deliver(path, &format!("evt_{index}")).await, 200, "{path}");
    }
    assert_eq!((app.app.store.events().await.unwrap().len(), misdirected()), (paths.len(), 0.0));
    // A request with an invalid signature, and a GET request, get the same response as on the usual path.
    let request =
        app.client.post(format!("{}/webhooks/stripe/", app.url)).header("stripe-signature", "t=1,v1=0");
    assert_eq!(app.send(request.body("{}")).await.code(), "invalid_signature");
    let get = app.get("/webhooks/stripe/", None).await;
    assert_eq!((get.status.as_u16(), get.headers["allow"].to_str().unwrap()), (405, "POST"));
    for (path, status) in [
        ("/stripe", 404),
        ("/webhooks", 404),
        ("/", 404),
        ("/other/webhooks/stripe", 404),
        ("/embed.js", 405),
    ] {
        assert_eq!(deliver(path, "evt_lost").await, status, "{path}");
    }
    assert_eq!((app.app.store.events().await.unwrap().len(), misdirected()), (paths.len(), 5.0));
    assert_eq!(app.get("/stripe", None).await.status, 404);
    assert_eq!(misdirected(), 5.0, "a request without a signature is not from Stripe and must not count");
    app.process_inbox().await;
    app.finish().await;
}
