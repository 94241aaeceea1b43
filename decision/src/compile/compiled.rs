//! What compiling makes: sites with their appeals in the order in which they are tried.

use hashbrown::HashMap;
use jiff::tz::TimeZone;
use rustc_hash::FxBuildHasher;

use super::{Draft, Names, variants};
use crate::rules::{
    Country, Dismissal, Frequency, History, LiveState, PageExcluded, PageKind, PageTargeted, Quiet, Schedule,
    SensitivePage, Standings, Surfaces,
};
use crate::verdict::AppealIndex;
use crate::words::Kind;

pub(crate) type SitesById = HashMap<Box<str>, usize, FxBuildHasher>;

/// Sites and appeals, checked and ready to be asked. Cheap to read from many threads; swap it whole.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    pub(crate) sites: Vec<Site>,
    pub(crate) sites_by_id: SitesById,
    pub(crate) appeals: Vec<Appeal>,
    pub(crate) names: Names,
}

impl Compiled {
    pub(crate) fn site(&self, id: &str) -> Option<&Site> {
        self.sites_by_id.get(id).map(|place| &self.sites[*place])
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) id: Box<str>,
    pub(crate) kill_switch: bool,
    pub(crate) time_zone: TimeZone,
    /// Highest priority first.
    pub(crate) appeals: Vec<Placed>,
}

/// An appeal on one site.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    pub(crate) appeal: usize,
    /// Mixed into the reader's bucket, so that different appeals split readers differently.
    pub(crate) salt: u64,
}

/// One field for each rule, beside what the verdict needs.
#[derive(Clone, Debug)]
pub(crate) struct Appeal {
    pub(crate) index: AppealIndex,
    pub(crate) id: Box<str>,
    pub(crate) kind: Kind,
    pub(crate) priority: i32,
    pub(crate) variants: Box<[Variant]>,
    pub(crate) live: LiveState,
    pub(crate) surfaces: Surfaces,
    pub(crate) standings: Standings,
    pub(crate) quiet: Quiet,
    pub(crate) schedule: Schedule,
    pub(crate) sensitive_page: SensitivePage,
    pub(crate) page_kind: PageKind,
    pub(crate) page_excluded: PageExcluded,
    pub(crate) page_targeted: PageTargeted,
    pub(crate) country: Country,
    pub(crate) history: History,
    pub(crate) frequency: Frequency,
    pub(crate) dismissal: Dismissal,
}

#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) id: Box<str>,
    /// Where its half-open range of positions ends; it begins where the one before ends.
    pub(crate) end: u32,
}

impl Appeal {
    pub(super) fn compile(index: AppealIndex, draft: &mut Draft<'_>) -> Self {
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
            live: LiveState::compile(draft),
            surfaces: Surfaces::compile(draft),
            standings: Standings::compile(draft),
            quiet: Quiet::compile(draft),
            schedule: Schedule::compile(draft),
            sensitive_page: SensitivePage::compile(draft),
            page_kind: PageKind::compile(draft),
            page_excluded: PageExcluded::compile(draft),
            page_targeted: PageTargeted::compile(draft),
            country: Country::compile(draft),
            history: History::compile(draft),
            frequency: Frequency::compile(draft),
            dismissal: Dismissal::compile(draft),
        }
    }
}
