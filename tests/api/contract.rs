//! Responses that do not depend on the route, and the page that shows the API description (`/docs`).
//! (`tests/contract/` tests every operation.)

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{Answer, ORIGIN, TestApp};

/// Some paths of the API, each with the methods that it allows. `routes.rs` tests all paths.
const PATHS: [(&str, &str); 17] = [
    ("/v1/banner", "GET, POST, HEAD"),
    ("/v1/banner/events", "POST"),
    ("/v1/checkout", "POST"),
    ("/v1/tokens", "POST"),
    ("/v1/supporter", "GET, HEAD"),
    ("/v1/supporters/sup_1", "GET, HEAD"),
    ("/v1/supporters/lookup", "POST"),
    ("/v1/contributions", "GET, HEAD"),
    ("/v1/contributions/con_1", "GET, HEAD"),
    ("/v1/contributions/export.csv", "GET, HEAD"),
    ("/v1/reconciliation", "GET, HEAD"),
    ("/.well-known/jwks.json", "GET, HEAD"),
    ("/webhooks/stripe", "POST"),
    ("/embed.js", "GET, HEAD"),
    ("/embed/1/embed.js", "GET, HEAD"),
    ("/docs", "GET, HEAD"),
    ("/docs/page.js", "GET, HEAD"),
];

/// Sends the request, and expects a problem response. Returns its status and code.
async fn send_and_expect_problem(app: &TestApp, request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = app.send(request).await;
    let media_type = answer.headers.get("content-type").map(|it| it.to_str().unwrap().to_owned());
    assert_eq!(media_type.as_deref(), Some("application/problem+json"), "{answer:?}");
    assert_eq!(answer.json["status"], answer.status.as_u16());
    (answer.status.as_u16(), answer.json["code"].clone())
}

#[tokio::test]
async fn an_unknown_path_gets_a_problem_response() {
    let app = TestApp::start().await;
    for path in [
        "/",
        "/v1",
        "/v2/banner",
        "/v1/banner/",
        "//v1/banner",
        "/v1/supporters/",
        "/openapi.json",
        "/docs/../Cargo.toml",
        "/embed/a/b/embed.js",
        "/%00",
        "/metrics",
    ] {
        for method in [Method::GET, Method::POST, Method::PUT] {
            let request = app.client.request(method, format!("{}{path}", app.url));
            let refusal = send_and_expect_problem(&app, request).await;
            assert_eq!(refusal, (404, json!("not_found")), "{path}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn the_response_to_an_unsupported_method_lists_the_allowed_methods() {
    let app = TestApp::start().await;
    for (path, allowed) in PATHS {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "TRACE"] {
            if allowed.split(", ").any(|known| known == method) {
                continue;
            }
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = app.send(app.client.request(method.clone(), format!("{}{path}", app.url))).await;
            assert_eq!(
                (answer.status.as_u16(), answer.code()),
                (405, "method_not_allowed"),
                "{method} {path}"
            );
            assert_eq!(answer.headers["allow"], allowed, "{method} {path}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_head_request_gets_the_response_of_get_without_the_body() {
    let app = TestApp::start().await;
    let key = app.api_key().await;
    for (path, allowed) in PATHS {
        let ask = async |method| {
            let url = format!("{}{path}", app.url);
            let request = app.client.request(method, url).header("x-request-id", "one").bearer_auth(&key);
            let answer = request.send().await.unwrap();
            (answer.status(), answer.headers().clone(), answer.bytes().await.unwrap())
        };
        let ((status, headers, body), (get_status, mut get_headers, get_body)) =
            (ask(Method::HEAD).await, ask(Method::GET).await);
        assert_eq!((status, body.len()), (get_status, 0), "{path}");
        assert_eq!(status == 405, !allowed.contains("HEAD"), "{path}");
        assert!(!get_body.is_empty(), "{path}");
        // The response to GET may be chunked. The response to HEAD has no body, so it has no transfer encoding.
        get_headers.remove("transfer-encoding");
        assert_eq!(headers.len(), get_headers.len(), "{path}: {headers:?} {get_headers:?}");
        for (name, value) in get_headers.iter().filter(|(name, _)| *name != "date") {
            assert_eq!(headers.get(name), Some(value), "{path} {name}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn the_response_to_an_unreadable_body_gives_the_reason() {
    let app = TestApp::start().await;
    let key = app.api_key().await;
    for path in ["/v1/banner", "/v1/banner/events", "/v1/checkout", "/v1/tokens", "/v1/supporters/lookup"] {
        let send = async |media_type: &str, body: Vec<u8>| -> Answer {
            let request =
                app.client.post(format!("{}{path}", app.url)).bearer_auth(&key).header("origin", ORIGIN);
            app.send(request.header("content-type", media_type).body(body)).await
        };
        let lists = [json!([]), json!(["journal"]), json!(["journal", "view", "x", 1, "close"])];
        let non_objects = lists.map(|list| list.to_string());
        for text in ["", "{", "null", "7", "\"{}\"", "{\"site\":\"journal\"} {}"]
            .into_iter()
            .chain(non_objects.iter().map(String::as_str))
        {
            let answer = send("application/json", text.into()).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (400, "invalid_request"), "{path} {text}");
            assert!(answer.json["detail"].is_string(), "{answer:?}");
        }
        assert_eq!(
            send("application/json", vec![b'"', 0xff, b'"']).await.code(),
            "invalid_request",
            "{path}"
        );
        for media_type in
            ["application/xml", "application/x-www-form-urlencoded", "multipart/form-data", "json"]
        {
            let answer = send(media_type, b"{}".into()).await;
            assert_eq!(
                (answer.status.as_u16(), answer.code()),
                (415, "unsupported_media_type"),
                "{path} {media_type}"
            );
        }
        let answer = send("application/json", vec![b' '; 65_537]).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (413, "body_too_large"), "{path}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_nested_value_of_the_wrong_shape_is_refused_in_a_banner_request() {
    let app = TestApp::start().await;
    for (field, value) in [
        ("page", json!(["https://journal.example.org/"])),
        ("reader", json!([])),
        ("history", json!([])),
        ("history", json!({"views": [["help", "a", "2026-11-20T08:00:00Z"]]})),
        ("history", json!({"dismissals": [["help", "close", "2026-11-20T08:00:00Z"]]})),
        ("history", json!({"articles": [["2026-11-23", 1]]})),
        ("history", json!({"article_days": [["2026-11-23", 1]]})),
        ("history", json!({"article_days": [{"day": "23 November", "count": 1}]})),
        ("history", json!({"article_days": {"2026-11-23": 1}})),
    ] {
        let answer = app.post("/v1/banner", &json!({"site": "journal", field: value})).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "invalid_request"), "{field} {value}");
    }
    let only_nulls = json!({
        "site": "journal", "surfaces": null, "page": null, "reader": null, "token": null,
        "history": {"views": null, "dismissals": null, "free_articles_used": null, "article_days": null, "articles": [{"week": "2026-11-23", "count": null, "tags": null}]},
    });
    assert_eq!(app.post("/v1/banner", &only_nulls).await.json["reason"], "matched");
    app.finish().await;
}

#[tokio::test]
async fn a_401_names_the_authentication_scheme() {
    let app = TestApp::start().await;
    for (path, code) in [
        ("/v1/supporter", "token_missing"),
        ("/v1/supporters/sup_1?site=journal", "api_key_missing"),
        ("/v1/reconciliation", "api_key_missing"),
    ] {
        for authorization in [None, Some("Basic YTpi"), Some("Bearer"), Some("Bearer ")] {
            let request = app.client.get(format!("{}{path}", app.url));
            let request = authorization
                .into_iter()
                .fold(request, |request, value| request.header("authorization", value));
            let answer = app.send(request).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (401, code), "{path} {authorization:?}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn the_page_that_shows_the_api_description_loads_nothing_from_other_hosts() {
    let app = TestApp::start().await;
    let page = app.client.get(format!("{}/docs", app.url)).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let with_slash = app.client.get(format!("{}/docs/", app.url)).send().await.unwrap();
    assert_eq!(
        (with_slash.status().as_u16(), &with_slash.headers()["location"]),
        (308, &"../docs".parse().unwrap())
    );
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    for rule in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.split("; ").any(|part| part == rule), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    let html = page.text().await.unwrap();
    assert!(!html.contains("//"), "the page contains a URL with a host");
    assert!(
        !html.contains("<style") && !html.contains("style=") && !html.contains("<script>"),
        "the page has an inline style or script, which its policy forbids"
    );
    let part_paths = html.split(['"', ' ']).filter(|part| part.starts_with("docs/"));
    let mut part_count = 0;
    for part in part_paths {
        let answer = app.client.get(format!("{}/{part}", app.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{part}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{part}");
        assert!(!answer.bytes().await.unwrap().is_empty(), "{part}");
        part_count += 1;
    }
    assert_eq!(part_count, 5);
    app.finish().await;
}

#[tokio::test]
async fn the_served_api_description_equals_the_committed_one() {
    let app = TestApp::start().await;
    let served =
        app.client.get(format!("{}/openapi.yaml", app.url)).send().await.unwrap().text().await.unwrap();
    assert!(
        served == include_str!("../../openapi.yaml"),
        "openapi.yaml is out of date; run `cargo run -- openapi > openapi.yaml`"
    );
    app.finish().await;
}
