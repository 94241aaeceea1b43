//! The fixed list of reasons that a verdict can have.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $label:literal,)*) => {
        /// The reason of a verdict. The list is fixed, because callers depend on it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Reason {
            $($(#[$doc])* #[serde(rename = $label)] $name,)*
        }

        impl Reason {
            /// Every reason, in the order of the list.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the label, as it is in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }
        }
    };
}

reasons! {
    /// An appeal is shown.
    Matched = "matched",
    /// The reader supports the site.
    Supporter = "supporter",
    /// The reader gave recently.
    RecentGiver = "recent_giver",
    /// It is not known whether the reader supports the site.
    UnknownStanding = "unknown_standing",
    /// The site's appeals are switched off.
    KillSwitch = "kill_switch",
    /// The reader is in the holdout group, which sees nothing, for comparison.
    Holdout = "holdout",
    /// The appeal requires a consent that the reader has not given, or a reading history that the question (the request
    /// for a decision) does not contain.
    NoConsent = "no_consent",
    /// The appeal must not show on this page.
    ExcludedPage = "excluded_page",
    /// The page is sensitive.
    SensitivePage = "sensitive_page",
    /// The appeal has not begun, or is over.
    OutOfSchedule = "out_of_schedule",
    /// The appeal is meant for other readers, pages or surfaces.
    NotTargeted = "not_targeted",
    /// The reader has seen the appeal often enough.
    FrequencyCap = "frequency_cap",
    /// The reader dismissed the appeal.
    Dismissed = "dismissed",
    /// The reader has not read enough yet.
    BelowMeter = "below_meter",
    /// Only readers with an entitlement may read the page.
    NeedsEntitlement = "needs_entitlement",
    /// The copy text needs a value that is not available.
    MissingValue = "missing_value",
    /// The appeal is shown only to a share of the readers, and this reader is outside it.
    Share = "share",
    /// The reader has seen the whole sequence of variants.
    SequenceDone = "sequence_done",
    /// The site has no live appeal.
    NoLiveAppeal = "no_live_appeal",
    /// The service is overloaded.
    Overloaded = "overloaded",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
