//! Thin events: signed as others are, and nothing of the object in them.

use keepopen_practice::Loss;
use serde_json::{Value, json};

use crate::helpers::{NOON, Stand};
use crate::webhooks::receiver;

#[tokio::test]
async fn a_thin_event_names_its_object_and_no_more() {
    let stand = Stand::start().await;
    let (url, heard) = receiver(vec![503, 200]).await;
    let charge = stand.charged().await;
    let events = stand.practice.events().len();
    stand.practice.set_webhook_url(Some(url));
    let id = stand.practice.notify_thin("v1.charge.succeeded", &charge).unwrap();
    stand.practice.deliveries_settled().await;
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard.len(), 2);
    let (signature, body) = &heard[1];
    assert_eq!(*signature, stand.practice.sign(body, NOON));
    let told: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(
        told,
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
    assert_eq!(stand.practice.thin_events(), [told]);
    assert_eq!(stand.practice.events().len(), events);
    assert_eq!(stand.get(&format!("/v1/events/{id}")).await.0, 404);
    assert_eq!(stand.get(&format!("/v1/charges/{charge}")).await.0, 200);
}

#[tokio::test]
async fn a_thin_event_is_about_something_that_can_be_read_and_may_get_lost() {
    let stand = Stand::start().await;
    assert!(stand.practice.notify_thin("v1.charge.succeeded", "ch_none").is_err());
    let session = stand.once().await;
    stand.practice.lose_deliveries(Some(Loss::Next(1)));
    let id = stand.practice.notify_thin("v1.checkout.session.completed", &session).unwrap();
    assert_eq!(stand.practice.lost(), [id]);
    let url = stand.practice.thin_events()[0]["related_object"]["url"].clone();
    assert_eq!(stand.get(url.as_str().unwrap()).await.0, 200);
}
