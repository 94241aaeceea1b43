//! Tests customers, their payment methods, and the metadata of charges and refunds.

use keepopen_practice::PaymentChoice;
use serde_json::{Value, json};

use crate::helpers::{TestStripe, text_field};

/// Creates a subscription. Returns the ids of its customer and payment method.
async fn subscribe_reader(stripe: &TestStripe) -> (String, String) {
    let sub = stripe.practice.object(&stripe.subscribe().await).unwrap();
    (text_field(&sub, "customer"), text_field(&sub, "default_payment_method"))
}

#[tokio::test]
async fn a_customer_can_be_changed() {
    let stripe = TestStripe::start().await;
    let (customer, _) = subscribe_reader(&stripe).await;
    stripe.practice.change_email(&customer, "new@example.org").unwrap();
    assert_eq!(stripe.emitted().last().unwrap(), "customer.updated");
    assert_eq!(stripe.previous_attributes(), json!({ "email": "reader@example.org" }));
    let path = format!("/v1/customers/{customer}");
    let form = [("name", "New Name"), ("metadata[a]", "1"), ("metadata[b]", "2")];
    assert_eq!(stripe.post(&path, &form).await.1["name"], "New Name");
    let (_, read) = stripe.post(&path, &[("name", ""), ("metadata[a]", "")]).await;
    assert_eq!((&read["name"], &read["metadata"]), (&Value::Null, &json!({ "b": "2" })));
    let emitted = stripe.emitted().len();
    stripe.post(&path, &[("email", "new@example.org")]).await;
    assert_eq!(stripe.emitted().len(), emitted);
    assert_eq!(stripe.post(&path, &[("balance", "5")]).await.0, 400);
}

#[tokio::test]
async fn deleting_a_customer_ends_the_subscription_and_leaves_only_the_id() {
    let stripe = TestStripe::start().await;
    let (customer, _) = subscribe_reader(&stripe).await;
    let from = stripe.emitted().len();
    let path = format!("/v1/customers/{customer}");
    let deleted = json!({ "id": customer, "object": "customer", "deleted": true });
    assert_eq!(stripe.delete(&path).await, (200, deleted.clone()));
    assert_eq!(stripe.emitted_since(from), ["customer.subscription.deleted", "customer.deleted"]);
    assert_eq!(stripe.last_emitted("customer.deleted")["email"], "reader@example.org");
    assert_eq!(stripe.get(&path).await, (200, deleted));
    assert_eq!(stripe.get("/v1/customers").await.1["data"], json!([]));
    assert_eq!(stripe.delete(&path).await.0, 404);
    assert_eq!(stripe.post(&path, &[("name", "x")]).await.0, 404);
    assert!(stripe.practice.delete_customer(&customer).is_err());
    let mut form = crate::helpers::monthly_form();
    form.push(("customer", &customer));
    assert_eq!(stripe.post("/v1/checkout/sessions", &form).await.0, 400);
    assert_eq!(stripe.emitted().len(), from + 2);
}

#[tokio::test]
async fn a_payment_method_is_attached_renewed_and_detached() {
    let stripe = TestStripe::start().await;
    let (customer, method) = subscribe_reader(&stripe).await;
    assert_eq!(stripe.last_emitted("payment_method.attached")["customer"], json!(customer));
    stripe.practice.renew_card(&method).unwrap();
    assert_eq!(stripe.emitted().last().unwrap(), "payment_method.automatically_updated");
    assert_eq!(stripe.previous_attributes(), json!({ "card": { "exp_year": 2034 } }));
    assert_eq!(stripe.practice.object(&method).unwrap()["card"]["exp_year"], 2038);
    let path = format!("/v1/payment_methods/{method}");
    stripe.post(&path, &[("billing_details[name]", "New Name")]).await;
    assert_eq!(stripe.last_emitted("payment_method.updated")["billing_details"]["name"], "New Name");
    let (status, read) = stripe.post(&format!("{path}/detach"), &[]).await;
    assert_eq!((status, &read["customer"]), (200, &Value::Null));
    assert_eq!(stripe.emitted().last().unwrap(), "payment_method.detached");
    assert_eq!(stripe.previous_attributes(), json!({ "customer": customer }));
    assert!(stripe.practice.detach(&method).is_err());
    let form = [("customer", customer.as_str())];
    assert_eq!(stripe.post(&format!("{path}/attach"), &form).await.1["customer"], json!(customer));
    assert_eq!(stripe.post(&format!("{path}/attach"), &form).await.0, 400);
    assert_eq!(stripe.emitted().last().unwrap(), "payment_method.attached");
}

#[tokio::test]
async fn a_bank_debit_has_a_mandate_that_can_be_withdrawn() {
    let stripe = TestStripe::start().await;
    let session = stripe.monthly_session().await;
    stripe.practice.pay(&session, PaymentChoice::BankDebit).unwrap();
    let charge = stripe.last_emitted("charge.pending");
    let mandate = text_field(&charge["payment_method_details"]["sepa_debit"], "mandate");
    let (_, read) = stripe.get(&format!("/v1/mandates/{mandate}")).await;
    assert_eq!((&read["status"], &read["payment_method"]), (&json!("active"), &charge["payment_method"]));
    stripe.practice.withdraw_mandate(&text_field(&charge, "payment_method")).unwrap();
    assert_eq!(stripe.last_emitted("mandate.updated")["status"], "inactive");
    assert_eq!(stripe.previous_attributes(), json!({ "status": "active" }));
    assert!(stripe.practice.withdraw_mandate(&mandate).is_err());
    let (_, card) = subscribe_reader(&stripe).await;
    assert!(stripe.practice.withdraw_mandate(&card).is_err());
    assert!(stripe.practice.renew_card(&text_field(&charge, "payment_method")).is_err());
}

#[tokio::test]
async fn metadata_changes_of_charges_and_refunds_emit_events() {
    let stripe = TestStripe::start().await;
    let charge = stripe.pay_by_card().await;
    let refund = stripe.practice.refund(&charge, Some(100)).unwrap();
    let from = stripe.emitted().len();
    let (_, read) = stripe.post(&format!("/v1/charges/{charge}"), &[("metadata[note]", "x")]).await;
    assert_eq!(read["metadata"], json!({ "attempt": "a1", "note": "x" }));
    let (_, read) = stripe.post(&format!("/v1/refunds/{refund}"), &[("metadata[note]", "y")]).await;
    assert_eq!(read["metadata"], json!({ "note": "y" }));
    assert_eq!(stripe.emitted_since(from), ["charge.updated", "charge.refund.updated", "refund.updated"]);
    assert_eq!(stripe.previous_attributes(), json!({ "metadata": {} }));
}
