//! Tests webhook endpoints that are created through the API, and `GET /v1/account`.

use keepopen_practice::{PaymentChoice, sign};
use serde_json::{Value, json};

use crate::helpers::{NOON, TestStripe, id, text_field};
use crate::webhooks::start_receiver;

fn endpoint_form<'a>(url: &'a str, events: &[&'a str]) -> Vec<(&'static str, &'a str)> {
    let mut form = vec![("url", url), ("api_version", "2025-03-31.basil"), ("metadata[mark]", "a")];
    form.extend(events.iter().map(|event| ("enabled_events[]", *event)));
    form
}

#[tokio::test]
async fn the_secret_is_shown_only_when_the_endpoint_is_created() {
    let stripe = TestStripe::start().await;
    let form = endpoint_form("https://a.example.org/", &["*"]);
    let (status, created) = stripe.post("/v1/webhook_endpoints", &form).await;
    assert_eq!(status, 200, "{created:#}");
    assert!(text_field(&created, "secret").starts_with("whsec_"));
    assert_eq!(text_field(&created, "status"), "enabled");
    let path = format!("/v1/webhook_endpoints/{}", id(&created));
    let (_, one) = stripe.get(&path).await;
    let (_, changed) = stripe.post(&path, &[("disabled", "true")]).await;
    let (_, list) = stripe.get("/v1/webhook_endpoints").await;
    for shown in [&one, &changed, &list["data"][0]] {
        assert_eq!((id(shown), shown.get("secret")), (id(&created), None));
    }
    assert_eq!(
        (text_field(&one, "status").as_str(), text_field(&changed, "status").as_str()),
        ("enabled", "disabled")
    );
    let deleted = stripe.send(stripe.http.delete(stripe.url(&path)).bearer_auth(crate::helpers::KEY)).await;
    assert_eq!((deleted.0, &deleted.1["deleted"]), (200, &json!(true)));
    assert_eq!(stripe.get(&path).await.0, 404);
}

#[tokio::test]
async fn each_enabled_endpoint_receives_its_events_with_its_version_and_secret() {
    let stripe = TestStripe::start().await;
    let (all_url, all_received) = start_receiver(vec![200]).await;
    let (some_url, some_received) = start_receiver(vec![200]).await;
    let (off_url, off_received) = start_receiver(vec![200]).await;
    let (_, all) = stripe.post("/v1/webhook_endpoints", &endpoint_form(&all_url, &["*"])).await;
    let some_events = ["checkout.session.completed", "charge.refunded"];
    let (_, some) = stripe.post("/v1/webhook_endpoints", &endpoint_form(&some_url, &some_events)).await;
    let (_, off) = stripe.post("/v1/webhook_endpoints", &endpoint_form(&off_url, &["*"])).await;
    stripe.post(&format!("/v1/webhook_endpoints/{}", id(&off)), &[("disabled", "true")]).await;
    stripe.practice.pay(&stripe.one_off_session().await, PaymentChoice::Card).unwrap();
    stripe.practice.wait_for_deliveries().await;
    let event_count = stripe.practice.events().len();
    assert_eq!(
        (
            all_received.lock().unwrap().len(),
            some_received.lock().unwrap().len(),
            off_received.lock().unwrap().len()
        ),
        (event_count, 1, 0)
    );
    for (endpoint, received) in [(all, all_received), (some, some_received)] {
        for (signature, body) in received.lock().unwrap().iter() {
            assert_eq!(*signature, sign(body, &text_field(&endpoint, "secret"), NOON));
            let event: Value = serde_json::from_slice(body).unwrap();
            assert_eq!(event["api_version"], "2025-03-31.basil");
        }
    }
    assert_eq!(stripe.practice.events()[0]["pending_webhooks"], 1);
}

#[tokio::test]
async fn invalid_endpoints_and_a_seventeenth_endpoint_are_rejected() {
    let stripe = TestStripe::start().await;
    for (form, param) in [
        (endpoint_form("https://a.example.org/", &[]), "enabled_events"),
        (endpoint_form("a.example.org", &["*"]), "url"),
        (endpoint_form("https://a.example.org/", &["no type"]), "enabled_events"),
        (vec![("url", "https://a.example.org/"), ("colour", "red")], "colour"),
    ] {
        let (status, refused) = stripe.post("/v1/webhook_endpoints", &form).await;
        assert_eq!((status, text_field(&refused["error"], "param").as_str()), (400, param), "{refused:#}");
    }
    let valid_form = endpoint_form("https://a.example.org/", &["*"]);
    for _ in 0..16 {
        assert_eq!(stripe.post("/v1/webhook_endpoints", &valid_form).await.0, 200);
    }
    assert_eq!(stripe.post("/v1/webhook_endpoints", &valid_form).await.0, 400);
    let (_, first) = stripe.get("/v1/webhook_endpoints?limit=10").await;
    let last = id(first["data"].as_array().unwrap().last().unwrap());
    let (_, rest) = stripe.get(&format!("/v1/webhook_endpoints?limit=10&starting_after={last}")).await;
    assert_eq!((&first["has_more"], &rest["has_more"]), (&json!(true), &json!(false)));
    assert_eq!(rest["data"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn the_account_shows_whether_it_can_accept_payments() {
    let stripe = TestStripe::start().await;
    let (status, account) = stripe.get("/v1/account").await;
    assert_eq!(
        (status, &account["charges_enabled"], &account["payouts_enabled"]),
        (200, &json!(true), &json!(true))
    );
    stripe.practice.limit_account(true);
    assert_eq!(stripe.get("/v1/account").await.1["charges_enabled"], json!(false));
}
