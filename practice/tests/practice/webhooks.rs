//! Tests webhook deliveries: their signatures, their order, the retries, and the end of the retries.

use std::sync::{Arc, Mutex};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use keepopen_practice::{PaymentChoice, sign};
use serde_json::Value;

use crate::helpers::{NOON, TestStripe, WEBHOOK_SECRET, id};

/// The signature header and the body of each delivery that a receiver got, in order.
pub type Received = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// Starts a receiver. It responds with these statuses in this order, and then always with the last one. Returns its
/// URL and its deliveries.
pub async fn start_receiver(statuses: Vec<u16>) -> (String, Received) {
    let received: Received = Arc::default();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/webhooks/stripe", listener.local_addr().unwrap());
    let shared = Arc::clone(&received);
    let record = move |request: HttpRequest, body: web::Bytes| {
        let signature = request.headers().get("Stripe-Signature").unwrap().to_str().unwrap().to_owned();
        let mut received = shared.lock().unwrap();
        let status = statuses[received.len().min(statuses.len() - 1)];
        received.push((signature, body.to_vec()));
        async move {
            let mut response = HttpResponse::build(status.try_into().unwrap());
            // The target of a redirect exists, so a followed redirect would be accepted and the test would fail.
            response.insert_header(("Location", "/elsewhere")).finish()
        }
    };
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let server = HttpServer::new(move || App::new().default_service(web::to(record.clone())));
            server.workers(1).disable_signals().listen(listener).unwrap().run().await.unwrap();
        });
    });
    (url, received)
}

#[test]
fn a_signature_is_the_hmac_of_time_and_body() {
    // The expected value comes from another implementation: HMAC-SHA256 of `1796644800.{"a":1}` with `whsec_practice`.
    let expected = "t=1796644800,v1=3ce93cd11e6e369b2a6e3c96628572bba8bc627275b15b93710145526a984a76";
    assert_eq!(sign(br#"{"a":1}"#, WEBHOOK_SECRET, NOON), expected);
}

#[tokio::test]
async fn events_are_delivered_in_order_signed_and_unchanged() {
    let stripe = TestStripe::start().await;
    let (url, received) = start_receiver(vec![200]).await;
    stripe.practice.set_webhook_url(Some(url));
    let session = stripe.one_off_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    stripe.practice.wait_for_deliveries().await;
    let received = received.lock().unwrap();
    let bodies: Vec<Value> = received.iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect();
    assert_eq!(bodies, stripe.practice.events());
    for (signature, body) in received.iter() {
        assert_eq!(*signature, stripe.practice.sign(body, NOON));
    }
    assert!(
        stripe
            .practice
            .deliveries()
            .iter()
            .all(|delivery| delivery.status == Some(200) && delivery.attempt == 1)
    );
}

#[tokio::test]
async fn nothing_is_delivered_without_a_webhook_address() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    stripe.practice.wait_for_deliveries().await;
    assert!(stripe.practice.deliveries().is_empty());
    assert_eq!(stripe.practice.events()[0]["pending_webhooks"], 0);
    assert!(stripe.practice.deliver_again(&id(&stripe.practice.events()[0])).is_err());
}

#[tokio::test]
async fn a_delivery_that_is_not_accepted_is_retried() {
    let stripe = TestStripe::start().await;
    let (url, received) = start_receiver(vec![503, 302, 204]).await;
    stripe.practice.set_webhook_url(Some(url));
    let session = stripe.one_off_session().await;
    stripe.practice.expire(&session).unwrap();
    stripe.practice.wait_for_deliveries().await;
    let attempts: Vec<_> =
        stripe.practice.deliveries().iter().map(|delivery| (delivery.attempt, delivery.status)).collect();
    assert_eq!(attempts, [(1, Some(503)), (2, Some(302)), (3, Some(204))]);
    let received = received.lock().unwrap();
    assert!(received.iter().all(|(_, body)| *body == received[0].1));
}

#[tokio::test]
async fn a_delivery_is_given_up_after_the_last_retry_and_can_be_repeated_by_hand() {
    let stripe = TestStripe::start().await;
    let (url, received) = start_receiver(vec![500, 500, 500, 200]).await;
    stripe.practice.set_webhook_url(Some(url));
    let session = stripe.one_off_session().await;
    stripe.practice.expire(&session).unwrap();
    stripe.practice.wait_for_deliveries().await;
    assert_eq!(received.lock().unwrap().len(), 3);
    let event = id(&stripe.practice.events()[0]);
    stripe.practice.deliver_again(&event).unwrap();
    stripe.practice.wait_for_deliveries().await;
    let last = stripe.practice.deliveries().pop().unwrap();
    assert_eq!((last.attempt, last.status, last.is_accepted()), (1, Some(200), true));
}

#[tokio::test]
async fn a_delivery_to_an_unreachable_receiver_has_no_status() {
    let stripe = TestStripe::start().await;
    stripe.practice.set_webhook_url(Some("http://127.0.0.1:1/".to_owned()));
    let session = stripe.one_off_session().await;
    stripe.practice.expire(&session).unwrap();
    stripe.practice.wait_for_deliveries().await;
    let statuses: Vec<_> = stripe.practice.deliveries().iter().map(|delivery| delivery.status).collect();
    assert_eq!(statuses, [None, None, None]);
}

#[tokio::test]
async fn a_new_secret_signs_new_deliveries() {
    let stripe = TestStripe::start().await;
    let before = stripe.practice.sign(b"{}", NOON);
    stripe.practice.set_webhook_secret("whsec_rolled");
    assert_ne!(stripe.practice.sign(b"{}", NOON), before);
    assert_eq!(stripe.practice.sign(b"{}", NOON), sign(b"{}", "whsec_rolled", NOON));
}
