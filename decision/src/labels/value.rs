//! Values for placeholders in the copy text.

use serde::{Deserialize, Serialize};

/// A value that the copy text may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// How many articles the reader read in the weeks that the appeal counts; available with a history.
    ArticleCount,
    /// The reader's country; available if it is known.
    Country,
    /// The site's currency; always available.
    Currency,
    /// The day of the week in the site's time zone; always available.
    Weekday,
    /// The date in the site's time zone; always available.
    Date,
    /// Days left until the appeal ends, including the current one; available if the appeal has an end.
    DaysLeft,
    /// The amount received; available if the site or the appeal provides it.
    TickerTotal,
    /// The target amount; available if the site or the appeal provides it.
    TickerGoal,
    /// The amount still missing; available if the site or the appeal provides it.
    TickerLeft,
    /// The percentage received; available if the site or the appeal provides it.
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

    /// The label as in JSON and in placeholders.
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
