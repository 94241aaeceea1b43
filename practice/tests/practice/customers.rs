//! Customers, their ways to pay, and what is noted at charges and refunds.

use keepopen_practice::How;
use serde_json::{Value, json};

use crate::helpers::{Stand, word};

/// A subscription's customer and payment method.
async fn reader(stand: &Stand) -> (String, String) {
    let sub = stand.practice.object(&stand.subscribed().await).unwrap();
    (word(&sub, "customer"), word(&sub, "default_payment_method"))
}

#[tokio::test]
async fn a_customer_is_changed() {
    let stand = Stand::start().await;
    let (customer, _) = reader(&stand).await;
    stand.practice.change_email(&customer, "new@example.org").unwrap();
    assert_eq!(stand.told().last().unwrap(), "customer.updated");
    assert_eq!(stand.before(), json!({ "email": "reader@example.org" }));
    let path = format!("/v1/customers/{customer}");
    let form = [("name", "New Name"), ("metadata[a]", "1"), ("metadata[b]", "2")];
    assert_eq!(stand.post(&path, &form).await.1["name"], "New Name");
    let (_, read) = stand.post(&path, &[("name", ""), ("metadata[a]", "")]).await;
    assert_eq!((&read["name"], &read["metadata"]), (&Value::Null, &json!({ "b": "2" })));
    let told = stand.told().len();
    stand.post(&path, &[("email", "new@example.org")]).await;
    assert_eq!(stand.told().len(), told);
    assert_eq!(stand.post(&path, &[("balance", "5")]).await.0, 400);
}

#[tokio::test]
async fn a_deleted_customer_leaves_a_stone_and_no_subscription() {
    let stand = Stand::start().await;
    let (customer, _) = reader(&stand).await;
    let from = stand.told().len();
    let path = format!("/v1/customers/{customer}");
    let stone = json!({ "id": customer, "object": "customer", "deleted": true });
    assert_eq!(stand.delete(&path).await, (200, stone.clone()));
    assert_eq!(stand.told_since(from), ["customer.subscription.deleted", "customer.deleted"]);
    assert_eq!(stand.told_of("customer.deleted")["email"], "reader@example.org");
    assert_eq!(stand.get(&path).await, (200, stone));
    assert_eq!(stand.get("/v1/customers").await.1["data"], json!([]));
    assert_eq!(stand.delete(&path).await.0, 404);
    assert_eq!(stand.post(&path, &[("name", "x")]).await.0, 404);
    assert!(stand.practice.delete_customer(&customer).is_err());
    let mut form = crate::helpers::monthly_form();
    form.push(("customer", &customer));
    assert_eq!(stand.post("/v1/checkout/sessions", &form).await.0, 400);
    assert_eq!(stand.told().len(), from + 2);
}

#[tokio::test]
async fn a_payment_method_is_attached_renewed_and_detached() {
    let stand = Stand::start().await;
    let (customer, method) = reader(&stand).await;
    assert_eq!(stand.told_of("payment_method.attached")["customer"], json!(customer));
    stand.practice.renew_card(&method).unwrap();
    assert_eq!(stand.told().last().unwrap(), "payment_method.automatically_updated");
    assert_eq!(stand.before(), json!({ "card": { "exp_year": 2034 } }));
    assert_eq!(stand.practice.object(&method).unwrap()["card"]["exp_year"], 2038);
    let path = format!("/v1/payment_methods/{method}");
    stand.post(&path, &[("billing_details[name]", "New Name")]).await;
    assert_eq!(stand.told_of("payment_method.updated")["billing_details"]["name"], "New Name");
    let (status, read) = stand.post(&format!("{path}/detach"), &[]).await;
    assert_eq!((status, &read["customer"]), (200, &Value::Null));
    assert_eq!(stand.told().last().unwrap(), "payment_method.detached");
    assert_eq!(stand.before(), json!({ "customer": customer }));
    assert!(stand.practice.detach(&method).is_err());
    let form = [("customer", customer.as_str())];
    assert_eq!(stand.post(&format!("{path}/attach"), &form).await.1["customer"], json!(customer));
    assert_eq!(stand.post(&format!("{path}/attach"), &form).await.0, 400);
    assert_eq!(stand.told().last().unwrap(), "payment_method.attached");
}

#[tokio::test]
async fn a_bank_debit_has_a_mandate_that_can_be_withdrawn() {
    let stand = Stand::start().await;
    let session = stand.monthly().await;
    stand.practice.pay(&session, How::BankDebit).unwrap();
    let charge = stand.told_of("charge.pending");
    let mandate = word(&charge["payment_method_details"]["sepa_debit"], "mandate");
    let (_, read) = stand.get(&format!("/v1/mandates/{mandate}")).await;
    assert_eq!((&read["status"], &read["payment_method"]), (&json!("active"), &charge["payment_method"]));
    stand.practice.withdraw_mandate(&word(&charge, "payment_method")).unwrap();
    assert_eq!(stand.told_of("mandate.updated")["status"], "inactive");
    assert_eq!(stand.before(), json!({ "status": "active" }));
    assert!(stand.practice.withdraw_mandate(&mandate).is_err());
    let (_, card) = reader(&stand).await;
    assert!(stand.practice.withdraw_mandate(&card).is_err());
    assert!(stand.practice.renew_card(&word(&charge, "payment_method")).is_err());
}

#[tokio::test]
async fn metadata_changes_of_charges_and_refunds_emit_events() {
    let stand = Stand::start().await;
    let charge = stand.charged().await;
    let refund = stand.practice.refund(&charge, Some(100)).unwrap();
    let from = stand.told().len();
    let (_, read) = stand.post(&format!("/v1/charges/{charge}"), &[("metadata[note]", "x")]).await;
    assert_eq!(read["metadata"], json!({ "attempt": "a1", "note": "x" }));
    let (_, read) = stand.post(&format!("/v1/refunds/{refund}"), &[("metadata[note]", "y")]).await;
    assert_eq!(read["metadata"], json!({ "note": "y" }));
    assert_eq!(stand.told_since(from), ["charge.updated", "charge.refund.updated", "refund.updated"]);
    assert_eq!(stand.before(), json!({ "metadata": {} }));
}
