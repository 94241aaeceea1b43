//! Requires a trend: the reader reads more than before, less, or about as much. The rule compares the last four whole
//! weeks with the four weeks before them. The current week does not count until it is over. See
//! [`Trend`](crate::Trend) for how large the difference must be.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome, quantity};
use crate::calendar::{Week, week_begins_ms};
use crate::context::ReaderContext;
use crate::labels::Trend;
use crate::reason::Reason;

#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadingTrend(Option<Trend>);

/// Returns the number of articles in the last four whole weeks, and in the four weeks before.
fn articles_read(context: &ReaderContext<'_>, current_week: Week) -> (u64, u64) {
    let between = |first: Week, end: Week| {
        let weeks = context.weeks().iter().filter(|read| (first..end).contains(&read.week));
        weeks.map(|read| u64::from(read.count)).sum()
    };
    (between(current_week - 4, current_week), between(current_week - 8, current_week - 4))
}

impl ReadingTrend {
    fn passes(self, context: &ReaderContext<'_>, current_week: Week) -> bool {
        let (recent, before) = articles_read(context, current_week);
        self.0.is_none_or(|wanted| wanted == Trend::of(recent, before))
    }
}

impl Check for ReadingTrend {
    const TIMED: bool = true;

    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        Self(spec.rules.audience.trend)
    }

    fn is_noop(&self) -> bool {
        self.0.is_none()
    }

    fn check(&self, context: &ReaderContext<'_>, at_ms: i64) -> Outcome {
        let current_week = context.week(at_ms);
        if self.passes(context, current_week) {
            return Outcome::Pass;
        }
        // The trend can only change when a week starts to count, moves to the earlier four weeks, or leaves them.
        let changes = context.weeks().iter().flat_map(|read| [read.week + 1, read.week + 5, read.week + 9]);
        let first_week = changes.filter(|week| *week > current_week && self.passes(context, *week)).min();
        let opens_at_ms = first_week.map(|week| week_begins_ms(&context.site.time_zone, week));
        Outcome::from_opening(opens_at_ms, at_ms, Reason::NotTargeted)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let (recent, before) = articles_read(context, context.week(context.now_ms));
        let seen = format!(
            "{}: {} in the last four weeks, {before} in the four weeks before",
            Trend::of(recent, before).as_str(),
            quantity(recent, "article")
        );
        Evidence::new(seen, self.0.map_or("any", Trend::as_str))
    }
}
