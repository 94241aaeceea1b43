//! `[sites.ID.giving.CODE]`: what readers can give in one currency. All amounts are in the currency's minor unit.

use std::collections::BTreeMap;

use keepopen_decision::{CountryCode, Percent};
use serde::{Deserialize, Serialize};

use super::{Interval, SiteSettings};
use crate::money::Currency;

/// Stripe's maximum amount, in any currency's minor unit.
const STRIPE_MAXIMUM_MINOR: i64 = 99_999_999;
/// The highest accepted fee, in percent. No payment provider charges more.
const MAX_FEE_PERCENT: f64 = 20.0;

/// Defines a settings table with its own fields and the fields that offer amounts. This is a macro, because an error
/// message of serde's `flatten` would not name the invalid field.
macro_rules! offering {
    ($(#[$about:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($own)*
            /// Amounts offered for a one-off gift. If empty, one-off gifts are not offered.
            #[serde(default)]
            pub once: Vec<i64>,
            /// Amounts offered for a monthly gift.
            #[serde(default)]
            pub month: Vec<i64>,
            /// Amounts offered for a yearly gift.
            #[serde(default)]
            pub year: Vec<i64>,
            /// The interval that is selected at first.
            pub default_interval: Interval,
            /// The amount that is selected at first.
            pub default_amount_minor: i64,
            /// The amount to highlight.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub highlighted: Option<OfferedAmount>,
        }

        impl $name {
            /// The offered amounts.
            pub fn offer(&self) -> Offer<'_> {
                let (interval, amount_minor) = (self.default_interval, self.default_amount_minor);
                Offer {
                    once: &self.once,
                    month: &self.month,
                    year: &self.year,
                    default: OfferedAmount { interval, amount_minor },
                    highlighted: self.highlighted,
                }
            }
        }
    };
}

offering! {
    /// What readers can give in one currency.
    Giving {
        /// The smallest accepted amount.
        pub minimum_minor: i64,
        /// The largest accepted amount.
        pub maximum_minor: i64,
        /// Countries and country groups whose readers are asked in this currency instead of the site's.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub countries: Vec<String>,
        /// The fee that readers can choose to cover.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub fee_cover: Option<FeeCover>,
        /// Other amounts for the readers of some countries.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub by_country: Vec<ByCountry>,
    }
}

offering! {
    /// Other amounts in the same currency, for the readers of some countries.
    ByCountry {
        /// The countries, or names of the site's country groups.
        pub countries: Vec<String>,
    }
}

offering! {
    /// The amounts that a variant of an appeal offers in one currency, instead of the site's.
    OwnAmounts {}
}

/// One of the offered amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferedAmount {
    /// The interval.
    pub interval: Interval,
    /// The amount, in the minor unit.
    pub amount_minor: i64,
}

/// Stripe's fee for a payment, which readers can add to their gift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeCover {
    /// The variable part, in percent of the payment.
    pub percent: Percent,
    /// The fixed part of each payment.
    #[serde(default)]
    pub fixed_minor: i64,
}

/// Amounts that are offered together.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The amounts for a one-off gift.
    pub once: &'a [i64],
    /// The amounts for a monthly gift.
    pub month: &'a [i64],
    /// The amounts for a yearly gift.
    pub year: &'a [i64],
    /// The amount and interval that are selected at first.
    pub default: OfferedAmount,
    /// The amount to highlight.
    pub highlighted: Option<OfferedAmount>,
}

/// The limits of an amount.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The smallest accepted amount.
    pub minimum_minor: i64,
    /// The largest accepted amount.
    pub maximum_minor: i64,
    /// Amounts must be a multiple of this.
    pub step_minor: i64,
}

impl Giving {
    /// The limits of an amount in `currency`, which must be the currency of this table.
    pub fn limits(&self, currency: Currency) -> Limits {
        let (minimum_minor, maximum_minor) = (self.minimum_minor, self.maximum_minor);
        Limits { minimum_minor, maximum_minor, step_minor: currency.step_minor() }
    }

    /// Whether gifts at `interval` are supported, that is, offered to at least some readers.
    pub fn supports(&self, interval: Interval) -> bool {
        let offers = self.by_country.iter().map(ByCountry::offer);
        std::iter::once(self.offer()).chain(offers).any(|offer| !offer.amounts_at(interval).is_empty())
    }

    /// The amounts for readers of `country`.
    pub fn offer_in(&self, site: &SiteSettings, country: Option<CountryCode>) -> Offer<'_> {
        let applies = |amounts: &&ByCountry| {
            country.is_some_and(|country| site.includes_country(&amounts.countries, country))
        };
        self.by_country.iter().find(applies).map_or_else(|| self.offer(), ByCountry::offer)
    }
}

impl SiteSettings {
    /// The currency in which readers of `country` are asked.
    pub fn currency_in(&self, country: Option<CountryCode>) -> Currency {
        let applies = |giving: &Giving| {
            country.is_some_and(|country| self.includes_country(&giving.countries, country))
        };
        let found = self.giving.iter().find(|(_, giving)| applies(giving));
        found.map_or(self.currency, |(currency, _)| *currency)
    }

    /// Every country for which a currency or amounts are set.
    pub fn countries_with_own_currency_or_amounts(&self) -> Vec<CountryCode> {
        let lists = self.giving.values().flat_map(|giving| {
            let by_country = giving.by_country.iter().map(|amounts| &amounts.countries);
            std::iter::once(&giving.countries).chain(by_country)
        });
        lists.flatten().flat_map(|name| self.countries_named(name)).collect()
    }

    fn includes_country(&self, countries: &[String], country: CountryCode) -> bool {
        countries.iter().any(|name| self.countries_named(name).contains(&country))
    }

    /// The countries of the site's country group called `name`. If there is no such group, the country with this code.
    fn countries_named(&self, name: &str) -> Vec<CountryCode> {
        match self.rules.country_groups.get(name) {
            Some(group) => group.iter().filter_map(|code| CountryCode::parse(code)).collect(),
            None => CountryCode::parse(name).into_iter().collect(),
        }
    }
}

impl<'a> Offer<'a> {
    /// The amounts at `interval`.
    pub fn amounts_at(&self, interval: Interval) -> &'a [i64] {
        match interval {
            Interval::Once => self.once,
            Interval::Month => self.month,
            Interval::Year => self.year,
        }
    }

    /// The problem of this offer, if it has one.
    pub fn problem(&self, limits: Limits) -> Option<String> {
        let range = limits.minimum_minor..=limits.maximum_minor;
        let mut amounts = [self.once, self.month, self.year].into_iter().flatten();
        let is_offered =
            |chosen: OfferedAmount| self.amounts_at(chosen.interval).contains(&chosen.amount_minor);
        if amounts.clone().any(|amount| !range.contains(amount)) {
            Some("an offered amount is not between minimum_minor and maximum_minor".to_owned())
        } else if amounts.any(|amount| amount % limits.step_minor != 0) {
            let step = limits.step_minor;
            Some(format!(
                "an offered amount is not a multiple of {step}, which Stripe requires in this currency"
            ))
        } else if !is_offered(self.default) {
            Some("default_amount_minor is not one of the amounts offered at default_interval".to_owned())
        } else if self.highlighted.is_some_and(|highlighted| !is_offered(highlighted)) {
            Some("highlighted is not one of the offered amounts".to_owned())
        } else {
            None
        }
    }
}

impl FeeCover {
    /// The total to pay so that `amount_minor` remains after Stripe's fee. It is a multiple of `step_minor`.
    pub fn total_minor(&self, amount_minor: i64, step_minor: i64) -> i64 {
        let unsigned = |number: i64| u128::from(number.max(0).unsigned_abs());
        let needed = (unsigned(amount_minor) + unsigned(self.fixed_minor)) * 1_000_000;
        let remaining_per_million = u128::from(1_000_000 - self.percent.per_million()).max(1);
        let step = unsigned(step_minor).max(1);
        let total = needed.div_ceil(remaining_per_million).div_ceil(step) * step;
        i64::try_from(total).unwrap_or(i64::MAX)
    }
}

/// Checks a site's giving settings. Returns the first problem.
pub(super) fn check(id: &str, site: &SiteSettings) -> Result<(), String> {
    for (currency, giving) in &site.giving {
        let path = format!("sites.{id}.giving.{currency}");
        check_giving(*currency, giving).map_err(|sentence| format!("{path}: {sentence}"))?;
        for (index, by_country) in giving.by_country.iter().enumerate() {
            let path = format!("{path}.by_country[{index}]");
            if by_country.countries.is_empty() {
                return Err(format!(
                    "{path}.countries is empty; list the countries whose readers get these amounts"
                ));
            }
            let problem = by_country.offer().problem(giving.limits(*currency));
            problem.map_or(Ok(()), |sentence| Err(format!("{path}: {sentence}")))?;
        }
        let lists = giving.by_country.iter().enumerate();
        let lists =
            lists.map(|(index, by_country)| (format!("{path}.by_country[{index}]"), &by_country.countries));
        check_countries(site, lists)?;
    }
    let lists = site.giving.iter();
    check_countries(
        site,
        lists.map(|(code, giving)| (format!("sites.{id}.giving.{code}"), &giving.countries)),
    )
}

fn check_giving(currency: Currency, giving: &Giving) -> Result<(), String> {
    let limits = giving.limits(currency);
    if giving.minimum_minor < 1
        || giving.maximum_minor < giving.minimum_minor
        || giving.maximum_minor > STRIPE_MAXIMUM_MINOR
    {
        return Err(format!(
            "minimum_minor must be at least 1; maximum_minor must be at least minimum_minor and at most {STRIPE_MAXIMUM_MINOR}, which is Stripe's limit"
        ));
    }
    let stripe_minimum = currency.stripe_minimum_minor();
    if let Some(stripe_minimum) = stripe_minimum.filter(|minimum| giving.minimum_minor < *minimum) {
        return Err(format!(
            "minimum_minor must be at least {stripe_minimum}, Stripe's minimum in {currency}"
        ));
    }
    if let Some(fee) = &giving.fee_cover {
        let is_too_high = Percent::new(MAX_FEE_PERCENT).is_none_or(|max_percent| fee.percent > max_percent);
        if fee.fixed_minor < 0 || is_too_high {
            return Err(format!(
                "fee_cover: percent must be from 0 to {MAX_FEE_PERCENT}, and fixed_minor must be at least 0"
            ));
        }
        if fee.total_minor(giving.maximum_minor, limits.step_minor) > STRIPE_MAXIMUM_MINOR {
            return Err(format!(
                "fee_cover: maximum_minor plus the fee is above {STRIPE_MAXIMUM_MINOR}, which is Stripe's limit"
            ));
        }
    }
    giving.offer().problem(limits).map_or(Ok(()), Err)
}

/// Checks that each name is a country or a country group. A country must not be in two lists, because it would be
/// unclear which list applies.
fn check_countries<'a>(
    site: &SiteSettings,
    lists: impl Iterator<Item = (String, &'a Vec<String>)>,
) -> Result<(), String> {
    let mut path_by_country: BTreeMap<CountryCode, String> = BTreeMap::new();
    for (path, names) in lists {
        for name in names {
            let countries = site.countries_named(name);
            if countries.is_empty() {
                return Err(format!(
                    "{path}.countries: `{name}` is neither a country's code, such as IE, nor one of the site's country_groups"
                ));
            }
            for country in countries {
                let earlier = path_by_country.insert(country, path.clone());
                if let Some(other) = earlier.filter(|other| *other != path) {
                    return Err(format!(
                        "{path}.countries: {country} is already in {other}; list it in only one of them"
                    ));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Case {
        amount_minor: i64,
        fee_cover: FeeCover,
        step_minor: i64,
        total_minor: i64,
    }

    /// The cases of the shared file. The tests of the embed script check the browser's computation with them too.
    fn cases() -> Vec<Case> {
        serde_json::from_str(include_str!("../../tests/fixtures/fee_cover.json")).unwrap()
    }

    #[test]
    fn the_total_with_the_fee_matches_the_shared_cases() {
        for case in cases() {
            let total = case.fee_cover.total_minor(case.amount_minor, case.step_minor);
            assert_eq!(total, case.total_minor, "{} with {:?}", case.amount_minor, case.fee_cover);
        }
    }

    #[test]
    fn the_total_is_the_smallest_that_leaves_the_chosen_amount() {
        for case in cases() {
            // Both sides of each comparison are in millionths of the minor unit.
            let left_after_fee = |total: i64| {
                let remaining_per_million = i128::from(1_000_000 - case.fee_cover.percent.per_million());
                i128::from(total) * remaining_per_million - i128::from(case.fee_cover.fixed_minor) * 1_000_000
            };
            let chosen = i128::from(case.amount_minor) * 1_000_000;
            assert!(left_after_fee(case.total_minor) >= chosen, "the fee is not covered");
            assert!(
                left_after_fee(case.total_minor - case.step_minor) < chosen,
                "a smaller total would cover the fee"
            );
        }
    }

    #[test]
    fn a_total_that_is_too_large_does_not_overflow() {
        let fee = FeeCover { percent: Percent::all(), fixed_minor: i64::MAX };
        assert_eq!(fee.total_minor(i64::MAX, 10), i64::MAX);
    }
}
