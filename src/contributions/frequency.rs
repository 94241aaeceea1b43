//! How often a contribution is given. This covers every interval that Stripe supports, including those that no site
//! offers.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::sites::Interval;

/// The unit of a recurring interval, as at Stripe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are clear")]
pub enum IntervalUnit {
    Day,
    Week,
    Month,
    Year,
}

/// How often a contribution is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Frequency {
    /// One payment.
    Once,
    /// One payment per interval, until cancelled.
    Every {
        /// The unit.
        unit: IntervalUnit,
        /// The number of units; at least 1.
        count: u32,
    },
    /// Several amounts, each with its own interval, until cancelled.
    Mixed,
}

/// The maximum number of units between two payments. Stripe's own limit is three years.
const MAX_COUNT: i64 = 9_999;

impl IntervalUnit {
    /// Every unit.
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Year];

    /// The label in JSON, in the database and at Stripe.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// Parses the label.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.as_str() == text)
    }
}

impl Frequency {
    /// Monthly. This is the default for a recurring contribution until Stripe reports its interval.
    pub const MONTHLY: Self = Self::Every { unit: IntervalUnit::Month, count: 1 };

    /// Parses an interval and a count, as in Stripe's API and in the database. Twelve months become a year. Returns
    /// `None` if they are not a valid frequency.
    pub fn parse(interval: &str, count: i64) -> Option<Self> {
        match interval {
            "once" => return Some(Self::Once),
            "mixed" => return Some(Self::Mixed),
            _ => {}
        }
        let unit = IntervalUnit::parse(interval)?;
        if !(1..=MAX_COUNT).contains(&count) {
            return None;
        }
        let count = u32::try_from(count).ok()?;
        Some(match unit {
            IntervalUnit::Month if count % 12 == 0 => {
                Self::Every { unit: IntervalUnit::Year, count: count / 12 }
            }
            _ => Self::Every { unit, count },
        })
    }

    /// The label in JSON and in the database: `once`, the unit, or `mixed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Every { unit, .. } => unit.as_str(),
            Self::Mixed => "mixed",
        }
    }

    /// The number of units between two payments. 1 for a one-off gift and for mixed intervals.
    pub fn count(self) -> u32 {
        match self {
            Self::Once | Self::Mixed => 1,
            Self::Every { count, .. } => count,
        }
    }

    /// Whether there is more than one payment.
    pub fn is_recurring(self) -> bool {
        self != Self::Once
    }

    /// The end of the interval that starts at `start_s`, on the UTC calendar. Both are in seconds since 1970. `None`
    /// for a one-off gift, for mixed intervals, or if the end can't be represented.
    pub fn end_of_interval_s(self, start_s: i64) -> Option<i64> {
        let Self::Every { unit, count } = self else { return None };
        let count = i64::from(count);
        let span = match unit {
            IntervalUnit::Day => Span::new().try_days(count),
            IntervalUnit::Week => Span::new().try_weeks(count),
            IntervalUnit::Month => Span::new().try_months(count),
            IntervalUnit::Year => Span::new().try_years(count),
        };
        let start = TimeZone::UTC.to_datetime(Timestamp::from_second(start_s).ok()?);
        let end = start.checked_add(span.ok()?).ok()?;
        Some(TimeZone::UTC.to_timestamp(end).ok()?.as_second())
    }

    /// The frequency in words: `once`, `every month`, `every 3 months`.
    pub fn to_text(self) -> String {
        match self {
            Self::Once => "once".to_owned(),
            Self::Every { unit, count: 1 } => format!("every {}", unit.as_str()),
            Self::Every { unit, count } => format!("every {count} {}s", unit.as_str()),
            Self::Mixed => "at mixed intervals".to_owned(),
        }
    }

    /// The amount and the frequency in words: `€21 every 3 months`.
    pub fn terms(self, money: Money) -> String {
        format!("{} {}", money.with_symbol(), self.to_text())
    }
}

impl From<Interval> for Frequency {
    fn from(offered: Interval) -> Self {
        match offered {
            Interval::Once => Self::Once,
            Interval::Month => Self::MONTHLY,
            Interval::Year => Self::Every { unit: IntervalUnit::Year, count: 1 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn terms(interval: &str, count: i64, amount_minor: i64, code: &str) -> String {
        let money = Money { amount_minor, currency: Currency::parse(code).unwrap() };
        Frequency::parse(interval, count).unwrap().terms(money)
    }

    #[test]
    fn terms_are_written_in_words_for_every_interval() {
        for (interval, count, amount_minor, code, expected) in [
            ("once", 1, 2500, "EUR", "€25 once"),
            ("month", 1, 750, "EUR", "€7.50 every month"),
            ("month", 3, 2100, "EUR", "€21 every 3 months"),
            ("month", 12, 12_000, "GBP", "£120 every year"),
            ("month", 24, 12_000, "CHF", "CHF 120 every 2 years"),
            ("week", 1, 500, "JPY", "¥500 every week"),
            ("day", 10, 100_005, "USD", "$1000.05 every 10 days"),
            ("mixed", 1, 3100, "EUR", "€31 at mixed intervals"),
        ] {
            assert_eq!(terms(interval, count, amount_minor, code), expected);
        }
    }

    #[test]
    fn an_invalid_interval_is_rejected() {
        for (interval, count) in [("month", 0), ("month", -3), ("year", i64::MAX), ("fortnight", 1), ("", 1)]
        {
            assert_eq!(Frequency::parse(interval, count), None, "{interval} {count}");
        }
    }

    #[test]
    fn the_end_of_an_interval_follows_the_calendar() {
        let end = |interval, count, start: &str| {
            let start: Timestamp = start.parse().unwrap();
            let end_s = Frequency::parse(interval, count).unwrap().end_of_interval_s(start.as_second());
            end_s.map(|at_s| Timestamp::from_second(at_s).unwrap().to_string())
        };
        assert_eq!(end("month", 3, "2026-11-30T10:00:00Z").unwrap(), "2027-02-28T10:00:00Z");
        assert_eq!(end("year", 1, "2028-02-29T00:00:00Z").unwrap(), "2029-02-28T00:00:00Z");
        assert_eq!(end("week", 2, "2026-12-24T00:00:00Z").unwrap(), "2027-01-07T00:00:00Z");
        assert_eq!(end("day", 1, "2026-12-31T23:59:59Z").unwrap(), "2027-01-01T23:59:59Z");
        assert_eq!(end("once", 1, "2026-12-31T23:59:59Z"), None);
        assert_eq!(end("mixed", 1, "2026-12-31T23:59:59Z"), None);
        assert_eq!(Frequency::parse("year", 9_999).unwrap().end_of_interval_s(1_800_000_000), None);
    }
}
