//! The reader's standing as input, and the verdict as output.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::labels::{Kind, Standing, Surface};
use crate::reason::Reason;

/// What a verified token says about the reader. The caller builds it; the decision trusts it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The reader's standing.
    pub standing: Standing,
    /// First instant, in milliseconds since 1970, when asking this giver is allowed again.
    #[serde(default)]
    pub quiet_until_ms: Option<i64>,
    /// The reader's entitlements, by name.
    #[serde(default)]
    pub entitlements: Vec<String>,
}

impl Known {
    /// A reader without a token.
    pub const fn nobody() -> Self {
        Self { standing: Standing::None, quiet_until_ms: None, entitlements: Vec::new() }
    }

    /// A reader whose token is expired or can't be verified, or whose payment is pending.
    pub const fn unknown() -> Self {
        Self { standing: Standing::Unknown, quiet_until_ms: None, entitlements: Vec::new() }
    }
}

/// An appeal's index in the slice given to [`compile`](crate::compile()).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct AppealIndex(pub usize);

/// The variant id under which results count held-out readers. No variant may have this id.
pub const HELD_OUT: &str = "holdout";

/// The answer to "show the appeal?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// An appeal shows.
    Show {
        /// The appeal.
        appeal: AppealIndex,
        /// The variant's index in the appeal's `variants`.
        variant: usize,
        /// The surface.
        surface: Surface,
        /// Its kind.
        kind: Kind,
        /// Whether the reader may close it.
        closable: bool,
    },
    /// Nothing shows, because the reader is in the comparison group. Contains what would have shown.
    HeldOut {
        /// The appeal.
        appeal: AppealIndex,
        /// The variant's index in the appeal's `variants`.
        variant: usize,
        /// The surface on which it would have shown.
        surface: Surface,
        /// Its kind.
        kind: Kind,
    },
    /// Nothing shows.
    Silent {
        /// The reason of the appeal that got furthest through the rules; of equals, the one with the highest priority.
        reason: Reason,
        /// First millisecond since 1970 at which time alone changes the answer, if it ever does.
        next_eligible_at_ms: Option<i64>,
    },
}

impl Verdict {
    /// The reason, whatever the answer.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Show { .. } => Reason::Matched,
            Self::HeldOut { .. } => Reason::Holdout,
            Self::Silent { reason, .. } => *reason,
        }
    }

    /// First millisecond since 1970 at which time alone changes the answer, if known.
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
    /// The name in the question.
    pub site: String,
}

impl fmt::Display for UnknownSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no site is called {:?}", self.site)
    }
}

impl std::error::Error for UnknownSite {}
