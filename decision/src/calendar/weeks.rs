//! Numbers the weeks, so that they can be counted.

use jiff::tz::TimeZone;

use super::written::day_of;
use super::{DAY_MS, instant_ms};

/// A week, as the number of weeks since the week that began on Monday, 1969-12-29.
pub(crate) type Week = i64;

fn week_of_day(days_since_epoch: i64) -> Week {
    (days_since_epoch + 3).div_euclid(7)
}

/// Returns the week of a local time.
pub(crate) fn week_of_local(local_ms: i64) -> Week {
    week_of_day(local_ms.div_euclid(DAY_MS))
}

/// Returns the week that contains a date such as `2026-11-23`.
pub(crate) fn week_of_date(text: &str) -> Option<Week> {
    day_of(text).map(week_of_day)
}

/// Returns the first instant of the week.
pub(crate) fn week_begins_ms(zone: &TimeZone, week: Week) -> i64 {
    let seconds = (week * 7 - 3).saturating_mul(86_400);
    match jiff::Timestamp::from_second(seconds) {
        Ok(as_if_utc) => instant_ms(zone, TimeZone::UTC.to_datetime(as_if_utc)),
        Err(_) => i64::MAX,
    }
}
