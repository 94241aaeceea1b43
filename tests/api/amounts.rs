//! The amounts that readers are offered, and the card fee that a reader may cover.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::{TestApp, checkout_body};
use keepopen_testkit::APPEALS;

const FEE: &str = "[sites.journal.giving.EUR.fee_cover]\npercent = 1.5\nfixed_minor = 25\n";
/// Settings for the Kuwaiti dinar. It has three decimals, and Stripe requires the last one to be 0.
const DINAR: &str = r#"
[sites.journal.giving.KWD]
minimum_minor = 100
maximum_minor = 1000000
countries = ["KW"]
once = [1000]
default_interval = "once"
default_amount_minor = 1000
fee_cover = { percent = 2.9, fixed_minor = 10 }
"#;

/// Returns the body of a checkout in which the reader covers the card fee.
fn with_fee(attempt: Uuid, amount_minor: i64, interval: &str) -> Value {
    let mut body = checkout_body(attempt, amount_minor, interval);
    body["cover_fee"] = json!(true);
    body
}

fn new_attempt_id() -> Uuid {
    Uuid::from_u128(fastrand::u128(..))
}

#[tokio::test]
async fn a_covered_fee_is_added_to_the_amount_sent_to_stripe_and_booked_as_received() {
    let app = TestApp::start_with(FEE).await;
    // For each interval, the object that must have the same metadata as the session.
    for (interval, holder) in [("once", "payment_intent"), ("month", "subscription")] {
        let answer = app.post("/v1/checkout", &with_fee(new_attempt_id(), 1000, interval)).await;
        let session = answer.text("session");
        app.stripe.pay(session, keepopen_practice::PaymentChoice::Card).unwrap();
        let created = app.stripe.session(session);
        assert_eq!(created["amount_total"], 1041);
        assert_eq!(created["metadata"]["keepopen_fee_cover_minor"], "41");
        let holder_object = app.stripe.object(created[holder].as_str().unwrap()).unwrap();
        assert_eq!(holder_object["metadata"], created["metadata"], "{holder}");
    }
    app.deliver_and_process_all_events().await;
    let booked = app.ledger().await.into_iter().map(|(_, amount_minor)| amount_minor);
    assert_eq!(booked.collect::<Vec<_>>(), [1041, 1041]);
    app.finish().await;
}

#[tokio::test]
async fn a_fee_is_covered_only_if_the_reader_chooses_it_and_the_site_offers_it() {
    let app = TestApp::start_with(FEE).await;
    let attempt = new_attempt_id();
    let answer = app.post("/v1/checkout", &checkout_body(attempt, 1000, "once")).await;
    let created = app.stripe.session(answer.text("session"));
    assert_eq!(
        (&created["amount_total"], &created["metadata"]["keepopen_fee_cover_minor"]),
        (&json!(1000), &Value::Null)
    );
    let other = app.post("/v1/checkout", &with_fee(attempt, 1000, "once")).await;
    assert_eq!((other.status.as_u16(), other.code()), (409, "attempt_reused"));
    app.finish().await;

    let app = TestApp::start().await;
    let answer = app.post("/v1/checkout", &with_fee(new_attempt_id(), 1000, "once")).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (422, "fee_cover_not_offered"));
    assert_eq!(app.stripe.objects("checkout.session").len(), 0);
    app.finish().await;
}

#[tokio::test]
async fn site_limits_apply_to_the_amount_without_the_fee_and_the_total_is_rounded_up_for_stripe() {
    let app = TestApp::start_with(&format!("{FEE}{DINAR}")).await;
    let at_maximum = app.post("/v1/checkout", &with_fee(new_attempt_id(), 100_000, "once")).await;
    assert_eq!(app.stripe.session(at_maximum.text("session"))["amount_total"], 101_549);
    let above_maximum = app.post("/v1/checkout", &with_fee(new_attempt_id(), 100_001, "once")).await;
    assert_eq!(above_maximum.code(), "amount_above_maximum");
    let below_minimum = app.post("/v1/checkout", &with_fee(new_attempt_id(), 99, "once")).await;
    assert_eq!(below_minimum.code(), "amount_below_minimum");
    let mut dinar = with_fee(new_attempt_id(), 1000, "once");
    dinar["currency"] = json!("KWD");
    // The total with the fee is rounded up to a multiple of 10, as Stripe requires for dinars.
    let answer = app.post("/v1/checkout", &dinar).await;
    assert_eq!(app.stripe.session(answer.text("session"))["amount_total"], 1050);
    app.finish().await;
}

/// Settings with a highlighted amount. In some countries, the site offers other amounts or another currency.
const COUNTRIES: &str = r#"
[sites.journal.giving.EUR.highlighted]
interval = "once"
amount_minor = 1500
[[sites.journal.giving.EUR.by_country]]
countries = ["PT", "south"]
once = [300]
default_interval = "once"
default_amount_minor = 300
[sites.journal.giving.GBP]
minimum_minor = 200
maximum_minor = 50000
countries = ["GB", "IM"]
month = [400, 800]
default_interval = "month"
default_amount_minor = 400
[[sites.journal.giving.GBP.by_country]]
countries = ["IM"]
year = [2000]
default_interval = "year"
default_amount_minor = 2000
[sites.journal.rules.country_groups]
south = ["GR", "CY"]
"#;

/// Returns the choices of amounts in the appeal that a reader in this country sees.
async fn choices(app: &TestApp, country: &str) -> Value {
    let question = json!({"site": "journal", "history": {}, "reader": {"country": country}});
    app.post("/v1/banner", &question).await.json["content"]["choices"].clone()
}

/// Returns what a reader in this country is offered: currency, one-off amounts, monthly amounts, default amount.
async fn offered(app: &TestApp, country: &str) -> Value {
    let choices = choices(app, country).await;
    json!([choices["currency"], choices["once"], choices["month"], choices["default"]["amount_minor"]])
}

#[tokio::test]
async fn readers_are_offered_the_currency_and_the_amounts_of_their_country() {
    let app = TestApp::start_with(COUNTRIES).await;
    for (countries, wanted) in [
        (&["", "IE", "CH", "UK", "zz"][..], json!(["EUR", [500, 1500], [500, 1000], 1000])),
        (&["PT", "gr", "CY"], json!(["EUR", [300], [], 300])),
        (&["GB", "gb"], json!(["GBP", [], [400, 800], 400])),
        (&["IM"], json!(["GBP", [], [], 2000])),
    ] {
        for country in countries {
            assert_eq!(offered(&app, country).await, wanted, "{country}");
        }
    }
    let in_ireland = choices(&app, "IE").await;
    assert_eq!(in_ireland["highlighted"], json!({"interval": "once", "amount_minor": 1500}));
    assert_eq!(
        choices(&app, "PT").await["highlighted"],
        Value::Null,
        "an amount that is not offered in Portugal must not be highlighted there"
    );
    assert_eq!(in_ireland["step_minor"], 1);
    publish_text(&app, &APPEALS.replace("We need your help now", "Give in {currency}"));
    for (country, currency) in [("GB", "GBP"), ("IE", "EUR")] {
        let question = json!({"site": "journal", "history": {}, "reader": {"country": country}});
        assert_eq!(app.post("/v1/banner", &question).await.json["values"]["currency"], currency);
    }
    app.finish().await;
}

#[tokio::test]
async fn an_amount_that_the_site_offers_in_one_country_is_accepted_from_any_reader() {
    let app = TestApp::start_with(COUNTRIES).await;
    for (currency, interval, amount_minor, code) in [
        ("GBP", "month", 800, ""),
        ("GBP", "year", 800, ""),
        ("GBP", "once", 800, "unsupported_interval"),
        ("GBP", "month", 199, "amount_below_minimum"),
        ("EUR", "once", 199, ""),
        ("CHF", "once", 800, "unsupported_currency"),
    ] {
        let mut body = checkout_body(new_attempt_id(), amount_minor, interval);
        body["currency"] = json!(currency);
        let answer = app.post("/v1/checkout", &body).await;
        let problem_code = answer.json["code"].as_str().unwrap_or_default();
        assert_eq!(problem_code, code, "{currency} {interval} {amount_minor}");
    }
    app.finish().await;
}

/// The amounts of a variant, for the end of the appeals file.
const OWN_AMOUNTS: &str = r#"
[appeals.variants.amounts.EUR]
once = [700, 900]
default_interval = "once"
default_amount_minor = 700
highlighted = { interval = "once", amount_minor = 900 }
"#;

/// Publishes the usual appeals file with `more` at its end.
fn publish(app: &TestApp, more: &str) {
    publish_text(app, &format!("{APPEALS}{more}"));
}

/// Writes the appeals file and publishes it.
fn publish_text(app: &TestApp, appeals: &str) {
    std::fs::write(app.folder().join("appeals.toml"), appeals).unwrap();
    keepopen::actions::publish_appeals(&app.app).unwrap();
}

#[tokio::test]
async fn a_variant_can_replace_the_sites_amounts_in_one_currency() {
    let app = TestApp::start_with(COUNTRIES).await;
    publish(&app, OWN_AMOUNTS);
    for country in ["", "PT"] {
        assert_eq!(offered(&app, country).await, json!(["EUR", [700, 900], [], 700]), "{country}");
    }
    assert_eq!(choices(&app, "").await["highlighted"]["amount_minor"], 900);
    assert_eq!(
        offered(&app, "GB").await,
        json!(["GBP", [], [400, 800], 400]),
        "in other currencies, the variant must offer the site's amounts"
    );
    app.finish().await;
}

#[tokio::test]
async fn an_appeal_is_not_shown_if_a_variants_amounts_are_not_accepted_by_its_site() {
    let app = TestApp::start_with(COUNTRIES).await;
    for (own_amounts, field, sentence) in [
        (
            OWN_AMOUNTS.replace("700, 900", "99, 700, 900"),
            "variants[0].amounts.EUR",
            "not between minimum_minor",
        ),
        (
            OWN_AMOUNTS.replace("amount_minor = 900", "amount_minor = 901"),
            "variants[0].amounts.EUR",
            "highlighted",
        ),
        (
            OWN_AMOUNTS.replace("EUR", "CHF"),
            "variants[0].amounts.CHF",
            "none of the appeal's sites supports CHF",
        ),
        (
            OWN_AMOUNTS.replace("EUR", "GBP"),
            "variants[0].amounts.GBP",
            "not support gifts at the interval \"once\"",
        ),
        (
            OWN_AMOUNTS.replace("700, 900", "\"700\""),
            "variants[0].amounts.EUR.once[0]",
            "expected a whole number",
        ),
        (OWN_AMOUNTS.replace("EUR", "EURO"), "variants[0].amounts.EURO", "ISO 4217"),
        (OWN_AMOUNTS.replace("once =", "ones ="), "variants[0].amounts.EUR.ones", "there is no field"),
    ] {
        publish(&app, &own_amounts);
        let snapshot = app.app.snapshot.load();
        let problems: Vec<_> = snapshot.problems.iter().map(|it| (&*it.field, &*it.sentence)).collect();
        assert!(
            problems.len() == 1 && problems[0].0 == field && problems[0].1.contains(sentence),
            "{problems:?}"
        );
        assert_eq!(app.banner(None).await["reason"], "no_live_appeal");
    }
    publish(&app, "");
    assert_eq!(app.banner(None).await["reason"], "matched");
    app.finish().await;
}

#[tokio::test]
async fn an_amount_that_stripe_does_not_accept_in_the_currency_is_refused_without_calling_stripe() {
    let app = TestApp::start_with(DINAR).await;
    let check_out = async |amount_minor: i64| {
        let mut body = checkout_body(new_attempt_id(), amount_minor, "once");
        body["currency"] = json!("KWD");
        app.post("/v1/checkout", &body).await
    };
    let refused = check_out(1_005).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "unsupported_amount"), "{refused:?}");
    assert_eq!(check_out(1_010).await.status, 200);
    app.finish().await;
}
