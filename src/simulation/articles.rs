//! Counts the articles that a reader has read, as the reader's browser does.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use keepopen_decision::{ArticleDay, ArticleWeek, MAX_METER_DAYS, Page, Text};

use crate::clock::DAY_MS;

/// The number of weeks that are kept.
const MAX_WEEKS: usize = 52;
/// The number of days that are kept. A meter (a number of free articles) never counts more days than these.
const MAX_DAYS: i64 = MAX_METER_DAYS as i64;

/// The articles that one reader has read, counted by week, tag and day.
#[derive(Clone, Debug, Default)]
pub struct Articles {
    weeks: Vec<Week>,
    days: Vec<ArticleDay>,
}

#[derive(Clone, Debug)]
struct Week {
    number: i64,
    monday: Box<str>,
    count: u32,
    /// The number of articles with each tag. The list is unordered, because it is so short that a linear search is
    /// fastest.
    tags: Vec<(Box<str>, u32)>,
}

impl Articles {
    /// Counts a page view, if the page is an article. `day` is the number of days since 1970-01-01.
    pub fn record(&mut self, page: &Page<'_>, day: i64) {
        if !page.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("article")) {
            return;
        }
        self.record_day(day);
        let week = week_of_day(day);
        if self.weeks.last().is_none_or(|last| last.number != week) {
            if self.weeks.len() == MAX_WEEKS {
                self.weeks.remove(0);
            }
            let monday = monday(week).to_string().into_boxed_str();
            self.weeks.push(Week { number: week, monday, count: 0, tags: Vec::new() });
        }
        let Some(this_week) = self.weeks.last_mut() else { return };
        this_week.count = this_week.count.saturating_add(1);
        for tag in &page.tags {
            match this_week.tags.iter_mut().find(|(known, _)| **known == **tag) {
                Some((_, count)) => *count = count.saturating_add(1),
                None => this_week.tags.push(((**tag).into(), 1)),
            }
        }
    }

    fn record_day(&mut self, day: i64) {
        let (today, oldest) = (date(day), date(day - MAX_DAYS + 1));
        self.days.retain(|read| read.day >= oldest);
        match self.days.last_mut().filter(|last| last.day == today) {
            Some(last) => last.count = last.count.saturating_add(1),
            None => self.days.push(ArticleDay { day: today, count: 1 }),
        }
    }

    /// Returns the days of the latest articles, in the form of a banner request.
    pub fn days(&self) -> &[ArticleDay] {
        &self.days
    }

    /// Returns the weeks, in the form of a banner request.
    pub fn weeks(&self) -> Vec<ArticleWeek<'_>> {
        self.weeks.iter().map(Week::to_article_week).collect()
    }
}

impl Week {
    fn to_article_week(&self) -> ArticleWeek<'_> {
        let tags = self.tags.iter().map(|(tag, count)| (Text::from(&**tag), *count)).collect();
        ArticleWeek { week: Text::from(&*self.monday), count: self.count, tags }
    }
}

/// Returns the day that contains `at_ms` in this time zone, as a number of days since 1970-01-01.
pub fn day_of(zone: &TimeZone, at_ms: i64) -> i64 {
    let offset_s = Timestamp::from_millisecond(at_ms).map_or(0, |at| zone.to_offset(at).seconds());
    (at_ms + i64::from(offset_s) * 1000).div_euclid(DAY_MS)
}

/// Returns the number of the week that contains this day (days since 1970-01-01). Weeks begin on Monday; the week of
/// 1970-01-01 is week 0.
pub fn week_of_day(day: i64) -> i64 {
    // 1970-01-01 was a Thursday.
    (day + 3).div_euclid(7)
}

/// Returns the Monday of the week with this number.
fn monday(week: i64) -> Date {
    date(week * 7 - 3)
}

fn date(day: i64) -> Date {
    let epoch = jiff::civil::date(1970, 1, 1);
    epoch.checked_add(jiff::Span::new().days(day)).unwrap_or(epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_ms(time: &str) -> i64 {
        time.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn a_week_begins_on_monday_in_the_time_zone_of_the_site() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let week = |zone: &TimeZone, time: &str| monday(week_of_day(day_of(zone, at_ms(time)))).to_string();
        assert_eq!(week(&TimeZone::UTC, "2026-11-01T23:30:00Z"), "2026-10-26");
        assert_eq!(week(&berlin, "2026-11-01T23:30:00Z"), "2026-11-02");
        assert_eq!(week(&TimeZone::UTC, "1969-12-28T23:59:59Z"), "1969-12-22");
    }

    #[test]
    fn only_articles_are_counted_by_week_and_tag() {
        let mut articles = Articles::default();
        let page = |kind: &'static str, tags: &[&'static str]| Page {
            kind: Some(kind.into()),
            tags: tags.iter().map(|tag| Text::from(*tag)).collect(),
            ..Page::default()
        };
        let day_of_week = |week: i64| week * 7;
        articles.record(&page("Article", &["climate", "law"]), day_of_week(10));
        articles.record(&page("front", &["climate"]), day_of_week(10));
        articles.record(&page("article", &["climate"]), day_of_week(10) + 3);
        for week in 11..70 {
            articles.record(&page("article", &[]), day_of_week(week));
        }
        let weeks = articles.weeks();
        assert_eq!((weeks.len(), &*weeks[0].week), (52, &*monday(18).to_string()));
        let mut one_week = Articles::default();
        one_week.record(&page("article", &["climate", "law"]), day_of_week(10));
        one_week.record(&page("article", &["climate"]), day_of_week(10));
        let weeks = one_week.weeks();
        assert_eq!((weeks.len(), weeks[0].count, weeks[0].tags.iter().next()), (1, 2, Some(("climate", 2))));
    }

    #[test]
    fn articles_are_counted_by_day_within_the_longest_period_of_a_meter() {
        let mut articles = Articles::default();
        let article = Page { kind: Some("article".into()), ..Page::default() };
        for day in [0, 0, 1, 91] {
            articles.record(&article, day);
        }
        let days = |articles: &Articles| -> Vec<(String, u32)> {
            articles.days().iter().map(|read| (read.day.to_string(), read.count)).collect()
        };
        let read = |day: &str, count: u32| (day.to_owned(), count);
        assert_eq!(days(&articles), [read("1970-01-01", 2), read("1970-01-02", 1), read("1970-04-02", 1)]);
        articles.record(&article, 92);
        assert_eq!(days(&articles), [read("1970-01-02", 1), read("1970-04-02", 1), read("1970-04-03", 1)]);
    }
}
