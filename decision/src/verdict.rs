//! What goes in beside the question, and what comes out.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::labels::{Kind, Standing, Surface};
use crate::reason::Reason;

/// What a verified token says of the reader. The caller makes it; the decision trusts it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The reader's standing.
    pub standing: Standing,
    /// First instant, in milliseconds since 1970, when asking this giver is allowed again.
    #[serde(default)]
    pub quiet_until_ms: Option<i64>,
    /// What the reader is entitled to, by name.
    #[serde(default)]
    pub entitlements: Vec<String>,
}

impl Known {
    /// A reader without a token.
    pub const fn nobody() -> Self {
        Self { standing: Standing::None, quiet_until_ms: None, entitlements: Vec::new() }
    }

    /// A reader whose token is expired or can't be verified, or whose payment is on its way.
    pub const fn unknown() -> Self {
        Self { standing: Standing::Unknown, quiet_until_ms: None, entitlements: Vec::new() }
    }
}

/// An appeal's place in the slice given to [`compile`](crate::compile()).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct AppealIndex(pub usize);

/// What stands in place of a variant's id where results speak of readers who were held out; no variant may be called so.
pub const HELD_OUT: &str = "holdout";

/// The answer to "show the appeal?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Show this one.
    Show {
        /// The appeal.
        appeal: AppealIndex,
        /// The variant's place in the appeal's `variants`.
        variant: usize,
        /// Where.
        surface: Surface,
        /// What it wants.
        kind: Kind,
        /// Whether the reader may send it away.
        closable: bool,
    },
    /// Show nothing to this reader, so that what the appeal brings can be told: this is what would have shown.
    HeldOut {
        /// The appeal.
        appeal: AppealIndex,
        /// The variant's place in the appeal's `variants`.
        variant: usize,
        /// Where it would have shown.
        surface: Surface,
        /// What it wants.
        kind: Kind,
    },
    /// Show nothing.
    Silent {
        /// Why: the reason of the appeal that came furthest through the rules, ties by priority.
        reason: Reason,
        /// First millisecond since 1970 at which time alone would change the answer, if it ever does.
        next_eligible_at_ms: Option<i64>,
    },
}

impl Verdict {
    /// The reason of either answer.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Show { .. } => Reason::Matched,
            Self::HeldOut { .. } => Reason::Holdout,
            Self::Silent { reason, .. } => *reason,
        }
    }

    /// First millisecond since 1970 at which time alone would change the answer, where that can be told.
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
