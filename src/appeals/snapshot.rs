//! The snapshot: every appeal, compiled, with its words ready to be sent.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use keepopen_decision::{self as decision, AppealIndex, Compiled, Reader, SiteRules, Value};
use serde_json::value::RawValue;

use super::wording::{Content, json};
use super::wordings::{self, Wordings};
use super::{AppealProblem, Choices, Draft};
use crate::config::SiteSettings;

/// What the banner path reads: swapped whole when appeals change.
pub struct Snapshot {
    /// The rules.
    pub compiled: Compiled,
    appeals: Arc<[PublishedAppeal]>,
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
    wordings: Wordings,
    /// What can be given on each site, where it asks for a gift.
    choices: HashMap<String, Arc<RawValue>>,
}

impl PublishedVariant {
    /// What is sent to this reader of `site`, and the values that it speaks of. `ticker` says how far the appeal has come.
    pub fn content<'a>(
        &'a self,
        site: &str,
        reader: &Reader<'_>,
        ticker: Option<&'a RawValue>,
    ) -> (Content<'a>, &'a [Value]) {
        let (wording, locale) = self.wordings.choose(site, reader);
        let choices = self.choices_for(site, reader.country.as_deref());
        (wording.with(locale, choices, ticker), &wording.needs)
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
        let mut problems = known_problems;
        let (mut sound, mut rules) = (Vec::new(), Vec::new());
        for draft in drafts {
            let gaps = gaps(draft, sites);
            if gaps.is_empty() {
                sound.push(draft);
                rules.push(draft.rules.clone());
                continue;
            }
            problems.extend(gaps);
            // Whoever wrote it wants to hear of everything that is wrong.
            let (_, found) = decision::compile(&site_rules, std::slice::from_ref(&draft.rules));
            problems.extend(found.into_iter().map(problem_of));
        }
        let (compiled, found) = decision::compile(&site_rules, &rules);
        problems.extend(found.into_iter().map(problem_of));
        let choices: SiteChoices = sites
            .iter()
            .filter_map(|(id, site)| Some((id.as_str(), Arc::from(json(&Choices::of(site)?)))))
            .collect();
        let appeals = sound.iter().map(|draft| publish(draft, sites, &choices)).collect();
        Self { compiled, appeals, problems, number: 0 }
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

    /// Its appeals, in their order; those that were left out for what the rules say are among them.
    pub fn appeals(&self) -> &[PublishedAppeal] {
        &self.appeals
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

/// Where a variant says nothing in the language of one of the appeal's sites.
pub(super) fn gaps(draft: &Draft, sites: &BTreeMap<String, SiteSettings>) -> Vec<AppealProblem> {
    let of_copy = |(place, copy)| {
        wordings::gaps(copy, &draft.rules.sites, sites).into_iter().map(move |(field, sentence)| {
            AppealProblem {
                appeal: draft.rules.id.clone(),
                field: format!("variants[{place}].copy{field}"),
                sentence,
            }
        })
    };
    draft.copies.iter().enumerate().flat_map(of_copy).collect()
}

fn publish(
    draft: &Draft,
    sites: &BTreeMap<String, SiteSettings>,
    site_choices: &SiteChoices<'_>,
) -> PublishedAppeal {
    let ids = &draft.rules.sites;
    let asked_on: &[String] = if draft.rules.kind.asks() { ids } else { &[] };
    let variants = draft.rules.variants.iter().zip(&draft.copies).map(|(variant, copy)| {
        let choices =
            asked_on.iter().filter_map(|id| Some((id.clone(), Arc::clone(site_choices.get(id.as_str())?))));
        PublishedVariant {
            id: variant.id.clone(),
            wordings: Wordings::of(copy, ids, sites),
            choices: choices.collect(),
        }
    });
    PublishedAppeal { id: draft.rules.id.clone(), variants: variants.collect() }
}
