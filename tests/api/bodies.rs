//! Five public routes get random bodies, and two routes get random queries. No response has a 5xx status.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::helpers::{ORIGIN, TestApp, checkout_body};

/// How many bodies or queries a test sends to each route.
const TRIES: usize = 150;

/// A random value: one of the wrong type, or one that looks valid.
fn odd_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(vec![
            "",
            "\u{0}",
            "journal",
            "EUR",
            "month",
            "a@b.example",
            "2026-11-24T09:00:00Z",
            "\u{1F600}"
        ])
        .prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

/// Returns `good` after removing or replacing some of its fields, at any depth.
fn changed(good: &Value, runner: &mut TestRunner) -> Value {
    let draw_below = |runner: &mut TestRunner, limit: usize| (0..limit).new_tree(runner).unwrap().current();
    let mut body = good.clone();
    for _ in 0..=draw_below(runner, 3) {
        let mut value = &mut body;
        loop {
            if value.as_object().is_none_or(Map::is_empty) {
                *value = odd_value().new_tree(runner).unwrap().current();
                break;
            }
            let fields = value.as_object_mut().unwrap();
            let name = fields.keys().nth(draw_below(runner, fields.len())).unwrap().clone();
            match draw_below(runner, 4) {
                0 => drop(fields.remove(&name)),
                1 => drop(fields.insert(name, odd_value().new_tree(runner).unwrap().current())),
                _ => {
                    value = &mut fields[&name];
                    continue;
                }
            }
            break;
        }
    }
    body
}

/// Sends changed versions of `good` to `path`, and arbitrary bodies. Returns how many were accepted.
async fn try_bodies(app: &TestApp, path: &str, key: Option<&str>, good: &Value) -> usize {
    let mut runner = TestRunner::deterministic();
    let mut accepted = 0;
    for attempt in 0..TRIES {
        let body = match attempt % 10 {
            0 => odd_value().new_tree(&mut runner).unwrap().current().to_string(),
            1 => {
                let whole = good.to_string();
                let cut = whole.char_indices().nth(attempt % whole.chars().count()).unwrap().0;
                whole[..cut].to_owned()
            }
            _ => changed(good, &mut runner).to_string(),
        };
        let request = app.client.post(format!("{}{path}", app.url)).header("origin", ORIGIN);
        let request = request.header("content-type", "application/json").body(body.clone());
        let request = match key {
            Some(key) => request.bearer_auth(key),
            None => request,
        };
        let answer = app.send(request).await;
        assert!(answer.status.as_u16() < 500, "{path}: {body}: {answer:?}");
        if answer.status.is_success() {
            accepted += 1;
        } else {
            assert_ne!(answer.code(), "internal", "{path}: {body}");
        }
    }
    accepted
}

#[tokio::test]
async fn public_routes_respond_to_any_body() {
    let app = TestApp::start().await;
    let key = app.api_key().await;
    let gift = app.give(1000, "month").await;
    app.deliver_and_process_all_events().await;
    let token = app.token(&gift).await;
    let context = json!({
        "site": "journal", "surfaces": ["banner"], "token": token,
        "page": {"url": "https://journal.example.org/a", "section": "politics", "tags": ["china"], "kind": "article",
            "sensitive": false, "paid": false, "ordinal": 3},
        "reader": {"country": "IE", "region": "L", "locale": "en-IE", "device": "mobile", "signed_in": false,
            "consent": "granted", "bucket": 417_223},
        "history": {"views": [{"appeal": "summer", "variant": "a", "at": "2026-11-01T00:00:00Z"}],
            "dismissals": [{"appeal": "summer", "kind": "close", "at": "2026-11-01T00:00:00Z"}],
            "articles": [{"week": "2026-11-23", "count": 4, "tags": {"china": 2}}],
            "article_days": [{"day": "2026-11-24", "count": 3}], "free_articles_used": 4},
    });
    let accepted = try_bodies(&app, "/v1/banner", None, &context).await;
    assert!(
        accepted > 10,
        "only {accepted} bodies were accepted, so the body without changes may already be invalid"
    );
    let exchange = json!({"grant": "checkout_session", "site": "journal", "session": gift.session, "attempt": gift.attempt});
    try_bodies(&app, "/v1/tokens", None, &exchange).await;
    let checkout = checkout_body(Uuid::from_u128(7), 1500, "once");
    try_bodies(&app, "/v1/checkout", None, &checkout).await;
    let lookup = json!({"site": "journal", "email": "reader@example.org"});
    try_bodies(&app, "/v1/supporters/lookup", Some(&key), &lookup).await;
    let shown = app.banner(None).await;
    let view = json!({"site": "journal", "event": "view", "ordinal": 1, "dismissal": null, "attribution": shown["attribution"]});
    try_bodies(&app, "/v1/banner/events", None, &view).await;
    app.finish().await;
}

#[tokio::test]
async fn public_routes_respond_to_any_query() {
    let app = TestApp::start().await;
    let key = app.api_key().await;
    let mut runner = TestRunner::deterministic();
    let text = proptest::string::string_regex(".{0,20}").unwrap();
    for attempt in 0..TRIES {
        let texts: Vec<String> = (0..4).map(|_| text.new_tree(&mut runner).unwrap().current()).collect();
        let query =
            [("site", &texts[0]), ("surfaces", &texts[1]), ("ordinal", &texts[2]), ("tags", &texts[3])];
        let ask = app.client.get(format!("{}/v1/banner", app.url)).query(&query[attempt % 2..]);
        let by_id = app.client.get(format!("{}/v1/supporters/{}", app.url, percent_encode(&texts[1])));
        let by_id = by_id.query(&query[attempt % 2..]).bearer_auth(&key);
        for request in [ask, by_id] {
            let answer = app.send(request).await;
            assert!(answer.status.as_u16() < 500, "{texts:?}: {answer:?}");
        }
    }
    app.finish().await;
}

/// Percent-encodes a text for use as a segment of a path.
fn percent_encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
