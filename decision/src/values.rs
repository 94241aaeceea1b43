//! The values that wordings speak of, worked out from the same facts as the verdict. Whether they are there at all is a rule, in
//! `rules/values.rs`.

use jiff::civil::{Date, Weekday};

use crate::calendar::date_of_wall;
use crate::compiled::{Appeal, Compiled};
use crate::context::Facts;
use crate::question::Question;
use crate::verdict::{AppealIndex, Known};

/// What a wording of one appeal may tell one reader.
pub struct Values<'q> {
    facts: Facts<'q>,
    appeal: &'q Appeal,
}

/// No value depends on the reader's support.
static NOBODY: Known = Known::nobody();

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl<'q> Values<'q> {
    /// For an appeal of the question's site at `now_ms` (milliseconds since 1970); `None` where it is not on that site.
    pub fn of(
        rules: &'q Compiled,
        question: &'q Question<'q>,
        appeal: AppealIndex,
        now_ms: i64,
    ) -> Option<Self> {
        let site = rules.site(&question.site)?;
        let appeal = site.appeals.iter().find(|other| other.index == appeal)?;
        Some(Self { facts: Facts::gather(&rules.names, &site.site, question, &NOBODY, now_ms, 0), appeal })
    }

    /// Articles that the reader read in the weeks, and with the tags, by which the appeal's audience counts them; where it does
    /// not, any articles of the last 52 weeks and the present one. `None` without a history.
    pub fn article_count(&self) -> Option<u64> {
        self.facts.history()?;
        Some(self.appeal.parts.articles.read(&self.facts))
    }

    /// The reader's country, an ISO 3166-1 code of two capital letters.
    pub fn country(&self) -> Option<String> {
        self.facts.country.map(|country| country.to_string())
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
        self.appeal.parts.schedule.days_left(&self.facts)
    }
}
