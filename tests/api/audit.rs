//! The audit log: every route and every job that changes something leaves a row without personal data.

use keepopen::actions;
use keepopen::api::openapi_yaml;
use keepopen::ids::ApiKeyId;
use keepopen::keys::{ApiKey, Scope};
use keepopen::store::StoreError;
use keepopen::store::audit::{AuditFilter, AuditRow};
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{Answer, TestApp};

/// Routes that are not `GET` and leave no audit row, each with the reason.
const NOT_AUDITED: &[(&str, &str)] = &[
    ("post /v1/banner", "only reads: evaluates the appeals for a reader"),
    ("post /v1/banner/preview", "only reads: evaluates the appeals for a reader"),
    ("post /v1/banner/explain", "only reads: evaluates the appeals for a reader"),
    ("post /v1/appeals/{id}/previews", "signs a URL and stores nothing"),
    ("post /v1/appeals/{id}/preview", "signs a URL and stores nothing"),
    ("post /v1/previews", "signs a URL and stores nothing"),
    ("post /v1/banner/events", "adds to hourly counts, which are not audited"),
    ("post /v1/checkout", "stores a reader's attempt to give, with its time"),
    ("post /v1/tokens", "stores when the token of an attempt to give was first fetched"),
    ("post /v1/supporters/lookup", "only reads"),
    ("post /ofrep/v1/evaluate/flags", "only reads: evaluates the appeals for a reader"),
    ("post /ofrep/v1/evaluate/flags/{key}", "only reads: evaluates the appeals for a reader"),
    ("post /webhooks/stripe", "the inbox stores every event"),
];

/// Routes that leave an audit row. Each of them is called in
/// [`every_route_that_changes_something_leaves_a_row_with_its_actor`].
const AUDITED: &[&str] = &[
    "put /v1/appeals/{id}",
    "post /v1/appeals/{id}/publish",
    "post /v1/appeals/{id}/pause",
    "post /v1/appeals/{id}/end",
    "put /v1/sites/{site}/switches",
    "post /v1/alarms/{id}/acknowledge",
];

/// Creates an API key with these scopes. This leaves a row in the audit log.
async fn create_key(app: &TestApp, scopes: &[Scope]) -> ApiKey {
    actions::create_api_key(&app.app.as_operator(), "Maria Example", scopes).await.unwrap()
}

/// Returns the audit log, newest row first.
async fn log(app: &TestApp) -> Vec<AuditRow> {
    app.app.store.audit_log(&AuditFilter::default(), None, 1000).await.unwrap()
}

/// Returns the newest row: actor, actor id, action, object id and request id.
async fn newest(app: &TestApp) -> [String; 5] {
    let row = log(app).await.remove(0);
    let text = |it: Option<String>| it.unwrap_or_default();
    [row.actor, text(row.actor_id), row.action, row.object_id, text(row.request_id)]
}

/// Returns every operation of the API description that is not a `GET`, such as `post /v1/checkout`.
fn operations() -> Vec<String> {
    let (mut path, mut found) = ("", Vec::new());
    for line in openapi_yaml().lines() {
        if let Some(name) = line.strip_prefix("  /").and_then(|name| name.strip_suffix(':')) {
            path = name;
        } else if let Some(method) = line.strip_prefix("    ").and_then(|name| name.strip_suffix(':'))
            && ["post", "put", "patch", "delete"].contains(&method)
        {
            found.push(format!("{method} /{path}"));
        }
    }
    found
}

#[test]
fn every_operation_of_the_api_description_is_audited_or_has_a_reason_not_to_be() {
    let operations = operations();
    assert!(operations.len() > 12, "too few operations were read: {operations:?}");
    let not_audited: Vec<&str> = NOT_AUDITED.iter().map(|(operation, _)| *operation).collect();
    let unknown: Vec<&String> = operations
        .iter()
        .filter(|operation| {
            !AUDITED.contains(&operation.as_str()) && !not_audited.contains(&operation.as_str())
        })
        .collect();
    assert_eq!(unknown, Vec::<&String>::new(), "add each new operation to `AUDITED` or `NOT_AUDITED`");
    let outdated: Vec<&&str> =
        AUDITED.iter().filter(|wanted| !operations.iter().any(|it| it == *wanted)).collect();
    assert_eq!(outdated, Vec::<&&str>::new(), "remove these operations from `AUDITED`");
}

/// A client with an API key.
struct ApiClient<'a> {
    app: &'a TestApp,
    key: ApiKey,
}

impl ApiClient<'_> {
    /// Calls a route with this request id. Panics unless the response is successful.
    async fn call(&self, method: Method, path: &str, body: &Value, request_id: &str) -> Answer {
        let request = self.app.client.request(method, format!("{}/v1{path}", self.app.url));
        let request = request.bearer_auth(&self.key.secret).header("x-request-id", request_id).json(body);
        let answer = self.app.send(request).await;
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        answer
    }
}

#[tokio::test]
async fn every_route_that_changes_something_leaves_a_row_with_its_actor() {
    let app = TestApp::start_without_appeals().await;
    let key = create_key(&app, &[Scope::AppealsWrite, Scope::AlarmsWrite]).await;
    let id = key.id.as_str().to_owned();
    let client = ApiClient { app: &app, key };
    let charge = app.stripe.payments(&app.give(1000, "once").await.session).charge.unwrap();
    app.stripe.warn_of_fraud(&charge).unwrap();
    app.deliver_and_process_all_events().await;
    let alarm = app.app.store.open_alarms(10).await.unwrap()[0].1.id.as_str().to_owned();

    let appeal = json!({
        "sites": ["journal"], "kind": "ask", "surface": ["banner"],
        "variants": [{"id": "a", "copy": {"heading": "Help", "cta": "Give"}}],
    });
    let acknowledgement = json!({"name": "Maria Example", "reason": "reader@example.org wrote to us"});
    let acknowledge = format!("/alarms/{alarm}/acknowledge");
    let cases = [
        (Method::PUT, "/appeals/summer", &appeal, "appeal.save", "summer"),
        (Method::POST, "/appeals/summer/publish", &json!({}), "appeal.publish", "summer"),
        (Method::POST, "/appeals/summer/pause", &json!({}), "appeal.pause", "summer"),
        (Method::POST, "/appeals/summer/end", &json!({}), "appeal.end", "summer"),
        (Method::PUT, "/sites/journal/switches", &json!({"all": "off"}), "switch.set", "journal"),
        (Method::POST, &acknowledge, &acknowledgement, "alarm.acknowledge", &alarm),
    ];
    assert_eq!(cases.len(), AUDITED.len());
    for (number, (method, path, body, action, object)) in cases.into_iter().enumerate() {
        let request_id = format!("request-{number}");
        client.call(method, path, body, &request_id).await;
        assert_eq!(newest(&app).await, ["api_key", &*id, action, object, &*request_id], "{path}");
    }

    // A request that changes nothing leaves no row.
    let rows = log(&app).await.len();
    client.call(Method::PUT, "/appeals/summer", &appeal, "again").await;
    client.call(Method::PUT, "/sites/journal/switches", &json!({"all": "off"}), "again").await;
    client.call(Method::POST, &acknowledge, &acknowledgement, "again").await;
    assert_eq!(log(&app).await.len(), rows);

    // A row has the values before and after. For personal fields, it only has the field names.
    let changes =
        |action: &str, log: &[AuditRow]| log.iter().find(|row| row.action == action).unwrap().changes.clone();
    let log = log(&app).await;
    assert_eq!(changes("switch.set", &log), r#"[{"field":"all","before":"on","after":"off"}]"#);
    assert_eq!(
        changes("alarm.acknowledge", &log),
        r#"[{"field":"name","personal":true},{"field":"reason","personal":true}]"#
    );
    let log_text = format!("{log:?}");
    for personal in ["Maria", "example.org", "cus_"] {
        assert!(!log_text.contains(personal), "{personal}: {log_text}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_row_can_have_a_job_or_stripe_as_its_actor() {
    let app = TestApp::start().await;
    assert_eq!(newest(&app).await[..3], ["job", "start", "signing_key.create"]);
    actions::requeue_unbooked(&app.app, &app.app.as_job("start"), "1.0").await.unwrap();
    assert_eq!(newest(&app).await[..4], ["job", "start", "inbox.requeue", "1.0"]);
    actions::watch_ledger(&app.app, &app.app.as_job("books"), &mut None).await.unwrap();
    assert_eq!(newest(&app).await[..3], ["job", "books", "ledger.seal"]);

    let event = json!({
        "id": "evt_1", "object": "event", "type": "customer.created", "created": 1, "livemode": false,
        "data": {"object": {"id": "cus_1", "object": "customer"}},
    });
    assert_eq!(app.deliver(&event).await.status, 200);
    let dead = "UPDATE stripe_events SET state = 'dead', error = 'set by a test' WHERE id = 'evt_1'";
    app.app.store.run_sql(dead).await.unwrap();
    assert_eq!(app.deliver(&event).await.status, 200);
    assert_eq!(newest(&app).await[..4], ["stripe", "", "event.requeue", "evt_1"]);
    app.process_inbox().await;
    app.finish().await;
}

#[tokio::test]
async fn the_log_is_read_in_pages_with_a_key_that_has_the_audit_scope() {
    let app = TestApp::start().await;
    let without_scope = create_key(&app, &[Scope::AppealsWrite, Scope::MoneyRead]).await.secret;
    assert_eq!(app.get("/v1/audit", Some(&without_scope)).await.code(), "scope_missing");
    assert_eq!(app.get("/v1/audit", None).await.code(), "api_key_missing");
    let auditor = create_key(&app, &[Scope::AuditRead]).await;
    for _ in 0..3 {
        create_key(&app, &[Scope::BannerAsk]).await;
    }
    let read = async |query: &str| {
        let answer = app.get(&format!("/v1/audit{query}"), Some(&auditor.secret)).await;
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        answer.json
    };
    // The operator created five keys, and the start of the server created a signing key.
    let whole = read("?limit=200").await;
    let all = whole["changes"].as_array().unwrap().clone();
    assert_eq!((all.len(), &whole["next"]), (6, &Value::Null));
    let mut paged = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let page = read(&query).await;
        paged.extend(page["changes"].as_array().unwrap().clone());
        if page["next"].is_null() {
            break;
        }
        query = format!("?limit=2&after={}", page["next"]);
    }
    assert_eq!(paged, all);
    let count = async |query: &str| read(query).await["changes"].as_array().unwrap().len();
    assert_eq!(count("?actor=operator").await, 5);
    assert_eq!(count("?actor=start").await, 1);
    assert_eq!(count("?action=signing_key.create").await, 1);
    assert_eq!(count("?object=api_key&limit=4").await, 4);
    assert_eq!(count(&format!("?object={}", auditor.id)).await, 1);
    assert_eq!(count("?from=2026-11-24T09:00:00Z&to=2026-11-25").await, 6);
    assert_eq!(count("?to=2026-11-24").await, 0);
    for wrong in ["?limit=0", "?limit=201", "?from=x", "?actor=%00", "?what=1", "?after=x"] {
        let answer = app.get(&format!("/v1/audit{wrong}"), Some(&auditor.secret)).await;
        assert_eq!(answer.code(), "invalid_request", "{wrong}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_and_for_banner_requests_within_two_seconds() {
    let app = TestApp::start().await;
    let key = create_key(&app, &[Scope::AppealsRead, Scope::BannerAsk]).await;
    let ask = async || {
        let question = json!({"site": "journal", "history": {}, "supporter": {"standing": "none"}});
        let request = app.client.post(format!("{}/v1/banner", app.url)).bearer_auth(&key.secret);
        app.send(request.json(&question)).await.status.as_u16()
    };
    assert_eq!(app.get("/v1/appeals", Some(&key.secret)).await.status, 200);
    assert_eq!(ask().await, 200);
    let revoked = actions::revoke_api_key(&app.app.as_operator(), &key.id).await.unwrap();
    assert_eq!(revoked.revoked_at_ms, Some(app.app.now_ms()));
    assert_eq!(newest(&app).await[..4], ["operator", "", "api_key.revoke", key.id.as_str()]);
    assert_eq!(app.get("/v1/appeals", Some(&key.secret)).await.code(), "api_key_invalid");
    app.app.clock.advance(2_000);
    assert_eq!(ask().await, 401);
    // A second revocation keeps the time of the first one, and leaves no row.
    let rows = log(&app).await.len();
    let again = actions::revoke_api_key(&app.app.as_operator(), &key.id).await.unwrap();
    assert_eq!((again, log(&app).await.len()), (revoked, rows));
    let unknown_id = ApiKeyId::from_bytes([9; 16]);
    let unknown = actions::revoke_api_key(&app.app.as_operator(), &unknown_id).await;
    assert!(matches!(unknown, Err(actions::RevokeError::NotFound)));
    app.finish().await;
}

#[tokio::test]
async fn a_change_without_an_audit_row_is_not_committed() {
    let app = TestApp::start().await;
    let context = app.app.as_operator();
    let mut tx = context.change().await.unwrap();
    keepopen::store::health::write_proof(&mut tx, 1).await.unwrap();
    tx.commit([]).await.unwrap();
    assert_eq!(app.app.store.read_sql("SELECT id FROM write_proof").await.unwrap(), Vec::<String>::new());
    app.finish().await;
}

#[tokio::test]
async fn the_log_is_append_only() {
    let app = TestApp::start().await;
    for sql in [
        "DELETE FROM audit_log",
        "UPDATE audit_log SET actor = 'operator'",
        "INSERT INTO audit_log SELECT * FROM audit_log",
    ] {
        let refused = app.app.store.run_sql(sql).await;
        assert!(
            matches!(refused, Err(StoreError::Corrupt(_) | StoreError::Conflict(_))),
            "{sql}: {refused:?}"
        );
    }
    assert_eq!(log(&app).await.len(), 1);
    app.finish().await;
}
