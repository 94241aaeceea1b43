//! Appeals over HTTP: versions, active appeals, and rejected requests.

use keepopen::actions;
use keepopen::keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{Answer, TestApp};

/// A client with an API key.
struct ApiClient<'a> {
    app: &'a TestApp,
    key: String,
}

impl<'a> ApiClient<'a> {
    async fn open(app: &'a TestApp, scope: Scope) -> Self {
        let key = actions::create_api_key(&app.app.as_operator(), "desk", &[scope]).await.unwrap();
        Self { app, key: key.secret }
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>, etag: Option<&str>) -> Answer {
        let request = self.app.client.request(method, format!("{}/v1/appeals{path}", self.app.url));
        let mut request = request.bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(etag) = etag {
            request = request.header("if-match", etag);
        }
        self.app.send(request).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None, None).await
    }

    async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PUT, path, Some(body), None).await
    }

    async fn post(&self, path: &str) -> Answer {
        self.call(Method::POST, path, Some(&json!({})), None).await
    }
}

fn appeal(heading: &str) -> Value {
    json!({
        "sites": ["journal"], "kind": "ask", "surface": ["banner"],
        "variants": [{"id": "a", "copy": {"heading": heading, "body": ["Read on."], "cta": "Give"}}],
    })
}

/// Returns the heading that a reader sees, or the reason why no appeal is shown.
async fn heading(app: &TestApp) -> String {
    let verdict = app.banner(None).await;
    verdict["content"]["heading"].as_str().unwrap_or_else(|| verdict["reason"].as_str().unwrap()).to_owned()
}

#[tokio::test]
async fn an_appeal_is_drafted_published_rolled_back_paused_and_ended() {
    let app = TestApp::start_without_appeals().await;
    let client = ApiClient::open(&app, Scope::AppealsWrite).await;
    assert_eq!(heading(&app).await, "no_live_appeal");

    let created = client.put("/summer", &appeal("First")).await;
    assert_eq!((created.status.as_u16(), &created.json["version"]), (201, &json!(1)), "{created:?}");
    assert_eq!(heading(&app).await, "no_live_appeal", "readers must not see a draft");
    let published = client.post("/summer/publish").await;
    assert_eq!((published.status.as_u16(), published.text("phase")), (200, "live"));
    assert_eq!(heading(&app).await, "First");

    assert_eq!(client.put("/summer", &appeal("Second")).await.json["version"], 2);
    assert_eq!(heading(&app).await, "First", "readers must not see an unpublished version");
    assert_eq!(
        client.put("/summer", &appeal("Second")).await.status,
        200,
        "saving the same appeal again must not create a version"
    );
    client.post("/summer/publish").await;
    assert_eq!(heading(&app).await, "Second");

    let restored = client.call(Method::POST, "/summer/publish", Some(&json!({"version": 1})), None).await;
    assert_eq!((&restored.json["published_version"], &restored.json["version"]), (&json!(1), &json!(2)));
    assert_eq!(heading(&app).await, "First", "readers must see version 1 again");

    assert_eq!(client.post("/summer/pause").await.text("phase"), "paused");
    assert_eq!(heading(&app).await, "no_live_appeal");
    client.post("/summer/publish").await;
    assert_eq!(heading(&app).await, "Second");
    assert_eq!(client.post("/summer/end").await.text("phase"), "ended");
    assert_eq!(heading(&app).await, "no_live_appeal");

    let whole = client.get("/summer").await;
    assert_eq!(whole.json["appeal"]["variants"][0]["copy"]["heading"], "Second");
    assert_eq!(whole.json["versions"].as_array().unwrap().len(), 2);
    let first = client.get("/summer/versions/1").await;
    assert_eq!(first.json["appeal"]["variants"][0]["copy"]["heading"], "First");
    let listed = client.get("").await;
    assert_eq!(listed.json["appeals"][0]["id"], "summer");
    assert_eq!(listed.json["appeals"][0]["phase"], "ended");
    app.finish().await;
}

#[tokio::test]
async fn an_invalid_appeal_is_rejected_and_the_response_names_the_field() {
    let app = TestApp::start_without_appeals().await;
    let client = ApiClient::open(&app, Scope::AppealsWrite).await;
    // Returns the field that the response names.
    let bad_field = async |change: &dyn Fn(&mut Value)| {
        let mut body = appeal("Help");
        change(&mut body);
        let answer = client.put("/summer", &body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (422, "appeal_invalid"), "{answer:?}");
        let problem = &answer.json["problems"][0];
        assert_eq!(problem["appeal"], "summer", "{problem}");
        assert!(!problem["sentence"].as_str().unwrap().is_empty());
        problem["field"].as_str().unwrap().to_owned()
    };
    assert_eq!(bad_field(&|it| it["sties"] = json!([])).await, "sties");
    assert_eq!(bad_field(&|it| it["sites"] = json!(["gazette", "nowhere"])).await, "sites[1]");
    assert_eq!(bad_field(&|it| it["live"] = json!("live")).await, "live");
    assert_eq!(bad_field(&|it| it["id"] = json!("winter")).await, "id");
    assert_eq!(bad_field(&|it| it["frequency"] = json!({"max_views": "four"})).await, "frequency.max_views");
    assert_eq!(bad_field(&|it| it["variants"][0]["copy"] = json!({"body": []})).await, "variants[0].copy");
    assert_eq!(bad_field(&|it| it["variants"] = json!([])).await, "variants");
    assert_eq!(bad_field(&|it| it["variants"][0]["id"] = json!("holdout")).await, "variants[0].id");
    let refused_weights = async |weights: Value| {
        bad_field(&|it| it["variants"][0]["weights_by_country"] = weights.clone()).await
    };
    assert_eq!(refused_weights(json!({"UK": 2})).await, "variants[0].weights_by_country.UK");
    assert_eq!(refused_weights(json!({"NZ": 0})).await, "variants[0].weights_by_country.NZ");
    assert_eq!(refused_weights(json!({"NZ": "2"})).await, "variants[0].weights_by_country.NZ");
    let unknown_placeholder = "Only {days} left";
    assert_eq!(
        bad_field(&|it| it["variants"][0]["copy"]["heading"] = json!(unknown_placeholder)).await,
        "variants[0].copy.heading"
    );
    assert_eq!(client.get("/summer").await.code(), "appeal_not_found", "rejected appeals must not be stored");
    let without_media_type =
        app.client.put(format!("{}/v1/appeals/summer", app.url)).bearer_auth(&client.key).body("{}");
    assert_eq!(app.send(without_media_type).await.code(), "unsupported_media_type");
    let list_body = client.put("/summer", &json!([])).await;
    assert_eq!(list_body.code(), "invalid_request");
    app.finish().await;
}

#[tokio::test]
async fn two_editors_who_save_at_the_same_time_do_not_overwrite_each_other() {
    let app = TestApp::start_without_appeals().await;
    let client = ApiClient::open(&app, Scope::AppealsWrite).await;
    let put = async |heading: &str, etag: &str| {
        client.call(Method::PUT, "/summer", Some(&appeal(heading)), Some(etag)).await
    };
    let created = client.put("/summer", &appeal("First")).await;
    assert_eq!((created.status.as_u16(), &created.headers["etag"]), (201, &"\"1\"".parse().unwrap()));
    assert_eq!(client.get("/summer").await.headers["etag"], "\"1\"");
    assert_eq!(put("Second", "\"1\"").await.status, 200);
    let late = put("Third", "\"1\"").await;
    assert_eq!((late.status.as_u16(), late.code()), (412, "version_conflict"));
    assert_eq!(put("Third", "soon").await.code(), "invalid_request");
    assert_eq!(client.get("/summer").await.json["appeal"]["variants"][0]["copy"]["heading"], "Second");
    app.finish().await;
}

#[tokio::test]
async fn an_appeal_published_on_one_instance_reaches_the_others() {
    let app = TestApp::start_without_appeals().await;
    let other = actions::start(app.app.settings.clone(), app.app.clock.clone()).await.unwrap();
    let client = ApiClient::open(&app, Scope::AppealsWrite).await;
    client.put("/summer", &appeal("First")).await;
    client.post("/summer/publish").await;
    // The snapshot has the active appeals. Its number counts the publications.
    assert!(other.snapshot.load().problems.is_empty());
    assert_eq!(other.snapshot.load().number, 0);
    actions::sync_appeals(&other).await.unwrap();
    assert_eq!(other.snapshot.load().number, 1);
    let restarted = actions::start(app.app.settings.clone(), app.app.clock.clone()).await.unwrap();
    assert_eq!(restarted.snapshot.load().number, 1, "the appeal must still be active after a restart");
    other.store.close().await;
    restarted.store.close().await;
    app.finish().await;
}

#[tokio::test]
async fn appeals_can_be_read_and_written_only_with_a_key_of_the_right_scope() {
    let app = TestApp::start_without_appeals().await;
    let read_client = ApiClient::open(&app, Scope::AppealsRead).await;
    assert_eq!(read_client.get("").await.json, json!({"appeals": []}));
    assert_eq!(read_client.put("/summer", &appeal("Help")).await.code(), "scope_missing");
    for path in ["publish", "pause", "end"] {
        assert_eq!(read_client.post(&format!("/summer/{path}")).await.code(), "scope_missing");
    }
    let other_scope = ApiClient::open(&app, Scope::SupportersRead).await;
    assert_eq!(other_scope.get("").await.code(), "scope_missing");
    assert_eq!(app.get("/v1/appeals", None).await.code(), "api_key_missing");
    app.finish().await;
}

#[tokio::test]
async fn a_missing_appeal_cannot_be_published_or_paused() {
    let app = TestApp::start_without_appeals().await;
    let client = ApiClient::open(&app, Scope::AppealsWrite).await;
    for path in ["publish", "pause", "end"] {
        assert_eq!(client.post(&format!("/nothing/{path}")).await.code(), "appeal_not_found");
    }
    client.put("/summer", &appeal("Help")).await;
    assert_eq!(client.post("/summer/pause").await.code(), "never_published");
    let missing = client.call(Method::POST, "/summer/publish", Some(&json!({"version": 7})), None).await;
    assert_eq!(missing.code(), "version_not_found");
    for path in ["/summer/versions/7", "/summer/versions/x"] {
        assert_eq!(client.get(path).await.code(), "version_not_found");
    }
    app.finish().await;
}

#[tokio::test]
async fn appeals_can_not_be_saved_or_published_over_http_if_there_is_an_appeals_file() {
    let app = TestApp::start().await;
    let client = ApiClient::open(&app, Scope::AppealsWrite).await;
    assert_eq!(client.put("/summer", &appeal("Help")).await.code(), "appeals_from_file");
    assert_eq!(client.post("/summer/publish").await.code(), "appeals_from_file");
    app.finish().await;
}

#[tokio::test]
async fn an_explanation_names_the_rule_that_an_appeal_fails() {
    let app = TestApp::start_without_appeals().await;
    let client = ApiClient::open(&app, Scope::AppealsWrite).await;
    let mut body = appeal("Help");
    body["audience"] = json!({"countries": {"include": ["IE"]}});
    body["frequency"] = json!({"max_views": 1, "window_days": 30});
    client.put("/summer", &body).await;
    client.post("/summer/publish").await;
    // Returns the reason of the verdict, and the rule that the appeal fails.
    let explain = async |question: Value| {
        let request = app.client.post(format!("{}/v1/banner/explain", app.url)).bearer_auth(&client.key);
        let explained = app.send(request.json(&question)).await;
        assert_eq!(explained.status, 200, "{explained:?}");
        let appeal = explained.json["appeals"][0].clone();
        assert_eq!(appeal["appeal"], "summer");
        let rules = appeal["rules"].as_array().unwrap().clone();
        let failed = rules.into_iter().find(|rule| rule["passed"] == false).unwrap_or(Value::Null);
        (explained.json["reason"].as_str().unwrap().to_owned(), failed)
    };
    let question = |country: &str, views: Value| json!({"site": "journal", "reader": {"country": country}, "history": {"views": views}});
    let (reason, rule) = explain(question("IE", json!([]))).await;
    assert_eq!((reason.as_str(), rule), ("matched", Value::Null));
    let (reason, rule) = explain(question("FR", json!([]))).await;
    assert_eq!((reason.as_str(), rule["rule"].as_str()), ("not_targeted", Some("country")));
    assert!(
        rule["seen"].as_str().unwrap().contains("FR") && rule["wanted"].as_str().unwrap().contains("IE"),
        "{rule}"
    );
    let seen = json!([{"appeal": "summer", "at": keepopen::clock::rfc3339(app.app.now_ms() - 1000)}]);
    let (reason, rule) = explain(question("IE", seen)).await;
    assert_eq!((reason.as_str(), rule["rule"].as_str()), ("frequency_cap", Some("frequency")));
    assert!(rule["opens_at"].is_string(), "{rule}");
    let unknown_site = app.client.post(format!("{}/v1/banner/explain", app.url)).bearer_auth(&client.key);
    assert_eq!(app.send(unknown_site.json(&json!({"site": "nowhere"}))).await.code(), "site_not_found");
    let without_key = app.post("/v1/banner/explain", &json!({"site": "journal"})).await;
    assert_eq!(without_key.code(), "api_key_missing");
    app.finish().await;
}

#[tokio::test]
async fn weights_by_country_decide_the_variant_and_an_explanation_names_the_country() {
    let app = TestApp::start_without_appeals().await;
    let client = ApiClient::open(&app, Scope::AppealsWrite).await;
    let mut body = appeal("Help");
    body["variants"][0]["weights_by_country"] = json!({"NZ": 0});
    let other =
        json!({"id": "b", "weight": 0, "weights_by_country": {"NZ": 1}, "copy": {"heading": "Kia ora"}});
    body["variants"].as_array_mut().unwrap().push(other);
    assert_eq!(client.put("/summer", &body).await.status, 201);
    client.post("/summer/publish").await;
    for (country, variant, weights_of) in [("nz", "b", Some("NZ")), ("AU", "a", None)] {
        let question = json!({"site": "journal", "reader": {"country": country, "bucket": 1}, "history": {}});
        assert_eq!(app.post("/v1/banner", &question).await.text("variant"), variant);
        let request = app.client.post(format!("{}/v1/banner/explain", app.url)).bearer_auth(&client.key);
        let explained = app.send(request.json(&question)).await.json["appeals"][0].clone();
        assert_eq!(
            (explained["variant"].as_str(), explained["weights_of"].as_str()),
            (Some(variant), weights_of)
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn a_reader_in_the_holdout_sees_no_appeal_and_the_attribution_names_the_holdout() {
    let app = TestApp::start_with("[sites.journal.rules]\nholdout_percent = 100\n").await;
    let question = json!({"site": "journal", "reader": {"bucket": 7}, "history": {}});
    let verdict = app.post("/v1/banner", &question).await.json;
    assert_eq!((&verdict["show"], &verdict["reason"]), (&json!(false), &json!("holdout")));
    let attribution = verdict["attribution"].as_str().unwrap();
    let read =
        keepopen::keys::Attribution::read(attribution, &app.app.attribution_key, "journal", app.app.now_ms());
    let read = read.unwrap();
    assert_eq!((read.appeal.as_str(), read.variant.as_str()), ("help", "holdout"));
    app.finish().await;
}

#[tokio::test]
async fn an_appeal_whose_end_has_passed_can_be_saved_but_not_published() {
    let app = TestApp::start_without_appeals().await;
    let client = ApiClient::open(&app, Scope::AppealsWrite).await;
    let mut body = appeal("Help");
    body["schedule"] = json!({"ends_at": "2020-06-15"});
    assert_eq!(client.put("/summer", &body).await.status, 201);
    let late = client.post("/summer/publish").await;
    assert_eq!(
        (late.code(), late.json["problems"][0]["field"].as_str()),
        ("appeal_invalid", Some("schedule.ends_at"))
    );
    body["schedule"] = json!({"starts_at": "2090-06-15T08:00"});
    client.put("/summer", &body).await;
    assert_eq!(client.post("/summer/publish").await.text("phase"), "scheduled");
    app.finish().await;
}

#[tokio::test]
async fn an_exported_file_can_be_applied_again_after_one_of_its_appeals_has_ended() {
    let app = TestApp::start_without_appeals().await;
    let apply = async |heading: &str, state: &str| {
        let mut body = appeal(heading);
        (body["id"], body["live"]) = (json!("summer"), json!(state));
        body["schedule"] = json!({"ends_at": "2026-11-26"});
        actions::apply_appeals(&app.app.as_operator(), vec![body.as_object().unwrap().clone()]).await
    };
    apply("Help", "live").await.unwrap();
    app.advance_days(30);
    assert!(!apply("Help", "live").await.unwrap()[0].1.is_new_version);
    // After the appeal has ended, a new version of it can't be published. It can be paused, but not resumed.
    assert!(matches!(apply("Help us", "live").await, Err(actions::EditError::Invalid(_))));
    apply("Help", "paused").await.unwrap();
    assert!(matches!(apply("Help", "live").await, Err(actions::EditError::Invalid(_))));
    app.finish().await;
}

#[tokio::test]
async fn the_list_of_appeals_shows_the_current_phase_of_each() {
    let app = TestApp::start_without_appeals().await;
    let client = ApiClient::open(&app, Scope::AppealsWrite).await;
    let schedules = [
        ("draft", json!({})),
        ("live", json!({})),
        ("paused", json!({})),
        ("scheduled", json!({"starts_at": "2090-06-15T08:00"})),
        ("ended", json!({"ends_at": "2026-11-26"})),
    ];
    for (phase, schedule) in &schedules {
        let mut body = appeal("Help");
        body["schedule"] = schedule.clone();
        assert_eq!(client.put(&format!("/{phase}"), &body).await.status, 201);
        if *phase != "draft" {
            assert_eq!(client.post(&format!("/{phase}/publish")).await.status, 200);
        }
    }
    client.post("/paused/pause").await;
    // An unpublished newer version has no effect.
    client.put("/live", &appeal("Help us")).await;
    app.advance_days(30);
    let listed = client.get("").await;
    let listed = listed.json["appeals"].as_array().unwrap();
    assert_eq!(listed.len(), schedules.len());
    for appeal in listed {
        assert_eq!(appeal["phase"], appeal["id"], "{appeal}");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_appeal_id_with_a_null_character_is_not_found() {
    let app = TestApp::start_without_appeals().await;
    let client = ApiClient::open(&app, Scope::AppealsWrite).await;
    let path = "/summer%00";
    for (method, suffix) in [
        (Method::GET, ""),
        (Method::GET, "/versions/1"),
        (Method::POST, "/publish"),
        (Method::POST, "/pause"),
        (Method::POST, "/end"),
    ] {
        let body = (method == Method::POST).then(|| json!({}));
        let answer = client.call(method.clone(), &format!("{path}{suffix}"), body.as_ref(), None).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (404, "appeal_not_found"), "{method} {suffix}");
    }
    let answer = client.put(path, &appeal("Help")).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (422, "appeal_invalid"));
    app.finish().await;
}
