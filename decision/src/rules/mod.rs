//! The rules an appeal must pass, and the order in which they are asked.
//!
//! **Owns** each rule: how it is compiled, what passes, which reason it gives, when time opens it, how it is told.
//! **Never** looks at other appeals or at other rules' answers; `walk.rs` puts the answers together.
//! **Start at** `Rule` below. A new rule is a file here, a field of `Appeal`, an arm of `Rule`, and its cases.
//! **Tested in** `cases/`, one file for each rule or two.

mod country;
mod dismissal;
mod frequency;
mod history;
mod kill_switch;
mod live;
mod page;
mod page_kind;
mod quiet;
mod schedule;
mod sensitive_page;
mod standing;
mod surfaces;

use serde::Serialize;

pub(crate) use country::Country;
pub(crate) use dismissal::Dismissal;
pub(crate) use frequency::Frequency;
pub(crate) use history::History;
pub(crate) use kill_switch::KillSwitch;
pub(crate) use live::LiveState;
pub(crate) use page::{PageExcluded, PageTargeted};
pub(crate) use page_kind::PageKind;
pub(crate) use quiet::Quiet;
pub(crate) use schedule::Schedule;
pub(crate) use sensitive_page::SensitivePage;
pub(crate) use standing::Standings;
pub(crate) use surfaces::Surfaces;

use crate::compile::Appeal;
use crate::facts::Facts;
use crate::reason::Reason;

/// The rules, in the order in which they are asked: first whether the site and the appeal are on at all, then
/// the reader's support, then time, page and place, and last what this reader has already seen. The further an
/// appeal comes, the nearer it was to being shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The site's appeals are on.
    KillSwitch,
    /// The appeal is live.
    Live,
    /// The page has room for it.
    Surface,
    /// It is meant for this standing.
    Standing,
    /// The reader did not give a short while ago.
    Quiet,
    /// It is the time for it.
    Schedule,
    /// The page is not sensitive.
    SensitivePage,
    /// It is meant for this kind of page.
    PageKind,
    /// Neither the section nor a tag is excluded.
    PageExcluded,
    /// The section or a tag is included.
    PageTargeted,
    /// It is meant for this country.
    Country,
    /// The history is there, where a cap needs it.
    History,
    /// It was not seen often enough.
    Frequency,
    /// It was not sent away.
    Dismissal,
}

impl Rule {
    /// Every rule, in the order in which they are asked.
    pub const ORDER: [Self; 14] = [
        Self::KillSwitch,
        Self::Live,
        Self::Surface,
        Self::Standing,
        Self::Quiet,
        Self::Schedule,
        Self::SensitivePage,
        Self::PageKind,
        Self::PageExcluded,
        Self::PageTargeted,
        Self::Country,
        Self::History,
        Self::Frequency,
        Self::Dismissal,
    ];

    /// This rule's part of an appeal.
    pub(crate) fn of(self, appeal: &Appeal) -> &dyn Check {
        match self {
            Self::KillSwitch => &KillSwitch,
            Self::Live => &appeal.live,
            Self::Surface => &appeal.surfaces,
            Self::Standing => &appeal.standings,
            Self::Quiet => &appeal.quiet,
            Self::Schedule => &appeal.schedule,
            Self::SensitivePage => &appeal.sensitive_page,
            Self::PageKind => &appeal.page_kind,
            Self::PageExcluded => &appeal.page_excluded,
            Self::PageTargeted => &appeal.page_targeted,
            Self::Country => &appeal.country,
            Self::History => &appeal.history,
            Self::Frequency => &appeal.frequency,
            Self::Dismissal => &appeal.dismissal,
        }
    }
}

/// How a rule answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Pass,
    /// Time alone won't open it.
    Blocked(Reason),
    /// Opens by itself, first at this millisecond, and stays open for this question from then on.
    Waiting {
        reason: Reason,
        opens_at_ms: i64,
    },
}

impl Outcome {
    pub(crate) const fn pass_if(passes: bool, reason: Reason) -> Self {
        if passes { Self::Pass } else { Self::Blocked(reason) }
    }
}

/// What was found and what would have passed, for people to read.
pub(crate) struct Evidence {
    pub(crate) seen: String,
    pub(crate) wanted: String,
}

impl Evidence {
    pub(crate) fn new(seen: impl Into<String>, wanted: impl Into<String>) -> Self {
        Self { seen: seen.into(), wanted: wanted.into() }
    }
}

/// One rule of one appeal.
pub(crate) trait Check {
    fn check(&self, facts: &Facts<'_>) -> Outcome;

    /// Costs memory and time; asked for only when somebody wants an explanation.
    fn evidence(&self, facts: &Facts<'_>) -> Evidence;
}
