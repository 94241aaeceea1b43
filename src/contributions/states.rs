//! The states that Stripe's objects can be in, in the order of their rank.

use serde::{Deserialize, Serialize};

use super::join::State;

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
        /// It could not be made final: nobody is asked for the money.
        Stuck,
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

states! {
    /// How a payment intent stands; only to find money that nothing is booked for.
    IntentState {
        /// A word of Stripe's that we do not know, or a state before the reader has done their part.
        Other,
        /// A try failed.
        Failing,
        /// The money is on its way.
        Processing,
        /// Called off.
        Canceled,
        /// The money came.
        Succeeded,
    } ends: Canceled, Succeeded
}

states! {
    /// How a payout to the bank stands.
    PayoutState {
        /// A word of Stripe's that we do not know.
        Other,
        /// Made; it has not left yet.
        Pending,
        /// On its way to the bank.
        InTransit,
        /// At the bank. It can still come back.
        Paid,
        /// Called off; the money is back at Stripe.
        Canceled,
        /// It came back.
        Failed,
    } ends: Canceled, Failed
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
