//! A subscription's later periods: renewed, failed, mended, or ended as asked.

use serde_json::{Value, json};

use crate::Refused;
use crate::books::{Books, number, text};
use crate::flows::{billing, calendar, payments};
use crate::objects::billing::Period;
use crate::objects::payment::NewIntent;

/// Moves a subscription one period on. The invoice's id, or `None` where the subscription ended as had been asked.
pub(crate) fn next_period(
    books: &mut Books,
    subscription: &str,
    ok: bool,
) -> Result<Option<String>, Refused> {
    let sub = billing::living(books, subscription)?;
    if !sub["cancel_at"].is_null() {
        billing::end(books, subscription);
        return Ok(None);
    }
    let period = period_after(&sub);
    let intent = payments::create_intent(
        books,
        &NewIntent {
            amount_minor: total_minor(&sub),
            currency: text(&sub, "currency"),
            customer: sub["customer"].clone(),
            metadata: json!({}),
            description: json!("Subscription update"),
            now: books.now(),
        },
    );
    move_items(books, &sub, period);
    let invoice = billing::issue_invoice(books, subscription, "subscription_cycle", period, &intent);
    let method = text(&sub, "default_payment_method");
    if ok {
        payments::succeed(books, &intent, method);
        billing::invoice_paid(books, &invoice);
    } else {
        payments::fail(books, &intent, method);
        billing::invoice_failed(books, &invoice);
    }
    Ok(Some(invoice))
}

/// Pays the newest open invoice of a subscription.
pub(crate) fn pay_open_invoice(books: &mut Books, subscription: &str) -> Result<(), Refused> {
    let sub = billing::living(books, subscription)?;
    let invoice = text(&sub, "latest_invoice").to_owned();
    let intent = billing::intent_of(books, &invoice);
    let waiting = text(&books.see(&invoice), "status") == "open";
    let Some(intent) = intent.filter(|intent| waiting && payments::pending_charge(books, intent).is_none())
    else {
        return Err(Refused::invalid(
            None,
            "This subscription has no open invoice whose card could be mended.",
        ));
    };
    payments::succeed(books, &intent, text(&sub, "default_payment_method"));
    billing::invoice_paid(books, &invoice);
    Ok(())
}

fn period_after(sub: &Value) -> Period {
    let item = &sub["items"]["data"][0];
    let recurring = &item["price"]["recurring"];
    let start = number(item, "current_period_end");
    let count = number(recurring, "interval_count").max(1);
    let end =
        calendar::next_end(number(sub, "billing_cycle_anchor"), start, text(recurring, "interval"), count);
    Period { start, end }
}

fn total_minor(sub: &Value) -> i64 {
    let items = sub["items"]["data"].as_array();
    items
        .into_iter()
        .flatten()
        .map(|item| number(&item["price"], "unit_amount") * number(item, "quantity"))
        .sum()
}

/// The period ends are on the items; the subscription itself has none.
fn move_items(books: &mut Books, sub: &Value, period: Period) {
    let mut items = sub["items"].clone();
    for item in items["data"].as_array_mut().into_iter().flatten() {
        item["current_period_start"] = json!(period.start);
        item["current_period_end"] = json!(period.end);
    }
    let id = text(sub, "id");
    let before = books.set(id, json!({ "items": items }));
    books.emit_change("customer.subscription.updated", id, before);
}
