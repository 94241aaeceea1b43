//! Requests of a site's back end for the standing of a supporter.

use serde_json::json;

use crate::helpers::{EMAIL, TestApp};

#[tokio::test]
async fn a_back_end_finds_a_supporter_by_id_or_by_email_address_with_its_secret_key() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "month").await;
    app.deliver_and_process_all_events().await;
    let id = app.exchange(&gift).await.text("supporter").to_owned();
    let key = app.api_key().await;
    let by_id = app.get(&format!("/v1/supporters/{id}?site=journal"), Some(&key)).await;
    assert_eq!((by_id.text("standing"), by_id.text("supporter")), ("recurring", id.as_str()));
    let lookup = app.client.post(format!("{}/v1/supporters/lookup", app.url)).bearer_auth(&key);
    let found = app.send(lookup.json(&json!({"site": "journal", "email": " Reader@Example.ORG "}))).await;
    assert_eq!(found.json, by_id.json);
    let elsewhere = app.get(&format!("/v1/supporters/{id}?site=gazette"), Some(&key)).await;
    assert_eq!(elsewhere.text("standing"), "none", "a standing must only apply to its own site");
    assert!(!by_id.json.to_string().contains(EMAIL));
    app.finish().await;
}

#[tokio::test]
async fn the_standing_of_a_supporter_is_not_returned_without_a_valid_key() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "month").await;
    app.deliver_and_process_all_events().await;
    let answer = app.exchange(&gift).await;
    let path = format!("/v1/supporters/{}?site=journal", answer.text("supporter"));
    assert_eq!(app.get(&path, None).await.code(), "api_key_missing");
    let key = app.api_key().await;
    let mut wrong = key.clone();
    let last = wrong.pop().unwrap();
    wrong.push(if last == 'A' { 'B' } else { 'A' });
    for bad in ["nonsense", answer.text("token"), wrong.as_str(), "keepopen_sk_"] {
        let answer = app.get(&path, Some(bad)).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (401, "api_key_invalid"), "{bad}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
    assert_eq!(app.get("/v1/supporter", Some(&key)).await.code(), "token_invalid");
    let without_scope = keepopen::actions::create_api_key(&app.app.as_operator(), "none", &[]).await.unwrap();
    assert_eq!(app.get(&path, Some(&without_scope.secret)).await.code(), "scope_missing");
    app.finish().await;
}

#[tokio::test]
async fn a_lookup_by_a_changed_address_finds_the_giver_even_if_the_change_was_reported_first() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "month").await;
    let paid = app.stripe.payments(&gift.session);
    app.advance_days(1);
    app.stripe.change_email(&paid.customer.unwrap(), "moved@example.org").unwrap();
    app.advance_days(30);
    let second = app.stripe.next_period(&paid.subscription.unwrap(), true).unwrap().unwrap();
    // The second invoice and the customer's new address are delivered before the session.
    for kind in ["invoice.paid", "customer.updated"] {
        let events = app.stripe.events();
        let is_wanted = |it: &&serde_json::Value| {
            it["type"] == kind
                && (kind == "customer.updated" || it["data"]["object"]["id"] == second.as_str())
        };
        assert_eq!(app.deliver(events.iter().find(is_wanted).unwrap()).await.status, 200);
        app.process_inbox().await;
    }
    app.deliver_and_process_all_events().await;
    assert_eq!(app.standing().await, "recurring");
    let key = app.api_key().await;
    let lookup = app.client.post(format!("{}/v1/supporters/lookup", app.url)).bearer_auth(&key);
    let found = app.send(lookup.json(&json!({"site": "journal", "email": "moved@example.org"}))).await;
    assert_eq!(found.text("standing"), "recurring");
    app.finish().await;
}

#[tokio::test]
async fn a_request_for_an_unknown_supporter_is_answered_with_not_found() {
    let app = TestApp::start().await;
    let key = app.api_key().await;
    let get = async |path: &str| app.get(path, Some(&key)).await;
    for id in ["sup_0000000000000000000000000v", "con_00000000000000000000000000", "%00", "x"] {
        assert_eq!(
            get(&format!("/v1/supporters/{id}?site=journal")).await.code(),
            "supporter_not_found",
            "{id}"
        );
    }
    assert_eq!(get("/v1/supporters/sup_0000000000000000000000000v").await.code(), "invalid_request");
    let lookup = async |body| {
        let request = app.client.post(format!("{}/v1/supporters/lookup", app.url)).bearer_auth(&key);
        app.send(request.json(&body)).await
    };
    assert_eq!(
        lookup(json!({"site": "journal", "email": "nobody@example.org"})).await.code(),
        "supporter_not_found"
    );
    assert_eq!(lookup(json!({"site": "journal", "email": "nobody"})).await.code(), "invalid_request");
    assert_eq!(lookup(json!({"site": "journal"})).await.code(), "invalid_request");
    app.finish().await;
}
