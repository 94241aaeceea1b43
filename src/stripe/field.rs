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
    pub fn child(self, field: &str) -> Option<Self> {
        self.get(field).filter(|value| value.is_object()).map(|value| Self { name: self.name, value })
    }

    /// The entries of a list object (`{"data": […]}`).
    pub fn list(self, field: &str) -> impl Iterator<Item = Self> {
        let entries = self.get(field).and_then(|list| list.get("data")).and_then(Value::as_array);
        entries.into_iter().flatten().map(move |value| Self { name: self.name, value })
    }

    pub fn text(self, field: &'static str) -> Result<Option<&'a str>, BadShape> {
        self.get(field).map(|value| value.as_str().ok_or(self.bad(field))).transpose()
    }

    pub fn whole(self, field: &'static str) -> Result<Option<i64>, BadShape> {
        self.get(field).map(|value| value.as_i64().ok_or(self.bad(field))).transpose()
    }

    pub fn yes(self, field: &str) -> bool {
        self.get(field).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The id in an expandable field: the id itself, or an object that has one.
    pub fn reference(self, field: &'static str) -> Result<Option<String>, BadShape> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let id = value.as_str().or_else(|| value.get("id").and_then(Value::as_str));
        id.filter(|id| !id.is_empty()).map(|id| Some(id.to_owned())).ok_or(self.bad(field))
    }

    /// The object's own id.
    pub fn id(self) -> Result<String, BadShape> {
        self.text("id")?.filter(|id| !id.is_empty()).map(str::to_owned).ok_or(self.bad("id"))
    }

    /// An amount and the object's `currency`; none when there is no amount.
    pub fn money(self, field: &'static str) -> Result<Option<Money>, BadShape> {
        let Some(amount_minor) = self.whole(field)? else { return Ok(None) };
        let code = self.text("currency")?.ok_or(self.bad("currency"))?;
        let currency = Currency::parse(code).map_err(|_| self.bad("currency"))?;
        Ok(Some(Money { amount_minor, currency }))
    }
}
