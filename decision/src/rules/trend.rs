//! Whether the reader reads more than before: the last four whole weeks against the four before them. The present week
//! does not count until it is over. What makes a trend is told at [`Trend`](crate::Trend).

use super::spec::Draft;
use super::{Check, Evidence, Outcome, count};
use crate::calendar::{Week, week_begins_ms};
use crate::context::Facts;
use crate::labels::Trend;
use crate::reason::Reason;

#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadingTrend(Option<Trend>);

/// Articles in the last four whole weeks, and in the four before.
fn read(facts: &Facts<'_>, present: Week) -> (u64, u64) {
    let between = |first: Week, end: Week| {
        let weeks = facts.weeks().iter().filter(|read| (first..end).contains(&read.week));
        weeks.map(|read| u64::from(read.count)).sum()
    };
    (between(present - 4, present), between(present - 8, present - 4))
}

impl ReadingTrend {
    fn passes(self, facts: &Facts<'_>, present: Week) -> bool {
        let (recent, before) = read(facts, present);
        self.0.is_none_or(|wanted| wanted == Trend::of(recent, before))
    }
}

impl Check for ReadingTrend {
    const TIMED: bool = true;

    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        Self(draft.rules.audience.trend)
    }

    fn is_idle(&self) -> bool {
        self.0.is_none()
    }

    fn check(&self, facts: &Facts<'_>, at_ms: i64) -> Outcome {
        let present = facts.week(at_ms);
        if self.passes(facts, present) {
            return Outcome::Pass;
        }
        // Only where a week comes to count, passes to the other four or leaves them can the trend change.
        let changes = facts.weeks().iter().flat_map(|read| [read.week + 1, read.week + 5, read.week + 9]);
        let opens = changes.filter(|week| *week > present && self.passes(facts, *week)).min();
        let opens_at_ms = opens.map(|week| week_begins_ms(&facts.site.time_zone, week));
        Outcome::from_opening(opens_at_ms, at_ms, Reason::NotTargeted)
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let (recent, before) = read(facts, facts.week(facts.now_ms));
        let seen = format!(
            "{}: {} in four weeks, {before} in the four before",
            Trend::of(recent, before).as_str(),
            count(recent, "article")
        );
        Evidence::new(seen, self.0.map_or("any", Trend::as_str))
    }
}
