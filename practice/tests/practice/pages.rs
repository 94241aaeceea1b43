//! The hosted payment page and the console, as a browser without scripts uses them.

use keepopen_practice::How;
use serde_json::Value;

use crate::helpers::{Stand, id, once_form};

async fn text(stand: &Stand, path: &str) -> (u16, String) {
    let reply = stand.http.get(stand.at(path)).send().await.unwrap();
    (reply.status().as_u16(), reply.text().await.unwrap())
}

async fn press(stand: &Stand, path: &str, form: &[(&str, &str)]) -> reqwest::Response {
    stand.http.post(stand.at(path)).header("Origin", stand.practice.url()).form(form).send().await.unwrap()
}

async fn console(stand: &Stand, action: &str, id: &str) {
    let reply = press(stand, "/console/do", &[("action", action), ("id", id)]).await;
    assert_eq!(reply.status(), 303, "{action}");
    assert!(reply.headers()["Location"].to_str().unwrap().starts_with("/console#"));
}

#[tokio::test]
async fn the_payment_page_says_what_is_given_and_has_its_buttons() {
    let stand = Stand::start().await;
    let session = stand.monthly().await;
    let (status, page) = text(&stand, &format!("/pay/{session}")).await;
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
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<script"));
}

#[tokio::test]
async fn the_payment_page_names_a_line_only_where_it_says_more_than_who_is_paid() {
    let stand = Stand::start().await;
    let other = stand.once().await;
    assert!(text(&stand, &format!("/pay/{other}")).await.1.contains("<p class=\"what\">A contribution</p>"));
    let mut form = once_form();
    form[10].1 = "The Practice Courier";
    let (_, same) = stand.post("/v1/checkout/sessions", &form).await;
    let (_, page) = text(&stand, &format!("/pay/{}", id(&same))).await;
    assert_eq!(page.matches("The Practice Courier").count(), 1, "{page}");
}

#[tokio::test]
async fn yen_are_shown_without_decimals() {
    let stand = Stand::start().await;
    let mut form = once_form();
    form[8].1 = "jpy";
    let (_, session) = stand.post("/v1/checkout/sessions", &form).await;
    let (_, page) = text(&stand, &format!("/pay/{}", id(&session))).await;
    assert!(page.contains("¥1,000<"), "{page}");
}

#[tokio::test]
async fn paying_by_card_leads_to_the_success_address_with_the_session_in_it() {
    let stand = Stand::start().await;
    let session = stand.once().await;
    let form = [("email", "someone@example.org"), ("name", "A Reader"), ("how", "card")];
    let reply = press(&stand, &format!("/pay/{session}"), &form).await;
    assert_eq!(reply.status(), 303);
    assert_eq!(reply.headers()["Location"], format!("http://127.0.0.1:9/thanks?s={session}"));
    let told = stand.told_of("checkout.session.completed");
    assert_eq!(told["customer_details"]["email"], "someone@example.org");
    let told = stand.told().len();
    let again = press(&stand, &format!("/pay/{session}"), &form).await;
    assert_eq!((again.status().as_u16(), stand.told().len()), (303, told));
}

#[tokio::test]
async fn a_declined_card_shows_the_page_again_with_what_was_typed() {
    let stand = Stand::start().await;
    let session = stand.once().await;
    let form = [("email", "someone@example.org"), ("how", "declined")];
    let reply = press(&stand, &format!("/pay/{session}"), &form).await;
    assert_eq!(reply.status(), 200);
    let page = reply.text().await.unwrap();
    assert!(
        page.contains("declined") && page.contains("someone@example.org") && page.contains("id=\"trouble\"")
    );
    assert_eq!(
        press(&stand, &format!("/pay/{session}"), &[("email", "x"), ("how", "card")]).await.status(),
        422
    );
    assert_eq!(stand.practice.session(&session)["status"], "open");
}

#[tokio::test]
async fn words_from_outside_are_escaped_everywhere() {
    let stand = Stand::start().await;
    let mut form = once_form();
    form[2].1 = "http://127.0.0.1:9/\"><script>alert(1)</script>";
    form[10].1 = "<script>alert(1)</script>";
    let (_, session) = stand.post("/v1/checkout/sessions", &form).await;
    let path = format!("/pay/{}", id(&session));
    assert!(!text(&stand, &path).await.1.contains("<script"));
    let evil = [("email", "\"><script>@x"), ("name", "<script>"), ("how", "declined")];
    assert!(!press(&stand, &path, &evil).await.text().await.unwrap().contains("<script"));
    let evil = [("email", "<script>@x"), ("name", "<script>"), ("how", "bank")];
    assert_eq!(press(&stand, &path, &evil).await.status(), 303);
    assert!(!text(&stand, "/console").await.1.contains("<script"));
}

#[tokio::test]
async fn a_form_from_another_site_does_nothing() {
    let stand = Stand::start().await;
    let session = stand.once().await;
    for (path, form) in [
        (format!("/pay/{session}"), vec![("email", "a@example.org"), ("how", "card")]),
        ("/console/do".to_owned(), vec![("action", "expire"), ("id", session.as_str())]),
    ] {
        for origin in ["http://elsewhere.example", "https://elsewhere.example", "null"] {
            let request = stand.http.post(stand.at(&path)).header("Origin", origin).form(&form);
            assert_eq!(request.send().await.unwrap().status(), 403);
        }
    }
    assert_eq!(stand.practice.session(&session)["status"], "open");
}

#[tokio::test]
async fn unknown_used_and_expired_pages_say_so() {
    let stand = Stand::start().await;
    let (used, expired) = (stand.once().await, stand.once().await);
    stand.practice.pay(&used, How::Card).unwrap();
    stand.practice.expire(&expired).unwrap();
    assert_eq!(text(&stand, "/pay/cs_test_none").await.0, 404);
    assert_eq!(text(&stand, &format!("/pay/{expired}")).await.0, 410);
    assert!(text(&stand, &format!("/pay/{used}")).await.1.contains("Already paid"));
}

#[tokio::test]
async fn every_button_of_the_console_is_on_it_and_does_what_it_says() {
    let stand = Stand::start().await;
    let has = async |action: &str, id: &str| {
        let page = text(&stand, "/console").await.1;
        assert!(page.contains(&format!("data-action=\"{action}\" data-id=\"{id}\"")), "{action} {id}");
    };
    let (once, debit, monthly) = (stand.once().await, stand.once().await, stand.monthly().await);
    for (session, how) in [(&once, How::Card), (&debit, How::BankDebit), (&monthly, How::Card)] {
        stand.practice.pay(session, how).unwrap();
    }
    let intent = stand.practice.payments(&once).payment_intent.unwrap();
    let sub = stand.practice.payments(&monthly).subscription.unwrap();
    let amount = [("action", "refund"), ("id", intent.as_str()), ("amount", "2.50")];
    has("refund", &intent).await;
    assert_eq!(press(&stand, "/console/do", &amount).await.status(), 303);
    assert_eq!(stand.told_of("charge.refunded")["amount_refunded"], 250);
    let refund = id(&stand.told_of("refund.created"));
    let mut steps = vec![
        ("fail-refund", refund, "refund.failed"),
        ("settle", debit, "charge.updated"),
        ("next-month-fails", sub.clone(), "customer.subscription.updated"),
        ("mend-card", sub.clone(), "customer.subscription.updated"),
        ("next-month", sub.clone(), "invoice_payment.paid"),
        ("cancel-later", sub.clone(), "customer.subscription.updated"),
        ("cancel-now", sub, "customer.subscription.deleted"),
        ("dispute", intent, "charge.dispute.funds_withdrawn"),
    ];
    for (action, id, last) in steps.drain(..) {
        has(action, &id).await;
        console(&stand, action, &id).await;
        assert_eq!(stand.told().last().unwrap(), last, "{action}");
    }
    let dispute = id(&stand.told_of("charge.dispute.created"));
    has("win", &dispute).await;
    has("lose", &dispute).await;
    console(&stand, "win", &dispute).await;
    assert_eq!(stand.practice.object(&dispute).unwrap()["status"], Value::from("won"));
}

#[tokio::test]
async fn inquiries_and_payouts_have_their_buttons_too() {
    let stand = Stand::start().await;
    let charge = stand.charged().await;
    let inquiry = stand.practice.open_inquiry(&charge, Some(100)).unwrap();
    let intent = stand.practice.object(&charge).unwrap()["payment_intent"].as_str().unwrap().to_owned();
    let page = async || text(&stand, "/console").await.1;
    let has = async |action: &str, id: &str| {
        page().await.contains(&format!("data-action=\"{action}\" data-id=\"{id}\""))
    };
    assert!(has("close-inquiry", &inquiry).await && has("refund", &intent).await);
    assert!(!has("win", &inquiry).await);
    console(&stand, "escalate", &inquiry).await;
    assert!(has("win", &inquiry).await && !has("refund", &intent).await);
    let other = stand.practice.open_inquiry(&stand.charged().await, None).unwrap();
    console(&stand, "close-inquiry", &other).await;
    assert!(!has("close-inquiry", &other).await && !has("escalate", &other).await);
    stand.charged().await;
    assert!(has("pay-out", "all").await);
    console(&stand, "pay-out", "all").await;
    let payout = id(&stand.told_of("payout.paid"));
    assert!(!has("pay-out", "all").await && has("fail-payout", &payout).await);
    console(&stand, "fail-payout", &payout).await;
    assert_eq!(stand.told().last().unwrap(), "payout.failed");
    assert!(!has("fail-payout", &payout).await && has("pay-out", "all").await);
    stand.practice.pay_out(true);
    let nothing = press(&stand, "/console/do", &[("action", "pay-out"), ("id", "all")]).await;
    assert_eq!(nothing.status(), 400);
}

#[tokio::test]
async fn a_lost_event_is_shown_as_lost() {
    let stand = Stand::start().await;
    stand.practice.set_webhook_url(Some("http://127.0.0.1:1/".to_owned()));
    stand.practice.lose_deliveries(Some(keepopen_practice::Loss::Next(1)));
    let session = stand.once().await;
    stand.practice.expire(&session).unwrap();
    assert!(text(&stand, "/console").await.1.contains("data-state=\"lost\""));
}

#[tokio::test]
async fn the_console_shows_the_newest_events_and_all_of_them_when_asked() {
    let stand = Stand::start().await;
    let session = stand.monthly().await;
    stand.practice.pay(&session, How::Card).unwrap();
    assert!(!text(&stand, "/console").await.1.contains("events=all"), "a few events are all shown");
    let sub = stand.practice.payments(&session).subscription.unwrap();
    while stand.told().len() <= 40 {
        stand.practice.next_month(&sub, true).unwrap();
    }
    let ids: Vec<String> = stand.practice.events().iter().map(id).collect();
    let shown = async |path: &str| {
        let page = text(&stand, path).await.1;
        let row = |id: &&String| page.contains(&format!("data-row=\"{id}\""));
        (ids.iter().filter(row).cloned().collect::<Vec<_>>(), page)
    };
    let (newest, page) = shown("/console").await;
    assert_eq!(newest, ids[ids.len() - 30..]);
    assert!(page.contains(&format!("<a href=\"/console?events=all#events\">All {} events</a>", ids.len())));
    assert_eq!(shown("/console?events=all").await.0, ids);
}

#[tokio::test]
async fn an_amount_that_is_none_is_refused_in_a_sentence() {
    let stand = Stand::start().await;
    let session = stand.once().await;
    stand.practice.pay(&session, How::Card).unwrap();
    let intent = stand.practice.payments(&session).payment_intent.unwrap();
    for wrong in ["two", "2.505", "-1", "99"] {
        let form = [("action", "refund"), ("id", intent.as_str()), ("amount", wrong)];
        assert_eq!(press(&stand, "/console/do", &form).await.status(), 400, "{wrong}");
    }
    assert!(!stand.told().contains(&"charge.refunded".to_owned()));
}

#[tokio::test]
async fn an_address_that_the_caller_gave_stays() {
    let stand = Stand::start().await;
    let form = [once_form(), vec![("customer_email", "known@example.org")]].concat();
    let (_, session) = stand.post("/v1/checkout/sessions", &form).await;
    let path = format!("/pay/{}", id(&session));
    assert!(text(&stand, &path).await.1.contains("value=\"known@example.org\" readonly"));
    press(&stand, &path, &[("email", "other@example.org"), ("how", "card")]).await;
    let told = stand.told_of("checkout.session.completed");
    assert_eq!(told["customer_details"]["email"], "known@example.org");
}

#[tokio::test]
async fn a_success_address_may_hold_any_letters() {
    let stand = Stand::start().await;
    let mut form = once_form();
    form[1].1 = "http://127.0.0.1:9/thänks";
    let (_, session) = stand.post("/v1/checkout/sessions", &form).await;
    let path = format!("/pay/{}", id(&session));
    let reply = press(&stand, &path, &[("email", "a@example.org"), ("how", "card")]).await;
    assert_eq!(reply.headers()["Location"], "http://127.0.0.1:9/th%C3%A4nks");
}
