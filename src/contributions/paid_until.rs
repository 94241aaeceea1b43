//! The end of the paid period of a recurring contribution.

use std::collections::BTreeMap;

use super::gift_facts::GiftFacts;
use super::movements::{ReceivedPayment, ReversedAmounts};
use super::{Frequency, Period, SubscriptionFact};

/// A pro-rata refund may be too small by up to the price divided by this number (a twentieth of the price). Staff round
/// these refunds to days or cents.
const PRORATION_TOLERANCE: i128 = 20;

/// The end of the paid period, in seconds since 1970. `None` if no payment was retained.
///
/// A fully reversed payment pays for no period. A partial reversal usually does not change the period. There is
/// one exception: if the subscription ended early and the refund covers the remaining time, the paid period ends with
/// the subscription.
pub(super) fn paid_until_s(
    gift_facts: &GiftFacts<'_>,
    frequency: Frequency,
    payments: &BTreeMap<String, ReceivedPayment>,
    reversed_amounts: &BTreeMap<&str, ReversedAmounts>,
) -> Option<i64> {
    let ends = payments.values().filter_map(|payment| {
        let reversed_minor =
            reversed_amounts.get(payment.object.as_str()).map_or(0, ReversedAmounts::net_minor);
        if reversed_minor >= payment.money.amount_minor {
            return None;
        }
        let period = period_of(gift_facts, frequency, payment)?;
        let ended_at_s = own_subscription(gift_facts, payment).and(gift_facts.ended_at_s());
        let is_prorated = |ended_at_s: &i64| refund_covers_rest(period, *ended_at_s, reversed_minor, payment);
        Some(ended_at_s.filter(is_prorated).unwrap_or(period.end_s))
    });
    ends.max()
}

/// The deciding subscription, if the payment belongs to it. A contribution has several subscriptions if staff created a
/// new one.
fn own_subscription<'a>(
    gift_facts: &GiftFacts<'a>,
    payment: &ReceivedPayment,
) -> Option<&'a SubscriptionFact> {
    gift_facts.subscription.filter(|it| payment.subscription.as_deref().is_none_or(|id| id == it.id))
}

/// The period that one payment pays for: the period of its invoice, otherwise the subscription's current period if it
/// contains the payment, otherwise one interval from the payment.
fn period_of(gift_facts: &GiftFacts<'_>, frequency: Frequency, payment: &ReceivedPayment) -> Option<Period> {
    let invoice = gift_facts.invoices.iter().find(|invoice| invoice.id == payment.object);
    if let Some(period) = invoice.and_then(|invoice| invoice.period) {
        return Some(period);
    }
    let start_s = invoice.and_then(|invoice| invoice.created_at_s).or(payment.at_s)?;
    let current = own_subscription(gift_facts, payment).and_then(|it| it.period).map(|newest| newest.value);
    if let Some(period) = current.filter(|period| (period.start_s..period.end_s).contains(&start_s)) {
        return Some(period);
    }
    Some(Period { end_s: frequency.end_of_interval_s(start_s)?, start_s })
}

/// Whether the refund covers the part of the period that remained when the subscription ended.
fn refund_covers_rest(
    period: Period,
    ended_at_s: i64,
    reversed_minor: i64,
    payment: &ReceivedPayment,
) -> bool {
    let length_s = i128::from(period.end_s.saturating_sub(period.start_s));
    let rest_s = i128::from(period.end_s.saturating_sub(ended_at_s));
    if reversed_minor <= 0 || rest_s <= 0 || length_s <= 0 {
        return false;
    }
    let price_minor = i128::from(payment.money.amount_minor);
    // This compares the refund plus the tolerance with the remaining part of the price. Both sides are multiplied by
    // `PRORATION_TOLERANCE` and by the length of the period, so that nothing is divided.
    let tolerated_minor = i128::from(reversed_minor) * PRORATION_TOLERANCE + price_minor;
    tolerated_minor * length_s >= price_minor * rest_s.min(length_s) * PRORATION_TOLERANCE
}
