//! Tests which settings the practice Stripe accepts and rejects, and that it starts and stops.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use keepopen_practice::{PracticeStripe, StartError};

use crate::helpers::{NOON, TestStripe, settings};

#[tokio::test]
async fn a_live_key_is_rejected() {
    let clock = Arc::new(AtomicI64::new(NOON));
    for key in ["sk_live_abc", "rk_live_abc", " sk_live_abc"] {
        let mut wanted = settings(&clock);
        wanted.secret_key = key.to_owned();
        assert!(matches!(PracticeStripe::start(wanted).await, Err(StartError::LiveKey)), "{key}");
    }
}

#[tokio::test]
async fn a_key_that_is_not_a_secret_test_key_is_rejected() {
    let clock = Arc::new(AtomicI64::new(NOON));
    for key in ["", "pk_test_abc", "secret"] {
        let mut wanted = settings(&clock);
        wanted.secret_key = key.to_owned();
        assert!(matches!(PracticeStripe::start(wanted).await, Err(StartError::NotATestKey)), "{key}");
    }
}

#[tokio::test]
async fn only_loopback_addresses_are_accepted() {
    let clock = Arc::new(AtomicI64::new(NOON));
    for bind in ["0.0.0.0:0", "192.0.2.1:0", "[::]:0"] {
        let mut wanted = settings(&clock);
        wanted.bind = bind.parse().unwrap();
        assert!(matches!(PracticeStripe::start(wanted).await, Err(StartError::NotLoopback(_))), "{bind}");
    }
}

#[tokio::test]
async fn the_error_for_a_port_in_use_contains_the_address() {
    let stripe = TestStripe::start().await;
    let mut wanted = settings(&stripe.clock);
    wanted.bind = stripe.practice.url().trim_start_matches("http://").parse().unwrap();
    let error = PracticeStripe::start(wanted).await.err().unwrap();
    assert!(error.to_string().contains("127.0.0.1"), "{error}");
}

#[tokio::test]
async fn stop_closes_the_port() {
    // This test uses 127.0.0.2, because another test on 127.0.0.1 could take the port as soon as it is free.
    let mut wanted = settings(&Arc::new(AtomicI64::new(NOON)));
    wanted.bind = ([127, 0, 0, 2], 0).into();
    let practice = PracticeStripe::start(wanted).await.unwrap();
    let url = format!("{}/console", practice.url());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(http.get(&url).send().await.is_ok());
    practice.stop().await;
    assert!(http.get(&url).send().await.is_err());
}

#[actix_web::test]
async fn the_practice_stripe_also_starts_inside_an_actix_runtime() {
    let stripe = TestStripe::start().await;
    assert_eq!(stripe.http.get(stripe.url("/console")).send().await.unwrap().status(), 200);
}
