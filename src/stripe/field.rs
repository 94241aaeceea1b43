//! Reading fields of a JSON object whose shape changes with every API version.
//!
//! A field that is missing or null is none; one of another type is an error:
//! something about money that can't be read must not pass for nothing.

use serde_json::Value;

use crate::money::{Currency, Money};

/// A field that is there, but not as any API version that we know has it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{object}.{field} is not as any known API version has it")]
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

    pub fn text(self, field: &'static str) -> Result<Option<&'a str>, BadShape> {
        self.get(field).map(|value| value.as_str().filter(is_one_line).ok_or(self.bad(field))).transpose()
    }

    pub fn whole(self, field: &'static str) -> Result<Option<i64>, BadShape> {
        self.get(field).map(|value| value.as_i64().ok_or(self.bad(field))).transpose()
    }

    /// A time in seconds since 1970, not after the year 9999.
    pub fn time(self, field: &'static str) -> Result<Option<i64>, BadShape> {
        let at_s = self.whole(field)?;
        if at_s.is_none_or(|at_s| (0..=LATEST_S).contains(&at_s)) { Ok(at_s) } else { Err(self.bad(field)) }
    }

    /// False when it is not said.
    pub fn yes(self, field: &'static str) -> Result<bool, BadShape> {
        self.get(field).map_or(Ok(false), |value| value.as_bool().ok_or(self.bad(field)))
    }

    /// The id in an expandable field: the id itself, or an object that has one.
    pub fn reference(self, field: &'static str) -> Result<Option<String>, BadShape> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let id = value.as_str().or_else(|| value.get("id").and_then(Value::as_str));
        let id = id.filter(is_one_line).filter(|id| !id.is_empty());
        id.map(|id| Some(id.to_owned())).ok_or(self.bad(field))
    }

    /// The object's own id.
    pub fn id(self) -> Result<String, BadShape> {
        self.text("id")?.filter(|id| !id.is_empty()).map(str::to_owned).ok_or(self.bad("id"))
    }

    /// An amount and the object's `currency`; none when there is no amount.
    pub fn money(self, field: &'static str) -> Result<Option<Money>, BadShape> {
        self.money_in(field, "currency")
    }

    /// An amount and the currency that another field names; none when there is no amount.
    pub fn money_in(self, field: &'static str, code: &'static str) -> Result<Option<Money>, BadShape> {
        let Some(amount_minor) = self.whole(field)? else { return Ok(None) };
        if !is_amount(amount_minor) {
            return Err(self.bad(field));
        }
        Ok(Some(Money { amount_minor, currency: self.currency(code)?.ok_or(self.bad(code))? }))
    }

    pub fn currency(self, field: &'static str) -> Result<Option<Currency>, BadShape> {
        self.text(field)?.map(|code| Currency::parse(code).map_err(|_| self.bad(field))).transpose()
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

/// No text that we read and keep has control characters, and PostgreSQL keeps no NUL.
pub fn is_one_line(text: &&str) -> bool {
    !text.contains(char::is_control)
}

/// The last second of the year 9999: what comes after can't be written as RFC 3339.
pub const LATEST_S: i64 = 253_402_300_799;

/// Fifteen digits: more than Stripe moves in any currency, and few enough that sums stay exact everywhere.
const MOST_MINOR: i64 = 999_999_999_999_999;

/// Whether this many minor units can be an amount: what goes the other way is said by the object's kind, not by a sign.
pub fn is_amount(amount_minor: i64) -> bool {
    (0..=MOST_MINOR).contains(&amount_minor)
}
