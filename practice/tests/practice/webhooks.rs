//! Deliveries: signed, in order, tried again, and given up in the end.

use std::sync::{Arc, Mutex};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use keepopen_practice::{How, sign};
use serde_json::Value;

use crate::helpers::{NOON, Stand, WEBHOOK_SECRET, id};

/// What a receiver heard: the signature header and the body of each delivery.
pub type Heard = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A receiver that answers with these statuses in turn, the last one for ever.
pub async fn receiver(statuses: Vec<u16>) -> (String, Heard) {
    let heard: Heard = Arc::default();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/webhooks/stripe", listener.local_addr().unwrap());
    let shared = Arc::clone(&heard);
    let hear = move |request: HttpRequest, body: web::Bytes| {
        let signature = request.headers().get("Stripe-Signature").unwrap().to_str().unwrap().to_owned();
        let mut heard = shared.lock().unwrap();
        let status = statuses[heard.len().min(statuses.len() - 1)];
        heard.push((signature, body.to_vec()));
        async move {
            let mut response = HttpResponse::build(status.try_into().unwrap());
            // A redirect has somewhere to lead to, so that following it would be seen.
            response.insert_header(("Location", "/elsewhere")).finish()
        }
    };
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let server = HttpServer::new(move || App::new().default_service(web::to(hear.clone())));
            server.workers(1).disable_signals().listen(listener).unwrap().run().await.unwrap();
        });
    });
    (url, heard)
}

#[test]
fn a_signature_is_the_hmac_of_time_and_body() {
    // Computed with another implementation: HMAC-SHA256 of `1796644800.{"a":1}` under `whsec_practice`.
    let wanted = "t=1796644800,v1=3ce93cd11e6e369b2a6e3c96628572bba8bc627275b15b93710145526a984a76";
    assert_eq!(sign(br#"{"a":1}"#, WEBHOOK_SECRET, NOON), wanted);
}

#[tokio::test]
async fn events_are_delivered_in_order_signed_and_exact() {
    let stand = Stand::start().await;
    let (url, heard) = receiver(vec![200]).await;
    stand.practice.set_webhook_url(Some(url));
    let session = stand.once().await;
    stand.practice.pay(&session, How::Card).unwrap();
    stand.practice.deliveries_settled().await;
    let heard = heard.lock().unwrap();
    let bodies: Vec<Value> = heard.iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect();
    assert_eq!(bodies, stand.practice.events());
    for (signature, body) in heard.iter() {
        assert_eq!(*signature, stand.practice.sign(body, NOON));
    }
    assert!(
        stand
            .practice
            .deliveries()
            .iter()
            .all(|delivery| delivery.status == Some(200) && delivery.attempt == 1)
    );
}

#[tokio::test]
async fn without_an_address_nothing_is_delivered() {
    let stand = Stand::start().await;
    let session = stand.once().await;
    stand.practice.pay(&session, How::Card).unwrap();
    stand.practice.deliveries_settled().await;
    assert!(stand.practice.deliveries().is_empty());
    assert_eq!(stand.practice.events()[0]["pending_webhooks"], 0);
    assert!(stand.practice.deliver_again(&id(&stand.practice.events()[0])).is_err());
}

#[tokio::test]
async fn a_delivery_that_is_not_accepted_is_retried() {
    let stand = Stand::start().await;
    let (url, heard) = receiver(vec![503, 302, 204]).await;
    stand.practice.set_webhook_url(Some(url));
    let session = stand.once().await;
    stand.practice.expire(&session).unwrap();
    stand.practice.deliveries_settled().await;
    let tries: Vec<_> =
        stand.practice.deliveries().iter().map(|delivery| (delivery.attempt, delivery.status)).collect();
    assert_eq!(tries, [(1, Some(503)), (2, Some(302)), (3, Some(204))]);
    let heard = heard.lock().unwrap();
    assert!(heard.iter().all(|(_, body)| *body == heard[0].1));
}

#[tokio::test]
async fn a_delivery_is_given_up_after_the_last_wait_and_can_be_sent_again_by_hand() {
    let stand = Stand::start().await;
    let (url, heard) = receiver(vec![500, 500, 500, 200]).await;
    stand.practice.set_webhook_url(Some(url));
    let session = stand.once().await;
    stand.practice.expire(&session).unwrap();
    stand.practice.deliveries_settled().await;
    assert_eq!(heard.lock().unwrap().len(), 3);
    let event = id(&stand.practice.events()[0]);
    stand.practice.deliver_again(&event).unwrap();
    stand.practice.deliveries_settled().await;
    let last = stand.practice.deliveries().pop().unwrap();
    assert_eq!((last.attempt, last.status, last.taken()), (1, Some(200), true));
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_no_answer() {
    let stand = Stand::start().await;
    stand.practice.set_webhook_url(Some("http://127.0.0.1:1/".to_owned()));
    let session = stand.once().await;
    stand.practice.expire(&session).unwrap();
    stand.practice.deliveries_settled().await;
    let statuses: Vec<_> = stand.practice.deliveries().iter().map(|delivery| delivery.status).collect();
    assert_eq!(statuses, [None, None, None]);
}

#[tokio::test]
async fn a_rolled_secret_signs_from_then_on() {
    let stand = Stand::start().await;
    let before = stand.practice.sign(b"{}", NOON);
    stand.practice.set_webhook_secret("whsec_rolled");
    assert_ne!(stand.practice.sign(b"{}", NOON), before);
    assert_eq!(stand.practice.sign(b"{}", NOON), sign(b"{}", "whsec_rolled", NOON));
}
