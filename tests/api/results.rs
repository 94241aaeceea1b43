//! The results of appeals: views, clicks, dismissals, checkouts, gifts and money, by day.

use keepopen::actions;
use keepopen::keys::Scope;
use keepopen::store::planned_weights;
use keepopen_practice::PaymentChoice;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::{Answer, TestApp, checkout_body};

/// Writes the counts to the database, and requests the results.
async fn request_results(app: &TestApp, query: &str) -> Answer {
    let scopes = [Scope::AppealsRead];
    let key = actions::create_api_key(&app.app.as_operator(), "desk", &scopes).await.unwrap();
    actions::flush_counts(&app.app, &app.app.as_job("counts")).await.unwrap();
    app.get(&format!("/v1/results?{query}"), Some(&key.secret)).await
}

/// Reports a view, a click or a dismissal with this attribution. `more` has the other fields of the body.
async fn report_event(app: &TestApp, attribution: &Value, more: Value) {
    let mut body = json!({"site": "journal", "attribution": attribution});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    assert_eq!(app.post("/v1/banner/events", &body).await.status, 204);
}

/// Makes a gift by card, with the attribution of the appeal that led to it. Returns the session.
async fn give(app: &TestApp, attribution: Option<&Value>, amount_minor: i64, interval: &str) -> String {
    let mut body = checkout_body(Uuid::from_u128(fastrand::u128(..)), amount_minor, interval);
    if let Some(attribution) = attribution {
        body["attribution"] = attribution.clone();
    }
    let answer = app.post("/v1/checkout", &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    app.stripe.pay(answer.text("session"), PaymentChoice::Card).unwrap();
    answer.text("session").to_owned()
}

#[tokio::test]
async fn the_results_of_a_variant_are_shown_by_day_and_in_total() {
    let app = TestApp::start().await;
    let attribution = app.banner(None).await["attribution"].clone();
    report_event(&app, &attribution, json!({"event": "view", "ordinal": 1})).await;
    report_event(&app, &attribution, json!({"event": "click"})).await;
    report_event(&app, &attribution, json!({"event": "dismiss", "dismissal": "close"})).await;
    let monthly = give(&app, Some(&attribution), 1000, "month").await;
    give(&app, None, 700, "once").await;
    app.deliver_and_process_all_events().await;
    // In the next month, a renewal counts as money but not as a gift. A later view does not count as a reader.
    app.advance_days(31);
    let attribution = app.banner(None).await["attribution"].clone();
    report_event(&app, &attribution, json!({"event": "view", "ordinal": 2})).await;
    let paid = app.stripe.payments(&monthly);
    app.stripe.next_period(&paid.subscription.unwrap(), true).unwrap();
    app.stripe.refund(&paid.charge.unwrap(), Some(400)).unwrap();
    app.deliver_and_process_all_events().await;

    let answer = request_results(&app, "site=journal&from=2026-11-24&to=2026-12-25").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let row = |list: &str, day: Option<&str>, appeal: Option<&str>| -> Value {
        let rows = answer.json[list].as_array().unwrap();
        let found = rows.iter().filter(|row| row["day"].as_str() == day && row["appeal"].as_str() == appeal);
        let found: Vec<&Value> = found.collect();
        assert_eq!(found.len(), 1, "{rows:#?}");
        found[0].clone()
    };
    let counts = |row: &Value| {
        ["readers", "views", "clicks", "dismissals", "checkouts", "gifts"]
            .map(|name| row[name].as_i64().unwrap())
    };
    let money = |row: &Value| {
        let money = row["money"].as_array().unwrap();
        assert!(money.len() <= 1, "{row}");
        money.first().map(|it| {
            let minor = |name: &str| it[name].as_i64().unwrap();
            assert_eq!(it["currency"], "EUR");
            assert_eq!(
                minor("net_minor"),
                minor("received_minor") - minor("returned_minor") - minor("fees_minor")
            );
            (minor("received_minor"), minor("returned_minor"))
        })
    };
    let first = row("days", Some("2026-11-24"), Some("help"));
    assert_eq!((counts(&first), money(&first)), ([1, 1, 1, 1, 1, 1], Some((1000, 0))));
    assert_eq!(first["variant"], "a");
    let second = row("days", Some("2026-12-25"), Some("help"));
    assert_eq!((counts(&second), money(&second)), ([0, 1, 0, 0, 0, 0], Some((1000, 400))));
    let without_appeal = row("days", Some("2026-11-24"), None);
    assert_eq!((counts(&without_appeal), money(&without_appeal)), ([0, 0, 0, 0, 0, 1], Some((700, 0))));
    let total = row("totals", None, Some("help"));
    assert_eq!((counts(&total), money(&total)), ([1, 2, 1, 1, 1, 1], Some((2000, 400))));

    assert_eq!(
        (&answer.headers["cache-control"], &answer.json["ignored"]),
        (&"no-store".parse().unwrap(), &json!([]))
    );
    let mut tx = app.app.store.begin().await.unwrap();
    let now_ms = app.app.now_ms();
    // Stores that 9 views were ignored when the learned weights of this hour were computed.
    planned_weights::record(&mut tx, ("journal", "help"), now_ms, "[]", 9, now_ms).await.unwrap();
    tx.commit().await.unwrap();
    let one = request_results(&app, "site=journal&from=2026-12-01&to=2026-12-31&appeal=help").await;
    assert_eq!(one.json["ignored"], json!([{"appeal": "help", "views": 9}]));
    assert_eq!(one.json["days"].as_array().unwrap().len(), 1);
    let other = request_results(&app, "site=journal&from=2026-11-01&to=2026-12-31&appeal=other").await;
    assert_eq!(other.json["totals"], json!([]));
    let elsewhere = request_results(&app, "site=gazette&from=2026-11-01&to=2026-12-31").await;
    assert_eq!(elsewhere.json["days"], json!([]));
    app.finish().await;
}

#[tokio::test]
async fn a_checkout_that_is_requested_twice_counts_once() {
    let app = TestApp::start().await;
    let attribution = app.banner(None).await["attribution"].clone();
    let mut body = checkout_body(Uuid::from_u128(7), 1000, "once");
    body["attribution"] = attribution;
    for _ in 0..2 {
        assert_eq!(app.post("/v1/checkout", &body).await.status, 200);
    }
    let answer = request_results(&app, "site=journal&from=2026-11-24&to=2026-11-24").await;
    assert_eq!(answer.json["totals"][0]["checkouts"], 1);
    app.finish().await;
}

#[tokio::test]
async fn days_are_in_the_sites_time_zone() {
    let app = TestApp::start_changed("", |settings| {
        settings.sites.get_mut("journal").unwrap().time_zone = "Pacific/Auckland".to_owned();
    })
    .await;
    // 09:00 UTC is 22:00 on the same day in Auckland. Three hours later, the next day has begun there.
    give(&app, None, 500, "once").await;
    app.app.clock.advance(3 * 3_600_000);
    give(&app, None, 700, "once").await;
    app.deliver_and_process_all_events().await;
    let answer = request_results(&app, "site=journal&from=2026-11-25&to=2026-11-25").await;
    assert_eq!(answer.json["time_zone"], "Pacific/Auckland");
    assert_eq!(answer.json["totals"][0]["money"][0]["received_minor"], 700);
    app.finish().await;
}

#[tokio::test]
async fn results_need_a_key_a_known_site_and_valid_days() {
    let app = TestApp::start().await;
    assert_eq!(
        app.get("/v1/results?site=journal&from=2026-11-01&to=2026-11-02", None).await.code(),
        "api_key_missing"
    );
    let without_scope = app.api_key().await;
    let path = "/v1/results?site=journal&from=2026-11-01&to=2026-11-02";
    assert_eq!(app.get(path, Some(&without_scope)).await.code(), "scope_missing");
    let unknown_site = request_results(&app, "site=nowhere&from=2026-11-01&to=2026-11-02").await;
    assert_eq!(unknown_site.code(), "site_not_found");
    for wrong in [
        "site=journal&from=2026-11-02&to=2026-11-01",
        "site=journal&from=2025-01-01&to=2026-11-01",
        "site=journal&from=2026-02-30&to=2026-11-01",
        "site=journal&from=soon&to=2026-11-01",
        "site=journal&from=2026-01-01&to=2027-02-05",
        "site=journal&from=2026-11-01",
        "site=journal&from=2026-11-01&to=2026-11-02&apeal=help",
    ] {
        let answer = request_results(&app, wrong).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "invalid_request"), "{wrong}");
    }
    app.finish().await;
}

#[tokio::test]
async fn stripes_fees_are_shown_by_day_and_in_total() {
    let app = TestApp::start().await;
    give(&app, None, 1000, "once").await;
    app.advance_days(1);
    give(&app, None, 2500, "once").await;
    app.deliver_and_process_all_events().await;
    actions::reconcile_due(&app.app, &app.app.as_job("reconcile")).await.unwrap();
    app.process_inbox().await;
    let answer = request_results(&app, "site=journal&from=2026-11-24&to=2026-11-25").await;
    let money = |row: &Value| {
        ["received_minor", "returned_minor", "fees_minor", "net_minor"]
            .map(|name| row["money"][0][name].as_i64().unwrap())
    };
    let days: Vec<_> = answer.json["days"].as_array().unwrap().iter().map(money).collect();
    assert_eq!(days, [[1000, 0, 40, 960], [2500, 0, 63, 2437]]);
    assert_eq!(money(&answer.json["totals"][0]), [3500, 0, 103, 3397]);
    app.finish().await;
}
