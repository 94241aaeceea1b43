//! The API routes for money (contributions, the export of payments, and the comparison with Stripe), and the page
//! `/books`.

use std::collections::BTreeSet;

use keepopen::keys::Scope;
use keepopen::{actions, management};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::helpers::{Answer, EMAIL, TestApp};

/// Creates a secret API key that may read money.
pub async fn key(app: &TestApp) -> String {
    let created = actions::create_api_key(&app.app.as_operator(), "money", &[Scope::MoneyRead]).await;
    created.unwrap().secret
}

/// Requests a path with a key that may read money. Panics if the response contains the reader's e-mail address.
async fn get(app: &TestApp, path: &str) -> Answer {
    let answer = app.get(path, Some(&key(app).await)).await;
    assert!(!answer.json.to_string().contains(EMAIL), "{answer:?}");
    answer
}

async fn get_ok(app: &TestApp, path: &str) -> Value {
    let answer = get(app, path).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json
}

fn ids(page: &Value) -> Vec<String> {
    let all = page["contributions"].as_array().unwrap();
    all.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

/// Compares the ledger with Stripe.
async fn compare(app: &TestApp) {
    actions::reconcile_since(&app.app, &app.app.as_job("reconcile"), 0, false).await.unwrap();
    app.process_inbox().await;
}

#[tokio::test]
async fn only_a_key_with_the_money_scope_can_read_money() {
    let app = TestApp::start().await;
    let other_key = app.api_key().await;
    for path in
        ["/v1/contributions", "/v1/contributions/con_1", "/v1/contributions/export.csv", "/v1/reconciliation"]
    {
        assert_eq!(app.get(path, None).await.code(), "api_key_missing", "{path}");
        assert_eq!(app.get(path, Some("keepopen_sk_none")).await.code(), "api_key_invalid", "{path}");
        assert_eq!(app.get(path, Some(&other_key)).await.code(), "scope_missing", "{path}");
        for method in [Method::POST, Method::PUT] {
            let request = app.client.request(method, format!("{}{path}", app.url));
            assert_eq!(app.send(request).await.code(), "method_not_allowed", "{path}");
        }
    }
    let supporters = app.get("/v1/supporters/sup_1?site=journal", Some(&key(&app).await)).await;
    assert_eq!(supporters.code(), "scope_missing");
    app.finish().await;
}

#[tokio::test]
async fn the_pages_of_the_list_contain_every_contribution_once_and_the_newest_first() {
    let app = TestApp::start().await;
    for index in 0..7 {
        app.give(1000 + index, "once").await;
        // Gifts begin in pairs in the same second. Their ids decide their order.
        app.app.clock.advance(if index % 2 == 0 { 0 } else { 60_000 });
    }
    app.deliver_and_process_all_events().await;
    let whole = get_ok(&app, "/v1/contributions").await;
    assert_eq!((ids(&whole).len(), &whole["next"]), (7, &Value::Null));
    let started: Vec<&str> = whole["contributions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["started_at"].as_str().unwrap())
        .collect();
    assert!(started.is_sorted_by(|one, other| one >= other), "{started:?}");
    for limit in [1, 2, 3, 7, 200] {
        let (mut seen, mut path) = (Vec::new(), format!("/v1/contributions?limit={limit}"));
        loop {
            let page = get_ok(&app, &path).await;
            assert!(ids(&page).len() <= limit);
            seen.extend(ids(&page));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/v1/contributions?limit={limit}&after={next}");
        }
        assert_eq!(seen, ids(&whole), "pages of {limit}");
    }
    // A gift that is made while the pages are read comes before the pages that were already read.
    let first = get_ok(&app, "/v1/contributions?limit=3").await;
    app.app.clock.advance(60_000);
    app.give(5000, "month").await;
    app.deliver_and_process_all_events().await;
    let rest =
        get_ok(&app, &format!("/v1/contributions?limit=200&after={}", first["next"].as_str().unwrap())).await;
    assert_eq!(ids(&rest), ids(&whole)[3..]);
    app.finish().await;
}

#[tokio::test]
async fn the_list_can_be_filtered_by_site_state_interval_supporter_and_time() {
    let app = TestApp::start().await;
    app.give(1000, "month").await;
    app.deliver_and_process_all_events().await;
    app.advance_days(2);
    app.start_gift(500, "once").await;
    app.give(1500, "once").await;
    app.deliver_and_process_all_events().await;
    let monthly = get_ok(&app, "/v1/contributions?interval=month").await;
    let supporter = monthly["contributions"][0]["supporter"].as_str().unwrap().to_owned();
    for (query, count) in [
        ("", 2),
        ("site=journal", 2),
        ("site=gazette", 0),
        ("state=active", 1),
        ("state=paid", 1),
        ("state=failed", 0),
        ("interval=month", 1),
        ("interval=once&site=journal", 1),
        ("interval=year", 0),
        ("from=2026-11-25T00:00:00Z", 1),
        ("to=2026-11-25T00:00:00Z", 1),
        ("from=2026-11-24T09:00:00Z&to=2026-11-24T09:00:01Z", 1),
        ("from=2026-11-24T09:00:01Z&to=2026-11-24T09:00:00Z", 0),
        ("from=2026-11-25", 1),
        ("to=2026-11-25", 1),
        ("from=2026-11-25T00:00:00%2B01:00", 1),
        ("interval=month&interval_count=1", 1),
        ("interval=month&interval_count=3", 0),
        ("interval=week", 0),
        ("currency=eur", 2),
        ("currency=USD", 0),
        ("running=true", 1),
        ("running=false", 2),
        ("supporter=sup_0000000000000000000000000v", 0),
        (&format!("supporter={supporter}"), 2),
        (&format!("supporter={supporter}&state=paid&limit=1"), 1),
    ] {
        let found = get_ok(&app, &format!("/v1/contributions?{query}")).await;
        assert_eq!(ids(&found).len(), count, "{query}: {found}");
    }
    app.finish().await;
}

const DOLLARS: &str = r#"
[sites.journal.giving.USD]
minimum_minor = 100
maximum_minor = 100000
once = [500]
month = [500]
default_interval = "month"
default_amount_minor = 500
"#;

#[tokio::test]
async fn running_contributions_can_be_listed_by_currency() {
    let app = TestApp::start_with(DOLLARS).await;
    let euros = app.give(1000, "month").await;
    let mut body = crate::helpers::checkout_body(uuid::Uuid::from_u128(1), 700, "month");
    body["currency"] = json!("USD");
    let mut running = std::collections::BTreeMap::new();
    for state in ["active", "past_due", "refunded", "ended", "open"] {
        body["attempt"] = json!(uuid::Uuid::from_u128(fastrand::u128(..)));
        let session = app.post("/v1/checkout", &body).await.text("session").to_owned();
        if state != "open" {
            app.stripe.pay(&session, keepopen_practice::PaymentChoice::Card).unwrap();
        }
        let paid = app.stripe.payments(&session);
        match state {
            "past_due" => drop(app.stripe.next_period(&paid.subscription.unwrap(), false).unwrap()),
            "ended" => app.stripe.cancel(&paid.subscription.unwrap(), false).unwrap(),
            // The only payment is refunded. The gift continues, and is charged next month.
            "refunded" => drop(app.stripe.refund(&paid.charge.unwrap(), None).unwrap()),
            _ => {}
        }
        let id = app.stripe.session(&session)["metadata"]["keepopen_contribution"].clone();
        running.insert(id.as_str().unwrap().to_owned(), !["ended", "open"].contains(&state));
    }
    app.deliver_and_process_all_events().await;
    let found = ids(&get_ok(&app, "/v1/contributions?currency=USD&running=true").await);
    let expected: Vec<String> = running.into_iter().filter(|(_, runs)| *runs).map(|(id, _)| id).collect();
    assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), expected.into_iter().collect());
    let euros = app.stripe.session(&euros.session)["metadata"]["keepopen_contribution"].clone();
    assert_eq!(
        ids(&get_ok(&app, "/v1/contributions?currency=EUR&running=true").await),
        [euros.as_str().unwrap()]
    );
    app.finish().await;
}

#[tokio::test]
async fn an_invalid_filter_is_refused() {
    let app = TestApp::start().await;
    for query in [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=many",
        "state=rich",
        "interval=fortnight",
        "interval=month&interval_count=0",
        "interval_count=3",
        "currency=EURO",
        "running=yes",
        "supporter=con_1",
        "supporter=reader@example.org",
        "from=yesterday",
        "to=2026-02-30",
        "from=2026-11-25T09:00:00",
        "after=",
        "after=1",
        "after=MSBjb25fMQ",
        "sites=journal",
        "site=%00",
    ] {
        let answer = app.get(&format!("/v1/contributions?{query}"), Some(&key(&app).await)).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "invalid_request"), "{query}");
    }
    // The sentence is the same as on the command line.
    let refused = get(&app, "/v1/contributions?from=yesterday").await;
    let sentence = "write a day as in 2026-01-31 (from midnight UTC), or a time as in 2026-01-31T08:00:00Z";
    assert_eq!(refused.text("detail"), format!("from: {sentence}"));
    for query in ["from=x", "to=2026", "state=paid", "site=a%00"] {
        let path = format!("/v1/contributions/export.csv?{query}");
        assert_eq!(get(&app, &path).await.code(), "invalid_request", "{query}");
    }
    for id in ["con_1", "con_00000000000000000000000000", "sup_00000000000000000000000000", "%00"] {
        assert_eq!(
            get(&app, &format!("/v1/contributions/{id}")).await.code(),
            "contribution_not_found",
            "{id}"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn one_contribution_is_returned_with_its_payments_and_entries() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "month").await;
    let paid = app.stripe.payments(&gift.session);
    app.advance_days(31);
    app.stripe.next_period(&paid.subscription.unwrap(), true).unwrap();
    app.stripe.refund(&paid.charge.unwrap(), Some(300)).unwrap();
    app.deliver_and_process_all_events().await;
    compare(&app).await;
    let id = app.contribution().await.id;
    let whole = get_ok(&app, &format!("/v1/contributions/{id}")).await;
    let listed = get_ok(&app, "/v1/contributions").await;
    for (name, value) in listed["contributions"][0].as_object().unwrap() {
        assert_eq!(&whole[name], value, "{name}");
    }
    assert_eq!(
        (&whole["state"], &whole["interval"], &whole["amount_minor"], &whole["started_at"]),
        (&json!("active"), &json!("month"), &json!(1000), &json!("2026-11-24T09:00:00Z"))
    );
    let payments = whole["payments"].as_array().unwrap();
    assert_eq!(payments.len(), 2, "{whole}");
    assert_eq!((&payments[0]["refunded_minor"], &payments[1]["refunded_minor"]), (&json!(300), &json!(0)));
    for payment in payments {
        let (net, fee) = (payment["net_minor"].as_i64().unwrap(), payment["fee_minor"].as_i64().unwrap());
        assert_eq!(net, 1000 - payment["refunded_minor"].as_i64().unwrap() - fee, "{payment}");
    }
    let kinds: BTreeSet<&str> =
        whole["entries"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["fee", "payment", "refund"]));
    let payment = whole["entries"].as_array().unwrap().iter().find(|it| it["kind"] == "payment").unwrap();
    assert_eq!((&payment["debit"], &payment["credit"]), (&json!("clearing"), &json!("contributions")));
    // All events arrived a month after the gift began, so that is when the payment was booked.
    assert_eq!(payment["occurred_at"], "2026-11-24T09:00:00Z");
    assert_eq!(payment["booked_at"], "2026-12-25T09:00:00Z");
    assert_eq!(whole["subscriptions"], json!([whole["subscription"]]));
    app.finish().await;
}

/// Returns the export's lines, split into fields. No field is quoted in these tests.
async fn lines(app: &TestApp, query: &str) -> Vec<Vec<String>> {
    let answer = get(app, &format!("/v1/contributions/export.csv{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(answer.headers["content-disposition"], "attachment; filename=\"payments.csv\"");
    let text = answer.json.as_str().unwrap().to_owned();
    let all = text.strip_suffix("\r\n").unwrap().split("\r\n");
    all.map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn the_export_has_a_line_for_each_payment_and_contains_no_spreadsheet_formula() {
    let app = TestApp::start().await;
    assert_eq!(lines(&app, "").await.len(), 1, "an empty export must have only the column names");
    let gift = app.give(1000, "month").await;
    let paid = app.stripe.payments(&gift.session);
    app.advance_days(31);
    app.stripe.next_period(&paid.subscription.unwrap(), true).unwrap();
    app.deliver_and_process_all_events().await;
    compare(&app).await;
    let all = lines(&app, "").await;
    assert_eq!(all.len(), 3, "{all:?}");
    let column = |name: &str| all[0].iter().position(|it| it == name).unwrap();
    assert!(all.iter().all(|line| line.len() == all[0].len()), "{all:?}");
    let first = |name: &str| all[1][column(name)].as_str();
    assert_eq!(first("paid_at"), "2026-11-24T09:00:00Z");
    assert_eq!((first("interval_count"), first("terms")), ("1", "€10 every month"));
    assert_eq!((first("site"), first("amount"), first("currency")), ("journal", "10.00", "EUR"));
    assert_eq!(
        (first("interval"), first("refunded"), first("settlement_currency")),
        ("month", "0.00", "EUR")
    );
    assert!(first("supporter").starts_with("sup_") && first("contribution").starts_with("con_"));
    assert!(first("charge").starts_with("ch_") && first("payment").starts_with("in_"));
    let cents = |name: &str| first(name).replace('.', "").parse::<i64>().unwrap();
    assert_eq!(cents("fee") + cents("net"), 1000);
    for (query, count) in [
        ("?site=journal", 2),
        ("?site=gazette", 0),
        ("?to=2026-12-01T00:00:00Z", 1),
        ("?from=2026-12-01T00:00:00Z", 1),
        ("?from=2026-12-01", 1),
        ("?to=2026-12-01", 1),
        ("?from=2026-11-24T09:00:00Z&to=2026-11-24T09:00:01Z", 1),
    ] {
        assert_eq!(lines(&app, query).await.len(), 1 + count, "{query}");
    }
    // Anyone who can write metadata at Stripe can set any text as the appeal's id.
    let formula = "UPDATE contributions SET appeal = '=HYPERLINK(1)', variant = '@x'";
    app.app.store.run_sql(formula).await.unwrap();
    let all = lines(&app, "").await;
    assert_eq!(
        (all[1][column("appeal")].as_str(), all[1][column("variant")].as_str()),
        ("'=HYPERLINK(1)", "'@x")
    );
    let reset = "UPDATE contributions SET appeal = NULL, variant = NULL";
    app.app.store.run_sql(reset).await.unwrap();
    app.finish().await;
}

#[tokio::test]
async fn an_export_of_many_pages_contains_every_payment_once() {
    let app = TestApp::start().await;
    app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    // Adds enough payments for three pages. Almost all of them have the same time.
    let copy = "INSERT INTO payments (object, contribution_id, site, currency, amount_minor, paid_at_ms, refunded_minor, \
         disputed_minor, unsettled_minor, discrepancy_minor) \
         WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 2500) \
         SELECT 'pi_many' || n, contribution_id, site, currency, amount_minor, paid_at_ms + n / 2400, 0, 0, 0, 0 \
         FROM payments CROSS JOIN many";
    app.app.store.run_sql(copy).await.unwrap();
    let all = lines(&app, "").await;
    assert_eq!(all.len(), 1 + 2501);
    let payments: BTreeSet<&String> = all.iter().map(|line| &line[3]).collect();
    assert_eq!(payments.len(), all.len());
    app.app.store.run_sql("DELETE FROM payments WHERE object LIKE 'pi_many%'").await.unwrap();
    app.finish().await;
}

#[tokio::test]
async fn the_reconciliation_shows_the_amounts_of_stripe_and_of_the_ledger() {
    let app = TestApp::start_with("[management]\nbind = \"127.0.0.1:0\"").await;
    let running = management::serve(&app.app).unwrap().unwrap();
    tokio::spawn(running.server);
    let page = async || {
        let answer = Client::new().get(format!("http://{}/books", running.address)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "{policy}");
        answer.text().await.unwrap()
    };
    assert_eq!(get_ok(&app, "/v1/reconciliation").await["checked_at"], Value::Null);
    assert!(page().await.contains("Nothing is recorded yet. Last checked: never."));
    app.give(4000, "once").await;
    app.deliver_and_process_all_events().await;
    let before = get_ok(&app, "/v1/reconciliation").await;
    assert_eq!(before["lines"][0]["unsettled_minor"], 4000, "{before}");
    compare(&app).await;
    app.app.clock.advance(4 * 60_000);
    let ledger = get_ok(&app, "/v1/reconciliation").await;
    let line = &ledger["lines"][0];
    assert_eq!((&line["site"], &line["currency"]), (&json!("journal"), &json!("EUR")));
    let net = line["stripe_net_minor"].as_i64().unwrap();
    assert!(net > 3000, "{ledger}");
    assert_eq!(
        (&line["ledger_net_minor"], &line["difference_minor"], &line["unsettled_minor"]),
        (&json!(net), &json!(0), &json!(0))
    );
    assert_eq!(ledger["checked_at"], "2026-11-24T09:00:00Z");
    let text = format!("{}.{:02}", net / 100, net % 100);
    let shown = page().await;
    assert!(
        shown.contains(&format!("Stripe says {text} net, we say {text}, checked 4 minutes ago. ")),
        "{shown}"
    );
    assert!(!shown.contains(EMAIL) && !shown.contains("<script"), "{shown}");
    assert_eq!(app.get("/books", None).await.code(), "not_found", "the public port must not have this page");
    app.finish().await;
}
