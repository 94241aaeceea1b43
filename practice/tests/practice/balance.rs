//! Balance transactions: one for everything that moves money, when each comes, and what it carries.

use keepopen_practice::{How, Outcome, Settlement};
use serde_json::{Value, json};

use crate::helpers::{NOON, Stand, word};

async fn paid(stand: &Stand, how: How) -> String {
    let session = stand.once().await;
    stand.practice.pay(&session, how).unwrap();
    if how == How::BankDebit {
        stand.practice.settle_bank_debit(&session, true).unwrap();
    }
    stand.practice.payments(&session).charge.unwrap()
}

/// Type, reporting category, amount, fee and net of everything booked from this source, oldest first.
fn booked(stand: &Stand, source: &str) -> Vec<Value> {
    let entries = stand.practice.objects("balance_transaction").into_iter();
    let of_source = entries.filter(|entry| entry["source"] == source);
    of_source
        .map(|it| json!([it["type"], it["reporting_category"], it["amount"], it["fee"], it["net"]]))
        .collect()
}

#[tokio::test]
async fn a_charge_is_booked_with_its_fee() {
    let stand = Stand::start().await;
    let charge = paid(&stand, How::Card).await;
    assert_eq!(booked(&stand, &charge), [json!(["charge", "charge", 1000, 40, 960])]);
    let entry = &stand.practice.objects("balance_transaction")[0];
    assert_eq!((&entry["status"], &entry["available_on"]), (&json!("pending"), &json!(NOON + 7 * 86_400)));
    let detail = &entry["fee_details"][0];
    assert_eq!((&detail["amount"], &detail["type"]), (&json!(40), &json!("stripe_fee")));
    let debit = paid(&stand, How::BankDebit).await;
    assert_eq!(booked(&stand, &debit), [json!(["payment", "charge", 1000, 40, 960])]);
}

#[tokio::test]
async fn refunds_and_failed_refunds_are_booked_from_the_refund() {
    let stand = Stand::start().await;
    let charge = paid(&stand, How::Card).await;
    let refund = stand.practice.refund(&charge, Some(400)).unwrap();
    assert_eq!(booked(&stand, &refund), [json!(["refund", "refund", -400, 0, -400])]);
    stand.practice.fail_refund(&refund).unwrap();
    assert_eq!(booked(&stand, &refund)[1], json!(["refund_failure", "refund_failure", 400, 0, 400]));
    let failed = stand.told_of("refund.failed");
    let back = stand.practice.object(failed["failure_balance_transaction"].as_str().unwrap()).unwrap();
    assert_eq!(back["type"], "refund_failure");
    let debit = paid(&stand, How::BankDebit).await;
    let refund = stand.practice.refund(&debit, None).unwrap();
    assert_eq!(booked(&stand, &refund), [json!(["payment_refund", "refund", -1000, 0, -1000])]);
}

#[tokio::test]
async fn a_disputes_money_is_in_the_balance_and_whole_in_the_dispute() {
    let stand = Stand::start().await;
    let charge = paid(&stand, How::Card).await;
    let dispute = stand.practice.dispute(&charge, None).unwrap();
    stand.practice.close_dispute(&dispute, Outcome::Won).unwrap();
    let wanted = [
        json!(["adjustment", "dispute", -1000, 1500, -2500]),
        json!(["adjustment", "dispute_reversal", 1000, 0, 1000]),
    ];
    assert_eq!(booked(&stand, &dispute), wanted);
    let inside = stand.practice.object(&dispute).unwrap()["balance_transactions"].clone();
    for entry in inside.as_array().unwrap() {
        assert_eq!(stand.practice.object(&word(entry, "id")).unwrap(), *entry);
    }
    assert_eq!(inside[0]["fee_details"][0]["description"], "Dispute fee");
}

#[tokio::test]
async fn a_late_fee_is_reported_with_an_update_of_the_charge() {
    let stand = Stand::start().await;
    stand.practice.settle_late(true);
    let charge = paid(&stand, How::Card).await;
    assert!(!stand.told().contains(&"charge.updated".to_owned()));
    assert_eq!(stand.practice.object(&charge).unwrap()["balance_transaction"], Value::Null);
    assert!(booked(&stand, &charge).is_empty());
    assert!(stand.practice.pay_out(true).is_empty());
    let (from, later) = (stand.told().len(), 60);
    stand.seconds_pass(later);
    stand.practice.post_fees();
    stand.practice.post_fees();
    assert_eq!(stand.told_since(from), ["charge.updated"]);
    let update = stand.practice.events().pop().unwrap();
    assert_eq!(update["data"]["previous_attributes"], json!({ "balance_transaction": null }));
    let entry = update["data"]["object"]["balance_transaction"].as_str().unwrap().to_owned();
    assert_eq!(stand.practice.object(&entry).unwrap()["created"], NOON + later);
    stand.practice.settle_late(false);
    let next = paid(&stand, How::Card).await;
    assert_eq!(booked(&stand, &next).len(), 1);
}

#[tokio::test]
async fn what_is_in_a_payout_is_listed_when_it_is_sorted_out() {
    let stand = Stand::start().await;
    paid(&stand, How::Card).await;
    stand.practice.sort_out_late(true);
    let payout = stand.practice.pay_out(true).remove(0);
    let listed = async || {
        let (_, list) = stand.get(&format!("/v1/balance_transactions?payout={payout}")).await;
        let types: Vec<String> = list["data"].as_array().unwrap().iter().map(|it| word(it, "type")).collect();
        types
    };
    let status = || word(&stand.practice.object(&payout).unwrap(), "reconciliation_status");
    assert_eq!((listed().await, status()), (vec!["payout".to_owned()], "in_progress".to_owned()));
    let from = stand.told().len();
    stand.practice.sort_out();
    stand.practice.sort_out();
    assert_eq!(stand.told_since(from), ["payout.updated", "payout.reconciliation_completed"]);
    assert_eq!((listed().await.len(), status()), (2, "completed".to_owned()));
}

#[tokio::test]
async fn what_was_pending_becomes_available_on_its_day() {
    let stand = Stand::start().await;
    let charge = paid(&stand, How::Card).await;
    let refund = stand.practice.refund(&charge, Some(100)).unwrap();
    let states = || {
        let entries = stand.practice.objects("balance_transaction");
        entries.iter().map(|entry| word(entry, "status")).collect::<Vec<_>>()
    };
    assert_eq!(states(), ["pending", "pending"]);
    stand.seconds_pass(7 * 86_400 - 1);
    assert_eq!(states(), ["pending", "pending"]);
    stand.seconds_pass(1);
    assert_eq!(states(), ["available", "available"]);
    let (_, entries) = stand.get(&format!("/v1/balance_transactions?source={refund}")).await;
    assert_eq!(entries["data"][0]["status"], "available");
}

#[tokio::test]
async fn a_payment_in_another_currency_is_booked_in_the_accounts_own() {
    let stand = Stand::start().await;
    let rates = |rate| Some(Settlement::new("usd", &[("eur", rate)]).unwrap());
    stand.practice.set_settlement(rates("1.085"));
    let charge = paid(&stand, How::Card).await;
    assert_eq!(stand.practice.object(&charge).unwrap()["currency"], "eur");
    assert_eq!(booked(&stand, &charge), [json!(["charge", "charge", 1085, 41, 1044])]);
    let refund = stand.practice.refund(&charge, Some(500)).unwrap();
    assert_eq!(booked(&stand, &refund), [json!(["refund", "refund", -543, 0, -543])]);
    // The rate is that of the day.
    stand.practice.set_settlement(rates("1.2"));
    let dispute = stand.practice.dispute(&charge, None).unwrap();
    stand.practice.close_dispute(&dispute, Outcome::Won).unwrap();
    assert_eq!(booked(&stand, &dispute)[0], json!(["adjustment", "dispute", -1200, 1500, -2700]));
    assert_eq!(booked(&stand, &dispute)[1], json!(["adjustment", "dispute_reversal", 1200, 0, 1200]));
    let entries = stand.practice.objects("balance_transaction");
    assert!(entries.iter().all(|entry| entry["currency"] == "usd"));
    let rates: Vec<_> = entries.iter().map(|entry| entry["exchange_rate"].clone()).collect();
    assert_eq!(rates, [json!(1.085), json!(1.085), json!(1.2), json!(1.2)]);
    assert_eq!(entries[0]["fee_details"][0]["currency"], "usd");
}

#[tokio::test]
async fn payouts_are_in_the_settlement_currency() {
    let stand = Stand::start().await;
    stand.practice.set_settlement(Some(Settlement::new("jpy", &[("eur", "160")]).unwrap()));
    paid(&stand, How::Card).await;
    paid(&stand, How::Card).await;
    let payouts = stand.practice.pay_out(true);
    assert_eq!(payouts.len(), 1);
    let payout = stand.practice.object(&payouts[0]).unwrap();
    assert_eq!((&payout["currency"], &payout["amount"]), (&json!("jpy"), &json!(2 * (1600 - 49))));
    let own = stand.practice.object(payout["balance_transaction"].as_str().unwrap()).unwrap();
    assert_eq!((&own["currency"], &own["exchange_rate"]), (&json!("jpy"), &Value::Null));
    stand.practice.set_settlement(None);
    let charge = paid(&stand, How::Card).await;
    assert_eq!(booked(&stand, &charge), [json!(["charge", "charge", 1000, 40, 960])]);
}

#[tokio::test]
async fn what_is_held_already_is_paid_out_as_it_is() {
    let stand = Stand::start().await;
    paid(&stand, How::Card).await;
    stand.practice.set_settlement(Some(Settlement::new("usd", &[("eur", "2")]).unwrap()));
    let payout = stand.practice.pay_out(true).remove(0);
    stand.practice.fail_payout(&payout).unwrap();
    let wanted = [
        json!(["payout", "payout", -960, 0, -960]),
        json!(["payout_failure", "payout_reversal", 960, 0, 960]),
    ];
    assert_eq!(booked(&stand, &payout), wanted);
}
