//! Values for placeholders in the copy text.

use serde::{Deserialize, Serialize};

/// A value that an appeal's copy text may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// How many articles the reader read in the weeks that the appeal counts. Available if there is a history.
    ArticleCount,
    /// The reader's country. Available if it is known.
    Country,
    /// The site's currency. Always available.
    Currency,
    /// The day of the week in the site's time zone. Always available.
    Weekday,
    /// The date in the site's time zone. Always available.
    Date,
    /// The number of 24-hour periods left until the appeal ends, rounded up. Available if the appeal has an end.
    DaysLeft,
    /// The amount received so far. Available if the site or the appeal provides it.
    TickerTotal,
    /// The target amount. Available if the site or the appeal provides it.
    TickerGoal,
    /// The amount that is still missing. Available if the site or the appeal provides it.
    TickerLeft,
    /// The percentage of the target that was received. Available if the site or the appeal provides it.
    TickerPercent,
}

impl Value {
    /// Every value.
    pub const ALL: [Self; 10] = [
        Self::ArticleCount,
        Self::Country,
        Self::Currency,
        Self::Weekday,
        Self::Date,
        Self::DaysLeft,
        Self::TickerTotal,
        Self::TickerGoal,
        Self::TickerLeft,
        Self::TickerPercent,
    ];

    /// Returns the label, as it is in JSON and in placeholders.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ArticleCount => "article_count",
            Self::Country => "country",
            Self::Currency => "currency",
            Self::Weekday => "weekday",
            Self::Date => "date",
            Self::DaysLeft => "days_left",
            Self::TickerTotal => "ticker_total",
            Self::TickerGoal => "ticker_goal",
            Self::TickerLeft => "ticker_left",
            Self::TickerPercent => "ticker_percent",
        }
    }

    pub(crate) const fn bit(self) -> u16 {
        1 << self as u16
    }
}
