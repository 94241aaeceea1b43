//! Reads how an invoice was paid: through Stripe, or outside it.
//!
//! Until API version basil (2025), an invoice says this itself: in `paid_out_of_band`, and in the payment intent or
//! charge. Since basil, the invoice in an event has neither. `payments` (and `amount_paid_off_stripe`) must then be
//! requested.

use super::field::{BadShape, Object};
use crate::contributions::InvoicePaymentFact;
use crate::money::Money;

/// Stripe's automatic attempt succeeds within this many seconds after the invoice is finalized. Nobody marks an
/// invoice as paid by hand that fast.
const MAX_AUTOMATIC_DELAY_S: i64 = 60;

/// How an invoice was paid.
#[derive(Default)]
pub struct Collection {
    pub paid: Option<Money>,
    pub outside: Option<Money>,
    pub through_stripe: bool,
    pub marked_outside: bool,
    pub collected_at_once: bool,
    pub never_attempted: bool,
}

/// Reads how a paid invoice was paid.
pub fn read_collection(it: Object<'_>) -> Result<Collection, BadShape> {
    let flag = if it.value.get("paid_out_of_band").is_some_and(|it| !it.is_null()) {
        Some(it.yes("paid_out_of_band")?)
    } else {
        None
    };
    let marked_outside = flag == Some(true);
    let counted = it.money("amount_paid")?.filter(|money| money.amount_minor > 0);
    if counted.is_none() && !marked_outside {
        it.needed_money("amount_paid")?;
    }
    // An amount that was paid outside Stripe does not always count as paid. If `amount_paid` is 0 and
    // `paid_out_of_band` is not false, the amount due counts.
    let uncounted = if counted.is_none() && flag != Some(false) { it.money("amount_due")? } else { None };
    let uncounted = uncounted.filter(|money| money.amount_minor > 0);
    let paid = counted.or(uncounted);
    let named = it.reference("payment_intent")?.or(it.reference("charge")?).is_some();
    let list = listed(it, paid)?;
    let off_stripe = it.money("amount_paid_off_stripe")?;
    let silent = flag.is_none() && !named && off_stripe.is_none() && matches!(list, Listed::Nothing);
    let attempts = it.whole("attempt_count")?;
    Ok(Collection {
        paid,
        outside: off_stripe.or(match list {
            Listed::Outside(money) => Some(money),
            _ => uncounted.filter(|_| !marked_outside),
        }),
        through_stripe: flag == Some(false) || (flag.is_none() && named) || matches!(list, Listed::ByStripe),
        marked_outside,
        collected_at_once: silent && attempts.is_some_and(|attempts| attempts > 0) && paid_at_once(it)?,
        never_attempted: silent
            && attempts.unwrap_or(0) == 0
            && !(attempts.is_none() && it.yes("attempted")?),
    })
}

fn paid_at_once(it: Object<'_>) -> Result<bool, BadShape> {
    let Some(transitions) = it.child("status_transitions")? else { return Ok(false) };
    let times = transitions.time("finalized_at")?.zip(transitions.time("paid_at")?);
    let sent = it.text("collection_method")? == Some("send_invoice");
    Ok(!sent
        && times.is_some_and(|(finalized, paid)| (0..=MAX_AUTOMATIC_DELAY_S).contains(&(paid - finalized))))
}

/// What an invoice's list of payments says.
enum Listed {
    Nothing,
    /// A payment intent or charge paid the invoice. The amount is not given.
    ByStripe,
    /// The amount that was paid outside Stripe; 0 if nothing was.
    Outside(Money),
}

fn listed(it: Object<'_>, paid: Option<Money>) -> Result<Listed, BadShape> {
    let (Some(list), Some(paid)) = (it.child("payments")?, paid) else { return Ok(Listed::Nothing) };
    let (mut by_stripe_minor, mut whole) = (0_i64, !list.yes("has_more")?);
    for entry in it.list("payments")? {
        let by_stripe = !paid_by_of(entry)?.is_empty();
        match (entry.text("status")?, entry.money("amount_paid")?) {
            (Some("paid"), Some(part)) if by_stripe => {
                by_stripe_minor = by_stripe_minor.saturating_add(part.amount_minor);
            }
            (Some("paid") | None, None) if by_stripe => return Ok(Listed::ByStripe),
            (Some(_), _) => {}
            (None, _) => whole = false,
        }
    }
    if !whole {
        return Ok(Listed::Nothing);
    }
    let amount_minor = paid.amount_minor.saturating_sub(by_stripe_minor).max(0);
    Ok(Listed::Outside(Money { amount_minor, ..paid }))
}

pub fn read_invoice_payment(it: Object<'_>, event: &str) -> Result<InvoicePaymentFact, BadShape> {
    let is_paid = it.text("status")? == Some("paid") || event == "invoice_payment.paid";
    Ok(InvoicePaymentFact {
        id: it.id()?,
        invoice: it.reference("invoice")?,
        paid_by: paid_by_of(it)?,
        is_paid,
        paid: if is_paid { it.money("amount_paid")? } else { None },
    })
}

/// Returns the payment intent and charge of an invoice's payment. Returns nothing for a payment outside Stripe.
pub fn paid_by_of(invoice_payment: Object<'_>) -> Result<Vec<String>, BadShape> {
    let Some(payment) = invoice_payment.child("payment")? else { return Ok(Vec::new()) };
    let named = [payment.reference("charge")?, payment.reference("payment_intent")?];
    let mut paid_by: Vec<String> = named.into_iter().flatten().collect();
    paid_by.sort();
    paid_by.dedup();
    Ok(paid_by)
}
