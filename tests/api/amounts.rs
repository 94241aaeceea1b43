//! What is offered to whom, and the fee that a reader may take over.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::{TestApp, checkout_body};

const FEE: &str = "[sites.journal.giving.EUR.fee_cover]\npercent = 1.5\nfixed_minor = 25\n";
/// Kuwait's dinar has three decimals, of which Stripe wants the last to be 0.
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

fn with_fee(attempt: Uuid, amount_minor: i64, interval: &str) -> Value {
    let mut body = checkout_body(attempt, amount_minor, interval);
    body["cover_fee"] = json!(true);
    body
}

fn an_attempt() -> Uuid {
    Uuid::from_u128(fastrand::u128(..))
}

#[tokio::test]
async fn a_fee_that_is_covered_is_paid_on_top_told_to_stripe_and_booked_as_it_came() {
    let app = TestApp::start_with(FEE).await;
    for (interval, holder) in [("once", "payment_intent"), ("month", "subscription")] {
        let answer = app.post("/v1/checkout", &with_fee(an_attempt(), 1000, interval)).await;
        let session = answer.text("session");
        app.stripe.pay(session, keepopen_practice::How::Card).unwrap();
        let made = app.stripe.session(session);
        assert_eq!(made["amount_total"], 1041);
        assert_eq!(made["metadata"]["keepopen_fee_cover_minor"], "41");
        let carried = app.stripe.object(made[holder].as_str().unwrap()).unwrap();
        assert_eq!(carried["metadata"], made["metadata"], "{holder}");
    }
    app.stripe_says_everything().await;
    let booked = app.ledger().await.into_iter().map(|(_, amount_minor)| amount_minor);
    assert_eq!(booked.collect::<Vec<_>>(), [1041, 1041]);
    app.finish().await;
}

#[tokio::test]
async fn a_fee_is_covered_only_where_it_is_asked_for_and_offered() {
    let app = TestApp::start_with(FEE).await;
    let attempt = an_attempt();
    let answer = app.post("/v1/checkout", &checkout_body(attempt, 1000, "once")).await;
    let made = app.stripe.session(answer.text("session"));
    assert_eq!(
        (&made["amount_total"], &made["metadata"]["keepopen_fee_cover_minor"]),
        (&json!(1000), &Value::Null)
    );
    let other = app.post("/v1/checkout", &with_fee(attempt, 1000, "once")).await;
    assert_eq!((other.status.as_u16(), other.code()), (409, "attempt_reused"));
    app.finish().await;

    let app = TestApp::start().await;
    let answer = app.post("/v1/checkout", &with_fee(an_attempt(), 1000, "once")).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (422, "fee_cover_not_offered"));
    assert_eq!(app.stripe.objects("checkout.session").len(), 0);
    app.finish().await;
}

#[tokio::test]
async fn limits_hold_for_the_chosen_amount_and_stripes_steps_for_the_total() {
    let app = TestApp::start_with(&format!("{FEE}{DINAR}")).await;
    let most = app.post("/v1/checkout", &with_fee(an_attempt(), 100_000, "once")).await;
    assert_eq!(app.stripe.session(most.text("session"))["amount_total"], 101_549);
    let above = app.post("/v1/checkout", &with_fee(an_attempt(), 100_001, "once")).await;
    assert_eq!(above.code(), "amount_above_maximum");
    let below = app.post("/v1/checkout", &with_fee(an_attempt(), 99, "once")).await;
    assert_eq!(below.code(), "amount_below_minimum");
    let mut dinar = with_fee(an_attempt(), 1000, "once");
    dinar["currency"] = json!("KWD");
    let answer = app.post("/v1/checkout", &dinar).await;
    assert_eq!(app.stripe.session(answer.text("session"))["amount_total"], 1050);
    app.finish().await;
}
