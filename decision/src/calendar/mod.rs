//! Local time: converts the weekly hours, days and dates of a time zone to instants.
//!
//! **Owns** the conversion between instants and a site's local time. It is exact even when clocks change for daylight
//! saving.
//! **Never** reads the clock.
//! **Start at** [`WeekHours::opens_at`] for hours, and at [`day_after`] for the day that begins at 04:00.
//! **Tested in** the files here, `cases/hours.json`, `cases/daily.json`.

mod dates;
mod week;
mod weeks;
mod written;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

pub(crate) use dates::{DateSpan, WeekTime, date_of_local, day_after};
pub(crate) use week::WeekHours;
pub(crate) use weeks::{Week, week_begins_ms, week_of_date, week_of_local};
pub(crate) use written::{browser_timestamp, common_date, date_of, is_common_date, timestamp_of};

pub(crate) const MINUTE_MS: i64 = 60_000;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;
/// The length of a day of 24 hours in milliseconds.
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// Returns the nearest valid timestamp: years beyond 9999 count as 9999.
fn timestamp(at_ms: i64) -> Timestamp {
    let nearest = if at_ms.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(at_ms).unwrap_or(nearest)
}

/// Returns the local time of an instant, in milliseconds since 1970 as if the local time were UTC.
pub(crate) fn local_ms(zone: &TimeZone, at_ms: i64) -> i64 {
    let offset_s = zone.to_offset(timestamp(at_ms)).seconds();
    at_ms.saturating_add(i64::from(offset_s) * 1000)
}

/// Returns when the zone's offset changes next.
fn next_change_ms(zone: &TimeZone, at_ms: i64) -> Option<i64> {
    zone.following(timestamp(at_ms)).next().map(|change| change.timestamp().as_millisecond())
}

/// Returns the first instant with this local time. A time that a daylight-saving change skips is converted
/// with the offset before the change. If clocks go from 01:00 to 02:00, 01:30 counts as 02:30.
pub(crate) fn instant_ms(zone: &TimeZone, local: DateTime) -> i64 {
    zone.to_timestamp(local).map_or(i64::MAX, |at| at.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_out_of_range_are_clamped() {
        let year = |at_ms| TimeZone::UTC.to_datetime(timestamp(at_ms)).year();
        assert_eq!([year(i64::MIN), year(0), year(i64::MAX)], [-9999, 1970, 9999]);
    }
}
