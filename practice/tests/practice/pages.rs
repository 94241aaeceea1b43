//! Tests the hosted payment page and the console, as a browser without scripts uses them.

use keepopen_practice::PaymentChoice;
use serde_json::Value;

use crate::helpers::{TestStripe, id, one_off_form, set_value};

/// The parameter with the name of the contribution, which the payment page shows.
const PRODUCT_NAME: &str = "line_items[0][price_data][product_data][name]";

/// Reads a page. Returns the status and the HTML.
async fn read_page(stripe: &TestStripe, path: &str) -> (u16, String) {
    let reply = stripe.http.get(stripe.url(path)).send().await.unwrap();
    (reply.status().as_u16(), reply.text().await.unwrap())
}

/// Presses a button: sends a form, as a browser does.
async fn press(stripe: &TestStripe, path: &str, form: &[(&str, &str)]) -> reqwest::Response {
    stripe
        .http
        .post(stripe.url(path))
        .header("Origin", stripe.practice.url())
        .form(form)
        .send()
        .await
        .unwrap()
}

/// Presses a button of the console, which must succeed.
async fn press_in_console(stripe: &TestStripe, action: &str, id: &str) {
    let reply = press(stripe, "/console/do", &[("action", action), ("id", id)]).await;
    assert_eq!(reply.status(), 303, "the button {action} failed");
    assert!(reply.headers()["Location"].to_str().unwrap().starts_with("/console#"));
}

#[tokio::test]
async fn the_payment_page_shows_the_gift_and_its_buttons() {
    let stripe = TestStripe::start().await;
    let session = stripe.monthly_session().await;
    let (status, page) = read_page(&stripe, &format!("/pay/{session}")).await;
    assert_eq!(status, 200);
    for part in [
        "€10.00",
        "every month",
        "The Practice Courier",
        "no money moves",
        "value=\"reader@example.org\"",
        "id=\"email\"",
        "id=\"pay-card\"",
        "id=\"pay-declined\"",
        "id=\"pay-bank\"",
    ] {
        assert!(page.contains(part), "the page does not contain {part}");
    }
    assert!(!page.contains("<script"));
}

#[tokio::test]
async fn the_payment_page_omits_a_line_that_only_repeats_the_recipient() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    let (_, page) = read_page(&stripe, &format!("/pay/{session}")).await;
    assert!(page.contains("<p class=\"what\">A contribution</p>"), "{page}");
    let mut form = one_off_form();
    set_value(&mut form, PRODUCT_NAME, "The Practice Courier");
    let (_, session) = stripe.post("/v1/checkout/sessions", &form).await;
    let (_, page) = read_page(&stripe, &format!("/pay/{}", id(&session))).await;
    assert_eq!(page.matches("The Practice Courier").count(), 1, "{page}");
}

#[tokio::test]
async fn yen_are_shown_without_decimals() {
    let stripe = TestStripe::start().await;
    let mut form = one_off_form();
    set_value(&mut form, "line_items[0][price_data][currency]", "jpy");
    let (_, session) = stripe.post("/v1/checkout/sessions", &form).await;
    let (_, page) = read_page(&stripe, &format!("/pay/{}", id(&session))).await;
    assert!(page.contains("¥1,000<"), "{page}");
}

#[tokio::test]
async fn paying_by_card_redirects_to_the_success_url_with_the_sessions_id() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    let form = [("email", "someone@example.org"), ("name", "A Reader"), ("how", "card")];
    let reply = press(&stripe, &format!("/pay/{session}"), &form).await;
    assert_eq!(reply.status(), 303);
    assert_eq!(reply.headers()["Location"], format!("http://127.0.0.1:9/thanks?s={session}"));
    let emitted = stripe.last_emitted("checkout.session.completed");
    assert_eq!(emitted["customer_details"]["email"], "someone@example.org");
    let emitted = stripe.emitted().len();
    let again = press(&stripe, &format!("/pay/{session}"), &form).await;
    assert_eq!((again.status().as_u16(), stripe.emitted().len()), (303, emitted));
}

#[tokio::test]
async fn a_declined_card_shows_the_page_again_with_the_typed_values() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    let form = [("email", "someone@example.org"), ("how", "declined")];
    let reply = press(&stripe, &format!("/pay/{session}"), &form).await;
    assert_eq!(reply.status(), 200);
    let page = reply.text().await.unwrap();
    assert!(
        page.contains("declined") && page.contains("someone@example.org") && page.contains("id=\"trouble\"")
    );
    assert_eq!(
        press(&stripe, &format!("/pay/{session}"), &[("email", "x"), ("how", "card")]).await.status(),
        422
    );
    assert_eq!(stripe.practice.session(&session)["status"], "open");
}

#[tokio::test]
async fn text_from_outside_is_escaped_everywhere() {
    let stripe = TestStripe::start().await;
    let mut form = one_off_form();
    set_value(&mut form, "cancel_url", "http://127.0.0.1:9/\"><script>alert(1)</script>");
    set_value(&mut form, PRODUCT_NAME, "<script>alert(1)</script>");
    let (_, session) = stripe.post("/v1/checkout/sessions", &form).await;
    let path = format!("/pay/{}", id(&session));
    assert!(!read_page(&stripe, &path).await.1.contains("<script"));
    let form = [("email", "\"><script>@x"), ("name", "<script>"), ("how", "declined")];
    assert!(!press(&stripe, &path, &form).await.text().await.unwrap().contains("<script"));
    let form = [("email", "<script>@x"), ("name", "<script>"), ("how", "bank")];
    assert_eq!(press(&stripe, &path, &form).await.status(), 303);
    assert!(!read_page(&stripe, "/console").await.1.contains("<script"));
}

#[tokio::test]
async fn a_form_from_another_site_does_nothing() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    for (path, form) in [
        (format!("/pay/{session}"), vec![("email", "a@example.org"), ("how", "card")]),
        ("/console/do".to_owned(), vec![("action", "expire"), ("id", session.as_str())]),
    ] {
        for origin in ["http://elsewhere.example", "https://elsewhere.example", "null"] {
            let request = stripe.http.post(stripe.url(&path)).header("Origin", origin).form(&form);
            assert_eq!(request.send().await.unwrap().status(), 403);
        }
    }
    assert_eq!(stripe.practice.session(&session)["status"], "open");
}

#[tokio::test]
async fn the_payment_page_of_an_unknown_or_paid_or_expired_session_says_so() {
    let stripe = TestStripe::start().await;
    let (used, expired) = (stripe.one_off_session().await, stripe.one_off_session().await);
    stripe.practice.pay(&used, PaymentChoice::Card).unwrap();
    stripe.practice.expire(&expired).unwrap();
    assert_eq!(read_page(&stripe, "/pay/cs_test_none").await.0, 404);
    assert_eq!(read_page(&stripe, &format!("/pay/{expired}")).await.0, 410);
    assert!(read_page(&stripe, &format!("/pay/{used}")).await.1.contains("Already paid"));
}

#[tokio::test]
async fn every_button_of_the_console_is_shown_and_works() {
    let stripe = TestStripe::start().await;
    let expect_button = async |action: &str, id: &str| {
        let page = read_page(&stripe, "/console").await.1;
        assert!(
            page.contains(&format!("data-action=\"{action}\" data-id=\"{id}\"")),
            "the console has no button {action} for {id}"
        );
    };
    let (once, debit) = (stripe.one_off_session().await, stripe.one_off_session().await);
    let monthly = stripe.monthly_session().await;
    for (session, how) in
        [(&once, PaymentChoice::Card), (&debit, PaymentChoice::BankDebit), (&monthly, PaymentChoice::Card)]
    {
        stripe.practice.pay(session, how).unwrap();
    }
    let intent = stripe.practice.payments(&once).payment_intent.unwrap();
    let sub = stripe.practice.payments(&monthly).subscription.unwrap();
    let amount = [("action", "refund"), ("id", intent.as_str()), ("amount", "2.50")];
    expect_button("refund", &intent).await;
    assert_eq!(press(&stripe, "/console/do", &amount).await.status(), 303);
    assert_eq!(stripe.last_emitted("charge.refunded")["amount_refunded"], 250);
    let refund = id(&stripe.last_emitted("refund.created"));
    let mut actions = vec![
        ("fail-refund", refund, "refund.failed"),
        ("settle", debit, "charge.updated"),
        ("next-period-fails", sub.clone(), "customer.subscription.updated"),
        ("replace-card", sub.clone(), "customer.subscription.updated"),
        ("next-period", sub.clone(), "invoice_payment.paid"),
        ("cancel-later", sub.clone(), "customer.subscription.updated"),
        ("cancel-now", sub, "customer.subscription.deleted"),
        ("dispute", intent, "charge.dispute.funds_withdrawn"),
    ];
    for (action, id, last) in actions.drain(..) {
        expect_button(action, &id).await;
        press_in_console(&stripe, action, &id).await;
        assert_eq!(stripe.emitted().last().unwrap(), last, "{action}");
    }
    let dispute = id(&stripe.last_emitted("charge.dispute.created"));
    expect_button("win", &dispute).await;
    expect_button("lose", &dispute).await;
    press_in_console(&stripe, "win", &dispute).await;
    assert_eq!(stripe.practice.object(&dispute).unwrap()["status"], Value::from("won"));
}

#[tokio::test]
async fn the_console_has_buttons_for_inquiries_and_payouts() {
    let stripe = TestStripe::start().await;
    let charge = stripe.pay_by_card().await;
    let inquiry = stripe.practice.open_inquiry(&charge, Some(100)).unwrap();
    let intent = stripe.practice.object(&charge).unwrap()["payment_intent"].as_str().unwrap().to_owned();
    let page = async || read_page(&stripe, "/console").await.1;
    let has_button = async |action: &str, id: &str| {
        page().await.contains(&format!("data-action=\"{action}\" data-id=\"{id}\""))
    };
    assert!(has_button("close-inquiry", &inquiry).await && has_button("refund", &intent).await);
    assert!(!has_button("win", &inquiry).await);
    press_in_console(&stripe, "escalate", &inquiry).await;
    assert!(has_button("win", &inquiry).await && !has_button("refund", &intent).await);
    let other = stripe.practice.open_inquiry(&stripe.pay_by_card().await, None).unwrap();
    press_in_console(&stripe, "close-inquiry", &other).await;
    assert!(!has_button("close-inquiry", &other).await && !has_button("escalate", &other).await);
    stripe.pay_by_card().await;
    assert!(has_button("pay-out", "all").await);
    press_in_console(&stripe, "pay-out", "all").await;
    let payout = id(&stripe.last_emitted("payout.paid"));
    assert!(!has_button("pay-out", "all").await && has_button("fail-payout", &payout).await);
    press_in_console(&stripe, "fail-payout", &payout).await;
    assert_eq!(stripe.emitted().last().unwrap(), "payout.failed");
    assert!(!has_button("fail-payout", &payout).await && has_button("pay-out", "all").await);
    stripe.practice.pay_out(true);
    let reply = press(&stripe, "/console/do", &[("action", "pay-out"), ("id", "all")]).await;
    assert_eq!(reply.status(), 400);
}

#[tokio::test]
async fn the_console_shows_a_lost_event_as_lost() {
    let stripe = TestStripe::start().await;
    stripe.practice.set_webhook_url(Some("http://127.0.0.1:1/".to_owned()));
    stripe.practice.lose_deliveries(Some(keepopen_practice::Loss::Next(1)));
    let session = stripe.one_off_session().await;
    stripe.practice.expire(&session).unwrap();
    assert!(read_page(&stripe, "/console").await.1.contains("data-state=\"lost\""));
}

#[tokio::test]
async fn the_console_shows_the_newest_events_and_all_events_on_request() {
    let stripe = TestStripe::start().await;
    let session = stripe.monthly_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    assert!(
        !read_page(&stripe, "/console").await.1.contains("events=all"),
        "the page links to all events although it shows them"
    );
    let sub = stripe.practice.payments(&session).subscription.unwrap();
    while stripe.emitted().len() <= 40 {
        stripe.practice.next_period(&sub, true).unwrap();
    }
    let ids: Vec<String> = stripe.practice.events().iter().map(id).collect();
    let shown = async |path: &str| {
        let page = read_page(&stripe, path).await.1;
        let row = |id: &&String| page.contains(&format!("data-row=\"{id}\""));
        (ids.iter().filter(row).cloned().collect::<Vec<_>>(), page)
    };
    let (newest, page) = shown("/console").await;
    assert_eq!(newest, ids[ids.len() - 30..]);
    assert!(
        page.contains(&format!("<a href=\"/console?events=all#events\">Show all {} events</a>", ids.len()))
    );
    assert_eq!(shown("/console?events=all").await.0, ids);
}

#[tokio::test]
async fn the_console_rejects_an_invalid_amount() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    let intent = stripe.practice.payments(&session).payment_intent.unwrap();
    for amount in ["two", "2.505", "-1", "99"] {
        let form = [("action", "refund"), ("id", intent.as_str()), ("amount", amount)];
        let reply = press(&stripe, "/console/do", &form).await;
        assert_eq!(reply.status(), 400, "the amount {amount} was accepted");
    }
    assert!(!stripe.emitted().contains(&"charge.refunded".to_owned()));
}

#[tokio::test]
async fn the_payer_cannot_change_an_email_address_from_the_caller() {
    let stripe = TestStripe::start().await;
    let form = [one_off_form(), vec![("customer_email", "known@example.org")]].concat();
    let (_, session) = stripe.post("/v1/checkout/sessions", &form).await;
    let path = format!("/pay/{}", id(&session));
    assert!(read_page(&stripe, &path).await.1.contains("value=\"known@example.org\" readonly"));
    press(&stripe, &path, &[("email", "other@example.org"), ("how", "card")]).await;
    let emitted = stripe.last_emitted("checkout.session.completed");
    assert_eq!(emitted["customer_details"]["email"], "known@example.org");
}

#[tokio::test]
async fn a_success_url_may_contain_any_characters() {
    let stripe = TestStripe::start().await;
    let mut form = one_off_form();
    set_value(&mut form, "success_url", "http://127.0.0.1:9/thänks");
    let (_, session) = stripe.post("/v1/checkout/sessions", &form).await;
    let path = format!("/pay/{}", id(&session));
    let reply = press(&stripe, &path, &[("email", "a@example.org"), ("how", "card")]).await;
    assert_eq!(reply.headers()["Location"], "http://127.0.0.1:9/th%C3%A4nks");
}
