//! Tests a start while PostgreSQL is down. The service then uses the saved snapshot, a file with the last known state
//! of everything that banner requests need. (With SQLite, the database is in the same folder as the snapshot.)

use keepopen::actions::StartError;
use keepopen::ids::SupporterId;
use keepopen::keys::Scope;
use keepopen::sites::Settings;
use keepopen::store::last_good::LastGood;
use keepopen::supporters::{NextStanding, Standing, StandingChange, StandingNow};
use keepopen::{actions, api, management};
use keepopen_decision::LearnedWeights;
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{ARTICLE, Answer, TestApp};
use keepopen_testkit::Wire;

const NO_SERVER: &str = "SKIPPED: KEEPOPEN_TEST_POSTGRES names no server";

/// Starts a server whose connection to PostgreSQL can be cut. Returns `None` if the tests run with SQLite.
async fn start(has_appeals_file: bool) -> Option<(TestApp, Wire)> {
    let mut wire = None;
    let app = TestApp::start_changed("", |settings| {
        if let Some((created, url)) = Wire::open(&settings.database.url) {
            (wire, settings.database.url) = (Some(created), url);
        }
        settings.management.bind = Some("127.0.0.1:0".parse().unwrap());
        if !has_appeals_file {
            settings.appeals.file = None;
        }
    })
    .await;
    match wire {
        Some(wire) => Some((app, wire)),
        None => {
            app.finish().await;
            None
        }
    }
}

/// Stops the server, and starts it again.
async fn restart(app: &mut TestApp) -> Result<(), StartError> {
    restart_with(app, app.app.settings.clone()).await
}

/// Stops the server, and starts it again with these settings.
async fn restart_with(app: &mut TestApp, settings: Settings) -> Result<(), StartError> {
    app.server.stop(false).await;
    app.app.store.close().await;
    app.app = actions::start(settings, app.app.clock.clone()).await?;
    let running = api::serve(&app.app).unwrap();
    tokio::spawn(running.server);
    (app.server, app.url) = (running.handle, format!("http://{}", running.address));
    Ok(())
}

/// Sends a request with a JSON body and an API key.
async fn call(app: &TestApp, key: &str, method: Method, path: &str, body: &Value) -> Answer {
    let request = app.client.request(method, format!("{}{path}", app.url)).bearer_auth(key);
    app.send(request.json(body)).await
}

/// Saves and publishes an appeal with this heading. Returns the last response.
async fn publish(app: &TestApp, key: &str, heading: &str) -> Answer {
    let appeal = json!({
        "sites": ["journal"], "kind": "ask", "surface": ["banner", "inline"],
        "ticker": {"counts": "money", "currency": "EUR", "goal_minor": 3000},
        "variants": [{"id": "a", "copy": {"heading": heading, "cta": "Give"}}],
    });
    let saved = call(app, key, Method::PUT, "/v1/appeals/summer", &appeal).await;
    if !saved.status.is_success() {
        return saved;
    }
    call(app, key, Method::POST, "/v1/appeals/summer/publish", &json!({})).await
}

/// Creates an editor's API key. Returns its secret.
async fn create_key(app: &TestApp) -> String {
    actions::create_api_key(&app.app.as_operator(), "desk", &[Scope::AppealsWrite]).await.unwrap().secret
}

/// Returns the response body of the readiness check.
async fn readiness(app: &TestApp) -> String {
    let running = management::serve(&app.app).unwrap().unwrap();
    tokio::spawn(running.server);
    let answer = app.client.get(format!("http://{}/readyz", running.address)).send().await.unwrap();
    let text = answer.text().await.unwrap();
    running.handle.stop(false).await;
    text
}

#[tokio::test]
async fn a_service_that_starts_without_its_database_uses_the_saved_snapshot_and_catches_up_later() {
    let Some((mut app, mut wire)) = start(false).await else {
        println!("{NO_SERVER}");
        return;
    };
    let key = create_key(&app).await;
    assert_eq!(publish(&app, &key, "First").await.status, 200);
    let refunded_gift = app.give(500, "once").await;
    app.deliver_and_process_all_events().await;
    let superseded_token = app.token(&refunded_gift).await;
    app.stripe.refund(&app.stripe.payments(&refunded_gift.session).charge.unwrap(), None).unwrap();
    let gift = app.give(1000, "month").await;
    app.deliver_and_process_all_events().await;
    let token = app.token(&gift).await;
    let keys = app.get("/.well-known/jwks.json", None).await.json;
    // A token is superseded if its epoch is older than the epoch of its supporter. The snapshot contains the epochs.
    actions::sync_epochs(&app.app).await.unwrap();
    let preview_request = json!({"site": "journal", "page_url": ARTICLE});
    // The ticker (the running total in the appeal) is counted, so it is saved in the snapshot.
    actions::refresh_tickers(&app.app).await.unwrap();
    let ticker = app.banner(None).await["content"]["ticker"].clone();
    assert_eq!(ticker["total"], 1000);
    let created = call(&app, &key, Method::POST, "/v1/appeals/summer/previews", &preview_request).await;
    let preview = created.text("url").split_once("keepopen_preview=").unwrap().1.to_owned();
    let off = json!({"surfaces": {"inline": "off"}});
    assert_eq!(call(&app, &key, Method::PUT, "/v1/sites/journal/switches", &off).await.status, 200);
    let weights = vec![("a".to_owned(), 7)];
    let weights = LearnedWeights { site: "journal".to_owned(), appeal: "summer".to_owned(), weights };
    app.app.update_last_good(|kept| kept.learned.weights = vec![weights.clone()]);
    let next = Some(NextStanding { at_ms: app.app.now_ms() + 1, standing: Standing::Lapsed });
    let now = StandingNow { standing: Standing::Recurring, quiet_until_ms: None, next };
    let supporter = SupporterId::from_bytes([9; 16]);
    let change =
        StandingChange { supporter, site: "journal".to_owned(), changed_at_ms: app.app.now_ms(), now };
    app.app.standings.add([change.clone()]);
    // The service no longer knows the changes of standings before this time. Every token in this test is newer.
    let forgotten_until_ms = app.app.now_ms() - 23 * 3_600_000;
    app.app.standings.forget_until(forgotten_until_ms);
    actions::sync_standings(&app.app).await.unwrap();
    actions::persist_snapshot(&app.app).await.unwrap();

    wire.cut().await;
    restart(&mut app).await.unwrap();
    assert_eq!(app.app.learned.load().weights, [weights]);
    assert!(app.app.standings.all().contains(&change));
    assert_eq!(app.app.standings.forgotten_until_ms(), Some(forgotten_until_ms));
    let appeal = app.banner(None).await["content"].clone();
    assert_eq!((&appeal["heading"], &appeal["ticker"]), (&json!("First"), &ticker));
    assert_eq!(app.banner(Some(&token)).await["reason"], "supporter");
    assert_eq!(app.banner(Some(&superseded_token)).await["reason"], "unknown_standing");
    assert_eq!(app.get("/.well-known/jwks.json", None).await.json, keys);
    let inline =
        app.post("/v1/banner", &json!({"site": "journal", "surfaces": ["inline"], "history": {}})).await;
    assert_eq!(inline.json["reason"], "kill_switch");
    let question = json!({"site": "journal", "history": {}, "preview": preview});
    assert_eq!(app.post("/v1/banner/preview", &question).await.json["content"]["heading"], "First");
    assert_eq!(app.post("/v1/banner/explain", &question).await.json["reason"], "matched");
    let event = json!({
        "id": "evt_later", "object": "event", "type": "customer.created", "created": 1_795_000_000, "livemode": false,
        "api_version": "2026-09-30.endive", "data": {"object": {"id": "cus_1", "object": "customer"}},
    });
    let refused = app.deliver(&event).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (503, "store_unavailable"));
    assert_eq!(publish(&app, &key, "Second").await.code(), "store_unavailable");
    assert_eq!(app.get("/v1/supporter", Some(&token)).await.code(), "store_unavailable");
    assert!(readiness(&app).await.contains("[\"database\"]"));
    // While the database is down, a try to reach it changes nothing and is not an error.
    actions::reach_database(&app.app).await.unwrap();
    assert!(app.app.is_catching_up());

    wire.restore();
    actions::reach_database(&app.app).await.unwrap();
    assert!(!app.app.is_catching_up());
    assert_eq!(readiness(&app).await, "ready\n");
    assert_eq!(app.deliver(&event).await.status, 200);
    assert_eq!(app.banner(Some(&token)).await["reason"], "supporter");
    assert_eq!(publish(&app, &key, "Second").await.status, 200);
    assert_eq!(app.banner(None).await["content"]["heading"], "Second");
    app.process_inbox().await;
    app.finish().await;
}

#[tokio::test]
async fn an_instance_that_started_from_an_old_snapshot_uses_the_newest_version_once_it_reaches_the_database()
{
    let Some((mut app, mut wire)) = start(false).await else {
        println!("{NO_SERVER}");
        return;
    };
    let key = create_key(&app).await;
    publish(&app, &key, "First").await;
    actions::persist_snapshot(&app.app).await.unwrap();
    let first_snapshot = std::fs::read(app.app.settings.last_good_file()).unwrap();
    publish(&app, &key, "Second").await;
    actions::persist_snapshot(&app.app).await.unwrap();
    std::fs::write(app.app.settings.last_good_file(), first_snapshot).unwrap();
    wire.cut().await;
    restart(&mut app).await.unwrap();
    assert_eq!(app.banner(None).await["content"]["heading"], "First");
    wire.restore();
    actions::reach_database(&app.app).await.unwrap();
    assert_eq!(app.banner(None).await["content"]["heading"], "Second");
    actions::persist_snapshot(&app.app).await.unwrap();
    let snapshot_key = app.app.vault.last_good_key();
    let (saved, _) = LastGood::read(&app.app.settings.last_good_file(), &snapshot_key).unwrap();
    assert_eq!(saved.publications, 2);
    app.finish().await;
}

#[tokio::test]
async fn a_start_without_the_database_fails_if_the_saved_snapshot_is_missing_or_damaged() {
    let Some((mut app, mut wire)) = start(false).await else {
        println!("{NO_SERVER}");
        return;
    };
    let file = app.app.settings.last_good_file();
    let good = std::fs::read(&file).unwrap();
    wire.cut().await;
    std::fs::write(&file, &good[..good.len() - 1]).unwrap();
    let damaged = restart(&mut app).await.unwrap_err().to_string();
    std::fs::remove_file(&file).unwrap();
    let missing = restart(&mut app).await.unwrap_err().to_string();
    assert!(damaged.contains("PostgreSQL can't be reached") && missing == damaged, "{damaged} {missing}");
    std::fs::write(&file, &good).unwrap();
    restart(&mut app).await.unwrap();
    wire.restore();
    actions::reach_database(&app.app).await.unwrap();
    app.finish().await;
}

#[tokio::test]
async fn tokens_are_still_checked_without_the_database_if_there_is_an_appeals_file() {
    let Some((mut app, mut wire)) = start(true).await else {
        println!("{NO_SERVER}");
        return;
    };
    let gift = app.give(1000, "month").await;
    app.deliver_and_process_all_events().await;
    let token = app.token(&gift).await;
    wire.cut().await;
    restart(&mut app).await.unwrap();
    assert_eq!(app.banner(None).await["appeal"], "help");
    assert_eq!(app.banner(Some(&token)).await["reason"], "supporter");
    wire.restore();
    actions::reach_database(&app.app).await.unwrap();
    app.finish().await;
}

#[tokio::test]
async fn a_start_fails_despite_a_saved_snapshot_if_postgresql_responds_but_lacks_the_database() {
    let Some((mut app, _wire)) = start(false).await else {
        println!("{NO_SERVER}");
        return;
    };
    let right = app.app.settings.clone();
    let mut wrong = right.clone();
    wrong.database.url.push_str("_of_another_name");
    let sentence = restart_with(&mut app, wrong).await.unwrap_err().to_string();
    assert!(sentence.contains("does not exist"), "{sentence}");
    restart_with(&mut app, right).await.unwrap();
    app.finish().await;
}
