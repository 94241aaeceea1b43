//! Tests intentional failures: API calls that fail, hang, or lose their responses.

use std::time::Duration;

use keepopen_practice::Trouble;

use crate::helpers::{KEY, TestStripe, one_off_form};

#[tokio::test]
async fn calls_succeed_again_after_the_requested_number_of_failures() {
    let stripe = TestStripe::start().await;
    stripe.practice.break_next_calls(Trouble::Status(503), 2);
    assert_eq!(stripe.get("/v1/events").await.0, 503);
    assert_eq!(stripe.get("/v1/events").await.0, 503);
    assert_eq!(stripe.get("/v1/events").await.0, 200);
    stripe.practice.break_api(Some(Trouble::Status(429)));
    assert_eq!(stripe.get("/v1/events").await.0, 429);
    assert_eq!(stripe.get("/v1/events").await.0, 429);
    stripe.practice.break_api(None);
    assert_eq!(stripe.get("/v1/events").await.0, 200);
}

#[tokio::test]
async fn calls_with_lost_responses_were_carried_out() {
    let stripe = TestStripe::start().await;
    stripe.practice.break_next_calls(Trouble::HtmlBadGateway, 1);
    let reply = stripe.post_with_key("/v1/checkout/sessions", &one_off_form(), "lost-1").await;
    assert_eq!(reply.status(), 502);
    assert!(reply.text().await.unwrap().starts_with("<html>"));
    stripe.practice.break_next_calls(Trouble::Drop, 1);
    let url = stripe.url("/v1/checkout/sessions");
    let request = stripe.http.post(url).bearer_auth(KEY).form(&one_off_form());
    let read = match request.header("Idempotency-Key", "lost-2").send().await {
        Ok(reply) => reply.bytes().await,
        Err(error) => Err(error),
    };
    assert!(read.is_err());
    for key in ["lost-1", "lost-2"] {
        let retried = stripe.post_with_key("/v1/checkout/sessions", &one_off_form(), key).await;
        assert_eq!(retried.headers()["Idempotent-Replayed"], "true");
    }
    assert_eq!(stripe.practice.objects("checkout.session").len(), 2);
}

#[tokio::test]
async fn a_call_that_hangs_is_carried_out_even_if_the_caller_disconnects() {
    let stripe = TestStripe::start().await;
    stripe.practice.break_next_calls(Trouble::Hang(Duration::from_secs(3_600)), 1);
    let url = stripe.url("/v1/checkout/sessions");
    let request = stripe.http.post(url).bearer_auth(KEY).form(&one_off_form());
    let mut waiting = std::pin::pin!(request.send());
    // The response does not arrive during the test, so the loop waits until the session is stored.
    loop {
        tokio::select! {
            _ = &mut waiting => panic!("the call returned a response although it must hang"),
            () = tokio::task::yield_now() => {}
        }
        if !stripe.practice.objects("checkout.session").is_empty() {
            break;
        }
    }
}
