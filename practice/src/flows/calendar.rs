//! The periods of a subscription, counted from its anchor, so that the 31st stays the 31st.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// The first time after `after` that is a whole number of intervals after the anchor; seconds since 1970.
pub(crate) fn next_end(anchor: i64, after: i64, unit: &str, count: i64) -> i64 {
    (1..=12_000).map(|step| later(anchor, unit, count * step)).find(|end| *end > after).unwrap_or(after + 1)
}

/// The anchor moved by so many units, clamped to the month's last day if necessary.
fn later(anchor: i64, unit: &str, units: i64) -> i64 {
    let span = match unit {
        "day" => Span::new().try_days(units),
        "week" => Span::new().try_weeks(units),
        "year" => Span::new().try_years(units),
        _ => Span::new().try_months(units),
    };
    let moved = span
        .and_then(|span| Timestamp::from_second(anchor)?.to_zoned_datetime(TimeZone::UTC).checked_add(span));
    // There is no later time in the calendar.
    moved.map_or(i64::MAX, |moved| moved.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn a_month_that_is_too_short_does_not_move_the_day_for_good() {
        let anchor = at("2027-01-31T10:00:00Z");
        let february = next_end(anchor, anchor, "month", 1);
        assert_eq!(february, at("2027-02-28T10:00:00Z"));
        assert_eq!(next_end(anchor, february, "month", 1), at("2027-03-31T10:00:00Z"));
    }

    #[test]
    fn a_year_is_a_year_and_three_months_are_a_quarter() {
        let anchor = at("2028-02-29T00:00:00Z");
        assert_eq!(next_end(anchor, anchor, "year", 1), at("2029-02-28T00:00:00Z"));
        assert_eq!(next_end(anchor, anchor, "month", 3), at("2028-05-29T00:00:00Z"));
    }
}
