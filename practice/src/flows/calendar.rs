//! Computes the periods of a subscription. They are counted from its anchor (its first day), so that a subscription
//! that began on the 31st renews on the 31st in every month that has 31 days.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// The first time after `after` that is a whole number of intervals after the anchor. Times are in seconds since 1970.
pub(crate) fn next_end(anchor: i64, after: i64, unit: &str, count: i64) -> i64 {
    (1..=12_000).map(|step| later(anchor, unit, count * step)).find(|end| *end > after).unwrap_or(after + 1)
}

/// The anchor moved by this many units. If the month is too short, the result is its last day.
fn later(anchor: i64, unit: &str, units: i64) -> i64 {
    let span = match unit {
        "day" => Span::new().try_days(units),
        "week" => Span::new().try_weeks(units),
        "year" => Span::new().try_years(units),
        _ => Span::new().try_months(units),
    };
    let moved = span
        .and_then(|span| Timestamp::from_second(anchor)?.to_zoned_datetime(TimeZone::UTC).checked_add(span));
    // An error means that the calendar has no such time, because it is too late.
    moved.map_or(i64::MAX, |moved| moved.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn after_a_short_month_the_period_ends_on_the_original_day_again() {
        let anchor = at("2027-01-31T10:00:00Z");
        let february = next_end(anchor, anchor, "month", 1);
        assert_eq!(february, at("2027-02-28T10:00:00Z"));
        assert_eq!(next_end(anchor, february, "month", 1), at("2027-03-31T10:00:00Z"));
    }

    #[test]
    fn intervals_may_be_years_or_several_months() {
        let anchor = at("2028-02-29T00:00:00Z");
        assert_eq!(next_end(anchor, anchor, "year", 1), at("2029-02-28T00:00:00Z"));
        assert_eq!(next_end(anchor, anchor, "month", 3), at("2028-05-29T00:00:00Z"));
    }
}
