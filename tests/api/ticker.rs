//! Tickers, the totals that an appeal shows (money or supporters), as computed from the ledger.

use keepopen_testkit::wait_until;
use std::time::Duration;

use keepopen::{actions, jobs};
use keepopen_practice::PaymentChoice;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::{Gift, TestApp, checkout_body};
use keepopen_testkit::APPEALS;

/// The fields of a ticker that counts money.
const MONEY: &str = "counts = \"money\"\ncurrency = \"EUR\"\ngoal_minor = 10000\n";
/// The fields of a ticker that counts supporters.
const SUPPORTERS: &str = "counts = \"supporters\"\ngoal_supporters = 3\n";

/// Returns the test's only appeal, with this ticker. Its copy needs the values in `needs`.
fn appeal(ticker: &str, needs: &str) -> String {
    format!("{APPEALS}needs = [{needs}]\n[appeals.ticker]\n{ticker}")
}

/// Writes the appeals file and publishes it.
fn publish(app: &TestApp, text: &str) {
    std::fs::write(app.folder().join("appeals.toml"), text).unwrap();
    actions::publish_appeals(&app.app).unwrap();
}

/// Refunds a gift in part, or in full if the amount is `None`.
fn refund(app: &TestApp, gift: &Gift, amount_minor: Option<i64>) {
    app.stripe.refund(&app.stripe.payments(&gift.session).charge.unwrap(), amount_minor).unwrap();
}

/// Counts the totals of the tickers again. Returns what readers see: total, goal, percent.
async fn shown_ticker(app: &TestApp) -> Value {
    actions::refresh_tickers(&app.app).await.unwrap();
    let ticker = &app.banner(None).await["content"]["ticker"];
    json!([ticker["total"], ticker["goal"], ticker["percent"]])
}

#[tokio::test]
async fn a_ticker_of_money_counts_payments_minus_reversals() {
    let app = TestApp::start().await;
    publish(&app, &appeal(MONEY, ""));
    assert_eq!(shown_ticker(&app).await, json!([0, 10000, 0]));
    app.give(1500, "once").await;
    let refunded = app.give(1000, "month").await;
    let disputed = app.give(900, "once").await;
    app.deliver_and_process_all_events().await;
    assert_eq!(shown_ticker(&app).await, json!([3400, 10000, 34]));
    refund(&app, &refunded, Some(400));
    app.stripe.dispute(&app.stripe.payments(&disputed.session).charge.unwrap(), None).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!(shown_ticker(&app).await, json!([2100, 10000, 21]));
    let ticker = app.banner(None).await["content"]["ticker"].clone();
    assert_eq!(
        (&ticker["counts"], &ticker["currency"], &ticker["minor_digits"]),
        (&json!("money"), &json!("EUR"), &json!(2))
    );
    assert_eq!(ticker["as_of"], "2026-11-24T09:00:00Z");
    assert_eq!(ticker.get("from"), None, "without `from`, all payments must count");
    app.finish().await;
}

const DOLLARS: &str = r#"
[sites.journal.giving.USD]
minimum_minor = 100
maximum_minor = 100000
once = [500]
default_interval = "once"
default_amount_minor = 500
"#;

#[tokio::test]
async fn a_ticker_of_money_counts_one_currency_and_a_ticker_of_supporters_counts_all_currencies() {
    let app = TestApp::start_with(DOLLARS).await;
    app.give(1500, "once").await;
    let mut dollars = checkout_body(Uuid::from_u128(1), 700, "once");
    dollars["currency"] = json!("USD");
    let answer = app.post("/v1/checkout", &dollars).await;
    app.stripe.pay(answer.text("session"), PaymentChoice::Card).unwrap();
    app.deliver_and_process_all_events().await;
    publish(&app, &appeal(MONEY, ""));
    assert_eq!(shown_ticker(&app).await, json!([1500, 10000, 15]));
    publish(&app, &appeal(&MONEY.replace("EUR", "USD"), ""));
    assert_eq!(shown_ticker(&app).await, json!([700, 10000, 7]));
    publish(&app, &appeal(SUPPORTERS, ""));
    assert_eq!(
        shown_ticker(&app).await,
        json!([1, 3, 33]),
        "one reader made both gifts, so the ticker must count one supporter"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_ticker_counts_from_its_start_in_the_sites_time_zone() {
    let app = TestApp::start().await;
    app.give(1500, "once").await;
    app.deliver_and_process_all_events().await;
    for (from, total) in
        [("2026-11-24", 1500), ("2026-11-24T09:00", 1500), ("2026-11-24T09:01", 0), ("2026-11-25", 0)]
    {
        publish(&app, &appeal(&format!("{MONEY}from = \"{from}\""), ""));
        assert_eq!(shown_ticker(&app).await[0], total, "{from}");
        let ticker = app.banner(None).await["content"]["ticker"].clone();
        let has_begun = ["2026-11-24", "2026-11-24T09:00"].contains(&from);
        let day = has_begun.then_some("2026-11-24");
        assert_eq!(ticker["from"].as_str(), day, "a start in the future must not be shown: {from}");
        let supporters = format!("{SUPPORTERS}from = \"{from}\"\noffline_supporters = 2");
        publish(&app, &appeal(&supporters, ""));
        assert_eq!(shown_ticker(&app).await[0], 2 + i64::from(total > 0), "{from}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_ticker_counts_only_the_payments_since_its_start_and_their_refunds() {
    let app = TestApp::start().await;
    let old = app.give(1500, "once").await;
    app.advance_days(10);
    let new = app.give(1000, "month").await;
    let disputed = app.give(900, "once").await;
    app.deliver_and_process_all_events().await;
    let from = format!("{MONEY}from = \"2026-12-01\"");
    publish(&app, &appeal(&from, ""));
    assert_eq!(shown_ticker(&app).await[0], 1900);
    // The older payment was made before `from` and is not counted, so its refund is not counted either.
    refund(&app, &old, None);
    app.deliver_and_process_all_events().await;
    assert_eq!(shown_ticker(&app).await[0], 1900);
    refund(&app, &new, Some(400));
    let dispute = app.stripe.dispute(&app.stripe.payments(&disputed.session).charge.unwrap(), None).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!(shown_ticker(&app).await[0], 600);
    app.stripe.close_dispute(&dispute, keepopen_practice::Outcome::Won).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!(shown_ticker(&app).await[0], 1500);
    publish(&app, &appeal(MONEY, ""));
    assert_eq!(
        shown_ticker(&app).await[0],
        1500,
        "without `from`, the older payment and its refund must cancel each other out"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_supporter_counts_once_and_does_not_count_after_all_gifts_are_reversed() {
    let app = TestApp::start().await;
    publish(&app, &appeal(SUPPORTERS, ""));
    let one = app.give(1500, "once").await;
    let two = app.give(500, "once").await;
    app.deliver_and_process_all_events().await;
    assert_eq!(
        shown_ticker(&app).await,
        json!([1, 3, 33]),
        "both gifts have the same e-mail address, so they must count as one supporter"
    );
    refund(&app, &one, None);
    app.deliver_and_process_all_events().await;
    assert_eq!(shown_ticker(&app).await[0], 1);
    refund(&app, &two, None);
    app.deliver_and_process_all_events().await;
    assert_eq!(shown_ticker(&app).await[0], 0);
    app.finish().await;
}

#[tokio::test]
async fn a_ticker_of_an_appeal_counts_only_the_gifts_from_that_appeal() {
    let app = TestApp::start().await;
    let attribution = app.banner(None).await["attribution"].clone();
    app.give(500, "once").await;
    let mut body = checkout_body(Uuid::from_u128(2), 1000, "once");
    body["attribution"] = attribution;
    let answer = app.post("/v1/checkout", &body).await;
    app.stripe.pay(answer.text("session"), PaymentChoice::Card).unwrap();
    app.deliver_and_process_all_events().await;
    for (ticker, site_total, appeal_total) in [(MONEY, 1500, 1000), (SUPPORTERS, 1, 1)] {
        publish(&app, &appeal(ticker, ""));
        assert_eq!(shown_ticker(&app).await[0], site_total);
        publish(&app, &appeal(&format!("{ticker}of = \"appeal\"\n"), ""));
        assert_eq!(shown_ticker(&app).await[0], appeal_total);
        let other = appeal(&format!("{ticker}of = \"appeal\"\n"), "").replace("\"help\"", "\"other\"");
        publish(&app, &other);
        assert_eq!(shown_ticker(&app).await[0], 0);
    }
    app.finish().await;
}

#[tokio::test]
async fn an_appeal_that_uses_ticker_values_is_not_shown_until_the_total_is_known() {
    let app = TestApp::start().await;
    publish(&app, &appeal(MONEY, "\"ticker_left\""));
    assert_eq!(app.banner(None).await["reason"], "missing_value");
    actions::refresh_tickers(&app.app).await.unwrap();
    assert_eq!(app.banner(None).await["reason"], "matched");
    publish(&app, &appeal(&MONEY.replace("10000", "20000"), "\"ticker_left\""));
    assert_eq!(
        app.banner(None).await["content"]["ticker"]["goal"],
        20000,
        "only the goal changed, so the total must still be known"
    );
    publish(&app, &appeal(&format!("{MONEY}from = \"2026-11-01\""), "\"ticker_left\""));
    assert_eq!(
        app.banner(None).await["reason"],
        "missing_value",
        "the start changed, so the total must be counted first"
    );
    publish(&app, &appeal(MONEY, ""));
    assert_eq!(
        app.banner(None).await["reason"],
        "matched",
        "copy without ticker values must not wait for the total"
    );
    app.finish().await;
}

#[tokio::test]
async fn the_ticker_of_a_new_appeal_is_counted_within_seconds() {
    let app = TestApp::start().await;
    let jobs = jobs::run(&app.app);
    // When the job first runs, there is no ticker to count.
    assert_eq!(app.banner(None).await["reason"], "matched");
    publish(&app, &appeal(MONEY, "\"ticker_left\""));
    let is_counted = async || app.banner(None).await["reason"] == "matched";
    wait_until(Duration::from_secs(10), "the total of the new ticker is counted", is_counted).await;
    jobs.stop(&app.app).await;
    app.finish().await;
}

#[tokio::test]
async fn copy_gets_the_ticker_values_that_it_uses() {
    let app = TestApp::start().await;
    app.give(1500, "once").await;
    app.deliver_and_process_all_events().await;
    let with_heading = |text: &str| appeal(MONEY, "").replace("We need your help now", text);
    publish(&app, &with_heading("{ticker_total}, {ticker_goal}, {ticker_left}, {ticker_percent}"));
    actions::refresh_tickers(&app.app).await.unwrap();
    let values = app.banner(None).await["values"].clone();
    let wanted =
        json!({"ticker_total": 1500, "ticker_goal": 10000, "ticker_left": 8500, "ticker_percent": 15});
    assert_eq!(values, wanted);
    publish(&app, &with_heading("{ticker_left}").replace("[appeals.ticker]", "").replace(MONEY, ""));
    let problem = app.app.snapshot.load().problems[0].clone();
    assert_eq!(problem.field, "variants[0].copy.heading");
    assert!(problem.sentence.contains("write ticker"), "{}", problem.sentence);
    app.finish().await;
}

#[tokio::test]
async fn readers_see_the_previous_totals_while_the_database_does_not_respond() {
    let app = TestApp::start().await;
    publish(&app, &appeal(MONEY, ""));
    app.give(1500, "once").await;
    app.deliver_and_process_all_events().await;
    assert_eq!(shown_ticker(&app).await[0], 1500);
    let blocked_readers = app.app.store.hold_readers().await.unwrap();
    let counting = tokio::time::timeout(Duration::from_millis(50), actions::refresh_tickers(&app.app));
    assert!(counting.await.is_err(), "the refresh must wait for the database");
    assert_eq!(app.banner(None).await["content"]["ticker"]["total"], 1500);
    drop(blocked_readers);
    app.finish().await;
}

#[tokio::test]
async fn an_appeal_with_an_invalid_ticker_is_not_shown() {
    let app = TestApp::start().await;
    for (ticker, field, sentence) in [
        (MONEY.replace("EUR", "CHF"), "ticker.currency", "does not support CHF"),
        (MONEY.replace("10000", "0"), "ticker.goal_minor", "above 0"),
        (format!("{MONEY}goal = 1"), "ticker.goal", "there is no field"),
        (format!("{MONEY}from = \"yesterday\""), "ticker.from", "yesterday"),
    ] {
        publish(&app, &appeal(&ticker, ""));
        let snapshot = app.app.snapshot.load();
        let problems: Vec<_> = snapshot.problems.iter().map(|it| (&*it.field, &*it.sentence)).collect();
        assert!(
            problems.len() == 1 && problems[0].0 == field && problems[0].1.contains(sentence),
            "{problems:?}"
        );
        assert_eq!(app.banner(None).await["reason"], "no_live_appeal");
    }
    app.finish().await;
}
