//! The rules that an appeal must pass, in the order in which they are checked.
//!
//! **Owns** each rule: how it is compiled, what passes, its reason, when it passes over time, and how it is explained.
//! **Never** looks at other appeals or at other rules' outcomes; `walk/` combines the outcomes.
//! **Start at** the table in `table.rs`. A new rule needs a file here, a line in that table, and cases.
//! **Tested in** `cases/`, about one file per rule.

mod articles;
mod cap;
mod consent;
mod cool_down;
mod country;
mod device;
mod dismissal;
mod entitlements;
mod frequency;
mod history;
mod hours;
mod kill_switch;
mod language;
mod live;
mod meter;
mod page;
mod page_kind;
mod paid_page;
mod quiet;
mod reader;
mod redeploy;
mod schedule;
mod sensitive_page;
mod sequence;
mod signed_in;
mod site_excluded;
mod site_frequency;
mod skip_first;
mod spec;
mod standing;
mod surfaces;
mod table;
mod traits;
mod trend;
mod url;
mod values;

pub(crate) use articles::Articles;
pub(crate) use spec::AppealSpec;
pub(crate) use table::Parts;
pub use table::Rule;

use crate::context::ReaderContext;
use crate::reason::Reason;

/// A rule's outcome at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Pass,
    /// The rule fails, and time alone will never make it pass after this instant.
    Blocked(Reason),
    /// The rule fails now, but time alone makes it pass later. `opens_at_ms` is the first millisecond at which it
    /// passes.
    Waiting {
        reason: Reason,
        opens_at_ms: i64,
    },
}

impl Outcome {
    /// Returns a pass, or a failure with this reason.
    pub(crate) const fn pass_if(passes: bool, reason: Reason) -> Self {
        if passes { Self::Pass } else { Self::Blocked(reason) }
    }

    /// Returns the outcome, at `at_ms`, of a rule that passes from `opens_at_ms` on. `None` means that it never passes.
    pub(crate) const fn from_opening(opens_at_ms: Option<i64>, at_ms: i64, reason: Reason) -> Self {
        match opens_at_ms {
            None => Self::Blocked(reason),
            Some(opens_at_ms) if opens_at_ms > at_ms => Self::Waiting { reason, opens_at_ms },
            Some(_) => Self::Pass,
        }
    }
}

/// What the rule found and what would have passed, as text.
pub(crate) struct Evidence {
    pub(crate) seen: String,
    pub(crate) wanted: String,
}

impl Evidence {
    pub(crate) fn new(seen: impl Into<String>, wanted: impl Into<String>) -> Self {
        Self { seen: seen.into(), wanted: wanted.into() }
    }
}

/// One rule of one appeal.
pub(crate) trait Check: Sized {
    /// Whether the rule's outcome for one question (one request for a decision) can change over time.
    const TIMED: bool = false;

    /// Compiles the rule for one appeal on one site. Reports problems in the appeal.
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self;

    /// Whether the rule always passes, for any question at any time. If it does, it is not checked.
    fn is_noop(&self) -> bool;

    /// Returns the rule's outcome for the reader at `at_ms`.
    fn check(&self, context: &ReaderContext<'_>, at_ms: i64) -> Outcome;

    /// Describes what the rule finds now. This allocates, so it is called only for explanations.
    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence;
}

/// Formats a number with its unit, such as `2 days`.
fn quantity(number: impl Into<u64>, unit: &str) -> String {
    let number = number.into();
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// Joins items with commas. Returns `none` if there are no items.
fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>, none: &str) -> String {
    let mut joined = String::new();
    for item in items {
        if !joined.is_empty() {
            joined.push_str(", ");
        }
        joined.push_str(item.as_ref());
    }
    if joined.is_empty() { none.to_owned() } else { joined }
}
