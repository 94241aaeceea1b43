//! What books nothing, but says that something may be missing, or wants a person to look.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::Origin;
use super::join::{Latest, Newest};
use super::states::IntentState;
use crate::money::{Currency, Money};

/// A payment intent: it finds money that came and that nothing is booked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are clear")]
pub struct IntentFact {
    pub id: String,
    pub latest: Latest<IntentState>,
    pub origin: Option<Origin>,
    /// What came, once it did.
    pub received: Option<Money>,
    pub charge: Option<String>,
    pub invoice: Option<String>,
}

/// A bank's early word that a charge may be fraud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are clear")]
pub struct WarningFact {
    pub id: String,
    pub payment_intent: Option<String>,
    pub charge: Option<String>,
    /// Whether a refund can still prevent a dispute. Reversed, so that of two reports of one second "no" is the greater: Stripe
    /// raises a warning before it withdraws it.
    pub actionable: Option<Newest<Reverse<bool>>>,
}

/// Stripe asks a person to look at a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are clear")]
pub struct ReviewFact {
    pub id: String,
    pub payment_intent: Option<String>,
    pub charge: Option<String>,
    pub open: Option<Newest<bool>>,
    /// True once any report said that it is closed: none is opened again, and both reports can be of one second.
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

/// An amount in a currency that the version which read it did not know. It is not booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownCurrencyFact {
    /// The object's id and `/currency`: the object itself has a fact of its own.
    pub id: String,
    /// The object at Stripe.
    pub object: Option<String>,
    /// The code, in capitals, as Stripe has it.
    pub currency: Option<String>,
    /// The amount in Stripe's smallest unit of that currency; none where the object has no single one.
    pub amount_minor: Option<i64>,
    /// True once any report said that this money had moved.
    pub moved: bool,
}

impl UnknownCurrencyFact {
    /// The code, if this version does not know it either.
    pub fn still_unknown(&self) -> Option<&str> {
        self.currency.as_deref().filter(|code| Currency::parse(code).is_err())
    }
}

join_fields!(UnknownCurrencyFact: object, currency, amount_minor; any: moved; all: );
join_fields!(IntentFact: latest, origin, received, charge, invoice; any: ; all: );
join_fields!(WarningFact: payment_intent, charge, actionable; any: ; all: );
join_fields!(ReviewFact: payment_intent, charge, open; any: closed; all: );
join_fields!(CustomerFact: email; any: deleted; all: );
