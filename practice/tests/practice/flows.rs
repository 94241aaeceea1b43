//! One-off payments, refunds and disputes: which events come, in which order, and what they carry.

use keepopen_practice::{How, Outcome};
use serde_json::{Value, json};

use crate::helpers::{NOON, Stand};

#[tokio::test]
async fn a_card_payment_emits_every_event() {
    let stand = Stand::start().await;
    let session = stand.once().await;
    assert_eq!(stand.practice.session(&session)["payment_intent"], Value::Null);
    stand.practice.pay(&session, How::Card).unwrap();
    assert_eq!(
        stand.told(),
        [
            "customer.created",
            "payment_intent.created",
            "payment_intent.succeeded",
            "charge.succeeded",
            "charge.updated",
            "checkout.session.completed",
        ]
    );
    let done = stand.told_of("checkout.session.completed");
    assert_eq!(done["payment_status"], "paid");
    assert_eq!(done["status"], "complete");
    assert_eq!(done["metadata"], json!({ "attempt": "a1" }));
    assert_eq!(done["customer_details"]["email"], "reader@example.org");
    assert_eq!(done["subscription"], Value::Null);
    assert_eq!(done["url"], Value::Null);
    let ids = stand.practice.payments(&session);
    assert_eq!(done["payment_intent"].as_str(), ids.payment_intent.as_deref());
    assert_eq!(done["customer"].as_str(), ids.customer.as_deref());
    assert_eq!(stand.told_of("payment_intent.succeeded")["metadata"], json!({ "attempt": "a1" }));
    let charge = stand.told_of("charge.succeeded");
    assert!(charge.get("refunds").is_none() && charge.get("invoice").is_none());
    assert_eq!(charge["balance_transaction"], Value::Null);
}

#[tokio::test]
async fn an_event_is_a_snapshot_in_stripes_envelope() {
    let stand = Stand::start().await;
    let session = stand.once().await;
    stand.practice.pay(&session, How::Card).unwrap();
    let created = &stand.practice.events()[1];
    assert_eq!(created["data"]["object"]["status"], "requires_payment_method");
    assert_eq!(created["api_version"], "2026-09-30.endive");
    assert_eq!(created["object"], "event");
    assert_eq!(created["created"], NOON);
    assert_eq!(created["livemode"], false);
    assert_eq!(created["request"], json!({ "id": null, "idempotency_key": null }));
    assert!(created["id"].as_str().unwrap().starts_with("evt_"));
    assert!(created["data"].get("previous_attributes").is_none());
    let updated = &stand.practice.events()[4];
    assert_eq!(updated["data"]["previous_attributes"], json!({ "balance_transaction": null }));
}

#[tokio::test]
async fn the_fee_of_a_charge_can_be_read() {
    let stand = Stand::start().await;
    let session = stand.once().await;
    stand.practice.pay(&session, How::Card).unwrap();
    let entry = stand.told_of("charge.updated")["balance_transaction"].as_str().unwrap().to_owned();
    let (status, entry) = stand.get(&format!("/v1/balance_transactions/{entry}")).await;
    assert_eq!(status, 200);
    assert_eq!((&entry["amount"], &entry["fee"], &entry["net"]), (&json!(1000), &json!(40), &json!(960)));
}

#[tokio::test]
async fn without_customer_creation_there_is_no_customer() {
    let stand = Stand::start().await;
    let mut form = crate::helpers::once_form();
    form.retain(|(name, _)| *name != "customer_creation");
    let (_, session) = stand.post("/v1/checkout/sessions", &form).await;
    let session = stand.practice.pay(session["id"].as_str().unwrap(), How::Card).unwrap();
    assert_eq!(session["customer"], Value::Null);
    assert!(!stand.told().contains(&"customer.created".to_owned()));
}

#[tokio::test]
async fn a_declined_card_leaves_the_session_open_for_another_try() {
    let stand = Stand::start().await;
    let session = stand.once().await;
    let after = stand.practice.pay(&session, How::Decline).unwrap();
    assert_eq!(after["status"], "open");
    assert_eq!(stand.told(), ["payment_intent.created", "payment_intent.payment_failed", "charge.failed"]);
    let failed = stand.told_of("payment_intent.payment_failed");
    assert_eq!(failed["status"], "requires_payment_method");
    assert_eq!(failed["last_payment_error"]["code"], "card_declined");
    stand.practice.pay(&session, How::Card).unwrap();
    let (paid, declined) = (stand.told_of("payment_intent.succeeded"), failed);
    assert_eq!(paid["id"], declined["id"]);
    assert_eq!(stand.told_of("checkout.session.completed")["payment_status"], "paid");
}

#[tokio::test]
async fn a_bank_debit_completes_unpaid_and_settles_later() {
    let stand = Stand::start().await;
    let session = stand.once().await;
    stand.practice.pay(&session, How::BankDebit).unwrap();
    assert_eq!(
        stand.told()[2..],
        ["payment_intent.processing", "charge.pending", "checkout.session.completed"]
    );
    assert_eq!(stand.told_of("checkout.session.completed")["payment_status"], "unpaid");
    let from = stand.told().len();
    stand.practice.settle_bank_debit(&session, true).unwrap();
    assert_eq!(
        stand.told_since(from),
        [
            "checkout.session.async_payment_succeeded",
            "payment_intent.succeeded",
            "charge.succeeded",
            "charge.updated"
        ]
    );
    assert_eq!(stand.told_of("checkout.session.async_payment_succeeded")["payment_status"], "paid");
    assert!(stand.practice.settle_bank_debit(&session, true).is_err());
}

#[tokio::test]
async fn a_bank_debit_may_fail_later() {
    let stand = Stand::start().await;
    let session = stand.once().await;
    stand.practice.pay(&session, How::BankDebit).unwrap();
    let from = stand.told().len();
    stand.practice.settle_bank_debit(&session, false).unwrap();
    assert_eq!(
        stand.told_since(from),
        ["checkout.session.async_payment_failed", "payment_intent.payment_failed", "charge.failed"]
    );
    assert_eq!(stand.told_of("checkout.session.async_payment_failed")["payment_status"], "unpaid");
    assert_eq!(stand.told_of("charge.failed")["paid"], false);
}

#[tokio::test]
async fn a_session_expires_when_its_time_is_over() {
    let stand = Stand::start().await;
    let session = stand.once().await;
    stand.seconds_pass(86_399);
    assert_eq!(stand.practice.session(&session)["status"], "open");
    stand.seconds_pass(1);
    assert_eq!(stand.practice.session(&session)["status"], "expired");
    assert_eq!(stand.told(), ["checkout.session.expired"]);
    assert!(stand.practice.pay(&session, How::Card).is_err());
}

#[tokio::test]
async fn a_session_can_be_paid_only_once() {
    let stand = Stand::start().await;
    let session = stand.once().await;
    stand.practice.pay(&session, How::Card).unwrap();
    let told = stand.told().len();
    assert!(stand.practice.pay(&session, How::Card).is_err());
    assert!(stand.practice.expire(&session).is_err());
    assert_eq!(stand.told().len(), told);
}

async fn paid(stand: &Stand) -> String {
    let session = stand.once().await;
    stand.practice.pay(&session, How::Card).unwrap();
    stand.practice.payments(&session).payment_intent.unwrap()
}

#[tokio::test]
async fn refunds_add_up_and_never_go_above_the_charge() {
    let stand = Stand::start().await;
    let intent = paid(&stand).await;
    let from = stand.told().len();
    stand.practice.refund(&intent, Some(300)).unwrap();
    assert_eq!(stand.told_since(from), ["charge.refunded", "refund.created", "refund.updated"]);
    let charge = stand.told_of("charge.refunded");
    assert_eq!((&charge["amount_refunded"], &charge["refunded"]), (&json!(300), &json!(false)));
    assert!(stand.practice.refund(&intent, Some(701)).is_err());
    let rest = stand.practice.refund(&intent, None).unwrap();
    assert_eq!(stand.practice.object(&rest).unwrap()["amount"], 700);
    let charge = stand.told_of("charge.refunded");
    assert_eq!((&charge["amount_refunded"], &charge["refunded"]), (&json!(1000), &json!(true)));
    assert_eq!(stand.practice.refund(&intent, None).unwrap_err().code, Some("charge_already_refunded"));
}

#[tokio::test]
async fn a_failed_refund_gives_the_money_back_to_the_account() {
    let stand = Stand::start().await;
    let intent = paid(&stand).await;
    let refund = stand.practice.refund(&intent, None).unwrap();
    let from = stand.told().len();
    stand.practice.fail_refund(&refund).unwrap();
    assert_eq!(stand.told_since(from), ["charge.refund.updated", "refund.updated", "refund.failed"]);
    let failed = stand.told_of("refund.failed");
    assert_eq!((&failed["status"], &failed["payment_intent"]), (&json!("failed"), &json!(intent)));
    assert!(failed["failure_balance_transaction"].as_str().unwrap().starts_with("txn_"));
    assert!(stand.practice.fail_refund(&refund).is_err());
    assert!(stand.practice.refund(&intent, None).is_ok());
}

#[tokio::test]
async fn a_dispute_takes_the_money_and_a_won_one_brings_it_back() {
    let stand = Stand::start().await;
    let intent = paid(&stand).await;
    let from = stand.told().len();
    let dispute = stand.practice.dispute(&intent, None).unwrap();
    assert_eq!(stand.told_of("charge.dispute.created")["status"], "needs_response");
    stand.practice.close_dispute(&dispute, Outcome::Won).unwrap();
    assert_eq!(
        stand.told_since(from),
        [
            "charge.dispute.created",
            "charge.dispute.funds_withdrawn",
            "charge.dispute.closed",
            "charge.dispute.funds_reinstated",
        ]
    );
    let closed = stand.told_of("charge.dispute.closed");
    assert_eq!((&closed["status"], &closed["amount"]), (&json!("won"), &json!(1000)));
    let amounts: Vec<_> = closed["balance_transactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["amount"].clone())
        .collect();
    assert_eq!(amounts, [json!(-1000), json!(1000)]);
    assert!(stand.practice.close_dispute(&dispute, Outcome::Lost).is_err());
}

#[tokio::test]
async fn a_dispute_may_go_above_what_a_refund_has_left() {
    let stand = Stand::start().await;
    let intent = paid(&stand).await;
    stand.practice.refund(&intent, Some(600)).unwrap();
    let from = stand.told().len();
    let dispute = stand.practice.dispute(&intent, Some(1000)).unwrap();
    stand.practice.close_dispute(&dispute, Outcome::Lost).unwrap();
    assert_eq!(
        stand.told_since(from),
        ["charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed"]
    );
    assert_eq!(stand.told_of("charge.dispute.closed")["status"], "lost");
    assert_eq!(stand.practice.refund(&intent, None).unwrap_err().code, Some("charge_disputed"));
}
