//! Payouts: what is in them, what they wait for, and what becomes of one that fails.

use keepopen_practice::How;
use serde_json::{Value, json};

use crate::helpers::{NOON, Stand, id, word};

const DAY: i64 = 86_400;

/// A payment of 10.00 euros by card; its charge.
async fn paid(stand: &Stand) -> String {
    let session = stand.once().await;
    stand.practice.pay(&session, How::Card).unwrap();
    stand.practice.payments(&session).charge.unwrap()
}

/// Type, amount and net of every entry of a payout, newest first.
async fn inside(stand: &Stand, payout: &str) -> Vec<(String, i64, i64)> {
    let (status, list) = stand.get(&format!("/v1/balance_transactions?limit=100&payout={payout}")).await;
    assert_eq!(status, 200, "{list:#}");
    let entries = list["data"].as_array().unwrap();
    let shown = |entry: &Value| {
        (word(entry, "type"), entry["amount"].as_i64().unwrap(), entry["net"].as_i64().unwrap())
    };
    entries.iter().map(shown).collect()
}

#[tokio::test]
async fn a_payout_contains_what_is_available_and_emits_its_events() {
    let stand = Stand::start().await;
    let charge = paid(&stand).await;
    assert!(stand.practice.pay_out(false).is_empty());
    stand.seconds_pass(7 * DAY);
    paid(&stand).await;
    let entry = stand.practice.object(&charge).unwrap()["balance_transaction"].as_str().unwrap().to_owned();
    assert_eq!(stand.practice.object(&entry).unwrap()["status"], "available");
    let from = stand.told().len();
    let payouts = stand.practice.pay_out(false);
    assert_eq!(payouts.len(), 1);
    assert_eq!(
        stand.told_since(from),
        ["payout.created", "payout.updated", "payout.reconciliation_completed", "payout.paid"]
    );
    assert_eq!(stand.told_of("payout.created")["status"], "in_transit");
    let payout = stand.told_of("payout.paid");
    assert_eq!(
        (&payout["amount"], &payout["currency"], &payout["status"]),
        (&json!(960), &json!("eur"), &json!("paid"))
    );
    assert_eq!(payout["arrival_date"], NOON - DAY / 2 + 7 * DAY);
    let own = stand.practice.object(payout["balance_transaction"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&own["type"], &own["net"], &own["source"]),
        (&json!("payout"), &json!(-960), &json!(payouts[0]))
    );
    assert_eq!(
        inside(&stand, &payouts[0]).await,
        [("payout".to_owned(), -960, -960), ("charge".to_owned(), 1000, 960)]
    );
    assert!(stand.practice.pay_out(false).is_empty());
    assert_eq!(stand.practice.pay_out(true).len(), 1);
}

#[tokio::test]
async fn a_payout_has_every_field_of_stripes() {
    let stand = Stand::start().await;
    paid(&stand).await;
    let payout = stand.practice.object(&stand.practice.pay_out(true)[0]).unwrap();
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
        assert!(payout.get(field).is_some(), "{field}");
    }
}

#[tokio::test]
async fn a_payout_sums_payments_refunds_and_disputes() {
    let stand = Stand::start().await;
    let (refunded, disputed) = (paid(&stand).await, paid(&stand).await);
    for _ in 0..3 {
        paid(&stand).await;
    }
    stand.practice.refund(&refunded, Some(300)).unwrap();
    stand.practice.dispute(&disputed, None).unwrap();
    // The dispute's money goes at once, that of the payments is still to come: nothing to pay out.
    assert!(stand.practice.pay_out(false).is_empty());
    let payout = stand.practice.pay_out(true).remove(0);
    let entries = inside(&stand, &payout).await;
    let sum: i64 = entries.iter().map(|(_, _, net)| net).sum();
    assert_eq!((entries.len(), sum), (8, 0));
    assert_eq!(stand.practice.object(&payout).unwrap()["amount"], 5 * 960 - 300 - 1000 - 1500);
    assert_eq!(entries[1], ("adjustment".to_owned(), -1000, -2500));
    assert_eq!(entries[2], ("refund".to_owned(), -300, -300));
}

#[tokio::test]
async fn each_currency_has_a_payout_of_its_own() {
    let stand = Stand::start().await;
    paid(&stand).await;
    let mut yen = crate::helpers::once_form();
    yen.iter_mut().filter(|(name, _)| name.ends_with("[currency]")).for_each(|pair| pair.1 = "jpy");
    let (_, session) = stand.post("/v1/checkout/sessions", &yen).await;
    stand.practice.pay(&id(&session), How::Card).unwrap();
    let payouts = stand.practice.pay_out(true);
    let currencies: Vec<_> =
        payouts.iter().map(|payout| word(&stand.practice.object(payout).unwrap(), "currency")).collect();
    assert_eq!(currencies, ["eur", "jpy"]);
    assert_eq!(inside(&stand, &payouts[1]).await.len(), 2);
}

#[tokio::test]
async fn a_failed_payouts_money_is_in_the_next_one() {
    let stand = Stand::start().await;
    paid(&stand).await;
    let failed = stand.practice.pay_out(true).remove(0);
    stand.practice.fail_payout(&failed).unwrap();
    let told = stand.told_of("payout.failed");
    assert_eq!((&told["status"], &told["failure_code"]), (&json!("failed"), &json!("account_closed")));
    let back = stand.practice.object(told["failure_balance_transaction"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&back["type"], &back["amount"], &back["reporting_category"]),
        (&json!("payout_failure"), &json!(960), &json!("payout_reversal"))
    );
    assert!(stand.practice.fail_payout(&failed).is_err());
    let next = stand.practice.pay_out(false).remove(0);
    assert_eq!(
        inside(&stand, &next).await,
        [("payout".to_owned(), -960, -960), ("payout_failure".to_owned(), 960, 960)]
    );
}

#[tokio::test]
async fn payouts_can_be_listed_by_status_and_time() {
    let stand = Stand::start().await;
    paid(&stand).await;
    let first = stand.practice.pay_out(true).remove(0);
    stand.practice.fail_payout(&first).unwrap();
    stand.seconds_pass(DAY);
    let second = stand.practice.pay_out(true).remove(0);
    let found = async |query: &str| -> String {
        let (_, list) = stand.get(&format!("/v1/payouts?{query}")).await;
        list["data"].as_array().unwrap().iter().map(id).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found("").await, format!("{second} {first}"));
    assert_eq!(found("status=failed").await, first);
    assert_eq!(found("status=paid").await, second);
    let midnight = NOON + DAY / 2;
    assert_eq!(found(&format!("arrival_date[lt]={midnight}")).await, first);
    assert_eq!(found(&format!("arrival_date[gte]={midnight}")).await, second);
    assert_eq!(found(&format!("created[gt]={NOON}")).await, second);
    assert_eq!(id(&stand.get(&format!("/v1/payouts/{first}")).await.1), first);
    for (path, status) in [
        ("/v1/payouts?colour=red", 400),
        ("/v1/payouts?created[gte]=x", 400),
        ("/v1/balance_transactions?payout=po_none", 404),
        ("/v1/charges?payout=po_none", 400),
    ] {
        assert_eq!(stand.get(path).await.0, status, "{path}");
    }
}
