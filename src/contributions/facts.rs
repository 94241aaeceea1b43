//! What is known of each of Stripe's objects, and how two reports of the same
//! object become one.
//!
//! [`Join::join`] is commutative, associative and idempotent. So whatever order
//! and however often reports come, the fact at the end is the same: terminal
//! states win, else the newest report; a rank of states only breaks ties, since
//! `created` has whole seconds.

use serde::{Deserialize, Serialize};

use crate::config::Interval;
use crate::ids::ContributionId;
use crate::money::Money;

/// Two reports of one thing, made one.
pub trait Join: Sized {
    /// The knowledge of both.
    #[must_use]
    fn join(self, other: Self) -> Self;
}

/// What does not change is known once; should two reports differ all the
/// same, the greater is kept, so that their order does not matter.
impl<T: Ord> Join for Option<T> {
    fn join(self, other: Self) -> Self {
        self.max(other)
    }
}

/// A state that can end: its variants stand in the order of their rank.
pub trait State: Ord {
    /// True when nothing comes after it.
    fn is_terminal(&self) -> bool;
}

/// The latest report of something that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest<S> {
    /// What was reported.
    pub state: S,
    /// When Stripe made the report, in seconds since 1970.
    pub reported_at_s: i64,
}

impl<S: State + Copy> Join for Latest<S> {
    fn join(self, other: Self) -> Self {
        // Between two terminal states the rank decides, not the time: several
        // events can report the same end.
        let key = |it: &Self| {
            let end = it.state.is_terminal().then_some(it.state);
            (end, it.reported_at_s, it.state)
        };
        if key(&other) > key(&self) { other } else { self }
    }
}

/// The newest report of something that never ends. (The order of the fields
/// is the order of comparison, so the greater of two is the newer.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Newest<T> {
    /// When Stripe made the report, in seconds since 1970.
    pub reported_at_s: i64,
    /// What was reported.
    pub value: T,
}

/// What our own checkout wrote into Stripe's metadata.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// The contribution this object belongs to.
    pub contribution: ContributionId,
    /// The site it was given to.
    pub site: String,
    /// The appeal that was followed, if one was.
    pub appeal: Option<String>,
    /// Its variant.
    pub variant: Option<String>,
    /// The surface it stood on.
    pub surface: Option<String>,
}

/// One fact about one of Stripe's objects, in our words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is described where its type is")]
pub enum Fact {
    Session(SessionFact),
    Subscription(SubscriptionFact),
    Invoice(InvoiceFact),
    InvoicePayment(InvoicePaymentFact),
    Charge(ChargeFact),
    Refund(RefundFact),
    Dispute(DisputeFact),
}

macro_rules! states {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident),+ $(,)? } ends: $($end:ident),* $(,)?) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vmeta])* $variant),+ }
        impl State for $name {
            fn is_terminal(&self) -> bool {
                matches!(self, $(Self::$end)|*)
            }
        }
    };
}

states! {
    /// How far a Checkout Session is.
    SessionState {
        /// The reader has not finished.
        Open,
        /// Finished, and the money is on its way (a bank debit).
        Processing,
        /// Finished, and there was nothing to pay.
        NothingToPay,
        /// Never finished.
        Expired,
        /// Finished, and the money did not come.
        Failed,
        /// The money came.
        Paid,
    } ends: NothingToPay, Expired, Failed, Paid
}

states! {
    /// How a subscription stands.
    SubscriptionState {
        /// A word of Stripe's that we do not know.
        Other,
        /// The first payment has not come yet.
        Incomplete,
        /// Running, nothing paid yet.
        Trialing,
        /// Stopped for want of a payment method.
        Paused,
        /// Running.
        Active,
        /// A payment failed and is tried again.
        PastDue,
        /// Payments failed and are not tried any more.
        Unpaid,
        /// The first payment never came.
        IncompleteExpired,
        /// Over.
        Canceled,
    } ends: IncompleteExpired, Canceled
}

states! {
    /// How an invoice stands.
    InvoiceState {
        /// A word of Stripe's that we do not know.
        Other,
        /// Not final yet.
        Draft,
        /// To be paid.
        Open,
        /// A payment was tried and failed.
        Failing,
        /// Given up; can still be paid.
        Uncollectible,
        /// Cancelled.
        Void,
        /// Paid.
        Paid,
    } ends: Void, Paid
}

states! {
    /// How a refund stands.
    RefundState {
        /// A word of Stripe's that we do not know.
        Other,
        /// Waits for the reader; no money moved yet.
        RequiresAction,
        /// On its way; the money has left our balance.
        Pending,
        /// The reader has it.
        Succeeded,
        /// Called off; the money is back with us.
        Canceled,
        /// Did not arrive; the money is back with us.
        Failed,
    } ends: Canceled, Failed
}

states! {
    /// How a dispute stands.
    DisputeState {
        /// A word of Stripe's that we do not know.
        Other,
        /// An inquiry: no money moved.
        Warning,
        /// The bank took the money; the case is open.
        Open,
        /// An inquiry that came to nothing, or a dispute prevented in time.
        Dropped,
        /// Over; the money came back.
        Won,
        /// Over; the money is gone.
        Lost,
    } ends: Dropped, Won, Lost
}

/// What a Checkout Session sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionMode {
    /// One payment.
    Payment,
    /// A subscription.
    Subscription,
    /// A card for later, or a word that we do not know: no gift.
    Other,
}

/// A Checkout Session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it; times are seconds since 1970")]
pub struct SessionFact {
    pub id: String,
    pub latest: Latest<SessionState>,
    /// True once any report said that the reader had finished.
    pub finished: bool,
    pub mode: Option<SessionMode>,
    pub total: Option<Money>,
    pub created_at_s: Option<i64>,
    pub origin: Option<Origin>,
    pub customer: Option<String>,
    pub email: Option<String>,
    pub payment_intent: Option<String>,
    pub subscription: Option<String>,
    pub invoice: Option<String>,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it; times are seconds since 1970")]
pub struct SubscriptionFact {
    pub id: String,
    pub latest: Latest<SubscriptionState>,
    pub created_at_s: Option<i64>,
    pub origin: Option<Origin>,
    pub customer: Option<String>,
    pub terms: Option<Newest<Terms>>,
}

/// What a subscription takes, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Terms {
    /// How often.
    pub interval: Interval,
    /// How much each time.
    pub price: Money,
}

/// An invoice; only those of a subscription are booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it; times are seconds since 1970")]
pub struct InvoiceFact {
    pub id: String,
    pub latest: Latest<InvoiceState>,
    pub created_at_s: Option<i64>,
    pub paid_at_s: Option<i64>,
    pub paid: Option<Money>,
    pub origin: Option<Origin>,
    pub customer: Option<String>,
    pub email: Option<String>,
    pub subscription: Option<String>,
    /// Payment intents and charges that the invoice itself names.
    pub paid_by: Vec<String>,
}

/// Which payment intent or charge paid which invoice (since basil, the only tie).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct InvoicePaymentFact {
    pub id: String,
    pub invoice: Option<String>,
    pub paid_by: Vec<String>,
}

/// A charge: it ties refunds to payments, and says how much was refunded in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ChargeFact {
    pub id: String,
    pub origin: Option<Origin>,
    pub payment_intent: Option<String>,
    pub invoice: Option<String>,
    /// In all, as of the newest report.
    pub refunded: Option<Newest<Money>>,
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it; times are seconds since 1970")]
pub struct RefundFact {
    pub id: String,
    pub latest: Latest<RefundState>,
    /// True once any report said that the money had left.
    pub left: bool,
    pub amount: Option<Money>,
    pub created_at_s: Option<i64>,
    pub payment_intent: Option<String>,
    pub charge: Option<String>,
}

/// A dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it; times are seconds since 1970")]
pub struct DisputeFact {
    pub id: String,
    pub latest: Latest<DisputeState>,
    /// True once any report said that the bank had taken the money.
    pub left: bool,
    pub amount: Option<Money>,
    pub created_at_s: Option<i64>,
    pub payment_intent: Option<String>,
    pub charge: Option<String>,
}

fn union(mut one: Vec<String>, other: Vec<String>) -> Vec<String> {
    one.extend(other);
    one.sort();
    one.dedup();
    one
}

macro_rules! join_fields {
    ($name:ident: $($field:ident),*; any: $($any:ident),*; all: $($all:ident),*) => {
        impl Join for $name {
            fn join(self, other: Self) -> Self {
                Self {
                    id: self.id,
                    $($field: self.$field.join(other.$field),)*
                    $($any: self.$any || other.$any,)*
                    $($all: union(self.$all, other.$all),)*
                }
            }
        }
    };
}

join_fields!(SessionFact: latest, mode, total, created_at_s, origin, customer, email, payment_intent, subscription, invoice; any: finished; all: );
join_fields!(SubscriptionFact: latest, created_at_s, origin, customer, terms; any: ; all: );
join_fields!(InvoiceFact: latest, created_at_s, paid_at_s, paid, origin, customer, email, subscription; any: ; all: paid_by);
join_fields!(InvoicePaymentFact: invoice; any: ; all: paid_by);
join_fields!(ChargeFact: origin, payment_intent, invoice, refunded; any: ; all: );
join_fields!(RefundFact: latest, amount, created_at_s, payment_intent, charge; any: left; all: );
join_fields!(DisputeFact: latest, amount, created_at_s, payment_intent, charge; any: left; all: );

impl Fact {
    /// The id of Stripe's object.
    pub fn id(&self) -> &str {
        match self {
            Self::Session(it) => &it.id,
            Self::Subscription(it) => &it.id,
            Self::Invoice(it) => &it.id,
            Self::InvoicePayment(it) => &it.id,
            Self::Charge(it) => &it.id,
            Self::Refund(it) => &it.id,
            Self::Dispute(it) => &it.id,
        }
    }

    /// What our own checkout wrote into the object, where it did.
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Session(it) => it.origin.as_ref(),
            Self::Subscription(it) => it.origin.as_ref(),
            Self::Invoice(it) => it.origin.as_ref(),
            Self::Charge(it) => it.origin.as_ref(),
            Self::InvoicePayment(_) | Self::Refund(_) | Self::Dispute(_) => None,
        }
    }

    /// The other objects of the same gift that this one names, and the gift itself.
    ///
    /// The customer is not among them: a customer gives more than once.
    pub fn links(&self) -> Vec<&str> {
        let named: Vec<Option<&String>> = match self {
            Self::Session(it) => {
                vec![it.payment_intent.as_ref(), it.subscription.as_ref(), it.invoice.as_ref()]
            }
            Self::Subscription(_) => vec![],
            Self::Invoice(it) => it.paid_by.iter().map(Some).chain([it.subscription.as_ref()]).collect(),
            Self::InvoicePayment(it) => it.paid_by.iter().map(Some).chain([it.invoice.as_ref()]).collect(),
            Self::Charge(it) => vec![it.payment_intent.as_ref(), it.invoice.as_ref()],
            Self::Refund(it) => vec![it.payment_intent.as_ref(), it.charge.as_ref()],
            Self::Dispute(it) => vec![it.payment_intent.as_ref(), it.charge.as_ref()],
        };
        let gift = self.origin().map(|origin| origin.contribution.as_str());
        named.into_iter().flatten().map(String::as_str).chain(gift).collect()
    }
}

impl Join for Fact {
    /// Facts of two different kinds never have the same id; should it happen, the first stays.
    fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Session(a), Self::Session(b)) => Self::Session(a.join(b)),
            (Self::Subscription(a), Self::Subscription(b)) => Self::Subscription(a.join(b)),
            (Self::Invoice(a), Self::Invoice(b)) => Self::Invoice(a.join(b)),
            (Self::InvoicePayment(a), Self::InvoicePayment(b)) => Self::InvoicePayment(a.join(b)),
            (Self::Charge(a), Self::Charge(b)) => Self::Charge(a.join(b)),
            (Self::Refund(a), Self::Refund(b)) => Self::Refund(a.join(b)),
            (Self::Dispute(a), Self::Dispute(b)) => Self::Dispute(a.join(b)),
            (first, _) => first,
        }
    }
}
