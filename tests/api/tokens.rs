//! Supporter tokens: the browser that made a gift gets one, and no other client does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keepopen::contributions::EntryKind as Kind;
use keepopen::keys::CheckPurpose;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::{Gift, ORIGIN, TestApp, forged};

#[tokio::test]
async fn a_token_request_that_arrives_before_the_webhook_books_the_same_entries() {
    for interval in ["once", "month"] {
        let app = TestApp::start().await;
        let gift = app.give(1000, interval).await;
        let token = app.token(&gift).await;
        assert_eq!(app.ledger().await, [(Kind::Payment, 1000)]);
        let before = app.app.store.entries().await.unwrap();
        app.deliver_and_process_all_events().await;
        assert_eq!(app.app.store.entries().await.unwrap(), before);
        let supporter = app.get("/v1/supporter", Some(&token)).await;
        assert_eq!(supporter.text("standing"), if interval == "once" { "one_off" } else { "recurring" });
        app.finish().await;
    }
}

#[tokio::test]
async fn simultaneous_token_requests_and_webhooks_book_a_gift_once() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "month").await;
    let (answers, ()) = tokio::join!(
        async { tokio::join!(app.exchange(&gift), app.exchange(&gift), app.exchange(&gift)) },
        app.deliver_and_process_all_events(),
    );
    assert_eq!([answers.0.status, answers.1.status, answers.2.status], [200, 200, 200]);
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000)]);
    app.finish().await;
}

#[tokio::test]
async fn a_session_id_with_the_id_of_another_attempt_to_give_gets_no_token() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    let other = app.give(1000, "once").await;
    for attempt in [Uuid::nil(), other.attempt] {
        let answer = app.exchange(&Gift { attempt, ..gift.clone() }).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (404, "attempt_not_found"));
    }
    app.finish().await;
}

#[tokio::test]
async fn a_token_can_be_fetched_again_only_for_ten_minutes() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    let token = app.token(&gift).await;
    app.app.clock.advance(600_000);
    assert_eq!(app.token(&gift).await, token, "a repeated request must get the same token");
    app.app.clock.advance(1);
    assert_eq!(app.exchange(&gift).await.code(), "already_exchanged");
    app.finish().await;
}

#[tokio::test]
async fn a_token_can_be_fetched_for_a_day_after_the_payment() {
    let app = TestApp::start().await;
    let early = app.give(1000, "once").await;
    let late = app.give(1500, "once").await;
    app.deliver_and_process_all_events().await;
    app.advance_days(1);
    app.token(&early).await;
    app.app.clock.advance(1);
    assert_eq!(app.exchange(&late).await.code(), "token_window_expired");
    app.finish().await;
}

#[tokio::test]
async fn a_token_contains_what_a_site_needs_and_no_personal_data() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "month").await;
    app.deliver_and_process_all_events().await;
    let answer = app.exchange(&gift).await;
    let token = answer.text("token");
    let decoded_part = |index: usize| -> Value {
        let part = token.split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let (head, claims) = (decoded_part(0), decoded_part(1));
    let jwks = app.get("/.well-known/jwks.json", None).await.json;
    assert_eq!((head["alg"].as_str(), head["typ"].as_str()), (Some("EdDSA"), Some("supporter+jwt")));
    assert_eq!(head["kid"], jwks["keys"][0]["kid"]);
    assert_eq!(
        jwks["keys"][0].as_object().unwrap().get("d"),
        None,
        "the published key must not contain the private part"
    );
    let mut names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected_names = [
        "aud",
        "entitlements",
        "epoch",
        "exp",
        "iat",
        "iss",
        "jti",
        "quiet_until",
        "scope",
        "standing",
        "sub",
    ];
    assert_eq!(names, expected_names);
    assert_eq!((&claims["aud"], &claims["iss"]), (&json!("journal"), &json!("https://give.example.org")));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 86_400);
    assert_eq!(claims["sub"], answer.json["supporter"]);
    app.finish().await;
}

#[tokio::test]
async fn a_reader_with_an_expired_or_invalid_token_has_an_unknown_standing_and_is_not_asked() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "month").await;
    app.deliver_and_process_all_events().await;
    let token = app.token(&gift).await;
    app.advance_days(1);
    let verdict = app.banner(Some(&token)).await;
    assert_eq!(
        (&verdict["reason"], &verdict["token_problem"]),
        (&"unknown_standing".into(), &"token_expired".into())
    );
    assert_eq!(app.get("/v1/supporter", Some(&token)).await.code(), "token_expired");
    assert_eq!(app.banner(Some("garbage")).await["reason"], "unknown_standing");
    assert_eq!(app.get("/v1/supporter", Some("garbage")).await.code(), "token_invalid");
    assert_eq!(app.get("/v1/supporter", None).await.code(), "token_missing");
    app.finish().await;
}

#[tokio::test]
async fn a_token_of_one_site_is_not_accepted_on_another() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "month").await;
    app.deliver_and_process_all_events().await;
    let token = app.token(&gift).await;
    let answer = app.post("/v1/banner", &json!({"site": "gazette", "token": token, "history": {}})).await;
    assert_eq!(answer.json["show"], false);
    let other = json!({"grant": "checkout_session", "site": "gazette", "session": gift.session, "attempt": gift.attempt});
    assert_eq!(app.post("/v1/tokens", &other).await.code(), "origin_not_allowed");
    app.finish().await;
}

#[tokio::test]
async fn an_instance_that_does_not_know_of_a_refund_yet_reads_it_from_the_database() {
    let app = TestApp::start().await;
    let gift = app.give(1500, "once").await;
    app.deliver_and_process_all_events().await;
    let token = app.token(&gift).await;
    let other = keepopen::actions::start(app.app.settings.clone(), app.app.clock.clone()).await.unwrap();
    app.stripe.refund(&app.stripe.payments(&gift.session).charge.unwrap(), None).unwrap();
    app.deliver_all_events().await;
    keepopen::actions::process_due_events(&other, &other.as_job("inbox")).await.unwrap();
    assert!(
        app.app.tokens.check(&token, CheckPurpose::Acting, "journal", app.app.now_ms()).is_ok(),
        "this instance must not know of the refund yet"
    );
    assert_eq!(app.get("/v1/supporter", Some(&token)).await.code(), "token_superseded");
    // The epoch of a supporter increases with each reversed payment. A token with an older epoch is superseded.
    keepopen::actions::sync_epochs(&app.app).await.unwrap();
    assert_eq!(app.banner(Some(&token)).await["reason"], "unknown_standing");
    other.store.close().await;
    app.finish().await;
}

#[tokio::test]
async fn a_superseded_token_stays_superseded_after_a_restart() {
    let app = TestApp::start().await;
    let gift = app.give(1500, "once").await;
    app.deliver_and_process_all_events().await;
    let token = app.token(&gift).await;
    app.stripe.refund(&app.stripe.payments(&gift.session).charge.unwrap(), None).unwrap();
    app.deliver_and_process_all_events().await;
    let restarted = keepopen::actions::start(app.app.settings.clone(), app.app.clock.clone()).await.unwrap();
    let result = restarted.tokens.check(&token, CheckPurpose::Acting, "journal", restarted.now_ms());
    assert_eq!(result, Err(keepopen::keys::BadToken::Superseded));
    restarted.store.close().await;
    app.finish().await;
}

#[tokio::test]
async fn a_page_of_another_origin_or_a_body_that_is_not_json_gets_no_token() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "once").await;
    let body = json!({"grant": "checkout_session", "site": "journal", "session": gift.session, "attempt": gift.attempt});
    let url = format!("{}/v1/tokens", app.url);
    let foreign = app.send(app.client.post(&url).header("origin", "https://evil.example").json(&body)).await;
    assert_eq!((foreign.status.as_u16(), foreign.code()), (403, "origin_not_allowed"));
    let plain = app.client.post(&url).header("origin", ORIGIN).header("content-type", "text/plain");
    let plain = app.send(plain.body(body.to_string())).await;
    assert_eq!((plain.status.as_u16(), plain.code()), (415, "unsupported_media_type"));
    for wrong in [
        json!({}),
        json!({"grant": "password"}),
        json!({"grant": "checkout_session", "site": "journal", "session": "a", "attempt": "not a uuid"}),
    ] {
        assert_eq!(app.post("/v1/tokens", &wrong).await.code(), "invalid_request", "{wrong}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_flood_of_forged_tokens_only_affects_readers_whose_tokens_were_not_checked_before() {
    let app = TestApp::start_with("[tokens]\nchecks_per_second = 2").await;
    let (one, other) = (app.give(1000, "month").await, app.give(1000, "month").await);
    app.deliver_and_process_all_events().await;
    let (checked_token, unchecked_token) = (app.token(&one).await, app.token(&other).await);
    assert_eq!(app.banner(Some(&checked_token)).await["reason"], "supporter");
    assert_eq!(app.banner(Some(&forged(&checked_token, 1))).await["reason"], "unknown_standing");
    for number in 2..5 {
        let verdict = app.banner(Some(&forged(&checked_token, number))).await;
        assert_eq!(verdict, json!({"show": false, "reason": "overloaded", "next_eligible_at": null}));
    }
    assert_eq!(app.banner(Some(&unchecked_token)).await["reason"], "overloaded");
    assert_eq!(app.banner(Some(&checked_token)).await["reason"], "supporter");
    assert_eq!(app.banner(None).await["reason"], "matched");
    let nowhere = json!({"site": "nowhere", "token": unchecked_token});
    assert_eq!(app.post("/v1/banner", &nowhere).await.code(), "site_not_found");
    let metrics = app.app.metrics.render();
    for line in ["remembered\"} 1", "good\"} 1", "bad\"} 1", "unchecked\"} 5"] {
        assert!(
            metrics.contains(&format!("keepopen_token_checks_total{{outcome=\"{line}\n")),
            "{line}\n{metrics}"
        );
    }
    app.app.clock.advance(1000);
    assert_eq!(app.banner(Some(&unchecked_token)).await["reason"], "supporter");
    app.finish().await;
}

#[tokio::test]
async fn a_supporter_whose_token_can_not_be_checked_now_gets_an_error() {
    let app = TestApp::start_with("[tokens]\nchecks_per_second = 1").await;
    let gift = app.give(1000, "month").await;
    app.deliver_and_process_all_events().await;
    let token = app.token(&gift).await;
    assert_eq!(app.banner(Some(&forged(&token, 1))).await["reason"], "unknown_standing");
    assert_eq!(app.get("/v1/supporter", Some(&forged(&token, 1))).await.code(), "token_invalid");
    let answer = app.get("/v1/supporter", Some(&token)).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, "overloaded"));
    app.app.clock.advance(1000);
    assert_eq!(app.get("/v1/supporter", Some(&token)).await.text("standing"), "recurring");
    app.finish().await;
}
