//! What the console's buttons do.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::api::form::Params;
use crate::books::{Books, SharedBooks, text};
use crate::flows::{billing, checkout, disputes, payouts, refunds};
use crate::pages::html::message;
use crate::pages::{foreign_form, own_form, page, see_other};
use crate::{Outcome, Refused, Renewal, money, webhooks};

/// `POST /console/do`: one button, then back to the console.
pub(crate) async fn act(
    request: HttpRequest,
    body: web::Bytes,
    books: web::Data<SharedBooks>,
) -> HttpResponse {
    if !own_form(&request) {
        return foreign_form();
    }
    let params = Params::parse(&body);
    let mut books = books.open();
    match carry_out(&mut books, &params) {
        Ok(place) => see_other(&format!("/console#{place}")),
        Err(refused) => page(refused.status, message("That did not work", &refused.message)),
    }
}

/// Does what one button says; the part of the console to show next.
fn carry_out(books: &mut Books, params: &Params) -> Result<&'static str, Refused> {
    let id = params.need("id")?;
    match params.need("action")? {
        "refund" => {
            let amount_minor = amount(books, id, params.get("amount"))?;
            refunds::refund(books, id, amount_minor, &refunds::Wish::default())?;
            Ok("payments")
        }
        "fail-refund" => refunds::fail(books, id).map(|()| "refunds"),
        "dispute" => {
            let amount_minor = amount(books, id, params.get("amount"))?;
            disputes::open(books, id, amount_minor)?;
            Ok("disputes")
        }
        "win" => disputes::close(books, id, Outcome::Won).map(|()| "disputes"),
        "escalate" => disputes::escalate(books, id).map(|()| "disputes"),
        "close-inquiry" => disputes::close(books, id, Outcome::WarningClosed).map(|()| "disputes"),
        "lose" => disputes::close(books, id, Outcome::Lost).map(|()| "disputes"),
        "next-month" => billing::next_period(books, id, Renewal::Paid).map(|_| "subscriptions"),
        "next-month-fails" => billing::next_period(books, id, Renewal::CardFails).map(|_| "subscriptions"),
        "mend-card" => billing::pay_open_invoice(books, id).map(|()| "subscriptions"),
        "cancel-now" => billing::cancel_now(books, id).map(|()| "subscriptions"),
        "cancel-later" => billing::cancel_later(books, id, false).map(|()| "subscriptions"),
        "settle" => checkout::settle_bank_debit(books, id, true).map(|()| "debits"),
        "fail-debit" => checkout::settle_bank_debit(books, id, false).map(|()| "debits"),
        "expire" => checkout::expire(books, id).map(|_| "debits"),
        "pay-out" if payouts::pay_out(books, true).is_empty() => Err(Refused::invalid(
            None,
            "There is nothing to pay out: no currency has more coming in than going out.",
        )),
        "pay-out" => Ok("payouts"),
        "fail-payout" => payouts::fail(books, id).map(|()| "payouts"),
        "deliver-again" => webhooks::deliver_again(books, id).map(|()| "events"),
        other => Err(Refused::invalid(None, format!("There is no button called {other}."))),
    }
}

/// An amount as typed, such as `2.50`, in the minor units of the payment's currency; nothing typed is all of it.
fn amount(books: &Books, payment_id: &str, typed: Option<&str>) -> Result<Option<i64>, Refused> {
    let Some(typed) = typed.map(str::trim).filter(|typed| !typed.is_empty()) else {
        return Ok(None);
    };
    let currency = text(&books.see(payment_id), "currency").to_owned();
    let amount_minor = money::parse(typed, &currency);
    amount_minor.map(Some).ok_or_else(|| {
        Refused::invalid(None, format!("“{typed}” is not an amount in {}.", currency.to_ascii_uppercase()))
    })
}
