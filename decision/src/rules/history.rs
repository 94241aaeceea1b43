//! Requires the reader's history (views, dismissals and articles read) if the appeal has a cap, a sequence, a meter or
//! a rule about what was read. An appeal whose `without_history` is `ask` does not require it. A missing history is not
//! an empty history: perhaps the reader did not consent to storage. Without a history, the cap could not be enforced.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome};
use crate::context::ReaderContext;
use crate::labels::WithoutHistory;
use crate::reason::Reason;

#[derive(Clone, Copy, Debug)]
pub(crate) struct History {
    is_needed: bool,
}

impl Check for History {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let rules = spec.rules;
        let has_cap =
            !spec.is_hard() && !rules.frequency.as_ref().is_some_and(|frequency| frequency.unlimited);
        let audience = &rules.audience;
        let needs_reading_history =
            audience.reader.is_some() || audience.articles.is_some() || audience.trend.is_some();
        let needs_counts = rules.meter.is_some() || !rules.sequence.is_empty();
        Self {
            is_needed: (has_cap || needs_reading_history || needs_counts)
                && rules.without_history == WithoutHistory::Silent,
        }
    }

    fn is_noop(&self) -> bool {
        !self.is_needed
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        Outcome::pass_if(!self.is_needed || context.history().is_some(), Reason::NoConsent)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let seen = if context.history().is_some() { "a history" } else { "no history" };
        Evidence::new(seen, if self.is_needed { "a history" } else { "no condition" })
    }
}
