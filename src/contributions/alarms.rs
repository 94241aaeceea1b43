//! Alarms: parts of a contribution that don't add up or need manual review.
//!
//! Alarms are computed from the facts (what is known about Stripe's objects). An alarm closes when the facts no longer
//! cause it. Its id is a digest of its content. If the amount or the objects change, it becomes a different alarm,
//! which is not yet acknowledged.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Fact;
use super::gift_facts::GiftFacts;
use crate::ids::{AlarmId, ContributionId};

/// Something that does not add up or needs manual review.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "alarm", rename_all = "snake_case")]
pub enum Alarm {
    /// More was refunded and disputed than was paid. This can happen at Stripe, so it need not be an error.
    TakenBackAbovePaid {
        /// The payment's key: a payment intent or an invoice.
        payment: String,
        /// The excess, in the minor unit.
        excess_minor: i64,
        /// The refunds and disputes.
        taken_back_by: Vec<String>,
    },
    /// A dispute was reported both won and lost. The ledger treats it as won, because a return of the money that is
    /// booked is never removed.
    DisputeEndedTwice {
        /// The dispute.
        dispute: String,
    },
    /// More of a charge was refunded than the known refunds explain.
    RefundsUnknown {
        /// The charge.
        charge: String,
        /// The unexplained amount, in the minor unit.
        missing_minor: i64,
        /// The known refunds.
        refunds: Vec<String>,
    },
    /// The payment of a refund or dispute is unknown.
    PaymentUnknown {
        /// The refund or dispute.
        object: String,
    },
    /// The currency of a refund or dispute differs from its payment's.
    CurrencyDiffers {
        /// The refund or dispute.
        object: String,
    },
    /// A payment that is not booked.
    Unbooked {
        /// The payment intent or charge.
        object: String,
        /// The amount, in the minor unit.
        paid_minor: i64,
    },
    /// Stripe's balance transactions and the ledger have different amounts.
    BalanceDiffers {
        /// The payment, refund or dispute.
        object: String,
        /// The total booked amount, in the minor unit. Negative if money left Stripe's balance.
        booked_minor: i64,
        /// The amount in Stripe's balance.
        settled_minor: i64,
    },
    /// A bank warns that a charge may be fraud. A refund now can prevent a dispute.
    FraudWarning {
        /// The warning.
        warning: String,
    },
    /// Stripe asks for a manual review of a payment.
    UnderReview {
        /// The review.
        review: String,
    },
    /// An invoice could not be finalized, so it will not be paid.
    InvoiceStuck {
        /// The invoice.
        invoice: String,
    },
    /// Money moved in an unknown currency. It is not booked.
    UnknownCurrency {
        /// The payment, refund, dispute, subscription or balance transaction.
        object: String,
        /// The currency's code at Stripe.
        currency: String,
        /// The amount, in Stripe's minor unit of that currency.
        #[serde(skip_serializing_if = "Option::is_none")]
        amount_minor: Option<i64>,
    },
}

/// An alarm as stored and shown, with its id and every object that it concerns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RaisedAlarm {
    /// A digest of the contribution, and of the alarm's kind, objects and amounts.
    pub id: AlarmId,
    /// The alarm's content.
    #[serde(flatten)]
    pub alarm: Alarm,
    /// Stripe's ids of all objects that the alarm concerns: the objects that it names, and the charges, payment intents
    /// and invoices linked to them.
    pub objects: Vec<String>,
}

impl Alarm {
    /// Whether the alarm may close by itself, because a report that is still missing may arrive later.
    pub fn may_close_by_itself(&self) -> bool {
        matches!(
            self,
            Self::RefundsUnknown { .. }
                | Self::PaymentUnknown { .. }
                | Self::Unbooked { .. }
                | Self::BalanceDiffers { .. }
        )
    }

    /// The objects in the alarm's own fields.
    fn named(&self) -> Vec<&str> {
        match self {
            Self::TakenBackAbovePaid { payment: first, taken_back_by: others, .. }
            | Self::RefundsUnknown { charge: first, refunds: others, .. } => {
                std::iter::once(first).chain(others).map(String::as_str).collect()
            }
            Self::DisputeEndedTwice { dispute: one }
            | Self::PaymentUnknown { object: one }
            | Self::CurrencyDiffers { object: one }
            | Self::Unbooked { object: one, .. }
            | Self::UnknownCurrency { object: one, .. }
            | Self::BalanceDiffers { object: one, .. }
            | Self::FraudWarning { warning: one }
            | Self::UnderReview { review: one }
            | Self::InvoiceStuck { invoice: one } => vec![one.as_str()],
        }
    }

    /// Adds the alarm's id and the objects that it concerns.
    pub(super) fn raise(self, contribution: &ContributionId, gift_facts: &GiftFacts<'_>) -> RaisedAlarm {
        let content = serde_json::to_string(&self).expect("an alarm must be serialisable as JSON");
        RaisedAlarm {
            id: AlarmId::of(contribution, &content),
            objects: concerned_objects(&self, gift_facts),
            alarm: self,
        }
    }
}

/// Returns the objects that an alarm names, the objects that the facts about those objects name, and every object
/// linked to one of these.
fn concerned_objects(alarm: &Alarm, gift_facts: &GiftFacts<'_>) -> Vec<String> {
    let named = alarm.named();
    let facts = gift_facts.facts.iter().filter(|fact| named.contains(&fact.id()));
    let linked = facts.flat_map(Fact::links).filter(|id| !id.starts_with(ContributionId::PREFIX));
    let seeds: BTreeSet<&str> = named.iter().copied().chain(linked).collect();
    gift_facts.linked_to(seeds).into_iter().map(str::to_owned).collect()
}

impl fmt::Display for RaisedAlarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.id, self.alarm, self.objects.join(", "))
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TakenBackAbovePaid { payment, excess_minor, .. } => write!(
                f,
                "{payment}: {excess_minor} more (minor unit) was refunded and disputed than was paid"
            ),
            Self::DisputeEndedTwice { dispute } => {
                write!(f, "{dispute} was reported won and lost; it is booked as won")
            }
            Self::RefundsUnknown { charge, missing_minor, .. } => write!(
                f,
                "{charge}: the known refunds are {missing_minor} (minor unit) less than the total refund at Stripe"
            ),
            Self::PaymentUnknown { object } => write!(f, "{object}: its payment is not known yet"),
            Self::CurrencyDiffers { object } => write!(f, "{object} is in another currency than its payment"),
            Self::Unbooked { object, paid_minor } => {
                write!(f, "{object}: {paid_minor} (minor unit) was paid but is not booked yet")
            }
            Self::BalanceDiffers { object, booked_minor, settled_minor } => write!(
                f,
                "{object}: {booked_minor} is booked, but Stripe's balance says {settled_minor} (minor unit)"
            ),
            Self::FraudWarning { warning } => {
                write!(
                    f,
                    "{warning}: a bank warns that this may be fraud; a refund now can prevent a dispute"
                )
            }
            Self::UnderReview { review } => {
                write!(f, "{review}: Stripe asks for a manual review of this payment")
            }
            Self::UnknownCurrency { object, currency, .. } => {
                write!(f, "{object} is in {currency}, which this version does not know; it is not booked")
            }
            Self::InvoiceStuck { invoice } => {
                write!(
                    f,
                    "{invoice} could not be finalized at Stripe, so it will not be paid; fix it in Stripe's dashboard"
                )
            }
        }
    }
}
