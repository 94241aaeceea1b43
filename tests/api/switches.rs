//! Switches that turn off a site's appeals, on all surfaces or on one.

use keepopen::actions;
use keepopen::keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{Answer, TestApp};

/// Creates an API key with this scope. Returns its secret.
async fn create_key(app: &TestApp, scope: Scope) -> String {
    actions::create_api_key(&app.app.as_operator(), "desk", &[scope]).await.unwrap().secret
}

/// Sends a request that sets a site's switches.
async fn set_switches(app: &TestApp, key: &str, site: &str, switches: &Value) -> Answer {
    let request = app.client.request(Method::PUT, format!("{}/v1/sites/{site}/switches", app.url));
    app.send(request.bearer_auth(key).json(switches)).await
}

/// Returns the surface on which an appeal is shown if the page has these surfaces, or the reason why none is shown.
async fn shown_surface(app: &TestApp, site: &str, surfaces: &[&str]) -> String {
    let verdict =
        app.post("/v1/banner", &json!({"site": site, "surfaces": surfaces, "history": {}})).await.json;
    verdict["surface"].as_str().unwrap_or_else(|| verdict["reason"].as_str().unwrap()).to_owned()
}

#[tokio::test]
async fn appeals_can_be_turned_off_and_on_for_a_site_and_for_each_surface() {
    let app = TestApp::start().await;
    let key = create_key(&app, Scope::AppealsWrite).await;
    assert_eq!(shown_surface(&app, "journal", &["banner", "inline"]).await, "banner");

    let off = set_switches(&app, &key, "journal", &json!({"surfaces": {"banner": "off"}})).await;
    assert_eq!((off.status.as_u16(), &off.json["surfaces"]["banner"]), (200, &json!("off")), "{off:?}");
    assert_eq!(off.json["surfaces"]["inline"], "on");
    assert_eq!(shown_surface(&app, "journal", &["banner", "inline"]).await, "inline");
    assert_eq!(shown_surface(&app, "journal", &["banner"]).await, "kill_switch");

    set_switches(&app, &key, "journal", &json!({"all": "off"})).await;
    assert_eq!(shown_surface(&app, "journal", &["inline"]).await, "kill_switch");
    let read = app.get("/v1/sites/journal/switches", Some(&key)).await;
    assert_eq!((&read.json["all"], &read.json["surfaces"]["banner"]), (&json!("off"), &json!("off")));
    assert_eq!(read.json["changed_at"], keepopen::clock::rfc3339(app.app.now_ms()));
    assert!(read.json["changed_by"].is_string());
    let other = app.get("/v1/sites/gazette/switches", Some(&key)).await;
    assert_eq!((&other.json["all"], &other.json["changed_at"]), (&json!("on"), &Value::Null));

    set_switches(&app, &key, "journal", &json!({"all": "on", "surfaces": {"banner": "on"}})).await;
    assert_eq!(shown_surface(&app, "journal", &["banner"]).await, "banner");
    let rows = app.app.store.read_sql("SELECT surface || ' ' || state FROM switches ORDER BY number").await;
    assert_eq!(rows.unwrap(), ["banner off", "all off", "all on", "banner on"]);
    app.finish().await;
}

#[tokio::test]
async fn a_switch_set_on_one_instance_reaches_the_others_and_survives_a_restart() {
    for has_file in [true, false] {
        let app = if has_file { TestApp::start().await } else { TestApp::start_without_appeals().await };
        let other = actions::start(app.app.settings.clone(), app.app.clock.clone()).await.unwrap();
        let key = create_key(&app, Scope::AppealsWrite).await;
        set_switches(&app, &key, "journal", &json!({"all": "off"})).await;
        actions::sync_appeals(&other).await.unwrap();
        let restarted = actions::start(app.app.settings.clone(), app.app.clock.clone()).await.unwrap();
        for app in [&app.app, &other, &restarted] {
            let verdict = keepopen::api::verdict_json(app, br#"{"site": "journal", "history": {}}"#).unwrap();
            let verdict: Value = serde_json::from_slice(&verdict).unwrap();
            assert_eq!(verdict["reason"], "kill_switch", "with a file: {has_file}");
        }
        // Reloading the appeals file does not turn the appeals on again.
        actions::publish_appeals(&app.app).unwrap();
        assert_eq!(shown_surface(&app, "journal", &["banner"]).await, "kill_switch");
        other.store.close().await;
        restarted.store.close().await;
        app.finish().await;
    }
}

#[tokio::test]
async fn a_surface_that_the_settings_turn_off_stays_off_and_is_reported() {
    let app = TestApp::start_with("[sites.journal.rules]\nsilenced_surfaces = [\"banner\"]\n").await;
    let key = create_key(&app, Scope::AppealsWrite).await;
    let answer = set_switches(&app, &key, "journal", &json!({"surfaces": {"inline": "off"}})).await;
    assert_eq!(
        (&answer.json["surfaces"]["banner"], &answer.json["settings"]["surfaces"]["banner"]),
        (&json!("on"), &json!("off"))
    );
    assert_eq!(shown_surface(&app, "journal", &["banner", "inline"]).await, "kill_switch");
    set_switches(&app, &key, "journal", &json!({"surfaces": {"banner": "on", "inline": "on"}})).await;
    assert_eq!(shown_surface(&app, "journal", &["banner"]).await, "kill_switch");
    assert_eq!(shown_surface(&app, "journal", &["inline"]).await, "inline");
    app.finish().await;
}

#[tokio::test]
async fn switches_can_be_set_only_with_the_write_scope_and_read_only_with_the_read_scope() {
    let app = TestApp::start().await;
    let read_key = create_key(&app, Scope::AppealsRead).await;
    let write_key = create_key(&app, Scope::AppealsWrite).await;
    let listed = app.get("/v1/switches", Some(&read_key)).await;
    let sites: Vec<_> =
        listed.json["sites"].as_array().unwrap().iter().map(|it| it["site"].clone()).collect();
    assert_eq!((listed.status.as_u16(), sites), (200, vec![json!("gazette"), json!("journal")]));
    use Scope::{AlarmsWrite, AppealsRead, BannerAsk, MoneyRead, SupportersRead};
    for scope in [SupportersRead, MoneyRead, AlarmsWrite, AppealsRead, BannerAsk] {
        let other = create_key(&app, scope).await;
        let off = json!({"all": "off"});
        assert_eq!(set_switches(&app, &other, "journal", &off).await.code(), "scope_missing", "{scope:?}");
        if scope != AppealsRead {
            for path in ["/v1/switches", "/v1/sites/journal/switches"] {
                assert_eq!(app.get(path, Some(&other)).await.code(), "scope_missing", "{scope:?}");
            }
        }
    }
    let unknown_key = format!("{}x", &write_key[..write_key.len() - 1]);
    for (key, code) in [(unknown_key.as_str(), "api_key_invalid"), ("nonsense", "api_key_invalid")] {
        assert_eq!(set_switches(&app, key, "journal", &json!({"all": "off"})).await.code(), code);
    }
    let url = format!("{}/v1/sites/journal/switches", app.url);
    let without_key = app.client.request(Method::PUT, url).json(&json!({"all": "off"}));
    assert_eq!(app.send(without_key).await.code(), "api_key_missing");
    assert_eq!(app.get("/v1/switches", None).await.code(), "api_key_missing");
    let unknown_site = set_switches(&app, &write_key, "nowhere", &json!({"all": "off"})).await;
    assert_eq!(unknown_site.code(), "site_not_found");
    assert_eq!(app.get("/v1/sites/nowhere/switches", Some(&read_key)).await.code(), "site_not_found");
    for wrong in
        [json!({"al": "off"}), json!({"all": "of"}), json!({"surfaces": {"poster": "off"}}), json!([])]
    {
        let refused = set_switches(&app, &write_key, "journal", &wrong).await;
        assert_eq!(refused.code(), "invalid_request", "{wrong}");
    }
    assert_eq!(shown_surface(&app, "journal", &["banner"]).await, "banner");
    app.finish().await;
}

#[tokio::test]
async fn the_database_refuses_to_change_or_remove_rows_of_the_switches() {
    let app = TestApp::start().await;
    let key = create_key(&app, Scope::AppealsWrite).await;
    set_switches(&app, &key, "journal", &json!({"all": "off"})).await;
    let rows = "SELECT site || surface || state || set_by FROM switches";
    let before = app.app.store.read_sql(rows).await.unwrap();
    assert_eq!(before.len(), 1);
    for sql in [
        "DELETE FROM switches",
        "UPDATE switches SET state = 'on'",
        "INSERT INTO switches SELECT number, site, surface, 'on', set_at_ms, set_by FROM switches",
        "REPLACE INTO switches SELECT number, site, surface, 'on', set_at_ms, set_by FROM switches",
    ] {
        assert!(app.app.store.run_sql(sql).await.is_err(), "{sql}");
    }
    assert_eq!(app.app.store.read_sql(rows).await.unwrap(), before);
    app.finish().await;
}
