//! Tickers. A ticker shows the progress towards an appeal's goal. This file defines what a ticker counts and shows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use keepopen_decision::{AppealRules, Live, Moment, Value, begins_at_ms};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::wording::json;
use super::{AppealDocument, AppealProblem, TickerValues};
use crate::clock;
use crate::money::Currency;
use crate::sites::SiteSettings;

/// `ticker` as written in an appeal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenTicker {
    counts: CountedKind,
    #[serde(default)]
    of: GiftScope,
    currency: Option<Currency>,
    goal_minor: Option<i64>,
    goal_supporters: Option<i64>,
    from: Option<Moment>,
    offline_minor: Option<i64>,
    offline_supporters: Option<i64>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TickerCounts)]
pub enum CountedKind {
    /// Payments in one currency, less refunds and disputes.
    Money,
    /// Supporters with a gift that was not reversed in full by refunds or disputes. Each supporter counts once.
    Supporters,
}

/// Which gifts a ticker counts, as written in the appeal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GiftScope {
    /// All gifts to the site that the reader is on.
    #[default]
    Site,
    /// The gifts that this appeal brought, on any site.
    Appeal,
}

/// A valid ticker.
#[derive(Clone, Debug)]
pub struct Ticker {
    /// The currency to count, or `None` if the ticker counts supporters.
    currency: Option<Currency>,
    gift_scope: GiftScope,
    /// The time from which payments count. `None` if all payments count.
    from: Option<Moment>,
    /// The goal, in the currency's minor unit or in supporters.
    goal: i64,
    /// What was received outside the service (`offline_minor` or `offline_supporters`), in the same unit.
    offline: i64,
}

/// One total that a ticker needs from the ledger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TickerCount {
    /// The currency to count, or `None` to count supporters.
    pub currency: Option<Currency>,
    /// Which gifts are counted.
    pub whose: TickerScope,
    /// The start of the period, in milliseconds since 1970. `i64::MIN` if all payments count.
    pub from_ms: i64,
}

/// Which gifts a total counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TickerScope {
    /// Gifts to the site with this id.
    Site(String),
    /// Gifts that the appeal with this id brought.
    Appeal(String),
}

/// The last totals from the ledger.
#[derive(Debug, Default)]
pub struct TickerTotals {
    /// When the totals were read, in milliseconds since 1970.
    pub as_of_ms: i64,
    /// Each total, in its currency's minor unit or in supporters.
    pub totals: BTreeMap<TickerCount, i64>,
}

/// The progress towards an appeal's goal.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Ticker)]
pub struct TickerShown {
    /// What is counted.
    counts: CountedKind,
    /// The amount raised in the currency's minor unit, or the number of supporters.
    total: i64,
    /// The goal, in the same unit as `total`.
    goal: i64,
    /// The progress towards the goal in whole percent. Above 100 if the goal is exceeded.
    percent: i64,
    /// For money: the currency, ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "EUR")]
    currency: Option<Currency>,
    /// For money: the number of decimals of an amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    minor_digits: Option<u32>,
    /// The first day whose payments count, in the site's time zone; absent if all payments count.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date, example = "2026-11-01")]
    from: Option<String>,
    /// When the total was counted: at most about a minute ago, unless the database is unavailable.
    #[schema(format = DateTime)]
    as_of: String,
}

/// A ticker ready to be sent, serialised once.
#[derive(Debug)]
pub struct PublishedTicker {
    /// The JSON of the response's field `content.ticker`.
    pub json: Box<RawValue>,
    /// The values for the appeal's copy.
    pub values: TickerValues,
}

/// The values that a ticker provides for an appeal's copy.
pub const TICKER_VALUES: [Value; 4] =
    [Value::TickerTotal, Value::TickerGoal, Value::TickerLeft, Value::TickerPercent];

impl Ticker {
    /// Whether the ticker counts money rather than supporters.
    pub const fn counts_money(&self) -> bool {
        self.currency.is_some()
    }
}

impl TryFrom<WrittenTicker> for Ticker {
    /// The field with the problem, and a message.
    type Error = (&'static str, String);

    fn try_from(written: WrittenTicker) -> Result<Self, Self::Error> {
        let money_fields = [
            ("currency", written.currency.is_some()),
            ("goal_minor", written.goal_minor.is_some()),
            ("offline_minor", written.offline_minor.is_some()),
        ];
        let supporter_fields = [
            ("goal_supporters", written.goal_supporters.is_some()),
            ("offline_supporters", written.offline_supporters.is_some()),
        ];
        let (goal_field, goal, offline_field, offline, forbidden, currency) = match written.counts {
            CountedKind::Money => {
                let currency = written.currency.ok_or_else(|| {
                    ("currency", "a ticker of money needs a currency: write one.".to_owned())
                })?;
                let forbidden = supporter_fields.as_slice();
                let (goal, offline) = (written.goal_minor, written.offline_minor);
                ("goal_minor", goal, "offline_minor", offline, forbidden, Some(currency))
            }
            CountedKind::Supporters => {
                let forbidden = money_fields.as_slice();
                let offline = written.offline_supporters;
                ("goal_supporters", written.goal_supporters, "offline_supporters", offline, forbidden, None)
            }
        };
        if let Some((field, _)) = forbidden.iter().find(|(_, is_written)| *is_written) {
            let counts = if currency.is_some() { "money" } else { "supporters" };
            return Err((field, format!("the ticker counts {counts}: remove this field.")));
        }
        let goal = goal.ok_or_else(|| (goal_field, "it is missing: write a goal.".to_owned()))?;
        if goal < 1 {
            return Err((goal_field, "it must be above 0.".to_owned()));
        }
        let offline = offline.unwrap_or(0);
        if offline < 0 {
            return Err((offline_field, "it must not be below 0.".to_owned()));
        }
        Ok(Self { currency, gift_scope: written.of, from: written.from, goal, offline })
    }
}

impl Ticker {
    /// The total that this ticker needs for readers of a site.
    fn needed_total(&self, appeal: &str, site_id: &str, site: &SiteSettings) -> TickerCount {
        TickerCount {
            currency: self.currency,
            whose: match self.gift_scope {
                GiftScope::Site => TickerScope::Site(site_id.to_owned()),
                GiftScope::Appeal => TickerScope::Appeal(appeal.to_owned()),
            },
            from_ms: self.from.and_then(|from| begins_at_ms(from, &site.time_zone)).unwrap_or(i64::MIN),
        }
    }

    /// The ticker to show if the ledger's total is `counted`. If reversals exceed payments, `counted` is negative, and
    /// the ticker counts it as 0.
    fn published(&self, counted: i64, from: Option<String>, as_of_ms: i64) -> PublishedTicker {
        let goal = self.goal;
        let total = counted.max(0).saturating_add(self.offline);
        let percent = i64::try_from(i128::from(total) * 100 / i128::from(goal)).unwrap_or(i64::MAX);
        let shown = TickerShown {
            counts: if self.currency.is_some() { CountedKind::Money } else { CountedKind::Supporters },
            total,
            goal,
            percent,
            currency: self.currency,
            minor_digits: self.currency.map(|currency| currency.minor_digits()),
            from,
            as_of: clock::rfc3339(as_of_ms),
        };
        let left = goal.saturating_sub(total).max(0);
        PublishedTicker { json: json(&shown), values: TickerValues { total, goal, left, percent } }
    }
}

/// The totals that an appeal's ticker needs from the ledger. Each item is the id of one of the appeal's sites, the
/// ticker, and the total that this site needs. Empty unless the appeal is live or scheduled.
pub fn needed_totals<'a>(
    document: &'a AppealDocument,
    sites: &'a BTreeMap<String, SiteSettings>,
) -> impl Iterator<Item = (&'a str, &'a Ticker, TickerCount)> {
    let ticker =
        document.ticker.as_ref().filter(|_| matches!(document.rules.live, Live::Live | Live::Scheduled));
    ticker.into_iter().flat_map(move |ticker| {
        document.rules.sites.iter().filter_map(move |id| {
            Some((id.as_str(), ticker, ticker.needed_total(&document.rules.id, id, sites.get(id)?)))
        })
    })
}

/// The rules of an appeal. They list the ticker's values as available only if `totals` contains every total that the
/// ticker needs. If `totals` is `None`, all totals are assumed to be known.
pub fn rules_of(
    document: &AppealDocument,
    sites: &BTreeMap<String, SiteSettings>,
    totals: Option<&TickerTotals>,
) -> AppealRules {
    let mut rules = document.rules.clone();
    let is_known = |count: &TickerCount| totals.is_none_or(|known| known.totals.contains_key(count));
    if !needed_totals(document, sites).all(|(_, _, count)| is_known(&count)) {
        rules.available_values.clear();
    }
    rules
}

/// The ticker of an appeal for each site whose total is in `totals`.
pub fn publish(
    document: &AppealDocument,
    sites: &BTreeMap<String, SiteSettings>,
    totals: &TickerTotals,
) -> FxHashMap<String, PublishedTicker> {
    let publish_if_known = |(id, ticker, count): (&str, &Ticker, TickerCount)| {
        let counted = totals.totals.get(&count)?;
        let from = first_day(&count, totals.as_of_ms, &sites.get(id)?.time_zone);
        Some((id.to_owned(), ticker.published(*counted, from, totals.as_of_ms)))
    };
    needed_totals(document, sites).filter_map(publish_if_known).collect()
}

/// The first day whose payments count, in `time_zone`. `None` if all payments count, or if the period
/// starts after `as_of_ms`.
fn first_day(count: &TickerCount, as_of_ms: i64, time_zone: &str) -> Option<String> {
    if count.from_ms == i64::MIN || count.from_ms > as_of_ms {
        return None;
    }
    let from = Timestamp::from_millisecond(count.from_ms).ok()?;
    Some(TimeZone::get(time_zone).ok()?.to_datetime(from).date().to_string())
}

/// The problem of an appeal whose ticker counts a currency that one of the appeal's sites does not support.
pub fn problems_of(
    document: &AppealDocument,
    sites: &BTreeMap<String, SiteSettings>,
) -> Option<AppealProblem> {
    let currency = document.ticker.as_ref()?.currency?;
    let supports_currency =
        |id: &&String| sites.get(*id).is_none_or(|site| site.giving.contains_key(&currency));
    let site = document.rules.sites.iter().find(|id| !supports_currency(id))?;
    Some(AppealProblem {
        appeal: document.rules.id.clone(),
        field: "ticker.currency".to_owned(),
        sentence: format!(
            "site {site:?} does not support {currency}: count a currency that all of its sites support."
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticker(text: &str) -> Result<Ticker, (&'static str, String)> {
        Ticker::try_from(toml::from_str::<WrittenTicker>(text).unwrap())
    }

    #[test]
    fn a_ticker_for_money_and_a_ticker_for_supporters_accept_different_fields() {
        let money = "counts = \"money\"\n";
        let supporters = "counts = \"supporters\"\n";
        for (text, field) in [
            (format!("{money}goal_minor = 100"), "currency"),
            (format!("{money}currency = \"EUR\""), "goal_minor"),
            (format!("{money}currency = \"EUR\"\ngoal_minor = 0"), "goal_minor"),
            (format!("{money}currency = \"EUR\"\ngoal_minor = 1\ngoal_supporters = 1"), "goal_supporters"),
            (format!("{money}currency = \"EUR\"\ngoal_minor = 1\noffline_minor = -1"), "offline_minor"),
            (supporters.to_owned(), "goal_supporters"),
            (format!("{supporters}goal_supporters = 1\ncurrency = \"EUR\""), "currency"),
            (format!("{supporters}goal_supporters = 1\ngoal_minor = 1"), "goal_minor"),
        ] {
            assert_eq!(ticker(&text).unwrap_err().0, field, "{text}");
        }
        assert!(ticker(&format!("{supporters}goal_supporters = 1")).is_ok());
    }

    #[test]
    fn after_the_goal_is_reached_the_amount_left_is_zero_and_the_percentage_exceeds_100() {
        let ticker =
            ticker("counts = \"supporters\"\ngoal_supporters = 300\noffline_supporters = 1").unwrap();
        let values = |counted| {
            let TickerValues { total, left, percent, .. } = ticker.published(counted, None, 0).values;
            (total, left, percent)
        };
        assert_eq!(values(0), (1, 299, 0));
        assert_eq!(values(298), (299, 1, 99), "100 percent must not be shown before the goal is reached");
        assert_eq!(values(299), (300, 0, 100));
        assert_eq!(values(599), (600, 0, 200));
        assert_eq!(
            values(-5),
            (1, 299, 0),
            "a negative count must be shown as 0 plus the offline supporters"
        );
        assert_eq!(values(i64::MAX).0, i64::MAX);
    }
}
