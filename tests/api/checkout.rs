//! Checkout: each attempt to give has an id, and creates one payment page at Stripe. The amount must be within the
//! site's limits.

use std::time::Duration;

use keepopen_practice::Trouble;
use serde_json::json;
use uuid::Uuid;

use crate::helpers::{ARTICLE, TestApp, checkout_body};

#[tokio::test]
async fn a_repeated_attempt_gets_the_same_payment_page_and_is_refused_with_another_amount() {
    let app = TestApp::start().await;
    let attempt = Uuid::from_u128(7);
    let first = app.post("/v1/checkout", &checkout_body(attempt, 1000, "month")).await;
    let again = app.post("/v1/checkout", &checkout_body(attempt, 1000, "month")).await;
    assert_eq!((first.status.as_u16(), &first.json), (200, &again.json));
    let other = app.post("/v1/checkout", &checkout_body(attempt, 500, "month")).await;
    assert_eq!((other.status.as_u16(), other.code()), (409, "attempt_reused"));
    assert_eq!(app.stripe.objects("checkout.session").len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_double_click_creates_one_payment_page() {
    let app = TestApp::start().await;
    let body = checkout_body(Uuid::from_u128(7), 1000, "month");
    let (one, two) = tokio::join!(app.post("/v1/checkout", &body), app.post("/v1/checkout", &body));
    assert_eq!((one.status.as_u16(), &one.json), (200, &two.json));
    assert_eq!(app.stripe.objects("checkout.session").len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn stripe_gets_the_metadata_that_later_events_need() {
    let app = TestApp::start().await;
    let verdict = app.banner(None).await;
    // For each interval, the object that must have the same metadata as the session.
    for (interval, holder) in [("once", "payment_intent"), ("month", "subscription")] {
        let mut body = checkout_body(Uuid::from_u128(fastrand::u128(..)), 1000, interval);
        body["attribution"] = verdict["attribution"].clone();
        let answer = app.post("/v1/checkout", &body).await;
        let session = answer.text("session");
        app.stripe.pay(session, keepopen_practice::PaymentChoice::Card).unwrap();
        let created = app.stripe.session(session);
        assert_eq!(created["mode"], if interval == "once" { "payment" } else { "subscription" });
        assert_eq!(created["success_url"], format!("{ARTICLE}?keepopen_session={{CHECKOUT_SESSION_ID}}"));
        assert_eq!(created["metadata"]["keepopen_appeal"], "help");
        assert_eq!(created["metadata"]["keepopen_variant"], "a");
        assert_eq!(created["metadata"]["keepopen_contribution"], created["client_reference_id"]);
        let holder_object = app.stripe.object(created[holder].as_str().unwrap()).unwrap();
        assert_eq!(holder_object["metadata"], created["metadata"], "{holder}");
        if interval == "once" {
            assert_eq!(created["customer_creation"], "always");
            assert!(created["customer"].is_string());
        } else {
            assert_eq!(holder_object["items"]["data"][0]["price"]["recurring"]["interval"], "month");
        }
    }
    app.deliver_and_process_all_events().await;
    for gift in app.app.store.contributions().await.unwrap() {
        assert_eq!((gift.appeal.as_deref(), gift.variant.as_deref()), (Some("help"), Some("a")));
    }
    app.finish().await;
}

#[tokio::test]
async fn an_invalid_attribution_is_ignored_and_the_gift_is_accepted() {
    let app = TestApp::start().await;
    let mut body = checkout_body(Uuid::from_u128(1), 1000, "once");
    body["attribution"] = json!("forged.note");
    assert_eq!(app.post("/v1/checkout", &body).await.status, 200);
    assert_eq!(app.stripe.objects("checkout.session")[0]["metadata"]["keepopen_appeal"], json!(null));
    app.finish().await;
}

#[tokio::test]
async fn unsupported_gifts_are_rejected_with_the_sites_limits() {
    let app = TestApp::start().await;
    let refused = async |change: fn(&mut serde_json::Value)| {
        let mut body = checkout_body(Uuid::from_u128(1), 1000, "month");
        change(&mut body);
        app.post("/v1/checkout", &body).await
    };
    let low = refused(|body| body["amount_minor"] = 99.into()).await;
    assert_eq!(
        (low.status.as_u16(), low.code(), &low.json["minimum_minor"]),
        (422, "amount_below_minimum", &json!(100))
    );
    let negative = refused(|body| body["amount_minor"] = (-5).into()).await;
    assert_eq!(negative.code(), "amount_below_minimum");
    let high = refused(|body| body["amount_minor"] = 100_001.into()).await;
    assert_eq!((high.code(), &high.json["maximum_minor"]), ("amount_above_maximum", &json!(100_000)));
    assert_eq!(refused(|body| body["currency"] = "USD".into()).await.code(), "unsupported_currency");
    assert_eq!(refused(|body| body["currency"] = "XXQ".into()).await.code(), "unsupported_currency");
    assert_eq!(refused(|body| body["interval"] = "week".into()).await.code(), "invalid_request");
    assert_eq!(refused(|body| body["amount_minor"] = 10.5.into()).await.code(), "invalid_request");
    assert_eq!(refused(|body| body["site"] = "nowhere".into()).await.code(), "site_not_found");
    assert_eq!(refused(|body| body["ammount"] = 5.into()).await.code(), "invalid_request");
    let yen = json!({"site": "gazette", "attempt": Uuid::from_u128(2), "amount_minor": 500, "currency": "JPY", "interval": "month", "return_url": "https://gazette.example.org/"});
    let request = app.client.post(format!("{}/v1/checkout", app.url)).json(&yen);
    assert_eq!(app.send(request).await.code(), "unsupported_interval");
    assert!(app.stripe.objects("checkout.session").is_empty());
    app.finish().await;
}

#[tokio::test]
async fn checkout_responses_must_not_be_cached() {
    let app = TestApp::start().await;
    let good = app.post("/v1/checkout", &checkout_body(Uuid::from_u128(1), 1000, "once")).await;
    let bad = app.post("/v1/checkout", &checkout_body(Uuid::from_u128(1), 900, "once")).await;
    assert_eq!((good.status.as_u16(), bad.code()), (200, "attempt_reused"));
    for answer in [good, bad] {
        assert_eq!(answer.headers["cache-control"], "no-store", "{answer:?}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_return_url_must_be_on_the_site_itself() {
    let app = TestApp::start().await;
    for url in [
        "https://evil.example/",
        "https://journal.example.org.evil.example/",
        "https://journal.example.org@evil.example/",
        "https://user:pass@journal.example.org/",
        "https://user@journal.example.org/",
        "http://journal.example.org/",
        "https://journal.example.org:8443/",
        "javascript:alert(1)",
        "blob:https://journal.example.org/0f1e2d3c-0000-4000-8000-000000000000",
        "https://:pass@journal.example.org/",
        "/world/ferries",
        "",
        &format!("https://journal.example.org/{}", "x".repeat(5_000)),
    ] {
        let mut body = checkout_body(Uuid::from_u128(1), 1000, "once");
        body["return_url"] = url.into();
        assert_eq!(app.post("/v1/checkout", &body).await.code(), "return_url_not_allowed", "{url}");
    }
    app.finish().await;
}

#[tokio::test]
async fn the_reader_gets_the_fallback_link_while_stripe_is_unavailable_and_can_try_again() {
    let app = TestApp::start().await;
    let body = checkout_body(Uuid::from_u128(9), 1000, "once");
    for trouble in
        [Trouble::Status(500), Trouble::HtmlBadGateway, Trouble::Drop, Trouble::Hang(Duration::from_secs(3))]
    {
        app.stripe.break_api(Some(trouble.clone()));
        let answer = app.post("/v1/checkout", &body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (503, "stripe_unavailable"), "{trouble:?}");
        assert_eq!(answer.json["fallback_url"], "https://journal.example.org/give");
        assert_eq!(app.banner(None).await["reason"], "matched");
    }
    app.stripe.break_api(None);
    assert_eq!(app.post("/v1/checkout", &body).await.status, 200);
    assert_eq!(app.stripe.objects("checkout.session").len(), 1, "the repeated calls must create one session");
    app.finish().await;
}

#[tokio::test]
async fn a_failed_call_to_stripe_is_repeated_with_the_same_idempotency_key() {
    let app = TestApp::start().await;
    for (number, trouble) in
        [(1, Trouble::HtmlBadGateway), (2, Trouble::Status(429)), (3, Trouble::Status(409))]
    {
        app.stripe.break_next_calls(trouble, 1);
        let answer = app.post("/v1/checkout", &checkout_body(Uuid::from_u128(number), 1000, "once")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(u128::try_from(app.stripe.objects("checkout.session").len()).unwrap(), number);
    }
    app.finish().await;
}
