//! The states of Stripe's objects, ordered by rank.

use serde::{Deserialize, Serialize};

use super::join::State;

/// Defines the states of one kind of object. The variants are ordered by rank, and `ends` lists the final states.
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
    /// The state of a Checkout Session.
    SessionState {
        /// The reader has not completed it.
        Open,
        /// Completed, and the payment is under way (such as a bank debit).
        Processing,
        /// Completed, with nothing to pay.
        NothingToPay,
        /// Never completed.
        Expired,
        /// Completed, and the payment failed.
        Failed,
        /// Paid.
        Paid,
    } ends: NothingToPay, Expired, Failed, Paid
}

states! {
    /// The state of a subscription.
    SubscriptionState {
        /// An unknown label.
        Other,
        /// The first payment has not succeeded yet.
        Incomplete,
        /// Active, but nothing was paid yet.
        Trialing,
        /// Paused because it has no payment method.
        Paused,
        /// Running.
        Active,
        /// A payment failed and will be retried.
        PastDue,
        /// Payments failed and will not be retried.
        Unpaid,
        /// The first payment never succeeded.
        IncompleteExpired,
        /// Ended.
        Canceled,
    } ends: IncompleteExpired, Canceled
}

states! {
    /// The state of an invoice.
    InvoiceState {
        /// An unknown label.
        Other,
        /// Not final yet.
        Draft,
        /// The invoice could not be finalized, so it will not be paid.
        Stuck,
        /// Waiting for its payment.
        Open,
        /// A payment was tried and failed.
        Failing,
        /// Stripe no longer tries to collect it, but it can still be paid.
        Uncollectible,
        /// Cancelled.
        Void,
        /// Paid.
        Paid,
    } ends: Void, Paid
}

states! {
    /// The state of a refund.
    RefundState {
        /// An unknown label.
        Other,
        /// The refund waits for the reader, and no money has moved yet.
        RequiresAction,
        /// The refund is under way, and the money has left our balance.
        Pending,
        /// The reader has the money.
        Succeeded,
        /// The refund was cancelled, and the money is back in our balance.
        Canceled,
        /// The refund failed, and the money is back in our balance.
        Failed,
    } ends: Canceled, Failed
}

states! {
    /// The state of a dispute.
    DisputeState {
        /// An unknown label.
        Other,
        /// An inquiry: no money moved.
        Warning,
        /// The bank withdrew the money, and the dispute is open.
        Open,
        /// An inquiry was dropped, or a dispute was prevented in time.
        Dropped,
        /// The dispute is closed, and the bank returned the money.
        Won,
        /// The dispute is closed, and the money is lost.
        Lost,
    } ends: Dropped, Won, Lost
}

states! {
    /// The state of a payment intent. It is only used to find payments that are not booked.
    IntentState {
        /// An unknown label, or a state before the reader has acted.
        Other,
        /// An attempt to pay failed.
        Failing,
        /// The payment is under way.
        Processing,
        /// Cancelled.
        Canceled,
        /// Paid.
        Succeeded,
    } ends: Canceled, Succeeded
}

states! {
    /// The state of a payout to the bank.
    PayoutState {
        /// An unknown label.
        Other,
        /// Created, but not sent yet.
        Pending,
        /// On its way to the bank.
        InTransit,
        /// The money is at the bank. The bank can still return it.
        Paid,
        /// The payout was cancelled, and the money is back in Stripe's balance.
        Canceled,
        /// The bank returned the money.
        Failed,
    } ends: Canceled, Failed
}

/// The mode of a Checkout Session: what the reader pays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionMode {
    /// One payment.
    Payment,
    /// A subscription.
    Subscription,
    /// A card for later use, or an unknown label. This is not a gift.
    Other,
}
