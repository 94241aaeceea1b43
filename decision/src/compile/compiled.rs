//! What compiling makes: sites with their appeals in the order in which they are tried.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use jiff::tz::TimeZone;
use rustc_hash::FxBuildHasher;

use super::{Draft, NameId, Names, variants};
use crate::assignment;
use crate::calendar::{DateSpan, WeekHours};
use crate::country::CountryCode;
use crate::rules::{Cap, Exclusion, Parts};
use crate::verdict::AppealIndex;
use crate::words::Kind;

pub(crate) type Ids = HashMap<Box<str>, u32, FxBuildHasher>;

/// Sites and appeals, checked and ready to be asked. Cheap to read from many threads; swap it whole.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    pub(crate) sites: Vec<Site>,
    pub(crate) sites_by_id: Ids,
    pub(crate) names: Names,
}

impl Compiled {
    pub(crate) fn site(&self, id: &str) -> Option<&Site> {
        self.sites_by_id.get(id).map(|place| &self.sites[*place as usize])
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) id: Box<str>,
    pub(crate) kill_switch: bool,
    pub(crate) time_zone: TimeZone,
    pub(crate) frequency: Option<Cap>,
    pub(crate) cool_down: crate::appeal_rules::CoolDown,
    /// Hours of each week in which the site is silent.
    pub(crate) silent_hours: WeekHours,
    pub(crate) silent_dates: Box<[DateSpan]>,
    pub(crate) exclusions: Box<[Exclusion]>,
    pub(crate) country_groups: BTreeMap<Box<str>, Box<[CountryCode]>>,
    /// Tags by which some appeal counts articles, sorted.
    pub(crate) article_tags: Vec<NameId>,
    /// Highest priority first.
    pub(crate) appeals: Vec<Appeal>,
    /// The place of each in the list above.
    pub(crate) appeals_by_id: Ids,
}

/// One appeal on one site: a part for each rule, beside what the verdict needs.
#[derive(Clone, Debug)]
pub(crate) struct Appeal {
    pub(crate) index: AppealIndex,
    pub(crate) id: Box<str>,
    pub(crate) kind: Kind,
    pub(crate) priority: i32,
    pub(crate) variants: Box<[Variant]>,
    /// Mixed into the reader's bucket, so that different appeals split readers differently.
    pub(crate) salt: u64,
    pub(crate) parts: Parts,
}

#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) id: Box<str>,
    /// Where its half-open range of positions ends; it begins where the one before ends.
    pub(crate) end: u32,
}

impl Appeal {
    pub(super) fn compile(index: AppealIndex, draft: &mut Draft<'_, '_>) -> Self {
        let rules = draft.rules;
        if rules.id.trim().is_empty() {
            draft.problem("id", "an appeal needs an id.");
        }
        Self {
            index,
            id: rules.id.as_str().into(),
            kind: rules.kind,
            priority: rules.priority,
            variants: variants(draft),
            salt: assignment::salt(&draft.site.id, &rules.id),
            parts: Parts::compile(draft),
        }
    }
}
