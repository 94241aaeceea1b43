//! Computes the values for placeholders in the copy text, from the same context as the verdict. The rule in
//! `rules/values.rs` checks whether they are available.

use jiff::civil::{Date, Weekday};

use crate::calendar::date_of_local;
use crate::compiled::Appeal;
use crate::context::ReaderContext;
use crate::country::CountryCode;
use crate::decide::Decision;
use crate::verdict::AppealIndex;

/// The values that one appeal's copy text may show to one reader. None of them depends on the reader's standing.
pub struct TemplateValues<'d, 'q> {
    context: &'d ReaderContext<'q>,
    appeal: &'d Appeal,
}

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl<'q> Decision<'q> {
    /// Returns the values for an appeal of the site in the question (the request for a decision). Returns `None` if the
    /// appeal is not on that site.
    pub fn values(&self, appeal: AppealIndex) -> Option<TemplateValues<'_, 'q>> {
        let appeal = self.appeals.appeals.iter().find(|other| other.index == appeal)?;
        Some(TemplateValues { context: &self.context, appeal })
    }
}

impl TemplateValues<'_, '_> {
    /// Returns how many articles the reader read, limited to the weeks and tags that the appeal's audience sets. By
    /// default, all articles of the last 52 weeks and the current week count. Returns `None` without a history.
    pub fn article_count(&self) -> Option<u64> {
        self.context.history()?;
        Some(self.appeal.parts.articles.read(self.context))
    }

    /// Returns the reader's country.
    pub fn country(&self) -> Option<CountryCode> {
        self.context.country
    }

    /// Returns the date in the site's time zone.
    pub fn date(&self) -> Date {
        date_of_local(self.context.local_ms(self.context.now_ms))
    }

    /// Returns the day of the week in the site's time zone, such as `monday`.
    pub fn weekday(&self) -> &'static str {
        WEEKDAYS[self.date().weekday().since(Weekday::Monday).unsigned_abs() as usize]
    }

    /// Returns the number of 24-hour periods left until the appeal ends, on the site's clock, rounded up: 1 in the last
    /// 24 hours. Returns `None` if the appeal has no end.
    pub fn days_left(&self) -> Option<i64> {
        self.appeal.parts.schedule.days_left(self.context)
    }
}
