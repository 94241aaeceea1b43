//! Facts. A fact is everything that is known about one of Stripe's objects, in Keepopen's terms
//! (`docs/decisions/0002-facts-and-folds.md`).

use serde::{Deserialize, Serialize};

use super::balance::{PayoutFact, TransactionFact};
use super::changes::SubscriptionChange;
use super::frequency::{Frequency, IntervalUnit};
use super::join::{Join, Latest, Newest, State as _};
use super::signals::{CustomerFact, IntentFact, ReviewFact, UnknownCurrencyFact, WarningFact};
use super::states::{DisputeState, InvoiceState, RefundState, SessionMode, SessionState, SubscriptionState};
use crate::ids::ContributionId;
use crate::money::Money;

/// The origin of a gift, which Keepopen's checkout wrote into the metadata of Stripe's object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// The contribution that the object belongs to.
    pub contribution: ContributionId,
    /// The site that received the gift.
    pub site: String,
    /// The appeal that led to the gift, if any.
    pub appeal: Option<String>,
    /// The appeal's variant.
    pub variant: Option<String>,
    /// The surface (banner, inline or wall) that showed the appeal.
    pub surface: Option<String>,
}

/// What is known about one of Stripe's objects, in Keepopen's terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is described at the definition of its type")]
pub enum Fact {
    Session(SessionFact),
    Subscription(SubscriptionFact),
    Invoice(InvoiceFact),
    InvoicePayment(InvoicePaymentFact),
    Charge(ChargeFact),
    Refund(RefundFact),
    Dispute(DisputeFact),
    Transaction(TransactionFact),
    Intent(IntentFact),
    Warning(WarningFact),
    Review(ReviewFact),
    Payout(PayoutFact),
    Customer(CustomerFact),
    UnknownCurrency(UnknownCurrencyFact),
}

/// A Checkout Session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are clear; times are seconds since 1970")]
pub struct SessionFact {
    pub id: String,
    pub latest: Latest<SessionState>,
    /// True once any report said that the reader had completed the session.
    pub finished: bool,
    pub mode: Option<SessionMode>,
    pub total: Option<Money>,
    /// The amount that the reader saw and paid, if Stripe showed another currency.
    pub presented: Option<Money>,
    pub created_at_s: Option<i64>,
    pub origin: Option<Origin>,
    pub customer: Option<String>,
    pub email: Option<String>,
    pub payment_intent: Option<String>,
    pub subscription: Option<String>,
    pub invoice: Option<String>,
    /// When Stripe created the events that report the session as paid.
    #[serde(default)]
    pub paid_events_s: Vec<i64>,
    /// True once any report said that the payment had failed.
    #[serde(default)]
    pub failed: bool,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are clear; times are seconds since 1970")]
pub struct SubscriptionFact {
    pub id: String,
    pub latest: Latest<SubscriptionState>,
    pub created_at_s: Option<i64>,
    pub origin: Option<Origin>,
    pub customer: Option<String>,
    pub terms: Option<Newest<Terms>>,
    /// The current period.
    pub period: Option<Newest<Period>>,
    /// When the subscription ended.
    pub ended_at_s: Option<i64>,
    /// Its changes, as reported by events.
    #[serde(default)]
    pub changes: Vec<SubscriptionChange>,
    /// True once any report said that the subscription was cancelled on request.
    #[serde(default)]
    pub cancelled_on_request: bool,
}

/// The amount and interval of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Terms {
    /// The unit of the interval.
    pub interval: IntervalUnit,
    /// The number of units between two payments.
    #[serde(default = "one")]
    pub interval_count: u32,
    /// The amount of each payment. For mixed intervals, the sum of all prices.
    pub price: Money,
    /// Whether the subscription's prices have different intervals. If so, `interval` is one of these intervals.
    #[serde(default)]
    pub mixed: bool,
}

/// The default interval count of facts that were stored before the field existed.
fn one() -> u32 {
    1
}

impl Terms {
    /// How often the subscription is paid.
    pub fn frequency(&self) -> Frequency {
        match self.mixed {
            true => Frequency::Mixed,
            false => Frequency::Every { unit: self.interval, count: self.interval_count },
        }
    }
}

/// A paid period. Of two periods, the one that ends later is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Period {
    /// Its end, in seconds since 1970.
    pub end_s: i64,
    /// Its start, in seconds since 1970.
    pub start_s: i64,
}

/// An invoice. Only invoices of a subscription are booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are clear; times are seconds since 1970")]
pub struct InvoiceFact {
    pub id: String,
    pub latest: Latest<InvoiceState>,
    pub created_at_s: Option<i64>,
    pub paid_at_s: Option<i64>,
    /// The total paid, through Stripe or outside it.
    pub paid: Option<Money>,
    /// The part that was paid outside Stripe, if Stripe says how much.
    #[serde(default)]
    pub outside: Option<Money>,
    /// True once any report said that Stripe moved the money.
    #[serde(default)]
    pub through_stripe: bool,
    /// True once any report said that somebody marked the invoice as paid outside Stripe.
    #[serde(default)]
    pub marked_outside: bool,
    /// True once any report said that Stripe's own attempt paid the invoice within a minute of its finalization.
    #[serde(default)]
    pub collected_at_once: bool,
    /// True once any report said that the invoice was paid although Stripe had never tried to collect it.
    #[serde(default)]
    pub never_attempted: bool,
    pub origin: Option<Origin>,
    pub customer: Option<String>,
    pub email: Option<String>,
    pub subscription: Option<String>,
    /// The period that the invoice covers, if its lines state one.
    pub period: Option<Period>,
    /// The payment intents and charges that the invoice itself names.
    pub paid_by: Vec<String>,
    /// When Stripe created the events that report the invoice as paid.
    #[serde(default)]
    pub paid_events_s: Vec<i64>,
    /// When Stripe created the events that report that the payment failed, or needs the reader's action.
    #[serde(default)]
    pub failed_events_s: Vec<i64>,
    /// True once any report said that the invoice is for a further period of its subscription.
    #[serde(default)]
    pub renews: bool,
}

/// A payment of an invoice: which payment intent or charge paid which invoice. Since Stripe's API version basil, this
/// is the only link between them. If `paid_by` is empty, the payment was made outside Stripe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are clear")]
pub struct InvoicePaymentFact {
    pub id: String,
    pub invoice: Option<String>,
    pub paid_by: Vec<String>,
    /// True once any report said that it was paid.
    #[serde(default)]
    pub is_paid: bool,
    /// The amount paid.
    #[serde(default)]
    pub paid: Option<Money>,
}

/// A charge. It links refunds to payments, and contains the total refunded amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are clear; times are seconds since 1970")]
pub struct ChargeFact {
    pub id: String,
    pub origin: Option<Origin>,
    pub payment_intent: Option<String>,
    pub invoice: Option<String>,
    /// The amount, once it was paid.
    pub paid: Option<Money>,
    /// The total refunded amount according to the newest report.
    pub refunded: Option<Newest<Money>>,
    #[serde(default)]
    pub created_at_s: Option<i64>,
    /// Stripe's name for the payment method, such as `card` or `sepa_debit`.
    #[serde(default)]
    pub method: Option<String>,
    /// When Stripe created the events that report the charge's success.
    #[serde(default)]
    pub succeeded_events_s: Vec<i64>,
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are clear; times are seconds since 1970")]
pub struct RefundFact {
    pub id: String,
    pub latest: Latest<RefundState>,
    /// True once any report said that the money had left Stripe's balance.
    pub left: bool,
    pub amount: Option<Money>,
    pub created_at_s: Option<i64>,
    pub payment_intent: Option<String>,
    pub charge: Option<String>,
    /// When Stripe created the events that report that the refund failed or was canceled.
    #[serde(default)]
    pub reversed_events_s: Vec<i64>,
}

/// A dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are clear; times are seconds since 1970")]
pub struct DisputeFact {
    pub id: String,
    pub latest: Latest<DisputeState>,
    /// True once any report said that the bank had withdrawn the money.
    pub left: bool,
    /// True once any report said that the bank had returned the money.
    pub returned: bool,
    pub amount: Option<Money>,
    pub created_at_s: Option<i64>,
    pub payment_intent: Option<String>,
    pub charge: Option<String>,
    /// When Stripe created the events that report the return of the money.
    #[serde(default)]
    pub reversed_events_s: Vec<i64>,
    /// True once any report said that the dispute was an inquiry.
    #[serde(default)]
    pub inquired: bool,
    /// When Stripe created the events that report that the bank had withdrawn the money.
    #[serde(default)]
    pub left_events_s: Vec<i64>,
}

// `join_fields!` implements `Join`: it says how two reports of the same object are merged, field by field.
join_fields!(SessionFact: latest, mode, total, presented, created_at_s, origin, customer, email, payment_intent, subscription, invoice; any: finished, failed; all: paid_events_s);
join_fields!(SubscriptionFact: latest, created_at_s, origin, customer, terms, period, ended_at_s; any: cancelled_on_request; all: changes);
join_fields!(InvoiceFact: latest, created_at_s, paid_at_s, paid, outside, origin, customer, email, subscription, period; any: through_stripe, marked_outside, collected_at_once, never_attempted, renews; all: paid_by, paid_events_s, failed_events_s);
join_fields!(InvoicePaymentFact: invoice, paid; any: is_paid; all: paid_by);
join_fields!(ChargeFact: origin, payment_intent, invoice, paid, refunded, created_at_s, method; any: ; all: succeeded_events_s);
join_fields!(RefundFact: latest, amount, created_at_s, payment_intent, charge; any: left; all: reversed_events_s);
join_fields!(DisputeFact: latest, amount, created_at_s, payment_intent, charge; any: left, returned, inquired; all: reversed_events_s, left_events_s);

/// Defines the methods that depend on the kind of fact. The number before a kind is its rank.
macro_rules! define_for_each_kind {
    ($($rank:literal $kind:ident),*) => {
        impl Fact {
            /// The id of Stripe's object.
            pub fn id(&self) -> &str {
                match self { $(Self::$kind(it) => &it.id),* }
            }

            fn rank(&self) -> u8 {
                match self { $(Self::$kind(_) => $rank),* }
            }
        }

        impl Join for Fact {
            /// Merges two facts about the same object. Facts of different kinds should never have the same id. If that
            /// happens, the kind with the lower rank is kept, so that the order does not matter.
            fn join(self, other: Self) -> Self {
                match (self, other) {
                    $((Self::$kind(a), Self::$kind(b)) => Self::$kind(a.join(b)),)*
                    (one, other) => if one.rank() <= other.rank() { one } else { other },
                }
            }
        }
    };
}

define_for_each_kind!(
    0 Session, 1 Subscription, 2 Invoice, 3 InvoicePayment, 4 Charge, 5 Refund, 6 Dispute, 7 Transaction, 8 Intent,
    9 Warning, 10 Review, 11 Payout, 12 Customer, 13 UnknownCurrency
);

impl Fact {
    /// The origin that Keepopen's checkout wrote into the object, if any.
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Session(it) => it.origin.as_ref(),
            Self::Subscription(it) => it.origin.as_ref(),
            Self::Invoice(it) => it.origin.as_ref(),
            Self::Charge(it) => it.origin.as_ref(),
            Self::Intent(it) => it.origin.as_ref(),
            _ => None,
        }
    }

    /// The ids that this object contains of other objects that belong to the same gift. If this object has an origin,
    /// the gift's own id is included.
    ///
    /// The customer is not included, because a customer can give more than once. The payout is not included, because it
    /// contains many gifts.
    pub fn links(&self) -> Vec<&str> {
        let named: Vec<Option<&String>> = match self {
            Self::Session(it) => {
                vec![it.payment_intent.as_ref(), it.subscription.as_ref(), it.invoice.as_ref()]
            }
            Self::Invoice(it) => it.paid_by.iter().map(Some).chain([it.subscription.as_ref()]).collect(),
            Self::InvoicePayment(it) => it.paid_by.iter().map(Some).chain([it.invoice.as_ref()]).collect(),
            Self::Charge(it) => vec![it.payment_intent.as_ref(), it.invoice.as_ref()],
            Self::Refund(it) => vec![it.payment_intent.as_ref(), it.charge.as_ref()],
            Self::Dispute(it) => vec![it.payment_intent.as_ref(), it.charge.as_ref()],
            Self::Transaction(it) => vec![it.source.as_ref()],
            Self::Intent(it) => vec![it.charge.as_ref(), it.invoice.as_ref()],
            Self::Warning(it) => vec![it.payment_intent.as_ref(), it.charge.as_ref()],
            Self::Review(it) => vec![it.payment_intent.as_ref(), it.charge.as_ref()],
            Self::UnknownCurrency(it) => vec![it.object.as_ref()],
            Self::Subscription(_) | Self::Payout(_) | Self::Customer(_) => vec![],
        };
        let gift = self.origin().map(|origin| origin.contribution.as_str());
        named.into_iter().flatten().map(String::as_str).chain(gift).collect()
    }

    /// Whether the object belongs to a single gift. A customer and a payout do not.
    pub fn is_of_a_gift(&self) -> bool {
        !matches!(self, Self::Payout(_) | Self::Customer(_))
    }

    /// Returns when Stripe created the object, in seconds since 1970, if the object must be fetched again to see
    /// whether it changed. Returns 0 if Stripe does not report the time. Returns `None` if the object is final, or is
    /// of a kind that is not fetched again.
    pub fn pending_since_s(&self) -> Option<i64> {
        let (is_final, created_at_s) = match self {
            Self::Session(it) => (it.latest.state.is_terminal(), it.created_at_s),
            Self::Invoice(it) => (it.latest.state.is_terminal(), it.created_at_s),
            // A failed refund is final. A succeeded one is treated as final, because it rarely fails afterwards.
            Self::Refund(it) => {
                (it.latest.state.is_terminal() || it.latest.state == RefundState::Succeeded, it.created_at_s)
            }
            Self::Dispute(it) => (it.latest.state.is_terminal(), it.created_at_s),
            _ => return None,
        };
        (!is_final).then(|| created_at_s.unwrap_or(0))
    }

    /// Whether this fact adds anything to the known fact about the same object, apart from the time of the report.
    pub fn adds_to(&self, known: Option<&Self>) -> bool {
        let Some(known) = known else { return true };
        timeless(&known.clone().join(self.clone())) != timeless(known)
    }
}

/// The fact as JSON, without the times of its reports.
fn timeless(fact: &Fact) -> serde_json::Value {
    fn strip(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) => {
                fields.remove("reported_at_s");
                fields.values_mut().for_each(strip);
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(fact).expect("a fact must be serialisable as JSON");
    strip(&mut value);
    value
}
