//! Reads subscriptions: their amount, interval and period.

use super::field::{BadShape, Object, is_amount};
use super::metadata;
use crate::contributions::{
    Frequency, IntervalUnit, Latest, Newest, Period, SubscriptionFact, SubscriptionState, Terms,
};
use crate::money::Money;

/// Reads a subscription.
///
/// # Errors
/// A required field has an unknown form.
pub fn read_subscription(it: Object<'_>, at_s: i64) -> Result<SubscriptionFact, BadShape> {
    let state = match it.text("status")?.ok_or(it.bad("status"))? {
        "incomplete" => SubscriptionState::Incomplete,
        "incomplete_expired" => SubscriptionState::IncompleteExpired,
        "trialing" => SubscriptionState::Trialing,
        "active" => SubscriptionState::Active,
        "past_due" => SubscriptionState::PastDue,
        "unpaid" => SubscriptionState::Unpaid,
        "paused" => SubscriptionState::Paused,
        "canceled" => SubscriptionState::Canceled,
        _ => SubscriptionState::Other,
    };
    let newest = |value| Newest { reported_at_s: at_s, value };
    Ok(SubscriptionFact {
        id: it.id()?,
        latest: Latest { state, reported_at_s: at_s },
        created_at_s: it.time("created")?,
        origin: metadata::read(it)?,
        customer: it.reference("customer")?,
        terms: terms(it)?.map(newest),
        period: current_period(it)?.map(|value| Newest { reported_at_s: at_s, value }),
        ended_at_s: it.time("ended_at")?,
        changes: Vec::new(),
        cancelled_on_request: state == SubscriptionState::Canceled && was_requested(it),
    })
}

/// Whether a canceled subscription was canceled on request. API versions before 2023 give no reason, but show whether
/// the end was scheduled.
fn was_requested(it: Object<'_>) -> bool {
    match it.value.get("cancellation_details") {
        Some(details) => details.get("reason").is_some_and(|reason| reason == "cancellation_requested"),
        None => is_cancel_scheduled(it),
    }
}

/// Whether the subscription's end is scheduled. With flexible billing, only `cancel_at` is set.
pub(super) fn is_cancel_scheduled(it: Object<'_>) -> bool {
    let field = |name| it.value.get(name).unwrap_or(&serde_json::Value::Null);
    !field("cancel_at").is_null() || field("cancel_at_period_end") == true
}

/// Returns the total and the interval of a subscription's items. If their intervals differ, the result is marked as
/// `mixed`. Returns `None` if an item's price can't be expressed in whole minor units, if an interval is unknown, or if
/// the currencies differ.
pub(super) fn terms(it: Object<'_>) -> Result<Option<Terms>, BadShape> {
    let mut sum: Option<Terms> = None;
    for item in it.list("items")? {
        let Some(price) = item.expanded("price")?.or(item.expanded("plan")?) else { return Ok(None) };
        let Some((interval, interval_count)) = interval(price)? else { return Ok(None) };
        let field = if price.value.get("unit_amount").is_some() { "unit_amount" } else { "amount" };
        let Some(unit) = price.money(field)? else { return Ok(None) };
        let quantity = item.integer("quantity")?.unwrap_or(1);
        let item_minor = unit.amount_minor.checked_mul(quantity).ok_or(item.bad("quantity"))?;
        if sum.is_some_and(|known| known.price.currency != unit.currency) {
            return Ok(None);
        }
        let before = sum.map_or(0, |known| known.price.amount_minor);
        let amount_minor = before.checked_add(item_minor).filter(|total| quantity >= 0 && is_amount(*total));
        let amount_minor = amount_minor.ok_or(item.bad("quantity"))?;
        let price = Money { amount_minor, currency: unit.currency };
        let item_interval = (interval, interval_count);
        let interval_so_far = sum.map(|known| (known.interval, known.interval_count));
        let mixed = sum.is_some_and(|known| known.mixed)
            || interval_so_far.is_some_and(|known| known != item_interval);
        let (interval, interval_count) =
            interval_so_far.map_or(item_interval, |known| known.min(item_interval));
        sum = Some(Terms { interval, interval_count, price, mixed });
    }
    Ok(sum)
}

/// Returns the interval of a price. A price contains it under `recurring`; a plan contains it next to the amount.
fn interval(price: Object<'_>) -> Result<Option<(IntervalUnit, u32)>, BadShape> {
    let recurring = price.child("recurring")?.unwrap_or(price);
    let count = recurring.integer("interval_count")?.unwrap_or(1);
    let frequency = recurring.text("interval")?.and_then(|unit| Frequency::parse(unit, count));
    Ok(match frequency {
        Some(Frequency::Every { unit, count }) => Some((unit, count)),
        Some(Frequency::Once | Frequency::Mixed) | None => None,
    })
}

/// Returns the current period. Before API version basil (2025), the subscription has one; since basil, each item has
/// its own. If there are several, the period that ends last counts.
fn current_period(it: Object<'_>) -> Result<Option<Period>, BadShape> {
    let mut periods = vec![period(it, "current_period_start", "current_period_end")?];
    for item in it.list("items")? {
        periods.push(period(item, "current_period_start", "current_period_end")?);
    }
    Ok(periods.into_iter().flatten().max())
}

/// Returns the period that begins and ends at the times in two fields. `start` and `end` are the names of the fields.
/// Returns `None` if one of the times is missing, or if the period has no length.
fn period(it: Object<'_>, start: &'static str, end: &'static str) -> Result<Option<Period>, BadShape> {
    let (start_s, end_s) = (it.time(start)?, it.time(end)?);
    let period = start_s.zip(end_s).map(|(start_s, end_s)| Period { end_s, start_s });
    Ok(period.filter(|period| period.start_s < period.end_s))
}

/// Returns the period that an invoice charges for. Each line of the invoice has a period, and the one that ends last
/// counts. Lines that credit unused time don't count.
///
/// # Errors
/// See [`read_subscription`].
pub fn invoice_period(invoice: Object<'_>) -> Result<Option<Period>, BadShape> {
    let mut periods = Vec::new();
    for line in invoice.list("lines")? {
        if line.signed("amount")?.is_some_and(|amount| amount > 0)
            && let Some(line_period) = line.child("period")?
        {
            periods.push(period(line_period, "start", "end")?);
        }
    }
    Ok(periods.into_iter().flatten().max())
}
