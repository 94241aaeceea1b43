//! Reads how an invoice was paid: through Stripe, or outside it.
//!
//! Before API version basil (2025), an invoice says this itself: in `paid_out_of_band`, and in the payment intent or
//! charge that it names. Since basil, the invoice in an event has none of these. The fields `payments` and
//! `amount_paid_off_stripe` replace them, but Stripe sends these two only on request.

use super::field::{BadShape, Object};
use crate::contributions::InvoicePaymentFact;
use crate::money::Money;

/// If an invoice is paid within this many seconds after it is finalized, Stripe's automatic attempt paid it. Nobody
/// marks an invoice as paid by hand that fast.
const MAX_AUTOMATIC_DELAY_S: i64 = 60;

/// How an invoice was paid.
#[derive(Default)]
pub struct Collection {
    /// The total paid, through Stripe or outside it.
    pub paid: Option<Money>,
    /// The part that was paid outside Stripe, if Stripe says how much.
    pub outside: Option<Money>,
    /// Whether the invoice says that Stripe moved the money.
    pub through_stripe: bool,
    /// Whether somebody marked the invoice as paid outside Stripe.
    pub marked_outside: bool,
    /// Whether Stripe's own attempt paid the invoice within a minute of its finalization.
    pub collected_at_once: bool,
    /// Whether the invoice was paid although Stripe had never tried to collect it.
    pub never_attempted: bool,
}

/// Reads how a paid invoice was paid.
pub fn read_collection(it: Object<'_>) -> Result<Collection, BadShape> {
    let out_of_band = if it.value.get("paid_out_of_band").is_some_and(|value| !value.is_null()) {
        Some(it.is_true("paid_out_of_band")?)
    } else {
        None
    };
    let marked_outside = out_of_band == Some(true);
    let amount_paid = it.money("amount_paid")?.filter(|money| money.amount_minor > 0);
    if amount_paid.is_none() && !marked_outside {
        it.required_money("amount_paid")?;
    }
    // Stripe does not always include in `amount_paid` what was paid outside Stripe. If `amount_paid` is 0 and
    // `paid_out_of_band` is not false, `amount_due` is used instead.
    let amount_due =
        if amount_paid.is_none() && out_of_band != Some(false) { it.money("amount_due")? } else { None };
    let amount_due = amount_due.filter(|money| money.amount_minor > 0);
    let paid = amount_paid.or(amount_due);
    let names_payment = it.reference("payment_intent")?.or(it.reference("charge")?).is_some();
    let list = read_payments_list(it, paid)?;
    let off_stripe = it.money("amount_paid_off_stripe")?;
    // The invoice does not say whether it was paid through Stripe or outside it.
    let is_undetermined = out_of_band.is_none()
        && !names_payment
        && off_stripe.is_none()
        && matches!(list, PaymentsList::Nothing);
    let attempts = it.integer("attempt_count")?;
    Ok(Collection {
        paid,
        outside: off_stripe.or(match list {
            PaymentsList::Outside(money) => Some(money),
            _ => amount_due.filter(|_| !marked_outside),
        }),
        through_stripe: out_of_band == Some(false)
            || (out_of_band.is_none() && names_payment)
            || matches!(list, PaymentsList::ByStripe),
        marked_outside,
        collected_at_once: is_undetermined
            && attempts.is_some_and(|attempts| attempts > 0)
            && was_paid_at_once(it)?,
        never_attempted: is_undetermined
            && attempts.unwrap_or(0) == 0
            && !(attempts.is_none() && it.is_true("attempted")?),
    })
}

/// Whether an invoice that Stripe collects was paid within [`MAX_AUTOMATIC_DELAY_S`] after it was finalized.
fn was_paid_at_once(it: Object<'_>) -> Result<bool, BadShape> {
    let Some(transitions) = it.child("status_transitions")? else { return Ok(false) };
    let times = transitions.time("finalized_at")?.zip(transitions.time("paid_at")?);
    let is_sent_to_payer = it.text("collection_method")? == Some("send_invoice");
    Ok(!is_sent_to_payer
        && times.is_some_and(|(finalized, paid)| (0..=MAX_AUTOMATIC_DELAY_S).contains(&(paid - finalized))))
}

/// What an invoice's list of payments says.
enum PaymentsList {
    /// The list is missing or incomplete.
    Nothing,
    /// A payment intent or charge paid the invoice. The amount is not given.
    ByStripe,
    /// The amount that was paid outside Stripe; 0 if nothing was.
    Outside(Money),
}

/// Reads an invoice's list of payments. `paid` is the total paid.
fn read_payments_list(it: Object<'_>, paid: Option<Money>) -> Result<PaymentsList, BadShape> {
    let (Some(list), Some(paid)) = (it.child("payments")?, paid) else { return Ok(PaymentsList::Nothing) };
    let (mut by_stripe_minor, mut is_complete) = (0_i64, !list.is_true("has_more")?);
    for entry in it.list("payments")? {
        let by_stripe = !payment_references(entry)?.is_empty();
        match (entry.text("status")?, entry.money("amount_paid")?) {
            (Some("paid"), Some(part)) if by_stripe => {
                by_stripe_minor = by_stripe_minor.saturating_add(part.amount_minor);
            }
            (Some("paid") | None, None) if by_stripe => return Ok(PaymentsList::ByStripe),
            (Some(_), _) => {}
            (None, _) => is_complete = false,
        }
    }
    if !is_complete {
        return Ok(PaymentsList::Nothing);
    }
    let amount_minor = paid.amount_minor.saturating_sub(by_stripe_minor).max(0);
    Ok(PaymentsList::Outside(Money { amount_minor, ..paid }))
}

/// Reads an invoice payment, which connects an invoice with the payment intent or charge that paid it.
pub fn read_invoice_payment(it: Object<'_>, event: &str) -> Result<InvoicePaymentFact, BadShape> {
    let is_paid = it.text("status")? == Some("paid") || event == "invoice_payment.paid";
    Ok(InvoicePaymentFact {
        id: it.id()?,
        invoice: it.reference("invoice")?,
        paid_by: payment_references(it)?,
        is_paid,
        paid: if is_paid { it.money("amount_paid")? } else { None },
    })
}

/// Returns the payment intent and charge of an invoice's payment. Returns nothing for a payment outside Stripe.
pub fn payment_references(invoice_payment: Object<'_>) -> Result<Vec<String>, BadShape> {
    let Some(payment) = invoice_payment.child("payment")? else { return Ok(Vec::new()) };
    let named = [payment.reference("charge")?, payment.reference("payment_intent")?];
    let mut paid_by: Vec<String> = named.into_iter().flatten().collect();
    paid_by.sort();
    paid_by.dedup();
    Ok(paid_by)
}
