//! Changes of a subscription. Only Stripe's events report them, because the object itself shows only its newest state.

use serde::{Deserialize, Serialize};

/// One change of a subscription, as reported by one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SubscriptionChange {
    /// When Stripe created the event, in seconds since 1970.
    pub at_s: i64,
    /// What changed.
    pub kind: ChangeKind,
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// The amount or the interval changed.
    Terms,
    /// Payments are no longer collected.
    Paused,
    /// Payments are collected again.
    Resumed,
    /// The subscription will end later.
    CancelScheduled,
    /// The subscription will no longer end.
    CancelWithdrawn,
}

impl ChangeKind {
    /// Whether a later change of the kind `other` makes this change obsolete.
    pub(super) fn is_overtaken_by(self, other: Self) -> bool {
        // Changes of kinds with the same number affect the same property, so the later change counts.
        let property = |kind| match kind {
            Self::Terms => 0,
            Self::Paused | Self::Resumed => 1,
            Self::CancelScheduled | Self::CancelWithdrawn => 2,
        };
        property(self) == property(other)
    }
}
