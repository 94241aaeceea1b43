//! Faults on purpose: calls that fail, hang, or whose answers are lost.

use std::time::Duration;

use keepopen_practice::Trouble;

use crate::helpers::{KEY, Stand, once_form};

#[tokio::test]
async fn trouble_ends_after_as_many_calls_as_were_asked_for() {
    let stand = Stand::start().await;
    stand.practice.break_next_calls(Trouble::Status(503), 2);
    assert_eq!(stand.get("/v1/events").await.0, 503);
    assert_eq!(stand.get("/v1/events").await.0, 503);
    assert_eq!(stand.get("/v1/events").await.0, 200);
    stand.practice.break_api(Some(Trouble::Status(429)));
    assert_eq!(stand.get("/v1/events").await.0, 429);
    assert_eq!(stand.get("/v1/events").await.0, 429);
    stand.practice.break_api(None);
    assert_eq!(stand.get("/v1/events").await.0, 200);
}

#[tokio::test]
async fn lost_answers_belong_to_calls_that_were_carried_out() {
    let stand = Stand::start().await;
    stand.practice.break_next_calls(Trouble::HtmlBadGateway, 1);
    let reply = stand.post_with_key("/v1/checkout/sessions", &once_form(), "lost-1").await;
    assert_eq!(reply.status(), 502);
    assert!(reply.text().await.unwrap().starts_with("<html>"));
    stand.practice.break_next_calls(Trouble::Drop, 1);
    let request = stand.http.post(stand.at("/v1/checkout/sessions")).bearer_auth(KEY).form(&once_form());
    let read = match request.header("Idempotency-Key", "lost-2").send().await {
        Ok(reply) => reply.bytes().await,
        Err(error) => Err(error),
    };
    assert!(read.is_err());
    for key in ["lost-1", "lost-2"] {
        let again = stand.post_with_key("/v1/checkout/sessions", &once_form(), key).await;
        assert_eq!(again.headers()["Idempotent-Replayed"], "true");
    }
    assert_eq!(stand.practice.objects("checkout.session").len(), 2);
}

#[tokio::test]
async fn a_call_that_hangs_is_carried_out_though_the_caller_gave_up() {
    let stand = Stand::start().await;
    stand.practice.break_next_calls(Trouble::Hang(Duration::from_secs(3_600)), 1);
    let request = stand.http.post(stand.at("/v1/checkout/sessions")).bearer_auth(KEY).form(&once_form());
    let mut waiting = std::pin::pin!(request.send());
    // Whoever comes first: the session in the books, since the answer never comes.
    loop {
        tokio::select! {
            _ = &mut waiting => panic!("it answered"),
            () = tokio::task::yield_now() => {}
        }
        if !stand.practice.objects("checkout.session").is_empty() {
            break;
        }
    }
}
