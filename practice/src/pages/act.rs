//! Carries out the actions of the console's buttons.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::api::form::Params;
use crate::flows::{billing, checkout, disputes, payouts, refunds};
use crate::pages::html::message;
use crate::pages::{is_own_form, page, reject_foreign_form, see_other};
use crate::state::{SharedState, State, text};
use crate::{Outcome, Refused, Renewal, money, webhooks};

/// Answers `POST /console/do`: carries out the action of one button, then redirects to the console.
pub(crate) async fn act(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<SharedState>,
) -> HttpResponse {
    if !is_own_form(&request) {
        return reject_foreign_form();
    }
    let params = Params::parse(&body);
    let mut state = state.open();
    match carry_out(&mut state, &params) {
        Ok(section) => see_other(&format!("/console#{section}")),
        Err(refused) => page(refused.status, message("That did not work", &refused.message)),
    }
}

/// Carries out the action of one button. Returns the id of the section of the console to show next.
fn carry_out(state: &mut State, params: &Params) -> Result<&'static str, Refused> {
    let id = params.require("id")?;
    match params.require("action")? {
        "refund" => {
            let amount_minor = amount(state, id, params.get("amount"))?;
            refunds::refund(state, id, amount_minor, &refunds::RefundDetails::default())?;
            Ok("payments")
        }
        "fail-refund" => refunds::fail(state, id).map(|()| "refunds"),
        "dispute" => {
            let amount_minor = amount(state, id, params.get("amount"))?;
            disputes::open(state, id, amount_minor)?;
            Ok("disputes")
        }
        "win" => disputes::close(state, id, Outcome::Won).map(|()| "disputes"),
        "escalate" => disputes::escalate(state, id).map(|()| "disputes"),
        "close-inquiry" => disputes::close(state, id, Outcome::WarningClosed).map(|()| "disputes"),
        "lose" => disputes::close(state, id, Outcome::Lost).map(|()| "disputes"),
        "next-period" => billing::next_period(state, id, Renewal::Paid).map(|_| "subscriptions"),
        "next-period-fails" => billing::next_period(state, id, Renewal::CardFails).map(|_| "subscriptions"),
        "replace-card" => billing::pay_open_invoice(state, id).map(|()| "subscriptions"),
        "cancel-now" => billing::cancel_now(state, id).map(|()| "subscriptions"),
        "cancel-later" => billing::cancel_later(state, id, false).map(|()| "subscriptions"),
        "settle" => checkout::settle_bank_debit(state, id, true).map(|()| "debits"),
        "fail-debit" => checkout::settle_bank_debit(state, id, false).map(|()| "debits"),
        "expire" => checkout::expire(state, id).map(|_| "debits"),
        "pay-out" if payouts::pay_out(state, true).is_empty() => {
            Err(Refused::invalid(None, "There is nothing to pay out: no currency has a positive balance."))
        }
        "pay-out" => Ok("payouts"),
        "fail-payout" => payouts::fail(state, id).map(|()| "payouts"),
        "deliver-again" => webhooks::deliver_again(state, id).map(|()| "events"),
        other => Err(Refused::invalid(None, format!("The console has no action called {other}."))),
    }
}

/// Parses a typed amount, such as `2.50`, in the currency of the payment. Returns minor units. Returns `None` for an
/// empty field, which stands for the full amount.
fn amount(state: &State, payment_id: &str, typed: Option<&str>) -> Result<Option<i64>, Refused> {
    let Some(typed) = typed.map(str::trim).filter(|typed| !typed.is_empty()) else {
        return Ok(None);
    };
    let currency = text(&state.copy_of(payment_id), "currency").to_owned();
    let amount_minor = money::parse(typed, &currency);
    amount_minor.map(Some).ok_or_else(|| {
        Refused::invalid(None, format!("“{typed}” is not an amount in {}.", currency.to_ascii_uppercase()))
    })
}
