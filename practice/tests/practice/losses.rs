//! Events that get lost, and what the list of events still shows.

use keepopen_practice::{How, Loss};

use crate::helpers::{NOON, Stand, id, word};
use crate::webhooks::{Heard, receiver};

const DAY: i64 = 86_400;

/// A payment of 10.00 euros; the ids of its events.
async fn paid(stand: &Stand) -> Vec<String> {
    let from = stand.practice.events().len();
    let session = stand.once().await;
    stand.practice.pay(&session, How::Card).unwrap();
    stand.practice.events()[from..].iter().map(id).collect()
}

/// The ids of the events that the API lists, oldest first.
async fn listed(stand: &Stand, query: &str) -> Vec<String> {
    let (status, list) = stand.get(&format!("/v1/events?limit=100&{query}")).await;
    assert_eq!(status, 200, "{list:#}");
    list["data"].as_array().unwrap().iter().rev().map(id).collect()
}

fn heard_ids(heard: &Heard) -> Vec<String> {
    let heard = heard.lock().unwrap();
    heard.iter().map(|(_, body)| id(&serde_json::from_slice(body).unwrap())).collect()
}

#[tokio::test]
async fn an_event_that_is_not_delivered_is_listed_as_such() {
    let stand = Stand::start().await;
    let (url, heard) = receiver(vec![200]).await;
    stand.practice.set_webhook_url(Some(url));
    stand.practice.lose_deliveries(Some(Loss::Next(2)));
    let events = paid(&stand).await;
    stand.practice.deliveries_settled().await;
    assert_eq!(heard_ids(&heard), events[2..]);
    assert_eq!(stand.practice.lost(), events[..2]);
    assert_eq!(listed(&stand, "").await, events);
    assert_eq!(listed(&stand, "delivery_success=false").await, events[..2]);
    assert_eq!(listed(&stand, "delivery_success=true").await, events[2..]);
    stand.practice.deliver_again(&events[0]).unwrap();
    stand.practice.deliveries_settled().await;
    assert_eq!(listed(&stand, "delivery_success=false").await, events[1..2]);
}

#[tokio::test]
async fn an_event_may_be_lost_to_the_list_too() {
    let stand = Stand::start().await;
    let (url, heard) = receiver(vec![200]).await;
    stand.practice.set_webhook_url(Some(url));
    stand.practice.lose_events(Some(Loss::Next(1)));
    let events = paid(&stand).await;
    stand.practice.deliveries_settled().await;
    assert_eq!(heard_ids(&heard), events[1..]);
    assert_eq!(listed(&stand, "").await, events[1..]);
    assert_eq!(stand.get(&format!("/v1/events/{}", events[0])).await.0, 404);
    assert_eq!(stand.practice.lost(), events[..1]);
    assert_eq!(stand.practice.events().len(), events.len());
}

#[tokio::test]
async fn a_share_of_the_events_is_lost_until_that_is_ended() {
    let stand = Stand::start().await;
    stand.practice.lose_events(Some(Loss::Share { percent: 50, seed: 1 }));
    let first = paid(&stand).await;
    let lost = stand.practice.lost();
    assert!(!lost.is_empty() && lost.len() < first.len());
    stand.practice.lose_events(None);
    paid(&stand).await;
    assert_eq!(stand.practice.lost(), lost);
}

#[tokio::test]
async fn a_delivery_that_was_given_up_counts_as_no_success() {
    let stand = Stand::start().await;
    let (url, _) = receiver(vec![500, 500, 500, 200]).await;
    stand.practice.set_webhook_url(Some(url));
    for _ in 0..2 {
        let session = stand.once().await;
        stand.practice.expire(&session).unwrap();
        stand.practice.deliveries_settled().await;
    }
    let events: Vec<_> = stand.practice.events().iter().map(id).collect();
    assert_eq!(listed(&stand, "delivery_success=false").await, events[..1]);
    assert_eq!(listed(&stand, "delivery_success=true").await, events[1..]);
    assert!(stand.practice.lost().is_empty());
}

#[tokio::test]
async fn events_are_shown_for_thirty_days() {
    let stand = Stand::start().await;
    let old = paid(&stand).await;
    stand.seconds_pass(30 * DAY);
    assert_eq!(listed(&stand, "").await, old);
    let new = paid(&stand).await;
    stand.seconds_pass(1);
    assert_eq!(listed(&stand, "").await, new);
    assert_eq!(listed(&stand, &format!("created[gte]={NOON}")).await, new);
    assert_eq!(stand.get(&format!("/v1/events/{}", old[0])).await.0, 404);
    assert_eq!(stand.practice.events().len(), old.len() + new.len());
}

#[tokio::test]
async fn at_most_twenty_types_can_be_requested_and_not_together_with_one() {
    let stand = Stand::start().await;
    paid(&stand).await;
    let types = |count: usize| vec!["types[]=charge.succeeded"; count].join("&");
    assert_eq!(listed(&stand, &types(20)).await.len(), 1);
    for query in [types(21), format!("type=charge.updated&{}", types(1)), "delivery_success=maybe".to_owned()]
    {
        let (status, body) = stand.get(&format!("/v1/events?{query}")).await;
        assert_eq!(status, 400, "{query}");
        assert_eq!(word(&body["error"], "type"), "invalid_request_error");
    }
}
