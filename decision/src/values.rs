//! The values that wordings speak of, worked out from the same facts as the verdict. Whether they are there at all is a rule, in
//! `rules/values.rs`.

use jiff::civil::{Date, Weekday};

use crate::calendar::date_of_wall;
use crate::compiled::Appeal;
use crate::context::Facts;
use crate::country::CountryCode;
use crate::decide::Decision;
use crate::verdict::AppealIndex;

/// What a wording of one appeal may tell one reader. None of it depends on the reader's support.
pub struct Values<'d, 'q> {
    facts: &'d Facts<'q>,
    appeal: &'d Appeal,
}

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl<'q> Decision<'q> {
    /// The values for an appeal of the question's site; `None` where it is not on that site.
    pub fn values(&self, appeal: AppealIndex) -> Option<Values<'_, 'q>> {
        let appeal = self.appeals.appeals.iter().find(|other| other.index == appeal)?;
        Some(Values { facts: &self.facts, appeal })
    }
}

impl Values<'_, '_> {
    /// Articles that the reader read in the weeks, and with the tags, by which the appeal's audience counts them; where it does
    /// not, any articles of the last 52 weeks and the present one. `None` without a history.
    pub fn article_count(&self) -> Option<u64> {
        self.facts.history()?;
        Some(self.appeal.parts.articles.read(self.facts))
    }

    /// The reader's country.
    pub fn country(&self) -> Option<CountryCode> {
        self.facts.country
    }

    /// The date in the site's time zone.
    pub fn date(&self) -> Date {
        date_of_wall(self.facts.wall_ms(self.facts.now_ms))
    }

    /// The day of the week in the site's time zone, such as `monday`.
    pub fn weekday(&self) -> &'static str {
        WEEKDAYS[self.date().weekday().since(Weekday::Monday).unsigned_abs() as usize]
    }

    /// Days until the appeal ends on the clock of the site, the one that has begun too: 1 in its last 24 hours. `None` where it
    /// names no end.
    pub fn days_left(&self) -> Option<i64> {
        self.appeal.parts.schedule.days_left(self.facts)
    }
}
