//! The snapshot: every appeal, compiled, with its words ready to be sent.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use keepopen_decision::{self as decision, AppealIndex, Compiled, SiteRules};
use serde_json::value::RawValue;

use super::wording::{Content, Wording, json};
use super::{AppealProblem, Choices, Draft};
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
}

/// One appeal as it is sent.
pub struct PublishedAppeal {
    /// Its id.
    pub id: String,
    /// Its variants, in the order of the rules.
    pub variants: Vec<PublishedVariant>,
}

/// One variant as it is sent.
pub struct PublishedVariant {
    /// Its id.
    pub id: String,
    wording: Wording,
    /// What can be given on each site, where it asks for a gift.
    choices: HashMap<String, Arc<RawValue>>,
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

    /// What a reader of `site` in `country` can give; the same in every country.
    fn choices_for(&self, site: &str, _country: Option<&str>) -> Option<&RawValue> {
        self.choices.get(site).map(|choices| &**choices)
    }
}

impl Snapshot {
    /// Compiles `drafts` for `sites`. `known_problems` are those found when reading.
    pub fn build(
        sites: &BTreeMap<String, SiteSettings>,
        drafts: &[Draft],
        known_problems: Vec<AppealProblem>,
    ) -> Self {
        let site_rules = rules_of(sites);
        let rules: Vec<_> = drafts.iter().map(|draft| draft.rules.clone()).collect();
        let (compiled, found) = decision::compile(&site_rules, &rules);
        let mut problems = known_problems;
        problems.extend(found.into_iter().map(problem_of));
        let choices: SiteChoices = sites
            .iter()
            .filter_map(|(id, site)| Some((id.as_str(), Arc::from(json(&Choices::of(site)?)))))
            .collect();
        let appeals = drafts.iter().map(|draft| publish(draft, &choices)).collect();
        Self { compiled, appeals, problems, number: 0 }
    }

    /// What is wrong with publishing `draft` at `now_ms` (milliseconds since 1970).
    pub fn problems_of(
        sites: &BTreeMap<String, SiteSettings>,
        draft: &Draft,
        now_ms: i64,
    ) -> Vec<AppealProblem> {
        let mut problems = Self::build(sites, std::slice::from_ref(draft), Vec::new()).problems;
        let over = decision::past_ends(&rules_of(sites), std::slice::from_ref(&draft.rules), now_ms);
        problems.extend(over.into_iter().map(problem_of));
        problems
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

/// What each site offers, written as JSON once for all its appeals.
type SiteChoices<'a> = BTreeMap<&'a str, Arc<RawValue>>;

fn publish(draft: &Draft, site_choices: &SiteChoices<'_>) -> PublishedAppeal {
    let asked_on: &[String] = if draft.rules.kind.asks() { &draft.rules.sites } else { &[] };
    let variants = draft.rules.variants.iter().zip(&draft.copies).map(|(variant, copy)| {
        let choices =
            asked_on.iter().filter_map(|id| Some((id.clone(), Arc::clone(site_choices.get(id.as_str())?))));
        PublishedVariant { id: variant.id.clone(), wording: Wording::of(copy), choices: choices.collect() }
    });
    PublishedAppeal { id: draft.rules.id.clone(), variants: variants.collect() }
}
