//! The job that watches the connection to Stripe. Each problem sets a metric, and is
//! logged when it begins and when it ends.

use std::io::Write;
use std::sync::{Arc, Mutex};

use keepopen::actions::{self, connect_stripe};
use keepopen::stripe::EVENTS;
use keepopen::telemetry::StripeTrouble;
use keepopen_practice::Trouble;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::helpers::TestApp;

const URL: &str = "https://give.example.org/webhooks/stripe";

/// Everything that is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Checks the connection once. `known` has the problems that the last check found. Returns the logged problems.
async fn check_connection(app: &TestApp, known: &mut Vec<StripeTrouble>) -> Vec<String> {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    let log_guard = tracing::subscriber::set_default(subscriber);
    actions::watch_stripe(&app.app, &app.app.as_job("stripe"), known).await.unwrap();
    drop(log_guard);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    text.lines().filter(|line| line.contains("what=")).map(str::to_owned).collect()
}

/// Returns the problems that the metrics report.
fn reported_problems(app: &TestApp) -> Vec<String> {
    let text = app.app.metrics.render();
    let active_lines =
        text.lines().filter(|line| line.starts_with("keepopen_stripe_trouble{") && line.ends_with(" 1"));
    active_lines.map(|line| line.split('"').nth(1).unwrap().to_owned()).collect()
}

/// Creates the webhook endpoint. Returns its id.
async fn connect(app: &TestApp) -> String {
    connect_stripe(&app.app.as_operator(), &app.app.vault, URL).await.unwrap();
    app.stripe.endpoints().last().unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_endpoint_problem_is_logged_once_when_it_begins_and_once_when_it_is_resolved() {
    let app = TestApp::start().await;
    let mut known = Vec::new();
    let id = connect(&app).await;
    assert_eq!((check_connection(&app, &mut known).await.len(), reported_problems(&app)), (0, vec![]));
    for (changed, what) in [
        (json!({"status": "disabled"}), "endpoint_disabled"),
        (json!({"api_version": "2024-06-20"}), "endpoint_version"),
        (json!({"enabled_events": &EVENTS[1..]}), "endpoint_events"),
    ] {
        let before: Value = app.stripe.endpoints().remove(0);
        app.stripe.change_endpoint(&id, &changed).unwrap();
        let logged = check_connection(&app, &mut known).await;
        assert!(logged.len() == 1 && logged[0].contains("WARN") && logged[0].contains(what), "{logged:?}");
        assert_eq!(
            (check_connection(&app, &mut known).await.len(), reported_problems(&app)),
            (0, vec![what.to_owned()])
        );
        app.stripe.change_endpoint(&id, &before).unwrap();
        let logged = check_connection(&app, &mut known).await;
        assert!(logged.len() == 1 && logged[0].contains("INFO") && logged[0].contains(what), "{logged:?}");
        assert_eq!(reported_problems(&app), Vec::<String>::new());
    }
    app.finish().await;
}

#[tokio::test]
async fn a_lost_response_creates_no_second_endpoint_and_loses_no_secret() {
    let app = TestApp::start().await;
    app.stripe.break_next_calls(Trouble::HtmlBadGateway, 1);
    let created = app.app.stripe.make_endpoint(URL, "one-key").await.unwrap();
    assert_eq!(app.stripe.endpoints().len(), 1);
    assert!(created.secret.expose().starts_with("whsec_"));
    app.finish().await;
}

#[tokio::test]
async fn an_endpoint_whose_secret_can_not_be_stored_is_disabled() {
    let app = TestApp::start().await;
    connect(&app).await;
    let allow_one_row = "CREATE UNIQUE INDEX no_more ON stripe_endpoints (mode)";
    app.app.store.run_sql(allow_one_row).await.unwrap();
    let elsewhere = "https://other.example.org/webhooks/stripe";
    connect_stripe(&app.app.as_operator(), &app.app.vault, elsewhere).await.unwrap_err();
    let states: Vec<Value> = app.stripe.endpoints().iter().map(|it| it["status"].clone()).collect();
    assert_eq!(states, ["enabled", "disabled"]);
    app.finish().await;
}

#[tokio::test]
async fn a_missing_endpoint_is_reported_and_an_unreachable_stripe_changes_nothing() {
    let app = TestApp::start().await;
    let mut known = Vec::new();
    let id = connect(&app).await;
    let url = format!("{}/v1/webhook_endpoints/{id}", app.stripe.url());
    app.client.delete(url).bearer_auth("sk_test_practice").send().await.unwrap();
    check_connection(&app, &mut known).await;
    assert_eq!(reported_problems(&app), ["endpoint_missing"]);
    app.stripe.break_api(Some(Trouble::Status(500)));
    assert_eq!(
        (check_connection(&app, &mut known).await.len(), reported_problems(&app)),
        (0, vec!["endpoint_missing".to_owned()])
    );
    app.stripe.break_api(Some(Trouble::Status(403)));
    check_connection(&app, &mut known).await;
    assert_eq!(reported_problems(&app), ["key_refused"]);
    app.finish().await;
}

#[tokio::test]
async fn an_endpoint_created_by_hand_can_have_any_version_but_must_not_be_disabled() {
    let app = TestApp::start().await;
    let mut known = Vec::new();
    check_connection(&app, &mut known).await;
    assert_eq!(reported_problems(&app), Vec::<String>::new());
    let create_endpoint = |url: &str| {
        let form = [("url", url.to_owned()), ("enabled_events[]", "*".to_owned())];
        app.client
            .post(format!("{}/v1/webhook_endpoints", app.stripe.url()))
            .bearer_auth("sk_test_practice")
            .form(&form)
    };
    create_endpoint(URL).send().await.unwrap();
    check_connection(&app, &mut known).await;
    assert_eq!(reported_problems(&app), Vec::<String>::new());
    let id = app.stripe.endpoints()[0]["id"].as_str().unwrap().to_owned();
    app.stripe.change_endpoint(&id, &json!({"status": "disabled"})).unwrap();
    check_connection(&app, &mut known).await;
    assert_eq!(reported_problems(&app), ["endpoint_disabled"]);
    app.finish().await;
}

#[tokio::test]
async fn silence_is_reported_only_when_stripe_should_have_sent_an_event() {
    const MINUTE_MS: i64 = 60_000;
    let app = TestApp::start().await;
    let mut known = Vec::new();
    app.advance_days(3);
    check_connection(&app, &mut known).await;
    assert_eq!(reported_problems(&app), Vec::<String>::new(), "nobody gave, so no event is expected");

    // A reader has paid and returned to the site, but Stripe does not report the payment.
    let gift = app.give(1000, "once").await;
    app.token(&gift).await;
    app.app.clock.advance(59 * MINUTE_MS);
    check_connection(&app, &mut known).await;
    assert_eq!(reported_problems(&app), Vec::<String>::new());
    app.app.clock.advance(MINUTE_MS);
    check_connection(&app, &mut known).await;
    assert_eq!(reported_problems(&app), ["silence"]);
    app.deliver_and_process_all_events().await;
    check_connection(&app, &mut known).await;
    assert_eq!(reported_problems(&app), Vec::<String>::new());

    // An abandoned payment page expires after a day, and Stripe should report its expiry.
    app.app.clock.advance(1);
    app.start_gift(1000, "once").await;
    app.app.clock.advance(24 * 60 * MINUTE_MS + 59 * MINUTE_MS);
    check_connection(&app, &mut known).await;
    assert_eq!(reported_problems(&app), Vec::<String>::new());
    app.app.clock.advance(MINUTE_MS);
    check_connection(&app, &mut known).await;
    assert_eq!(reported_problems(&app), ["silence"]);
    app.finish().await;
}

#[tokio::test]
async fn silence_is_not_reported_if_the_check_is_turned_off() {
    let app = TestApp::start_changed("", |settings| settings.stripe.silence_minutes = 0).await;
    let mut known = Vec::new();
    let gift = app.give(1000, "once").await;
    app.token(&gift).await;
    app.advance_days(30);
    check_connection(&app, &mut known).await;
    assert_eq!(reported_problems(&app), Vec::<String>::new());
    app.process_inbox().await;
    app.finish().await;
}

/// Delivers an event that is signed with `secret`. The server's clock is `ahead_s` seconds ahead of the time in the
/// signature. Returns the response's status.
async fn deliver_signed(app: &TestApp, id: &str, secret: &str, ahead_s: i64) -> u16 {
    let event = json!({
        "id": id, "object": "event", "type": "customer.created", "created": 1_795_000_000, "livemode": false,
        "data": {"object": {"id": "cus_1", "object": "customer"}},
    });
    let body = event.to_string();
    let signature = keepopen_practice::sign(body.as_bytes(), secret, app.app.now_ms() / 1000 - ahead_s);
    let request = app.client.post(format!("{}/webhooks/stripe", app.url)).body(body);
    app.send(request.header("stripe-signature", signature)).await.status.as_u16()
}

#[tokio::test]
async fn a_wrong_clock_is_reported_from_the_time_in_signatures_even_if_they_are_rejected() {
    let app = TestApp::start().await;
    let mut known = Vec::new();
    for (ahead_s, status, is_wrong) in [(400, 400, true), (60, 200, false), (61, 200, true), (-61, 200, true)]
    {
        assert_eq!(deliver_signed(&app, "evt_1", "whsec_practice", ahead_s).await, status);
        check_connection(&app, &mut known).await;
        assert_eq!(reported_problems(&app).contains(&"clock".to_owned()), is_wrong, "{ahead_s}");
        let series = format!("keepopen_stripe_clock_difference_seconds {ahead_s}\n");
        assert!(app.app.metrics.render().contains(&series), "{}", app.app.metrics.render());
    }
    // A slow delivery does not count as a clock difference if another delivery was fast.
    deliver_signed(&app, "evt_1", "whsec_practice", 90).await;
    deliver_signed(&app, "evt_1", "whsec_practice", 0).await;
    check_connection(&app, &mut known).await;
    assert_eq!(reported_problems(&app), Vec::<String>::new());
    // The time in a signature that was made with another secret is not used.
    deliver_signed(&app, "evt_1", "whsec_other", 400).await;
    check_connection(&app, &mut known).await;
    assert_eq!(reported_problems(&app), Vec::<String>::new());
    app.process_inbox().await;
    app.finish().await;
}

#[tokio::test]
async fn many_invalid_signatures_are_reported_until_valid_ones_arrive() {
    let app = TestApp::start().await;
    let mut known = Vec::new();
    for time in 1..=5 {
        assert_eq!(reported_problems(&app), Vec::<String>::new(), "{time}");
        assert_eq!(deliver_signed(&app, "evt_1", "whsec_other", 0).await, 400);
        check_connection(&app, &mut known).await;
    }
    assert_eq!(reported_problems(&app), ["signatures"]);
    for _ in 0..6 {
        assert_eq!(deliver_signed(&app, "evt_1", "whsec_practice", 0).await, 200);
    }
    check_connection(&app, &mut known).await;
    assert_eq!(reported_problems(&app), Vec::<String>::new());
    app.process_inbox().await;
    app.finish().await;
}

#[tokio::test]
async fn a_dead_event_is_reported() {
    let app = TestApp::start().await;
    let mut known = Vec::new();
    assert_eq!(deliver_signed(&app, "evt_1", "whsec_practice", 0).await, 200);
    app.app.store.run_sql("UPDATE stripe_events SET state = 'dead'").await.unwrap();
    check_connection(&app, &mut known).await;
    assert_eq!(reported_problems(&app), ["dead_events"]);
    app.app.store.run_sql("UPDATE stripe_events SET state = 'done'").await.unwrap();
    check_connection(&app, &mut known).await;
    assert_eq!(reported_problems(&app), Vec::<String>::new());
    app.finish().await;
}

#[tokio::test]
async fn a_secret_in_the_database_is_used_and_removed_without_a_restart() {
    let app = TestApp::start_changed("", |settings| settings.stripe.webhook_secrets.clear()).await;
    assert_eq!(deliver_signed(&app, "evt_1", "whsec_practice", 0).await, 503);
    let sealed = app.app.vault.seal_secret(&"whsec_practice".into(), "stripe endpoint we_1");
    let row = format!(
        "INSERT INTO stripe_endpoints (id, mode, url, api_version, sealed_secret, created_at_ms) \
         VALUES ('we_1', 'test', '{URL}', 'a', '{sealed}', 1)"
    );
    app.app.store.run_sql(&row).await.unwrap();
    // The secret of an endpoint in live mode must not be used.
    app.app.store.run_sql(&row.replace("we_1", "we_2").replace("'test'", "'live'")).await.unwrap();
    actions::sync_endpoints(&app.app).await.unwrap();
    assert_eq!(deliver_signed(&app, "evt_1", "whsec_practice", 0).await, 200);
    actions::record_last_delivery(&app.app, &app.app.as_job("stripe")).await.unwrap();
    let delivered = "SELECT CAST(delivered_at_ms AS TEXT) FROM stripe_endpoints WHERE id = 'we_1'";
    assert_eq!(app.app.store.read_sql(delivered).await.unwrap(), [app.app.now_ms().to_string()]);
    app.app.store.run_sql("UPDATE stripe_endpoints SET retired_at_ms = 2").await.unwrap();
    actions::sync_endpoints(&app.app).await.unwrap();
    assert_eq!(deliver_signed(&app, "evt_2", "whsec_practice", 0).await, 503);
    app.app
        .store
        .run_sql("UPDATE stripe_endpoints SET retired_at_ms = NULL, sealed_secret = 'AAAA'")
        .await
        .unwrap();
    let error = actions::sync_endpoints(&app.app).await.unwrap_err().to_string();
    assert!(error.contains("we_1") && error.contains("keepopen.key"), "{error}");
    app.process_inbox().await;
    app.finish().await;
}
