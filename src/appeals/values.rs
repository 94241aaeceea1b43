//! The values that the shown copy uses. They are sent without formatting, and the page formats them.

use keepopen_decision as decision;
use serde::Serialize;

use crate::money::Currency;

/// The values that the text uses, and no others.
#[derive(Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Values)]
pub struct TemplateValues {
    /// The number of articles that the reader read. It includes only the weeks and tags that the appeal counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    article_count: Option<u64>,
    /// The reader's country, ISO 3166-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "IE")]
    country: Option<String>,
    /// The currency in which the reader is asked, ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "EUR")]
    currency: Option<Currency>,
    /// The day of the week in the site's time zone, `monday` to `sunday`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "monday")]
    weekday: Option<&'static str>,
    /// Today's date in the site's time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    date: Option<String>,
    /// The number of days (24 hours each) until the appeal ends, rounded up.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i64>,
    /// The progress of the appeal's ticker: an amount in the currency's minor unit, or a number of supporters.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticker_total: Option<i64>,
    /// The goal, in the same unit as `ticker_total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticker_goal: Option<i64>,
    /// How much is still needed to reach the goal, in the same unit as `ticker_total`; 0 when the goal is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticker_left: Option<i64>,
    /// The progress towards the goal in whole percent. Above 100 if the goal is exceeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticker_percent: Option<i64>,
}

/// A ticker's values, in the minor unit of its currency or in supporters.
#[derive(Clone, Copy, Debug)]
pub struct TickerValues {
    /// The amount or number received so far.
    pub total: i64,
    /// The goal.
    pub goal: i64,
    /// What is still needed to reach the goal; 0 when it is reached.
    pub left: i64,
    /// `total` in whole percent of the goal.
    pub percent: i64,
}

impl TemplateValues {
    /// The values in `needed` that are available.
    pub fn of(
        needed: &[decision::Value],
        known: &decision::TemplateValues<'_, '_>,
        currency: Currency,
        ticker: Option<TickerValues>,
    ) -> Self {
        let mut values = Self::default();
        for value in needed {
            match value {
                decision::Value::ArticleCount => values.article_count = known.article_count(),
                decision::Value::Country => {
                    values.country = known.country().map(|code| code.to_string());
                }
                decision::Value::Currency => values.currency = Some(currency),
                decision::Value::Weekday => values.weekday = Some(known.weekday()),
                decision::Value::Date => values.date = Some(known.date().to_string()),
                decision::Value::DaysLeft => values.days_left = known.days_left(),
                decision::Value::TickerTotal => values.ticker_total = ticker.map(|it| it.total),
                decision::Value::TickerGoal => values.ticker_goal = ticker.map(|it| it.goal),
                decision::Value::TickerLeft => values.ticker_left = ticker.map(|it| it.left),
                decision::Value::TickerPercent => values.ticker_percent = ticker.map(|it| it.percent),
            }
        }
        values
    }
}
