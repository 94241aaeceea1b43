//! When an appeal shows. Both bounds belong to it, and both count in whole minutes.

use jiff::Timestamp;

use super::{Check, Evidence, Outcome};
use crate::compile::Draft;
use crate::facts::Facts;
use crate::reason::Reason;

const MINUTE_MS: i64 = 60_000;

/// First and last millisecond; without a bound, the end of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    first_ms: i64,
    last_ms: i64,
}

impl Schedule {
    pub(crate) fn compile(draft: &mut Draft<'_>) -> Self {
        let rules = &draft.rules.schedule;
        let first_ms = rules.starts_at.map_or(i64::MIN, minute_of);
        let last_ms = rules.ends_at.map_or(i64::MAX, |at| minute_of(at) + MINUTE_MS - 1);
        if last_ms < first_ms {
            draft.problem("schedule.ends_at", "it ends before it starts: swap the two, or mend one.");
        }
        Self { first_ms, last_ms }
    }

    /// Whether the appeal has not ended by then.
    pub(crate) const fn lasts_until(&self, at_ms: i64) -> bool {
        at_ms <= self.last_ms
    }
}

fn minute_of(at: Timestamp) -> i64 {
    at.as_millisecond().div_euclid(MINUTE_MS) * MINUTE_MS
}

impl Check for Schedule {
    fn check(&self, facts: &Facts<'_>) -> Outcome {
        let reason = Reason::OutOfSchedule;
        if facts.now_ms < self.first_ms {
            return Outcome::Waiting { reason, opens_at_ms: self.first_ms };
        }
        Outcome::pass_if(self.lasts_until(facts.now_ms), reason)
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let from = (self.first_ms != i64::MIN).then(|| format!("from {}", tell(self.first_ms, facts)));
        let to = (self.last_ms != i64::MAX).then(|| format!("to {}", tell(self.last_ms, facts)));
        let wanted = match (from, to) {
            (None, None) => "any time".to_owned(),
            (Some(bound), None) | (None, Some(bound)) => bound,
            (Some(from), Some(to)) => format!("{from} {to}"),
        };
        Evidence::new(tell(facts.now_ms, facts), wanted)
    }
}

/// A time as the site's people read it.
pub(super) fn tell(at_ms: i64, facts: &Facts<'_>) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(
        |_| format!("{at_ms} ms"),
        |at| at.to_zoned_datetime(facts.site.time_zone.clone()).to_string(),
    )
}
