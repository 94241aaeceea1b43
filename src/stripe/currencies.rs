//! Reports currencies that this version does not know: stablecoins, and codes that ISO 4217 withdrew or has not added
//! yet.
//!
//! Without a known currency an amount can't be booked, because its number of decimals is unknown. The rest of the
//! object is read normally, and the amount is stored as a separate fact.

use super::field::{BadShape, Object};
use crate::contributions::{Fact, UnknownCurrencyFact};
use crate::money::Currency;

/// If an object's `currency` is unknown, returns a fact with the currency and an amount. `amount` is the name of the
/// amount's field. `moved` says whether the money has moved.
pub fn unknown_currency(it: Object<'_>, amount: &'static str, moved: bool) -> Result<Option<Fact>, BadShape> {
    report(it, it.currency_code("currency")?, it.integer(amount)?, moved)
}

/// Like [`unknown_currency`], but for a subscription, whose items have their own prices.
pub fn unknown_currency_of_subscription(it: Object<'_>, moved: bool) -> Result<Option<Fact>, BadShape> {
    if let Some(fact) = report(it, it.currency_code("currency")?, None, moved)? {
        return Ok(Some(fact));
    }
    for item in it.list("items")? {
        let Some(price) = item.expanded("price")?.or(item.expanded("plan")?) else { continue };
        if let Some(fact) = report(it, price.currency_code("currency")?, None, moved)? {
            return Ok(Some(fact));
        }
    }
    Ok(None)
}

fn report(
    it: Object<'_>,
    code: Option<String>,
    amount_minor: Option<i64>,
    moved: bool,
) -> Result<Option<Fact>, BadShape> {
    let Some(code) = code.filter(|code| Currency::parse(code).is_err()) else { return Ok(None) };
    let object = it.id()?;
    Ok(Some(Fact::UnknownCurrency(UnknownCurrencyFact {
        id: format!("{object}/currency"),
        object: Some(object),
        currency: Some(code),
        amount_minor,
        moved,
    })))
}
