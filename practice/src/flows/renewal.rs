//! A subscription's later periods: renewed, failed, mended, or ended as asked.

use serde_json::{Value, json};

use crate::books::{Books, number, text};
use crate::flows::{billing, calendar, invoices, pausing, payments};
use crate::objects::billing::Period;
use crate::objects::payment::NewIntent;
use crate::{Refused, Renewal};

/// Why a later invoice of a subscription is written.
pub(crate) const CYCLE: &str = "subscription_cycle";

/// Moves a subscription one period on. The invoice's id, or `None` where the subscription ended as had been asked.
pub(crate) fn next_period(
    books: &mut Books,
    subscription: &str,
    how: Renewal,
) -> Result<Option<String>, Refused> {
    let sub = billing::living(books, subscription)?;
    if text(&sub, "status") == "paused" {
        let sentence = format!("The subscription '{subscription}' is paused and has no periods until then.");
        return Err(Refused::invalid(None, sentence));
    }
    if !sub["cancel_at"].is_null() {
        billing::end(books, subscription);
        return Ok(None);
    }
    let period = period_after(&sub);
    if let Some(behavior) = pausing::behavior(books, subscription) {
        move_items(books, &sub, period);
        return pausing::renew(books, subscription, period, &behavior).map(Some);
    }
    if how == Renewal::NotFinalized {
        move_items(books, &sub, period);
        let invoice = invoices::draft(books, subscription, CYCLE, period);
        invoices::fail_to_finalize(books, &invoice);
        return Ok(Some(invoice));
    }
    if how == Renewal::PaidOutside {
        move_items(books, &sub, period);
        let invoice = invoices::draft(books, subscription, CYCLE, period);
        invoices::finalize(books, &invoice, None);
        invoices::pay_outside(books, &invoice)?;
        return Ok(Some(invoice));
    }
    let intent = intent_for(books, &sub);
    move_items(books, &sub, period);
    let invoice = billing::issue_invoice(books, subscription, CYCLE, period, &intent);
    let method = text(&sub, "default_payment_method");
    match how {
        Renewal::Paid => {
            payments::succeed(books, &intent, method);
            billing::invoice_paid(books, &invoice);
        }
        Renewal::NeedsAction => {
            payments::ask_for_action(books, &intent, method);
            books.emit("invoice.payment_action_required", &invoice);
            billing::invoice_failed(books, &invoice);
        }
        Renewal::CardFails | Renewal::NotFinalized | Renewal::PaidOutside => {
            payments::fail(books, &intent, method);
            billing::invoice_failed(books, &invoice);
        }
    }
    Ok(Some(invoice))
}

fn intent_for(books: &mut Books, sub: &Value) -> String {
    payments::create_intent(
        books,
        &NewIntent {
            amount_minor: total_minor(sub),
            currency: text(sub, "currency"),
            customer: sub["customer"].clone(),
            metadata: json!({}),
            description: json!("Subscription update"),
            now: books.now(),
        },
    )
}

/// Makes a draft final after all, and pays it.
pub(crate) fn finalize_and_pay(books: &mut Books, invoice: &str) -> Result<(), Refused> {
    let object = books.want("invoice", invoice)?;
    let subscription = billing::subscription_of(&object).unwrap_or_default();
    let sub = billing::living(books, &subscription)?;
    if text(&object, "status") != "draft" {
        let sentence = "This invoice is already finalized, you can't re-finalize a non-draft invoice.";
        return Err(Refused::invalid(Some("invoice_not_editable"), sentence));
    }
    let intent = intent_for(books, &sub);
    invoices::finalize(books, invoice, Some(&intent));
    payments::succeed(books, &intent, text(&sub, "default_payment_method"));
    billing::invoice_paid(books, invoice);
    Ok(())
}

/// Tells of the next period's invoice some days ahead.
pub(crate) fn announce(books: &mut Books, subscription: &str) -> Result<(), Refused> {
    let sub = billing::living(books, subscription)?;
    invoices::announce(books, subscription, period_after(&sub));
    Ok(())
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
