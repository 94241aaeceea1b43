//! No log line and no metric contains a reader's data or a secret.
//!
//! **Owns** a walk through the service that uses marked values and logs at level debug, and the search for these
//! values.
//! **Never** searches for Stripe's object ids. The log may contain them, so that an event can be found again.
//! **Start at** [`walk_through_service`], which uses every marked value.
//! **Tested in** itself: the search also runs on a text that contains every marked value, and must find each of them.

#![expect(clippy::unwrap_used, reason = "a test that can't continue should panic")]

mod service;

use std::collections::BTreeMap;

use keepopen_practice::Trouble;
use reqwest::StatusCode;
use serde_json::{Value, json};

use service::{API_NAME, ORIGIN, STRIPE_KEY, Service, WEBHOOK_SECRET};

const EMAIL: &str = "leak-mail@example.org";
const NAME: &str = "Canary Readername";
const QUERY: &str = "leakquery=7";
const PATH: &str = "leak-article";
const AGENT: &str = "CanaryAgent/1.0";
const ATTEMPT: &str = "c0ffee00-caca-4111-8111-0123456789ab";

/// The marked values, which no log line and no metric may contain. The key describes the value.
type Marks = BTreeMap<&'static str, String>;

/// Walks through the service: a reader is asked, gives, and is recognised. Then sends requests of every kind that the
/// service rejects. Returns the marked values.
async fn walk_through_service(service: &Service) -> Marks {
    let mut marks: Marks = [
        ("e-mail address", EMAIL),
        ("name", NAME),
        ("return URL's query", QUERY),
        ("page's path", PATH),
        ("user agent", AGENT),
        ("attempt", ATTEMPT),
        ("Stripe key", STRIPE_KEY),
        ("webhook secret", WEBHOOK_SECRET),
        ("API key's name", API_NAME),
    ]
    .map(|(description, mark)| (description, mark.to_owned()))
    .into();
    marks.insert("API key", service.api_key.clone());
    let page = format!("{ORIGIN}/{PATH}?{QUERY}");

    let question = json!({"site": "journal", "page": {"url": page}, "history": {}});
    let verdict = service.post("/v1/banner", &question).await;
    let attribution = text(&verdict, "attribution");
    let checkout = json!({
        "site": "journal", "attempt": ATTEMPT, "amount_minor": 1000, "currency": "EUR",
        "interval": "once", "return_url": page, "attribution": attribution,
    });
    let session = service.post("/v1/checkout", &checkout).await;
    service.pay(&text(&session, "url"), EMAIL, NAME).await;
    marks.insert("attribution", attribution);

    for event in service.stripe.events() {
        assert_eq!(service.deliver(&event.to_string()).await, 200);
    }
    let exchange = json!({"grant": "checkout_session", "site": "journal", "session": session["session"], "attempt": ATTEMPT});
    let token = text(&service.post("/v1/tokens", &exchange).await, "token");
    let banner = json!({"site": "journal", "history": {}, "token": token});
    assert_eq!(service.post("/v1/banner", &banner).await["reason"], "recent_giver");
    assert_eq!(service.get("/v1/supporter", &token).await, 200);
    let lookup = json!({"site": "journal", "email": EMAIL});
    assert_eq!(text(&service.post("/v1/supporters/lookup", &lookup).await, "standing"), "one_off");
    // The token's parts are marks too, because a log line must not contain a part of a token either.
    for (description, part) in
        ["token's head", "token's claims", "token's signature"].into_iter().zip(token.split('.'))
    {
        marks.insert(description, part.to_owned());
    }

    send_failing_requests(service, &token, &checkout).await;
    marks
}

/// Sends requests that fail, because failures cause most log lines.
async fn send_failing_requests(service: &Service, token: &str, checkout: &Value) {
    assert_eq!(service.get(&format!("/{PATH}/{EMAIL}?{QUERY}"), token).await, 404);
    assert_eq!(service.get("/v1/supporter", &format!("{token}x")).await, 401);
    assert_eq!(service.get("/v1/supporters/sup_none", token).await, 401);
    let truncated = format!("{{\"site\": \"journal\", \"email\": \"{EMAIL}\", ");
    assert_eq!(service.post_text("/v1/checkout", &truncated).await, 400);
    let mut foreign_return = checkout.clone();
    foreign_return["return_url"] = json!(format!("https://elsewhere.example.org/{PATH}?{QUERY}"));
    assert_eq!(service.post_text("/v1/checkout", &foreign_return.to_string()).await, 422);
    for (trouble, status) in [(Trouble::Status(400), 502), (Trouble::Status(500), 503)] {
        let mut again = checkout.clone();
        again["attempt"] = json!(ATTEMPT.replace("0123456789ab", &format!("000000000{status}")));
        service.stripe.break_api(Some(trouble));
        assert_eq!(service.post_text("/v1/checkout", &again.to_string()).await, status);
        service.stripe.break_api(None);
    }
    // This event is signed, but its shape can't be booked. The worker fails and logs the reason.
    let customer = json!({"email": EMAIL, "name": NAME, "keepopen_site": "journal"});
    let unbookable = json!({
        "id": "evt_leak", "object": "event", "type": "refund.created", "created": 1_795_000_000, "livemode": false,
        "data": {"object": {"id": "re_1", "object": "refund", "amount": EMAIL, "metadata": customer}},
    });
    assert_eq!(service.deliver(&unbookable.to_string()).await, 200);
    assert_eq!(service.deliver(&format!("{{\"email\": \"{EMAIL}\"}}")).await, 400);
    assert_eq!(service.post_text("/webhooks/stripe", &unbookable.to_string()).await, 400);
}

fn text(json: &Value, field: &str) -> String {
    json[field].as_str().unwrap_or_else(|| panic!("no {field} in {json}")).to_owned()
}

/// The marks that `text` contains, each with the first line that contains it.
fn marks_in(marks: &Marks, text: &str) -> Vec<String> {
    let first_line = |mark: &String| text.lines().find(|line| line.contains(mark)).map(str::to_owned);
    marks
        .iter()
        .filter_map(|(description, mark)| Some(format!("{description}: {}", first_line(mark)?)))
        .collect()
}

/// Walks through the service with this log format. Asserts that the log and the metrics contain no mark.
async fn assert_nothing_leaks(format: &str) {
    let mut service = Service::start(format).await;
    let marks = walk_through_service(&service).await;
    service.logs_until("evt_leak");
    let (status, metrics) = service.metrics().await;
    assert_eq!(status, StatusCode::OK);
    let logs = service.stop();
    assert!(logs.contains("an event could not be processed"), "the log must report the failed event: {logs}");
    assert!(logs.to_lowercase().contains("debug"), "the log must contain lines of level debug: {logs}");
    assert!(metrics.contains("keepopen_verdicts_total{reason=\"recent_giver\"} 1"), "{metrics}");
    assert_eq!(marks_in(&marks, &logs), Vec::<String>::new());
    assert_eq!(marks_in(&marks, &metrics), Vec::<String>::new());
    let all_marks = marks.values().cloned().collect::<Vec<_>>().join("\n");
    assert_eq!(
        marks_in(&marks, &all_marks).len(),
        marks.len(),
        "the search must find every mark in a text that contains them all"
    );
}

#[tokio::test]
async fn no_human_readable_log_line_and_no_metric_contains_personal_data_or_a_secret() {
    assert_nothing_leaks("human").await;
}

#[tokio::test]
async fn no_json_log_line_contains_personal_data_or_a_secret() {
    assert_nothing_leaks("json").await;
}

#[tokio::test]
async fn a_failure_can_be_found_in_the_log_by_the_request_id_of_its_response() {
    let service = Service::start("json").await;
    let checkout = json!({
        "site": "journal", "attempt": ATTEMPT, "amount_minor": 1000, "currency": "EUR",
        "interval": "once", "return_url": ORIGIN,
    });
    service.stripe.break_api(Some(Trouble::Status(500)));
    let (status, id) = service.post_failing("/v1/checkout", &checkout).await;
    assert_eq!((status.as_u16(), id.len()), (503, 32), "{id}");
    let logs = service.stop();
    let line = logs.lines().find(|line| line.contains("a call to Stripe failed")).unwrap();
    assert!(
        line.contains(&format!("\"id\":\"{id}\"")) && line.contains("\"route\":\"/v1/checkout\""),
        "{line}"
    );
}
