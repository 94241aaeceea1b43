//! Tests the HTTP API: its keys, parameters, errors, lists and `expand[]`.

use keepopen_practice::PaymentChoice;
use serde_json::{Value, json};

use crate::helpers::{KEY, NOON, TestStripe, id, monthly_form, one_off_form};

#[tokio::test]
async fn a_call_without_the_right_key_returns_401_in_stripes_form() {
    let stripe = TestStripe::start().await;
    let url = stripe.url("/v1/events");
    for request in [stripe.http.get(&url), stripe.http.get(&url).bearer_auth("sk_test_other")] {
        let (status, body) = stripe.send(request).await;
        assert_eq!(status, 401);
        assert_eq!(body["error"]["type"], "invalid_request_error");
    }
    let (status, _) = stripe.send(stripe.http.get(&url).basic_auth(KEY, Some(""))).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_new_session_is_open_and_unpaid_and_has_its_own_page() {
    let stripe = TestStripe::start().await;
    let (status, session) = stripe.post("/v1/checkout/sessions", &one_off_form()).await;
    assert_eq!(status, 200);
    assert!(id(&session).starts_with("cs_test_"));
    assert_eq!(session["url"], json!(stripe.url(&format!("/pay/{}", id(&session)))));
    assert_eq!((&session["status"], &session["payment_status"]), (&json!("open"), &json!("unpaid")));
    assert_eq!((&session["amount_total"], &session["currency"]), (&json!(1000), &json!("eur")));
    assert_eq!((&session["submit_type"], &session["mode"]), (&json!("donate"), &json!("payment")));
    assert_eq!(session["expires_at"], NOON + 86_400);
    let (_, read) = stripe.get(&format!("/v1/checkout/sessions/{}", id(&session))).await;
    assert_eq!(read, session);
}

#[tokio::test]
async fn an_unknown_parameter_is_rejected_with_its_name() {
    let stripe = TestStripe::start().await;
    let mut form = one_off_form();
    form.push(("line_items[0][price_data][colour]", "red"));
    let (status, body) = stripe.post("/v1/checkout/sessions", &form).await;
    assert_eq!(status, 400);
    assert_eq!(body["error"]["code"], "parameter_unknown");
    assert_eq!(body["error"]["param"], "line_items[0][price_data][colour]");
    assert_eq!(stripe.get("/v1/events?colour=red").await.0, 400);
}

#[tokio::test]
async fn parameters_that_the_mode_does_not_allow_are_rejected() {
    let stripe = TestStripe::start().await;
    let mut cases = Vec::new();
    for (form, invalid_param) in [
        (monthly_form(), ("customer_creation", "always")),
        (monthly_form(), ("payment_intent_data[metadata][a]", "b")),
        (one_off_form(), ("subscription_data[metadata][a]", "b")),
        (one_off_form(), ("line_items[0][price_data][recurring][interval]", "month")),
        (one_off_form(), ("expires_at", "1796644801")),
        (one_off_form(), ("customer", "cus_none")),
    ] {
        let form = [form, vec![invalid_param]].concat();
        cases.push((invalid_param.0, stripe.post("/v1/checkout/sessions", &form).await));
    }
    for (name, (status, body)) in cases {
        assert_eq!(status, 400, "{name}: {body:#}");
        assert!(body["error"]["message"].as_str().is_some_and(|sentence| !sentence.is_empty()));
    }
}

#[tokio::test]
async fn invalid_amounts_currencies_and_urls_are_rejected() {
    let stripe = TestStripe::start().await;
    for (name, value, code) in [
        ("line_items[0][price_data][unit_amount]", "49", json!("amount_too_small")),
        ("line_items[0][price_data][unit_amount]", "10.5", json!("parameter_invalid_integer")),
        ("line_items[0][price_data][unit_amount]", "100000000", json!("parameter_invalid_integer")),
        ("line_items[0][price_data][currency]", "zzz", Value::Null),
        ("success_url", "javascript:alert(1)", json!("url_invalid")),
        ("success_url", "", json!("parameter_missing")),
        ("mode", "gift", Value::Null),
    ] {
        let mut form = one_off_form();
        form.retain(|(other, _)| *other != name);
        form.push((name, value));
        let (status, body) = stripe.post("/v1/checkout/sessions", &form).await;
        assert_eq!(status, 400, "{name}={value} was not rejected");
        assert_eq!(body["error"].get("code").cloned().unwrap_or_default(), code, "{name}={value}: {body:#}");
    }
}

#[tokio::test]
async fn unknown_routes_and_objects_return_404_in_stripes_form() {
    let stripe = TestStripe::start().await;
    for path in [
        "/v1/nothing",
        "/v2/core/events",
        "/v1/checkout/sessions/cs_test_none",
        "/v1/charges/ch_none/refunds",
    ] {
        let (status, body) = stripe.get(path).await;
        assert_eq!(status, 404, "{path}");
        assert_eq!(body["error"]["type"], "invalid_request_error", "{path}");
    }
    let (_, body) = stripe.get("/v1/payment_intents/pi_none").await;
    assert_eq!(
        (&body["error"]["code"], &body["error"]["param"]),
        (&json!("resource_missing"), &json!("intent"))
    );
}

#[tokio::test]
async fn a_reply_repeats_the_callers_api_version_and_has_a_request_id() {
    let stripe = TestStripe::start().await;
    let request = stripe
        .http
        .get(stripe.url("/v1/events"))
        .bearer_auth(KEY)
        .header("Stripe-Version", "2025-03-31.basil");
    let reply = request.send().await.unwrap();
    assert_eq!(reply.headers()["Stripe-Version"], "2025-03-31.basil");
    assert!(reply.headers()["Request-Id"].to_str().unwrap().starts_with("req_"));
}

#[tokio::test]
async fn events_are_listed_newest_first_in_pages() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    let mut seen = Vec::new();
    let mut path = "/v1/events?limit=4".to_owned();
    loop {
        let (_, page) = stripe.get(&path).await;
        let data = page["data"].as_array().unwrap().clone();
        path = format!("/v1/events?limit=4&starting_after={}", id(data.last().unwrap()));
        seen.extend(data);
        if page["has_more"] == false {
            break;
        }
    }
    let mut all_events = stripe.practice.events();
    all_events.reverse();
    assert_eq!(seen, all_events);
    let path = format!("/v1/events?limit=2&ending_before={}", id(&all_events[4]));
    let (_, page_before) = stripe.get(&path).await;
    assert_eq!(page_before["data"].as_array().unwrap()[..], all_events[2..4]);
    let (_, newest) = stripe.get(&format!("/v1/events/{}", id(&all_events[0]))).await;
    assert_eq!(newest, all_events[0]);
}

#[tokio::test]
async fn events_can_be_filtered_by_type_and_time() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    stripe.advance_clock(10);
    stripe.practice.refund(&stripe.practice.payments(&session).payment_intent.unwrap(), None).unwrap();
    let count = async |query: &str| {
        stripe.get(&format!("/v1/events?limit=100&{query}")).await.1["data"].as_array().unwrap().len()
    };
    assert_eq!(count("type=charge.refunded").await, 1);
    assert_eq!(count("type=charge.*").await, 3);
    assert_eq!(count("types[]=charge.refunded&types[]=refund.created").await, 2);
    assert_eq!(count(&format!("created[gte]={}", NOON + 10)).await, 3);
    assert_eq!(count(&format!("created[lt]={}", NOON + 10)).await, 6);
}

#[tokio::test]
async fn every_object_of_a_payment_can_be_read_and_listed() {
    let stripe = TestStripe::start().await;
    let session = stripe.monthly_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    let ids = stripe.practice.payments(&session);
    let (intent, charge) = (ids.payment_intent.unwrap(), ids.charge.unwrap());
    let (invoice, sub) = (ids.invoice.unwrap(), ids.subscription.unwrap());
    let refund = stripe.practice.refund(&charge, Some(100)).unwrap();
    let dispute = stripe.practice.dispute(&charge, Some(100)).unwrap();
    for (path, expected_id) in [
        (format!("/v1/payment_intents/{intent}"), &intent),
        (format!("/v1/charges/{charge}"), &charge),
        (format!("/v1/invoices/{invoice}"), &invoice),
        (format!("/v1/subscriptions/{sub}"), &sub),
        (format!("/v1/refunds/{refund}"), &refund),
        (format!("/v1/disputes/{dispute}"), &dispute),
        (format!("/v1/customers/{}", ids.customer.as_deref().unwrap()), ids.customer.as_ref().unwrap()),
    ] {
        assert_eq!(id(&stripe.get(&path).await.1), *expected_id, "{path}");
    }
    for (path, expected_id) in [
        (format!("/v1/checkout/sessions?subscription={sub}"), &session),
        (format!("/v1/refunds?charge={charge}"), &refund),
        (format!("/v1/refunds?payment_intent={intent}"), &refund),
        (format!("/v1/invoices?subscription={sub}"), &invoice),
        (format!("/v1/disputes?payment_intent={intent}"), &dispute),
    ] {
        let (_, list) = stripe.get(&path).await;
        assert_eq!(list["data"].as_array().unwrap().len(), 1, "{path}");
        assert_eq!(id(&list["data"][0]), *expected_id, "{path}");
    }
    let (_, entries) = stripe.get(&format!("/v1/balance_transactions?source={refund}")).await;
    assert_eq!(entries["data"][0]["amount"], -100);
    let (_, invoice_payments) = stripe
        .get(&format!("/v1/invoice_payments?payment[type]=payment_intent&payment[payment_intent]={intent}"))
        .await;
    assert_eq!(invoice_payments["data"][0]["invoice"], json!(invoice));
}

#[tokio::test]
async fn expand_replaces_ids_with_objects_and_adds_lists_that_are_otherwise_omitted() {
    let stripe = TestStripe::start().await;
    let session = stripe.monthly_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    let path = format!(
        "/v1/checkout/sessions/{session}?expand[]=line_items&expand[]=invoice.payments&expand[]=customer&expand[]=nothing"
    );
    let (_, read) = stripe.get(&path).await;
    assert_eq!(read["line_items"]["data"][0]["amount_total"], 1000);
    assert_eq!(read["customer"]["object"], "customer");
    assert_eq!(read["invoice"]["payments"]["data"][0]["object"], "invoice_payment");
    let (_, list) = stripe.get("/v1/checkout/sessions?expand[]=data.customer").await;
    assert_eq!(list["data"][0]["customer"]["object"], "customer");
}

#[tokio::test]
async fn the_events_of_a_refund_through_the_api_contain_the_request() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    let intent = stripe.practice.payments(&session).payment_intent.unwrap();
    let form = [("payment_intent", intent.as_str()), ("amount", "250"), ("metadata[why]", "asked")];
    let reply = stripe.post_with_key("/v1/refunds", &form, "key-1").await;
    assert_eq!(reply.status(), 200);
    let request_id = reply.headers()["Request-Id"].to_str().unwrap().to_owned();
    let refund: Value = reply.json().await.unwrap();
    assert_eq!((&refund["amount"], &refund["metadata"]), (&json!(250), &json!({ "why": "asked" })));
    let event = stripe.practice.events().pop().unwrap();
    assert_eq!(event["request"], json!({ "id": request_id, "idempotency_key": "key-1" }));
    let (status, body) = stripe.post("/v1/refunds", &[("amount", "1")]).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!("parameter_missing")));
}
