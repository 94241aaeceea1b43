//! The snapshot: every valid appeal, compiled, with its copy ready to be sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keepopen_decision::{self as decision, AppealIndex, Compiled, Reader, SiteRules, Value};
use rustc_hash::FxHashMap;
use serde_json::value::RawValue;

use super::choices::{self, SiteChoices};
use super::ticker::{self, PublishedTicker, TickerCount, TickerTotals};
use super::wording::{Content, json};
use super::wordings::{self, Wordings};
use super::{AppealDocument, AppealProblem, QuietDays, placeholders};
use crate::sites::SiteSettings;

/// Everything that is needed to answer a banner request. It is replaced as a whole when appeals change.
pub struct Snapshot {
    /// The compiled rules of all appeals.
    pub compiled: Compiled,
    appeals: Arc<[PublishedAppeal]>,
    /// The appeals that were skipped, and why.
    pub problems: Vec<AppealProblem>,
    /// The number of publications in the store when the appeals were read. 0 for appeals from a file.
    pub number: i64,
    /// The totals that the appeals' tickers need.
    pub ticker_counts: BTreeSet<TickerCount>,
}

/// One appeal, ready to be sent.
pub struct PublishedAppeal {
    /// Its id.
    pub id: String,
    /// Its variants, in the order of the rules.
    pub variants: Vec<PublishedVariant>,
    /// Its ticker (the progress towards its goal) by site. A site whose total is unknown is missing.
    tickers: FxHashMap<String, PublishedTicker>,
    /// Its quiet days by site.
    quiet_days: FxHashMap<String, Box<RawValue>>,
}

impl PublishedAppeal {
    /// For how many days a reader of `site` is not asked after a gift or a dismissal: [`QuietDays`] as JSON.
    pub fn quiet_days(&self, site: &str) -> Option<&RawValue> {
        self.quiet_days.get(site).map(|json| &**json)
    }

    /// Its ticker for a reader of `site`. `None` if it has no ticker or the total is unknown.
    pub fn ticker(&self, site: &str) -> Option<&PublishedTicker> {
        self.tickers.get(site)
    }
}

/// One variant, ready to be sent.
pub struct PublishedVariant {
    /// Its id.
    pub id: String,
    wordings: Wordings,
    /// What readers can give on each site. Empty if the appeal does not ask for a gift.
    choices: FxHashMap<String, Arc<SiteChoices>>,
}

impl PublishedVariant {
    /// The content for this reader of `site`, and the values that it uses. `ticker` is the progress towards the
    /// appeal's goal. `quiet_days` says how long the reader is not asked again.
    pub fn content<'a>(
        &'a self,
        site: &str,
        reader: &Reader<'_>,
        ticker: Option<&'a RawValue>,
        quiet_days: Option<&'a RawValue>,
    ) -> (Content<'a>, &'a [Value]) {
        let (wording, locale) = self.wordings.choose(site, reader);
        let choices = self.choices_for(site, reader.country.as_deref());
        (wording.with(locale, choices, ticker, quiet_days), &wording.needs)
    }

    /// The choices (amounts and intervals) for a reader of `site` in `country`.
    fn choices_for(&self, site: &str, country: Option<&str>) -> Option<&RawValue> {
        self.choices.get(site).map(|choices| choices.for_country(country))
    }
}

impl Snapshot {
    /// Compiles `documents` for `sites`, as if all ticker totals were known. `known_problems` are the problems that
    /// were found when the documents were read.
    pub fn build(
        sites: &BTreeMap<String, SiteSettings>,
        documents: &[AppealDocument],
        known_problems: Vec<AppealProblem>,
    ) -> Self {
        Self::build_with(sites, documents, known_problems, None)
    }

    /// Compiles like [`Self::build`], but with the known ticker totals. An appeal is not shown if its copy needs a
    /// total that is not in `totals`.
    pub fn build_with_totals(
        sites: &BTreeMap<String, SiteSettings>,
        documents: &[AppealDocument],
        known_problems: Vec<AppealProblem>,
        totals: &TickerTotals,
    ) -> Self {
        Self::build_with(sites, documents, known_problems, Some(totals))
    }

    fn build_with(
        sites: &BTreeMap<String, SiteSettings>,
        documents: &[AppealDocument],
        known_problems: Vec<AppealProblem>,
        totals: Option<&TickerTotals>,
    ) -> Self {
        let site_rules = rules_of(sites);
        let mut problems = known_problems;
        let (mut included, mut rules) = (Vec::new(), Vec::new());
        for document in documents {
            let other_problems = problems_outside_rules(document, sites);
            if other_problems.is_empty() {
                // An appeal whose rules are invalid is included too, because an appeal's index in `rules` must also be
                // its index in the snapshot.
                included.push(document);
                rules.push(ticker::rules_of(document, sites, totals));
                continue;
            }
            problems.extend(other_problems);
            // Compiles the invalid document alone, so that its author also sees the problems of its rules.
            let (_, found) = decision::compile(&site_rules, std::slice::from_ref(&document.rules));
            problems.extend(found.into_iter().map(problem_of));
        }
        let (compiled, found) = decision::compile(&site_rules, &rules);
        problems.extend(found.into_iter().map(problem_of));
        let choices: BTreeMap<_, _> = sites
            .iter()
            .filter_map(|(id, site)| Some((id.as_str(), Arc::new(SiteChoices::of(site, &BTreeMap::new())?))))
            .collect();
        let appeals = included.iter().map(|document| publish(document, sites, &choices, totals)).collect();
        let needed_totals = included.iter().flat_map(|document| ticker::needed_totals(document, sites));
        let ticker_counts = needed_totals.map(|(_, _, count)| count).collect();
        Self { compiled, appeals, problems, number: 0, ticker_counts }
    }

    /// The problem of a valid `document` if its end is before `now_ms` (milliseconds since 1970). Otherwise empty.
    pub fn problems_of_past_end(
        sites: &BTreeMap<String, SiteSettings>,
        document: &AppealDocument,
        now_ms: i64,
    ) -> Vec<AppealProblem> {
        let found = decision::problems_of_ended_schedules(
            &rules_of(sites),
            std::slice::from_ref(&document.rules),
            now_ms,
        );
        found.into_iter().map(problem_of).collect()
    }

    /// The appeals in the order in which they were read, including those that were skipped because of their rules.
    pub fn appeals(&self) -> &[PublishedAppeal] {
        &self.appeals
    }

    /// The appeal with this index. A verdict (the answer to a banner request) contains the index.
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

/// The problems that are not in the appeal's rules: a variant without a text in a site's language, a plural form that a
/// language does not have, or amounts or a ticker that a site does not support.
pub(super) fn problems_outside_rules(
    document: &AppealDocument,
    sites: &BTreeMap<String, SiteSettings>,
) -> Vec<AppealProblem> {
    let problems_of_copy = |(index, copy)| {
        let ids = &document.rules.sites;
        let found = wordings::missing_translations(copy, ids, sites).into_iter();
        let found = found.chain(placeholders::problems_of_plural_forms(copy, ids, sites));
        found.map(move |(field, sentence)| AppealProblem {
            appeal: document.rules.id.clone(),
            field: format!("variants[{index}].copy{field}"),
            sentence,
        })
    };
    let copies = document.copies.iter().enumerate().flat_map(problems_of_copy);
    copies.chain(choices::problems_of(document, sites)).chain(ticker::problems_of(document, sites)).collect()
}

/// Makes an appeal ready to be sent. `site_choices` contains the amounts that each site offers. They are built once for
/// all appeals.
fn publish(
    document: &AppealDocument,
    sites: &BTreeMap<String, SiteSettings>,
    site_choices: &BTreeMap<&str, Arc<SiteChoices>>,
    totals: Option<&TickerTotals>,
) -> PublishedAppeal {
    let ids = &document.rules.sites;
    let sites_with_choices: &[String] = if document.rules.kind.wants_money() { ids } else { &[] };
    let choices_on = |index: usize, id: &str| match document.amounts.get(index) {
        Some(own) if !own.is_empty() => SiteChoices::of(sites.get(id)?, own).map(Arc::new),
        _ => site_choices.get(id).map(Arc::clone),
    };
    let variants = document.rules.variants.iter().zip(&document.copies).enumerate();
    let variants = variants.map(|(index, (variant, copy))| {
        let choices = sites_with_choices.iter().filter_map(|id| Some((id.clone(), choices_on(index, id)?)));
        PublishedVariant {
            id: variant.id.clone(),
            wordings: Wordings::of(copy, ids, sites),
            choices: choices.collect(),
        }
    });
    let tickers = totals.map(|totals| ticker::publish(document, sites, totals)).unwrap_or_default();
    let quiet_days =
        ids.iter().filter_map(|id| Some((id.clone(), json(&QuietDays::of(&document.rules, sites.get(id)?)))));
    PublishedAppeal {
        id: document.rules.id.clone(),
        variants: variants.collect(),
        tickers,
        quiet_days: quiet_days.collect(),
    }
}
