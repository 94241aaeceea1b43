//! The management port: liveness, readiness and metrics.

use std::collections::BTreeSet;

use keepopen::clock::Clock;
use keepopen::{actions, jobs, management};
use keepopen_practice::Trouble;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::helpers::{Answer, TestApp, folder, practice, settings};
use keepopen_testkit::Database;

const MANAGEMENT: &str = "[management]\nbind = \"127.0.0.1:0\"";

/// Starts the management server next to the public one. Returns its address.
fn start(app: &TestApp) -> String {
    let running = management::serve(&app.app).unwrap().unwrap();
    tokio::spawn(running.server);
    format!("http://{}", running.address)
}

async fn ask(url: &str, path: &str) -> (StatusCode, String) {
    let answer = Client::new().get(format!("{url}{path}")).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

/// Returns the value of one series. `series` is its name and labels as in the text format of `/metrics`.
async fn value(url: &str, series: &str) -> f64 {
    let (status, text) = ask(url, "/metrics").await;
    assert_eq!(status, 200);
    let line = text.lines().find(|line| line.rsplit_once(' ').is_some_and(|(name, _)| name == series));
    let line = line.unwrap_or_else(|| panic!("no {series} in:\n{text}"));
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

/// Returns an event that moves no money.
fn event(id: &str, is_live: bool) -> Value {
    json!({
        "id": id, "object": "event", "type": "customer.created", "created": 1_795_000_000, "livemode": is_live,
        "api_version": "2026-09-30.endive", "data": {"object": {"id": "cus_1", "object": "customer"}},
    })
}

#[tokio::test]
async fn no_management_server_starts_if_the_settings_give_it_no_address() {
    let app = TestApp::start_with("[management]\nbind = \"\"").await;
    assert!(management::serve(&app.app).unwrap().is_none());
    app.finish().await;
}

#[tokio::test]
async fn a_service_without_its_database_is_alive_and_not_ready() {
    let (folder, clock) = (folder(), Clock::System);
    let stripe = practice(&clock).await;
    let database = Database::make(folder.path());
    let app = actions::start(settings(folder.path(), &database, &stripe, MANAGEMENT), clock).await.unwrap();
    let running = management::serve(&app).unwrap().unwrap();
    tokio::spawn(running.server);
    let url = format!("http://{}", running.address);
    assert_eq!(ask(&url, "/livez").await, (StatusCode::OK, "alive\n".to_owned()));
    assert_eq!(ask(&url, "/readyz").await, (StatusCode::OK, "ready\n".to_owned()));
    // Many monitoring tools send HEAD requests.
    let head = Client::new().head(format!("{url}/readyz")).send().await.unwrap();
    assert_eq!((head.status(), head.bytes().await.unwrap().len()), (StatusCode::OK, 0));
    app.store.close().await;
    let (status, text) = ask(&url, "/readyz").await;
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status.as_u16(), &problem["not_ready"]), (503, &json!(["database"])));
    assert_eq!(problem["status"], 503);
    assert_eq!(ask(&url, "/livez").await.0, 200);
    running.handle.stop(false).await;
}

#[tokio::test]
async fn a_service_whose_database_does_not_respond_is_not_ready() {
    let app = TestApp::start_with(MANAGEMENT).await;
    let url = start(&app);
    let blocked_readers = app.app.store.hold_readers().await.unwrap();
    let (status, text) = ask(&url, "/readyz").await;
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status.as_u16(), &problem["not_ready"]), (503, &json!(["database"])));
    drop(blocked_readers);
    assert_eq!(ask(&url, "/readyz").await.0, 200);
    app.finish().await;
}

#[tokio::test]
async fn a_service_whose_write_probe_fails_is_not_ready() {
    let app = TestApp::start_with(MANAGEMENT).await;
    let url = start(&app);
    actions::probe_writes(&app.app, &app.app.as_job("write_probe")).await.unwrap();
    assert_eq!(ask(&url, "/readyz").await.0, 200);
    app.app.store.run_sql("ALTER TABLE write_proof RENAME TO away").await.unwrap();
    actions::probe_writes(&app.app, &app.app.as_job("write_probe")).await.unwrap_err();
    let (status, text) = ask(&url, "/readyz").await;
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status.as_u16(), &problem["not_ready"]), (503, &json!(["database_writes"])));
    app.app.store.run_sql("ALTER TABLE away RENAME TO write_proof").await.unwrap();
    actions::probe_writes(&app.app, &app.app.as_job("write_probe")).await.unwrap();
    assert_eq!(ask(&url, "/readyz").await.0, 200);
    app.finish().await;
}

#[tokio::test]
async fn a_service_that_is_stopping_is_not_ready() {
    let app = TestApp::start_with(MANAGEMENT).await;
    let url = start(&app);
    assert_eq!(ask(&url, "/readyz").await.0, 200);
    app.app.begin_stopping();
    let (status, text) = ask(&url, "/readyz").await;
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status.as_u16(), &problem["not_ready"]), (503, &json!(["stopping"])));
    app.finish().await;
}

#[tokio::test]
async fn the_public_port_does_not_serve_management_routes() {
    let app = TestApp::start().await;
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(app.get(path, None).await.code(), "not_found", "{path}");
    }
    app.finish().await;
}

#[tokio::test]
async fn banner_verdicts_are_counted_by_reason() {
    let app = TestApp::start_with(MANAGEMENT).await;
    let url = start(&app);
    assert_eq!(value(&url, "keepopen_verdicts_total{reason=\"matched\"}").await, 0.0);
    app.banner(None).await;
    app.banner(None).await;
    app.banner(Some("no token at all")).await;
    assert_eq!(value(&url, "keepopen_verdicts_total{reason=\"matched\"}").await, 2.0);
    assert_eq!(value(&url, "keepopen_verdicts_total{reason=\"unknown_standing\"}").await, 1.0);
    app.finish().await;
}

#[tokio::test]
async fn deliveries_and_events_are_counted_by_their_outcome() {
    let app = TestApp::start_with(MANAGEMENT).await;
    let url = start(&app);
    app.deliver(&event("evt_1", false)).await;
    app.deliver(&event("evt_1", false)).await;
    app.deliver(&event("evt_2", true)).await;
    app.post("/webhooks/stripe", &event("evt_3", false)).await;
    app.deliver(&json!({"id": "evt_4"})).await;
    for (outcome, times) in [
        ("stored", 1.0),
        ("duplicate", 1.0),
        ("quarantined", 1.0),
        ("bad_signature", 1.0),
        ("not_an_event", 1.0),
        ("store_failed", 0.0),
    ] {
        let series = format!("keepopen_webhook_deliveries_total{{outcome=\"{outcome}\"}}");
        assert_eq!(value(&url, &series).await, times, "{outcome}");
    }

    app.app.clock.advance(90_000);
    jobs::count_inbox(&app.app).await.unwrap();
    assert_eq!(value(&url, "keepopen_inbox_events{state=\"waiting\"}").await, 1.0);
    assert_eq!(value(&url, "keepopen_inbox_events{state=\"quarantined\"}").await, 1.0);
    assert_eq!(value(&url, "keepopen_inbox_oldest_waiting_seconds").await, 90.0);
    app.process_inbox().await;
    jobs::count_inbox(&app.app).await.unwrap();
    assert_eq!(value(&url, "keepopen_inbox_events{state=\"waiting\"}").await, 0.0);
    assert_eq!(value(&url, "keepopen_inbox_oldest_waiting_seconds").await, 0.0);
    app.finish().await;
}

#[tokio::test]
async fn retried_and_dead_events_are_counted_separately() {
    let app = TestApp::start_with(MANAGEMENT).await;
    let url = start(&app);
    let mut bad = event("evt_bad", false);
    bad["type"] = json!("refund.created");
    bad["data"]["object"] =
        json!({"id": "re_1", "object": "refund", "amount": "ten", "metadata": {"keepopen_site": "journal"}});
    app.deliver(&bad).await;
    app.process_inbox().await;
    jobs::count_inbox(&app.app).await.unwrap();
    assert_eq!(value(&url, "keepopen_inbox_events{state=\"retrying\"}").await, 1.0);
    assert_eq!(value(&url, "keepopen_inbox_events{state=\"waiting\"}").await, 0.0);
    for _ in 1..actions::MAX_TRIES {
        app.app.clock.advance(3_600_000);
        app.process_inbox().await;
    }
    app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    let mut foreign = event("evt_foreign", false);
    foreign["type"] = json!("charge.succeeded");
    foreign["data"]["object"] = json!({"id": "ch_1", "object": "charge", "payment_intent": "pi_1"});
    app.deliver(&foreign).await;
    app.process_inbox().await;
    let series_for = |outcome| format!("keepopen_events_processed_total{{outcome=\"{outcome}\"}}");
    assert_eq!(
        value(&url, &series_for("failed")).await,
        f64::from(u32::try_from(actions::MAX_TRIES).unwrap() - 1)
    );
    assert_eq!(value(&url, &series_for("dead")).await, 1.0);
    assert_eq!(value(&url, &series_for("not_ours")).await, 1.0);
    let processed =
        value(&url, &series_for("booked")).await + value(&url, &series_for("nothing_to_book")).await;
    assert!(value(&url, &series_for("booked")).await >= 1.0);
    assert_eq!(processed, app.stripe.events().len() as f64);
    jobs::count_inbox(&app.app).await.unwrap();
    assert_eq!(value(&url, "keepopen_inbox_events{state=\"retrying\"}").await, 0.0);
    assert_eq!(value(&url, "keepopen_inbox_events{state=\"dead\"}").await, 1.0);
    assert_eq!(value(&url, "keepopen_inbox_oldest_waiting_seconds").await, 0.0);
    // The test made the event dead on purpose. Mark it as done, because `finish` rejects dead events.
    let done = "UPDATE stripe_events SET state = 'done', error = NULL WHERE id = 'evt_bad'";
    app.app.store.run_sql(done).await.unwrap();
    app.finish().await;
}

#[tokio::test]
async fn each_attempt_to_call_stripe_is_counted() {
    let app = TestApp::start_with(MANAGEMENT).await;
    let url = start(&app);
    app.stripe.break_next_calls(Trouble::HtmlBadGateway, 1);
    app.start_gift(1000, "once").await;
    assert_eq!(value(&url, "keepopen_stripe_calls_total{outcome=\"unreachable\"}").await, 1.0);
    assert_eq!(value(&url, "keepopen_stripe_calls_total{outcome=\"ok\"}").await, 1.0);
    app.finish().await;
}

#[tokio::test]
async fn requests_are_counted_by_route_method_and_status_class_and_never_by_path() {
    let app = TestApp::start_with(MANAGEMENT).await;
    let url = start(&app);
    app.banner(None).await;
    app.get("/v1/banner?site=nobody", None).await;
    app.get("/v1/supporters/sup_private", None).await;
    app.get("/private", None).await;
    app.send(app.client.put(format!("{}/v1/banner", app.url))).await;
    app.send(app.client.request("LOCK".parse().unwrap(), format!("{}/private", app.url))).await;
    for (labels, times) in [
        ("route=\"/v1/banner\",method=\"POST\",status=\"2xx\"", 1.0),
        ("route=\"/v1/banner\",method=\"GET\",status=\"4xx\"", 1.0),
        ("route=\"/v1/banner\",method=\"other\",status=\"4xx\"", 1.0),
        ("route=\"/v1/supporters/{id}\",method=\"GET\",status=\"4xx\"", 1.0),
        ("route=\"other\",method=\"other\",status=\"4xx\"", 2.0),
        ("route=\"/v1/checkout\",method=\"POST\",status=\"5xx\"", 0.0),
    ] {
        let series = format!("keepopen_http_requests_total{{{labels}}}");
        assert_eq!(value(&url, &series).await, times, "{labels}");
    }
    let series = "keepopen_http_request_seconds_count{route=\"/v1/banner\",method=\"POST\"}";
    assert_eq!(value(&url, series).await, 1.0);
    assert!(!ask(&url, "/metrics").await.1.contains("private"));
    app.finish().await;
}

#[tokio::test]
async fn every_response_has_a_request_id_and_a_valid_id_from_the_caller_is_kept() {
    let app = TestApp::start().await;
    let id = |answer: &Answer| answer.headers["x-request-id"].to_str().unwrap().to_owned();
    let mut ids = BTreeSet::new();
    for path in ["/openapi.yaml", "/openapi.yaml", "/nowhere", "/v1/supporter"] {
        ids.insert(id(&app.get(path, None).await));
    }
    assert_eq!(ids.len(), 4);
    assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())), "{ids:?}");
    for (sent, is_kept) in [("edge-7.A_b", true), ("two words", false), ("a@example.org", false)] {
        let request = app.client.get(format!("{}/openapi.yaml", app.url)).header("x-request-id", sent);
        assert_eq!(id(&app.send(request).await) == sent, is_kept, "{sent}");
    }
    app.finish().await;
}

#[tokio::test]
async fn every_metric_is_explained_in_the_manual() {
    let app = TestApp::start_with(MANAGEMENT).await;
    let url = start(&app);
    app.banner(None).await;
    let (_, text) = ask(&url, "/metrics").await;
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let metric_names: BTreeSet<&str> = types.filter_map(|line| line.split(' ').next()).collect();
    let manual = include_str!("../../docs/operating-metrics.md");
    let rows = manual.lines().filter_map(|line| line.strip_prefix("| `"));
    let explained: BTreeSet<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    assert_eq!(metric_names, explained);
    for name in metric_names {
        assert!(text.contains(&format!("# HELP {name} ")), "{name}");
    }
    app.finish().await;
}
