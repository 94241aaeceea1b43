//! Facts (what is known about Stripe's objects) that are never booked. They show that something may be missing or needs
//! manual review.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::Origin;
use super::join::{Latest, Newest};
use super::states::IntentState;
use crate::money::{Currency, Money};

/// A payment intent. It is used to find payments that are not booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are clear")]
pub struct IntentFact {
    pub id: String,
    pub latest: Latest<IntentState>,
    pub origin: Option<Origin>,
    /// The amount, once it was paid.
    pub received: Option<Money>,
    pub charge: Option<String>,
    pub invoice: Option<String>,
}

/// A bank's early warning that a charge may be fraud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are clear")]
pub struct WarningFact {
    pub id: String,
    pub payment_intent: Option<String>,
    pub charge: Option<String>,
    /// Whether a refund can still prevent a dispute. The order of the values is reversed, so that `false` is kept if
    /// two reports have the same second: Stripe raises a warning before it withdraws the warning.
    pub actionable: Option<Newest<Reverse<bool>>>,
}

/// Stripe's request to review a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are clear")]
pub struct ReviewFact {
    pub id: String,
    pub payment_intent: Option<String>,
    pub charge: Option<String>,
    pub open: Option<Newest<bool>>,
    /// True once any report said that the review is closed. The reports of its opening and its closing can have the
    /// same second, so their order does not show which is newer. A review is never reopened.
    #[serde(default)]
    pub closed: bool,
}

/// A customer at Stripe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are clear")]
pub struct CustomerFact {
    pub id: String,
    pub email: Option<Newest<String>>,
    pub deleted: bool,
}

/// An amount in a currency that was unknown to the version of Keepopen that read it. It is not booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownCurrencyFact {
    /// The object's id followed by `/currency`, because the object itself has its own fact.
    pub id: String,
    /// The object at Stripe.
    pub object: Option<String>,
    /// The currency's code at Stripe, in capitals.
    pub currency: Option<String>,
    /// The amount in Stripe's minor unit of that currency. `None` if the object has no single amount.
    pub amount_minor: Option<i64>,
    /// True once any report said that the money had moved.
    pub moved: bool,
}

impl UnknownCurrencyFact {
    /// The currency's code, if this version of Keepopen does not know the currency either.
    pub fn still_unknown(&self) -> Option<&str> {
        self.currency.as_deref().filter(|code| Currency::parse(code).is_err())
    }
}

// `join_fields!` implements `Join`: it says how two reports of the same object are merged, field by field.
join_fields!(UnknownCurrencyFact: object, currency, amount_minor; any: moved; all: );
join_fields!(IntentFact: latest, origin, received, charge, invoice; any: ; all: );
join_fields!(WarningFact: payment_intent, charge, actionable; any: ; all: );
join_fields!(ReviewFact: payment_intent, charge, open; any: closed; all: );
join_fields!(CustomerFact: email; any: deleted; all: );
