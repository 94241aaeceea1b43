//! Tests events that are lost on purpose: which of them are not delivered, and which of them the API still lists.

use keepopen_practice::{Loss, PaymentChoice};

use crate::helpers::{NOON, TestStripe, id, text_field};
use crate::webhooks::{Received, start_receiver};

const DAY: i64 = 86_400;

/// Pays 10.00 euros by card. Returns the ids of the events that the payment emits.
async fn pay(stripe: &TestStripe) -> Vec<String> {
    let from = stripe.practice.events().len();
    let session = stripe.one_off_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    stripe.practice.events()[from..].iter().map(id).collect()
}

/// The ids of the events that the API lists, oldest first.
async fn listed_events(stripe: &TestStripe, query: &str) -> Vec<String> {
    let (status, list) = stripe.get(&format!("/v1/events?limit=100&{query}")).await;
    assert_eq!(status, 200, "{list:#}");
    list["data"].as_array().unwrap().iter().rev().map(id).collect()
}

/// The ids of the events that a receiver got.
fn received_ids(received: &Received) -> Vec<String> {
    let received = received.lock().unwrap();
    received.iter().map(|(_, body)| id(&serde_json::from_slice(body).unwrap())).collect()
}

#[tokio::test]
async fn an_undelivered_event_is_listed_as_undelivered() {
    let stripe = TestStripe::start().await;
    let (url, received) = start_receiver(vec![200]).await;
    stripe.practice.set_webhook_url(Some(url));
    stripe.practice.lose_deliveries(Some(Loss::Next(2)));
    let events = pay(&stripe).await;
    stripe.practice.wait_for_deliveries().await;
    assert_eq!(received_ids(&received), events[2..]);
    assert_eq!(stripe.practice.lost_event_ids(), events[..2]);
    assert_eq!(listed_events(&stripe, "").await, events);
    assert_eq!(listed_events(&stripe, "delivery_success=false").await, events[..2]);
    assert_eq!(listed_events(&stripe, "delivery_success=true").await, events[2..]);
    stripe.practice.deliver_again(&events[0]).unwrap();
    stripe.practice.wait_for_deliveries().await;
    assert_eq!(listed_events(&stripe, "delivery_success=false").await, events[1..2]);
}

#[tokio::test]
async fn a_lost_event_can_also_be_missing_from_the_list() {
    let stripe = TestStripe::start().await;
    let (url, received) = start_receiver(vec![200]).await;
    stripe.practice.set_webhook_url(Some(url));
    stripe.practice.lose_events(Some(Loss::Next(1)));
    let events = pay(&stripe).await;
    stripe.practice.wait_for_deliveries().await;
    assert_eq!(received_ids(&received), events[1..]);
    assert_eq!(listed_events(&stripe, "").await, events[1..]);
    assert_eq!(stripe.get(&format!("/v1/events/{}", events[0])).await.0, 404);
    assert_eq!(stripe.practice.lost_event_ids(), events[..1]);
    assert_eq!(stripe.practice.events().len(), events.len());
}

#[tokio::test]
async fn a_share_of_the_events_is_lost_until_the_test_stops_the_losses() {
    let stripe = TestStripe::start().await;
    stripe.practice.lose_events(Some(Loss::Share { percent: 50, seed: 1 }));
    let first = pay(&stripe).await;
    let lost = stripe.practice.lost_event_ids();
    assert!(!lost.is_empty() && lost.len() < first.len());
    stripe.practice.lose_events(None);
    pay(&stripe).await;
    assert_eq!(stripe.practice.lost_event_ids(), lost);
}

#[tokio::test]
async fn a_delivery_that_was_given_up_is_not_listed_as_delivered() {
    let stripe = TestStripe::start().await;
    let (url, _) = start_receiver(vec![500, 500, 500, 200]).await;
    stripe.practice.set_webhook_url(Some(url));
    for _ in 0..2 {
        let session = stripe.one_off_session().await;
        stripe.practice.expire(&session).unwrap();
        stripe.practice.wait_for_deliveries().await;
    }
    let events: Vec<_> = stripe.practice.events().iter().map(id).collect();
    assert_eq!(listed_events(&stripe, "delivery_success=false").await, events[..1]);
    assert_eq!(listed_events(&stripe, "delivery_success=true").await, events[1..]);
    assert!(stripe.practice.lost_event_ids().is_empty());
}

#[tokio::test]
async fn the_api_shows_events_for_thirty_days() {
    let stripe = TestStripe::start().await;
    let old = pay(&stripe).await;
    stripe.advance_clock(30 * DAY);
    assert_eq!(listed_events(&stripe, "").await, old);
    let new = pay(&stripe).await;
    stripe.advance_clock(1);
    assert_eq!(listed_events(&stripe, "").await, new);
    assert_eq!(listed_events(&stripe, &format!("created[gte]={NOON}")).await, new);
    assert_eq!(stripe.get(&format!("/v1/events/{}", old[0])).await.0, 404);
    assert_eq!(stripe.practice.events().len(), old.len() + new.len());
}

#[tokio::test]
async fn a_list_of_events_rejects_more_than_twenty_types_and_both_type_filters_together() {
    let stripe = TestStripe::start().await;
    pay(&stripe).await;
    let types = |count: usize| vec!["types[]=charge.succeeded"; count].join("&");
    assert_eq!(listed_events(&stripe, &types(20)).await.len(), 1);
    for query in [types(21), format!("type=charge.updated&{}", types(1)), "delivery_success=maybe".to_owned()]
    {
        let (status, body) = stripe.get(&format!("/v1/events?{query}")).await;
        assert_eq!(status, 400, "{query}");
        assert_eq!(text_field(&body["error"], "type"), "invalid_request_error");
    }
}
