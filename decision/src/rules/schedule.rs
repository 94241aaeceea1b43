//! Limits an appeal to the time from its start to its end. Both are whole minutes, and the appeal shows during both
//! minutes.
//!
//! The end is compared with the time of the question (the request for a decision). An appeal therefore stops in the
//! next minute, even if the appeals were compiled before its end.

use jiff::Timestamp;

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome};
use crate::calendar::DAY_MS;
use crate::calendar::MINUTE_MS;
use crate::context::ReaderContext;
use crate::reason::Reason;
use crate::timing::moment_ms;

/// The first and last millisecond of a schedule. A missing bound means that the schedule is unbounded on that side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    first_ms: i64,
    last_ms: i64,
}

impl Schedule {
    /// Whether the schedule's first minute has begun.
    pub(crate) const fn has_begun(&self, at_ms: i64) -> bool {
        at_ms >= self.first_ms
    }

    pub(crate) const fn is_over(&self, at_ms: i64) -> bool {
        at_ms > self.last_ms
    }
}

impl Schedule {
    /// Returns the number of 24-hour periods left until the end, in the site's local time and rounded up. Returns
    /// `None` without an end.
    pub(crate) fn days_left(&self, context: &ReaderContext<'_>) -> Option<i64> {
        if self.last_ms == i64::MAX {
            return None;
        }
        let left_ms = context.local_ms(self.last_ms + 1).saturating_sub(context.local_ms(context.now_ms));
        Some(left_ms.max(0).saturating_add(DAY_MS - 1) / DAY_MS)
    }
}

/// Returns the beginning of the minute that contains the instant.
fn minute_of(at_ms: i64) -> i64 {
    at_ms.div_euclid(MINUTE_MS) * MINUTE_MS
}

impl Check for Schedule {
    const TIMED: bool = true;

    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let (zone, rules) = (spec.zone(), &spec.rules.schedule);
        let first_ms = rules.starts_at.map_or(i64::MIN, |at| minute_of(moment_ms(&zone, at, false)));
        let last_ms =
            rules.ends_at.map_or(i64::MAX, |at| minute_of(moment_ms(&zone, at, true)) + MINUTE_MS - 1);
        if last_ms < first_ms {
            spec.problem("schedule.ends_at", "the schedule ends before it starts: correct one of the two.");
        }
        Self { first_ms, last_ms }
    }

    fn is_noop(&self) -> bool {
        self.first_ms == i64::MIN && self.last_ms == i64::MAX
    }

    fn check(&self, _: &ReaderContext<'_>, at_ms: i64) -> Outcome {
        let opens_at_ms = (!self.is_over(at_ms)).then_some(self.first_ms);
        Outcome::from_opening(opens_at_ms, at_ms, Reason::OutOfSchedule)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let from = (self.first_ms != i64::MIN).then(|| format!("from {}", describe(self.first_ms, context)));
        let to = (self.last_ms != i64::MAX).then(|| format!("to {}", describe(self.last_ms, context)));
        let wanted = match (from, to) {
            (None, None) => "any time".to_owned(),
            (Some(bound), None) | (None, Some(bound)) => bound,
            (Some(from), Some(to)) => format!("{from} {to}"),
        };
        Evidence::new(describe(context.now_ms, context), wanted)
    }
}

/// Formats a time in the site's time zone.
pub(super) fn describe(at_ms: i64, context: &ReaderContext<'_>) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(
        |_| format!("{at_ms} ms"),
        |at| at.to_zoned_datetime(context.site.time_zone.clone()).to_string(),
    )
}
