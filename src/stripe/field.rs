//! Reads fields of JSON objects whose shape changes with every API version.
//!
//! A field that is missing or null reads as `None`. A field of another type is an error, because unreadable
//! information about money must not be ignored.

use serde_json::Value;

use crate::money::{Currency, Money};

/// The error for a field that does not have the form of any known API version.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{object}.{field} does not have the form of any known API version")]
pub struct BadShape {
    /// Stripe's name for the object.
    pub object: &'static str,
    /// The name of the field.
    pub field: &'static str,
}

/// One of Stripe's objects, with its name for error messages.
#[derive(Clone, Copy)]
pub struct Object<'a> {
    pub name: &'static str,
    pub value: &'a Value,
}

impl<'a> Object<'a> {
    /// Returns the error for one of the object's fields.
    pub fn bad(self, field: &'static str) -> BadShape {
        BadShape { object: self.name, field }
    }

    fn get(self, field: &str) -> Option<&'a Value> {
        self.value.get(field).filter(|value| !value.is_null())
    }

    /// Returns the object in a field.
    pub fn child(self, field: &'static str) -> Result<Option<Self>, BadShape> {
        let Some(value) = self.get(field) else { return Ok(None) };
        if value.is_object() { Ok(Some(Self { name: self.name, value })) } else { Err(self.bad(field)) }
    }

    /// Returns the object in an expandable field, or `None` if the field contains only an id.
    pub fn expanded(self, field: &'static str) -> Result<Option<Self>, BadShape> {
        if self.get(field).is_some_and(Value::is_string) { Ok(None) } else { self.child(field) }
    }

    /// Returns the entries of a list object (`{"data": […]}`).
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

    /// Returns the objects of a plain list (`[…]`).
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

    /// Returns a text that is used only for comparison, such as one of Stripe's labels. For a text that is stored, use
    /// [`Self::clean`].
    pub fn text(self, field: &'static str) -> Result<Option<&'a str>, BadShape> {
        self.get(field).map(|value| value.as_str().ok_or(self.bad(field))).transpose()
    }

    /// Returns a text that can be stored, cleaned by [`clean`]. Returns `None` if nothing is left.
    pub fn clean(self, field: &'static str) -> Result<Option<String>, BadShape> {
        Ok(self.text(field)?.map(clean).filter(|text| !text.is_empty()))
    }

    /// Returns an integer, or `None` if it is missing.
    pub fn integer(self, field: &'static str) -> Result<Option<i64>, BadShape> {
        self.get(field).map(|value| value.as_i64().ok_or(self.bad(field))).transpose()
    }

    /// Returns a time in seconds since 1970, up to the year 9999.
    pub fn time(self, field: &'static str) -> Result<Option<i64>, BadShape> {
        let at_s = self.integer(field)?;
        if at_s.is_none_or(|at_s| (0..=LATEST_S).contains(&at_s)) { Ok(at_s) } else { Err(self.bad(field)) }
    }

    /// Returns a boolean, or `None` if it is missing.
    pub fn flag(self, field: &'static str) -> Result<Option<bool>, BadShape> {
        self.get(field).map(|value| value.as_bool().ok_or(self.bad(field))).transpose()
    }

    /// Returns a boolean, or false if it is missing.
    pub fn is_true(self, field: &'static str) -> Result<bool, BadShape> {
        self.get(field).map_or(Ok(false), |value| value.as_bool().ok_or(self.bad(field)))
    }

    /// Returns the id in an expandable field, which contains the id itself or an object that has it.
    pub fn reference(self, field: &'static str) -> Result<Option<String>, BadShape> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let id = value.as_str().or_else(|| value.get("id").and_then(Value::as_str));
        let id = id.map(clean_id).filter(|id| !id.is_empty());
        id.map(Some).ok_or(self.bad(field))
    }

    /// Returns the object's own id.
    pub fn id(self) -> Result<String, BadShape> {
        self.text("id")?.map(clean_id).filter(|id| !id.is_empty()).ok_or(self.bad("id"))
    }

    /// Returns an amount in the object's `currency`. Returns `None` if there is no amount, or if the currency is
    /// unknown ([`super::currencies`] reports unknown currencies).
    pub fn money(self, field: &'static str) -> Result<Option<Money>, BadShape> {
        self.money_in(field, "currency")
    }

    /// Like [`Self::money`], but `code` is the name of the currency's field.
    pub fn money_in(self, field: &'static str, code: &'static str) -> Result<Option<Money>, BadShape> {
        let Some(amount_minor) = self.integer(field)? else { return Ok(None) };
        if !is_amount(amount_minor) {
            return Err(self.bad(field));
        }
        self.currency_code(code)?.ok_or(self.bad(code))?;
        Ok(self.currency(code)?.map(|currency| Money { amount_minor, currency }))
    }

    /// Returns a required amount, or `None` if its currency is unknown.
    pub fn required_money(self, field: &'static str) -> Result<Option<Money>, BadShape> {
        self.integer(field)?.ok_or(self.bad(field))?;
        self.money(field)
    }

    /// Returns a currency, or `None` if it is unknown.
    pub fn currency(self, field: &'static str) -> Result<Option<Currency>, BadShape> {
        Ok(self.currency_code(field)?.and_then(|code| Currency::parse(&code).ok()))
    }

    /// Returns a currency's code in capitals, whether it is known or not.
    pub fn currency_code(self, field: &'static str) -> Result<Option<String>, BadShape> {
        let Some(code) = self.text(field)? else { return Ok(None) };
        let code: String = clean(code).chars().take(MAX_CURRENCY_LEN).collect();
        if code.is_empty() { Err(self.bad(field)) } else { Ok(Some(code.to_uppercase())) }
    }

    /// Returns a signed amount.
    pub fn signed(self, field: &'static str) -> Result<Option<i64>, BadShape> {
        let minor = self.integer(field)?;
        if minor.is_none_or(|minor| is_amount(minor.saturating_abs())) {
            Ok(minor)
        } else {
            Err(self.bad(field))
        }
    }
}

/// The maximum number of characters of a stored text. Stripe allows 500 in a metadata value and 512 in an e-mail
/// address.
const MAX_TEXT_LEN: usize = 512;
/// The maximum number of characters of an id, as documented by Stripe.
const MAX_ID_LEN: usize = 255;
/// The maximum number of characters of a currency code. ISO 4217 codes have three; stablecoins have more.
const MAX_CURRENCY_LEN: usize = 12;

/// Cleans a text from Stripe for storage: removes control characters (PostgreSQL can't store NUL) and limits its
/// length. Readers and other software write these texts, so their content must never prevent a gift from being stored.
pub fn clean(text: &str) -> String {
    without_controls(text, MAX_TEXT_LEN)
}

/// Like [`clean`], but with the limit for an id.
pub fn clean_id(text: &str) -> String {
    without_controls(text, MAX_ID_LEN)
}

fn without_controls(text: &str, max_len: usize) -> String {
    text.chars().filter(|char| !char.is_control()).take(max_len).collect()
}

/// Whether a text contains no control characters.
pub fn is_one_line(text: &&str) -> bool {
    !text.contains(char::is_control)
}

/// The last second of the year 9999. Later times can't be written as RFC 3339.
pub const LATEST_S: i64 = 253_402_300_799;

/// The largest accepted amount: fifteen digits. Stripe never moves more in any currency, and sums of accepted amounts
/// stay exact.
const MAX_MINOR: i64 = 999_999_999_999_999;

/// Whether this is a valid amount in minor units. A valid amount is never negative, because the kind of object shows
/// the direction in which the money moves.
pub fn is_amount(amount_minor: i64) -> bool {
    (0..=MAX_MINOR).contains(&amount_minor)
}
