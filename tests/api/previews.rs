//! Previews: a signed URL shows an appeal to staff before readers see it.

use keepopen::actions;
use keepopen::keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::helpers::{ARTICLE, Answer, TestApp};

/// Creates an editor's API key. Returns its secret.
async fn create_key(app: &TestApp) -> String {
    actions::create_api_key(&app.app.as_operator(), "desk", &[Scope::AppealsWrite]).await.unwrap().secret
}

async fn call(app: &TestApp, key: &str, method: Method, path: &str, body: &Value) -> Answer {
    let request = app.client.request(method, format!("{}{path}", app.url)).bearer_auth(key);
    app.send(request.json(body)).await
}

/// Returns an appeal that no reader in these tests would see. Its second variant has two languages and a short text
/// for phones.
fn appeal(heading: &str) -> Value {
    json!({
        "sites": ["journal"], "kind": "ask", "surface": ["inline", "banner"],
        "audience": {"countries": {"include": ["FR"]}},
        "frequency": {"max_views": 1, "window_days": 30},
        "variants": [
            {"id": "a", "copy": {"heading": heading, "cta": "Give"}},
            {"id": "b", "weight": 0, "copy": {
                "locale": "en", "heading": "In English", "mobile": {"heading": "Short"}, "cta": "Give",
                "translations": {"de": {"heading": "Auf Deutsch", "cta": "Geben"}},
            }},
        ],
    })
}

/// Saves the appeal with this heading. This creates a draft or a new version.
async fn save(app: &TestApp, key: &str, heading: &str) {
    let saved = call(app, key, Method::PUT, "/v1/appeals/summer", &appeal(heading)).await;
    assert!(saved.status.is_success(), "{saved:?}");
}

async fn publish(app: &TestApp, key: &str) {
    assert_eq!(call(app, key, Method::POST, "/v1/appeals/summer/publish", &json!({})).await.status, 200);
}

/// Requests a preview's URL for the site `journal`, with `more` fields in the body.
async fn create_preview(app: &TestApp, key: &str, more: &Value) -> Answer {
    let mut body = json!({"site": "journal", "page_url": ARTICLE});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    call(app, key, Method::POST, "/v1/appeals/summer/previews", &body).await
}

/// Returns the signed value in a preview's URL.
fn signed_value(created: &Answer) -> String {
    let url: Url = created.text("url").parse().unwrap();
    url.query_pairs().find(|(name, _)| name == "keepopen_preview").unwrap().1.into_owned()
}

/// Requests the preview as the script on the page does.
async fn show_preview(app: &TestApp, preview: &str, more: &Value) -> Answer {
    let mut body =
        json!({"site": "journal", "surfaces": ["banner"], "reader": {"country": "IE"}, "preview": preview});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    // The script sends plain text, so that no preflight is needed.
    let request =
        app.client.post(format!("{}/v1/banner/preview", app.url)).header("content-type", "text/plain");
    app.send(request.body(body.to_string())).await
}

/// Returns the heading in a response that shows an appeal.
fn heading(shown: &Answer) -> &str {
    assert_eq!(shown.status, 200, "{shown:?}");
    shown.json["content"]["heading"].as_str().unwrap()
}

#[tokio::test]
async fn a_preview_shows_a_draft_despite_rules_history_and_switches_and_is_not_counted() {
    let app = TestApp::start_without_appeals().await;
    let key = create_key(&app).await;
    save(&app, &key, "Draft").await;
    let off = json!({"all": "off"});
    assert_eq!(call(&app, &key, Method::PUT, "/v1/sites/journal/switches", &off).await.status, 200);
    let created = create_preview(&app, &key, &json!({"version": 1})).await;
    assert_eq!(
        (created.status.as_u16(), &created.headers["cache-control"]),
        (200, &"no-store".parse().unwrap())
    );
    assert_eq!(created.text("expires_at"), "2026-11-24T10:00:00Z", "a preview must expire after an hour");
    assert!(created.text("url").starts_with(&format!("{ARTICLE}?keepopen_preview=")), "{created:?}");

    let seen =
        json!({"views": [{"appeal": "summer", "at": keepopen::clock::rfc3339(app.app.now_ms() - 1000)}]});
    let shown = show_preview(&app, &signed_value(&created), &json!({"history": seen})).await;
    assert_eq!(heading(&shown), "Draft");
    assert_eq!(shown.headers["cache-control"], "no-store");
    assert_eq!((&shown.json["surface"], &shown.json["closable"]), (&json!("banner"), &json!(true)));
    assert_eq!(shown.json.get("attribution"), None);
    assert_eq!(shown.json["content"]["choices"]["currency"], "EUR");
    assert_eq!(app.banner(None).await["show"], false);
    assert!(app.app.counters.take().is_empty());
    assert_eq!(call(&app, &key, Method::GET, "/v1/appeals/summer", &json!({})).await.json["phase"], "draft");
    app.finish().await;
}

#[tokio::test]
async fn a_preview_without_a_version_shows_the_version_that_is_published_when_it_is_opened() {
    let app = TestApp::start_without_appeals().await;
    let key = create_key(&app).await;
    save(&app, &key, "First").await;
    assert_eq!(create_preview(&app, &key, &json!({})).await.code(), "never_published");
    publish(&app, &key).await;
    let preview = signed_value(&create_preview(&app, &key, &json!({})).await);
    save(&app, &key, "Second").await;
    assert_eq!(heading(&show_preview(&app, &preview, &json!({})).await), "First");
    publish(&app, &key).await;
    assert_eq!(heading(&show_preview(&app, &preview, &json!({})).await), "Second");
    for state in ["pause", "end"] {
        call(&app, &key, Method::POST, &format!("/v1/appeals/summer/{state}"), &json!({})).await;
        assert_eq!(heading(&show_preview(&app, &preview, &json!({})).await), "Second", "{state}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_preview_uses_the_requested_variant_surface_language_and_device() {
    let app = TestApp::start_without_appeals().await;
    let key = create_key(&app).await;
    save(&app, &key, "First").await;
    publish(&app, &key).await;
    let create_and_show = async |more: Value| {
        show_preview(&app, &signed_value(&create_preview(&app, &key, &more).await), &json!({})).await
    };
    assert_eq!(create_and_show(json!({"surface": "inline"})).await.json["surface"], "inline");
    let second = create_and_show(json!({"variant": "b"})).await;
    assert_eq!((heading(&second), &second.json["variant"]), ("In English", &json!("b")));
    assert_eq!(heading(&create_and_show(json!({"variant": "b", "locale": "de-AT"})).await), "Auf Deutsch");
    assert_eq!(heading(&create_and_show(json!({"variant": "b", "device": "mobile"})).await), "Short");
    // If the preview sets no language or device, the language and the device of the reader are used.
    let preview = signed_value(&create_preview(&app, &key, &json!({"variant": "b"})).await);
    let german = show_preview(&app, &preview, &json!({"reader": {"locale": "de", "device": "mobile"}})).await;
    assert_eq!(heading(&german), "Auf Deutsch");
    app.finish().await;
}

#[tokio::test]
async fn an_expired_or_changed_preview_or_one_of_another_site_shows_nothing() {
    let app = TestApp::start_without_appeals().await;
    let key = create_key(&app).await;
    save(&app, &key, "First").await;
    let preview =
        signed_value(&create_preview(&app, &key, &json!({"version": 1, "valid_minutes": 10_080})).await);
    app.app.clock.advance(7 * 24 * 3_600_000 - 1000);
    assert_eq!(show_preview(&app, &preview, &json!({})).await.status, 200);
    let mut changed = preview.clone();
    changed.replace_range(3..4, if &preview[3..4] == "A" { "B" } else { "A" });
    for (text, more) in
        [(changed.as_str(), json!({})), ("", json!({})), (preview.as_str(), json!({"site": "gazette"}))]
    {
        let refused = show_preview(&app, text, &more).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (403, "preview_invalid"), "{text}");
    }
    assert_eq!(app.post("/v1/banner/preview", &json!({"site": "journal"})).await.code(), "preview_invalid");
    assert_eq!(show_preview(&app, &preview, &json!({"site": "nowhere"})).await.code(), "site_not_found");
    app.app.clock.advance(1000);
    assert_eq!(show_preview(&app, &preview, &json!({})).await.code(), "preview_invalid");
    app.finish().await;
}

#[tokio::test]
async fn an_invalid_preview_is_refused_when_its_url_is_created() {
    let app = TestApp::start_without_appeals().await;
    let key = create_key(&app).await;
    assert_eq!(create_preview(&app, &key, &json!({})).await.code(), "appeal_not_found");
    save(&app, &key, "First").await;
    publish(&app, &key).await;
    for (more, code) in [
        (json!({"page_url": "https://elsewhere.example/"}), "page_url_not_allowed"),
        (json!({"page_url": "ferries.html"}), "page_url_not_allowed"),
        (json!({"site": "nowhere"}), "site_not_found"),
        (json!({"site": "gazette", "page_url": "https://gazette.example.org/"}), "invalid_request"),
        (json!({"version": 7}), "version_not_found"),
        (json!({"variant": "c"}), "invalid_request"),
        (json!({"surface": "wall"}), "invalid_request"),
        (json!({"device": "watch"}), "invalid_request"),
        (json!({"locale": "x".repeat(36)}), "invalid_request"),
        (json!({"valid_minutes": 0}), "invalid_request"),
        (json!({"valid_minutes": 10_081}), "invalid_request"),
        (json!({"vresion": 1}), "invalid_request"),
    ] {
        assert_eq!(create_preview(&app, &key, &more).await.code(), code, "{more}");
    }
    let without_key =
        app.post("/v1/appeals/summer/previews", &json!({"site": "journal", "page_url": ARTICLE})).await;
    assert_eq!(without_key.code(), "api_key_missing");
    // The new preview replaces an older one in the URL, and the rest of the URL stays.
    let page = format!("{ARTICLE}?a=1&keepopen_preview=old&b=2#top");
    let created = create_preview(&app, &key, &json!({"page_url": page})).await;
    assert_eq!(
        created.text("url"),
        format!("{ARTICLE}?a=1&b=2&keepopen_preview={}#top", signed_value(&created))
    );
    app.finish().await;
}

#[tokio::test]
async fn an_appeal_from_a_file_can_be_previewed() {
    let app = TestApp::start().await;
    let key = create_key(&app).await;
    let body = json!({"site": "journal", "page_url": ARTICLE});
    let created = call(&app, &key, Method::POST, "/v1/appeals/help/previews", &body).await;
    let shown = show_preview(&app, &signed_value(&created), &json!({})).await;
    assert_eq!(heading(&shown), "We need your help now");
    let versioned = json!({"site": "journal", "page_url": ARTICLE, "version": 1});
    let refused = call(&app, &key, Method::POST, "/v1/appeals/help/previews", &versioned).await;
    assert_eq!(refused.code(), "version_not_found");
    assert_eq!(
        call(&app, &key, Method::POST, "/v1/appeals/summer/previews", &body).await.code(),
        "appeal_not_found"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_preview_also_gives_access_to_the_explanation_on_its_site() {
    let app = TestApp::start_without_appeals().await;
    let key = create_key(&app).await;
    save(&app, &key, "First").await;
    publish(&app, &key).await;
    let preview = signed_value(&create_preview(&app, &key, &json!({})).await);
    let question = json!({"site": "journal", "reader": {"country": "IE"}, "history": {}, "preview": preview});
    let explanation = app.post("/v1/banner/explain", &question).await;
    assert_eq!(
        (explanation.status.as_u16(), &explanation.json["reason"]),
        (200, &json!("not_targeted")),
        "{explanation:?}"
    );
    let other = json!({"site": "gazette", "preview": preview});
    assert_eq!(app.post("/v1/banner/explain", &other).await.code(), "preview_invalid");
    assert_eq!(app.post("/v1/banner/explain", &json!({"site": "journal"})).await.code(), "api_key_missing");
    assert_eq!(app.post("/v1/banner/explain", &json!([])).await.code(), "api_key_missing");
    app.advance_days(1);
    assert_eq!(app.post("/v1/banner/explain", &question).await.code(), "preview_invalid");
    app.finish().await;
}

#[tokio::test]
async fn a_preview_shows_a_ticker_even_if_the_appeal_was_never_active() {
    let app = TestApp::start_without_appeals().await;
    let key = create_key(&app).await;
    app.give(1500, "once").await;
    app.deliver_and_process_all_events().await;
    let mut with_ticker = appeal("{ticker_total} so far");
    with_ticker["ticker"] = json!({"counts": "money", "of": "site", "goal_minor": 10_000, "currency": "EUR", "from": "2026-01-01"});
    let saved = call(&app, &key, Method::PUT, "/v1/appeals/summer", &with_ticker).await;
    assert_eq!(saved.status, 201, "{saved:?}");
    let created = create_preview(&app, &key, &json!({"version": 1})).await;
    let shown = show_preview(&app, &signed_value(&created), &json!({})).await;
    assert_eq!(shown.json["content"]["ticker"]["total"], 1500, "{shown:?}");
    assert_eq!(shown.json["values"]["ticker_total"], 1500, "{shown:?}");
    app.finish().await;
}
