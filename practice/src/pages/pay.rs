//! The hosted payment page: what is given, to whom, and three ways for it to go.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use crate::api::form::Params;
use crate::flows::checkout;
use crate::objects::payment::Payer;
use crate::pages::html::{escape, frame, message};
use crate::pages::{foreign_form, own_form, page, see_other};
use crate::state::{SharedState, State, number, text};
use crate::{How, money};

/// What the placeholder in a success URL is called.
const PLACEHOLDER: &str = "{CHECKOUT_SESSION_ID}";

/// `GET /pay/{session}`.
pub(crate) async fn show(session: web::Path<String>, state: web::Data<SharedState>) -> HttpResponse {
    let state = state.open();
    let Ok(session) = state.want("checkout.session", &session) else {
        return unknown();
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

/// `POST /pay/{session}`.
pub(crate) async fn act(
    request: HttpRequest,
    session_id: web::Path<String>,
    body: web::Bytes,
    state: web::Data<SharedState>,
) -> HttpResponse {
    if !own_form(&request) {
        return foreign_form();
    }
    let params = Params::parse(&body);
    let mut state = state.open();
    let Ok(session) = state.want("checkout.session", &session_id) else {
        return unknown();
    };
    // An address that the caller gave can't be changed on the page.
    let email = session["customer_email"].as_str().or(params.get("email")).unwrap_or_default();
    let payer = Payer {
        email: email.trim().to_owned(),
        name: params.get("name").unwrap_or_default().trim().to_owned(),
    };
    if text(&session, "status") == "complete" {
        // A second click on the same button: the first one counted.
        return see_other(&success_url(&session));
    }
    if !payer.email.contains('@') {
        return page(422, form(&state, &session, &payer, Some("Enter an e-mail address.")));
    }
    let how = match params.get("how") {
        Some("card") => How::Card,
        Some("declined") => How::Decline,
        Some("bank") => How::BankDebit,
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

/// The success URL with the session in it, and with everything a header can't hold percent-encoded.
fn success_url(session: &Value) -> String {
    let url = text(session, "success_url").replace(PLACEHOLDER, text(session, "id"));
    url.bytes()
        .map(|byte| match byte {
            b' '..=b'~' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

fn unknown() -> HttpResponse {
    page(
        404,
        message(
            "Not found",
            "This payment page doesn’t exist. It may belong to an earlier run of the practice service.",
        ),
    )
}

fn form(state: &State, session: &Value, payer: &Payer, trouble: Option<&str>) -> String {
    let amount = money::shown(number(session, "amount_total"), text(session, "currency"));
    let plan = state.plans.get(text(session, "id")).cloned().unwrap_or_default();
    let every = plan.interval.as_ref().map(|(unit, count)| match count {
        1 => format!("every {unit}"),
        count => format!("every {count} {unit}s"),
    });
    // A line that only says again who is paid is left out.
    let mut what: Vec<&str> = plan.lines.iter().map(|line| line.name.as_str()).collect();
    what.retain(|name| *name != state.account_name);
    let what = match what.join(", ").as_str() {
        "" => String::new(),
        names => format!("<p class=\"what\">{}</p>", escape(names)),
    };
    let trouble = trouble.map(|sentence| {
        format!("<p id=\"trouble\" class=\"trouble\" role=\"alert\">{}</p>", escape(sentence))
    });
    let cancel = match text(session, "cancel_url") {
        "" => String::new(),
        url => format!("<a id=\"cancel\" class=\"quiet\" href=\"{}\">Cancel and go back</a>", escape(url)),
    };
    let locked = if session["customer_email"].is_null() { "" } else { " readonly" };
    let body = format!(
        "<main class=\"card\">\n\
         <header><p class=\"to\">To {account}</p>\n\
         <h1 id=\"amount\"><span class=\"sum\">{amount}</span> <span class=\"every\">{every}</span></h1>\n\
         {what}</header>\n{trouble}\n\
         <form method=\"post\" action=\"/pay/{id}\">\n\
         <label for=\"email\">E-mail</label>\n\
         <input id=\"email\" name=\"email\" type=\"email\" required autocomplete=\"email\" value=\"{email}\"{locked}>\n\
         <label for=\"name\">Name <span class=\"optional\">(optional)</span></label>\n\
         <input id=\"name\" name=\"name\" autocomplete=\"name\" value=\"{name}\">\n\
         <fieldset><legend>What should happen?</legend>\n\
         <button id=\"pay-card\" class=\"first\" name=\"how\" value=\"card\"><b>Pay by card</b><span>The card works.</span></button>\n\
         <button id=\"pay-declined\" name=\"how\" value=\"declined\"><b>Pay by a card that is declined</b><span>You aren’t charged, and can try again.</span></button>\n\
         <button id=\"pay-bank\" name=\"how\" value=\"bank\"><b>Pay by bank debit</b><span>It is pending until you settle it, or let it fail, in the console.</span></button>\n\
         </fieldset>\n</form>\n{cancel}\n</main>\n\
         <p class=\"foot\">A stand-in for a payment page, on this machine only. It never asks for a card or bank number. <a href=\"/console\">Console</a></p>",
        account = escape(&state.account_name),
        amount = escape(&amount),
        every = every.as_deref().unwrap_or("once"),
        trouble = trouble.unwrap_or_default(),
        id = escape(text(session, "id")),
        email = escape(&payer.email),
        name = escape(&payer.name),
    );
    frame(&format!("Pay {amount}"), "pay", &body)
}
