//! Computes the periods of a subscription. They are counted from its anchor (its first day), so that a subscription
//! that began on the 31st renews on the 31st in every month that has 31 days.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// The end of the period that begins at `start`: the first time later than `start` that is a whole number of intervals
/// after the anchor. Times are in seconds since 1970.
pub(crate) fn next_end(anchor: i64, start: i64, unit: &str, count: i64) -> i64 {
    (1..=12_000)
        .map(|step| add_units(anchor, unit, count * step))
        .find(|end| *end > start)
        .unwrap_or(start + 1)
}

/// Adds this many units to the anchor. If the month has no such day, the result is the last day of the month.
fn add_units(anchor: i64, unit: &str, units: i64) -> i64 {
    let span = match unit {
        "day" => Span::new().try_days(units),
        "week" => Span::new().try_weeks(units),
        "year" => Span::new().try_years(units),
        _ => Span::new().try_months(units),
    };
    let moved = span
        .and_then(|span| Timestamp::from_second(anchor)?.to_zoned_datetime(TimeZone::UTC).checked_add(span));
    // An error means that the time is later than the latest time of the calendar.
    moved.map_or(i64::MAX, |moved| moved.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn after_a_short_month_the_period_ends_on_the_original_day_again() {
        let anchor = seconds("2027-01-31T10:00:00Z");
        let february = next_end(anchor, anchor, "month", 1);
        assert_eq!(february, seconds("2027-02-28T10:00:00Z"));
        assert_eq!(next_end(anchor, february, "month", 1), seconds("2027-03-31T10:00:00Z"));
    }

    #[test]
    fn intervals_may_be_years_or_several_months() {
        let anchor = seconds("2028-02-29T00:00:00Z");
        assert_eq!(next_end(anchor, anchor, "year", 1), seconds("2029-02-28T00:00:00Z"));
        assert_eq!(next_end(anchor, anchor, "month", 3), seconds("2028-05-29T00:00:00Z"));
    }
}
