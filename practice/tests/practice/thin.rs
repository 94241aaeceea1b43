//! Tests thin events. They are signed like other events, but contain only a reference to their object.

use keepopen_practice::Loss;
use serde_json::{Value, json};

use crate::helpers::{NOON, TestStripe};
use crate::webhooks::start_receiver;

#[tokio::test]
async fn a_thin_event_only_references_its_object() {
    let stripe = TestStripe::start().await;
    let (url, received) = start_receiver(vec![503, 200]).await;
    let charge = stripe.pay_by_card().await;
    let events = stripe.practice.events().len();
    stripe.practice.set_webhook_url(Some(url));
    let id = stripe.practice.notify_thin("v1.charge.succeeded", &charge).unwrap();
    stripe.practice.wait_for_deliveries().await;
    let received = received.lock().unwrap().clone();
    assert_eq!(received.len(), 2);
    let (signature, body) = &received[1];
    assert_eq!(*signature, stripe.practice.sign(body, NOON));
    let emitted: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(
        emitted,
        json!({
            "id": id,
            "object": "v2.core.event",
            "context": null,
            "created": "2026-12-07T12:00:00.000Z",
            "livemode": false,
            "reason": null,
            "related_object": { "id": charge, "type": "charge", "url": format!("/v1/charges/{charge}") },
            "type": "v1.charge.succeeded",
        })
    );
    assert!(id.starts_with("evt_test_"));
    assert_eq!(stripe.practice.thin_events(), [emitted]);
    assert_eq!(stripe.practice.events().len(), events);
    assert_eq!(stripe.get(&format!("/v1/events/{id}")).await.0, 404);
    assert_eq!(stripe.get(&format!("/v1/charges/{charge}")).await.0, 200);
}

#[tokio::test]
async fn a_thin_event_needs_an_existing_object_and_its_delivery_can_be_lost() {
    let stripe = TestStripe::start().await;
    assert!(stripe.practice.notify_thin("v1.charge.succeeded", "ch_none").is_err());
    let session = stripe.one_off_session().await;
    stripe.practice.lose_deliveries(Some(Loss::Next(1)));
    let id = stripe.practice.notify_thin("v1.checkout.session.completed", &session).unwrap();
    assert_eq!(stripe.practice.lost_event_ids(), [id]);
    let url = stripe.practice.thin_events()[0]["related_object"]["url"].clone();
    assert_eq!(stripe.get(url.as_str().unwrap()).await.0, 200);
}
