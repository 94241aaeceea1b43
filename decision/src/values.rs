//! Values for placeholders in the copy text, computed from the same context as the verdict. The rule in `rules/values.rs` checks
//! whether they are available.

use jiff::civil::{Date, Weekday};

use crate::calendar::date_of_wall;
use crate::compiled::Appeal;
use crate::context::ReaderContext;
use crate::country::CountryCode;
use crate::decide::Decision;
use crate::verdict::AppealIndex;

/// Values that one appeal's copy text may show to one reader. None of them depends on the reader's standing.
pub struct TemplateValues<'d, 'q> {
    context: &'d ReaderContext<'q>,
    appeal: &'d Appeal,
}

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl<'q> Decision<'q> {
    /// The values for an appeal of the question's site; `None` if the appeal is not on that site.
    pub fn values(&self, appeal: AppealIndex) -> Option<TemplateValues<'_, 'q>> {
        let appeal = self.appeals.appeals.iter().find(|other| other.index == appeal)?;
        Some(TemplateValues { context: &self.context, appeal })
    }
}

impl TemplateValues<'_, '_> {
    /// How many articles the reader read. Counts the weeks and tags that the appeal's audience counts, or by default all
    /// articles of the last 52 weeks and the current one. `None` without a history.
    pub fn article_count(&self) -> Option<u64> {
        self.context.history()?;
        Some(self.appeal.parts.articles.read(self.context))
    }

    /// The reader's country.
    pub fn country(&self) -> Option<CountryCode> {
        self.context.country
    }

    /// The date in the site's time zone.
    pub fn date(&self) -> Date {
        date_of_wall(self.context.wall_ms(self.context.now_ms))
    }

    /// The day of the week in the site's time zone, such as `monday`.
    pub fn weekday(&self) -> &'static str {
        WEEKDAYS[self.date().weekday().since(Weekday::Monday).unsigned_abs() as usize]
    }

    /// Days until the appeal ends, in the site's time zone, including the current one: 1 in its last 24 hours. `None` if it has
    /// no end.
    pub fn days_left(&self) -> Option<i64> {
        self.appeal.parts.schedule.days_left(self.context)
    }
}
