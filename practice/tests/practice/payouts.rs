//! Tests payouts: what they contain, when they are possible, and what happens after a payout fails.

use keepopen_practice::PaymentChoice;
use serde_json::{Value, json};

use crate::helpers::{NOON, TestStripe, id, text_field};

const DAY: i64 = 86_400;

/// Pays 10.00 euros by card. Returns the charge's id.
async fn pay(stripe: &TestStripe) -> String {
    let session = stripe.one_off_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    stripe.practice.payments(&session).charge.unwrap()
}

/// The type, amount and net of every balance transaction in a payout, newest first.
async fn entries_of(stripe: &TestStripe, payout: &str) -> Vec<(String, i64, i64)> {
    let (status, list) = stripe.get(&format!("/v1/balance_transactions?limit=100&payout={payout}")).await;
    assert_eq!(status, 200, "{list:#}");
    let entries = list["data"].as_array().unwrap();
    let summary = |entry: &Value| {
        (text_field(entry, "type"), entry["amount"].as_i64().unwrap(), entry["net"].as_i64().unwrap())
    };
    entries.iter().map(summary).collect()
}

#[tokio::test]
async fn a_payout_contains_the_available_entries_and_emits_its_events() {
    let stripe = TestStripe::start().await;
    let charge = pay(&stripe).await;
    assert!(stripe.practice.pay_out(false).is_empty());
    stripe.advance_clock(7 * DAY);
    pay(&stripe).await;
    let entry = stripe.practice.object(&charge).unwrap()["balance_transaction"].as_str().unwrap().to_owned();
    assert_eq!(stripe.practice.object(&entry).unwrap()["status"], "available");
    let from = stripe.emitted().len();
    let payouts = stripe.practice.pay_out(false);
    assert_eq!(payouts.len(), 1);
    assert_eq!(
        stripe.emitted_since(from),
        ["payout.created", "payout.updated", "payout.reconciliation_completed", "payout.paid"]
    );
    assert_eq!(stripe.last_emitted("payout.created")["status"], "in_transit");
    let payout = stripe.last_emitted("payout.paid");
    assert_eq!(
        (&payout["amount"], &payout["currency"], &payout["status"]),
        (&json!(960), &json!("eur"), &json!("paid"))
    );
    assert_eq!(payout["arrival_date"], NOON - DAY / 2 + 7 * DAY);
    let payout_entry = stripe.practice.object(payout["balance_transaction"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&payout_entry["type"], &payout_entry["net"], &payout_entry["source"]),
        (&json!("payout"), &json!(-960), &json!(payouts[0]))
    );
    assert_eq!(
        entries_of(&stripe, &payouts[0]).await,
        [("payout".to_owned(), -960, -960), ("charge".to_owned(), 1000, 960)]
    );
    assert!(stripe.practice.pay_out(false).is_empty());
    assert_eq!(stripe.practice.pay_out(true).len(), 1);
}

#[tokio::test]
async fn a_payout_has_every_field_of_a_payout_at_stripe() {
    let stripe = TestStripe::start().await;
    pay(&stripe).await;
    let payout = stripe.practice.object(&stripe.practice.pay_out(true)[0]).unwrap();
    for field in [
        "amount",
        "application_fee",
        "application_fee_amount",
        "arrival_date",
        "automatic",
        "balance_transaction",
        "created",
        "currency",
        "description",
        "destination",
        "failure_balance_transaction",
        "failure_code",
        "failure_message",
        "id",
        "livemode",
        "metadata",
        "method",
        "object",
        "original_payout",
        "payout_method",
        "reconciliation_status",
        "reversed_by",
        "source_type",
        "statement_descriptor",
        "status",
        "trace_id",
        "type",
    ] {
        assert!(payout.get(field).is_some(), "the field {field} is missing");
    }
}

#[tokio::test]
async fn a_payout_is_the_sum_of_payments_refunds_and_disputes() {
    let stripe = TestStripe::start().await;
    let (refunded, disputed) = (pay(&stripe).await, pay(&stripe).await);
    for _ in 0..3 {
        pay(&stripe).await;
    }
    stripe.practice.refund(&refunded, Some(300)).unwrap();
    stripe.practice.dispute(&disputed, None).unwrap();
    // There is nothing to pay out: the dispute withdraws its money immediately, while the payments are still pending.
    assert!(stripe.practice.pay_out(false).is_empty());
    let payout = stripe.practice.pay_out(true).remove(0);
    let entries = entries_of(&stripe, &payout).await;
    let sum: i64 = entries.iter().map(|(_, _, net)| net).sum();
    assert_eq!((entries.len(), sum), (8, 0));
    assert_eq!(stripe.practice.object(&payout).unwrap()["amount"], 5 * 960 - 300 - 1000 - 1500);
    assert_eq!(entries[1], ("adjustment".to_owned(), -1000, -2500));
    assert_eq!(entries[2], ("refund".to_owned(), -300, -300));
}

#[tokio::test]
async fn each_currency_has_its_own_payout() {
    let stripe = TestStripe::start().await;
    pay(&stripe).await;
    let mut yen = crate::helpers::one_off_form();
    yen.iter_mut().filter(|(name, _)| name.ends_with("[currency]")).for_each(|pair| pair.1 = "jpy");
    let (_, session) = stripe.post("/v1/checkout/sessions", &yen).await;
    stripe.practice.pay(&id(&session), PaymentChoice::Card).unwrap();
    let payouts = stripe.practice.pay_out(true);
    let currencies: Vec<_> = payouts
        .iter()
        .map(|payout| text_field(&stripe.practice.object(payout).unwrap(), "currency"))
        .collect();
    assert_eq!(currencies, ["eur", "jpy"]);
    assert_eq!(entries_of(&stripe, &payouts[1]).await.len(), 2);
}

#[tokio::test]
async fn the_money_of_a_failed_payout_is_in_the_next_payout() {
    let stripe = TestStripe::start().await;
    pay(&stripe).await;
    let failed = stripe.practice.pay_out(true).remove(0);
    stripe.practice.fail_payout(&failed).unwrap();
    let emitted = stripe.last_emitted("payout.failed");
    assert_eq!((&emitted["status"], &emitted["failure_code"]), (&json!("failed"), &json!("account_closed")));
    let failure_entry =
        stripe.practice.object(emitted["failure_balance_transaction"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&failure_entry["type"], &failure_entry["amount"], &failure_entry["reporting_category"]),
        (&json!("payout_failure"), &json!(960), &json!("payout_reversal"))
    );
    assert!(stripe.practice.fail_payout(&failed).is_err());
    let next = stripe.practice.pay_out(false).remove(0);
    assert_eq!(
        entries_of(&stripe, &next).await,
        [("payout".to_owned(), -960, -960), ("payout_failure".to_owned(), 960, 960)]
    );
}

#[tokio::test]
async fn payouts_can_be_listed_by_status_and_time() {
    let stripe = TestStripe::start().await;
    pay(&stripe).await;
    let first = stripe.practice.pay_out(true).remove(0);
    stripe.practice.fail_payout(&first).unwrap();
    stripe.advance_clock(DAY);
    let second = stripe.practice.pay_out(true).remove(0);
    let found = async |query: &str| -> String {
        let (_, list) = stripe.get(&format!("/v1/payouts?{query}")).await;
        list["data"].as_array().unwrap().iter().map(id).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found("").await, format!("{second} {first}"));
    assert_eq!(found("status=failed").await, first);
    assert_eq!(found("status=paid").await, second);
    let midnight = NOON + DAY / 2;
    assert_eq!(found(&format!("arrival_date[lt]={midnight}")).await, first);
    assert_eq!(found(&format!("arrival_date[gte]={midnight}")).await, second);
    assert_eq!(found(&format!("created[gt]={NOON}")).await, second);
    assert_eq!(id(&stripe.get(&format!("/v1/payouts/{first}")).await.1), first);
    for (path, status) in [
        ("/v1/payouts?colour=red", 400),
        ("/v1/payouts?created[gte]=x", 400),
        ("/v1/balance_transactions?payout=po_none", 404),
        ("/v1/charges?payout=po_none", 400),
    ] {
        assert_eq!(stripe.get(path).await.0, status, "{path}");
    }
}
