//! Articles that a reader has read, as the reader's browser counts them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use keepopen_decision::{ArticleWeek, Page, Text};

use crate::clock::DAY_MS;

/// Weeks that are kept.
const KEEP: usize = 52;
/// After so many days the count of free articles begins anew.
const METER_DAYS: i64 = 30;

/// Articles read.
#[derive(Clone, Debug, Default)]
pub struct Articles {
    weeks: Vec<Week>,
    metered_from_ms: i64,
    metered: u32,
}

#[derive(Clone, Debug)]
struct Week {
    number: i64,
    monday: Box<str>,
    count: u32,
    /// In no order; a list this short is searched fastest, and there is one for each week of each reader.
    tags: Vec<(Box<str>, u32)>,
}

impl Articles {
    /// Counts the page, if it is an article.
    pub fn read(&mut self, page: &Page<'_>, week: i64) {
        if !page.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("article")) {
            return;
        }
        self.metered = self.metered.saturating_add(1);
        if self.weeks.last().is_none_or(|last| last.number != week) {
            if self.weeks.len() == KEEP {
                self.weeks.remove(0);
            }
            let monday = monday(week).to_string().into_boxed_str();
            self.weeks.push(Week { number: week, monday, count: 0, tags: Vec::new() });
        }
        let Some(now) = self.weeks.last_mut() else { return };
        now.count = now.count.saturating_add(1);
        for tag in &page.tags {
            match now.tags.iter_mut().find(|(known, _)| **known == **tag) {
                Some((_, count)) => *count = count.saturating_add(1),
                None => now.tags.push(((**tag).into(), 1)),
            }
        }
    }

    /// How many of the free articles were used up before `now_ms`.
    pub fn metered(&mut self, now_ms: i64) -> u32 {
        if self.metered == 0 || now_ms - self.metered_from_ms >= METER_DAYS * DAY_MS {
            (self.metered_from_ms, self.metered) = (now_ms, 0);
        }
        self.metered
    }

    /// The weeks as the question tells them.
    pub fn told(&self) -> Vec<ArticleWeek<'_>> {
        self.weeks.iter().map(Week::told).collect()
    }
}

impl Week {
    fn told(&self) -> ArticleWeek<'_> {
        let tags = self.tags.iter().map(|(tag, count)| (Text::from(&**tag), *count)).collect();
        ArticleWeek { week: Text::from(&*self.monday), count: self.count, tags }
    }
}

/// The number of the week, from Monday 00:00 in this zone, that holds `at_ms`; the week of 1970-01-01 is 0.
pub fn week_of(zone: &TimeZone, at_ms: i64) -> i64 {
    let offset_s = Timestamp::from_millisecond(at_ms).map_or(0, |at| zone.to_offset(at).seconds());
    let day = (at_ms + i64::from(offset_s) * 1000).div_euclid(DAY_MS);
    // 1970-01-01 was a Thursday.
    (day + 3).div_euclid(7)
}

fn monday(week: i64) -> Date {
    let epoch = jiff::civil::date(1970, 1, 1);
    epoch.checked_add(jiff::Span::new().days(week * 7 - 3)).unwrap_or(epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_ms(time: &str) -> i64 {
        time.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn a_week_begins_on_monday_in_the_zone_of_the_site() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let week = |zone: &TimeZone, time: &str| monday(week_of(zone, at_ms(time))).to_string();
        assert_eq!(week(&TimeZone::UTC, "2026-11-01T23:30:00Z"), "2026-10-26");
        assert_eq!(week(&berlin, "2026-11-01T23:30:00Z"), "2026-11-02");
        assert_eq!(week(&TimeZone::UTC, "1969-12-28T23:59:59Z"), "1969-12-22");
    }

    #[test]
    fn articles_are_counted_by_week_and_tag_and_other_pages_are_not() {
        let mut articles = Articles::default();
        let page = |kind: &'static str, tags: &[&'static str]| Page {
            kind: Some(kind.into()),
            tags: tags.iter().map(|tag| Text::from(*tag)).collect(),
            ..Page::default()
        };
        articles.read(&page("Article", &["climate", "law"]), 10);
        articles.read(&page("front", &["climate"]), 10);
        articles.read(&page("article", &["climate"]), 10);
        for week in 11..70 {
            articles.read(&page("article", &[]), week);
        }
        let told = articles.told();
        assert_eq!((told.len(), &*told[0].week), (52, &*monday(18).to_string()));
        let mut few = Articles::default();
        few.read(&page("article", &["climate", "law"]), 10);
        few.read(&page("article", &["climate"]), 10);
        let told = few.told();
        assert_eq!((told.len(), told[0].count, told[0].tags.iter().next()), (1, 2, Some(("climate", 2))));
    }

    #[test]
    fn the_count_of_free_articles_begins_anew_after_30_days() {
        let mut articles = Articles::default();
        let article = Page { kind: Some("article".into()), ..Page::default() };
        for (day, used) in [(0, 0), (1, 1), (29, 2), (30, 0), (31, 1)] {
            assert_eq!(articles.metered(day * DAY_MS), used, "day {day}");
            articles.read(&article, 0);
        }
    }
}
