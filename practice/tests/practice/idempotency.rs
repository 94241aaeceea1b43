//! Tests that idempotency keys have the same effects as in Stripe's API.

use keepopen_practice::{PaymentChoice, Trouble};
use serde_json::Value;

use crate::helpers::{TestStripe, one_off_form};

const PATH: &str = "/v1/checkout/sessions";

#[tokio::test]
async fn the_same_key_and_parameters_return_the_stored_reply() {
    let stripe = TestStripe::start().await;
    let first = stripe.post_with_key(PATH, &one_off_form(), "k").await;
    assert!(first.headers().get("Idempotent-Replayed").is_none());
    let mut reversed = one_off_form();
    reversed.reverse();
    let second = stripe.post_with_key(PATH, &reversed, "k").await;
    assert_eq!(second.headers()["Idempotent-Replayed"], "true");
    assert_eq!(second.headers()["Original-Request"], first.headers()["Request-Id"]);
    let (first, second): (Value, Value) = (first.json().await.unwrap(), second.json().await.unwrap());
    assert_eq!(first, second);
    assert_eq!(stripe.practice.objects("checkout.session").len(), 1);
}

#[tokio::test]
async fn the_same_key_with_other_parameters_returns_an_idempotency_error() {
    let stripe = TestStripe::start().await;
    stripe.post_with_key(PATH, &one_off_form(), "k").await;
    let mut form = one_off_form();
    form.push(("client_reference_id", "other"));
    let reply = stripe.post_with_key(PATH, &form, "k").await;
    assert_eq!(reply.status(), 400);
    let body: Value = reply.json().await.unwrap();
    assert_eq!(body["error"]["type"], "idempotency_error");
    assert_eq!(stripe.practice.objects("checkout.session").len(), 1);
}

#[tokio::test]
async fn a_stored_500_is_returned_for_its_key_and_another_key_succeeds() {
    let stripe = TestStripe::start().await;
    stripe.practice.break_next_calls(Trouble::Status(500), 1);
    assert_eq!(stripe.post_with_key(PATH, &one_off_form(), "k").await.status(), 500);
    let again = stripe.post_with_key(PATH, &one_off_form(), "k").await;
    assert_eq!(again.status(), 500);
    assert_eq!(again.headers()["Idempotent-Replayed"], "true");
    assert_eq!(stripe.post_with_key(PATH, &one_off_form(), "k-2").await.status(), 200);
    assert_eq!(stripe.practice.objects("checkout.session").len(), 1);
}

#[tokio::test]
async fn the_error_of_a_call_that_began_is_stored_too() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    let path = format!("{PATH}/{session}/expire");
    let no_params: [(&str, &str); 0] = [];
    assert_eq!(stripe.post_with_key(&path, &no_params, "k").await.status(), 400);
    let again = stripe.post_with_key(&path, &no_params, "k").await;
    assert_eq!((again.status().as_u16(), again.headers().contains_key("Idempotent-Replayed")), (400, true));
}

#[tokio::test]
async fn the_error_of_a_call_that_did_not_begin_is_not_stored() {
    let stripe = TestStripe::start().await;
    stripe.practice.break_next_calls(Trouble::Status(429), 1);
    assert_eq!(stripe.post_with_key(PATH, &one_off_form(), "limited").await.status(), 429);
    assert_eq!(stripe.post_with_key(PATH, &one_off_form(), "limited").await.status(), 200);
    let invalid_form = [one_off_form(), vec![("colour", "red")]].concat();
    assert_eq!(stripe.post_with_key(PATH, &invalid_form, "corrected").await.status(), 400);
    assert_eq!(stripe.post_with_key(PATH, &one_off_form(), "corrected").await.status(), 200);
}
