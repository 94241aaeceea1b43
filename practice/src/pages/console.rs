//! The console. It shows payments, subscriptions, events and more, with buttons for what can happen to each.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::Value;

use crate::api::form::Params;
use crate::flows::{disputes, payments};
use crate::money;
use crate::pages::html::{render, time};
use crate::pages::page;
use crate::state::{SharedState, State, number, text};

/// The maximum number of rows in each section of the console, newest first. The events have their own limit. The
/// payouts may have one more row, for the entries that are not paid out yet.
const MAX_ROWS: usize = 50;

/// How many events the console shows by default. One gift creates about ten.
const DEFAULT_EVENTS: usize = 30;

#[derive(Template)]
#[template(path = "console.html")]
struct Page<'a> {
    account: &'a str,
    sections: Vec<Section>,
    older: Older,
}

struct Section {
    id: &'static str,
    title: &'static str,
    empty: &'static str,
    rows: Vec<Row>,
}

/// A row for one object, with its description, its status and its buttons.
struct Row {
    id: String,
    /// The description, in parts. A line may break between two parts.
    description: Vec<String>,
    status: String,
    detail: Detail,
    /// Whether the buttons have a field for an amount. The whole amount is used if the field is empty.
    takes_amount: bool,
    /// The action and the label of each button.
    buttons: Vec<(&'static str, String)>,
}

enum Detail {
    Object { at: String, more: String, id: String },
    OpenPage { at: String, id: String },
    Text(String),
}

/// Whether the page shows the events that are older than the newest [`DEFAULT_EVENTS`].
enum Older {
    None,
    /// Older events are shown. Contains [`DEFAULT_EVENTS`], for the link that hides them.
    Shown(usize),
    /// Older events are hidden. Contains the number of all events, for the link that shows them.
    Hidden(usize),
}

/// Answers `GET /console`. With `?events=all`, the page shows all events.
pub(crate) async fn show(request: HttpRequest, state: web::Data<SharedState>) -> HttpResponse {
    let all_events = Params::parse(request.query_string().as_bytes()).get("events") == Some("all");
    let state = state.open();
    let section = |id, title, empty, rows| Section { id, title, empty, rows };
    let sections = vec![
        section(
            "debits",
            "Waiting bank debits and open pages",
            "No bank debit is waiting, and no payment page is open.",
            waiting(&state),
        ),
        section("payments", "Payments", "Nobody has paid yet.", payments(&state)),
        section("subscriptions", "Subscriptions", "Nobody gives regularly yet.", subscriptions(&state)),
        section("refunds", "Refunds", "Nothing was refunded yet.", refunds(&state)),
        section("disputes", "Disputes", "Nobody has disputed a payment.", dispute_rows(&state)),
        section("payouts", "Payouts", "There is nothing to pay out yet.", payouts(&state)),
        section("events", "Events", "Nothing has happened yet.", events(&state, all_events)),
    ];
    let older = match state.events.len() {
        0..=DEFAULT_EVENTS => Older::None,
        _ if all_events => Older::Shown(DEFAULT_EVENTS),
        count => Older::Hidden(count),
    };
    page(200, render(&Page { account: &state.account_name, sections, older }))
}

impl Row {
    fn new(id: &str, description: String, status: &str, detail: Detail) -> Self {
        let (id, status) = (id.to_owned(), status.to_owned());
        Self { id, description: vec![description], status, detail, takes_amount: false, buttons: Vec::new() }
    }

    fn button(mut self, action: &'static str, label: impl Into<String>) -> Self {
        self.buttons.push((action, label.into()));
        self
    }

    /// The CSS class of the row's status.
    fn class(&self) -> &'static str {
        match self.status.as_str() {
            "succeeded" | "active" | "won" | "delivered" | "paid" => "good",
            "failed" | "declined" | "lost" | "past due" | "given up" => "bad",
            _ => "plain",
        }
    }
}

/// Formats the amount of an object, with its currency.
fn amount_text(object: &Value) -> String {
    let amount = if text(object, "object") == "checkout.session" { "amount_total" } else { "amount" };
    money::format_with_symbol(number(object, amount), text(object, "currency"))
}

fn detail(object: &Value, more: &str) -> Detail {
    let at = time(number(object, "created"));
    Detail::Object { at, more: more.to_owned(), id: text(object, "id").to_owned() }
}

fn waiting(state: &State) -> Vec<Row> {
    let mut rows = Vec::new();
    for session in state.all("checkout.session").rev() {
        let id = text(session, "id");
        let intent = state.plans.get(id).and_then(|plan| plan.payment_intent.as_deref());
        if text(session, "status") == "open" {
            let detail = Detail::OpenPage { at: time(number(session, "created")), id: id.to_owned() };
            rows.push(Row::new(id, amount_text(session), "open", detail).button("expire", "Expire"));
        } else if intent.is_some_and(|intent| payments::pending_charge(state, intent).is_some()) {
            let payer = text(&session["customer_details"], "email");
            let row = Row::new(id, amount_text(session), "processing", detail(session, payer));
            rows.push(row.button("settle", "Settle").button("fail-debit", "Fail"));
        }
    }
    rows.truncate(MAX_ROWS);
    rows
}

fn payments(state: &State) -> Vec<Row> {
    let intents = state.all("payment_intent").rev().filter(|intent| !intent["latest_charge"].is_null());
    intents.take(MAX_ROWS).map(|intent| payment(state, intent)).collect()
}

fn payment(state: &State, intent: &Value) -> Row {
    let id = text(intent, "id");
    let charge = state.copy_of(text(intent, "latest_charge"));
    let (amount, refunded) = (number(&charge, "amount"), number(&charge, "amount_refunded"));
    let succeeded = text(&charge, "status") == "succeeded";
    let status = match text(&charge, "status") {
        "failed" => "declined",
        "pending" => "processing",
        _ if charge["disputed"] == true => "disputed",
        _ if refunded == amount => "refunded",
        _ if refunded > 0 => "partly refunded",
        status => status,
    };
    let mut more = text(&charge["billing_details"], "email").to_owned();
    if refunded > 0 {
        more += &format!(" · {} refunded", money::format_with_symbol(refunded, text(&charge, "currency")));
    }
    let is_refundable = succeeded && !disputes::forbids_refund(state, text(&charge, "id"));
    let row = Row::new(id, amount_text(&charge), status, detail(intent, &more));
    if !is_refundable {
        return row;
    }
    Row { takes_amount: true, ..row }.button("refund", "Refund").button("dispute", "Dispute")
}

fn subscriptions(state: &State) -> Vec<Row> {
    state.all("subscription").rev().take(MAX_ROWS).map(|sub| subscription(state, sub)).collect()
}

fn subscription(state: &State, sub: &Value) -> Row {
    let id = text(sub, "id");
    let item = &sub["items"]["data"][0];
    let unit = text(&item["price"]["recurring"], "interval");
    let amount_minor = number(&item["price"], "unit_amount") * number(item, "quantity");
    let amount = money::format_with_symbol(amount_minor, text(sub, "currency"));
    let description = format!("{amount} every {unit}");
    let status = text(sub, "status");
    let customer = state.copy_of(text(sub, "customer"));
    let until = time(number(item, "current_period_end"));
    let mut more = format!("{} · period ends {until}", text(&customer, "email"));
    if status == "canceled" {
        return Row::new(id, description, "canceled", detail(sub, text(&customer, "email")));
    }
    let is_ending = !sub["cancel_at"].is_null();
    if is_ending {
        more += " · the subscription then ends";
    }
    let mut row = Row::new(id, description, &status.replace('_', " "), detail(sub, &more));
    row = if is_ending {
        row.button("next-period", "End the period")
    } else {
        row.button("next-period", format!("Next {unit}"))
            .button("next-period-fails", format!("Next {unit}, card fails"))
    };
    if status == "past_due" {
        row = row.button("replace-card", "Replace the card and pay");
    }
    row = row.button("cancel-now", "Cancel now");
    if is_ending { row } else { row.button("cancel-later", "Cancel at period end") }
}

fn refunds(state: &State) -> Vec<Row> {
    let refund = |refund: &Value| {
        let id = text(refund, "id");
        let status = text(refund, "status");
        let row = Row::new(id, amount_text(refund), status, detail(refund, text(refund, "payment_intent")));
        if status == "failed" { row } else { row.button("fail-refund", "Fail this refund") }
    };
    state.all("refund").rev().take(MAX_ROWS).map(refund).collect()
}

fn dispute_rows(state: &State) -> Vec<Row> {
    let dispute = |dispute: &Value| {
        let id = text(dispute, "id");
        let status = text(dispute, "status");
        let detail = detail(dispute, text(dispute, "payment_intent"));
        let row = Row::new(id, amount_text(dispute), &status.replace('_', " "), detail);
        if disputes::is_inquiry(dispute) {
            row.button("escalate", "Escalate").button("close-inquiry", "Close")
        } else if disputes::is_open(dispute) {
            row.button("win", "Win").button("lose", "Lose")
        } else {
            row
        }
    };
    state.all("dispute").rev().take(MAX_ROWS).map(dispute).collect()
}

fn payouts(state: &State) -> Vec<Row> {
    let payout = |payout: &Value| {
        let (id, status) = (text(payout, "id"), text(payout, "status"));
        let row = Row::new(id, amount_text(payout), &status.replace('_', " "), detail(payout, ""));
        if status == "failed" { row } else { row.button("fail-payout", "Fail this payout") }
    };
    let waiting = match state.balance.count_unpaid() {
        0 => None,
        count => {
            let entries = Detail::Text(format!("{count} balance transactions"));
            let row = Row::new("all", "Not paid out yet".to_owned(), "waiting", entries);
            Some(row.button("pay-out", "Pay everything out"))
        }
    };
    waiting.into_iter().chain(state.all("payout").rev().take(MAX_ROWS).map(payout)).collect()
}

fn events(state: &State, all: bool) -> Vec<Row> {
    let event = |event: &Value| {
        let id = text(event, "id");
        let attempts: Vec<_> = state.deliveries.iter().filter(|delivery| delivery.event_id == id).collect();
        let status = match attempts.last() {
            None if state.given_up.contains(id) => "lost",
            None if number(event, "pending_webhooks") == 0 => "not sent",
            None => "waiting",
            Some(last) if last.is_accepted() => "delivered",
            Some(_) if state.given_up.contains(id) => "given up",
            Some(_) => "tried",
        };
        let responses: Vec<String> = attempts
            .iter()
            .map(|delivery| {
                delivery.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string())
            })
            .collect();
        // A long event type may break after its dots.
        let description = text(event, "type").split_inclusive('.').map(str::to_owned).collect();
        let row = Row::new(id, String::new(), status, detail(event, &responses.join(", ")));
        let row = Row { description, ..row };
        if state.webhook_url.is_some() { row.button("deliver-again", "Deliver again") } else { row }
    };
    let shown = if all { state.events.len() } else { DEFAULT_EVENTS };
    state.events.iter().rev().take(shown).map(event).collect()
}
