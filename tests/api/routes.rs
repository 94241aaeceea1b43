//! Every route behaves as the table of routes says: who may call the route, which pages may read its responses, which
//! methods its path allows, and under which name its calls are counted.

use clap::ValueEnum;
use keepopen::actions;
use keepopen::api::ROUTES;
use keepopen::keys::Scope;
use keepopen::web::{Audience, Cors, Route};
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::helpers::{Answer, ORIGIN, TestApp};

const ELSEWHERE: &str = "https://elsewhere.example";

/// Returns the route's path with `x` in place of each part in braces.
fn path(route: &Route) -> String {
    let part = |part: &str| if part.starts_with('{') { "x".to_owned() } else { part.to_owned() };
    route.path.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn request(app: &TestApp, method: &str, path: &str) -> RequestBuilder {
    app.client.request(method.parse().unwrap(), format!("{}{path}", app.url))
}

/// Calls a route. Unless the method is GET, the body names the site `journal`.
async fn call(app: &TestApp, route: &Route, key: Option<&str>) -> Answer {
    let request = request(app, route.method.as_str(), &path(route));
    let request = key.into_iter().fold(request, RequestBuilder::bearer_auth);
    app.send(if route.method == "GET" { request } else { request.json(&json!({"site": "journal"})) }).await
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn every_route_refuses_a_caller_without_the_credentials_of_its_audience() {
    let app = TestApp::start().await;
    for route in ROUTES.0 {
        let answer = call(&app, route, None).await;
        let status = answer.status.as_u16();
        let refusal = match route.audience {
            Audience::Anyone => {
                assert!(![401, 403].contains(&status), "{} {}: {answer:?}", route.method, route.path);
                continue;
            }
            Audience::Supporter => (401, "token_missing"),
            Audience::Key(_) | Audience::KeyOrPreview(_) => (401, "api_key_missing"),
            Audience::Preview => (403, "preview_invalid"),
            Audience::Stripe => (400, "invalid_signature"),
        };
        assert_eq!((status, answer.code()), refusal, "{} {}", route.method, route.path);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_key_gives_access_to_the_routes_of_its_scope_and_to_no_others() {
    let app = TestApp::start().await;
    for scope in Scope::value_variants().iter().copied() {
        let created = actions::create_api_key(&app.app.as_operator(), "test", &[scope]).await;
        let key = created.unwrap().secret;
        for route in ROUTES.0 {
            let (Audience::Key(scopes) | Audience::KeyOrPreview(scopes)) = route.audience else { continue };
            let answer = call(&app, route, Some(&key)).await;
            let is_refused = [401, 403].contains(&answer.status.as_u16());
            let description = format!("{} {} with {scope:?}", route.method, route.path);
            assert_eq!(is_refused, !scopes.contains(&scope), "{description}: {answer:?}");
            assert!(!is_refused || answer.code() == "scope_missing", "{description}: {answer:?}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_page_of_another_origin_can_read_a_response_only_if_the_route_allows_it() {
    let app = TestApp::start().await;
    for route in ROUTES.0 {
        for origin in [ORIGIN, ELSEWHERE] {
            let allowed = match route.cors {
                Cors::SameOrigin => None,
                Cors::Sites => Some(ORIGIN).filter(|it| *it == origin),
                Cors::AnyPage => Some(if origin == ORIGIN { ORIGIN } else { "*" }),
            };
            let description = format!("{} {} from {origin}", route.method, route.path);
            let from_origin = request(&app, route.method.as_str(), &path(route)).header("origin", origin);
            let answer = app.send(from_origin).await;
            assert_eq!(header(&answer, "access-control-allow-origin"), allowed, "{description}");
            assert_eq!(
                header(&answer, "access-control-expose-headers").is_some(),
                allowed.is_some(),
                "{description}"
            );
            // A cache must not give one page's response to another page.
            let varies = header(&answer, "vary").is_some_and(|value| value.ends_with("Origin"));
            assert_eq!(varies, route.cors != Cors::SameOrigin, "{description}");

            let preflight = request(&app, "OPTIONS", &path(route)).header("origin", origin);
            let preflight = preflight.header("access-control-request-method", route.method.as_str());
            let answer = app.send(preflight).await;
            assert_eq!(header(&answer, "access-control-allow-origin"), allowed, "preflight of {description}");
            let status = if route.cors == Cors::SameOrigin { 405 } else { 204 };
            assert_eq!(answer.status.as_u16(), status, "preflight of {description}");
            assert!(header(&answer, "access-control-allow-credentials").is_none());
            if status == 204 {
                let methods = header(&answer, "access-control-allow-methods").unwrap();
                assert!(
                    methods.split(", ").any(|it| it == route.method.as_str()),
                    "{description}: {methods}"
                );
                assert_eq!(header(&answer, "access-control-max-age"), Some("86400"), "{description}");
            }
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_preflight_for_an_unsupported_method_is_refused() {
    let app = TestApp::start().await;
    for (path, method) in [("/v1/checkout", "PUT"), ("/v1/banner/events", "GET"), ("/embed.js", "POST")] {
        let preflight = request(&app, "OPTIONS", path).header("origin", ORIGIN);
        let answer = app.send(preflight.header("access-control-request-method", method)).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (405, "method_not_allowed"), "{method} {path}");
        assert_eq!(header(&answer, "access-control-allow-methods"), None);
    }
    let preflight = request(&app, "OPTIONS", "/v1/nowhere").header("origin", ORIGIN);
    let answer = app.send(preflight.header("access-control-request-method", "POST")).await;
    assert_eq!((answer.status.as_u16(), header(&answer, "access-control-allow-origin")), (404, None));
    app.finish().await;
}

#[tokio::test]
async fn every_path_lists_its_methods_and_every_route_has_a_metric() {
    let app = TestApp::start().await;
    for route in ROUTES.0 {
        let answer = app.send(request(&app, "PATCH", &path(route))).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (405, "method_not_allowed"), "{}", route.path);
        let allowed: Vec<&str> = header(&answer, "allow").unwrap().split(", ").collect();
        assert!(allowed.contains(&route.method.as_str()), "{}: {allowed:?}", route.path);
        assert_eq!(allowed.contains(&"HEAD"), allowed.contains(&Method::GET.as_str()), "{}", route.path);
        let labels = format!("route=\"{}\",method=\"{}\"", route.path, route.method);
        let series = format!("keepopen_http_requests_total{{{labels},status=\"2xx\"}}");
        assert!(app.app.metrics.render().contains(&series), "{series}");
    }
    app.finish().await;
}
