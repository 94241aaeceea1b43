//! The hosted payment page. It shows the gift and its recipient, and has a button for each of three possible results.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use percent_encoding::{CONTROLS, utf8_percent_encode};
use serde_json::Value;

use crate::api::form::Params;
use crate::flows::checkout;
use crate::objects::payment::Payer;
use crate::pages::html::{message, render};
use crate::pages::{is_own_form, page, reject_foreign_form, see_other};
use crate::state::{SharedState, State, number, text};
use crate::{PaymentChoice, money};

/// The placeholder for the session's id in a success URL.
const PLACEHOLDER: &str = "{CHECKOUT_SESSION_ID}";

/// Answers `GET /pay/{session}` with the payment page.
pub(crate) async fn show(session: web::Path<String>, state: web::Data<SharedState>) -> HttpResponse {
    let state = state.open();
    let Ok(session) = state.require("checkout.session", &session) else {
        return unknown_session();
    };
    match text(&session, "status") {
        "open" => {
            let email = checkout::prefilled_email(&state, &session);
            page(200, form(&state, &session, &Payer { email, name: String::new() }, None))
        }
        "complete" => {
            page(200, message("Already paid", "This payment is done. There is nothing left to do here."))
        }
        _ => page(
            410,
            message("This page has expired", "You weren’t charged. Go back to the article to start again."),
        ),
    }
}

/// Answers `POST /pay/{session}`, which one of the page's buttons sends.
pub(crate) async fn act(
    request: HttpRequest,
    session_id: web::Path<String>,
    body: web::Bytes,
    state: web::Data<SharedState>,
) -> HttpResponse {
    if !is_own_form(&request) {
        return reject_foreign_form();
    }
    let params = Params::parse(&body);
    let mut state = state.open();
    let Ok(session) = state.require("checkout.session", &session_id) else {
        return unknown_session();
    };
    // The payer can't change an e-mail address that the caller gave.
    let email = session["customer_email"].as_str().or(params.get("email")).unwrap_or_default();
    let payer = Payer {
        email: email.trim().to_owned(),
        name: params.get("name").unwrap_or_default().trim().to_owned(),
    };
    if text(&session, "status") == "complete" {
        // This is a second click on the button. Only the first one counts.
        return see_other(&success_url(&session));
    }
    if !payer.email.contains('@') {
        return page(422, form(&state, &session, &payer, Some("Enter an e-mail address.")));
    }
    let how = match params.get("how") {
        Some("card") => PaymentChoice::Card,
        Some("declined") => PaymentChoice::Decline,
        Some("bank") => PaymentChoice::BankDebit,
        _ => {
            return page(422, form(&state, &session, &payer, Some("Choose what should happen.")));
        }
    };
    match checkout::pay(&mut state, &session_id, how, Some(payer.clone())) {
        Ok(session) if text(&session, "status") == "complete" => see_other(&success_url(&session)),
        Ok(session) => {
            let sentence = "Your card was declined, so you weren’t charged. Try again, or pay another way.";
            page(200, form(&state, &session, &payer, Some(sentence)))
        }
        Err(refused) => page(refused.status, message("That did not work", &refused.message)),
    }
}

/// The success URL with the session's id in place of the placeholder. Percent-encodes characters that a header can't
/// contain.
fn success_url(session: &Value) -> String {
    let url = text(session, "success_url").replace(PLACEHOLDER, text(session, "id"));
    utf8_percent_encode(&url, CONTROLS).to_string()
}

fn unknown_session() -> HttpResponse {
    page(
        404,
        message(
            "Not found",
            "This payment page doesn’t exist. It may belong to an earlier run of the practice service.",
        ),
    )
}

#[derive(Template)]
#[template(path = "pay.html")]
struct Page<'a> {
    account: &'a str,
    amount: &'a str,
    frequency: &'a str,
    description: &'a str,
    trouble: Option<&'a str>,
    id: &'a str,
    payer: &'a Payer,
    /// Whether the caller gave the e-mail address. The payer then can't change it.
    is_email_fixed: bool,
    cancel_url: &'a str,
}

fn form(state: &State, session: &Value, payer: &Payer, trouble: Option<&str>) -> String {
    let plan = state.plans.get(text(session, "id")).cloned().unwrap_or_default();
    let frequency = plan.interval.as_ref().map(|(unit, count)| match count {
        1 => format!("every {unit}"),
        count => format!("every {count} {unit}s"),
    });
    // A line whose name only repeats the recipient is omitted.
    let mut descriptions: Vec<&str> = plan.lines.iter().map(|line| line.name.as_str()).collect();
    descriptions.retain(|name| *name != state.account_name);
    render(&Page {
        account: &state.account_name,
        amount: &money::format_with_symbol(number(session, "amount_total"), text(session, "currency")),
        frequency: frequency.as_deref().unwrap_or("once"),
        description: &descriptions.join(", "),
        trouble,
        id: text(session, "id"),
        payer,
        is_email_fixed: !session["customer_email"].is_null(),
        cancel_url: text(session, "cancel_url"),
    })
}
