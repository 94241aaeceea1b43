//! Regular gifts: the first payment, renewals, failures and the end.

use keepopen_practice::How;
use serde_json::{Value, json};

use crate::helpers::{NOON, Stand};

async fn given(stand: &Stand) -> String {
    let session = stand.monthly().await;
    stand.practice.pay(&session, How::Card).unwrap();
    stand.practice.payments(&session).subscription.unwrap()
}

#[tokio::test]
async fn a_subscription_by_card_emits_every_event() {
    let stand = Stand::start().await;
    let session = stand.monthly().await;
    stand.practice.pay(&session, How::Card).unwrap();
    assert_eq!(
        stand.told(),
        [
            "customer.created",
            "payment_method.attached",
            "customer.subscription.created",
            "payment_intent.created",
            "invoice.created",
            "invoice.finalized",
            "payment_intent.succeeded",
            "charge.succeeded",
            "charge.updated",
            "invoice.paid",
            "invoice.payment_succeeded",
            "invoice_payment.paid",
            "customer.subscription.updated",
            "checkout.session.completed",
        ]
    );
    let done = stand.told_of("checkout.session.completed");
    let ids = stand.practice.payments(&session);
    assert_eq!(done["payment_status"], "paid");
    assert_eq!(done["payment_intent"], Value::Null);
    assert_eq!(done["subscription"].as_str(), ids.subscription.as_deref());
    assert_eq!(done["invoice"].as_str(), ids.invoice.as_deref());
    assert_eq!(stand.told_of("customer.subscription.created")["status"], "incomplete");
    assert_eq!(stand.told_of("customer.subscription.updated")["status"], "active");
}

#[tokio::test]
async fn a_paid_invoice_has_the_newest_shape() {
    let stand = Stand::start().await;
    let session = stand.monthly().await;
    stand.practice.pay(&session, How::Card).unwrap();
    let ids = stand.practice.payments(&session);
    let invoice = stand.told_of("invoice.paid");
    for old in ["subscription", "payment_intent", "charge", "paid"] {
        assert!(invoice.get(old).is_none(), "{old}");
    }
    let details = &invoice["parent"]["subscription_details"];
    assert_eq!(details["subscription"].as_str(), ids.subscription.as_deref());
    assert_eq!(details["metadata"], json!({ "attempt": "m1" }));
    assert_eq!(
        (&invoice["amount_paid"], &invoice["billing_reason"]),
        (&json!(1000), &json!("subscription_create"))
    );
    let tie = stand.told_of("invoice_payment.paid");
    assert_eq!(tie["invoice"], invoice["id"]);
    assert_eq!(tie["payment"]["payment_intent"].as_str(), ids.payment_intent.as_deref());
    assert_eq!(stand.told_of("payment_intent.succeeded")["metadata"], json!({}));
    let sub = stand.told_of("customer.subscription.updated");
    assert!(sub.get("current_period_end").is_none());
    assert_eq!(sub["items"]["data"][0]["current_period_end"], NOON + 31 * 86_400);
}

#[tokio::test]
async fn a_month_later_a_new_invoice_is_paid() {
    let stand = Stand::start().await;
    let sub = given(&stand).await;
    let from = stand.told().len();
    stand.seconds_pass(31 * 86_400);
    let invoice = stand.practice.next_month(&sub, true).unwrap().unwrap();
    assert_eq!(
        stand.told_since(from),
        [
            "payment_intent.created",
            "customer.subscription.updated",
            "invoice.created",
            "invoice.finalized",
            "payment_intent.succeeded",
            "charge.succeeded",
            "charge.updated",
            "invoice.paid",
            "invoice.payment_succeeded",
            "invoice_payment.paid",
        ]
    );
    let paid = stand.told_of("invoice.paid");
    assert_eq!(paid["id"], json!(invoice));
    assert_eq!(
        (&paid["billing_reason"], &paid["created"]),
        (&json!("subscription_cycle"), &json!(NOON + 31 * 86_400))
    );
    let item = &stand.practice.object(&sub).unwrap()["items"]["data"][0];
    assert_eq!(item["current_period_start"], NOON + 31 * 86_400);
    assert_eq!(item["current_period_end"], NOON + 62 * 86_400);
}

#[tokio::test]
async fn a_renewal_whose_card_fails_is_past_due_until_the_card_is_replaced() {
    let stand = Stand::start().await;
    let sub = given(&stand).await;
    let from = stand.told().len();
    let invoice = stand.practice.next_month(&sub, false).unwrap().unwrap();
    assert_eq!(
        stand.told_since(from)[4..],
        [
            "payment_intent.payment_failed",
            "charge.failed",
            "invoice.payment_failed",
            "customer.subscription.updated"
        ]
    );
    assert_eq!(stand.told_of("customer.subscription.updated")["status"], "past_due");
    assert_eq!(stand.told_of("invoice.payment_failed")["status"], "open");
    stand.practice.replace_card(&sub).unwrap();
    assert_eq!(stand.told_of("invoice.paid")["id"], json!(invoice));
    assert_eq!(stand.practice.object(&sub).unwrap()["status"], "active");
    assert!(stand.practice.replace_card(&sub).is_err());
}

#[tokio::test]
async fn a_cancel_at_period_end_keeps_it_until_then() {
    let stand = Stand::start().await;
    let sub = given(&stand).await;
    let from = stand.told().len();
    stand.practice.cancel(&sub, true).unwrap();
    let asked = stand.told_of("customer.subscription.updated");
    assert_eq!((&asked["status"], &asked["cancel_at"]), (&json!("active"), &json!(NOON + 31 * 86_400)));
    stand.practice.end_period(&sub).unwrap();
    assert_eq!(stand.told_since(from), ["customer.subscription.updated", "customer.subscription.deleted"]);
    assert_eq!(stand.told_of("customer.subscription.deleted")["status"], "canceled");
    assert!(stand.practice.next_month(&sub, true).is_err());
}

#[tokio::test]
async fn a_cancel_now_ends_it_now() {
    let stand = Stand::start().await;
    let sub = given(&stand).await;
    let from = stand.told().len();
    stand.practice.cancel(&sub, false).unwrap();
    assert_eq!(stand.told_since(from), ["customer.subscription.deleted"]);
    assert_eq!(stand.told_of("customer.subscription.deleted")["ended_at"], NOON);
}

#[tokio::test]
async fn a_first_payment_by_bank_debit_leaves_the_invoice_open_until_it_settles() {
    let stand = Stand::start().await;
    let session = stand.monthly().await;
    stand.practice.pay(&session, How::BankDebit).unwrap();
    let done = stand.told_of("checkout.session.completed");
    assert_eq!(done["payment_status"], "unpaid");
    assert!(!stand.told().contains(&"invoice.paid".to_owned()));
    let from = stand.told().len();
    stand.practice.settle_bank_debit(&session, true).unwrap();
    assert_eq!(stand.told_since(from)[0], "checkout.session.async_payment_succeeded");
    assert_eq!(stand.told_of("invoice.paid")["id"], done["invoice"]);
}

#[tokio::test]
async fn a_first_payment_by_bank_debit_that_fails_is_past_due() {
    let stand = Stand::start().await;
    let session = stand.monthly().await;
    stand.practice.pay(&session, How::BankDebit).unwrap();
    stand.practice.settle_bank_debit(&session, false).unwrap();
    assert_eq!(stand.told_of("customer.subscription.updated")["status"], "past_due");
    assert!(!stand.told().contains(&"invoice.paid".to_owned()));
    assert!(stand.told().contains(&"checkout.session.async_payment_failed".to_owned()));
}

#[tokio::test]
async fn the_api_cancels_and_takes_the_cancel_back() {
    let stand = Stand::start().await;
    let sub = given(&stand).await;
    let path = format!("/v1/subscriptions/{sub}");
    let (status, asked) = stand.post(&path, &[("cancel_at_period_end", "true")]).await;
    assert_eq!((status, &asked["cancel_at_period_end"]), (200, &json!(true)));
    let (_, kept) = stand.post(&path, &[("cancel_at_period_end", "false")]).await;
    assert_eq!((&kept["cancel_at_period_end"], &kept["cancel_at"]), (&json!(false), &Value::Null));
    let (status, ended) =
        stand.send(stand.http.delete(stand.at(&path)).bearer_auth(crate::helpers::KEY)).await;
    assert_eq!((status, &ended["status"]), (200, &json!("canceled")));
    assert_eq!(stand.told().last().unwrap(), "customer.subscription.deleted");
}

#[tokio::test]
async fn ended_subscriptions_are_listed_only_when_asked_for() {
    let stand = Stand::start().await;
    let sub = given(&stand).await;
    stand.practice.cancel(&sub, false).unwrap();
    for (query, count) in [("", 0), ("?status=all", 1), ("?status=canceled", 1), ("?status=active", 0)] {
        let (_, list) = stand.get(&format!("/v1/subscriptions{query}")).await;
        assert_eq!(list["data"].as_array().unwrap().len(), count, "{query}");
    }
}
