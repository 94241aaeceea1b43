//! Reading fields of a JSON object whose shape changes with every API version.
//!
//! A field that is missing or null is none; one of another type is an error:
//! something about money that can't be read must not pass for nothing.

use serde_json::Value;

use crate::money::{Currency, Money};

/// A field that is there, but not as any API version that we know has it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{object}.{field} does not have the form of any known API version")]
pub struct BadShape {
    /// Stripe's word for the object.
    pub object: &'static str,
    /// The field.
    pub field: &'static str,
}

/// One of Stripe's objects, and what to call it in an error.
#[derive(Clone, Copy)]
pub struct Object<'a> {
    pub name: &'static str,
    pub value: &'a Value,
}

impl<'a> Object<'a> {
    pub fn bad(self, field: &'static str) -> BadShape {
        BadShape { object: self.name, field }
    }

    fn get(self, field: &str) -> Option<&'a Value> {
        self.value.get(field).filter(|value| !value.is_null())
    }

    /// A field's own object.
    pub fn child(self, field: &'static str) -> Result<Option<Self>, BadShape> {
        let Some(value) = self.get(field) else { return Ok(None) };
        if value.is_object() { Ok(Some(Self { name: self.name, value })) } else { Err(self.bad(field)) }
    }

    /// The object in an expandable field; none when it holds the id alone.
    pub fn expanded(self, field: &'static str) -> Result<Option<Self>, BadShape> {
        if self.get(field).is_some_and(Value::is_string) { Ok(None) } else { self.child(field) }
    }

    /// The entries of a list object (`{"data": […]}`).
    pub fn list(self, field: &'static str) -> Result<impl Iterator<Item = Self>, BadShape> {
        let entries: &[Value] = match self.child(field)?.and_then(|list| list.get("data")) {
            None => &[],
            Some(data) => data.as_array().ok_or(self.bad(field))?,
        };
        if !entries.iter().all(Value::is_object) {
            return Err(self.bad(field));
        }
        Ok(entries.iter().map(move |value| Self { name: self.name, value }))
    }

    /// The objects of a plain list (`[…]`).
    pub fn array(self, field: &'static str) -> Result<impl Iterator<Item = Self> + use<'a>, BadShape> {
        let entries: &[Value] = match self.get(field) {
            None => &[],
            Some(list) => list.as_array().ok_or(self.bad(field))?,
        };
        if !entries.iter().all(Value::is_object) {
            return Err(self.bad(field));
        }
        Ok(entries.iter().map(move |value| Self { name: self.name, value }))
    }

    /// A word of Stripe's, to be compared and not kept. What is kept is read with [`Self::clean`].
    pub fn text(self, field: &'static str) -> Result<Option<&'a str>, BadShape> {
        self.get(field).map(|value| value.as_str().ok_or(self.bad(field))).transpose()
    }

    /// Text that is kept, cleaned by [`clean`]; none when nothing is left of it.
    pub fn clean(self, field: &'static str) -> Result<Option<String>, BadShape> {
        Ok(self.text(field)?.map(clean).filter(|text| !text.is_empty()))
    }

    pub fn whole(self, field: &'static str) -> Result<Option<i64>, BadShape> {
        self.get(field).map(|value| value.as_i64().ok_or(self.bad(field))).transpose()
    }

    /// A time in seconds since 1970, not after the year 9999.
    pub fn time(self, field: &'static str) -> Result<Option<i64>, BadShape> {
        let at_s = self.whole(field)?;
        if at_s.is_none_or(|at_s| (0..=LATEST_S).contains(&at_s)) { Ok(at_s) } else { Err(self.bad(field)) }
    }

    /// None when it is not said.
    pub fn flag(self, field: &'static str) -> Result<Option<bool>, BadShape> {
        self.get(field).map(|value| value.as_bool().ok_or(self.bad(field))).transpose()
    }

    /// False when it is not said.
    pub fn yes(self, field: &'static str) -> Result<bool, BadShape> {
        self.get(field).map_or(Ok(false), |value| value.as_bool().ok_or(self.bad(field)))
    }

    /// The id in an expandable field: the id itself, or an object that has one.
    pub fn reference(self, field: &'static str) -> Result<Option<String>, BadShape> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let id = value.as_str().or_else(|| value.get("id").and_then(Value::as_str));
        let id = id.map(clean_id).filter(|id| !id.is_empty());
        id.map(Some).ok_or(self.bad(field))
    }

    /// The object's own id.
    pub fn id(self) -> Result<String, BadShape> {
        self.text("id")?.map(clean_id).filter(|id| !id.is_empty()).ok_or(self.bad("id"))
    }

    /// An amount and the object's `currency`; none when there is no amount, or when we do not know the currency
    /// (which [`super::currencies`] then reports).
    pub fn money(self, field: &'static str) -> Result<Option<Money>, BadShape> {
        self.money_in(field, "currency")
    }

    /// As [`Self::money`], in the currency that another field names.
    pub fn money_in(self, field: &'static str, code: &'static str) -> Result<Option<Money>, BadShape> {
        let Some(amount_minor) = self.whole(field)? else { return Ok(None) };
        if !is_amount(amount_minor) {
            return Err(self.bad(field));
        }
        self.currency_code(code)?.ok_or(self.bad(code))?;
        Ok(self.currency(code)?.map(|currency| Money { amount_minor, currency }))
    }

    /// An amount that the object must have; none when we do not know its currency.
    pub fn needed_money(self, field: &'static str) -> Result<Option<Money>, BadShape> {
        self.whole(field)?.ok_or(self.bad(field))?;
        self.money(field)
    }

    /// A currency that we know.
    pub fn currency(self, field: &'static str) -> Result<Option<Currency>, BadShape> {
        Ok(self.currency_code(field)?.and_then(|code| Currency::parse(&code).ok()))
    }

    /// A currency's code in capitals, whether we know the currency or not.
    pub fn currency_code(self, field: &'static str) -> Result<Option<String>, BadShape> {
        let Some(code) = self.text(field)? else { return Ok(None) };
        let code: String = clean(code).chars().take(MAX_CURRENCY_LEN).collect();
        if code.is_empty() { Err(self.bad(field)) } else { Ok(Some(code.to_uppercase())) }
    }

    /// An amount that can go either way.
    pub fn signed(self, field: &'static str) -> Result<Option<i64>, BadShape> {
        let minor = self.whole(field)?;
        if minor.is_none_or(|minor| is_amount(minor.saturating_abs())) {
            Ok(minor)
        } else {
            Err(self.bad(field))
        }
    }
}

/// The most characters of a text that is kept; Stripe allows 500 in a value of metadata and 512 in an e-mail address.
const MAX_TEXT_LEN: usize = 512;
/// The most characters of an id, as Stripe documents it.
const MAX_ID_LEN: usize = 255;
/// The most characters of a currency's code. ISO 4217 has three; stablecoins have more.
const MAX_CURRENCY_LEN: usize = 12;

/// Text from Stripe as it is kept: without control characters (PostgreSQL stores no NUL) and not over-long. Readers and
/// other software write it, so that nothing in it may stop a gift.
pub fn clean(text: &str) -> String {
    without_controls(text, MAX_TEXT_LEN)
}

/// As [`clean`], for an id.
pub fn clean_id(text: &str) -> String {
    without_controls(text, MAX_ID_LEN)
}

fn without_controls(text: &str, length: usize) -> String {
    text.chars().filter(|char| !char.is_control()).take(length).collect()
}

/// Whether a text has no control characters.
pub fn is_one_line(text: &&str) -> bool {
    !text.contains(char::is_control)
}

/// The last second of the year 9999: what comes after can't be written as RFC 3339.
pub const LATEST_S: i64 = 253_402_300_799;

/// Fifteen digits: more than Stripe moves in any currency, and few enough that sums stay exact everywhere.
const MAX_MINOR: i64 = 999_999_999_999_999;

/// Whether this many minor units can be an amount: what goes the other way is said by the object's kind, not by a sign.
pub fn is_amount(amount_minor: i64) -> bool {
    (0..=MAX_MINOR).contains(&amount_minor)
}
