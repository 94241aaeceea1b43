//! The snapshot: every appeal, compiled, with its words ready to be sent.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use keepopen_decision::{self as decision, AppealIndex, Compiled, Live, SiteRules};
use serde_json::value::RawValue;

use super::choices::{self, SiteChoices};
use super::ticker::{self, PublishedTicker, TickerCount, TickerTotals};
use super::wording::{Content, Wording};
use super::{AppealProblem, Draft};
use crate::config::SiteSettings;

/// What the banner path reads: swapped whole when appeals change.
pub struct Snapshot {
    /// The rules.
    pub compiled: Compiled,
    appeals: Vec<PublishedAppeal>,
    /// The appeals that were left out, and why.
    pub problems: Vec<AppealProblem>,
    /// How many publications the store had when this was read from it; 0 for a file.
    pub number: i64,
    /// What its tickers count.
    pub ticker_counts: BTreeSet<TickerCount>,
}

/// One appeal as it is sent.
pub struct PublishedAppeal {
    /// Its id.
    pub id: String,
    /// Its variants, in the order of the rules.
    pub variants: Vec<PublishedVariant>,
    /// How far it has come, by site; nothing where that is not known.
    tickers: HashMap<String, PublishedTicker>,
}

impl PublishedAppeal {
    /// How far it has come, as a reader of `site` is told; none where that is not known.
    pub fn ticker(&self, site: &str) -> Option<&PublishedTicker> {
        self.tickers.get(site)
    }
}

/// One variant as it is sent.
pub struct PublishedVariant {
    /// Its id.
    pub id: String,
    wording: Wording,
    /// What can be given on each site, where it asks for a gift.
    choices: HashMap<String, Arc<SiteChoices>>,
}

impl PublishedVariant {
    /// What is sent to a reader of `site` in `country` (ISO 3166-1, as it was told). `ticker` says how far the appeal has come.
    pub fn content<'a>(
        &'a self,
        site: &str,
        country: Option<&str>,
        ticker: Option<&'a RawValue>,
    ) -> Content<'a> {
        self.wording.with(self.choices_for(site, country), ticker)
    }

    /// What a reader of `site` in `country` can give.
    fn choices_for(&self, site: &str, country: Option<&str>) -> Option<&RawValue> {
        self.choices.get(site).map(|choices| choices.to(country))
    }
}

impl Snapshot {
    /// Compiles `drafts` for `sites`, as if what their tickers count were known. `known_problems` are those found when reading.
    pub fn build(
        sites: &BTreeMap<String, SiteSettings>,
        drafts: &[Draft],
        known_problems: Vec<AppealProblem>,
    ) -> Self {
        Self::build_with(sites, drafts, known_problems, None)
    }

    /// The same with the numbers that are known; an appeal whose words need others keeps silent.
    pub fn build_counting(
        sites: &BTreeMap<String, SiteSettings>,
        drafts: &[Draft],
        known_problems: Vec<AppealProblem>,
        totals: &TickerTotals,
    ) -> Self {
        Self::build_with(sites, drafts, known_problems, Some(totals))
    }

    fn build_with(
        sites: &BTreeMap<String, SiteSettings>,
        drafts: &[Draft],
        known_problems: Vec<AppealProblem>,
        totals: Option<&TickerTotals>,
    ) -> Self {
        let site_rules = rules_of(sites);
        let mut rules: Vec<_> = drafts.iter().map(|draft| draft.rules.clone()).collect();
        let count = |draft| ticker::counts_of(draft, sites).map(|(_, _, count)| count);
        if let Some(TickerTotals { totals, .. }) = totals {
            for (rules, draft) in rules.iter_mut().zip(drafts) {
                if !count(draft).all(|count| totals.contains_key(&count)) {
                    rules.given.clear();
                }
            }
        }
        let mut problems = known_problems;
        let (mut compiled, found) = decision::compile(&site_rules, &rules);
        problems.extend(found.into_iter().map(problem_of));
        let unusable: Vec<_> = drafts.iter().map(|draft| beside_the_rules(draft, sites)).collect();
        if unusable.iter().any(|problems| !problems.is_empty()) {
            // The decision does not know what is wrong with them; it leaves out what is a draft.
            for (rules, _) in rules.iter_mut().zip(&unusable).filter(|(_, problems)| !problems.is_empty()) {
                rules.live = Live::Draft;
            }
            compiled = decision::compile(&site_rules, &rules).0;
        }
        problems.extend(unusable.into_iter().flatten());
        let choices: BTreeMap<_, _> = sites
            .iter()
            .filter_map(|(id, site)| Some((id.as_str(), Arc::new(SiteChoices::of(site, &BTreeMap::new())?))))
            .collect();
        let appeals = drafts.iter().map(|draft| publish(draft, sites, &choices, totals)).collect();
        Self {
            compiled,
            appeals,
            problems,
            number: 0,
            ticker_counts: drafts.iter().flat_map(count).collect(),
        }
    }

    /// What is wrong with putting `draft`, which is good in itself, into force at `now_ms` (milliseconds since 1970).
    pub fn past_ends(
        sites: &BTreeMap<String, SiteSettings>,
        draft: &Draft,
        now_ms: i64,
    ) -> Vec<AppealProblem> {
        let over = decision::past_ends(&rules_of(sites), std::slice::from_ref(&draft.rules), now_ms);
        over.into_iter().map(problem_of).collect()
    }

    /// The appeal that a verdict names.
    pub fn appeal(&self, index: AppealIndex) -> &PublishedAppeal {
        &self.appeals[index.0]
    }
}

fn rules_of(sites: &BTreeMap<String, SiteSettings>) -> Vec<SiteRules> {
    sites.iter().map(|(id, site)| site.rules(id)).collect()
}

fn problem_of(problem: decision::Problem) -> AppealProblem {
    AppealProblem {
        appeal: problem.appeal.unwrap_or_else(|| "(site)".to_owned()),
        field: problem.field_path,
        sentence: problem.sentence,
    }
}

/// What is wrong with a draft that the decision does not look at.
fn beside_the_rules(draft: &Draft, sites: &BTreeMap<String, SiteSettings>) -> Vec<AppealProblem> {
    choices::problems_of(draft, sites).into_iter().chain(ticker::problems_of(draft, sites)).collect()
}

/// `site_choices` is what each site offers, made once for all its appeals.
fn publish(
    draft: &Draft,
    sites: &BTreeMap<String, SiteSettings>,
    site_choices: &BTreeMap<&str, Arc<SiteChoices>>,
    totals: Option<&TickerTotals>,
) -> PublishedAppeal {
    let asked_on: &[String] = if draft.rules.kind.asks() { &draft.rules.sites } else { &[] };
    let of_variant = |place: usize, id: &str| match draft.amounts.get(place) {
        Some(own) if !own.is_empty() => SiteChoices::of(sites.get(id)?, own).map(Arc::new),
        _ => site_choices.get(id).map(Arc::clone),
    };
    let variants = draft.rules.variants.iter().zip(&draft.copies).enumerate();
    let variants = variants.map(|(place, (variant, copy))| {
        let choices = asked_on.iter().filter_map(|id| Some((id.clone(), of_variant(place, id)?)));
        PublishedVariant { id: variant.id.clone(), wording: Wording::of(copy), choices: choices.collect() }
    });
    let tickers = totals.map(|totals| ticker::publish(draft, sites, totals)).unwrap_or_default();
    PublishedAppeal { id: draft.rules.id.clone(), variants: variants.collect(), tickers }
}
