//! Banner requests, in which a page asks over HTTP whether to show an appeal. (The rules have their own cases in
//! `decision/cases/`.)

use serde_json::{Value, json};

use crate::helpers::{ORIGIN, TestApp};

#[tokio::test]
async fn a_new_reader_sees_the_appeal_in_the_sites_default_currency() {
    let app = TestApp::start().await;
    let verdict = app.banner(None).await;
    let shown = json!({
        "show": true, "surface": "banner", "kind": "ask", "appeal": "help", "variant": "a", "closable": true, "reason": "matched",
        "attribution": verdict["attribution"], "next_eligible_at": null,
        "content": {
            "locale": "en", "heading": "We need your help now", "body": ["Read on."], "cta": "Give {gift}",
            "choices": {
                "currency": "EUR", "minor_digits": 2, "step_minor": 1, "once": [500, 1500], "month": [500, 1000], "year": [5000],
                "default": {"interval": "month", "amount_minor": 1000},
                "minimum_minor": 100, "maximum_minor": 100_000, "other": true, "fallback_url": "https://journal.example.org/give",
            },
            "quiet_days": {"close": 14, "later": 3, "already_gave": 365, "gift": 90},
        },
    });
    assert_eq!(verdict, shown);
    app.finish().await;
}

#[tokio::test]
async fn a_plain_text_body_is_accepted_so_that_no_preflight_is_needed() {
    let app = TestApp::start().await;
    let question = json!({"site": "journal", "history": {}}).to_string();
    let request = app.client.post(format!("{}/v1/banner", app.url)).header("origin", ORIGIN);
    let answer = app.send(request.header("content-type", "text/plain;charset=UTF-8").body(question)).await;
    assert_eq!(answer.json["reason"], "matched");
    assert_eq!(answer.headers["access-control-allow-origin"], ORIGIN);
    assert_eq!(answer.headers["cache-control"], "no-store");
    app.finish().await;
}

#[tokio::test]
async fn a_page_from_an_unlisted_origin_can_not_read_the_response() {
    let app = TestApp::start().await;
    for origin in [
        "https://evil.example",
        "https://journal.example.org.evil.example",
        "http://journal.example.org",
        "null",
    ] {
        let request = app.client.post(format!("{}/v1/banner", app.url)).header("origin", origin);
        let answer = app.send(request.json(&json!({"site": "journal"}))).await;
        assert_eq!(answer.headers.get("access-control-allow-origin"), None, "{origin}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_preflight_succeeds_only_for_the_sites_own_origins() {
    let app = TestApp::start().await;
    for (origin, granted) in [(ORIGIN, Some(ORIGIN)), ("https://evil.example", None)] {
        let request = app.client.request(reqwest::Method::OPTIONS, format!("{}/v1/checkout", app.url));
        let request = request.header("origin", origin).header("access-control-request-method", "POST");
        let answer = app.send(request.header("access-control-request-headers", "content-type")).await;
        let allowed = answer.headers.get("access-control-allow-origin").map(|it| it.to_str().unwrap());
        assert_eq!(allowed, granted, "{answer:?}");
        assert_eq!(answer.headers.get("access-control-allow-credentials"), None);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_page_can_revalidate_feature_flags_by_etag_and_read_the_new_etag() {
    let app = TestApp::start().await;
    let url = format!("{}/ofrep/v1/evaluate/flags", app.url);
    let preflight = app.client.request(reqwest::Method::OPTIONS, &url).header("origin", ORIGIN);
    let preflight = preflight.header("access-control-request-method", "POST");
    let asked = "content-type,if-none-match";
    let answer = app.send(preflight.header("access-control-request-headers", asked)).await;
    let granted = answer.headers["access-control-allow-headers"].to_str().unwrap().to_ascii_lowercase();
    assert!(granted.contains("if-none-match"), "{answer:?}");
    let answer = app.post("/ofrep/v1/evaluate/flags", &json!({"context": {"site": "journal"}})).await;
    let exposed = answer.headers["access-control-expose-headers"].to_str().unwrap().to_ascii_lowercase();
    assert!(exposed.contains("etag") && exposed.contains("retry-after"), "{answer:?}");
    app.finish().await;
}

#[tokio::test]
async fn a_feature_flag_request_without_a_site_is_an_invalid_context() {
    let app = TestApp::start().await;
    for context in [json!({}), json!({"site": null, "history": {}}), json!({"targetingKey": "one"})] {
        let answer = app.post("/ofrep/v1/evaluate/flags/appeal", &json!({"context": context})).await;
        assert_eq!((answer.status.as_u16(), answer.text("errorCode")), (400, "INVALID_CONTEXT"), "{context}");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_omitted_history_is_unknown_and_not_empty() {
    let app = TestApp::start().await;
    let answer = app.post("/v1/banner", &json!({"site": "journal"})).await;
    assert_eq!((&answer.json["show"], &answer.json["reason"]), (&json!(false), &json!("no_consent")));
    app.finish().await;
}

#[tokio::test]
async fn an_unknown_field_that_looks_like_a_typo_is_ignored_and_the_response_has_a_warning() {
    let app = TestApp::start().await;
    let page = json!({"sensitve": true, "author": "x"});
    let verdict = app.post("/v1/banner", &json!({"site": "journal", "page": page, "history": {}})).await.json;
    assert_eq!(verdict["reason"], "matched");
    let warning = "page.sensitve is not known and was ignored; did you mean page.sensitive?";
    assert_eq!(verdict["warnings"], json!([warning]));
    let other_typo = json!({"site": "journal", "page": {"sensitive": true, "tag": []}, "history": {}});
    assert_eq!(app.post("/v1/banner", &other_typo).await.json["warnings"].as_array().map(Vec::len), Some(1));
    let no_typo = json!({"site": "journal", "page": {"author": "x"}, "history": {}});
    assert_eq!(app.post("/v1/banner", &no_typo).await.json.get("warnings"), None);
    let answer = app.get("/v1/banner?site=journal&contry=IE&utm_source=x", None).await;
    assert_eq!(
        answer.json["warnings"],
        json!(["contry is not known and was ignored; did you mean country?"])
    );
    app.finish().await;
}

#[tokio::test]
async fn no_appeal_is_shown_on_a_sensitive_page() {
    let app = TestApp::start().await;
    let answer =
        app.post("/v1/banner", &json!({"site": "journal", "history": {}, "page": {"sensitive": true}})).await;
    assert_eq!(answer.json["reason"], "sensitive_page");
    app.finish().await;
}

#[tokio::test]
async fn the_kill_switch_turns_off_all_appeals_of_a_site() {
    let app = TestApp::start_with(
        "[sites.dark]\nname = \"Dark\"\norigins = []\ncurrency = \"EUR\"\nbanner = \"off\"\n\
         [sites.dark.giving.EUR]\nminimum_minor = 50\nmaximum_minor = 99\nonce = [55]\ndefault_interval = \"once\"\ndefault_amount_minor = 55",
    )
    .await;
    let answer = app.post("/v1/banner", &json!({"site": "dark", "history": {}})).await;
    assert_eq!(answer.json["reason"], "kill_switch");
    app.finish().await;
}

#[tokio::test]
async fn a_banner_request_can_be_sent_in_the_query_string_but_not_with_a_token() {
    let app = TestApp::start().await;
    let get = async |query: &str| app.get(&format!("/v1/banner?{query}"), None).await;
    assert_eq!(get("site=journal").await.json["reason"], "no_consent");
    assert_eq!(
        get("site=journal&sensitive=true&tags=a,b&surfaces=inline").await.json["reason"],
        "sensitive_page"
    );
    assert_eq!(get("site=journal&token=x").await.code(), "token_in_url");
    assert_eq!(get("site=journal&surfaces=ceiling").await.code(), "invalid_request");
    assert_eq!(get("site=journal&bucket=many").await.code(), "invalid_request");
    assert_eq!(get("").await.code(), "invalid_request");
    assert_eq!(get("site=nowhere").await.code(), "site_not_found");
    app.finish().await;
}

#[tokio::test]
async fn an_unreadable_banner_request_is_refused_with_the_reason() {
    let app = TestApp::start().await;
    let bodies: [(&str, u16, &str); 6] = [
        ("", 400, "invalid_request"),
        ("[", 400, "invalid_request"),
        ("{}", 400, "invalid_request"),
        (r#"{"site":"journal","surfaces":["ceiling"]}"#, 400, "invalid_request"),
        (
            r#"{"site":"journal","history":{"views":[{"appeal":"help","at":"yesterday"}]}}"#,
            400,
            "invalid_request",
        ),
        (r#"{"site":"nowhere"}"#, 404, "site_not_found"),
    ];
    for (body, status, code) in bodies {
        let request = app.client.post(format!("{}/v1/banner", app.url)).header("content-type", "text/plain");
        let answer = app.send(request.body(body)).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{body}");
    }
    let large = json!({"site": "journal", "page": {"url": "x".repeat(70_000)}});
    assert_eq!(app.post("/v1/banner", &large).await.code(), "body_too_large");
    let form = app.client.post(format!("{}/v1/banner", app.url)).form(&[("site", "journal")]);
    assert_eq!(app.send(form).await.code(), "unsupported_media_type");
    // A header with bytes that are not text is not a missing header.
    let unreadable = reqwest::header::HeaderValue::from_bytes(b"text/plain\xff").unwrap();
    let unreadable = app.client.post(format!("{}/v1/banner", app.url)).header("content-type", unreadable);
    assert_eq!(app.send(unreadable.body("{}")).await.code(), "unsupported_media_type");
    assert_eq!(app.get("/v1/nothing", None).await.code(), "not_found");
    for (path, allowed) in
        [("/v1/checkout", "POST"), ("/v1/banner", "GET, POST, HEAD"), ("/embed/1/embed.js", "GET, HEAD")]
    {
        let answer = app.send(app.client.delete(format!("{}{path}", app.url))).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (405, "method_not_allowed"));
        assert_eq!(answer.headers["allow"], allowed);
    }
    app.finish().await;
}

#[tokio::test]
async fn views_clicks_and_dismissals_count_once_per_valid_attribution() {
    let app = TestApp::start().await;
    // An attribution is a signed record of what a verdict showed. Pages send it back with views, clicks and dismissals.
    let attributions = [app.banner(None).await, app.banner(None).await].map(|it| it["attribution"].clone());
    let [attribution, other] = attributions;
    let report = async |body: Value| app.post("/v1/banner/events", &body).await;
    let valid_event = |event: &str| json!({"site": "journal", "event": event, "attribution": attribution});
    let mut later_view = valid_event("view");
    later_view["ordinal"] = 2.into();
    later_view["attribution"] = other;
    let mut dismissal = valid_event("dismiss");
    dismissal["dismissal"] = "close".into();
    let mut forged = valid_event("view");
    forged["attribution"] = "forged.note".into();
    let mut event_of_other_site = valid_event("click");
    event_of_other_site["site"] = "gazette".into();
    let mut second_dismissal = dismissal.clone();
    second_dismissal["dismissal"] = "never".into();
    let repeated_view = later_view.clone();
    for body in [
        valid_event("view"),
        valid_event("view"),
        later_view,
        repeated_view,
        valid_event("click"),
        dismissal,
        second_dismissal,
        valid_event("click"),
        forged,
    ] {
        assert_eq!(report(body).await.status, 204);
    }
    let request_of_other_site = app.client.post(format!("{}/v1/banner/events", app.url));
    let request_of_other_site =
        request_of_other_site.header("origin", "https://gazette.example.org").json(&event_of_other_site);
    assert_eq!(app.send(request_of_other_site).await.status, 204);
    for origin in ["https://evil.example", "null", "https://gazette.example.org"] {
        let request = app.client.post(format!("{}/v1/banner/events", app.url)).header("origin", origin);
        let answer = app.send(request.json(&valid_event("view"))).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (403, "origin_not_allowed"), "{origin}");
    }
    for wrong in [valid_event("dismiss"), valid_event("stare"), json!({"site": "journal"})] {
        assert_eq!(report(wrong).await.code(), "invalid_request");
    }
    keepopen::actions::flush_counts(&app.app, &app.app.as_job("counts")).await.unwrap();
    assert_eq!(report(valid_event("view")).await.status, 204);
    keepopen::actions::flush_counts(&app.app, &app.app.as_job("counts")).await.unwrap();
    let counts = app.app.store.counts("journal").await.unwrap();
    let counts: Vec<_> =
        counts.iter().map(|it| (it.0.as_str(), it.1.as_str(), it.2.as_str(), it.3)).collect();
    let expected = [
        ("help", "a", "click", 1),
        ("help", "a", "dismiss_close", 1),
        ("help", "a", "first_view", 1),
        ("help", "a", "later_view", 1),
    ];
    assert_eq!(counts, expected);
    assert!(app.app.store.counts("gazette").await.unwrap().is_empty());
    app.finish().await;
}

#[tokio::test]
async fn a_changed_appeals_file_becomes_active_and_an_invalid_one_changes_nothing() {
    let app = TestApp::start().await;
    let file = app.folder().join("appeals.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("We need your help now", "Another heading")).unwrap();
    keepopen::actions::publish_appeals(&app.app).unwrap();
    assert_eq!(app.banner(None).await["content"]["heading"], "Another heading");
    std::fs::write(&file, "[[appeals").unwrap();
    assert!(keepopen::actions::publish_appeals(&app.app).is_err());
    assert_eq!(app.banner(None).await["content"]["heading"], "Another heading");
    std::fs::write(&file, format!("{text}\n[[appeals]]\nid = \"bad\"\ntypo = 1")).unwrap();
    keepopen::actions::publish_appeals(&app.app).unwrap();
    assert_eq!(app.app.snapshot.load().problems.len(), 1);
    assert_eq!(app.banner(None).await["content"]["heading"], "We need your help now");
    app.finish().await;
}

#[tokio::test]
async fn the_script_is_served_and_its_versioned_url_is_immutable() {
    let app = TestApp::start().await;
    let latest = app.get("/embed.js", None).await;
    assert_eq!(latest.headers["content-type"], "text/javascript; charset=utf-8");
    let tag = latest.headers["etag"].to_str().unwrap().to_owned();
    let again = app.client.get(format!("{}/embed.js", app.url)).header("if-none-match", &tag);
    assert_eq!(app.send(again).await.status, 304);
    let versioned = app.get(&format!("/embed/{}/embed.js", tag.trim_matches('"')), None).await;
    assert_eq!((&versioned.json, versioned.status.as_u16()), (&latest.json, 200));
    assert!(versioned.headers["cache-control"].to_str().unwrap().contains("immutable"));
    for path in
        ["/embed/0000/embed.js", "/embed/0000/show.js", &format!("/embed/{}/show.js", tag.trim_matches('"'))]
    {
        assert_eq!(app.get(path, None).await.code(), "not_found", "{path}");
    }
    app.finish().await;
}
