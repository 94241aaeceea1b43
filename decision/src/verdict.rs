//! The reader's standing as input of the decision, and the verdict as its output.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::labels::{Kind, Standing, Surface};
use crate::reason::Reason;

/// What a verified token says about the reader. The caller builds it; the decision trusts it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The reader's standing.
    pub standing: Standing,
    /// The first instant, in milliseconds since 1970, at which this giver may be asked again.
    #[serde(default)]
    pub quiet_until_ms: Option<i64>,
    /// The reader's entitlements, by name.
    #[serde(default)]
    pub entitlements: Vec<String>,
}

impl Known {
    /// Returns what is known about a reader without a token.
    pub const fn without_token() -> Self {
        Self { standing: Standing::None, quiet_until_ms: None, entitlements: Vec::new() }
    }

    /// Returns what is known about a reader whose token is expired or can't be verified, or whose payment is pending.
    pub const fn unknown() -> Self {
        Self { standing: Standing::Unknown, quiet_until_ms: None, entitlements: Vec::new() }
    }
}

/// An appeal's index in the slice given to [`compile`](crate::compile()).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct AppealIndex(pub usize);

/// The variant id under which results count held-out readers. No variant may have this id.
pub const HELD_OUT: &str = "holdout";

/// The answer to the question "show the appeal?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// An appeal shows.
    Show {
        /// The appeal.
        appeal: AppealIndex,
        /// The variant's index in the appeal's `variants`.
        variant: usize,
        /// The surface on which the appeal shows.
        surface: Surface,
        /// The appeal's kind.
        kind: Kind,
        /// Whether the reader may close the appeal.
        closable: bool,
    },
    /// Nothing shows, because the reader is in the holdout group, which sees nothing, for comparison. Contains what
    /// would have shown.
    HeldOut {
        /// The appeal.
        appeal: AppealIndex,
        /// The variant's index in the appeal's `variants`.
        variant: usize,
        /// The surface on which the appeal would have shown.
        surface: Surface,
        /// The appeal's kind.
        kind: Kind,
    },
    /// Nothing shows.
    Silent {
        /// The reason of the appeal that passed the most rules before it failed one. If several appeals passed equally
        /// many rules, the one with the highest priority decides.
        reason: Reason,
        /// The first millisecond since 1970 at which an appeal shows if nothing but the time changes. `None` if there
        /// is none.
        next_eligible_at_ms: Option<i64>,
    },
}

impl Verdict {
    /// Returns the verdict's reason.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Show { .. } => Reason::Matched,
            Self::HeldOut { .. } => Reason::Holdout,
            Self::Silent { reason, .. } => *reason,
        }
    }

    /// Returns the first millisecond since 1970 at which an appeal shows if nothing but the time changes. `None` if
    /// there is none.
    pub const fn next_eligible_at_ms(&self) -> Option<i64> {
        match self {
            Self::Show { .. } | Self::HeldOut { .. } => None,
            Self::Silent { next_eligible_at_ms, .. } => *next_eligible_at_ms,
        }
    }
}

/// The question names a site that is not configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSite {
    /// The site id that the question contains.
    pub site: String,
}

impl fmt::Display for UnknownSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no site is called {:?}", self.site)
    }
}

impl std::error::Error for UnknownSite {}
