//! Reads fields of JSON objects whose shape changes with every API version.
//!
//! A missing or null field is none; one of another type is an error, because unreadable information about money must not be
//! ignored.

use serde_json::Value;

use crate::money::{Currency, Money};

/// A field that does not have the form of any known API version.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{object}.{field} does not have the form of any known API version")]
pub struct BadShape {
    /// Stripe's name for the object.
    pub object: &'static str,
    /// The field.
    pub field: &'static str,
}

/// One of Stripe's objects, and its name in errors.
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

    /// The object in an expandable field; none if it is only an id.
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

    /// A label of Stripe's, only for comparison. Stored texts are read with [`Self::clean`].
    pub fn text(self, field: &'static str) -> Result<Option<&'a str>, BadShape> {
        self.get(field).map(|value| value.as_str().ok_or(self.bad(field))).transpose()
    }

    /// Text to be stored, cleaned by [`clean`]; none if nothing is left.
    pub fn clean(self, field: &'static str) -> Result<Option<String>, BadShape> {
        Ok(self.text(field)?.map(clean).filter(|text| !text.is_empty()))
    }

    pub fn whole(self, field: &'static str) -> Result<Option<i64>, BadShape> {
        self.get(field).map(|value| value.as_i64().ok_or(self.bad(field))).transpose()
    }

    /// A time in seconds since 1970, up to the year 9999.
    pub fn time(self, field: &'static str) -> Result<Option<i64>, BadShape> {
        let at_s = self.whole(field)?;
        if at_s.is_none_or(|at_s| (0..=LATEST_S).contains(&at_s)) { Ok(at_s) } else { Err(self.bad(field)) }
    }

    /// None if it is missing.
    pub fn flag(self, field: &'static str) -> Result<Option<bool>, BadShape> {
        self.get(field).map(|value| value.as_bool().ok_or(self.bad(field))).transpose()
    }

    /// False if it is missing.
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

    /// An amount in the object's `currency`; none without an amount, or if the currency is unknown (which
    /// [`super::currencies`] then reports).
    pub fn money(self, field: &'static str) -> Result<Option<Money>, BadShape> {
        self.money_in(field, "currency")
    }

    /// Like [`Self::money`], in the currency of another field.
    pub fn money_in(self, field: &'static str, code: &'static str) -> Result<Option<Money>, BadShape> {
        let Some(amount_minor) = self.whole(field)? else { return Ok(None) };
        if !is_amount(amount_minor) {
            return Err(self.bad(field));
        }
        self.currency_code(code)?.ok_or(self.bad(code))?;
        Ok(self.currency(code)?.map(|currency| Money { amount_minor, currency }))
    }

    /// A required amount; none if its currency is unknown.
    pub fn needed_money(self, field: &'static str) -> Result<Option<Money>, BadShape> {
        self.whole(field)?.ok_or(self.bad(field))?;
        self.money(field)
    }

    /// A known currency.
    pub fn currency(self, field: &'static str) -> Result<Option<Currency>, BadShape> {
        Ok(self.currency_code(field)?.and_then(|code| Currency::parse(&code).ok()))
    }

    /// A currency's code in capitals, known or not.
    pub fn currency_code(self, field: &'static str) -> Result<Option<String>, BadShape> {
        let Some(code) = self.text(field)? else { return Ok(None) };
        let code: String = clean(code).chars().take(MAX_CURRENCY_LEN).collect();
        if code.is_empty() { Err(self.bad(field)) } else { Ok(Some(code.to_uppercase())) }
    }

    /// A signed amount.
    pub fn signed(self, field: &'static str) -> Result<Option<i64>, BadShape> {
        let minor = self.whole(field)?;
        if minor.is_none_or(|minor| is_amount(minor.saturating_abs())) {
            Ok(minor)
        } else {
            Err(self.bad(field))
        }
    }
}

/// The maximum number of characters of a stored text; Stripe allows 500 in a metadata value and 512 in an e-mail address.
const MAX_TEXT_LEN: usize = 512;
/// The maximum number of characters of an id, as documented by Stripe.
const MAX_ID_LEN: usize = 255;
/// The maximum number of characters of a currency code. ISO 4217 has three; stablecoins have more.
const MAX_CURRENCY_LEN: usize = 12;

/// Cleans text from Stripe for storage: removes control characters (PostgreSQL stores no NUL) and limits its length.
/// Readers and other software write it, so nothing in it may prevent a gift.
pub fn clean(text: &str) -> String {
    without_controls(text, MAX_TEXT_LEN)
}

/// Like [`clean`], for an id.
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

/// The last second of the year 9999: later times can't be written as RFC 3339.
pub const LATEST_S: i64 = 253_402_300_799;

/// Fifteen digits: more than Stripe moves in any currency, and few enough for exact sums everywhere.
const MAX_MINOR: i64 = 999_999_999_999_999;

/// Whether this is a valid amount in minor units: the object's kind shows the direction, not a sign.
pub fn is_amount(amount_minor: i64) -> bool {
    (0..=MAX_MINOR).contains(&amount_minor)
}
