//! The amounts that readers are offered, by site and country.

use std::collections::BTreeMap;

use keepopen_decision::CountryCode;
use rustc_hash::FxHashMap;
use serde::Serialize;
use serde_json::value::RawValue;
use url::Url;

use super::wording::json;
use super::{AppealDocument, AppealProblem};
use crate::money::Currency;
use crate::sites::{Interval, Offer, OfferedAmount, OwnAmounts, SiteSettings};

/// What the reader can give. All amounts are in the currency's minor unit.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Choices {
    /// An ISO 4217 code.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    /// The number of decimals of an amount.
    pub minor_digits: u32,
    /// Every amount is a multiple of this.
    pub step_minor: i64,
    /// Amounts offered for a one-off gift.
    pub once: Vec<i64>,
    /// Amounts offered for a monthly gift.
    pub month: Vec<i64>,
    /// Amounts offered for a yearly gift.
    pub year: Vec<i64>,
    /// The amount and interval that are selected at first.
    pub default: OfferedAmount,
    /// The amount to highlight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub highlighted: Option<OfferedAmount>,
    /// The smallest accepted amount.
    pub minimum_minor: i64,
    /// The largest accepted amount.
    pub maximum_minor: i64,
    /// The fee that the reader can choose to cover; absent if readers can't cover the fee on this site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_cover: Option<FeeCoverTerms>,
    /// Whether the reader can enter another amount.
    pub other: bool,
    /// Another page where readers can give if no payment page opens: the site's `fallback_url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub fallback_url: Option<Url>,
}

/// Stripe's fee. For the site to receive `amount` after the fee, the reader pays
/// `(amount + fixed_minor) * 1000000 / (1000000 - per_million)`, rounded up to a multiple of `step_minor`.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = FeeCover)]
pub struct FeeCoverTerms {
    /// The variable part of the fee, in millionths of the payment; 15000 is 1.5 percent.
    pub per_million: u32,
    /// The fixed part of the fee for each payment.
    pub fixed_minor: i64,
}

/// The amounts of one variant. They replace the site's amounts in the same currency.
type AmountsByCurrency = BTreeMap<Currency, OwnAmounts>;

impl Choices {
    /// The choices for readers of `country`, in the currency in which the site asks them. They contain the variant's
    /// `own` amounts in that currency if there are any, otherwise the site's amounts. `None` if the site does not
    /// support that currency.
    fn for_country(
        site: &SiteSettings,
        country: Option<CountryCode>,
        own: &AmountsByCurrency,
    ) -> Option<Self> {
        let currency = site.currency_in(country);
        let giving = site.giving.get(&currency)?;
        let Offer { once, month, year, default, highlighted } =
            own.get(&currency).map_or_else(|| giving.offer_in(site, country), OwnAmounts::offer);
        let limits = giving.limits(currency);
        Some(Self {
            currency,
            minor_digits: currency.minor_digits(),
            step_minor: limits.step_minor,
            once: once.to_vec(),
            month: month.to_vec(),
            year: year.to_vec(),
            default,
            highlighted,
            minimum_minor: limits.minimum_minor,
            maximum_minor: limits.maximum_minor,
            fee_cover: giving.fee_cover.as_ref().map(|fee| FeeCoverTerms {
                per_million: fee.percent.per_million(),
                fixed_minor: fee.fixed_minor,
            }),
            other: true,
            fallback_url: site.fallback_url.clone(),
        })
    }
}

/// What one site offers. The choices for each country are serialised when appeals change, not for each request.
#[derive(Debug)]
pub struct SiteChoices {
    /// The choices for readers of all countries that are not in `by_country`.
    other_countries: Box<RawValue>,
    by_country: FxHashMap<CountryCode, Box<RawValue>>,
}

impl SiteChoices {
    /// What `site` offers for a variant. If `own` has no amounts in a currency, the site's amounts in that currency are
    /// offered. `None` if the site does not support its own main currency.
    pub fn of(site: &SiteSettings, own: &AmountsByCurrency) -> Option<Self> {
        let serialized = |country| Some(json(&Choices::for_country(site, country, own)?));
        let countries = site.countries_with_own_currency_or_amounts().into_iter();
        let by_country = countries.filter_map(|country| Some((country, serialized(Some(country))?)));
        let by_country = by_country.collect();
        Some(Self { other_countries: serialized(None)?, by_country })
    }

    /// The choices for a reader of `country`, as JSON. `country` is an ISO 3166-1 code, as sent by the page.
    pub fn for_country(&self, country: Option<&str>) -> &RawValue {
        let country = country.filter(|_| !self.by_country.is_empty()).and_then(CountryCode::parse);
        country.and_then(|country| self.by_country.get(&country)).unwrap_or(&self.other_countries)
    }
}

/// The problems of a document's own amounts, which its variants offer instead of the sites' amounts.
pub fn problems_of(document: &AppealDocument, sites: &BTreeMap<String, SiteSettings>) -> Vec<AppealProblem> {
    let mut problems = Vec::new();
    let target_sites = || document.rules.sites.iter().filter_map(|id| Some((id, sites.get(id)?)));
    for (index, own) in document.amounts.iter().enumerate() {
        for (currency, amounts) in own {
            let mut report = |sentence: String| {
                let field = format!("variants[{index}].amounts.{currency}");
                problems.push(AppealProblem { appeal: document.rules.id.clone(), field, sentence });
            };
            if target_sites().all(|(_, site)| !site.giving.contains_key(currency)) {
                report(format!(
                    "none of the appeal's sites supports {currency}: write a currency that one of them supports."
                ));
            }
            let on_sites = target_sites().filter_map(|(id, site)| Some((id, site.giving.get(currency)?)));
            for (id, giving) in on_sites {
                let offer = amounts.offer();
                let unsupported = [Interval::Once, Interval::Month, Interval::Year]
                    .into_iter()
                    .find(|interval| !offer.amounts_at(*interval).is_empty() && !giving.supports(*interval));
                if let Some(interval) = unsupported {
                    report(format!(
                        "site {id:?} does not support gifts at the interval {:?}.",
                        interval.as_str()
                    ));
                } else if let Some(sentence) = offer.problem(giving.limits(*currency)) {
                    report(format!("{sentence} of site {id:?}."));
                }
            }
        }
    }
    problems
}
