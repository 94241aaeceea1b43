//! The snapshot: every appeal, compiled, with its content ready to be sent.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use keepopen_decision::{self as decision, AppealIndex, Compiled, SiteRules};
use serde_json::value::RawValue;

use super::{AppealProblem, Content, Draft};
use crate::config::SiteSettings;

/// What the banner path reads: swapped whole when appeals change.
#[derive(Clone)]
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
    /// Its content by site, written as JSON once.
    pub content: HashMap<String, Box<RawValue>>,
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
        let appeals = drafts.iter().map(|draft| publish(draft, sites)).collect();
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

fn publish(draft: &Draft, sites: &BTreeMap<String, SiteSettings>) -> PublishedAppeal {
    let variants = draft.rules.variants.iter().zip(&draft.copies).map(|(variant, copy)| {
        let content = draft.rules.sites.iter().filter_map(|id| {
            let content = Content::of(copy, draft.rules.kind, sites.get(id)?);
            let json = serde_json::value::to_raw_value(&content)
                .expect("strings, numbers and lists can be written as JSON");
            Some((id.clone(), json))
        });
        PublishedVariant { id: variant.id.clone(), content: content.collect() }
    });
    PublishedAppeal { id: draft.rules.id.clone(), variants: variants.collect() }
}
