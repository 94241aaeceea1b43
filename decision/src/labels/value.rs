//! Values for placeholders in the copy text.

use serde::{Deserialize, Serialize};

/// A value that the copy text may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// How many articles the reader read in the weeks that the appeal counts; there when the history is.
    ArticleCount,
    /// The reader's country; there when it is known.
    Country,
    /// The site's currency; always there.
    Currency,
    /// The day of the week in the site's time zone; always there.
    Weekday,
    /// The date in the site's time zone; always there.
    Date,
    /// Days left until the appeal ends, the one that has begun too; there when it names an end.
    DaysLeft,
    /// What has come in; there when the site or the appeal says so.
    TickerTotal,
    /// What is wanted; there when the site or the appeal says so.
    TickerGoal,
    /// What is still missing; there when the site or the appeal says so.
    TickerLeft,
    /// What has come in, in percent; there when the site or the appeal says so.
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
