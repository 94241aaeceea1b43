//! Requires a minimum or maximum number of articles that the reader read in the last weeks.
//!
//! The current week counts, and as many weeks before it as the appeal sets. A week in the future counts as the current
//! one, because the reader's clock may be ahead of the site's clock. Without new articles, the number can therefore
//! only fall.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome, quantity};
use crate::appeal_rules::DEFAULT_WEEKS;
use crate::calendar::{Week, week_begins_ms};
use crate::context::ReaderContext;
use crate::names::NameId;
use crate::reason::Reason;

#[derive(Clone, Debug)]
pub(crate) struct Articles {
    weeks: i64,
    min: u64,
    max: u64,
    /// If empty, every article counts.
    tags: Box<[NameId]>,
}

impl Articles {
    /// Returns the number of articles read from `week` on.
    fn read_since(&self, context: &ReaderContext<'_>, week: Week) -> u64 {
        if self.tags.is_empty() {
            let weeks = context.weeks().iter().filter(|read| read.week >= week);
            return weeks.map(|read| u64::from(read.count)).sum();
        }
        let read_tags = context.articles_by_tag().iter().filter(|read| read.week >= week);
        read_tags
            .filter(|read| self.tags.binary_search(&read.tag).is_ok())
            .map(|read| u64::from(read.count))
            .sum()
    }

    /// Returns the number of articles read in the weeks that count.
    pub(crate) fn read(&self, context: &ReaderContext<'_>) -> u64 {
        self.read_since(context, self.first_week(context, context.now_ms))
    }

    pub(crate) fn tags(&self) -> &[NameId] {
        &self.tags
    }

    /// Returns the number of counted weeks before the current week.
    pub(crate) const fn weeks(&self) -> i64 {
        self.weeks
    }

    fn first_week(&self, context: &ReaderContext<'_>, at_ms: i64) -> Week {
        context.week(at_ms) - self.weeks
    }
}

impl Check for Articles {
    const TIMED: bool = true;

    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let Some(rules) = &spec.rules.audience.articles else {
            return Self { weeks: DEFAULT_WEEKS.into(), min: 0, max: u64::MAX, tags: [].into() };
        };
        let path = "audience.articles";
        if rules.max.is_some_and(|max| max < rules.min) {
            spec.problem(format!("{path}.max"), "`max` is less than `min`: correct one of the two.");
        }
        if rules.min == 0 && rules.max.is_none() {
            spec.problem(path, "the condition has no limit: write `min` or `max`, or remove `articles`.");
        }
        if rules.min > 1 && spec.rules.audience.reader == Some(crate::labels::ReaderKind::New) {
            let sentence = "a new reader has read at most one article, so `min` can be at most 1.";
            spec.problem(format!("{path}.min"), sentence);
        }
        let tags = spec.names(&format!("{path}.tags"), &rules.tags);
        Self {
            weeks: i64::from(rules.weeks),
            min: u64::from(rules.min),
            max: rules.max.map_or(u64::MAX, u64::from),
            tags,
        }
    }

    fn is_noop(&self) -> bool {
        self.min == 0 && self.max == u64::MAX
    }

    fn check(&self, context: &ReaderContext<'_>, at_ms: i64) -> Outcome {
        let mut first = self.first_week(context, at_ms);
        let mut articles = self.read_since(context, first);
        if articles < self.min {
            return Outcome::Blocked(Reason::BelowMeter);
        }
        let mut opens_at_ms = at_ms;
        while articles > self.max {
            // As time passes, the oldest week is the next to stop counting.
            let weeks = context.weeks().iter().map(|read| read.week);
            let Some(oldest) = weeks.filter(|week| *week >= first).min() else {
                break;
            };
            first = oldest + 1;
            opens_at_ms = week_begins_ms(&context.site.time_zone, first + self.weeks);
            articles = self.read_since(context, first);
        }
        Outcome::from_opening((articles >= self.min).then_some(opens_at_ms), at_ms, Reason::NotTargeted)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let read = self.read(context);
        let seen = format!(
            "{} in {} and the current week",
            quantity(read, "article"),
            quantity(self.weeks.unsigned_abs(), "week")
        );
        let tags = if self.tags.is_empty() {
            String::new()
        } else {
            format!(" tagged {}", context.names.list(&self.tags))
        };
        let wanted = match (self.min, self.max) {
            (0, u64::MAX) => "any number".to_owned(),
            (min, u64::MAX) => format!("at least {}{tags}", quantity(min, "article")),
            (0, max) => format!("at most {}{tags}", quantity(max, "article")),
            (min, max) => format!("{min} to {}{tags}", quantity(max, "article")),
        };
        Evidence::new(seen, wanted)
    }
}
