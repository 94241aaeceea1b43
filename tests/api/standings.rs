//! A supporter's standing can change after a token with the old standing was issued. The banner then uses the new
//! standing, on every instance.

use keepopen::actions;
use keepopen::keys::Scope;
use keepopen::supporters::MAX_RECENT_STANDINGS;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::helpers::{Answer, Gift, TestApp};
use crate::not_ours::deliver_all;

const APPEALS: &str = r#"
[[appeals]]
id = "help"
sites = ["journal"]
kind = "ask"
surface = ["banner"]
live = "live"
[[appeals.variants]]
id = "a"
copy = { heading = "We need your help now", cta = "Give" }

[[appeals]]
id = "thanks"
sites = ["journal"]
kind = "thank"
surface = ["banner"]
live = "live"
audience = { standings = ["recurring"] }
[[appeals.variants]]
id = "a"
copy = { heading = "Thank you" }

[[appeals]]
id = "card"
sites = ["journal"]
kind = "fix_card"
surface = ["banner"]
live = "live"
[[appeals.variants]]
id = "a"
copy = { heading = "Your card was declined", cta = "Update your card" }

[[appeals]]
id = "back"
sites = ["journal"]
kind = "win_back"
priority = 1
surface = ["banner"]
live = "live"
[[appeals.variants]]
id = "a"
copy = { heading = "We miss you", cta = "Give again" }
"#;

/// Starts a server with an appeal of each kind.
async fn start() -> TestApp {
    TestApp::start_changed("", |settings| {
        std::fs::write(settings.appeals.file.as_ref().unwrap(), APPEALS).unwrap();
    })
    .await
}

/// Makes and pays a monthly gift. Returns it with its token.
async fn create_monthly_supporter(app: &TestApp) -> (Gift, String) {
    let gift = app.give(1000, "month").await;
    app.deliver_and_process_all_events().await;
    let token = app.token(&gift).await;
    (gift, token)
}

/// Renews the monthly gift with a card that fails.
fn fail_next_renewal(app: &TestApp, gift: &Gift) {
    let subscription = app.stripe.payments(&gift.session).subscription.unwrap();
    app.stripe.next_period(&subscription, false).unwrap();
}

/// Returns the kind of the appeal that is shown, or the reason why none is shown.
fn shown_kind(verdict: &Value) -> &str {
    verdict["kind"].as_str().unwrap_or_else(|| verdict["reason"].as_str().unwrap())
}

#[tokio::test]
async fn a_supporter_whose_card_fails_is_asked_to_update_it_even_if_the_token_says_recurring() {
    let app = start().await;
    let (gift, token) = create_monthly_supporter(&app).await;
    assert_eq!(shown_kind(&app.banner(Some(&token)).await), "thank");
    fail_next_renewal(&app, &gift);
    app.deliver_and_process_all_events().await;
    assert_eq!(app.get("/v1/supporter", Some(&token)).await.text("standing"), "past_due");
    assert_eq!(shown_kind(&app.banner(Some(&token)).await), "fix_card");
    let subscription = app.stripe.payments(&gift.session).subscription.unwrap();
    app.app.clock.advance(3_600_000);
    app.stripe.replace_card(&subscription).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!(shown_kind(&app.banner(Some(&token)).await), "thank");
    app.finish().await;
}

#[tokio::test]
async fn a_supporter_with_a_one_off_token_who_now_gives_monthly_counts_as_recurring() {
    let app = start().await;
    let first = app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    let token = app.token(&first).await;
    assert_eq!(app.get("/v1/supporter", Some(&token)).await.text("standing"), "one_off");
    app.give(1000, "month").await;
    app.deliver_and_process_all_events().await;
    let question = json!({"site": "journal", "history": {}, "token": token});
    let seen = explanation(&app, &question).await;
    assert!(seen.contains("recurring"), "{seen}");
    app.finish().await;
}

/// Requests an explanation of the verdict. Returns the results of the first appeal's rules, as JSON text.
async fn explanation(app: &TestApp, question: &Value) -> String {
    let key = actions::create_api_key(&app.app.as_operator(), "desk", &[Scope::AppealsRead]).await.unwrap();
    let request = app.client.post(format!("{}/v1/banner/explain", app.url)).bearer_auth(key.secret);
    let answer = app.send(request.json(question)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json["appeals"][0]["rules"].to_string()
}

#[tokio::test]
async fn another_instance_and_a_restart_read_the_changed_standing_from_the_database() {
    let mut app = start().await;
    let (gift, token) = create_monthly_supporter(&app).await;
    // The other instance shares the database and the keys, but does not process the events.
    let other = actions::start(app.app.settings.clone(), app.app.clock.clone()).await.unwrap();
    fail_next_renewal(&app, &gift);
    app.deliver_and_process_all_events().await;
    let question = json!({"site": "journal", "history": {}, "token": token}).to_string();
    let verdict_of = |server: &keepopen::app::App| -> Value {
        serde_json::from_slice(&keepopen::api::verdict_json(server, question.as_bytes()).unwrap()).unwrap()
    };
    assert_eq!(shown_kind(&verdict_of(&other)), "thank");
    actions::sync_standings(&other).await.unwrap();
    assert_eq!(shown_kind(&verdict_of(&other)), "fix_card");
    other.store.close().await;

    app.app.clock.advance(3_600_000);
    app.server.stop(false).await;
    app.app.store.close().await;
    app.app = actions::start(app.app.settings.clone(), app.app.clock.clone()).await.unwrap();
    let running = keepopen::api::serve(&app.app).unwrap();
    tokio::spawn(running.server);
    (app.server, app.url) = (running.handle, format!("http://{}", running.address));
    assert_eq!(shown_kind(&app.banner(Some(&token)).await), "fix_card");
    app.finish().await;
}

const HALF_A_DAY_MS: i64 = 43_200_000;

/// Makes a monthly gift, and advances the clock to half a day before the end of its first month. Returns the
/// subscription and the end of the month, in milliseconds since 1970.
async fn reach_last_day_of_monthly_gift(app: &TestApp) -> (String, i64) {
    let (gift, _) = create_monthly_supporter(app).await;
    let subscription = app.stripe.payments(&gift.session).subscription.unwrap();
    let item = app.stripe.object(&subscription).unwrap()["items"]["data"][0].clone();
    let ends_at_ms = item["current_period_end"].as_i64().unwrap() * 1000;
    app.app.clock.advance(ends_at_ms - HALF_A_DAY_MS - app.app.now_ms());
    (subscription, ends_at_ms)
}

#[tokio::test]
async fn a_standing_that_ends_at_a_known_time_ends_at_that_time_on_every_instance() {
    let app = start().await;
    let (subscription, ends_at_ms) = reach_last_day_of_monthly_gift(&app).await;
    let gift = app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    // The token is valid for a day, but its standing ends after half a day.
    let token = app.token(&gift).await;
    let other = actions::start(app.app.settings.clone(), app.app.clock.clone()).await.unwrap();
    app.stripe.cancel(&subscription, false).unwrap();
    app.deliver_and_process_all_events().await;
    actions::sync_standings(&other).await.unwrap();
    let question = json!({"site": "journal", "history": {}, "token": token}).to_string();
    let verdict_of = |server: &keepopen::app::App| -> Value {
        serde_json::from_slice(&keepopen::api::verdict_json(server, question.as_bytes()).unwrap()).unwrap()
    };
    app.app.clock.advance(ends_at_ms - 1 - app.app.now_ms());
    assert_eq!([shown_kind(&verdict_of(&app.app)), shown_kind(&verdict_of(&other))], ["thank", "thank"]);
    app.app.clock.advance(1);
    assert_eq!(app.get("/v1/supporter", Some(&token)).await.text("standing"), "one_off");
    // Neither instance has run a job in the meantime.
    assert_eq!(
        [shown_kind(&verdict_of(&app.app)), shown_kind(&verdict_of(&other))],
        ["recent_giver", "recent_giver"]
    );
    other.store.close().await;
    app.finish().await;
}

#[tokio::test]
async fn a_token_expires_at_the_latest_when_its_standing_ends() {
    let app = start().await;
    let (subscription, ends_at_ms) = reach_last_day_of_monthly_gift(&app).await;
    app.stripe.cancel(&subscription, false).unwrap();
    let gift = app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    let answer = app.exchange(&gift).await;
    let token = answer.text("token");
    assert_eq!(answer.json["expires_at"], keepopen::clock::rfc3339(ends_at_ms));
    app.app.clock.advance(ends_at_ms - 1 - app.app.now_ms());
    assert_eq!(shown_kind(&app.banner(Some(token)).await), "thank");
    app.app.clock.advance(1);
    let verdict = app.banner(Some(token)).await;
    assert_eq!(
        (shown_kind(&verdict), &verdict["token_problem"]),
        ("unknown_standing", &json!("token_expired"))
    );
    assert_eq!(app.get("/v1/supporter", Some(token)).await.code(), "token_expired");
    assert_eq!(app.exchange(&gift).await.code(), "already_exchanged");
    app.finish().await;
}

/// Returns the server's verdict for a reader with this token.
fn verdict_of(server: &keepopen::app::App, token: &str) -> Value {
    let question = json!({"site": "journal", "history": {}, "token": token}).to_string();
    serde_json::from_slice(&keepopen::api::verdict_json(server, question.as_bytes()).unwrap()).unwrap()
}

/// Stores this many changes of standings on another site.
async fn add_changes_on_another_site(app: &TestApp, count: usize) {
    let numbers = format!(
        "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {count})"
    );
    let id = "'sup_000000000000000000' || CAST(10000000 + number AS TEXT)";
    let now_ms = app.app.now_ms();
    for statement in [
        format!("{numbers} INSERT INTO supporters (id, created_at_ms) SELECT {id}, {now_ms} FROM numbers"),
        format!(
            "{numbers} INSERT INTO standing_changes (supporter_id, site, changed_at_ms) SELECT {id}, 'courier', {now_ms} FROM numbers"
        ),
    ] {
        assert_eq!(app.app.store.run_sql(&statement).await.unwrap(), count as u64);
    }
}

#[tokio::test]
async fn a_server_with_too_many_changed_standings_does_not_trust_older_tokens() {
    let app = start().await;
    let (gift, token) = create_monthly_supporter(&app).await;
    app.app.clock.advance(3_600_000);
    fail_next_renewal(&app, &gift);
    app.deliver_and_process_all_events().await;
    app.app.clock.advance(3_600_000);
    // At its start, a server reads only the newest changes. The changes on the other site are so many that the server
    // does not read the older change, which the failed card caused.
    add_changes_on_another_site(&app, MAX_RECENT_STANDINGS + 1).await;
    let other = actions::start(app.app.settings.clone(), app.app.clock.clone()).await.unwrap();
    assert_eq!(shown_kind(&verdict_of(&other, &token)), "unknown_standing");
    // A newer token was issued after the changes that were not read, so it already includes them.
    app.app.clock.advance(3_600_000);
    let newer = app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    let newer = app.token(&newer).await;
    assert_eq!(shown_kind(&verdict_of(&other, &newer)), "fix_card");
    assert_eq!(shown_kind(&verdict_of(&other, &token)), "unknown_standing");
    other.store.close().await;
    app.finish().await;
}

#[tokio::test]
async fn a_reader_whose_gift_is_reassigned_to_another_person_is_asked_again() {
    let app = start().await;
    let (gift, token) = create_monthly_supporter(&app).await;
    let other = actions::start(app.app.settings.clone(), app.app.clock.clone()).await.unwrap();
    assert_eq!(
        [shown_kind(&verdict_of(&app.app, &token)), shown_kind(&verdict_of(&other, &token))],
        ["thank", "thank"]
    );
    let former = app.contribution().await.supporter.unwrap();
    // A later event reports the session with another e-mail address. (Of the addresses that were reported for a
    // session, the one that is last in alphabetical order counts.)
    app.app.clock.advance(3_600_000);
    let events = app.stripe.events();
    let completed = events.iter().find(|event| event["type"] == "checkout.session.completed").unwrap();
    let mut corrected = completed.clone();
    corrected["id"] = "evt_corrected".into();
    corrected["created"] = (app.app.now_ms() / 1000).into();
    corrected["data"]["object"]["customer_details"]["email"] = "rightful@example.org".into();
    assert_eq!(corrected["data"]["object"]["id"].as_str(), Some(gift.session.as_str()));
    deliver_all(&app, [&corrected]).await;
    assert_ne!(app.contribution().await.supporter.unwrap(), former);
    assert_eq!(shown_kind(&verdict_of(&app.app, &token)), "ask");
    actions::sync_standings(&other).await.unwrap();
    assert_eq!(shown_kind(&verdict_of(&other, &token)), "ask");
    other.store.close().await;
    app.finish().await;
}

#[tokio::test]
async fn a_first_gift_and_a_renewal_do_not_record_a_changed_standing() {
    let app = start().await;
    let (gift, _) = create_monthly_supporter(&app).await;
    app.advance_days(31);
    let subscription = app.stripe.payments(&gift.session).subscription.unwrap();
    app.stripe.next_period(&subscription, true).unwrap();
    app.deliver_and_process_all_events().await;
    assert!(app.app.standings.is_empty());
    assert_eq!(app.app.store.standings_changed_since(0, 10).await.unwrap(), []);
    app.finish().await;
}

#[tokio::test]
async fn rebuilding_the_projections_does_not_record_a_changed_standing() {
    let app = start().await;
    let (gift, _) = create_monthly_supporter(&app).await;
    fail_next_renewal(&app, &gift);
    app.deliver_and_process_all_events().await;
    let changes = app.app.store.standings_changed_since(0, 10).await.unwrap();
    assert_eq!(changes.len(), 1);
    app.advance_days(1);
    // The projections are the tables that are computed from Stripe's objects.
    actions::rebuild_projections(&app.app, &app.app.as_operator()).await.unwrap();
    assert_eq!(app.app.store.standings_changed_since(0, 10).await.unwrap(), changes);
    app.finish().await;
}

/// Sends a banner request as a site's back end does.
async fn ask_from_back_end(app: &TestApp, key: Option<&str>, question: &Value) -> Answer {
    let request = app.client.post(format!("{}/v1/banner", app.url)).json(question);
    app.send(match key {
        Some(key) => request.bearer_auth(key),
        None => request,
    })
    .await
}

#[tokio::test]
async fn a_back_end_with_a_key_can_state_the_standing_of_its_reader() {
    let app = start().await;
    let key =
        actions::create_api_key(&app.app.as_operator(), "site", &[Scope::BannerAsk]).await.unwrap().secret;
    let (_, token) = create_monthly_supporter(&app).await;
    for (standing, shown) in [
        ("none", "ask"),
        ("recurring", "thank"),
        ("past_due", "fix_card"),
        ("lapsed", "win_back"),
        ("unknown", "unknown_standing"),
    ] {
        let stated =
            json!({"site": "journal", "history": {}, "supporter": {"standing": standing}, "token": token});
        let answer = ask_from_back_end(&app, Some(&key), &stated).await;
        assert_eq!((answer.status, shown_kind(&answer.json)), (StatusCode::OK, shown), "{standing}");
    }
    let quiet = json!({"standing": "lapsed", "quiet_until": "2026-12-24T00:00:00Z"});
    let answer =
        ask_from_back_end(&app, Some(&key), &json!({"site": "journal", "history": {}, "supporter": quiet}))
            .await;
    assert_eq!(answer.json["reason"], "recent_giver");
    // If the back end states no standing, the token counts.
    let answer =
        ask_from_back_end(&app, Some(&key), &json!({"site": "journal", "history": {}, "token": token})).await;
    assert_eq!(shown_kind(&answer.json), "thank");
    app.finish().await;
}

#[tokio::test]
async fn a_stated_standing_without_a_key_that_allows_it_is_refused_and_not_ignored() {
    let app = start().await;
    let stated = json!({"site": "journal", "history": {}, "supporter": {"standing": "recurring"}});
    let answer = ask_from_back_end(&app, None, &stated).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, "api_key_missing"));
    let without_scope = app.api_key().await;
    assert_eq!(ask_from_back_end(&app, Some(&without_scope), &stated).await.code(), "scope_missing");
    assert_eq!(ask_from_back_end(&app, Some("keepopen_sk_wrong"), &stated).await.code(), "api_key_invalid");
    assert_eq!(ask_from_back_end(&app, Some("nonsense"), &stated).await.code(), "api_key_invalid");
    // A banner request that states no standing is accepted with any valid key.
    let plain = json!({"site": "journal", "history": {}});
    assert_eq!(ask_from_back_end(&app, Some(&without_scope), &plain).await.json["show"], true);
    let key =
        actions::create_api_key(&app.app.as_operator(), "site", &[Scope::BannerAsk]).await.unwrap().secret;
    for wrong in
        [json!({"standing": "rich"}), json!({}), json!({"standing": "none", "standin": 1}), json!([])]
    {
        let answer =
            ask_from_back_end(&app, Some(&key), &json!({"site": "journal", "supporter": wrong})).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, "invalid_request"), "{wrong}");
    }
    app.finish().await;
}
