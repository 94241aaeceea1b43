//! Dates in a site's time zone, and the site's day, which begins at 04:00.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::{instant_ms, timestamp};
use crate::labels::Weekday;

/// When a day begins for limits on views. A view shortly after midnight still counts for the evening's day.
const DAY_BEGINS: Time = Time::constant(4, 0, 0, 0);

/// Returns the first beginning of a day after `at_ms`, where days begin at 04:00.
pub(crate) fn day_after(zone: &TimeZone, at_ms: i64) -> i64 {
    let mut day = zone.to_datetime(timestamp(at_ms)).date();
    loop {
        let begins_ms = instant_ms(zone, day.to_datetime(DAY_BEGINS));
        if begins_ms > at_ms {
            return begins_ms;
        }
        match day.tomorrow() {
            Ok(next) => day = next,
            Err(_) => return i64::MAX,
        }
    }
}

/// Returns the date of a local time. The local time is given in milliseconds since 1970, as if it were UTC.
pub(crate) fn date_of_local(local_ms: i64) -> Date {
    TimeZone::UTC.to_datetime(timestamp(local_ms)).date()
}

/// A half-open span of time, in milliseconds since 1970, such as the time from one date to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateSpan {
    first_ms: i64,
    end_ms: i64,
}

impl DateSpan {
    /// Creates the span from `first` to `last`, both included. A missing date means that the span is unbounded on that
    /// side.
    pub(crate) fn new(zone: &TimeZone, first: Option<Date>, last: Option<Date>) -> Self {
        let begins_ms = |day: Date| instant_ms(zone, day.to_datetime(Time::midnight()));
        Self {
            first_ms: first.map_or(i64::MIN, begins_ms),
            end_ms: last.map_or(i64::MAX, |day| day.tomorrow().map_or(i64::MAX, begins_ms)),
        }
    }

    /// Creates the span from one instant (included) to another (excluded).
    pub(crate) const fn between(first_ms: i64, end_ms: i64) -> Self {
        Self { first_ms, end_ms }
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.end_ms <= self.first_ms
    }

    pub(crate) const fn has(self, at_ms: i64) -> bool {
        self.first_ms <= at_ms && at_ms < self.end_ms
    }

    /// Returns the first instant at or after `at_ms` that is outside all of the spans; `None` if there is none.
    pub(crate) fn first_outside(spans: impl Iterator<Item = Self> + Clone, at_ms: i64) -> Option<i64> {
        let mut outside_ms = at_ms;
        // Each round moves to the end of one span. The time only moves forward, so no span is found twice.
        while let Some(span) = spans.clone().find(|span| span.has(outside_ms)) {
            if span.end_ms == i64::MAX {
                return None;
            }
            outside_ms = span.end_ms;
        }
        Some(outside_ms)
    }
}

/// A time of day on some days of each week.
#[derive(Clone, Debug)]
pub(crate) struct WeekTime {
    zone: TimeZone,
    /// One bit for each day, from Monday.
    days: u8,
    time: Time,
}

/// How many days around an instant are searched. At least one of the week's times is on these days, even if clocks
/// change.
const NEAR_DAYS: usize = 9;

impl WeekTime {
    pub(crate) fn new(zone: TimeZone, days: &[Weekday], minute: i64) -> Self {
        let part = |minutes: i64| i8::try_from(minutes).unwrap_or_default();
        let time = Time::new(part(minute / 60), part(minute % 60), 0, 0).unwrap_or(Time::midnight());
        Self { zone, days: days.iter().fold(0, |bits, day| bits | 1 << *day as u8), time }
    }

    /// Returns the time on this day; `None` if the day of the week is not one of `days`.
    fn instant_on(&self, day: Date) -> Option<i64> {
        let bit = 1 << day.weekday().to_monday_zero_offset();
        (self.days & bit != 0).then(|| instant_ms(&self.zone, day.to_datetime(self.time)))
    }

    /// Returns the last of these times that is not after `at_ms`.
    pub(crate) fn last(&self, at_ms: i64) -> Option<i64> {
        let today = self.zone.to_datetime(timestamp(at_ms)).date();
        let days = std::iter::successors(today.tomorrow().ok(), |day| day.yesterday().ok());
        days.take(NEAR_DAYS + 1).filter_map(|day| self.instant_on(day)).find(|time_ms| *time_ms <= at_ms)
    }

    /// Returns the first of these times after `at_ms`.
    pub(crate) fn next(&self, at_ms: i64) -> Option<i64> {
        let today = self.zone.to_datetime(timestamp(at_ms)).date();
        let days = std::iter::successors(today.yesterday().ok(), |day| day.tomorrow().ok());
        days.take(NEAR_DAYS + 1).filter_map(|day| self.instant_on(day)).find(|time_ms| *time_ms > at_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn a_day_begins_at_four_local_time_even_if_clocks_change() {
        let dublin = jiff::tz::TimeZoneDatabase::bundled().get("Europe/Dublin").unwrap();
        assert_eq!(day_after(&dublin, at("2026-03-28T23:00:00Z")), at("2026-03-29T03:00:00Z"));
        assert_eq!(day_after(&dublin, at("2026-01-10T03:59:59Z")), at("2026-01-10T04:00:00Z"));
        assert_eq!(day_after(&dublin, at("2026-01-10T04:00:00Z")), at("2026-01-11T04:00:00Z"));
    }

    #[test]
    fn a_time_of_the_week_is_local_time_even_if_clocks_change() {
        let dublin = jiff::tz::TimeZoneDatabase::bundled().get("Europe/Dublin").unwrap();
        let times = WeekTime::new(dublin, &[Weekday::Sun, Weekday::Thu], 90);
        // Clocks are put forward on Sunday, 2026-03-29, from 01:00 to 02:00. The time 01:30 is skipped, and counts as
        // 02:30.
        assert_eq!(times.last(at("2026-03-30T12:00:00Z")), Some(at("2026-03-29T01:30:00Z")));
        assert_eq!(times.last(at("2026-03-28T12:00:00Z")), Some(at("2026-03-26T01:30:00Z")));
        assert_eq!(times.last(at("2026-03-26T01:30:00Z")), Some(at("2026-03-26T01:30:00Z")));
        assert_eq!(times.next(at("2026-03-26T01:30:00Z")), Some(at("2026-03-29T01:30:00Z")));
        assert_eq!(times.next(at("2026-03-29T01:30:00Z")), Some(at("2026-04-02T00:30:00Z")));
    }

    #[test]
    fn adjacent_spans_are_skipped_together() {
        let day = |text: &str| Some(text.parse().unwrap());
        let spans = [("2026-01-03", "2026-01-04"), ("2026-01-01", "2026-01-02")]
            .map(|(first, last)| DateSpan::new(&TimeZone::UTC, day(first), day(last)));
        let outside = |text: &str| DateSpan::first_outside(spans.iter().copied(), at(text));
        assert_eq!(outside("2026-01-01T00:00:00Z"), Some(at("2026-01-05T00:00:00Z")));
        assert_eq!(outside("2025-12-31T23:59:59.999Z"), Some(at("2025-12-31T23:59:59.999Z")));
        let endless = [DateSpan::new(&TimeZone::UTC, day("2026-01-01"), None)];
        assert_eq!(DateSpan::first_outside(endless.iter().copied(), at("2026-01-01T00:00:00Z")), None);
    }
}
