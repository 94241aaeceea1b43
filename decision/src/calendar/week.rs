//! Hours of the week.

use jiff::tz::TimeZone;

use super::{DAY_MS, MINUTE_MS, local_ms, next_change_ms};
use crate::labels::Weekday;

const WEEK_MS: i64 = 7 * DAY_MS;
/// The time from Monday to 1970-01-01, which was a Thursday.
const MONDAY_TO_EPOCH_MS: i64 = 3 * DAY_MS;
/// How many periods between two clock changes are searched. Clocks change far less often than 64 times a week, so these
/// periods include a whole week.
const MAX_CHANGES: usize = 64;

/// Hours of the week in local time, as spans in milliseconds from Monday 00:00. The spans are half-open, sorted, and
/// not adjacent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WeekHours(Box<[(i64, i64)]>);

impl WeekHours {
    pub(crate) fn all() -> Self {
        Self([(0, WEEK_MS)].into())
    }

    /// Creates the hours of each day from `from_minute` up to, but not including, `to_minute`. A `to_minute` that is
    /// not after `from_minute` is on the next day.
    pub(crate) fn new(days: &[Weekday], from_minute: i64, to_minute: i64) -> Self {
        let days = if days.is_empty() { &Weekday::ALL } else { days };
        let length_ms = if to_minute > from_minute {
            (to_minute - from_minute) * MINUTE_MS
        } else {
            (to_minute - from_minute) * MINUTE_MS + DAY_MS
        };
        let mut spans = Vec::new();
        for day in days {
            let start_ms = *day as i64 * DAY_MS + from_minute * MINUTE_MS;
            let end_ms = start_ms + length_ms;
            spans.push((start_ms, end_ms.min(WEEK_MS)));
            if end_ms > WEEK_MS {
                spans.push((0, end_ms - WEEK_MS));
            }
        }
        Self::joined(spans)
    }

    /// Sorts the spans, and joins those that overlap or touch.
    fn joined(mut spans: Vec<(i64, i64)>) -> Self {
        spans.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::with_capacity(spans.len());
        for (start_ms, end_ms) in spans {
            match joined.last_mut() {
                Some(last) if start_ms <= last.1 => last.1 = last.1.max(end_ms),
                _ => joined.push((start_ms, end_ms)),
            }
        }
        Self(joined.into())
    }

    pub(crate) fn or(&self, other: &Self) -> Self {
        Self::joined(self.0.iter().chain(&*other.0).copied().collect())
    }

    pub(crate) fn not(&self) -> Self {
        let mut spans = Vec::new();
        let mut from_ms = 0;
        for (start_ms, end_ms) in &self.0 {
            if from_ms < *start_ms {
                spans.push((from_ms, *start_ms));
            }
            from_ms = *end_ms;
        }
        if from_ms < WEEK_MS {
            spans.push((from_ms, WEEK_MS));
        }
        Self(spans.into())
    }

    pub(crate) fn minus(&self, other: &Self) -> Self {
        self.not().or(other).not()
    }

    pub(crate) fn is_all(&self) -> bool {
        *self.0 == [(0, WEEK_MS)]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns for how many milliseconds of local time to wait until one of these hours; 0 if `local_ms` is in one of
    /// them.
    fn wait_ms(&self, local_ms: i64) -> Option<i64> {
        let in_week_ms = local_ms.saturating_add(MONDAY_TO_EPOCH_MS).rem_euclid(WEEK_MS);
        let span = self.0.iter().find(|(_, end_ms)| in_week_ms < *end_ms);
        let (start_ms, _) = span.or_else(|| self.0.first())?;
        let wait_ms = start_ms - in_week_ms;
        Some(match span {
            Some(_) => wait_ms.max(0),
            None => wait_ms + WEEK_MS,
        })
    }

    /// Whether the local time is in one of these hours.
    pub(crate) fn contain(&self, local_ms: i64) -> bool {
        self.wait_ms(local_ms) == Some(0)
    }

    /// Returns the first instant at or after `at_ms` that is in one of these hours.
    pub(crate) fn opens_at(&self, zone: &TimeZone, at_ms: i64) -> Option<i64> {
        if self.is_all() {
            return Some(at_ms);
        }
        let mut from_ms = at_ms;
        for _ in 0..MAX_CHANGES {
            let opens_at_ms = from_ms.saturating_add(self.wait_ms(local_ms(zone, from_ms))?);
            if opens_at_ms == from_ms {
                return Some(opens_at_ms);
            }
            match next_change_ms(zone, from_ms) {
                Some(change_ms) if change_ms <= opens_at_ms => from_ms = change_ms,
                _ => return Some(opens_at_ms),
            }
        }
        None
    }

    /// Describes the hours as text.
    pub(crate) fn describe(&self) -> String {
        const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        if self.is_all() {
            return "every hour".to_owned();
        }
        let clock = |at_ms: i64| {
            let minutes = at_ms / MINUTE_MS;
            let day = usize::try_from(minutes / 1440).unwrap_or(0) % 7;
            format!("{} {:02}:{:02}", DAYS[day], minutes / 60 % 24, minutes % 60)
        };
        let spans: Vec<String> = self
            .0
            .iter()
            .map(|(start_ms, end_ms)| format!("{} to {}", clock(*start_ms), clock(*end_ms)))
            .collect();
        spans.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dublin() -> TimeZone {
        jiff::tz::TimeZoneDatabase::bundled().get("Europe/Dublin").unwrap()
    }

    fn at(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn hours_that_begin_in_a_skipped_hour_open_at_the_clock_change() {
        // On 2026-03-29 at 01:00Z the clocks in Dublin go from 01:00 to 02:00.
        let hours = WeekHours::new(&[], 90, 150);
        assert_eq!(hours.opens_at(&dublin(), at("2026-03-29T00:10:00Z")), Some(at("2026-03-29T01:00:00Z")));
        let skipped = WeekHours::new(&[], 70, 110);
        assert_eq!(skipped.opens_at(&dublin(), at("2026-03-29T00:10:00Z")), Some(at("2026-03-30T00:10:00Z")));
    }

    #[test]
    fn hours_that_occur_twice_when_clocks_are_put_back_open_twice() {
        // On 2026-10-25 at 01:00Z the clocks in Dublin go from 02:00 to 01:00.
        let hours = WeekHours::new(&[], 70, 110);
        assert_eq!(hours.opens_at(&dublin(), at("2026-10-25T00:55:00Z")), Some(at("2026-10-25T01:10:00Z")));
        assert_eq!(hours.opens_at(&dublin(), at("2026-10-25T01:20:00Z")), Some(at("2026-10-25T01:20:00Z")));
    }

    #[test]
    fn hours_over_midnight_belong_to_the_day_on_which_they_begin() {
        let nights = WeekHours::new(&[Weekday::Sun], 22 * 60, 6 * 60);
        assert_eq!(nights.describe(), "Mon 00:00 to Mon 06:00, Sun 22:00 to Mon 00:00");
        assert_eq!(nights.not().describe(), "Mon 06:00 to Sun 22:00");
    }

    #[test]
    fn removing_all_hours_leaves_none() {
        let some = WeekHours::new(&[Weekday::Tue], 60, 120);
        assert!(some.minus(&WeekHours::all()).is_empty());
        assert_eq!(WeekHours::all().minus(&some).or(&some), WeekHours::all());
        assert_eq!(
            some.minus(&WeekHours::new(&[], 90, 100)).describe(),
            "Tue 01:00 to Tue 01:30, Tue 01:40 to Tue 02:00"
        );
    }
}
