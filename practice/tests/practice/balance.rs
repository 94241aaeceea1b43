//! Tests balance transactions, which the tests also call entries. Stripe creates one for each movement of money. The
//! tests check when each entry is created, and what it contains.

use keepopen_practice::{Outcome, PaymentChoice, Settlement};
use serde_json::{Value, json};

use crate::helpers::{NOON, TestStripe, text_field};

/// Pays 10.00 euros. If the payment is a bank debit, also settles it. Returns the charge's id.
async fn pay(stripe: &TestStripe, how: PaymentChoice) -> String {
    let session = stripe.one_off_session().await;
    stripe.practice.pay(&session, how).unwrap();
    if how == PaymentChoice::BankDebit {
        stripe.practice.settle_bank_debit(&session, true).unwrap();
    }
    stripe.practice.payments(&session).charge.unwrap()
}

/// The type, reporting category, amount, fee and net of each balance transaction with this source, oldest first.
fn booked_entries(stripe: &TestStripe, source: &str) -> Vec<Value> {
    let entries = stripe.practice.objects("balance_transaction").into_iter();
    let matching = entries.filter(|entry| entry["source"] == source);
    matching
        .map(|entry| {
            json!([entry["type"], entry["reporting_category"], entry["amount"], entry["fee"], entry["net"]])
        })
        .collect()
}

#[tokio::test]
async fn a_charge_is_booked_with_its_fee() {
    let stripe = TestStripe::start().await;
    let charge = pay(&stripe, PaymentChoice::Card).await;
    assert_eq!(booked_entries(&stripe, &charge), [json!(["charge", "charge", 1000, 40, 960])]);
    let entry = &stripe.practice.objects("balance_transaction")[0];
    assert_eq!((&entry["status"], &entry["available_on"]), (&json!("pending"), &json!(NOON + 7 * 86_400)));
    let detail = &entry["fee_details"][0];
    assert_eq!((&detail["amount"], &detail["type"]), (&json!(40), &json!("stripe_fee")));
    let debit = pay(&stripe, PaymentChoice::BankDebit).await;
    assert_eq!(booked_entries(&stripe, &debit), [json!(["payment", "charge", 1000, 40, 960])]);
}

#[tokio::test]
async fn a_refund_and_its_failure_each_have_an_entry_that_names_the_refund() {
    let stripe = TestStripe::start().await;
    let charge = pay(&stripe, PaymentChoice::Card).await;
    let refund = stripe.practice.refund(&charge, Some(400)).unwrap();
    assert_eq!(booked_entries(&stripe, &refund), [json!(["refund", "refund", -400, 0, -400])]);
    stripe.practice.fail_refund(&refund).unwrap();
    assert_eq!(booked_entries(&stripe, &refund)[1], json!(["refund_failure", "refund_failure", 400, 0, 400]));
    let failed = stripe.last_emitted("refund.failed");
    let failure_entry =
        stripe.practice.object(failed["failure_balance_transaction"].as_str().unwrap()).unwrap();
    assert_eq!(failure_entry["type"], "refund_failure");
    let debit = pay(&stripe, PaymentChoice::BankDebit).await;
    let refund = stripe.practice.refund(&debit, None).unwrap();
    assert_eq!(booked_entries(&stripe, &refund), [json!(["payment_refund", "refund", -1000, 0, -1000])]);
}

#[tokio::test]
async fn a_dispute_embeds_its_balance_transactions_in_full() {
    let stripe = TestStripe::start().await;
    let charge = pay(&stripe, PaymentChoice::Card).await;
    let dispute = stripe.practice.dispute(&charge, None).unwrap();
    stripe.practice.close_dispute(&dispute, Outcome::Won).unwrap();
    let expected = [
        json!(["adjustment", "dispute", -1000, 1500, -2500]),
        json!(["adjustment", "dispute_reversal", 1000, 0, 1000]),
    ];
    assert_eq!(booked_entries(&stripe, &dispute), expected);
    let embedded = stripe.practice.object(&dispute).unwrap()["balance_transactions"].clone();
    for entry in embedded.as_array().unwrap() {
        assert_eq!(stripe.practice.object(&text_field(entry, "id")).unwrap(), *entry);
    }
    assert_eq!(embedded[0]["fee_details"][0]["description"], "Dispute fee");
}

#[tokio::test]
async fn a_fee_that_is_booked_later_is_reported_by_charge_updated() {
    let stripe = TestStripe::start().await;
    stripe.practice.settle_late(true);
    let charge = pay(&stripe, PaymentChoice::Card).await;
    assert!(!stripe.emitted().contains(&"charge.updated".to_owned()));
    assert_eq!(stripe.practice.object(&charge).unwrap()["balance_transaction"], Value::Null);
    assert!(booked_entries(&stripe, &charge).is_empty());
    assert!(stripe.practice.pay_out(true).is_empty());
    let (from, delay) = (stripe.emitted().len(), 60);
    stripe.advance_clock(delay);
    stripe.practice.post_fees();
    stripe.practice.post_fees();
    assert_eq!(stripe.emitted_since(from), ["charge.updated"]);
    let update = stripe.practice.events().pop().unwrap();
    assert_eq!(update["data"]["previous_attributes"], json!({ "balance_transaction": null }));
    let entry = update["data"]["object"]["balance_transaction"].as_str().unwrap().to_owned();
    assert_eq!(stripe.practice.object(&entry).unwrap()["created"], NOON + delay);
    stripe.practice.settle_late(false);
    let next = pay(&stripe, PaymentChoice::Card).await;
    assert_eq!(booked_entries(&stripe, &next).len(), 1);
}

#[tokio::test]
async fn the_contents_of_a_payout_are_listed_after_its_reconciliation() {
    let stripe = TestStripe::start().await;
    pay(&stripe, PaymentChoice::Card).await;
    stripe.practice.reconcile_late(true);
    let payout = stripe.practice.pay_out(true).remove(0);
    let listed_types = async || {
        let (_, list) = stripe.get(&format!("/v1/balance_transactions?payout={payout}")).await;
        let types: Vec<String> =
            list["data"].as_array().unwrap().iter().map(|entry| text_field(entry, "type")).collect();
        types
    };
    let status = || text_field(&stripe.practice.object(&payout).unwrap(), "reconciliation_status");
    assert_eq!((listed_types().await, status()), (vec!["payout".to_owned()], "in_progress".to_owned()));
    let from = stripe.emitted().len();
    stripe.practice.reconcile_payouts();
    stripe.practice.reconcile_payouts();
    assert_eq!(stripe.emitted_since(from), ["payout.updated", "payout.reconciliation_completed"]);
    assert_eq!((listed_types().await.len(), status()), (2, "completed".to_owned()));
}

#[tokio::test]
async fn a_pending_entry_becomes_available_after_seven_days() {
    let stripe = TestStripe::start().await;
    let charge = pay(&stripe, PaymentChoice::Card).await;
    let refund = stripe.practice.refund(&charge, Some(100)).unwrap();
    let statuses = || {
        let entries = stripe.practice.objects("balance_transaction");
        entries.iter().map(|entry| text_field(entry, "status")).collect::<Vec<_>>()
    };
    assert_eq!(statuses(), ["pending", "pending"]);
    stripe.advance_clock(7 * 86_400 - 1);
    assert_eq!(statuses(), ["pending", "pending"]);
    stripe.advance_clock(1);
    assert_eq!(statuses(), ["available", "available"]);
    let (_, entries) = stripe.get(&format!("/v1/balance_transactions?source={refund}")).await;
    assert_eq!(entries["data"][0]["status"], "available");
}

#[tokio::test]
async fn a_payment_in_another_currency_is_booked_in_the_settlement_currency() {
    let stripe = TestStripe::start().await;
    let rates = |rate| Some(Settlement::new("usd", &[("eur", rate)]).unwrap());
    stripe.practice.set_settlement(rates("1.085"));
    let charge = pay(&stripe, PaymentChoice::Card).await;
    assert_eq!(stripe.practice.object(&charge).unwrap()["currency"], "eur");
    assert_eq!(booked_entries(&stripe, &charge), [json!(["charge", "charge", 1085, 41, 1044])]);
    let refund = stripe.practice.refund(&charge, Some(500)).unwrap();
    assert_eq!(booked_entries(&stripe, &refund), [json!(["refund", "refund", -543, 0, -543])]);
    // A dispute is converted at the current rate, not at the rate of its charge.
    stripe.practice.set_settlement(rates("1.2"));
    let dispute = stripe.practice.dispute(&charge, None).unwrap();
    stripe.practice.close_dispute(&dispute, Outcome::Won).unwrap();
    assert_eq!(booked_entries(&stripe, &dispute)[0], json!(["adjustment", "dispute", -1200, 1500, -2700]));
    assert_eq!(
        booked_entries(&stripe, &dispute)[1],
        json!(["adjustment", "dispute_reversal", 1200, 0, 1200])
    );
    let entries = stripe.practice.objects("balance_transaction");
    assert!(entries.iter().all(|entry| entry["currency"] == "usd"));
    let rates: Vec<_> = entries.iter().map(|entry| entry["exchange_rate"].clone()).collect();
    assert_eq!(rates, [json!(1.085), json!(1.085), json!(1.2), json!(1.2)]);
    assert_eq!(entries[0]["fee_details"][0]["currency"], "usd");
}

#[tokio::test]
async fn payouts_are_in_the_settlement_currency() {
    let stripe = TestStripe::start().await;
    stripe.practice.set_settlement(Some(Settlement::new("jpy", &[("eur", "160")]).unwrap()));
    pay(&stripe, PaymentChoice::Card).await;
    pay(&stripe, PaymentChoice::Card).await;
    let payouts = stripe.practice.pay_out(true);
    assert_eq!(payouts.len(), 1);
    let payout = stripe.practice.object(&payouts[0]).unwrap();
    assert_eq!((&payout["currency"], &payout["amount"]), (&json!("jpy"), &json!(2 * (1600 - 49))));
    let payout_entry = stripe.practice.object(payout["balance_transaction"].as_str().unwrap()).unwrap();
    assert_eq!((&payout_entry["currency"], &payout_entry["exchange_rate"]), (&json!("jpy"), &Value::Null));
    stripe.practice.set_settlement(None);
    let charge = pay(&stripe, PaymentChoice::Card).await;
    assert_eq!(booked_entries(&stripe, &charge), [json!(["charge", "charge", 1000, 40, 960])]);
}

#[tokio::test]
async fn after_a_change_of_the_settlement_currency_the_old_balance_is_paid_out_in_its_own_currency() {
    let stripe = TestStripe::start().await;
    pay(&stripe, PaymentChoice::Card).await;
    stripe.practice.set_settlement(Some(Settlement::new("usd", &[("eur", "2")]).unwrap()));
    let payout = stripe.practice.pay_out(true).remove(0);
    stripe.practice.fail_payout(&payout).unwrap();
    let expected = [
        json!(["payout", "payout", -960, 0, -960]),
        json!(["payout_failure", "payout_reversal", 960, 0, 960]),
    ];
    assert_eq!(booked_entries(&stripe, &payout), expected);
}
