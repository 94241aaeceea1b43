//! The console: every payment, subscription and event of the stand-in, with a button for what may befall it.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use crate::api::form::Params;
use crate::flows::{disputes, payments};
use crate::money;
use crate::pages::html::{escape, frame, time};
use crate::pages::page;
use crate::state::{SharedState, State, number, text};

/// How many of each kind the console shows, newest first.
const SHOWN: usize = 50;

/// How many events the console shows before it is asked for all of them: one gift alone makes about ten.
const EVENTS_SHOWN: usize = 30;

/// `GET /console`; with `?events=all` every event is shown.
pub(crate) async fn show(request: HttpRequest, state: web::Data<SharedState>) -> HttpResponse {
    let all_events = Params::parse(request.query_string().as_bytes()).get("events") == Some("all");
    let state = state.open();
    let body = format!(
        "<main class=\"wide\">\n<h1>Practice console</h1>\n\
         <p class=\"lead\">What {account} would see at its payment service, and what it could meet there.</p>\n\
         {}\n{}\n{}\n{}\n{}\n{}\n{}\n{more}</main>",
        section(
            "debits",
            "Waiting bank debits and open pages",
            "No bank debit is waiting, and no payment page is open.",
            waiting(&state)
        ),
        section("payments", "Payments", "Nobody has paid yet.", payments(&state)),
        section("subscriptions", "Subscriptions", "Nobody gives regularly yet.", subscriptions(&state)),
        section("refunds", "Refunds", "Nothing was refunded yet.", refunds(&state)),
        section("disputes", "Disputes", "Nobody has disputed a payment.", objections(&state)),
        section("payouts", "Payouts", "There is nothing to pay out yet.", payouts(&state)),
        section("events", "Events", "Nothing has happened yet.", events(&state, all_events)),
        more = more_events(&state, all_events),
        account = escape(&state.account_name),
    );
    page(200, frame("Console", "console", &body))
}

fn section(id: &str, title: &str, empty: &str, rows: Vec<String>) -> String {
    let inner = if rows.is_empty() {
        format!("<p class=\"empty\">{empty}</p>")
    } else {
        format!("<ul class=\"rows\">{}</ul>", rows.concat())
    };
    format!("<section id=\"{id}\"><h2>{title}</h2>{inner}</section>")
}

/// One row: what it is, how it stands, and its buttons. `what` and `detail` are HTML, escaped by the caller.
fn row(id: &str, what: &str, status: &str, detail: &str, buttons: &str) -> String {
    let class = match status {
        "succeeded" | "active" | "won" | "taken" | "paid" => "good",
        "failed" | "declined" | "lost" | "past due" | "given up" => "bad",
        _ => "plain",
    };
    format!(
        "<li data-row=\"{id}\"><div class=\"about\"><p><b>{what}</b> <span class=\"state {class}\" data-state=\"{status}\">{status}</span></p>\
         <p class=\"detail\">{detail}</p></div>{}</li>",
        if buttons.is_empty() { String::new() } else { format!("<div class=\"buttons\">{buttons}</div>") },
        id = escape(id),
    )
}

fn button(action: &str, id: &str, label: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/console/do\"><input type=\"hidden\" name=\"id\" value=\"{id}\">\
         <button name=\"action\" value=\"{action}\" data-action=\"{action}\" data-id=\"{id}\">{label}</button></form>",
        id = escape(id)
    )
}

/// Two buttons that share an amount, left empty for all of it.
fn amount_buttons(id: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/console/do\" class=\"amount\"><input type=\"hidden\" name=\"id\" value=\"{id}\">\
         <input name=\"amount\" inputmode=\"decimal\" placeholder=\"all of it\" aria-label=\"Amount, empty for all of it\" data-amount=\"{id}\">\
         <button name=\"action\" value=\"refund\" data-action=\"refund\" data-id=\"{id}\">Refund</button>\
         <button name=\"action\" value=\"dispute\" data-action=\"dispute\" data-id=\"{id}\">Dispute</button></form>",
        id = escape(id)
    )
}

fn sum(object: &Value) -> String {
    let amount = if text(object, "object") == "checkout.session" { "amount_total" } else { "amount" };
    escape(&money::shown(number(object, amount), text(object, "currency")))
}

fn detail(object: &Value, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!(" · {}", escape(more)) };
    format!("{}{more} · <code>{}</code>", time(number(object, "created")), escape(text(object, "id")))
}

fn waiting(state: &State) -> Vec<String> {
    let mut rows = Vec::new();
    for session in state.all("checkout.session").rev() {
        let id = text(session, "id");
        let intent = state.plans.get(id).and_then(|plan| plan.payment_intent.as_deref());
        if text(session, "status") == "open" {
            let link =
                format!("{} · <a href=\"/pay/{id}\">payment page</a>", time(number(session, "created")));
            rows.push(row(id, &sum(session), "open", &link, &button("expire", id, "Expire")));
        } else if intent.is_some_and(|intent| payments::pending_charge(state, intent).is_some()) {
            let buttons = button("settle", id, "Settle") + &button("fail-debit", id, "Fail");
            let payer = text(&session["customer_details"], "email");
            rows.push(row(id, &sum(session), "processing", &detail(session, payer), &buttons));
        }
    }
    rows.truncate(SHOWN);
    rows
}

fn payments(state: &State) -> Vec<String> {
    let intents = state.all("payment_intent").rev().filter(|intent| !intent["latest_charge"].is_null());
    intents.take(SHOWN).map(|intent| payment(state, intent)).collect()
}

fn payment(state: &State, intent: &Value) -> String {
    let id = text(intent, "id");
    let charge = state.see(text(intent, "latest_charge"));
    let (amount, back) = (number(&charge, "amount"), number(&charge, "amount_refunded"));
    let succeeded = text(&charge, "status") == "succeeded";
    let status = match text(&charge, "status") {
        "failed" => "declined",
        "pending" => "processing",
        _ if charge["disputed"] == true => "disputed",
        _ if back == amount => "refunded",
        _ if back > 0 => "partly refunded",
        status => status,
    };
    let mut more = text(&charge["billing_details"], "email").to_owned();
    if back > 0 {
        more += &format!(" · {} given back", money::shown(back, text(&charge, "currency")));
    }
    let refundable = succeeded && !disputes::forbids_refund(state, text(&charge, "id"));
    let buttons = if refundable { amount_buttons(id) } else { String::new() };
    row(id, &sum(&charge), status, &detail(intent, &more), &buttons)
}

fn subscriptions(state: &State) -> Vec<String> {
    state.all("subscription").rev().take(SHOWN).map(|sub| subscription(state, sub)).collect()
}

fn subscription(state: &State, sub: &Value) -> String {
    let id = text(sub, "id");
    let item = &sub["items"]["data"][0];
    let unit = text(&item["price"]["recurring"], "interval");
    let amount =
        money::shown(number(&item["price"], "unit_amount") * number(item, "quantity"), text(sub, "currency"));
    let what = escape(&format!("{amount} every {unit}"));
    let status = text(sub, "status");
    let customer = state.see(text(sub, "customer"));
    let until = time(number(item, "current_period_end"));
    let mut more = format!("{} · period ends {until}", text(&customer, "email"));
    if status == "canceled" {
        return row(id, &what, "canceled", &detail(sub, text(&customer, "email")), "");
    }
    let ending = !sub["cancel_at"].is_null();
    if ending {
        more += " · ends then";
    }
    let mut buttons = if ending {
        button("next-month", id, "End the period")
    } else {
        button("next-month", id, &format!("Next {unit}"))
            + &button("next-month-fails", id, &format!("Next {unit}, card fails"))
    };
    if status == "past_due" {
        buttons += &button("mend-card", id, "Mend the card");
    }
    buttons += &button("cancel-now", id, "Cancel now");
    if !ending {
        buttons += &button("cancel-later", id, "Cancel at period end");
    }
    row(id, &what, &status.replace('_', " "), &detail(sub, &more), &buttons)
}

fn refunds(state: &State) -> Vec<String> {
    let refund = |refund: &Value| {
        let id = text(refund, "id");
        let failed = text(refund, "status") == "failed";
        let buttons = if failed { String::new() } else { button("fail-refund", id, "Fail this refund") };
        row(
            id,
            &sum(refund),
            text(refund, "status"),
            &detail(refund, text(refund, "payment_intent")),
            &buttons,
        )
    };
    state.all("refund").rev().take(SHOWN).map(refund).collect()
}

fn objections(state: &State) -> Vec<String> {
    let dispute = |dispute: &Value| {
        let id = text(dispute, "id");
        let status = text(dispute, "status");
        let buttons = if disputes::is_inquiry(dispute) {
            button("escalate", id, "Escalate") + &button("close-inquiry", id, "Close")
        } else if disputes::is_open(dispute) {
            button("win", id, "Win") + &button("lose", id, "Lose")
        } else {
            String::new()
        };
        row(
            id,
            &sum(dispute),
            &status.replace('_', " "),
            &detail(dispute, text(dispute, "payment_intent")),
            &buttons,
        )
    };
    state.all("dispute").rev().take(SHOWN).map(dispute).collect()
}

fn payouts(state: &State) -> Vec<String> {
    let payout = |payout: &Value| {
        let (id, status) = (text(payout, "id"), text(payout, "status"));
        let buttons =
            if status == "failed" { String::new() } else { button("fail-payout", id, "Fail this payout") };
        row(id, &sum(payout), &status.replace('_', " "), &detail(payout, ""), &buttons)
    };
    let waiting = match state.balance.count_unpaid() {
        0 => None,
        count => {
            let entries = format!("{count} balance transactions");
            let button = button("pay-out", "all", "Pay all of it out");
            Some(row("all", "Not paid out yet", "waiting", &entries, &button))
        }
    };
    waiting.into_iter().chain(state.all("payout").rev().take(SHOWN).map(payout)).collect()
}

fn events(state: &State, all: bool) -> Vec<String> {
    let event = |event: &Value| {
        let id = text(event, "id");
        let tries: Vec<_> = state.deliveries.iter().filter(|delivery| delivery.event_id == id).collect();
        let status = match tries.last() {
            None if state.given_up.contains(id) => "lost",
            None if number(event, "pending_webhooks") == 0 => "kept here",
            None => "waiting",
            Some(last) if last.taken() => "taken",
            Some(_) if state.given_up.contains(id) => "given up",
            Some(_) => "tried",
        };
        let answers: Vec<String> = tries
            .iter()
            .map(|delivery| {
                delivery.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string())
            })
            .collect();
        let again = if state.webhook_url.is_some() {
            button("deliver-again", id, "Deliver again")
        } else {
            String::new()
        };
        // A name of many words may break at its dots.
        let name = escape(text(event, "type")).replace('.', ".<wbr>");
        row(id, &name, status, &detail(event, &answers.join(", ")), &again)
    };
    let shown = if all { state.events.len() } else { EVENTS_SHOWN };
    state.events.iter().rev().take(shown).map(event).collect()
}

/// The way to the older events, or back.
fn more_events(state: &State, all: bool) -> String {
    match state.events.len() {
        0..=EVENTS_SHOWN => String::new(),
        _ if all => {
            format!("<p class=\"more\"><a href=\"/console#events\">Only the newest {EVENTS_SHOWN}</a></p>\n")
        }
        count => {
            format!("<p class=\"more\"><a href=\"/console?events=all#events\">All {count} events</a></p>\n")
        }
    }
}
