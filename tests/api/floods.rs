//! Floods of requests. Each request costs a call to Stripe or a signature check. Only the client that sends the flood
//! is refused.

use keepopen::actions;
use keepopen::config::ForwardedHeader;
use keepopen::sites::Settings;
use keepopen_practice::PaymentChoice;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::{Answer, Gift, ORIGIN, TestApp, checkout_body, forged};

/// Converts a number to the type of a limit in the settings.
fn limit<T: TryFrom<u32>>(number: u32) -> T {
    T::try_from(number).ok().unwrap()
}

/// Returns the body of a checkout with a new attempt id.
fn new_attempt() -> Value {
    checkout_body(Uuid::from_u128(fastrand::u128(..)), 1000, "once")
}

/// Starts a service that accepts three checkouts per minute from one address.
async fn start_with_three_per_minute(change: impl FnOnce(&mut Settings)) -> TestApp {
    TestApp::start_changed("", |settings| {
        settings.limits.checkout_address_per_minute = limit(3);
        change(settings);
    })
    .await
}

#[track_caller]
fn assert_limited(answer: &Answer, seconds: u32) {
    assert_eq!((answer.status.as_u16(), answer.code()), (429, "rate_limited"));
    assert_eq!(answer.json["retry_after_seconds"], seconds);
    assert_eq!(answer.headers["retry-after"], seconds.to_string());
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn checkouts_are_limited_per_address_and_readers_at_other_addresses_can_give() {
    let app = start_with_three_per_minute(|_| ()).await;
    for address in ["192.0.2.1", "2001:db8:1:2::1"] {
        for _ in 0..3 {
            assert_eq!(app.post_from(address, "/v1/checkout", &new_attempt()).await.status, 200);
        }
        assert_limited(&app.post_from(address, "/v1/checkout", &new_attempt()).await, 20);
    }
    assert_limited(&app.post_from("2001:db8:1:2:ffff::9", "/v1/checkout", &new_attempt()).await, 20);
    assert_limited(&app.post_from("192.0.2.1:4711", "/v1/checkout", &json!({})).await, 20);
    assert_eq!(app.stripe.objects("checkout.session").len(), 6, "a refused checkout must not call Stripe");
    assert_eq!(app.post_from("192.0.2.2", "/v1/checkout", &new_attempt()).await.status, 200);
    let metric_line = "keepopen_rate_limited_total{route=\"/v1/checkout\",by=\"address\"} 4\n";
    assert!(app.app.metrics.render().contains(metric_line), "{}", app.app.metrics.render());
    app.app.clock.advance(20_000);
    assert_eq!(app.post_from("192.0.2.1", "/v1/checkout", &new_attempt()).await.status, 200);
    assert_limited(&app.post_from("192.0.2.1", "/v1/checkout", &new_attempt()).await, 20);
    app.finish().await;
}

#[tokio::test]
async fn another_spelling_of_the_path_does_not_evade_the_limit() {
    let app =
        start_with_three_per_minute(|settings| settings.limits.token_address_per_minute = limit(3)).await;
    for (number, path) in ["/v1/%63heckout", "/%76%31/checkout", "/v1/%74okens"].into_iter().enumerate() {
        let address = format!("192.0.2.{number}");
        for _ in 0..3 {
            assert_eq!(app.post_from(&address, path, &json!({})).await.code(), "invalid_request");
        }
        assert_limited(&app.post_from(&address, path, &json!({})).await, 20);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_forwarded_address_is_only_accepted_from_a_trusted_proxy() {
    let request_with = |app: &TestApp, header: &str, value: String| {
        let request = app.client.post(format!("{}/v1/checkout", app.url)).header("origin", ORIGIN);
        request.header(header, value).json(&new_attempt())
    };
    // Each call claims another address. The service uses the claimed address only if the settings trust the proxy and
    // name this header. Otherwise, all calls count for this machine's address.
    for (proxies, header, trusted_header, expected) in [
        (&["127.0.0.1/32"][..], "x-forwarded-for", ForwardedHeader::XForwardedFor, 9),
        (&[], "x-forwarded-for", ForwardedHeader::XForwardedFor, 3),
        (&["127.0.0.1/32"], "forwarded", ForwardedHeader::XForwardedFor, 3),
        (&["127.0.0.1/32"], "x-forwarded-for", ForwardedHeader::Forwarded, 3),
        (&["127.0.0.1/32"], "forwarded", ForwardedHeader::Forwarded, 9),
    ] {
        let app = start_with_three_per_minute(|settings| {
            settings.server.trusted_proxies = proxies.iter().map(|it| it.parse().unwrap()).collect();
            settings.server.forwarded_header = trusted_header;
        })
        .await;
        let mut accepted = 0;
        for number in 0..9 {
            let name = if header == "forwarded" { "for=" } else { "" };
            let answer = app.send(request_with(&app, header, format!("{name}192.0.2.{number}"))).await;
            accepted += usize::from(answer.status == 200);
        }
        assert_eq!(accepted, expected, "{proxies:?} {header} {trusted_header:?}");
        app.finish().await;
    }
    // A proxy adds the client's address at the right end of the header. What the client itself sent is to the left of
    // that address, so the service does not use it.
    let app = start_with_three_per_minute(|_| ()).await;
    for number in 0..9 {
        let answer =
            app.send(request_with(&app, "x-forwarded-for", format!("203.0.113.{number}, 192.0.2.1"))).await;
        assert_eq!(answer.status, if number < 3 { 200 } else { 429 });
    }
    app.finish().await;
}

#[tokio::test]
async fn checkouts_are_limited_per_attempt_and_per_site() {
    let app = TestApp::start_changed("", |settings| {
        settings.limits.checkout_attempt_per_minute = limit(2);
        settings.limits.checkout_site_per_minute = limit(4);
    })
    .await;
    let attempt = new_attempt();
    for status in [200, 200, 429, 429, 429] {
        assert_eq!(app.post("/v1/checkout", &attempt).await.status, status);
    }
    for status in [200, 200, 429] {
        assert_eq!(app.post("/v1/checkout", &new_attempt()).await.status, status);
    }
    let refused = app.post("/v1/checkout", &new_attempt()).await;
    assert_eq!(refused.json["fallback_url"], "https://journal.example.org/give");
    let yen = json!({"site": "gazette", "attempt": Uuid::from_u128(2), "amount_minor": 500, "currency": "JPY",
        "interval": "once", "return_url": "https://gazette.example.org/"});
    let request = app.client.post(format!("{}/v1/checkout", app.url)).json(&yen);
    assert_eq!(app.send(request).await.status, 200, "another site must have its own limit");
    app.finish().await;
}

#[tokio::test]
async fn polling_an_unpaid_attempt_calls_stripe_once_in_five_seconds() {
    let app = TestApp::start_changed("", |settings| settings.limits.stripe_read_seconds = 5).await;
    let gift = app.start_gift(1000, "once").await;
    let calls_to_stripe = || {
        let text = app.app.metrics.render();
        let line = text.lines().find(|line| line.starts_with("keepopen_stripe_calls_total{outcome=\"ok\"}"));
        line.unwrap().rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let before = calls_to_stripe();
    let (one, two) = tokio::join!(app.exchange(&gift), app.exchange(&gift));
    assert_eq!((one.code(), two.code()), ("payment_unpaid", "payment_unpaid"));
    for _ in 0..20 {
        assert_eq!(app.exchange(&gift).await.code(), "payment_unpaid");
    }
    assert_eq!(calls_to_stripe() - before, 1);
    app.stripe.pay(&gift.session, PaymentChoice::Card).unwrap();
    app.app.clock.advance(5000);
    assert_eq!(app.exchange(&gift).await.status, 200);
    assert_eq!(calls_to_stripe() - before, 2);
    app.finish().await;
}

#[tokio::test]
async fn a_failed_call_to_stripe_is_not_cached() {
    let app = TestApp::start_changed("", |settings| settings.limits.stripe_read_seconds = 5).await;
    let gift = app.give(1000, "once").await;
    app.stripe.break_api(Some(keepopen_practice::Trouble::Status(400)));
    assert!(app.exchange(&gift).await.status.is_server_error());
    app.stripe.break_api(None);
    assert_eq!(app.exchange(&gift).await.status, 200);
    app.finish().await;
}

#[tokio::test]
async fn token_requests_are_limited_per_address_per_attempt_and_per_site() {
    let app = TestApp::start_changed("", |settings| {
        settings.limits.token_address_per_minute = limit(6);
        settings.limits.token_attempt_per_minute = limit(2);
        settings.limits.token_site_per_minute = limit(5);
    })
    .await;
    let ask = async |address: &str, attempt: u128| {
        let body = json!({"grant": "checkout_session", "site": "journal", "session": "cs_test_none", "attempt": Uuid::from_u128(attempt)});
        app.post_from(address, "/v1/tokens", &body).await.status.as_u16()
    };
    assert_eq!(
        [ask("192.0.2.1", 1).await, ask("192.0.2.1", 1).await, ask("192.0.2.1", 1).await],
        [404, 404, 429]
    );
    assert_eq!(
        [ask("192.0.2.1", 2).await, ask("192.0.2.1", 3).await, ask("192.0.2.1", 4).await],
        [404, 404, 404]
    );
    assert_eq!(ask("192.0.2.1", 5).await, 429, "this address has sent its six requests");
    assert_eq!(ask("192.0.2.2", 6).await, 429, "the site has received its five requests");
    let text = app.app.metrics.render();
    for by in ["address", "attempt", "site"] {
        let line = format!("keepopen_rate_limited_total{{route=\"/v1/tokens\",by=\"{by}\"}} 1\n");
        assert!(text.contains(&line), "{line}{text}");
    }
    app.finish().await;
}

#[tokio::test]
async fn unused_attempts_to_give_are_removed_after_thirty_days_and_paid_ones_stay() {
    let app = TestApp::start().await;
    let unused = app.start_gift(1000, "once").await;
    let paid = app.give(1000, "once").await;
    let exchanged = app.give(1000, "month").await;
    app.deliver_and_process_all_events().await;
    app.token(&exchanged).await;
    let is_known = async |gift: &Gift| {
        app.app.store.checkout("journal", &gift.attempt.to_string()).await.unwrap().is_some()
    };
    app.advance_days(30);
    actions::remove_unused_attempts(&app.app, &app.app.as_job("attempts")).await.unwrap();
    assert!(is_known(&unused).await);
    app.app.clock.advance(1);
    actions::remove_unused_attempts(&app.app, &app.app.as_job("attempts")).await.unwrap();
    assert_eq!(
        [is_known(&unused).await, is_known(&paid).await, is_known(&exchanged).await],
        [false, true, true]
    );
    assert_eq!(app.exchange(&unused).await.code(), "attempt_not_found");
    assert_eq!(app.exchange(&paid).await.code(), "token_window_expired");
    app.finish().await;
}

#[tokio::test]
async fn an_address_that_sends_forged_tokens_does_not_affect_supporters_at_other_addresses() {
    let app = TestApp::start_with("[tokens]\nchecks_per_second = 10\naddress_bad_per_minute = 5").await;
    let gifts = [app.give(1000, "month").await, app.give(1500, "once").await];
    app.deliver_and_process_all_events().await;
    let (one, other) = (app.token(&gifts[0]).await, app.token(&gifts[1]).await);
    let ask = async |address: &str, token: &str| {
        let question = json!({"site": "journal", "history": {}, "token": token});
        app.post_from(address, "/v1/banner", &question).await.json["reason"].as_str().unwrap().to_owned()
    };
    for number in 1..=6 {
        assert_eq!(ask("192.0.2.1", &forged(&one, number)).await, "unknown_standing");
    }
    for number in 7..=200 {
        assert_eq!(ask("192.0.2.1", &forged(&one, number)).await, "overloaded");
    }
    assert_eq!(ask("192.0.2.2", &one).await, "supporter");
    assert_eq!(
        ask("192.0.2.1", &one).await,
        "supporter",
        "a token that was checked before must still be accepted"
    );
    assert_eq!(ask("192.0.2.1", &other).await, "overloaded");
    // A route that needs a supporter's token says when to retry.
    let request = app.client.get(format!("{}/v1/supporter", app.url)).header("x-forwarded-for", "192.0.2.1");
    let answer = app.send(request.bearer_auth(&other)).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, "overloaded"));
    assert_eq!(answer.headers["retry-after"], "1");
    assert!(app.app.metrics.render().contains("keepopen_token_checks_total{outcome=\"limited\"} 196\n"));
    app.app.clock.advance(60_000);
    assert_eq!(ask("192.0.2.1", &other).await, "supporter");
    app.finish().await;
}
